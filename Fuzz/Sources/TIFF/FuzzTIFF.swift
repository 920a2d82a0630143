import VolumeIO

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  guard let file = try? TIFFFile(bytes, mostBytes: 1 << 24) else { return 0 }
  for page in 0..<min(file.pageCount, 4) { _ = try? file.picture(page) }
  return 0
}

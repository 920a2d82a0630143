import VolumeIO

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  _ = try? NIfTIFile(bytes: bytes).volume(as: .float32)
  _ = try? NIfTIFile(bytes: bytes).slice(0)
  return 0
}

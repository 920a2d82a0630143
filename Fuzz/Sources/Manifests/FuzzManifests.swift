import VolumeIO

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  _ = try? Table(parsing: bytes)
  _ = try? JSONLines.parse(bytes)
  if let json = try? JSONValue(parsing: bytes) { _ = try? DatasetManifest(json, folder: ".") }
  return 0
}

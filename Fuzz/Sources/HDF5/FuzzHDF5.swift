import VolumeIO

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  guard let file = try? HDF5File(bytes: bytes), let paths = try? file.datasets() else { return 0 }
  for path in paths.prefix(4) {
    guard let dataset = try? file.dataset(path),
      dataset.shape.reduce(1.0, { $0 * Double($1) }) < 1e7
    else { continue }
    _ = try? dataset.read()
  }
  return 0
}

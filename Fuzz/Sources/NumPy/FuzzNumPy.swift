import VolumeIO

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  var options = ReadOptions()
  options.mostBytes = 1 << 24
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  _ = try? Volume(bytes: bytes, name: "a.npy", options)
  _ = try? Volume(bytes: bytes, name: "a.npz", options)
  return 0
}

import Frames

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  decodeFrame(
    Array(UnsafeBufferPointer(start: data, count: size)), syntax: "1.2.840.10008.1.2.5")
  return 0
}

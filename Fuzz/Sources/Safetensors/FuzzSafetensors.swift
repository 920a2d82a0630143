import NeuralCore

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  if let weights = try? Weights(bytes: bytes) {
    for tensor in weights.tensors.values where tensor.count < 1 << 16 { _ = tensor.floats() }
  }
  return 0
}

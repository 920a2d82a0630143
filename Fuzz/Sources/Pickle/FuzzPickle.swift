import NeuralCore

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  let own = Array(UnsafeBufferPointer(start: data, count: size))
  // PyTorch's legacy stream: its magic, its version, then what is given.
  let head: [UInt8] = [
    0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
    0x80, 2, 0x4D, 0xE9, 3, 0x2E, 0x80, 2, 0x4E, 0x2E,
  ]
  for bytes in [own, head + own] {
    if let weights = try? Weights(bytes: bytes) {
      for tensor in weights.tensors.values where tensor.count < 1 << 16 { _ = tensor.floats() }
    }
  }
  return 0
}

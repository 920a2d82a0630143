import NeuralCore

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  let own = Array(UnsafeBufferPointer(start: data, count: size))
  if let file = try? GGUF(bytes: own) {
    for tensor in file.weights.tensors.values where tensor.count < 1 << 16 { _ = tensor.floats() }
    _ = try? Decoder(file)
    if let tokenizer = try? SentencePiece(file) { _ = tokenizer.encode("a b") }
  }
  return 0
}

// Where first weights are drawn from.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A distribution of first weights; the same seed gives the same weights on every platform.
public enum Initializer: Sendable, Hashable {
  /// Uniform within ±1/√inputs, PyTorch's default for products and convolutions.
  case linear
  /// Normal with variance 2/outputs (He et al., arXiv 1502.01852, "fan out"), biases 0: what
  /// torchvision's ResNet uses.
  case heNormal
  /// Normal with a deviation, cut at ±2 (ViT, BERT), biases 0.
  case truncatedNormal(deviation: Float)
  /// Zeros, biases 0.
  case zeros
  /// Nothing: a tensor without elements, for weights that a file will bring.
  case absent

  /// Whether weights are drawn: not while a network is made to take over a file's.
  @TaskLocal static var isDrawing = true

  /// Weights `[outputs, inputs, taps…]`.
  func tensor(_ shape: [Int], _ draws: inout SeededDraws) -> Tensor {
    if self == .absent { return Tensor.zeros([0]) }
    if !Self.isDrawing { return Tensor(0).broadcast(to: shape) }
    let taps = shape.dropFirst(2).reduce(1, *)
    var result = Tensor.zeros(shape)
    if self == .zeros { return result }
    let bound = 1 / Float(max(shape[1] * taps, 1)).squareRoot()
    let deviation = (2 / Float(max(shape[0] * taps, 1))).squareRoot()
    unsafe result.withUnsafeMutableFloats { values in
      for index in 0..<values.count {
        switch self {
        case .zeros, .absent: return
        case .linear: unsafe values[index] = draws.uniform(-bound...bound)
        case .heNormal: unsafe values[index] = draws.normal() * deviation
        case .truncatedNormal(let own): unsafe values[index] = draws.truncatedNormal(own)
        }
      }
    }
    return result
  }

  func bias(_ outputs: Int, inputs: Int, _ draws: inout SeededDraws) -> Tensor {
    guard self == .linear else { return Tensor.zeros([outputs]) }
    let bound = 1 / Float(max(inputs, 1)).squareRoot()
    return Tensor((0..<outputs).map { _ in draws.uniform(-bound...bound) }, shape: [outputs])
  }
}

extension SeededDraws {
  /// A number from the standard normal distribution (Box and Muller).
  public mutating func normal() -> Float {
    let radius = (-2 * log(Double(next() >> 11) * 0x1p-53 + 0x1p-54)).squareRoot()
    return Float(radius * cos(2 * Double.pi * Double(next() >> 11) * 0x1p-53))
  }

  /// A number from the normal distribution of a deviation, cut at ±2.
  public mutating func truncatedNormal(_ deviation: Float) -> Float {
    while true {
      let value = normal() * deviation
      if abs(value) <= 2 { return value }
    }
  }
}

// Rotary positions.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How Llama 3.1 stretches low frequencies for long texts.
public struct RotaryScaling: Sendable, Hashable {
  public var factor = 8.0
  public var lowFactor = 1.0
  public var highFactor = 4.0
  /// The length that the model was first trained with.
  public var originalLength = 8_192.0

  public init() {}
}

/// Turns pairs of a head's elements by angles that grow with the position; the pairs are the
/// elements at `i` and `i + width / 2`, as `transformers` lays them out.
struct Rotary: Sendable {
  let frequencies: [Double]

  init(width: Int, base: Double, scaling: RotaryScaling? = nil) {
    frequencies = (0..<width / 2).map { pair in
      let frequency = pow(base, -2 * Double(pair) / Double(width))
      guard let scaling else { return frequency }
      let wave = 2 * Double.pi / frequency
      if wave < scaling.originalLength / scaling.highFactor { return frequency }
      if wave > scaling.originalLength / scaling.lowFactor { return frequency / scaling.factor }
      let part =
        (scaling.originalLength / wave - scaling.lowFactor)
        / (scaling.highFactor - scaling.lowFactor)
      return (1 - part) * frequency / scaling.factor + part * frequency
    }
  }

  /// `[batch, head, token, width]`, the first token at a position.
  func callAsFunction(_ x: Variable, from start: Int) -> Variable {
    let (tokens, half) = (x.shape[2], frequencies.count)
    var cosines: [Float] = []
    var sines: [Float] = []
    for token in 0..<tokens {
      for frequency in frequencies {
        cosines.append(Float(cos(Double(start + token) * frequency)))
        sines.append(Float(sin(Double(start + token) * frequency)))
      }
    }
    let cosine = x.constant(Tensor(cosines, shape: [tokens, half]))
    let sine = x.constant(Tensor(sines, shape: [tokens, half]))
    let parts = x.split(axis: 3, parts: 2)
    return Variable.concatenated(
      [parts[0] * cosine - parts[1] * sine, parts[1] * cosine + parts[0] * sine], axis: 3)
  }
}

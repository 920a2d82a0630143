// Orders and draws that are the same on every machine: a pure function of a seed and a counter.
// Source: the finaliser of SplitMix64, Steele, Lea and Flood, OOPSLA 2014.

/// Random numbers as a function of a seed and of how many were drawn before.
///
/// Unlike a generator with hidden state it can be put anywhere in a sequence, so a run that
/// resumes at step 1,000 sees what an uninterrupted one does.
public struct SeededDraws: Sendable, RandomNumberGenerator {
  private var state: UInt64

  /// Draws for a purpose: `keys` tell apart epochs, samples, and so on.
  public init(seed: UInt64, _ keys: UInt64...) {
    state = SeededDraws.mix(seed)
    for key in keys { state = SeededDraws.mix(state ^ SeededDraws.mix(key &+ 0x9E37_79B9)) }
  }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return SeededDraws.mix(state)
  }

  /// A number from 0 up to, not including, 1.
  public mutating func unit() -> Float { Float(next() >> 40) * 0x1p-24 }

  /// A number of the closed range, uniformly.
  public mutating func uniform(_ range: ClosedRange<Float>) -> Float {
    range.lowerBound + (range.upperBound - range.lowerBound) * unit()
  }

  /// A whole number from 0 up to, not including, `bound`, without bias.
  public mutating func below(_ bound: Int) -> Int {
    precondition(bound > 0, "a draw below \(bound)")
    var product = next().multipliedFullWidth(by: UInt64(bound))
    if product.low < UInt64(bound) {
      let threshold = (0 &- UInt64(bound)) % UInt64(bound)
      while product.low < threshold { product = next().multipliedFullWidth(by: UInt64(bound)) }
    }
    return Int(product.high)
  }

  /// The numbers from 0 up to `count` in random order (Fisher and Yates).
  public mutating func order(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for index in stride(from: count - 1, to: 0, by: -1) { order.swapAt(index, below(index + 1)) }
    return order
  }

  static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

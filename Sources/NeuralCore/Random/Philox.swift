// Random numbers from a counter: block i of a stream is a function of key and i alone.
// Source: J. Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011 (Philox4x32-10).

/// A counter-based generator: the same numbers on every platform and for every count of threads.
public struct Philox: RandomNumberGenerator, Sendable, Hashable {
  private let key: SIMD2<UInt32>
  private let stream: UInt64
  private var block: UInt64 = 0
  private var waiting: SIMD4<UInt32> = .zero
  private var used = 4

  /// - Parameters:
  ///   - seed: The key.
  ///   - stream: Independent sequences of one seed.
  public init(seed: UInt64, stream: UInt64 = 0) {
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    self.stream = stream
  }

  /// Four numbers that depend on key and counter alone.
  public static func block(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var counter = counter
    var key = key
    for _ in 0..<10 {
      let a = UInt64(counter[0]) * 0xD251_1F53
      let b = UInt64(counter[2]) * 0xCD9E_8D57
      counter = SIMD4(
        UInt32(truncatingIfNeeded: b >> 32) ^ counter[1] ^ key[0], UInt32(truncatingIfNeeded: b),
        UInt32(truncatingIfNeeded: a >> 32) ^ counter[3] ^ key[1], UInt32(truncatingIfNeeded: a))
      key &+= SIMD2(0x9E37_79B9, 0xBB67_AE85)
    }
    return counter
  }

  /// The next 32 bits.
  public mutating func next32() -> UInt32 {
    if used == 4 {
      let counter = SIMD4(
        UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32),
        UInt32(truncatingIfNeeded: stream), UInt32(truncatingIfNeeded: stream >> 32))
      waiting = Philox.block(counter: counter, key: key)
      block &+= 1
      used = 0
    }
    defer { used += 1 }
    return waiting[used]
  }

  public mutating func next() -> UInt64 {
    let low = UInt64(next32())
    return UInt64(next32()) << 32 | low
  }

  /// A number in 0 ..< 1 with 24 bits.
  public mutating func uniform() -> Float {
    Float(next32() >> 8) * (1 / 16_777_216)
  }

  /// A number of the normal distribution with mean 0 and variance 1.
  public mutating func normal() -> Float {
    // The middle of one of 2³² equal intervals, through the inverse of the distribution.
    Float(NormalQuantile.value(at: (Double(next32()) + 0.5) * 0x1p-32))
  }
}

// Random tensors.

extension Tensor {
  /// Numbers spread evenly over a range: element i depends on seed, stream and i alone.
  public static func uniform(
    _ shape: [Int], in range: Range<Float> = 0..<1, seed: UInt64, stream: UInt64 = 0
  ) -> Tensor {
    var draws = Philox(seed: seed, stream: stream)
    let width = range.upperBound - range.lowerBound
    return Tensor(
      (0..<Shape.count(shape)).map { _ in
        // Rounding may reach the upper bound; it is left out.
        Swift.min(range.lowerBound + draws.uniform() * width, range.upperBound.nextDown)
      }, shape: shape)
  }

  /// Numbers of a normal distribution: element i depends on seed, stream and i alone.
  public static func normal(
    _ shape: [Int], mean: Float = 0, deviation: Float = 1, seed: UInt64, stream: UInt64 = 0
  ) -> Tensor {
    var draws = Philox(seed: seed, stream: stream)
    return Tensor(
      (0..<Shape.count(shape)).map { _ in mean + deviation * draws.normal() }, shape: shape)
  }

  /// True with a probability: element i depends on seed, stream and i alone.
  public static func bernoulli(
    _ shape: [Int], probability: Float, seed: UInt64, stream: UInt64 = 0
  ) -> Tensor {
    var draws = Philox(seed: seed, stream: stream)
    return Tensor(
      of: (0..<Shape.count(shape)).map { _ in draws.uniform() < probability }, shape: shape)
  }

  /// 0 ..< `count` in random order, as `int64`.
  public static func permutation(_ count: Int, seed: UInt64, stream: UInt64 = 0) -> Tensor {
    var draws = Philox(seed: seed, stream: stream)
    return Tensor(
      of: (0..<Int64(count)).shuffled(using: &draws), shape: [count])
  }
}

// Piecewise linear tone curves and Nyúl's histogram matching.
// Source: Nyúl, Udupa, Zhang, “New variants of a method of MRI scale standardization”,
// IEEE Transactions on Medical Imaging 19(2), 2000.

public import VolumeIO

/// A rising, piecewise linear curve from rescaled values to fractions between black and white.
public struct ToneCurve: Sendable, Hashable, Codable {
  /// Rescaled values, rising.
  public let values: [Double]
  /// The fraction (0…1) at each value, never falling.
  public let fractions: [Double]

  /// - Throws: ``WindowingError/Code/statistics`` where the counts differ, fewer than two knots are
  ///   given, a number is not finite, or values or fractions fall. Of knots at equal values the
  ///   last one counts from there on.
  public init(from values: [Double], to fractions: [Double]) throws(WindowingError) {
    guard values.count == fractions.count, values.count >= 2 else {
      throw WindowingError(
        .statistics, "a curve needs two knots or more, not \(values.count) and \(fractions.count)")
    }
    for (index, pair) in zip(values, fractions).enumerated() {
      guard pair.0.isFinite, pair.1.isFinite else {
        throw WindowingError(.statistics, "knot \(index) is not finite")
      }
      guard index == 0 || (pair.0 >= values[index - 1] && pair.1 >= fractions[index - 1]) else {
        throw WindowingError(.statistics, "the curve falls at knot \(index)")
      }
    }
    self.values = values
    self.fractions = fractions
  }

  /// The fraction at a rescaled value, clipped to 0…1; values beyond the ends keep the end's
  /// fraction, NaN is black.
  ///
  /// - Complexity: O(log *knots*).
  public func fraction(_ value: Double) -> Double {
    guard !value.isNaN else { return 0 }
    var low = 0
    var high = values.count
    while low < high {
      let middle = (low + high) / 2
      if values[middle] <= value { low = middle + 1 } else { high = middle }
    }
    let result: Double
    if low == 0 {
      result = fractions[0]
    } else if low == values.count {
      result = fractions[low - 1]
    } else {
      let part = (value - values[low - 1]) / (values[low] - values[low - 1])
      result = fractions[low - 1] + part * (fractions[low] - fractions[low - 1])
    }
    return min(max(result, 0), 1)
  }

  private enum CodingKeys: String, CodingKey {
    case values, fractions
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      from: container.decode([Double].self, forKey: .values),
      to: container.decode([Double].self, forKey: .fractions))
  }
}

/// The landmarks to which Nyúl's histogram matching brings every scan.
public struct HistogramReference: Sendable, Hashable, Codable {
  /// The percentiles (0…100) at which landmarks are taken, rising.
  public let percentiles: [Double]
  /// The fraction between black and white of each landmark.
  public let fractions: [Double]

  /// Nyúl's percentiles: 1, the deciles, 99.
  public static let usualPercentiles: [Double] = [1, 10, 20, 30, 40, 50, 60, 70, 80, 90, 99]

  /// The mean landmarks of some scans, each brought to 0…1 between its first and last percentile.
  ///
  /// - Throws: ``WindowingError/Code/statistics`` for no scan, or one without a range.
  public init(
    learnedFrom volumes: [Volume], percentiles: [Double] = usualPercentiles,
    over foreground: Tone.Foreground = .positive
  ) throws(WindowingError) {
    guard !volumes.isEmpty, percentiles.count >= 2 else {
      throw WindowingError(
        .statistics, "\(volumes.count) scans and \(percentiles.count) percentiles")
    }
    var sums = [Double](repeating: 0, count: percentiles.count)
    for volume in volumes {
      let own = try volume.percentiles(percentiles, over: foreground)
      let low = own[0]
      let span = own[own.count - 1] - low
      guard span > 0 else {
        throw WindowingError(.statistics, "a reference scan has no range above \(low)")
      }
      for index in own.indices { sums[index] += (own[index] - low) / span }
    }
    self.percentiles = percentiles
    self.fractions = sums.map { $0 / Double(volumes.count) }
  }

  /// Landmarks that are known already.
  public init(percentiles: [Double], fractions: [Double]) throws(WindowingError) {
    _ = try ToneCurve(from: percentiles, to: fractions)
    self.percentiles = percentiles
    self.fractions = fractions
  }
}

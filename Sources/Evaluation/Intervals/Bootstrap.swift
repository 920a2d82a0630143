// Resampling cases or clusters of cases: percentile, basic and BCa intervals.
// Source: Efron & Tibshirani 1993, chapters 13 and 14.

/// A bootstrap: how many resamples, which interval, which seed.
///
/// Resample patients, not slices: pass `clusters`, and every patient is drawn whole.
public struct Bootstrap: Hashable, Sendable, Codable {
  /// The interval that is made of the replicates.
  public enum Method: String, Hashable, Sendable, Codable, CaseIterable {
    case percentile
    case basic
    /// Bias-corrected and accelerated: mid-rank z₀, jackknife acceleration.
    case bca = "BCa"
  }

  public var resamples: Int
  public var confidence: Double
  public var method: Method
  public var seed: UInt64

  /// - Precondition: `resamples > 0` and `0 < confidence < 1`.
  public init(
    resamples: Int = 10_000, confidence: Double = 0.95, method: Method = .percentile,
    seed: UInt64 = 1
  ) {
    precondition(resamples > 0, "\(resamples) resamples")
    precondition(confidence > 0 && confidence < 1, "confidence \(confidence)")
    self.resamples = resamples
    self.confidence = confidence
    self.method = method
    self.seed = seed
  }

  /// What resampling gave.
  public struct Result: Hashable, Sendable, Codable {
    public let estimate: MetricValue
    /// The defined replicates, in the order they were drawn.
    public let replicates: [Double]
    /// Resamples in which the metric was undefined; they are left out and counted here.
    public let undefinedReplicates: Int
    /// Jackknife values, one a resampled unit; empty unless the method needs them.
    public let jackknife: [Double]
    /// What was resampled: `"cases"` or `"clusters"`, and how many.
    public let unit: String
    public let units: Int
    public let configuration: Bootstrap

    /// The standard deviation of the replicates.
    public var standardError: MetricValue {
      replicates.standardDeviation().map { .value($0) } ?? .undefined(.tooFewCases)
    }

    /// The interval of the configured method; percentile where BCa degenerates (and says so).
    public var interval: Interval? { interval(configuration.method) }

    /// The interval of any method.
    public func interval(_ method: Method) -> Interval? {
      guard case .value(let estimate) = estimate else { return nil }
      var label = method.rawValue
      var bounds: (Double, Double)?
      if method == .bca {
        bounds =
          Bootstrap.bca(
            estimate: estimate, replicates: replicates, jackknife: jackknife,
            confidence: configuration.confidence)?.bounds
        if bounds == nil { label = "percentile (BCa degenerate)" }
      }
      guard
        let (low, high) = bounds
          ?? Bootstrap.bounds(
            method == .basic ? .basic : .percentile, estimate: estimate, replicates: replicates,
            confidence: configuration.confidence)
      else { return nil }
      let lost = undefinedReplicates == 0 ? "" : ", \(undefinedReplicates) undefined"
      return Interval(
        low, high, confidence: configuration.confidence,
        method: "\(label) bootstrap, \(replicates.count + undefinedReplicates) resamples of "
          + "\(units) \(unit)\(lost), seed \(configuration.seed)")
    }
  }

  /// The linearly interpolated quantile of sorted values (R's type 7).
  public static func quantile(_ p: Double, ofSorted values: [Double]) -> Double {
    guard let last = values.last else { return .nan }
    let position = p * Double(values.count - 1)
    guard position > 0 else { return values[0] }
    let index = Int(position)
    guard index + 1 < values.count else { return last }
    let fraction = position - Double(index)
    let (a, b) = (values[index], values[index + 1])
    return a == b ? a : a + fraction * (b - a)
  }

  /// Percentile or basic bounds of given replicates; `nil` without replicates.
  public static func bounds(
    _ method: Method, estimate: Double, replicates: [Double], confidence: Double
  ) -> (Double, Double)? {
    guard !replicates.isEmpty else { return nil }
    let sorted = replicates.sorted()
    let low = quantile((1 - confidence) / 2, ofSorted: sorted)
    let high = quantile((1 + confidence) / 2, ofSorted: sorted)
    return method == .basic ? (2 * estimate - high, 2 * estimate - low) : (low, high)
  }

  /// BCa bounds of given replicates and jackknife values, with z₀ and the acceleration.
  ///
  /// - Returns: `nil` where BCa does not exist: no replicates, constant jackknife, an estimate
  ///   outside all replicates.
  public static func bca(
    estimate: Double, replicates: [Double], jackknife: [Double], confidence: Double
  ) -> (bounds: (Double, Double), z0: Double, acceleration: Double)? {
    guard !replicates.isEmpty, let mean = jackknife.mean(), jackknife.count > 1 else { return nil }
    var below = 0.0
    for value in replicates { below += value < estimate ? 1 : value == estimate ? 0.5 : 0 }
    let z0 = Normal.quantile(below / Double(replicates.count))
    let scale = Double(jackknife.count - 1)
    var cubes = 0.0
    var squares = 0.0
    for value in jackknife {
      let u = scale * (mean - value)
      cubes += u * u * u
      squares += u * u
    }
    guard z0.isFinite, squares > 0 else { return nil }
    let acceleration = cubes / (6 * pow(squares, 1.5))
    func adjusted(_ p: Double) -> Double {
      let z = z0 + Normal.quantile(p)
      return Normal.cumulative(z0 + z / (1 - acceleration * z))
    }
    let sorted = replicates.sorted()
    let low = quantile(adjusted((1 - confidence) / 2), ofSorted: sorted)
    let high = quantile(adjusted((1 + confidence) / 2), ofSorted: sorted)
    guard !low.isNaN, !high.isNaN else { return nil }
    return ((low, high), z0, acceleration)
  }

  /// Resamples cases (or clusters) and computes any statistic of the resampled list.
  ///
  /// - `clusters`: One number a case; cases of one cluster are drawn together.
  /// - `statistic`: `nil` where undefined; such resamples are counted, not used.
  /// - Throws: ``EvaluationError`` when `clusters` has another count.
  /// - Complexity: O(*resamples* · *cases*) plus the statistic.
  public func callAsFunction<Case>(
    _ cases: [Case], clusters: [some Hashable] = [Int](), statistic: ([Case]) -> Double?
  ) throws(EvaluationError) -> Result {
    let groups = try Self.groups(cases, clusters)
    var generator = SeededGenerator(seed: seed)
    var replicates: [Double] = []
    replicates.reserveCapacity(min(resamples, 1 << 20))
    var undefined = 0
    var sample: [Case] = []
    let estimate = statistic(cases).map { MetricValue($0) } ?? .undefined(.noCases)
    if !groups.isEmpty {
      for _ in 0..<resamples {
        sample.removeAll(keepingCapacity: true)
        for _ in groups.indices {
          sample.append(contentsOf: groups[generator.index(below: groups.count)])
        }
        if let value = statistic(sample), !value.isNaN {
          replicates.append(value)
        } else {
          undefined += 1
        }
      }
    }
    var jackknife: [Double] = []
    if method == .bca {
      for left in groups.indices {
        sample.removeAll(keepingCapacity: true)
        for (index, group) in groups.enumerated() where index != left {
          sample.append(contentsOf: group)
        }
        if let value = statistic(sample), !value.isNaN { jackknife.append(value) }
      }
    }
    return Result(
      estimate: estimate, replicates: replicates, undefinedReplicates: undefined,
      jackknife: jackknife, unit: clusters.isEmpty ? "cases" : "clusters", units: groups.count,
      configuration: self)
  }

  private static func groups<Case>(
    _ cases: [Case], _ clusters: [some Hashable]
  ) throws(EvaluationError) -> [[Case]] {
    guard !clusters.isEmpty || cases.isEmpty else { return cases.map { [$0] } }
    try requireEqualCounts(cases.count, clusters.count, "cases and clusters")
    var index: [AnyHashable: Int] = [:]
    var groups: [[Case]] = []
    for (element, cluster) in zip(cases, clusters) {
      if let known = index[AnyHashable(cluster)] {
        groups[known].append(element)
      } else {
        index[AnyHashable(cluster)] = groups.count
        groups.append([element])
      }
    }
    return groups
  }

  /// The mean of per-case values (Dice, millilitres, 0/1 correctness) with its interval.
  ///
  /// Clusters are drawn whole; the mean of a resample is over its cases.
  ///
  /// - Complexity: O(*resamples* · *clusters*).
  public func mean(
    of values: [Double], clusters: [some Hashable] = [Int]()
  ) throws(EvaluationError) -> Result {
    try requireFinite(values, "values")
    let groups = try Self.groups(values, clusters)
    let sums = groups.map { $0.compensatedSum() }
    let sizes = groups.map { Double($0.count) }
    let total = sums.compensatedSum()
    let count = sizes.compensatedSum()
    var generator = SeededGenerator(seed: seed)
    var replicates: [Double] = []
    var jackknife: [Double] = []
    if !groups.isEmpty {
      replicates.reserveCapacity(min(resamples, 1 << 20))
      for _ in 0..<resamples {
        var sum = 0.0
        var size = 0.0
        for _ in groups.indices {
          let pick = generator.index(below: groups.count)
          sum += sums[pick]
          size += sizes[pick]
        }
        replicates.append(sum / size)
      }
      if method == .bca, groups.count > 1 {
        jackknife = groups.indices.map { (total - sums[$0]) / (count - sizes[$0]) }
      }
    }
    return Result(
      estimate: groups.isEmpty ? .undefined(.noCases) : .value(total / count),
      replicates: replicates, undefinedReplicates: 0, jackknife: jackknife,
      unit: clusters.isEmpty ? "cases" : "clusters", units: groups.count, configuration: self)
  }
}

// Sign flips of per-case differences: exact where they can be enumerated.
// Source: Fisher 1935, section 21; Phipson & Smyth 2010 for (1 + #) / (1 + B).

/// The paired permutation test of mean per-case differences.
public enum PairedPermutation {
  /// Which differences count against the null hypothesis.
  public enum Alternative: String, Hashable, Sendable, Codable { case twoSided, greater, less }

  /// Above this many non-zero differences the signs are drawn instead of enumerated.
  public static let exactLimit = 20

  /// Tests whether the mean difference is zero; zero differences stay in.
  ///
  /// - `differences`: One a case; with `clusters` one sign flips a whole cluster's differences.
  /// - `resamples`: Monte Carlo draws where enumeration would exceed 2²⁰.
  /// - Throws: ``EvaluationError`` for a number that is not finite or unequal counts.
  /// - Complexity: O(2ᵏ) for k ≤ 20 non-zero clusters, else O(*resamples* · k).
  public static func test(
    differences: [Double], clusters: [some Hashable] = [Int](),
    alternative: Alternative = .twoSided, resamples: Int = 100_000, seed: UInt64 = 1
  ) throws(EvaluationError) -> TestResult {
    try requireFinite(differences, "differences")
    var sums: [Double]
    if clusters.isEmpty {
      sums = differences
    } else {
      try requireEqualCounts(differences.count, clusters.count, "differences and clusters")
      var index: [AnyHashable: Int] = [:]
      sums = []
      for (d, cluster) in zip(differences, clusters) {
        if let known = index[AnyHashable(cluster)] {
          sums[known] += d
        } else {
          index[AnyHashable(cluster)] = sums.count
          sums.append(d)
        }
      }
    }
    let name = "paired permutation test"
    guard !differences.isEmpty else { return TestResult(name, undefined: .noCases, count: 0) }
    let active = sums.filter { $0 != 0 }
    let observed = active.compensatedSum()
    let slack = 1e-12 * active.lazy.map { abs($0) }.compensatedSum()
    func extreme(_ sum: Double) -> Bool {
      switch alternative {
      case .twoSided: abs(sum) >= abs(observed) - slack
      case .greater: sum >= observed - slack
      case .less: sum <= observed + slack
      }
    }
    var p: Double
    var kind: String
    if active.count <= exactLimit {
      kind = "exact"
      let half = active.count / 2
      let left = signedSums(Array(active[..<half]))
      let right = signedSums(Array(active[half...]))
      var hits = 0
      for a in left { for b in right where extreme(a + b) { hits += 1 } }
      p = Double(hits) / Double(left.count * right.count)
    } else {
      kind = "\(resamples) draws, seed \(seed)"
      var generator = SeededGenerator(seed: seed)
      var hits = 0
      for _ in 0..<resamples {
        var sum = 0.0
        var bits: UInt64 = 0
        for (i, d) in active.enumerated() {
          if i & 63 == 0 { bits = generator.next() }
          sum += bits & 1 == 0 ? d : -d
          bits >>= 1
        }
        if extreme(sum) { hits += 1 }
      }
      p = Double(1 + hits) / Double(1 + resamples)
    }
    let mean = differences.compensatedSum() / Double(differences.count)
    return TestResult(
      "\(name) (\(kind), \(alternative.rawValue))", statistic: mean, pValue: p,
      count: differences.count, estimate: mean)
  }

  private static func signedSums(_ values: [Double]) -> [Double] {
    var sums = [0.0]
    for v in values { sums = sums.map { $0 + v } + sums.map { $0 - v } }
    return sums
  }

  /// Approximate randomisation of any statistic of two paired arms: each case' pair is swapped
  /// or not. p = (1 + #{|T*| ≥ |T|}) / (1 + B).
  ///
  /// - Throws: ``EvaluationError`` for unequal counts.
  public static func approximateRandomisation<Case>(
    _ first: [Case], _ second: [Case], resamples: Int = 10_000, seed: UInt64 = 1,
    statistic: ([Case]) -> Double?
  ) throws(EvaluationError) -> TestResult {
    try requireEqualCounts(first.count, second.count, "first and second arm")
    let name = "approximate randomisation (\(resamples) draws, seed \(seed))"
    guard let a = statistic(first), let b = statistic(second) else {
      return TestResult(name, undefined: .noCases, count: first.count)
    }
    let observed = abs(a - b)
    var generator = SeededGenerator(seed: seed)
    var hits = 0
    var valid = 0
    var (left, right) = (first, second)
    for _ in 0..<resamples {
      for i in first.indices {
        let swapped = generator.next() & 1 == 1
        left[i] = swapped ? second[i] : first[i]
        right[i] = swapped ? first[i] : second[i]
      }
      guard let x = statistic(left), let y = statistic(right) else { continue }
      valid += 1
      if abs(x - y) >= observed - 1e-12 * max(1, observed) { hits += 1 }
    }
    return TestResult(
      name, statistic: a - b, pValue: Double(1 + hits) / Double(1 + valid), count: first.count,
      estimate: a - b)
  }
}

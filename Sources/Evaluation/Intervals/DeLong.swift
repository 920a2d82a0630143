// The variance of AUCs that share cases, in n log n.
// Source: DeLong, DeLong & Clarke-Pearson 1988; mid-ranks after Sun & Xu 2014.

/// AUCs of several scores of the same cases with their covariance.
public struct DeLong: Hashable, Sendable, Codable {
  public let aucs: [Double]
  /// `[i][j]`, of the AUC estimates.
  public let covariance: [[Double]]
  public let positives: Int
  public let negatives: Int

  /// - Throws: ``EvaluationError`` for unequal counts, a NaN, or fewer than two positives or
  ///   negatives (the variance needs two of each).
  /// - Complexity: O(k · n log n + k² · n) for k scores.
  public init(truth: [Bool], scores: [[Double]]) throws(EvaluationError) {
    let p = truth.count { $0 }
    let n = truth.count - p
    guard p > 1, n > 1 else {
      throw EvaluationError(.size, "\(p) positives and \(n) negatives, at least 2 of each")
    }
    var aucs: [Double] = []
    var structural: [(positive: [Double], negative: [Double])] = []
    for (k, values) in scores.enumerated() {
      try requireEqualCounts(values.count, truth.count, "scores[\(k)] and truth")
      for (i, s) in values.enumerated() where s.isNaN {
        throw EvaluationError(.notFinite, "scores[\(k)][\(i)] is NaN")
      }
      var high: [Double] = []
      var low: [Double] = []
      for (t, s) in zip(truth, values) { if t { high.append(s) } else { low.append(s) } }
      let all = midRanks(high + low)
      let within = midRanks(high)
      let others = midRanks(low)
      let v10 = high.indices.map { (all[$0] - within[$0]) / Double(n) }
      let v01 = low.indices.map { 1 - (all[p + $0] - others[$0]) / Double(p) }
      aucs.append(v10.compensatedSum() / Double(p))
      structural.append((v10, v01))
    }
    self.aucs = aucs
    positives = p
    negatives = n
    covariance = aucs.indices.map { i in
      aucs.indices.map { j in
        var a = CompensatedSum()
        var b = CompensatedSum()
        for c in 0..<p {
          a.add((structural[i].positive[c] - aucs[i]) * (structural[j].positive[c] - aucs[j]))
        }
        for c in 0..<n {
          b.add((structural[i].negative[c] - aucs[i]) * (structural[j].negative[c] - aucs[j]))
        }
        return a.value / Double(p - 1) / Double(p) + b.value / Double(n - 1) / Double(n)
      }
    }
  }

  /// The standard error of an AUC.
  public func standardError(_ i: Int = 0) -> Double { max(0, covariance[i][i]).squareRoot() }

  /// Wald's interval on the AUC scale, clipped to 0…1.
  public func interval(_ i: Int = 0, confidence: Double = 0.95) -> Interval {
    let half = Normal.quantile(0.5 + confidence / 2) * standardError(i)
    return Interval(
      max(0, aucs[i] - half), min(1, aucs[i] + half), confidence: confidence,
      method: "DeLong, Wald")
  }

  /// Wald's interval on the logit scale; `nil` at an AUC of 0 or 1.
  public func logitInterval(_ i: Int = 0, confidence: Double = 0.95) -> Interval? {
    let a = aucs[i]
    guard a > 0, a < 1 else { return nil }
    let centre = log(a / (1 - a))
    let half = Normal.quantile(0.5 + confidence / 2) * standardError(i) / (a * (1 - a))
    func back(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    return Interval(
      back(centre - half), back(centre + half), confidence: confidence, method: "DeLong, logit")
  }

  /// The paired comparison of two AUCs. Identical curves: z = 0 and p = 1.
  public func compare(_ i: Int = 0, _ j: Int = 1, confidence: Double = 0.95) -> TestResult {
    let difference = aucs[i] - aucs[j]
    let variance = max(0, covariance[i][i] + covariance[j][j] - 2 * covariance[i][j])
    let se = variance.squareRoot()
    // Rounding leaves about 1e-17 where the curves are identical.
    let degenerate = variance <= 1e-16 * max(covariance[i][i], covariance[j][j], 1e-300)
    let z =
      degenerate
      ? (difference == 0 ? 0 : difference > 0 ? .infinity : -.infinity)
      : difference / se
    let half = Normal.quantile(0.5 + confidence / 2) * se
    return TestResult(
      "DeLong's paired test", statistic: z, pValue: Normal.twoSided(z),
      count: positives + negatives, estimate: difference,
      interval: Interval(
        difference - half, difference + half, confidence: confidence, method: "DeLong, Wald"))
  }

  /// χ² test of a contrast of AUCs, `rows · (aucs)` = 0, with its degrees of freedom.
  ///
  /// - Returns: `nil` when the contrast's covariance is singular.
  public func contrast(_ rows: [[Double]]) -> TestResult? {
    let l = rows.map { row in zip(row, aucs).map { $0 * $1 }.compensatedSum() }
    let s = rows.map { a in
      rows.map { b in
        var sum = 0.0
        for i in aucs.indices {
          for j in aucs.indices { sum += a[i] * covariance[i][j] * b[j] }
        }
        return sum
      }
    }
    guard let x = solveSymmetric(s, l) else { return nil }
    let chi = zip(l, x).map { $0 * $1 }.compensatedSum()
    return TestResult(
      "DeLong's contrast", statistic: chi,
      pValue: ChiSquared.upperTail(chi, df: Double(rows.count)), count: positives + negatives,
      degreesOfFreedom: Double(rows.count))
  }

  /// The comparison of AUCs of two different samples, Welch-like as pROC computes it.
  public static func unpaired(_ a: DeLong, _ b: DeLong) -> TestResult {
    let va = a.covariance[0][0]
    let vb = b.covariance[0][0]
    let d = (a.aucs[0] - b.aucs[0]) / (va + vb).squareRoot()
    let na = Double(a.positives + a.negatives)
    let nb = Double(b.positives + b.negatives)
    let df = (va + vb) * (va + vb) / (va * va / (na - 1) + vb * vb / (nb - 1))
    return TestResult(
      "DeLong's unpaired test", statistic: d, pValue: StudentT.twoSided(d, df: df),
      count: Int(na + nb), degreesOfFreedom: df, estimate: a.aucs[0] - b.aucs[0])
  }
}

/// Ranks from 1, ties at their mean.
func midRanks(_ values: [Double]) -> [Double] {
  let order = RadixOrder.ascending(values)
  var ranks = [Double](repeating: 0, count: values.count)
  var i = 0
  while i < order.count {
    var j = i
    while j < order.count, values[Int(order[j])] == values[Int(order[i])] { j += 1 }
    let rank = Double(i + j + 1) / 2
    for k in i..<j { ranks[Int(order[k])] = rank }
    i = j
  }
  return ranks
}

/// Solves A x = b by Gaussian elimination with pivoting; `nil` when singular.
func solveSymmetric(_ matrix: [[Double]], _ right: [Double]) -> [Double]? {
  let n = right.count
  var a = matrix
  var b = right
  let scale = matrix.lazy.flatMap { $0 }.map { abs($0) }.max() ?? 0
  guard scale > 0 || n == 0 else { return nil }
  for column in 0..<n {
    var pivot = column
    for row in column..<n where abs(a[row][column]) > abs(a[pivot][column]) { pivot = row }
    guard abs(a[pivot][column]) > 1e-13 * scale else { return nil }
    a.swapAt(column, pivot)
    b.swapAt(column, pivot)
    for row in (column + 1)..<max(n, column + 1) {
      let f = a[row][column] / a[column][column]
      if f == 0 { continue }
      for k in column..<n { a[row][k] -= f * a[column][k] }
      b[row] -= f * b[column]
    }
  }
  var x = b
  for row in (0..<n).reversed() {
    for k in (row + 1)..<max(n, row + 1) { x[row] -= a[row][k] * x[k] }
    x[row] /= a[row][row]
  }
  return x
}

// Do two raters (or two arms) use k categories equally often; do several arms succeed equally?
// Source: Stuart 1955; Maxwell 1970; Bowker 1948; Bhapkar 1966; Cochran 1950.

/// Tests on a square table of paired categories.
public struct MarginalHomogeneity: Hashable, Sendable, Codable {
  /// `[first][second]`.
  public let table: [[Int]]

  /// - Throws: ``EvaluationError`` unless the table is square without negative counts.
  public init(_ table: [[Int]]) throws(EvaluationError) {
    for (i, row) in table.enumerated() {
      try requireEqualCounts(row.count, table.count, "columns of row \(i) and rows")
      guard row.allSatisfy({ $0 >= 0 && $0 < 1 << 40 }) else {
        throw EvaluationError(.range, "row \(i) is \(row)")
      }
    }
    self.table = table
  }

  private var count: Int { table.joined().reduce(0, +) }

  /// Stuart and Maxwell's χ² test of equal margins. Categories that neither uses are dropped.
  public var stuartMaxwell: TestResult { homogeneity("Stuart–Maxwell test", bhapkar: false) }

  /// Bhapkar's χ² test of equal margins: asymptotically equal, more powerful.
  public var bhapkar: TestResult { homogeneity("Bhapkar's test", bhapkar: true) }

  private func homogeneity(_ name: String, bhapkar: Bool) -> TestResult {
    let rows = table.map { Double($0.reduce(0, +)) }
    let columns = table.indices.map { j in Double(table.reduce(0) { $0 + $1[j] }) }
    var used = table.indices.filter { rows[$0] + columns[$0] > 0 }
    let n = Double(count)
    guard used.count > 1 else {
      return TestResult(name, undefined: n == 0 ? .noCases : .singleClass, count: count)
    }
    used.removeLast()
    let d = used.map { rows[$0] - columns[$0] }
    let s = used.map { i in
      used.map { j in
        let c = Double(table[i][j] + table[j][i])
        let base = i == j ? rows[i] + columns[i] - c : -c
        guard bhapkar else { return base }
        return base - (rows[i] - columns[i]) * (rows[j] - columns[j]) / n
      }
    }
    if d.allSatisfy({ $0 == 0 }) {
      return TestResult(
        name, statistic: 0, pValue: 1, count: count, degreesOfFreedom: Double(used.count))
    }
    guard let x = solveSymmetric(s, d) else {
      return TestResult(name, undefined: .singular, count: count)
    }
    let chi = zip(d, x).map { $0 * $1 }.compensatedSum()
    return TestResult(
      name, statistic: chi, pValue: ChiSquared.upperTail(chi, df: Double(used.count)),
      count: count, degreesOfFreedom: Double(used.count))
  }

  /// Bowker's χ² test of symmetry, one degree a pair of categories.
  public var bowker: TestResult {
    var chi = CompensatedSum()
    var df = 0
    for i in table.indices {
      for j in 0..<i {
        df += 1
        let sum = Double(table[i][j] + table[j][i])
        let d = Double(table[i][j] - table[j][i])
        if sum > 0 { chi.add(d * d / sum) }
      }
    }
    guard df > 0 else { return TestResult("Bowker's test", undefined: .singleClass, count: count) }
    return TestResult(
      "Bowker's test", statistic: chi.value,
      pValue: ChiSquared.upperTail(chi.value, df: Double(df)), count: count,
      degreesOfFreedom: Double(df))
  }
}

/// Cochran's Q: do k arms succeed equally often on the same cases?
///
/// - Parameter successes: `[case][arm]`.
/// - Throws: ``EvaluationError`` for ragged rows or fewer than two arms.
public func cochransQ(_ successes: [[Bool]]) throws(EvaluationError) -> TestResult {
  let k = successes.first?.count ?? 0
  guard k > 1 else { throw EvaluationError(.size, "\(k) arms, at least 2") }
  var columns = [Double](repeating: 0, count: k)
  var rowSum = 0.0
  var rowSquares = 0.0
  for (i, row) in successes.enumerated() {
    try requireEqualCounts(row.count, k, "successes[\(i)] and successes[0]")
    var total = 0.0
    for (j, s) in row.enumerated() where s {
      total += 1
      columns[j] += 1
    }
    rowSum += total
    rowSquares += total * total
  }
  let m = Double(k)
  let mean = rowSum / m
  let spread = columns.map { ($0 - mean) * ($0 - mean) }.compensatedSum()
  let denominator = m * rowSum - rowSquares
  guard denominator > 0 else {
    return TestResult("Cochran's Q", undefined: .constant, count: successes.count)
  }
  let q = m * (m - 1) * spread / denominator
  return TestResult(
    "Cochran's Q", statistic: q, pValue: ChiSquared.upperTail(q, df: m - 1),
    count: successes.count, degreesOfFreedom: m - 1)
}

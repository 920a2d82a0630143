// Two arms on the same cases: who is right where the other is wrong.
// Source: McNemar 1947; Fagerland, Lydersen & Laake 2013 (mid-p).

/// The discordant pairs of two arms.
public struct McNemar: Hashable, Sendable, Codable {
  /// Cases where only the first arm is right.
  public let onlyFirst: Int
  /// Cases where only the second arm is right.
  public let onlySecond: Int
  public let count: Int

  /// - Parameter table: `[[both right, only a right], [only b right, both wrong]]`.
  /// - Throws: ``EvaluationError`` unless the table is 2 × 2 and not negative.
  public init(table: [[Int]]) throws(EvaluationError) {
    guard table.count == 2, table.allSatisfy({ $0.count == 2 }) else {
      throw EvaluationError(.shape, "McNemar's table is not 2 × 2")
    }
    guard table.joined().allSatisfy({ $0 >= 0 }) else {
      throw EvaluationError(.range, "negative count in McNemar's table")
    }
    onlyFirst = table[0][1]
    onlySecond = table[1][0]
    count = table.joined().reduce(0, +)
  }

  /// Counts two arms' correctness on the same cases.
  public init(_ first: [Bool], _ second: [Bool]) throws(EvaluationError) {
    try requireEqualCounts(first.count, second.count, "first and second arm")
    onlyFirst = zip(first, second).count { $0 && !$1 }
    onlySecond = zip(first, second).count { !$0 && $1 }
    count = first.count
  }

  private var discordant: Int { onlyFirst + onlySecond }

  private func result(_ name: String, _ statistic: Double, _ p: Double, df: Double? = nil)
    -> TestResult
  {
    TestResult(
      name, statistic: statistic, pValue: min(1, p), count: count, degreesOfFreedom: df,
      estimate: count == 0 ? nil : Double(onlyFirst - onlySecond) / Double(count))
  }

  /// The exact binomial test, two-sided; p = 1 without discordant pairs.
  public var exact: TestResult {
    let k = min(onlyFirst, onlySecond)
    let p = discordant == 0 ? 1 : 2 * Binomial.cumulative(k, n: discordant, p: 0.5)
    return result("McNemar's exact test", Double(k), p)
  }

  /// The mid-p test: less conservative than the exact one.
  public var midP: TestResult {
    let k = min(onlyFirst, onlySecond)
    var p = 1.0
    if discordant > 0, onlyFirst != onlySecond {
      p =
        2 * Binomial.cumulative(k, n: discordant, p: 0.5)
        - Binomial.probability(k, n: discordant, p: 0.5)
    }
    return result("McNemar's mid-p test", Double(k), p)
  }

  /// χ² without correction.
  public var chiSquared: TestResult {
    let d = Double(onlyFirst - onlySecond)
    let chi = discordant == 0 ? 0 : d * d / Double(discordant)
    return result("McNemar's χ² test", chi, ChiSquared.upperTail(chi, df: 1), df: 1)
  }

  /// χ² with Edwards' correction; none is applied when both counts are equal (R's rule).
  public var chiSquaredCorrected: TestResult {
    let d = abs(Double(onlyFirst - onlySecond))
    let c = d == 0 ? 0 : d - 1
    let chi = discordant == 0 ? 0 : c * c / Double(discordant)
    return result(
      "McNemar's χ² test, continuity-corrected", chi, ChiSquared.upperTail(chi, df: 1), df: 1)
  }
}

// How many cases a comparison needs, and what power it has.
// Source: Connor 1987 (paired proportions); Hanley & McNeil 1982, Obuchowski 1997 (AUC).

/// Sample sizes and power.
public enum SampleSize {
  /// Pairs for McNemar's test of discordant rates (Connor 1987), two-sided.
  ///
  /// - `p10`: The rate of cases that only the first arm gets right.
  /// - `p01`: The rate of cases that only the second gets right.
  /// - Returns: `nil` when the rates are equal (no number suffices).
  /// - Throws: ``EvaluationError`` for rates outside 0…1 or that sum above 1.
  public static func mcNemarPairs(
    p10: Double, p01: Double, alpha: Double = 0.05, power: Double = 0.8
  ) throws(EvaluationError) -> Int? {
    try check(p10, p01)
    let sum = p10 + p01
    let d = p10 - p01
    guard d != 0 else { return nil }
    let za = Normal.quantile(1 - alpha / 2)
    let zb = Normal.quantile(power)
    let root = za * sum.squareRoot() + zb * max(0, sum - d * d).squareRoot()
    let n = (root * root / (d * d)).rounded(.up)
    return n < 1e15 ? Int(n) : nil
  }

  /// The power of McNemar's test with `pairs` cases, two-sided, normal approximation.
  public static func mcNemarPower(
    p10: Double, p01: Double, pairs: Int, alpha: Double = 0.05
  ) throws(EvaluationError) -> Double {
    try check(p10, p01)
    let sum = p10 + p01
    let d = p10 - p01
    let spread = max(0, sum - d * d).squareRoot()
    let shift =
      Double(pairs).squareRoot() * abs(d) - Normal.quantile(1 - alpha / 2) * sum.squareRoot()
    return spread > 0 ? Normal.cumulative(shift / spread) : shift > 0 ? 1 : 0
  }

  private static func check(_ p10: Double, _ p01: Double) throws(EvaluationError) {
    guard p10 >= 0, p01 >= 0, p10 + p01 <= 1 else {
      throw EvaluationError(.range, "discordant rates \(p10) and \(p01)")
    }
  }

  /// Hanley and McNeil's variance of an AUC.
  public static func aucVariance(auc a: Double, positives: Int, negatives: Int) -> Double {
    let q1 = a / (2 - a)
    let q2 = 2 * a * a / (1 + a)
    let (p, n) = (Double(positives), Double(negatives))
    return (a * (1 - a) + (p - 1) * (q1 - a * a) + (n - 1) * (q2 - a * a)) / (p * n)
  }

  /// The power to tell an AUC from `null`, two-sided.
  ///
  /// - Precondition: Both AUCs between 0 and 1, at least one case of each class.
  public static func aucPower(
    auc: Double, null: Double = 0.5, positives: Int, negatives: Int, alpha: Double = 0.05
  ) -> Double {
    precondition(positives > 0 && negatives > 0, "\(positives) positives, \(negatives) negatives")
    let v0 = aucVariance(auc: null, positives: positives, negatives: negatives).squareRoot()
    let v1 = aucVariance(auc: auc, positives: positives, negatives: negatives).squareRoot()
    let shift = abs(auc - null) - Normal.quantile(1 - alpha / 2) * v0
    return v1 > 0 ? Normal.cumulative(shift / v1) : shift > 0 ? 1 : 0
  }

  /// The positives needed to tell an AUC from `null` with `ratio` negatives a positive; `nil`
  /// above ten million.
  public static func aucPositives(
    auc: Double, null: Double = 0.5, ratio: Double = 1, alpha: Double = 0.05, power: Double = 0.8
  ) -> Int? {
    func enough(_ n: Int) -> Bool {
      aucPower(
        auc: auc, null: null, positives: n,
        negatives: max(1, Int((Double(n) * ratio).rounded(.up))),
        alpha: alpha) >= power
    }
    guard enough(10_000_000) else { return nil }
    var (low, high) = (1, 10_000_000)
    while low < high {
      let middle = (low + high) / 2
      if enough(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

// Shrout and Fleiss' six intraclass correlations with F intervals.
// Source: Shrout & Fleiss 1979; McGraw & Wong 1996 (the Satterthwaite interval of ICC2).

/// The intraclass correlations of a table of ratings, rows = targets, columns = raters.
public struct IntraclassCorrelation: Hashable, Sendable, Codable {
  /// Which model and unit.
  public enum Form: String, Hashable, Sendable, Codable, CaseIterable {
    /// ICC(1,1): one-way random, single rating.
    case oneWaySingle = "ICC(1,1)"
    /// ICC(2,1): two-way random, absolute agreement, single rating.
    case twoWayRandomSingle = "ICC(2,1)"
    /// ICC(3,1): two-way mixed, consistency, single rating.
    case twoWayMixedSingle = "ICC(3,1)"
    case oneWayMean = "ICC(1,k)"
    case twoWayRandomMean = "ICC(2,k)"
    case twoWayMixedMean = "ICC(3,k)"
  }

  /// One form's value, interval and F test against zero.
  public struct Value: Hashable, Sendable, Codable {
    public let form: Form
    public let icc: Score
    public let f: MetricValue
    public let df1: Double
    public let df2: Double
    public let pValue: MetricValue
  }

  public let values: [Value]
  public let targets: Int
  public let raters: Int

  /// - Throws: ``EvaluationError`` for rows of unequal length, fewer than two rows or columns,
  ///   numbers that are not finite.
  public init(_ ratings: [[Double]], confidence: Double = 0.95) throws(EvaluationError) {
    let k = ratings.first?.count ?? 0
    guard ratings.count > 1, k > 1 else {
      throw EvaluationError(.size, "\(ratings.count) targets and \(k) raters, at least 2 of each")
    }
    for (i, row) in ratings.enumerated() {
      try requireEqualCounts(row.count, k, "ratings[\(i)] and ratings[0]")
      try requireFinite(row, "ratings[\(i)]")
    }
    let n = Double(ratings.count)
    let m = Double(k)
    let grand = ratings.lazy.flatMap { $0 }.compensatedSum() / (n * m)
    let rowMeans = ratings.map { $0.compensatedSum() / m }
    let columnMeans = (0..<k).map { j in ratings.map { $0[j] }.compensatedSum() / n }
    let total = ratings.lazy.flatMap { $0 }.map { ($0 - grand) * ($0 - grand) }.compensatedSum()
    let between = m * rowMeans.map { ($0 - grand) * ($0 - grand) }.compensatedSum()
    let judges = n * columnMeans.map { ($0 - grand) * ($0 - grand) }.compensatedSum()
    let bms = between / (n - 1)
    let wms = (total - between) / (n * (m - 1))
    let jms = judges / (m - 1)
    let ems = max(0, total - between - judges) / ((n - 1) * (m - 1))
    let icc1 = (bms - wms) / (bms + (m - 1) * wms)
    let icc2 = (bms - ems) / (bms + (m - 1) * ems + m * (jms - ems) / n)
    let icc3 = (bms - ems) / (bms + (m - 1) * ems)
    let icc1k = (bms - wms) / bms
    let icc2k = (bms - ems) / (bms + (jms - ems) / n)
    let icc3k = (bms - ems) / bms
    let p = 0.5 + confidence / 2
    let (d1, d2one, d2two) = (n - 1, n * (m - 1), (n - 1) * (m - 1))
    let fOne = bms / wms
    let fTwo = bms / ems
    func interval(_ low: Double, _ high: Double, _ method: String = "F") -> Interval {
      Interval(low, high, confidence: confidence, method: method)
    }
    let oneLow = fOne / FisherF.quantile(p, d1, d2one)
    let oneHigh = fOne * FisherF.quantile(p, d2one, d1)
    let twoLow = fTwo / FisherF.quantile(p, d1, d2two)
    let twoHigh = fTwo * FisherF.quantile(p, d2two, d1)
    let fj = jms / ems
    let vn = m * icc2 * fj + n * (1 + (m - 1) * icc2) - m * icc2
    let vd =
      (n - 1) * m * m * icc2 * icc2 * fj * fj
      + (n * (1 + (m - 1) * icc2) - m * icc2) * (n * (1 + (m - 1) * icc2) - m * icc2)
    let v = (m - 1) * (n - 1) * vn * vn / vd
    let f3 = FisherF.quantile(p, d1, v)
    let f4 = FisherF.quantile(p, v, d1)
    let low2 = n * (bms - f3 * ems) / (f3 * (m * jms + (m * n - m - n) * ems) + n * bms)
    let high2 = n * (f4 * bms - ems) / (m * jms + (m * n - m - n) * ems + n * f4 * bms)
    func make(
      _ form: Form, _ x: Double, _ ci: Interval, _ f: Double, _ df2: Double
    ) -> Value {
      Value(
        form: form,
        icc: Score(
          form.rawValue, MetricValue(x, otherwise: .constant), count: ratings.count,
          interval: x.isNaN ? nil : ci,
          signature: "\(form.rawValue)|raters:\(k)|v:\(Definitions.version)"),
        f: MetricValue(f, otherwise: .constant), df1: d1, df2: df2,
        pValue: MetricValue(
          f.isNaN ? .nan : FisherF.upperTail(f, d1, df2), otherwise: .constant))
    }
    values = [
      make(
        .oneWaySingle, icc1,
        interval((oneLow - 1) / (oneLow + m - 1), (oneHigh - 1) / (oneHigh + m - 1)), fOne, d2one),
      make(.twoWayRandomSingle, icc2, interval(low2, high2, "Satterthwaite"), fTwo, d2two),
      make(
        .twoWayMixedSingle, icc3,
        interval((twoLow - 1) / (twoLow + m - 1), (twoHigh - 1) / (twoHigh + m - 1)), fTwo, d2two),
      make(.oneWayMean, icc1k, interval(1 - 1 / oneLow, 1 - 1 / oneHigh), fOne, d2one),
      make(
        .twoWayRandomMean, icc2k,
        interval(
          low2 * m / (1 + low2 * (m - 1)), high2 * m / (1 + high2 * (m - 1)),
          "Satterthwaite"), fTwo, d2two),
      make(.twoWayMixedMean, icc3k, interval(1 - 1 / twoLow, 1 - 1 / twoHigh), fTwo, d2two),
    ]
    targets = ratings.count
    raters = k
  }

  /// One form. O(1).
  public subscript(form: Form) -> Value? { values.first { $0.form == form } }
}

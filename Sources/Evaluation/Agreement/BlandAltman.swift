// Limits of agreement, concordance and errors of paired measurements.
// Source: Bland & Altman 1986, 1999; Lin 1989, 2000.

/// Differences of two methods measured on the same cases, `first − second`.
public struct BlandAltman: Hashable, Sendable, Codable {
  public let differences: [Double]
  public let means: [Double]
  public let count: Int
  /// The mean difference with its t interval.
  public let bias: Score
  /// The sample standard deviation of the differences.
  public let standardDeviation: MetricValue
  public let lowerLimit: Score
  public let upperLimit: Score
  /// SE of a limit, √(3 s² / n).
  public let limitStandardError: MetricValue
  public let meanAbsoluteError: MetricValue
  public let rootMeanSquareError: MetricValue
  public let multiplier: Double

  /// - `multiplier`: Standard deviations from bias to limit: 1.96, or the 2 of the 1986 paper.
  /// - Throws: ``EvaluationError`` for unequal counts or numbers that are not finite.
  public init(
    _ first: [Double], _ second: [Double], multiplier: Double = 1.96, confidence: Double = 0.95
  ) throws(EvaluationError) {
    try requireEqualCounts(first.count, second.count, "first and second")
    try requireFinite(first, "first")
    try requireFinite(second, "second")
    let d = zip(first, second).map { $0 - $1 }
    differences = d
    means = zip(first, second).map { ($0 + $1) / 2 }
    count = d.count
    self.multiplier = multiplier
    let n = Double(d.count)
    let tail = "|multiplier:\(multiplier)|v:\(Definitions.version)"
    meanAbsoluteError = d.map { abs($0) }.mean().map { .value($0) } ?? .undefined(.noCases)
    rootMeanSquareError =
      d.map { $0 * $0 }.mean().map { .value($0.squareRoot()) } ?? .undefined(.noCases)
    guard let mean = d.mean(), let sd = d.standardDeviation() else {
      let why: Undefined = d.isEmpty ? .noCases : .tooFewCases
      bias = Score(
        "bias", d.mean().map { .value($0) } ?? .undefined(why), count: d.count,
        signature: "bias" + tail)
      standardDeviation = .undefined(why)
      lowerLimit = Score("lower limit", .undefined(why), count: d.count, signature: "LoA" + tail)
      upperLimit = Score("upper limit", .undefined(why), count: d.count, signature: "LoA" + tail)
      limitStandardError = .undefined(why)
      return
    }
    standardDeviation = .value(sd)
    let t = StudentT.quantile(0.5 + confidence / 2, df: n - 1)
    let se = sd / n.squareRoot()
    let limitError = (3 * sd * sd / n).squareRoot()
    limitStandardError = .value(limitError)
    bias = Score(
      "bias", .value(mean), count: d.count,
      interval: Interval(mean - t * se, mean + t * se, confidence: confidence, method: "t"),
      signature: "bias|first−second" + tail)
    func limit(_ name: String, _ x: Double) -> Score {
      Score(
        name, .value(x), count: d.count,
        interval: Interval(
          x - t * limitError, x + t * limitError, confidence: confidence,
          method: "t, SE √(3s²/n)"), signature: "LoA|first−second" + tail)
    }
    lowerLimit = limit("lower limit", mean - multiplier * sd)
    upperLimit = limit("upper limit", mean + multiplier * sd)
  }

  /// The coefficient of repeatability, 2 √(mean d²) (Bland & Altman 1986), of two readings.
  public var repeatabilityCoefficient: MetricValue { rootMeanSquareError.map { 2 * $0 } }

  /// The within-subject standard deviation of two readings, √(mean d² / 2).
  public var withinSubjectDeviation: MetricValue {
    rootMeanSquareError.map { $0 / 2.0.squareRoot() }
  }
}

/// Lin's concordance correlation coefficient.
public struct Concordance: Hashable, Sendable, Codable {
  /// The coefficient with its z-transform interval.
  public let coefficient: Score
  /// σ₂ / σ₁.
  public let scaleShift: MetricValue
  /// (μ₂ − μ₁) / √(σ₁ σ₂), with the means as second minus first.
  public let locationShift: MetricValue
  /// C_b, accuracy: coefficient over Pearson's r.
  public let biasCorrection: MetricValue
  /// Pearson's r.
  public let correlation: MetricValue

  /// Which divisor the moments have.
  public enum Moments: String, Hashable, Sendable, Codable {
    /// 1/n, as Lin 1989 defines the coefficient.
    case population
    /// 1/(n − 1).
    case sample
  }

  /// - Throws: ``EvaluationError`` for unequal counts or numbers that are not finite.
  public init(
    _ x: [Double], _ y: [Double], moments: Moments = .population, confidence: Double = 0.95
  ) throws(EvaluationError) {
    try requireEqualCounts(x.count, y.count, "x and y")
    try requireFinite(x, "x")
    try requireFinite(y, "y")
    let signature = "CCC|moments:\(moments.rawValue)|v:\(Definitions.version)"
    let n = Double(x.count)
    guard x.count > 1, let mx = x.mean(), let my = y.mean() else {
      let why: Undefined = x.isEmpty ? .noCases : .tooFewCases
      coefficient = Score("CCC", .undefined(why), count: x.count, signature: signature)
      (scaleShift, locationShift) = (.undefined(why), .undefined(why))
      (biasCorrection, correlation) = (.undefined(why), .undefined(why))
      return
    }
    let divisor = moments == .population ? n : n - 1
    let sxx = x.map { ($0 - mx) * ($0 - mx) }.compensatedSum() / divisor
    let syy = y.map { ($0 - my) * ($0 - my) }.compensatedSum() / divisor
    let sxy = zip(x, y).map { ($0 - mx) * ($1 - my) }.compensatedSum() / divisor
    let shift = my - mx
    let value = MetricValue.ratio(2 * sxy, sxx + syy + shift * shift, otherwise: .constant)
    scaleShift = MetricValue((syy / sxx).squareRoot(), otherwise: .constant)
    locationShift = MetricValue.ratio(
      shift, (sxx * syy).squareRoot().squareRoot(), otherwise: .constant)
    let r = sxy / (sxx * syy).squareRoot()
    correlation = MetricValue(r, otherwise: .constant)
    guard case .value(let ccc) = value, r.isFinite, r != 0 else {
      biasCorrection = .undefined(.constant)
      coefficient = Score("CCC", value, count: x.count, signature: signature)
      return
    }
    biasCorrection = .value(ccc / r)
    var interval: Interval?
    if x.count > 2, abs(ccc) < 1, abs(r) < 1 {
      let u = shift / (sxx * syy).squareRoot().squareRoot()
      let (c2, r2, u2) = (ccc * ccc, r * r, u * u)
      let variance =
        ((1 - r2) * c2 * (1 - c2) / r2 + 2 * c2 * ccc * (1 - ccc) * u2 / r
          - 0.5 * c2 * c2 * u2 * u2 / r2) / (n - 2)
      let se = max(0, variance).squareRoot() / (1 - c2)
      let z = Normal.quantile(0.5 + confidence / 2)
      interval = Interval(
        tanh(atanh(ccc) - z * se), tanh(atanh(ccc) + z * se), confidence: confidence,
        method: "z-transform")
    }
    coefficient = Score(
      "CCC", value, count: x.count, interval: interval, signature: signature)
  }
}

// Predicted against reference volumes, and the ABC/2 estimate.
// Source: Kothari et al. 1996, Stroke 27:1304.

/// Errors of predicted volumes (or any paired measurement), `predicted − reference`.
public struct VolumeErrors: Hashable, Sendable, Codable {
  public let agreement: BlandAltman
  public let concordance: Concordance
  public let count: Int
  public let medianAbsoluteError: MetricValue
  /// The mean |error| / reference in percent over references that are not zero.
  public let meanAbsolutePercentError: Score
  public let pearson: MetricValue
  public let spearman: MetricValue
  /// 1 − Σ error² / Σ (reference − mean)².
  public let determination: MetricValue
  private let reference: [Double]
  private let predicted: [Double]

  /// - Throws: ``EvaluationError`` for unequal counts or numbers that are not finite.
  public init(reference: [Double], predicted: [Double]) throws(EvaluationError) {
    agreement = try BlandAltman(predicted, reference)
    concordance = try Concordance(reference, predicted)
    count = reference.count
    self.reference = reference
    self.predicted = predicted
    let sorted = agreement.differences.map { abs($0) }.sorted()
    medianAbsoluteError = MetricValue(
      Bootstrap.quantile(0.5, ofSorted: sorted), otherwise: .noCases)
    let relative = zip(reference, agreement.differences).filter { $0.0 != 0 }.map {
      abs($0.1 / $0.0) * 100
    }
    meanAbsolutePercentError = Score(
      "MAPE %", relative.mean().map { .value($0) } ?? .undefined(.noCases), count: relative.count,
      signature: "MAPE|references of 0 left out|v:\(Definitions.version)",
      undefined: reference.indices.filter { reference[$0] == 0 }.map {
        UndefinedCase("case \($0)", .zeroDenominator)
      })
    pearson = correlation(reference, predicted)
    spearman = correlation(midRanks(reference), midRanks(predicted))
    let mean = reference.mean() ?? 0
    determination =
      reference.isEmpty
      ? .undefined(.noCases)
      : MetricValue.ratio(
        -agreement.differences.map { $0 * $0 }.compensatedSum(),
        reference.map { ($0 - mean) * ($0 - mean) }.compensatedSum(), otherwise: .constant
      ).map { 1 + $0 }
  }

  /// The share of cases on the same side of a threshold in both (30 mL decides treatment).
  ///
  /// A volume equal to the threshold counts as above.
  public func thresholdAccuracy(_ millilitres: Double) -> Score {
    let same = zip(reference, predicted).count { ($0 >= millilitres) == ($1 >= millilitres) }
    return Proportion(same, of: count).score("same side of \(formatted(millilitres, digits: 4)) mL")
  }
}

/// Pearson's correlation; undefined for a constant or fewer than two pairs.
func correlation(_ x: [Double], _ y: [Double]) -> MetricValue {
  guard x.count > 1, let mx = x.mean(), let my = y.mean() else { return .undefined(.tooFewCases) }
  let sxx = x.map { ($0 - mx) * ($0 - mx) }.compensatedSum()
  let syy = y.map { ($0 - my) * ($0 - my) }.compensatedSum()
  let sxy = zip(x, y).map { ($0 - mx) * ($1 - my) }.compensatedSum()
  return .ratio(sxy, (sxx * syy).squareRoot(), otherwise: .constant)
}

/// The ABC/2 estimate of a haematoma's volume.
public struct ABC2: Hashable, Sendable, Codable {
  /// The largest diameter, in centimetres.
  public let a: Double
  /// The diameter perpendicular to A on the same slice, in centimetres.
  public let b: Double
  /// The height, in centimetres.
  public let c: Double
  /// The weights of the slices that gave `c`, when it was counted.
  public let weights: [Double]

  /// A · B · C / 2, in millilitres.
  public var millilitres: Double { a * b * c / 2 }

  /// - Throws: ``EvaluationError`` for a length that is negative or not finite.
  public init(a: Double, b: Double, c: Double) throws(EvaluationError) {
    try self.init(a: a, b: b, c: c, weights: [])
  }

  private init(a: Double, b: Double, c: Double, weights: [Double]) throws(EvaluationError) {
    for (name, x) in [("A", a), ("B", b), ("C", c)] where !(x >= 0 && x.isFinite) {
      throw EvaluationError(.range, "\(name) is \(x) cm")
    }
    (self.a, self.b, self.c, self.weights) = (a, b, c, weights)
  }

  /// C from slices: a slice whose area is above 75 % of the largest counts 1, from 25 % to 75 %
  /// one half, below 25 % nothing; C is the weighted count times the slice thickness.
  public init(
    a: Double, b: Double, sliceThickness: Double, areaFractions: [Double]
  ) throws(EvaluationError) {
    try requireFinite(areaFractions, "area fractions")
    let weights = areaFractions.map { $0 > 0.75 ? 1 : $0 >= 0.25 ? 0.5 : 0.0 }
    try self.init(
      a: a, b: b, c: weights.compensatedSum() * sliceThickness, weights: weights)
  }
}

// Agreement of two raters beyond chance, weighted or not, with standard errors.
// Source: Cohen 1960, 1968; Fleiss, Cohen & Everitt 1969.

/// How disagreements weigh in kappa, by the distance of category indices.
public enum KappaWeights: String, Hashable, Sendable, Codable, CaseIterable {
  case unweighted
  /// |i − j| (Cicchetti–Allison).
  case linear
  /// (i − j)² (Fleiss–Cohen).
  case quadratic
}

/// Cohen's kappa of a square table over a fixed list of categories.
///
/// Categories that no rater used stay in the list: weights go by index.
public struct CohensKappa: Hashable, Sendable, Codable {
  public let kappa: Score
  public let observedAgreement: MetricValue
  public let expectedAgreement: MetricValue
  /// The asymptotic standard error.
  public let standardError: MetricValue
  /// The standard error under the hypothesis of no agreement.
  public let standardErrorUnderNull: MetricValue
  /// κ over its null standard error.
  public let z: MetricValue
  public let pOneSided: MetricValue
  public let pTwoSided: MetricValue

  /// - Complexity: O(*non-empty cells* + *categories*) for the estimate and its errors.
  public init(
    _ matrix: ConfusionMatrix, weights: KappaWeights = .unweighted, confidence: Double = 0.95
  ) {
    let k = matrix.classes.count
    let n = matrix.cells.reduce(0) { $0 + $1.count }
    let total = Double(n)
    var rows = [Double](repeating: 0, count: k)
    var columns = rows
    for cell in matrix.cells {
      rows[cell.truth] += Double(cell.count) / total
      columns[cell.prediction] += Double(cell.count) / total
    }
    // Agreement weights 1 − distance / largest distance.
    let span = Double(max(k - 1, 1))
    func weight(_ i: Int, _ j: Int) -> Double {
      let d = abs(Double(i - j)) / span
      switch weights {
      case .unweighted: return i == j ? 1 : 0
      case .linear: return 1 - d
      case .quadratic: return 1 - d * d
      }
    }
    // Mean weights of each row and column against the other's margin, in linear time.
    let rowMeans = Self.means(columns, weights, span)
    let columnMeans = Self.means(rows, weights, span)
    let observed = matrix.cells.map {
      weight($0.truth, $0.prediction) * Double($0.count) / total
    }.compensatedSum()
    let expected = rows.indices.map { rows[$0] * rowMeans[$0] }.compensatedSum()
    let name = weights == .unweighted ? "Cohen's kappa" : "\(weights.rawValue) kappa"
    let signature = "\(name)|categories:\(k)|v:\(Definitions.version)"
    guard n > 0, 1 - expected > 1e-15 else {
      let why: Undefined = n == 0 ? .noCases : .singleClass
      kappa = Score(name, .undefined(why), count: n, signature: signature)
      observedAgreement = n == 0 ? .undefined(why) : .value(observed)
      expectedAgreement = n == 0 ? .undefined(why) : .value(expected)
      standardError = .undefined(why)
      standardErrorUnderNull = .undefined(why)
      z = .undefined(why)
      pOneSided = .undefined(why)
      pTwoSided = .undefined(why)
      return
    }
    let value = (observed - expected) / (1 - expected)
    var sum = CompensatedSum()
    for cell in matrix.cells {
      let w = weight(cell.truth, cell.prediction)
      let term =
        w * (1 - expected)
        - (rowMeans[cell.truth] + columnMeans[cell.prediction]) * (1 - observed)
      sum.add(Double(cell.count) / total * term * term)
    }
    let bias = observed * expected - 2 * expected + observed
    let scale = (1 - expected) * (1 - expected)
    let variance = (sum.value - bias * bias) / total / (scale * scale)
    let nullSum = Self.nullSum(rows, columns, rowMeans, columnMeans, weights, span)
    let nullVariance = (nullSum - expected * expected) / total / scale
    let se = max(0, variance).squareRoot()
    let se0 = max(0, nullVariance).squareRoot()
    let half = Normal.quantile(0.5 + confidence / 2) * se
    kappa = Score(
      name, .value(value), count: n,
      interval: Interval(
        value - half, value + half, confidence: confidence, method: "Fleiss–Cohen–Everitt"),
      signature: signature)
    observedAgreement = .value(observed)
    expectedAgreement = .value(expected)
    standardError = .value(se)
    standardErrorUnderNull = .value(se0)
    let statistic = se0 > 0 ? value / se0 : Double.nan
    z = MetricValue(statistic, otherwise: .constant)
    pOneSided = MetricValue(1 - Normal.cumulative(statistic), otherwise: .constant)
    pTwoSided = MetricValue(Normal.twoSided(statistic), otherwise: .constant)
  }

  /// Two raters' categories over an explicit list.
  public init<Label: Hashable & Sendable>(
    _ first: [Label], _ second: [Label], categories: [Label],
    weights: KappaWeights = .unweighted, confidence: Double = 0.95
  ) throws(EvaluationError) {
    self.init(
      try ConfusionMatrix(truth: first, predictions: second, classes: categories),
      weights: weights, confidence: confidence)
  }

  /// Σⱼ w(i, j) · margin[j] for every i.
  private static func means(_ margin: [Double], _ weights: KappaWeights, _ span: Double)
    -> [Double]
  {
    switch weights {
    case .unweighted: return margin
    case .quadratic:
      var (m0, m1, m2) = (0.0, 0.0, 0.0)
      for (j, p) in margin.enumerated() {
        let x = Double(j) / span
        m0 += p
        m1 += p * x
        m2 += p * x * x
      }
      return margin.indices.map { i in
        let x = Double(i) / span
        return m0 - (x * x * m0 - 2 * x * m1 + m2)
      }
    case .linear:
      // Prefix sums of p and j·p give Σ |i − j| p in one pass.
      let all = margin.compensatedSum()
      let moment = margin.indices.map { Double($0) * margin[$0] }.compensatedSum()
      var (p0, p1) = (0.0, 0.0)
      return margin.indices.map { i in
        p0 += margin[i]
        p1 += Double(i) * margin[i]
        let distance = Double(i) * p0 - p1 + (moment - p1) - Double(i) * (all - p0)
        return all - distance / span
      }
    }
  }

  /// Σᵢⱼ rᵢ cⱼ (w(i, j) − r̄ᵢ − c̄ⱼ)².
  private static func nullSum(
    _ rows: [Double], _ columns: [Double], _ rowMeans: [Double], _ columnMeans: [Double],
    _ weights: KappaWeights, _ span: Double
  ) -> Double {
    // Expanded: Σ r c w² − 2 Σ r c w (r̄ + c̄) + Σ r c (r̄ + c̄)²; rows or columns without
    // mass add nothing, so only used categories are paired.
    let usedRows = rows.indices.filter { rows[$0] > 0 }
    let usedColumns = columns.indices.filter { columns[$0] > 0 }
    var sum = CompensatedSum()
    if weights == .unweighted {
      var (r1, r2, c1, c2) = (0.0, 0.0, 0.0, 0.0)
      for i in usedRows {
        r1 += rows[i] * rowMeans[i]
        r2 += rows[i] * rowMeans[i] * rowMeans[i]
      }
      for j in usedColumns {
        c1 += columns[j] * columnMeans[j]
        c2 += columns[j] * columnMeans[j] * columnMeans[j]
      }
      sum.add(r2 + c2 + 2 * r1 * c1)
      for i in usedRows where columns[i] > 0 {
        sum.add(rows[i] * columns[i] * (1 - 2 * (rowMeans[i] + columnMeans[i])))
      }
      return sum.value
    }
    for i in usedRows {
      for j in usedColumns {
        let d = abs(Double(i - j)) / span
        let w = weights == .linear ? 1 - d : 1 - d * d
        let t = w - rowMeans[i] - columnMeans[j]
        sum.add(rows[i] * columns[j] * t * t)
      }
    }
    return sum.value
  }
}

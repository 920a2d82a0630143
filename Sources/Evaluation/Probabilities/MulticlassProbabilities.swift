// A probability a class and case: log loss, Brier, multiclass AUC, top-k, top-label calibration.
// Source: Hand & Till 2001; Provost & Domingos 2000; Guo et al. 2017.

/// One probability a class and case.
public struct MulticlassProbabilities: Hashable, Sendable {
  /// The index of each case' class.
  public let truth: [Int]
  /// `[case][class]`.
  public let probabilities: [[Double]]
  public let classCount: Int
  public var count: Int { truth.count }

  /// What happens to rows that do not sum to one.
  public enum RowSums: Hashable, Sendable {
    /// A row further from one than the tolerance is an error.
    case checked(tolerance: Double)
    /// Rows are divided by their sums.
    case renormalised
    /// Rows are used as they are (scores rather than probabilities).
    case asTheyAre
  }

  /// - Throws: ``EvaluationError`` for unequal counts, rows of unequal length, an index or a
  ///   probability out of range, row sums that are not one.
  public init(
    truth: [Int], probabilities: [[Double]], rowSums: RowSums = .checked(tolerance: 1e-3)
  ) throws(EvaluationError) {
    try requireEqualCounts(truth.count, probabilities.count, "truth and probabilities")
    let width = probabilities.first?.count ?? 0
    var rows = probabilities
    for (i, row) in probabilities.enumerated() {
      try requireEqualCounts(row.count, width, "probabilities[\(i)] and probabilities[0]")
      guard truth[i] >= 0, truth[i] < width else {
        throw EvaluationError(.unknownLabel, "truth[\(i)] is \(truth[i]), classes 0..<\(width)")
      }
      switch rowSums {
      case .asTheyAre: try requireFinite(row, "probabilities[\(i)]")
      case .checked(let tolerance):
        try requireProbabilities(row, "probabilities[\(i)]")
        let sum = row.compensatedSum()
        guard abs(sum - 1) <= tolerance else {
          throw EvaluationError(.range, "probabilities[\(i)] sum to \(sum), expected 1")
        }
      case .renormalised:
        try requireFinite(row, "probabilities[\(i)]")
        let sum = row.compensatedSum()
        guard sum > 0, row.allSatisfy({ $0 >= 0 }) else {
          throw EvaluationError(.range, "probabilities[\(i)] sum to \(sum)")
        }
        rows[i] = row.map { $0 / sum }
      }
    }
    self.truth = truth
    self.probabilities = rows
    classCount = width
  }

  private func make(
    _ name: String, _ value: MetricValue, _ options: String = "",
    undefined: [UndefinedCase] = []
  ) -> Score {
    Score(
      name, count == 0 ? .undefined(.noCases) : value, count: count,
      signature: "\(name)\(options)|classes:\(classCount)|v:\(Definitions.version)",
      undefined: undefined)
  }

  /// The mean of −ln of the probability of the truth, clipped to [ε, 1 − ε].
  public func logLoss(clip: Double = 1e-15) -> Score {
    let terms = zip(truth, probabilities).map { t, p in -log(min(max(p[t], clip), 1 - clip)) }
    return make("log loss", MetricValue(terms.mean() ?? .nan), "|clip:\(clip)")
  }

  /// The mean over cases of Σ (p − y)² over the classes, 0…2: with two classes twice the binary
  /// Brier score, hence its own name.
  public var brierSum: Score {
    let terms = zip(truth, probabilities).map { t, p in
      p.indices.lazy.map { k in (p[k] - (k == t ? 1 : 0)) * (p[k] - (k == t ? 1 : 0)) }
        .compensatedSum()
    }
    return make("Brier (sum over classes)", MetricValue(terms.mean() ?? .nan))
  }

  /// The share of cases whose class is among the `k` most probable; ties go to the lower index.
  public func topAccuracy(_ k: Int) -> Score {
    var hits = 0
    for (t, p) in zip(truth, probabilities) {
      var above = 0
      for j in p.indices where p[j] > p[t] || (p[j] == p[t] && j < t) { above += 1 }
      if above < k { hits += 1 }
    }
    return make("top-\(k) accuracy", .ratio(hits, count))
      .with(Proportion(hits, of: count).wilson())
  }

  /// Top-label calibration: confidence is the largest probability, frequency the accuracy.
  public func topLabelReliability(_ binning: Binning = Binning()) -> Reliability {
    var confidences: [Double] = []
    var hits: [Double] = []
    for (t, p) in zip(truth, probabilities) {
      var best = 0
      for j in p.indices where p[j] > p[best] { best = j }
      guard best < p.count else { continue }
      confidences.append(p[best])
      hits.append(best == t ? 1 : 0)
    }
    return Reliability(confidences, hits, binning, "top label")
  }

  /// One-vs-rest AUCs, one a class; a class without positives or negatives is undefined.
  public func oneVersusRest() throws(EvaluationError) -> [MetricValue] {
    var values: [MetricValue] = []
    for k in 0..<classCount {
      let scores = try BinaryScores(
        truth: truth.map { $0 == k }, scores: probabilities.map { $0[k] })
      values.append(scores.aucValue)
    }
    return values
  }

  /// One-vs-rest AUC: macro, micro (all class indicators pooled) or weighted by class frequency.
  ///
  /// Undefined classes leave the average and are listed.
  public func aucOneVersusRest(_ averaging: Averaging = .macro) throws(EvaluationError) -> Score {
    let options = "|ovr|average:\(averaging.rawValue)"
    if averaging == .micro {
      var labels: [Bool] = []
      var scores: [Double] = []
      for (t, p) in zip(truth, probabilities) {
        for k in p.indices {
          labels.append(k == t)
          scores.append(p[k])
        }
      }
      return make("AUC", try BinaryScores(truth: labels, scores: scores).aucValue, options)
    }
    let values = try oneVersusRest()
    var sum = 0.0
    var weight = 0.0
    var undefined: [UndefinedCase] = []
    for (k, value) in values.enumerated() {
      switch value {
      case .value(let x):
        let w = averaging == .macro ? 1 : Double(truth.count { $0 == k })
        sum += w * x
        weight += w
      case .undefined(let why): undefined.append(UndefinedCase("AUC of class \(k)", why))
      }
    }
    return make(
      "AUC", .ratio(sum, weight, otherwise: .singleClass), options, undefined: undefined)
  }

  /// Hand and Till's M: the mean AUC over pairs of classes, each the mean of both directions.
  /// Weighted: by the pair's share of the cases.
  public func aucOneVersusOne(weighted: Bool = false) throws(EvaluationError) -> Score {
    var members = [[Int]](repeating: [], count: classCount)
    for (i, t) in truth.enumerated() { members[t].append(i) }
    var sum = 0.0
    var weight = 0.0
    var undefined: [UndefinedCase] = []
    for a in 0..<classCount {
      for b in (a + 1)..<max(classCount, a + 1) {
        guard !members[a].isEmpty, !members[b].isEmpty else {
          undefined.append(UndefinedCase("AUC of classes \(a) and \(b)", .singleClass))
          continue
        }
        let both = members[a] + members[b]
        let isA =
          Array(repeating: true, count: members[a].count)
          + Array(repeating: false, count: members[b].count)
        let one = try BinaryScores(truth: isA, scores: both.map { probabilities[$0][a] })
        let two = try BinaryScores(
          truth: isA.map { !$0 }, scores: both.map { probabilities[$0][b] })
        let pair = (one.aucValue.orNaN + two.aucValue.orNaN) / 2
        let w = weighted ? Double(both.count) / Double(count) : 1
        sum += w * pair
        weight += w
      }
    }
    return make(
      "AUC", .ratio(sum, weight, otherwise: .singleClass),
      "|ovo|Hand–Till|\(weighted ? "weighted" : "macro")", undefined: undefined)
  }

  /// Divides logits (ln p) by the temperature that minimises the log loss.
  ///
  /// - Returns: The temperature and the calibrated probabilities. Fit on tuning data only.
  /// - Complexity: O(*cases* · *classes*) for each of about 60 steps of golden section search.
  public func temperatureScaled() throws(EvaluationError) -> (
    temperature: Double, calibrated: MulticlassProbabilities
  ) {
    let logits = probabilities.map { $0.map { log(max($0, 1e-300)) } }
    func scaled(_ row: [Double], _ t: Double) -> [Double] {
      let z = row.map { $0 / t }
      let top = z.max() ?? 0
      let e = z.map { exp($0 - top) }
      let sum = e.compensatedSum()
      return e.map { $0 / sum }
    }
    func loss(_ logT: Double) -> Double {
      let t = exp(logT)
      var sum = CompensatedSum()
      for (row, label) in zip(logits, truth) {
        let z = row.map { $0 / t }
        let top = z.max() ?? 0
        sum.add(log(z.lazy.map { exp($0 - top) }.compensatedSum()) + top - z[label])
      }
      return sum.value
    }
    let ratio = 0.618_033_988_749_894_8
    var (low, high) = (log(0.01), log(100.0))
    var (c, d) = (high - ratio * (high - low), low + ratio * (high - low))
    var (fc, fd) = (loss(c), loss(d))
    for _ in 0..<60 {
      if fc < fd {
        (high, d, fd) = (d, c, fc)
        c = high - ratio * (high - low)
        fc = loss(c)
      } else {
        (low, c, fc) = (c, d, fd)
        d = low + ratio * (high - low)
        fd = loss(d)
      }
    }
    let temperature = exp((low + high) / 2)
    return (
      temperature,
      try MulticlassProbabilities(
        truth: truth, probabilities: logits.map { scaled($0, temperature) }, rowSums: .asTheyAre)
    )
  }
}

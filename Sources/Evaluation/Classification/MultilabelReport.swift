// Several yes/no labels a case: exact match, Hamming, P/R/F1 by label, by sample and pooled.

/// The multi-label suite: truth and predictions are `[case][label]`.
public struct MultilabelReport: Hashable, Sendable, Codable {
  public let labels: [String]
  public let count: Int
  /// Cases whose labels all agree.
  public let exactMatch: Score
  /// The share of (case, label) pairs that disagree.
  public let hammingLoss: Score
  /// Per-label tables.
  public let diagnostics: [BinaryDiagnostics]
  public let zeroDivision: ZeroDivision
  private let samples: [ClassMetric: MetricValue]

  /// - Throws: ``EvaluationError`` for unequal shapes.
  public init(
    truth: [[Bool]], predictions: [[Bool]], labels: [String]? = nil,
    zeroDivision: ZeroDivision = .zero
  ) throws(EvaluationError) {
    try requireEqualCounts(truth.count, predictions.count, "truth and predictions")
    let width = truth.first?.count ?? labels?.count ?? 0
    let names = labels ?? (0..<width).map { String($0) }
    try requireEqualCounts(names.count, width, "labels and columns")
    var table = [[Int]](repeating: [0, 0, 0, 0], count: width)
    var exact = 0
    var different = 0
    var sums: [ClassMetric: CompensatedSum] = [:]
    var defined: [ClassMetric: Int] = [:]
    for i in truth.indices {
      try requireEqualCounts(truth[i].count, width, "truth[\(i)] and labels")
      try requireEqualCounts(predictions[i].count, width, "predictions[\(i)] and labels")
      var (tp, t, p) = (0, 0, 0)
      var wrong = 0
      for k in 0..<width {
        let (a, b) = (truth[i][k], predictions[i][k])
        table[k][(a ? 2 : 0) + (b ? 1 : 0)] += 1
        if a { t += 1 }
        if b { p += 1 }
        if a, b { tp += 1 }
        if a != b { wrong += 1 }
      }
      different += wrong
      if wrong == 0 { exact += 1 }
      let values: [(ClassMetric, MetricValue)] = [
        (.precision, .ratio(tp, p)), (.recall, .ratio(tp, t)), (.f1, .ratio(2 * tp, t + p)),
        (.jaccard, .ratio(tp, t + p - tp)),
      ]
      for (metric, value) in values {
        guard case .value(let x) = zeroDivision.resolve(value) else { continue }
        sums[metric, default: CompensatedSum()].add(x)
        defined[metric, default: 0] += 1
      }
    }
    self.labels = names
    count = truth.count
    self.zeroDivision = zeroDivision
    diagnostics = table.map {
      BinaryDiagnostics(
        truePositives: $0[3], falsePositives: $0[1], falseNegatives: $0[2], trueNegatives: $0[0])
    }
    samples = sums.mapValues { $0.value }.reduce(into: [:]) { result, entry in
      result[entry.key] = .ratio(entry.value, Double(defined[entry.key] ?? 0))
    }
    let tail = "|labels:\(width)|v:\(Definitions.version)"
    exactMatch = Proportion(exact, of: truth.count).score("exact match")
    hammingLoss = Score(
      "Hamming loss", .ratio(different, truth.count * width), count: truth.count,
      signature: "Hamming loss" + tail)
  }

  private var marginals: Marginals {
    var m = Marginals(classes: labels.count)
    for (k, d) in diagnostics.enumerated() {
      m.truePositives[k] = d.truePositives
      m.rows[k] = d.positives
      m.columns[k] = d.truePositives + d.falsePositives
    }
    m.total = count
    return m
  }

  /// One value a label.
  public func values(_ metric: ClassMetric) -> [MetricValue] {
    labels.indices.map { k in
      let value: MetricValue =
        switch metric {
        case .specificity: diagnostics[k].specificity.value
        case .negativePredictiveValue: diagnostics[k].negativePredictiveValue().value
        default: marginals.value(metric, of: k)
        }
      return zeroDivision.resolve(value)
    }
  }

  /// Precision, recall, F1 or Jaccard averaged over labels.
  ///
  /// - Precondition: The metric is one of those four.
  public func average(_ metric: ClassMetric, _ averaging: Averaging) -> Score {
    precondition(
      metric != .specificity && metric != .negativePredictiveValue,
      "\(metric.rawValue) has no average over labels here")
    let m = marginals
    let undefined = labels.indices.compactMap { k in
      m.value(metric, of: k).reason.map { UndefinedCase("\(metric.name) of \(labels[k])", $0) }
    }
    let name = "\(averaging.rawValue)-\(metric.name)"
    return Score(
      name, m.average(metric, averaging, zeroDivision: zeroDivision, over: nil), count: count,
      signature: "\(name)|multi-label|labels:\(labels.count)|zero_division:"
        + "\(zeroDivision.rawValue)|v:\(Definitions.version)",
      undefined: averaging == .micro ? [] : undefined)
  }

  /// The mean over cases of precision, recall, F1 or Jaccard within the case.
  public func sampleAverage(_ metric: ClassMetric) -> Score {
    Score(
      "sample-\(metric.name)", samples[metric] ?? .undefined(.noCases), count: count,
      signature: "sample-\(metric.name)|multi-label|labels:\(labels.count)|zero_division:"
        + "\(zeroDivision.rawValue)|v:\(Definitions.version)")
  }
}

// Several yes/no labels a case, with scores: macro, micro and weighted AUC and AP; RSNA's loss.

/// A score a label and case, and the truth of each.
public struct MultilabelScores: Hashable, Sendable {
  /// `[case][label]`.
  public let truth: [[Bool]]
  public let scores: [[Double]]
  public let labelCount: Int
  public var count: Int { truth.count }

  /// - Throws: ``EvaluationError`` for unequal shapes or a NaN.
  public init(truth: [[Bool]], scores: [[Double]]) throws(EvaluationError) {
    try requireEqualCounts(truth.count, scores.count, "truth and scores")
    let width = truth.first?.count ?? 0
    for i in truth.indices {
      try requireEqualCounts(truth[i].count, width, "truth[\(i)] and truth[0]")
      try requireEqualCounts(scores[i].count, width, "scores[\(i)] and truth[0]")
      for (k, s) in scores[i].enumerated() where s.isNaN {
        throw EvaluationError(.notFinite, "scores[\(i)][\(k)] is NaN")
      }
    }
    self.truth = truth
    self.scores = scores
    labelCount = width
  }

  /// One label's column.
  public func column(_ k: Int) throws(EvaluationError) -> BinaryScores {
    try BinaryScores(truth: truth.map { $0[k] }, scores: scores.map { $0[k] })
  }

  /// AUC a label.
  public func rocAUCs() throws(EvaluationError) -> [MetricValue] {
    var out: [MetricValue] = []
    for k in 0..<labelCount { out.append(try column(k).aucValue) }
    return out
  }

  /// AP a label.
  public func averagePrecisions() throws(EvaluationError) -> [MetricValue] {
    var out: [MetricValue] = []
    for k in 0..<labelCount { out.append(try column(k).averagePrecisionValue) }
    return out
  }

  private func pooled() throws(EvaluationError) -> BinaryScores {
    try BinaryScores(truth: truth.flatMap { $0 }, scores: scores.flatMap { $0 })
  }

  private func combine(
    _ name: String, _ averaging: Averaging, _ values: [MetricValue], _ pooled: MetricValue
  ) -> Score {
    var sum = 0.0
    var weight = 0.0
    var undefined: [UndefinedCase] = []
    for (k, value) in values.enumerated() {
      switch value {
      case .value(let x):
        let w = averaging == .weighted ? Double(truth.count { $0[k] }) : 1
        sum += w * x
        weight += w
      case .undefined(let why): undefined.append(UndefinedCase("\(name) of label \(k)", why))
      }
    }
    return Score(
      name, averaging == .micro ? pooled : .ratio(sum, weight, otherwise: .singleClass),
      count: count,
      signature:
        "\(name)|average:\(averaging.rawValue)|labels:\(labelCount)|v:\(Definitions.version)",
      undefined: undefined)
  }

  /// The AUC over labels; undefined labels leave macro and weighted means and are listed.
  public func rocAUC(_ averaging: Averaging = .macro) throws(EvaluationError) -> Score {
    combine("ROC AUC", averaging, try rocAUCs(), try pooled().aucValue)
  }

  /// The average precision over labels.
  public func averagePrecision(_ averaging: Averaging = .macro) throws(EvaluationError) -> Score {
    combine(
      "average precision", averaging, try averagePrecisions(), try pooled().averagePrecisionValue)
  }

  /// The weighted log loss of the RSNA 2019 haemorrhage challenge: Σᵢⱼ wⱼ · ll / (n · Σ w).
  ///
  /// - `weights`: One a label; the challenge used 2 for "any" and 1 for each subtype.
  /// - Throws: ``EvaluationError`` for a wrong number of weights or a score outside 0…1.
  public func weightedLogLoss(
    weights: [Double], clip: Double = 1e-15
  ) throws(EvaluationError) -> (score: Score, perLabel: [Double]) {
    try requireEqualCounts(weights.count, labelCount, "weights and labels")
    for (i, row) in scores.enumerated() { try requireProbabilities(row, "scores[\(i)]") }
    var sums = [CompensatedSum](repeating: CompensatedSum(), count: labelCount)
    for (t, p) in zip(truth, scores) {
      for k in 0..<labelCount { sums[k].add(crossEntropy(t[k], p[k], clip: clip)) }
    }
    let perLabel = sums.map { $0.value / Double(max(count, 1)) }
    let total = weights.compensatedSum()
    let value = zip(weights, perLabel).map { $0 * $1 }.compensatedSum()
    return (
      Score(
        "weighted log loss", count == 0 ? .undefined(.noCases) : .ratio(value, total),
        count: count,
        signature: "weighted log loss|weights:\(weights)|clip:\(clip)|v:\(Definitions.version)"),
      perLabel
    )
  }
}

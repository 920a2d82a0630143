// Repeated runs of a model on the same cases: how much of a score is luck.

/// Agreement of repeated runs, for nominal answers.
public struct TestRetest: Hashable, Sendable, Codable {
  /// The accuracy of each run.
  public let runs: [Score]
  /// The accuracy of the majority answer; ties count as no answer.
  public let majority: Score
  /// The share of cases whose runs all gave the same answer.
  public let unanimous: Score
  /// Krippendorff's alpha over runs, non-answers missing.
  public let alpha: Score
  /// Fleiss' kappa over runs with non-answers as a category of their own; undefined with one run.
  public let fleissKappa: Score
  public let outcomes: OutcomeCounts

  /// - `runs`: `[run][case]`.
  /// - Throws: ``EvaluationError`` for ragged runs, no run, or labels outside the class list.
  public init<Label: Hashable & Sendable>(
    truth: [Label], runs: [[Outcome<Label>]], classes: [Label]
  ) throws(EvaluationError) {
    guard !runs.isEmpty else { throw EvaluationError(.size, "no runs") }
    var index: [Label: Int] = [:]
    for (i, c) in classes.enumerated() { index[c] = i }
    var scores: [Score] = []
    for (r, run) in runs.enumerated() {
      try requireEqualCounts(run.count, truth.count, "run \(r) and truth")
      scores.append(try ConfusionMatrix(truth: truth, outcomes: run, classes: classes).accuracy)
    }
    self.runs = scores
    outcomes = OutcomeCounts(runs.joined())
    var votes: [Outcome<Label>] = []
    var same = 0
    var counts: [[Int]] = []
    for i in truth.indices {
      var tally = [Int](repeating: 0, count: classes.count + 1)
      for run in runs { tally[run[i].label.flatMap { index[$0] } ?? classes.count] += 1 }
      counts.append(tally)
      let answers = tally.dropLast()
      let top = answers.max() ?? 0
      let leaders = answers.indices.filter { answers[$0] == top }
      votes.append(top > 0 && leaders.count == 1 ? .answered(classes[leaders[0]]) : .unparsed)
      if top == runs.count { same += 1 }
    }
    majority = try ConfusionMatrix(truth: truth, outcomes: votes, classes: classes).accuracy
    unanimous = Proportion(same, of: truth.count).score("unanimous runs")
    alpha = try KrippendorffAlpha.alpha(
      runs.map { $0.map { $0.label.flatMap { index[$0] }.map { Double($0) } } }, level: .nominal)
    fleissKappa =
      runs.count > 1
      ? try MultiRaterAgreement.fleissKappa(counts)
      : Score(
        "Fleiss' kappa", .undefined(.tooFewCases), count: truth.count, signature: "Fleiss' kappa")
  }
}

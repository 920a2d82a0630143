// Everything a paper's classification table needs, in one value.

/// The classification suite of one arm.
public struct ClassificationReport: Hashable, Sendable, Codable {
  /// One class' line.
  public struct Line: Hashable, Sendable, Codable {
    public let name: String
    public let support: Int
    public let precision: MetricValue
    public let recall: MetricValue
    public let f1: MetricValue
    public let jaccard: MetricValue
    public let specificity: MetricValue
  }

  public let confusionMatrix: ConfusionMatrix
  public let lines: [Line]
  public let outcomes: OutcomeCounts
  /// Accuracy, balanced accuracy, MCC, kappa, macro/micro/weighted P/R/F1/Jaccard, in a fixed
  /// order.
  public let scores: [Score]

  init(_ matrix: ConfusionMatrix, zeroDivision: ZeroDivision) {
    confusionMatrix = matrix
    outcomes = matrix.outcomes
    let p = matrix.values(.precision, zeroDivision: zeroDivision)
    let r = matrix.values(.recall, zeroDivision: zeroDivision)
    let f = matrix.values(.f1, zeroDivision: zeroDivision)
    let j = matrix.values(.jaccard, zeroDivision: zeroDivision)
    let s = matrix.values(.specificity, zeroDivision: .undefined)
    let support = matrix.support
    lines = matrix.classes.indices.map { k in
      Line(
        name: matrix.classes[k], support: support[k], precision: p[k], recall: r[k], f1: f[k],
        jaccard: j[k], specificity: s[k])
    }
    var scores = [
      matrix.accuracy, matrix.balancedAccuracy, matrix.score(.adjustedBalancedAccuracy),
      matrix.matthewsCorrelation, matrix.score(.kappa),
    ]
    for averaging in Averaging.allCases {
      for metric in [ClassMetric.precision, .recall, .f1, .jaccard] {
        scores.append(matrix.average(metric, averaging, zeroDivision: zeroDivision))
      }
    }
    self.scores = scores
  }

  /// The score of a name such as `"macro-F1"`.
  public subscript(name: String) -> Score? { scores.first { $0.name == name } }

  /// The per-class lines as a table.
  public var table: Table {
    Table(
      title: "Per class",
      columns: ["class", "n", "precision", "recall", "F1", "Jaccard", "specificity"],
      rows: lines.map {
        [
          .text($0.name), .integer($0.support), .metric($0.precision), .metric($0.recall),
          .metric($0.f1), .metric($0.jaccard), .metric($0.specificity),
        ]
      })
  }
}

// What held-out predictions are worth.

public import Evaluation
import Foundation
import VolumeIO

/// What a network said of pictures it had not seen.
public struct Predictions: Sendable, Codable, Hashable {
  public var names: [String]
  public var patients: [String]?
  public var truth: [Int]
  /// Probabilities, one row a picture.
  public var probabilities: [[Double]]

  var decided: [Int] {
    probabilities.map { row in
      row.indices.max { (row[$0], $1) < (row[$1], $0) } ?? 0
    }
  }

  static func + (a: Predictions, b: Predictions) -> Predictions {
    Predictions(
      names: a.names + b.names, patients: a.patients.flatMap { own in b.patients.map { own + $0 } },
      truth: a.truth + b.truth, probabilities: a.probabilities + b.probabilities)
  }

  func csv(_ classes: [String], fold: Int) -> String {
    var table = Table(
      columns: ["file", "patient", "fold", "truth", "prediction"] + classes.map { "p_\($0)" })
    for (row, name) in names.enumerated() {
      table.rows.append(
        [name, patients?[row] ?? "", "\(fold)", classes[truth[row]], classes[decided[row]]]
          + probabilities[row].map { String(format: "%.6f", $0) })
    }
    return table.csv()
  }

  /// Accuracy, macro-F1 and, of two classes, the area under the ROC curve, each with its interval.
  ///
  /// Where patients are known, intervals resample patients: pictures of one are not independent.
  public func scores(_ classes: [String], seed: UInt64) throws -> [Score] {
    let right = zip(truth, decided).map { $0 == $1 }
    var found: [Score] = []
    let bootstrap = Bootstrap(resamples: 2_000, seed: seed)
    if let patients {
      let resampled = try bootstrap.mean(of: right.map { $0 ? 1 : 0 }, clusters: patients)
      found.append(
        Score(
          "accuracy", resampled.estimate, count: right.count, interval: resampled.interval,
          signature: "accuracy|clusters:patient"))
    } else {
      found.append(Proportion(right.count { $0 }, of: right.count).score("accuracy"))
    }
    let names = classes.indices.map { $0 }
    let matrix =
      try patients.map {
        try ConfusionMatrix(
          truth: truth, outcomes: decided.map { .answered($0) }, classes: names, clusters: $0)
      } ?? ConfusionMatrix(truth: truth, predictions: decided, classes: names)
    found.append(matrix.score(.average(.f1, .macro, .zero), bootstrap))
    guard classes.count == 2 else { return found }
    let positives = truth.map { $0 == 1 }
    let values = probabilities.map { $0[1] }
    let count = positives.count { $0 }
    guard count > 1, truth.count - count > 1 else { return found }
    let delong = try DeLong(truth: positives, scores: [values])
    var interval = delong.logitInterval() ?? delong.interval()
    if let patients {
      let resampled = try bootstrap(Array(zip(positives, values)), clusters: patients) { cases in
        let p = cases.count { $0.0 }
        guard p > 1, cases.count - p > 1 else { return nil }
        return try? DeLong(truth: cases.map(\.0), scores: [cases.map(\.1)]).aucs[0]
      }
      interval = resampled.interval ?? interval
    }
    found.append(
      Score(
        "ROC-AUC", .value(delong.aucs[0]), count: truth.count, interval: interval,
        signature: "ROC-AUC|positive:\(classes[1])"))
    return found
  }
}

/// A finished run in numbers.
public struct RunScores: Sendable, Codable {
  public var classes: [String]
  public var pictures: Int
  public var parameters: Int
  public var notes: [String]
  /// By fold.
  public var folds: [[Score]]
  /// Over the predictions of all folds together.
  public var pooled: [Score]
  public var seconds: Double

  /// One line a fold and metric.
  public var csv: String {
    var table = Table(columns: ["fold", "metric", "value", "lower", "upper", "n", "interval"])
    func add(_ fold: String, _ scores: [Score]) {
      for score in scores {
        let bounds = score.interval?.bounds
        table.rows.append([
          fold, score.name, score.double.map { "\($0)" } ?? "",
          bounds.map { "\($0.lower)" } ?? "", bounds.map { "\($0.upper)" } ?? "",
          "\(score.count)", score.interval?.method ?? "",
        ])
      }
    }
    for (fold, scores) in folds.enumerated() { add("\(fold + 1)", scores) }
    add("pooled", pooled)
    return table.csv()
  }
}

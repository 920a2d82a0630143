// Scores against a yes/no truth: ROC, precision–recall, thresholds.
// Source: Hanley & McNeil 1982; McClish 1989; scikit-learn's conventions for ties.

/// One score a case and whether the case is positive. Higher scores mean "more positive".
///
/// Infinite scores are allowed (they are only compared); NaN is an error. Ties between a
/// positive and a negative count one half.
public struct BinaryScores: Hashable, Sendable {
  public let truth: [Bool]
  public let scores: [Double]
  /// Cases with a positive truth.
  public let positives: Int

  /// Cases with a negative truth.
  public var negatives: Int { truth.count - positives }
  public var count: Int { truth.count }

  /// - Throws: ``EvaluationError`` for unequal counts or a NaN.
  public init(truth: [Bool], scores: [Double]) throws(EvaluationError) {
    try requireEqualCounts(truth.count, scores.count, "truth and scores")
    guard scores.count < Int(Int32.max) else {
      throw EvaluationError(.size, "\(scores.count) scores, at most \(Int32.max - 1)")
    }
    for (index, score) in scores.enumerated() where score.isNaN {
      throw EvaluationError(.notFinite, "scores[\(index)] is NaN")
    }
    self.truth = truth
    self.scores = scores
    positives = truth.reduce(0) { $0 + ($1 ? 1 : 0) }
  }

  /// The area under the ROC curve: P(positive scores higher) + ½ P(tie) (Mann & Whitney).
  ///
  /// Undefined with one class. O(n).
  public var rocAUC: Score {
    Score(
      "ROC AUC", aucValue, count: count,
      signature: "ROC AUC|ties:half|n+:\(positives)|n-:\(negatives)|v:\(Definitions.version)")
  }

  var aucValue: MetricValue {
    guard positives > 0, negatives > 0 else {
      return .undefined(count == 0 ? .noCases : .singleClass)
    }
    var high: [UInt64] = []
    var low: [UInt64] = []
    high.reserveCapacity(positives)
    low.reserveCapacity(negatives)
    for i in truth.indices {
      let key = RadixOrder.key(scores[i])
      if truth[i] { high.append(key) } else { low.append(key) }
    }
    RadixOrder.sort(&high)
    RadixOrder.sort(&low)
    // Twice the number of won pairs, in whole numbers: (below) + (below or equal).
    var wins = 0.0
    var below = 0
    var upTo = 0
    for key in high {
      while below < low.count, low[below] < key { below += 1 }
      if upTo < below { upTo = below }
      while upTo < low.count, low[upTo] == key { upTo += 1 }
      wins += Double(below + upTo)
    }
    return .value(wins / 2 / Double(positives) / Double(negatives))
  }

  /// One point a distinct score, from the highest threshold to the lowest.
  struct Steps {
    var thresholds: [Double] = []
    var truePositives: [Int] = []
    var falsePositives: [Int] = []
  }

  var steps: Steps {
    var result = Steps()
    var tp = 0
    var fp = 0
    let order = RadixOrder.ascending(scores)
    var i = order.count - 1
    while i >= 0 {
      let score = scores[Int(order[i])]
      while i >= 0, scores[Int(order[i])] == score {
        if truth[Int(order[i])] { tp += 1 } else { fp += 1 }
        i -= 1
      }
      result.thresholds.append(score)
      result.truePositives.append(tp)
      result.falsePositives.append(fp)
    }
    return result
  }

  /// The ROC curve: every distinct score as a threshold (positive when `score ≥ threshold`),
  /// after the point (0, 0) at an infinite threshold. Rates of a missing class are NaN.
  public var rocCurve: ROCCurve {
    let s = steps
    let p = Double(positives)
    let n = Double(negatives)
    return ROCCurve(
      falsePositiveRates: [0] + s.falsePositives.map { Double($0) / n },
      truePositiveRates: [0] + s.truePositives.map { Double($0) / p },
      thresholds: [.infinity] + s.thresholds, positives: positives, negatives: negatives)
  }

  /// Precision over recall, one point a distinct score from the highest, without interpolation.
  public var precisionRecallCurve: PrecisionRecallCurve {
    let s = steps
    return PrecisionRecallCurve(
      recalls: s.truePositives.map { Double($0) / Double(positives) },
      precisions: zip(s.truePositives, s.falsePositives).map { Double($0) / Double($0 + $1) },
      thresholds: s.thresholds, positives: positives, negatives: negatives)
  }

  /// Σ (Rₙ − Rₙ₋₁) Pₙ over distinct thresholds; undefined without positives.
  public var averagePrecision: Score {
    Score(
      "average precision", averagePrecisionValue, count: count,
      signature: "AP|step|n+:\(positives)|v:\(Definitions.version)")
  }

  var averagePrecisionValue: MetricValue {
    guard positives > 0 else { return .undefined(count == 0 ? .noCases : .noPositives) }
    let s = steps
    var sum = CompensatedSum()
    var last = 0
    for (tp, fp) in zip(s.truePositives, s.falsePositives) where tp > last {
      sum.add(Double(tp - last) / Double(positives) * Double(tp) / Double(tp + fp))
      last = tp
    }
    return .value(sum.value)
  }

  /// The trapezoidal area under the precision–recall curve: not the average precision.
  public var precisionRecallTrapezoid: Score {
    var value = MetricValue.undefined(.noPositives)
    if positives > 0 {
      let curve = precisionRecallCurve
      var sum = 0.0
      var (r, p) = (0.0, 1.0)
      for (recall, precision) in zip(curve.recalls, curve.precisions) {
        sum += (recall - r) * (precision + p) / 2
        (r, p) = (recall, precision)
      }
      value = .value(sum)
    }
    return Score(
      "PR trapezoid", value, count: count,
      signature: "PR AUC|trapezoid|start:1|v:\(Definitions.version)")
  }

  /// The area under the ROC curve up to a false positive rate, standardised so that chance is ½
  /// and perfection 1 (McClish 1989), or raw.
  ///
  /// - Precondition: `0 < limit ≤ 1`.
  public func partialAUC(upToFPR limit: Double, standardised: Bool = true) -> Score {
    precondition(limit > 0 && limit <= 1, "false positive rate \(limit)")
    var value = MetricValue.undefined(.singleClass)
    if positives > 0, negatives > 0 {
      let curve = rocCurve
      var area = 0.0
      for i in 1..<curve.thresholds.count {
        let (x0, x1) = (curve.falsePositiveRates[i - 1], curve.falsePositiveRates[i])
        let (y0, y1) = (curve.truePositiveRates[i - 1], curve.truePositiveRates[i])
        if x0 >= limit { break }
        if x1 <= limit {
          area += (x1 - x0) * (y0 + y1) / 2
        } else {
          let y = y0 + (y1 - y0) * (limit - x0) / (x1 - x0)
          area += (limit - x0) * (y0 + y) / 2
        }
      }
      let least = limit * limit / 2
      value = .value(standardised ? 0.5 * (1 + (area - least) / (limit - least)) : area)
    }
    return Score(
      "partial AUC", value, count: count,
      signature: "pAUC|fpr:0-\(limit)|\(standardised ? "McClish" : "raw")|v:\(Definitions.version)")
  }
}

/// A ROC curve.
public struct ROCCurve: Hashable, Sendable {
  public let falsePositiveRates: [Double]
  public let truePositiveRates: [Double]
  /// A case is called positive when its score is at least the threshold.
  public let thresholds: [Double]
  public let positives: Int
  public let negatives: Int

  /// The largest TPR − FPR with its threshold (the highest one among ties).
  public var youden: (index: Double, threshold: Double)? {
    guard positives > 0, negatives > 0 else { return nil }
    var best = (index: -Double.infinity, threshold: Double.infinity)
    for i in thresholds.indices {
      let j = truePositiveRates[i] - falsePositiveRates[i]
      if j > best.index { best = (j, thresholds[i]) }
    }
    return best
  }
}

/// A precision–recall curve.
public struct PrecisionRecallCurve: Hashable, Sendable {
  public let recalls: [Double]
  public let precisions: [Double]
  public let thresholds: [Double]
  public let positives: Int
  public let negatives: Int
}

/// A threshold and what it achieves. Choose it on tuning data, report it on test data.
public struct OperatingPoint: Hashable, Sendable, Codable {
  public let threshold: MetricValue
  public let sensitivity: MetricValue
  public let specificity: MetricValue
}

extension BinaryScores {
  /// The largest observed score t with sensitivity(score ≥ t) at least `target`; `nil` with one
  /// class.
  public func threshold(atSensitivity target: Double) -> OperatingPoint? {
    guard positives > 0, negatives > 0 else { return nil }
    let s = steps
    for i in s.thresholds.indices where Double(s.truePositives[i]) / Double(positives) >= target {
      return point(s, i)
    }
    return s.thresholds.indices.last.map { point(s, $0) }
  }

  /// The smallest observed score t with specificity at least `target`; with none, an infinite
  /// threshold (nothing is called positive).
  public func threshold(atSpecificity target: Double) -> OperatingPoint? {
    guard positives > 0, negatives > 0 else { return nil }
    let s = steps
    for i in s.thresholds.indices.reversed()
    where Double(negatives - s.falsePositives[i]) / Double(negatives) >= target {
      return point(s, i)
    }
    return OperatingPoint(
      threshold: .value(.infinity), sensitivity: .value(0), specificity: .value(1))
  }

  private func point(_ s: Steps, _ i: Int) -> OperatingPoint {
    OperatingPoint(
      threshold: .value(s.thresholds[i]), sensitivity: .ratio(s.truePositives[i], positives),
      specificity: .ratio(negatives - s.falsePositives[i], negatives))
  }

  /// The 2 × 2 table at a threshold: positive when `score ≥ threshold`.
  public func diagnostics(at threshold: Double) -> BinaryDiagnostics {
    var counts = [0, 0, 0, 0]
    for (t, s) in zip(truth, scores) { counts[(t ? 2 : 0) + (s >= threshold ? 1 : 0)] += 1 }
    return BinaryDiagnostics(
      truePositives: counts[3], falsePositives: counts[1], falseNegatives: counts[2],
      trueNegatives: counts[0])
  }
}

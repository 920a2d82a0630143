// Probabilities of a positive: proper scores, calibration, decision curves.
// Source: Brier 1950; Guo et al. 2017; Vickers & Elkin 2006.

/// How probabilities are put into bins.
public struct Binning: Hashable, Sendable, Codable {
  /// Which edge of an equal-width bin belongs to it.
  public enum Scheme: String, Hashable, Sendable, Codable {
    /// Intervals (l, u], the first [0, u] (Guo et al. 2017).
    case equalWidthRightClosed
    /// Intervals [l, u), the last [l, 1].
    case equalWidthLeftClosed
    /// Intervals [l, u) and a further bin for 1 alone, as torchmetrics bins.
    case equalWidthLeftClosedWithOneApart
    /// Equal numbers of cases in order of probability (ties in input order).
    case equalMass
  }

  public let count: Int
  public let scheme: Scheme

  /// - Precondition: `count > 0`.
  public init(_ count: Int = 15, _ scheme: Scheme = .equalWidthRightClosed) {
    precondition(count > 0, "\(count) bins")
    self.count = count
    self.scheme = scheme
  }

  var label: String { "bins:\(count)|\(scheme.rawValue)" }
}

/// A bin of a reliability curve.
public struct ReliabilityBin: Hashable, Sendable, Codable {
  /// Cases in the bin.
  public let count: Int
  /// The mean predicted probability (or confidence).
  public let confidence: Double
  /// The observed frequency (or accuracy).
  public let frequency: Double
}

/// A reliability curve and the calibration errors that follow from it.
public struct Reliability: Hashable, Sendable, Codable {
  /// Non-empty bins in ascending order.
  public let bins: [ReliabilityBin]
  public let count: Int
  public let signature: String

  init(_ confidences: [Double], _ hits: [Double], _ binning: Binning, _ quantity: String) {
    count = confidences.count
    signature = "\(quantity)|\(binning.label)|n:\(confidences.count)|v:\(Definitions.version)"
    var sums: [Int: (n: Int, p: Double, y: Double)] = [:]
    func add(_ bin: Int, _ i: Int) {
      var s = sums[bin] ?? (0, 0, 0)
      s.n += 1
      s.p += confidences[i]
      s.y += hits[i]
      sums[bin] = s
    }
    let k = Double(binning.count)
    switch binning.scheme {
    case .equalMass:
      let order = RadixOrder.ascending(confidences)
      let (size, extra) = order.count.quotientAndRemainder(dividingBy: binning.count)
      var position = 0
      for bin in 0..<binning.count where position < order.count {
        for _ in 0..<(size + (bin < extra ? 1 : 0)) {
          add(bin, Int(order[position]))
          position += 1
        }
      }
    default:
      for (i, p) in confidences.enumerated() {
        // The edges are j / k as numbers; compare with them, not with p · k.
        var bin = min(Int(p * k), binning.count - 1)
        if binning.scheme == .equalWidthRightClosed {
          while bin > 0, p <= Double(bin) / k { bin -= 1 }
          while bin + 1 < binning.count, p > Double(bin + 1) / k { bin += 1 }
        } else {
          while bin > 0, p < Double(bin) / k { bin -= 1 }
          while bin + 1 < binning.count, p >= Double(bin + 1) / k { bin += 1 }
          if binning.scheme == .equalWidthLeftClosedWithOneApart, p >= 1 { bin = binning.count }
        }
        add(bin, i)
      }
    }
    bins = sums.sorted { $0.key < $1.key }.map { _, s in
      ReliabilityBin(
        count: s.n, confidence: s.p / Double(s.n), frequency: s.y / Double(s.n))
    }
  }

  private func score(_ name: String, _ value: Double) -> Score {
    Score(
      name, count == 0 ? .undefined(.noCases) : .value(value), count: count,
      signature: name + "|" + signature)
  }

  /// The expected calibration error: Σ share · |frequency − confidence|.
  public var expectedError: Score {
    score(
      "ECE",
      bins.map { abs($0.frequency - $0.confidence) * Double($0.count) }.compensatedSum()
        / Double(max(count, 1)))
  }

  /// The largest |frequency − confidence| over non-empty bins.
  public var maximumError: Score {
    score("MCE", bins.map { abs($0.frequency - $0.confidence) }.max() ?? 0)
  }

  /// The root of Σ share · (frequency − confidence)².
  public var rootMeanSquareError: Score {
    let squares = bins.map { b -> Double in
      let d = b.frequency - b.confidence
      return d * d * Double(b.count)
    }
    return score("RMSCE", (squares.compensatedSum() / Double(max(count, 1))).squareRoot())
  }
}

/// One probability of "positive" a case and whether it is.
public struct BinaryProbabilities: Hashable, Sendable {
  public let truth: [Bool]
  public let probabilities: [Double]
  public var count: Int { truth.count }

  /// - Throws: ``EvaluationError`` for unequal counts or a probability outside 0…1.
  public init(truth: [Bool], probabilities: [Double]) throws(EvaluationError) {
    try requireEqualCounts(truth.count, probabilities.count, "truth and probabilities")
    try requireProbabilities(probabilities, "probabilities")
    self.truth = truth
    self.probabilities = probabilities
  }

  /// The same as scores, for ROC and precision–recall.
  public var scores: BinaryScores {
    get throws(EvaluationError) { try BinaryScores(truth: truth, scores: probabilities) }
  }

  private func score(_ name: String, _ signature: String, _ terms: [Double]) -> Score {
    Score(
      name, terms.mean().map { .value($0) } ?? .undefined(.noCases), count: count,
      signature: "\(signature)|v:\(Definitions.version)")
  }

  /// The mean of (p − y)², 0…1.
  public var brier: Score {
    score(
      "Brier", "Brier|binary",
      zip(truth, probabilities).map { t, p in (p - (t ? 1 : 0)) * (p - (t ? 1 : 0)) })
  }

  /// The mean of −ln of the probability given to the truth, clipped to [ε, 1 − ε].
  public func logLoss(clip: Double = 1e-15) -> Score {
    score(
      "log loss", "log loss|clip:\(clip)",
      zip(truth, probabilities).map { t, p in -log(min(max(t ? p : 1 - p, clip), 1 - clip)) })
  }

  /// The reliability curve of the positive class.
  public func reliability(_ binning: Binning = Binning()) -> Reliability {
    Reliability(probabilities, truth.map { $0 ? 1 : 0 }, binning, "positive class")
  }

  /// Net benefit of the model, of calling all positive and of calling none, at thresholds.
  public func decisionCurve(at thresholds: [Double]) throws(EvaluationError) -> DecisionCurve {
    try DecisionCurve(self, thresholds)
  }
}

/// The cross-entropy of one label: the probability of "positive" is clipped first, as Kaggle's
/// evaluator does it (scikit-learn clips the probability of the truth; they differ by rounding).
func crossEntropy(_ truth: Bool, _ p: Double, clip: Double) -> Double {
  let q = min(max(p, clip), 1 - clip)
  return truth ? -log(q) : -log(1 - q)
}

/// A decision curve (Vickers & Elkin 2006).
public struct DecisionCurve: Hashable, Sendable, Codable {
  public let thresholds: [Double]
  public let model: [Double]
  public let treatAll: [Double]
  public let count: Int

  init(_ forecasts: BinaryProbabilities, _ thresholds: [Double]) throws(EvaluationError) {
    for (i, t) in thresholds.enumerated() where !(t > 0 && t < 1) {
      throw EvaluationError(.range, "thresholds[\(i)] is \(t), expected between 0 and 1")
    }
    count = forecasts.count
    self.thresholds = thresholds
    let scores = try forecasts.scores
    let n = Double(max(count, 1))
    let prevalence = Double(scores.positives) / n
    var model: [Double] = []
    var all: [Double] = []
    for t in thresholds {
      let d = scores.diagnostics(at: t)
      let odds = t / (1 - t)
      model.append(Double(d.truePositives) / n - Double(d.falsePositives) / n * odds)
      all.append(prevalence - (1 - prevalence) * odds)
    }
    self.model = model
    treatAll = all
  }
}

// The scores of a confusion matrix, each with n, signature and undefined parts.

/// A number that can be computed from a confusion matrix, by name.
public enum ConfusionStatistic: Hashable, Sendable {
  case accuracy
  case balancedAccuracy
  case adjustedBalancedAccuracy
  case average(ClassMetric, Averaging, ZeroDivision)
  case ofClass(ClassMetric, Int)
  case matthews
  case kappa

  /// Macro-F1 with undefined per-class F1 counted as zero.
  public static let macroF1 = ConfusionStatistic.average(.f1, .macro, .zero)

  func value(_ m: Marginals) -> MetricValue {
    switch self {
    case .accuracy: m.accuracy
    case .balancedAccuracy: m.balancedAccuracy(adjusted: false)
    case .adjustedBalancedAccuracy: m.balancedAccuracy(adjusted: true)
    case .average(let metric, let averaging, let zero):
      m.total == 0
        ? .undefined(.noCases) : m.average(metric, averaging, zeroDivision: zero, over: nil)
    case .ofClass(let metric, let k): m.value(metric, of: k)
    case .matthews: m.matthews
    case .kappa: m.kappa
    }
  }

  var name: String {
    switch self {
    case .accuracy: "accuracy"
    case .balancedAccuracy: "balanced accuracy"
    case .adjustedBalancedAccuracy: "adjusted balanced accuracy"
    case .average(let metric, let averaging, _): "\(averaging.rawValue)-\(metric.name)"
    case .ofClass(let metric, let k): "\(metric.name) of class \(k)"
    case .matthews: "MCC"
    case .kappa: "Cohen's kappa"
    }
  }
}

extension ConfusionMatrix {
  var filledMarginals: Marginals {
    var result = marginals
    if withheld.contains(where: { $0 > 0 }) { result.withheld = withheld }
    return result
  }

  /// Any statistic of the matrix as a score.
  ///
  /// - Precondition: A class index is below `classes.count`.
  public func score(_ statistic: ConfusionStatistic) -> Score {
    let m = filledMarginals
    var undefined: [UndefinedCase] = []
    var options = ""
    var name = statistic.name
    switch statistic {
    case .average(let metric, let averaging, let zero):
      options = "|average:\(averaging.rawValue)|zero_division:\(zero.rawValue)"
      if averaging != .micro {
        for k in classes.indices {
          if case .undefined(let why) = m.value(metric, of: k) {
            undefined.append(UndefinedCase("\(metric.name) of \(classes[k])", why))
          }
        }
      }
    case .ofClass(let metric, let k):
      precondition(k < classes.count, "class \(k) of \(classes.count)")
      name = "\(metric.name) of \(classes[k])"
    default: break
    }
    return Score(
      name, statistic.value(m), count: m.total, signature: name + options + signaturePart,
      undefined: undefined)
  }

  /// Correct cases over all scored cases, with its Wilson interval.
  public var accuracy: Score {
    let correct = cells.reduce(0) { $0 + ($1.truth == $1.prediction ? $1.count : 0) }
    return score(.accuracy).with(Proportion(correct, of: count).wilson())
  }

  /// The mean recall over the classes that occur in the truth.
  public var balancedAccuracy: Score { score(.balancedAccuracy) }

  /// Gorodkin's multiclass Matthews correlation R_K; 0 when its denominator is 0.
  public var matthewsCorrelation: Score { score(.matthews) }

  /// A per-class metric averaged.
  public func average(
    _ metric: ClassMetric, _ averaging: Averaging = .macro, zeroDivision: ZeroDivision = .zero
  ) -> Score {
    score(.average(metric, averaging, zeroDivision))
  }

  /// The mean of per-class F1.
  public func macroF1(zeroDivision: ZeroDivision = .zero) -> Score {
    average(.f1, .macro, zeroDivision: zeroDivision)
  }

  /// F1 of macro precision and macro recall: another number than macro-F1 (Opitz & Burst 2019),
  /// offered under its own name so that tables that used it can be checked.
  public func f1OfMacroMeans(zeroDivision: ZeroDivision = .zero) -> Score {
    let m = filledMarginals
    let p = m.average(.precision, .macro, zeroDivision: zeroDivision, over: nil).orNaN
    let r = m.average(.recall, .macro, zeroDivision: zeroDivision, over: nil).orNaN
    return Score(
      "F1 of macro means",
      p + r == 0
        ? zeroDivision.resolve(.undefined(.zeroDenominator)) : MetricValue(2 * p * r / (p + r)),
      count: m.total,
      signature: "F1 of macro means|zero_division:\(zeroDivision.rawValue)" + signaturePart)
  }

  /// One class' metrics.
  public func values(
    _ metric: ClassMetric, zeroDivision: ZeroDivision = .zero
  ) -> [MetricValue] {
    let m = filledMarginals
    return classes.indices.map { zeroDivision.resolve(m.value(metric, of: $0)) }
  }

  /// Cases of each class in the truth, withheld ones included.
  public var support: [Int] { marginals.rows }

  /// The average over a subset of the classes (such as the five subtypes without "none").
  ///
  /// - Throws: ``EvaluationError`` when a class is not in the list.
  public func average(
    _ metric: ClassMetric, _ averaging: Averaging, zeroDivision: ZeroDivision = .zero,
    over subset: [String]
  ) throws(EvaluationError) -> Score {
    var indices: [Int] = []
    for name in subset {
      guard let k = classes.firstIndex(of: name) else {
        throw EvaluationError(.unknownLabel, "\(name) is not among \(classes.count) classes")
      }
      indices.append(k)
    }
    let m = filledMarginals
    let name = "\(averaging.rawValue)-\(metric.name)"
    let undefined = indices.compactMap { k -> UndefinedCase? in
      m.value(metric, of: k).reason.map { UndefinedCase("\(metric.name) of \(classes[k])", $0) }
    }
    return Score(
      name, m.average(metric, averaging, zeroDivision: zeroDivision, over: indices),
      count: m.total,
      signature: "\(name)|over:\(subset.joined(separator: ","))"
        + "|zero_division:\(zeroDivision.rawValue)" + signaturePart, undefined: undefined)
  }

  /// One class against the rest.
  ///
  /// - Precondition: `positive < classes.count`.
  public func diagnostics(positive: Int) -> BinaryDiagnostics {
    precondition(positive < classes.count, "class \(positive) of \(classes.count)")
    let m = filledMarginals
    let tp = m.truePositives[positive]
    let fp = m.columns[positive] - tp
    let row = m.rows[positive]
    let lost = withheld[positive]
    let negativesLost = withheld.reduce(0, +) - lost
    return BinaryDiagnostics(
      truePositives: tp, falsePositives: fp, falseNegatives: row - tp - lost,
      trueNegatives: m.total - row - fp - negativesLost, withheldPositives: lost,
      withheldNegatives: negativesLost)
  }

  /// Everything at once, ready to be encoded.
  public func report(zeroDivision: ZeroDivision = .zero) -> ClassificationReport {
    ClassificationReport(self, zeroDivision: zeroDivision)
  }
}

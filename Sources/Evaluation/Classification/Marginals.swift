// True positives, row and column sums: the sufficient statistics of most classification metrics.

/// How per-class values become one.
public enum Averaging: String, Hashable, Sendable, Codable, CaseIterable {
  /// The mean of per-class values (macro-F1 is the mean of F1s, not the F1 of means).
  case macro
  /// One value over pooled counts.
  case micro
  /// The mean of per-class values weighted by the class' cases in the truth.
  case weighted
}

/// What a ratio with denominator zero contributes.
public enum ZeroDivision: String, Hashable, Sendable, Codable, CaseIterable {
  /// It counts as 0 and is recorded as undefined (scikit-learn's default value).
  case zero
  /// It counts as 1 and is recorded as undefined.
  case one
  /// It stays undefined and leaves the average.
  case undefined

  func resolve(_ value: MetricValue) -> MetricValue {
    guard case .undefined = value else { return value }
    switch self {
    case .zero: return .value(0)
    case .one: return .value(1)
    case .undefined: return value
    }
  }
}

/// A ratio of one class' counts.
public enum ClassMetric: String, Hashable, Sendable, Codable, CaseIterable {
  case precision, recall, f1, jaccard, specificity
  case negativePredictiveValue = "npv"

  var name: String {
    switch self {
    case .f1: "F1"
    case .jaccard: "Jaccard"
    case .negativePredictiveValue: "NPV"
    default: rawValue
    }
  }
}

struct Marginals {
  var truePositives: [Int]
  var rows: [Int]
  var columns: [Int]
  var total = 0

  init(classes: Int) {
    truePositives = Array(repeating: 0, count: classes)
    rows = truePositives
    columns = truePositives
  }

  @inline(__always)
  mutating func add(_ cell: ConfusionMatrix.Cell, times: Int) {
    total += times
    rows[cell.truth] += times
    if cell.prediction >= 0 {
      columns[cell.prediction] += times
      if cell.prediction == cell.truth { truePositives[cell.truth] += times }
    }
  }

  mutating func reset() {
    for k in rows.indices {
      truePositives[k] = 0
      rows[k] = 0
      columns[k] = 0
    }
    total = 0
  }

  func value(_ metric: ClassMetric, of k: Int) -> MetricValue {
    let tp = truePositives[k]
    switch metric {
    case .precision: return .ratio(tp, columns[k])
    case .recall: return .ratio(tp, rows[k])
    case .f1: return .ratio(2 * tp, rows[k] + columns[k])
    case .jaccard: return .ratio(tp, rows[k] + columns[k] - tp)
    case .specificity:
      // A case without an answer is not a true negative: it was not called negative.
      return .ratio(trueNegatives(k), total - rows[k])
    case .negativePredictiveValue:
      return .ratio(trueNegatives(k), answered - columns[k])
    }
  }

  private var answered: Int { columns.reduce(0, +) }

  private func trueNegatives(_ k: Int) -> Int {
    // Others that were called something else: answered others minus false positives. Without
    // withheld cases this is total − row − column + tp.
    withheldOthers(k) >= 0
      ? total - rows[k] - (columns[k] - truePositives[k]) - withheldOthers(k) : 0
  }

  /// Withheld cases by row, when there are any.
  var withheld: [Int] = []

  private func withheldOthers(_ k: Int) -> Int {
    withheld.isEmpty ? 0 : withheld.reduce(0, +) - withheld[k]
  }

  func average(
    _ metric: ClassMetric, _ averaging: Averaging, zeroDivision: ZeroDivision, over subset: [Int]?
  ) -> MetricValue {
    switch averaging {
    case .micro: return zeroDivision.resolve(pooled(metric, over: subset))
    case .macro, .weighted:
      var sum = CompensatedSum()
      var weight = 0.0
      func take(_ k: Int) {
        guard case .value(let x) = zeroDivision.resolve(value(metric, of: k)) else { return }
        let w = averaging == .macro ? 1 : Double(rows[k])
        sum.add(w * x)
        weight += w
      }
      if let subset { for k in subset { take(k) } } else { for k in rows.indices { take(k) } }
      return zeroDivision.resolve(.ratio(sum.value, weight))
    }
  }

  private func pooled(_ metric: ClassMetric, over subset: [Int]?) -> MetricValue {
    let ks = subset ?? Array(rows.indices)
    var tp = 0
    var row = 0
    var column = 0
    var tn = 0
    var negatives = 0
    var negativeCalls = 0
    let all = answered
    for k in ks {
      tp += truePositives[k]
      row += rows[k]
      column += columns[k]
      guard metric == .specificity || metric == .negativePredictiveValue else { continue }
      tn += trueNegatives(k)
      negatives += total - rows[k]
      negativeCalls += all - columns[k]
    }
    switch metric {
    case .precision: return .ratio(tp, column)
    case .recall: return .ratio(tp, row)
    case .f1: return .ratio(2 * tp, row + column)
    case .jaccard: return .ratio(tp, row + column - tp)
    case .specificity: return .ratio(tn, negatives)
    case .negativePredictiveValue: return .ratio(tn, negativeCalls)
    }
  }

  var accuracy: MetricValue {
    total == 0 ? .undefined(.noCases) : .ratio(truePositives.reduce(0, +), total)
  }

  /// The mean recall over classes present in the truth; `adjusted` puts chance at 0.
  func balancedAccuracy(adjusted: Bool) -> MetricValue {
    var sum = 0.0
    var present = 0
    for k in rows.indices where rows[k] > 0 {
      sum += Double(truePositives[k]) / Double(rows[k])
      present += 1
    }
    guard present > 0 else { return .undefined(.noCases) }
    let mean = sum / Double(present)
    guard adjusted else { return .value(mean) }
    let chance = 1 / Double(present)
    return .ratio(mean - chance, 1 - chance, otherwise: .singleClass)
  }

  /// Gorodkin's R_K; 0 when a denominator is zero, as scikit-learn returns.
  var matthews: MetricValue {
    guard total > 0 else { return .undefined(.noCases) }
    let s = Double(total)
    let correct = Double(truePositives.reduce(0, +))
    var tp = 0.0
    var tt = 0.0
    var pp = 0.0
    for k in rows.indices {
      let t = Double(rows[k])
      let p = Double(columns[k])
      tp += t * p
      tt += t * t
      pp += p * p
    }
    let none = s - Double(answered)
    pp += none * none
    let denominator = ((s * s - pp) * (s * s - tt)).squareRoot()
    return .value(denominator > 0 ? (correct * s - tp) / denominator : 0)
  }

  /// Cohen's kappa, unweighted.
  var kappa: MetricValue {
    guard total > 0 else { return .undefined(.noCases) }
    let s = Double(total)
    var expected = 0.0
    for k in rows.indices { expected += Double(rows[k]) / s * (Double(columns[k]) / s) }
    let observed = Double(truePositives.reduce(0, +)) / s
    return .ratio(observed - expected, 1 - expected, otherwise: .singleClass)
  }
}

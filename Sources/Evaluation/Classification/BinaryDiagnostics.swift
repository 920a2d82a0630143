// A test against a reference standard: sensitivity, predictive values, likelihood ratios.
// Source: epiR::epi.tests; likelihood ratio intervals after Simel, Samsa & Matchar 1991.

/// The 2 × 2 table of a diagnostic test and what follows from it.
///
/// Cases without an answer stay in the denominators of sensitivity, specificity and accuracy and
/// enter no predictive value.
public struct BinaryDiagnostics: Hashable, Sendable, Codable {
  public let truePositives: Int
  public let falsePositives: Int
  public let falseNegatives: Int
  public let trueNegatives: Int
  public let withheldPositives: Int
  public let withheldNegatives: Int

  /// - Precondition: No count is negative.
  public init(
    truePositives: Int, falsePositives: Int, falseNegatives: Int, trueNegatives: Int,
    withheldPositives: Int = 0, withheldNegatives: Int = 0
  ) {
    let counts = [
      truePositives, falsePositives, falseNegatives, trueNegatives, withheldPositives,
      withheldNegatives,
    ]
    precondition(counts.allSatisfy { $0 >= 0 }, "negative counts in \(counts)")
    self.truePositives = truePositives
    self.falsePositives = falsePositives
    self.falseNegatives = falseNegatives
    self.trueNegatives = trueNegatives
    self.withheldPositives = withheldPositives
    self.withheldNegatives = withheldNegatives
  }

  /// Counts two lists of calls.
  public init(truth: [Bool], predictions: [Bool]) throws(EvaluationError) {
    try requireEqualCounts(truth.count, predictions.count, "truth and predictions")
    var counts = [0, 0, 0, 0]
    for (t, p) in zip(truth, predictions) { counts[(t ? 2 : 0) + (p ? 1 : 0)] += 1 }
    self.init(
      truePositives: counts[3], falsePositives: counts[1], falseNegatives: counts[2],
      trueNegatives: counts[0])
  }

  /// Cases with the condition.
  public var positives: Int { truePositives + falseNegatives + withheldPositives }
  /// Cases without it.
  public var negatives: Int { trueNegatives + falsePositives + withheldNegatives }
  /// All cases.
  public var count: Int { positives + negatives }

  /// TP over all positives; interval Clopper–Pearson.
  public var sensitivity: Score { sensitivity(confidence: 0.95) }
  /// TN over all negatives; interval Clopper–Pearson.
  public var specificity: Score { specificity(confidence: 0.95) }

  public func sensitivity(confidence: Double) -> Score {
    exact("sensitivity", truePositives, positives, confidence)
  }
  public func specificity(confidence: Double) -> Score {
    exact("specificity", trueNegatives, negatives, confidence)
  }
  /// The positive predictive value at the sample's prevalence.
  public func positivePredictiveValue(confidence: Double = 0.95) -> Score {
    exact("PPV", truePositives, truePositives + falsePositives, confidence)
  }
  /// The negative predictive value at the sample's prevalence.
  public func negativePredictiveValue(confidence: Double = 0.95) -> Score {
    exact("NPV", trueNegatives, trueNegatives + falseNegatives, confidence)
  }
  public func accuracy(confidence: Double = 0.95) -> Score {
    exact("accuracy", truePositives + trueNegatives, count, confidence)
  }
  /// The share of cases with the condition.
  public func truePrevalence(confidence: Double = 0.95) -> Score {
    exact("true prevalence", positives, count, confidence)
  }
  /// The share of cases called positive.
  public func apparentPrevalence(confidence: Double = 0.95) -> Score {
    exact("apparent prevalence", truePositives + falsePositives, count, confidence)
  }

  private func exact(_ name: String, _ k: Int, _ n: Int, _ confidence: Double) -> Score {
    Score(
      name, n == 0 ? .undefined(.zeroDenominator) : .ratio(k, n), count: n,
      interval: Proportion(k, of: n).clopperPearson(confidence: confidence),
      signature: "\(name)|ci:Clopper–Pearson|v:\(Definitions.version)")
  }

  private var rates: (sensitivity: MetricValue, specificity: MetricValue) {
    (.ratio(truePositives, positives), .ratio(trueNegatives, negatives))
  }

  /// Sensitivity over (1 − specificity), with Simel's log interval.
  public func positiveLikelihoodRatio(confidence: Double = 0.95) -> Score {
    likelihood(
      "LR+", hit: truePositives, false: negatives - trueNegatives, confidence: confidence)
  }

  /// (1 − sensitivity) over specificity, with Simel's log interval.
  public func negativeLikelihoodRatio(confidence: Double = 0.95) -> Score {
    likelihood(
      "LR−", hit: positives - truePositives, false: trueNegatives, confidence: confidence)
  }

  private func likelihood(_ name: String, hit: Int, false other: Int, confidence: Double) -> Score {
    guard positives > 0, negatives > 0 else {
      return Score(
        name, .undefined(.singleClass), count: count,
        signature: "\(name)|ci:log-Wald|v:\(Definitions.version)")
    }
    let a = Double(hit) / Double(positives)
    let b = Double(other) / Double(negatives)
    let value = MetricValue.ratio(a, b)
    var interval: Interval?
    if hit > 0, other > 0, let ratio = value.double {
      let se = ((1 - a) / Double(hit) + (1 - b) / Double(other)).squareRoot()
      let z = Normal.quantile(0.5 + confidence / 2)
      interval = Interval(
        ratio * exp(-z * se), ratio * exp(z * se), confidence: confidence, method: "log-Wald")
    }
    return Score(
      name, value, count: count, interval: interval,
      signature: "\(name)|ci:log-Wald|v:\(Definitions.version)")
  }

  private func derived(_ name: String, _ value: MetricValue) -> Score {
    Score(name, value, count: count, signature: "\(name)|v:\(Definitions.version)")
  }

  /// Sensitivity + specificity − 1.
  public var youden: Score {
    guard let a = rates.sensitivity.double, let b = rates.specificity.double else {
      return derived("Youden's J", .undefined(.singleClass))
    }
    return derived("Youden's J", .value(a + b - 1))
  }

  /// The mean of the defined ones among sensitivity and specificity.
  public var balancedAccuracy: Score {
    let defined = [rates.sensitivity.double, rates.specificity.double].compactMap { $0 }
    return derived(
      "balanced accuracy", defined.mean().map { .value($0) } ?? .undefined(.noCases))
  }

  /// 2TP over (2TP + FP + FN); withheld positives count as misses.
  public var f1: Score {
    derived(
      "F1",
      .ratio(2 * truePositives, 2 * truePositives + falsePositives + positives - truePositives))
  }

  /// (LR+) / (LR−).
  public var diagnosticOddsRatio: Score {
    let misses = positives - truePositives
    let alarms = negatives - trueNegatives
    return derived(
      "diagnostic odds ratio",
      .ratio(Double(truePositives) * Double(trueNegatives), Double(alarms) * Double(misses)))
  }

  /// Matthews' correlation; 0 when its denominator is 0.
  public var matthewsCorrelation: Score { derived("MCC", marginals.matthews) }

  /// Cohen's kappa between test and reference.
  public var kappa: Score { derived("Cohen's kappa", marginals.kappa) }

  private var marginals: Marginals {
    var m = Marginals(classes: 2)
    func add(_ t: Int, _ p: Int, _ n: Int) {
      if n > 0 { m.add(.init(truth: t, prediction: p, count: n), times: n) }
    }
    add(0, 0, trueNegatives)
    add(0, 1, falsePositives)
    add(1, 0, falseNegatives)
    add(1, 1, truePositives)
    add(0, -1, withheldNegatives)
    add(1, -1, withheldPositives)
    return m
  }

  /// TP/n − (FP/n) · exchange rate (Vickers & Elkin 2006).
  ///
  /// - Parameter exchangeRate: The odds p/(1 − p) of the threshold probability.
  public func netBenefit(exchangeRate: Double) -> Score {
    let n = Double(count)
    return derived(
      "net benefit",
      count == 0
        ? .undefined(.noCases)
        : .value(Double(truePositives) / n - Double(falsePositives) / n * exchangeRate))
  }

  /// Expected cost over that of the best constant call (Ferrer 2022), equal costs of 1 unless
  /// given. The default prevalence of ½ weighs both classes alike (Metrics Reloaded).
  public func normalisedExpectedCost(
    missCost: Double = 1, alarmCost: Double = 1, prevalence: Double = 0.5
  ) -> Score {
    guard positives > 0, negatives > 0 else {
      return derived("normalised expected cost", .undefined(.singleClass))
    }
    let prior = prevalence
    let miss = Double(positives - truePositives) / Double(positives)
    let alarm = Double(negatives - trueNegatives) / Double(negatives)
    let cost = missCost * prior * miss + alarmCost * (1 - prior) * alarm
    return derived(
      "normalised expected cost", .ratio(cost, min(missCost * prior, alarmCost * (1 - prior))))
  }
}

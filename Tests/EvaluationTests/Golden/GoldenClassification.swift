// Reference cases of classification.
import Evaluation

private func sortedUnion(_ a: [String], _ b: [String]) -> [String] {
  Set(a + b).sorted { x, y in
    if let p = Double(x), let q = Double(y) { return p < q }
    return x < y
  }
}

private func matrix(_ c: GoldenCase) throws -> ConfusionMatrix {
  if c.input["confusion_matrix"] != nil {
    let names = c.input["labels"] == nil ? nil : try c.labels("labels")
    return try ConfusionMatrix(counts: c.integerRows("confusion_matrix"), classes: names)
  }
  let (t, p) =
    c.input["rater1"] != nil
    ? (try c.labels("rater1"), try c.labels("rater2"))
    : (try c.labels("y_true"), try c.labels("y_pred"))
  let classes = c.input["labels"] == nil ? sortedUnion(t, p) : try c.labels("labels")
  return try ConfusionMatrix(truth: t, predictions: p, classes: classes)
}

private func zeroDivision(_ c: GoldenCase) -> ZeroDivision {
  guard let v = c.parameter("zero_division")?.double else { return .zero }
  return v.isNaN ? .undefined : v == 1 ? .one : .zero
}

private func kappaValues(_ m: ConfusionMatrix, _ c: GoldenCase) -> [String: Value] {
  var out: [String: Value] = [:]
  let named = c.parameter("weights")?.text
  for weights in KappaWeights.allCases {
    let k = CohensKappa(m, weights: weights, confidence: c.confidence)
    let suffix = weights == .unweighted ? "" : "_\(weights.rawValue)"
    out["kappa\(suffix)"] = .of(k.kappa)
    out["ase\(suffix)"] = .of(k.standardError)
    out["ase0\(suffix)"] = .of(k.standardErrorUnderNull)
    // Errors without a suffix belong to the weights that the parameters name.
    let isMain =
      weights == .unweighted ? named == nil || named == "null" : named == weights.rawValue
    if isMain || (weights == .unweighted && out["ci_low"] == nil) {
      out["ase"] = .of(k.standardError)
      out["ase0"] = .of(k.standardErrorUnderNull)
      out["ci_low"] = .of(k.kappa.interval?.bounds.lower ?? .nan)
      out["ci_high"] = .of(k.kappa.interval?.bounds.upper ?? .nan)
      out["z"] = .of(k.z)
      out["p_one_sided"] = .of(k.pOneSided)
      out["p_two_sided"] = .of(k.pTwoSided)
      out["observed_agreement"] = .of(k.observedAgreement)
      out["expected_agreement"] = .of(k.expectedAgreement)
    }
  }
  return out
}

private func report(_ c: GoldenCase) throws -> [String: Value] {
  let m = try matrix(c)
  let zero = zeroDivision(c)
  var out = kappaValues(m, c)
  out["confusion_matrix"] = .of(m.counts)
  out["accuracy"] = .of(m.accuracy)
  out["balanced_accuracy"] = .of(m.balancedAccuracy)
  out["balanced_accuracy_adjusted"] = .of(m.score(.adjustedBalancedAccuracy))
  out["mcc"] = .of(m.matthewsCorrelation)
  out["support_per_class"] = .of(m.support)
  out["f1_of_macro_means"] = .of(m.f1OfMacroMeans(zeroDivision: zero))
  for metric in [ClassMetric.precision, .recall, .f1, .jaccard, .specificity] {
    for averaging in Averaging.allCases {
      out["\(metric.rawValue)_\(averaging.rawValue)"] = .of(
        m.average(metric, averaging, zeroDivision: zero))
    }
    out["\(metric.rawValue)_per_class"] = .of(m.values(metric, zeroDivision: zero))
  }
  return out
}

private func diagnostics(_ c: GoldenCase) throws -> [String: Value] {
  let d: BinaryDiagnostics
  if c.input["tp"] != nil {
    d = BinaryDiagnostics(
      truePositives: Int(try c.number("tp")), falsePositives: Int(try c.number("fp")),
      falseNegatives: Int(try c.number("fn")), trueNegatives: Int(try c.number("tn")))
  } else {
    d = try BinaryDiagnostics(truth: c.bools("y_true"), predictions: c.bools("y_pred"))
  }
  let level = c.confidence
  let scores: [(String, Score)] = [
    ("sensitivity", d.sensitivity(confidence: level)),
    ("recall", d.sensitivity(confidence: level)),
    ("specificity", d.specificity(confidence: level)),
    ("ppv", d.positivePredictiveValue(confidence: level)),
    ("precision", d.positivePredictiveValue(confidence: level)),
    ("npv", d.negativePredictiveValue(confidence: level)),
    ("lr_positive", d.positiveLikelihoodRatio(confidence: level)),
    ("lr_negative", d.negativeLikelihoodRatio(confidence: level)),
    ("accuracy", d.accuracy(confidence: level)),
    ("apparent_prevalence", d.apparentPrevalence(confidence: level)),
    ("true_prevalence", d.truePrevalence(confidence: level)), ("youden", d.youden),
    ("balanced_accuracy", d.balancedAccuracy), ("f1", d.f1),
    ("mcc", d.matthewsCorrelation), ("kappa", d.kappa),
    ("diagnostic_odds_ratio", d.diagnosticOddsRatio),
    ("normalised_expected_cost", d.normalisedExpectedCost()),
  ]
  var out: [String: Value] = [:]
  for (name, score) in scores {
    out[name] = .of(score)
    out["\(name)_ci"] = .of(score.interval)
  }
  for (name, count) in [
    ("tp", d.truePositives), ("fp", d.falsePositives), ("fn", d.falseNegatives),
    ("tn", d.trueNegatives),
  ] { out[name] = .of(count) }
  for name in c.expected.keys where name.hasPrefix("net_benefit_") {
    let parts = name.dropFirst("net_benefit_".count).split(separator: "_").compactMap {
      Double($0)
    }
    if parts.count == 2 {
      out[name] = .of(d.netBenefit(exchangeRate: parts[0] / parts[1]))
    } else if parts.count == 1 {
      out[name] = .of(d.netBenefit(exchangeRate: parts[0]))
    }
  }
  return out
}

private func multilabel(_ c: GoldenCase) throws -> [String: Value] {
  let r = try MultilabelReport(
    truth: c.boolRows("y_true"), predictions: c.boolRows("y_pred"),
    zeroDivision: zeroDivision(c))
  var out: [String: Value] = [
    "subset_accuracy": .of(r.exactMatch), "exact_match": .of(r.exactMatch),
    "hamming_loss": .of(r.hammingLoss),
    "hamming_score": .of(1 - r.hammingLoss.value.orNaN),
  ]
  for metric in [ClassMetric.precision, .recall, .f1, .jaccard] {
    for averaging in Averaging.allCases {
      out["\(metric.rawValue)_\(averaging.rawValue)"] = .of(r.average(metric, averaging))
    }
    out["\(metric.rawValue)_samples"] = .of(r.sampleAverage(metric))
    out["\(metric.rawValue)_per_label"] = .of(r.values(metric))
  }
  return out
}

let goldenClassification: [String: GoldenCase.Computation] = [
  "mcc": report, "balanced_accuracy": report, "f1": report, "precision_recall_f1": report,
  "classification_report": report, "classification_edge": report, "accuracy": report,
  "cohen_kappa": { kappaValues(try matrix($0), $0) },
  "binary_diagnostics": diagnostics, "multilabel_report": multilabel,
]

// Reference cases of scores and probabilities.
import Evaluation
import Foundation

private func scores(_ c: GoldenCase) throws -> BinaryScores {
  try BinaryScores(
    truth: c.bools("y_true"),
    scores: c.numbers(c.input["score"] != nil ? "score" : "proba_positive"))
}

private func curves(_ c: GoldenCase) throws -> [String: Value] {
  let s = try scores(c)
  let curve = s.rocCurve
  let pr = s.precisionRecallCurve
  var out: [String: Value] = [
    "roc_auc": .of(s.rocAUC), "average_precision": .of(s.averagePrecision),
    "pr_auc_trapezoid": .of(s.precisionRecallTrapezoid), "fpr": .of(curve.falsePositiveRates),
    "tpr": .of(curve.truePositiveRates), "thresholds": .of(curve.thresholds),
    "youden_max": .of(curve.youden?.index ?? .nan),
    "youden_threshold": .of(curve.youden?.threshold ?? .nan),
    "n_roc_points": .of(curve.thresholds.count), "precision": .of(pr.precisions),
    "recall": .of(pr.recalls),
  ]
  for name in c.expected.keys where name.hasPrefix("partial_auc_") {
    guard let at = name.range(of: "fpr"), let limit = Double(name[at.upperBound...]) else {
      continue
    }
    out[name] = .of(s.partialAUC(upToFPR: limit, standardised: name.contains("mcclish")))
  }
  for name in c.expected.keys where name.hasPrefix("at_sens_") || name.hasPrefix("at_spec_") {
    guard let target = Double(name.dropFirst(8)) else { continue }
    let point =
      name.hasPrefix("at_sens_")
      ? s.threshold(atSensitivity: target) : s.threshold(atSpecificity: target)
    guard let point else { continue }
    out[name] = .object([
      "threshold": .of(point.threshold), "sensitivity": .of(point.sensitivity),
      "specificity": .of(point.specificity),
    ])
  }
  return out
}

private func classIndices(_ c: GoldenCase, width: Int) throws -> [Int] {
  let truth = try c.labels("y_true")
  let labels = c.input["labels"] == nil ? (0..<width).map { String($0) } : try c.labels("labels")
  return try truth.map {
    guard let i = labels.firstIndex(of: $0) else { throw GoldenError("label \($0)") }
    return i
  }
}

private func calibration(
  _ out: inout [String: Value], _ c: GoldenCase, _ prefix: String,
  _ reliability: (Binning) -> Reliability
) {
  for name in c.expected.keys {
    var rest = name
    guard rest.hasPrefix(prefix) else { continue }
    rest.removeFirst(prefix.count)
    var scheme = Binning.Scheme.equalWidthRightClosed
    for (mark, value) in [
      ("_right_closed", Binning.Scheme.equalWidthRightClosed),
      ("_left_closed", .equalWidthLeftClosed),
    ] where rest.hasSuffix(mark) {
      rest.removeLast(mark.count)
      scheme = value
    }
    if rest.hasPrefix("torchmetrics_") {
      rest.removeFirst("torchmetrics_".count)
      scheme = .equalWidthLeftClosedWithOneApart
    }
    if rest.hasPrefix("netcal_") { rest.removeFirst("netcal_".count) }
    var parts = rest.split(separator: "_").map(String.init)
    if parts.contains("mass") {
      parts.removeAll { $0 == "equal" || $0 == "mass" }
      scheme = .equalMass
    }
    guard parts.count == 2, let bins = Int(parts[1]) else { continue }
    let r = reliability(Binning(bins, scheme))
    switch parts[0] {
    case "ece": out[name] = .of(r.expectedError)
    case "mce": out[name] = .of(r.maximumError)
    case "rmsce": out[name] = .of(r.rootMeanSquareError)
    default: continue
    }
  }
}

private func binaryProbabilities(_ c: GoldenCase) throws -> [String: Value] {
  let p = try BinaryProbabilities(
    truth: c.bools("y_true"),
    probabilities: c.input["proba_positive"] != nil
      ? c.numbers("proba_positive") : c.rows("proba").map { $0[1] })
  var out: [String: Value] = [
    "brier_binary": .of(p.brier), "log_loss": .of(p.logLoss()),
    "log_score": .of(-p.logLoss().value.orNaN),
    "log_loss_clip_eps": .of(
      p.logLoss(clip: c.parameter("eps_float64")?.double ?? 2.220446049250313e-16)),
    "log_loss_clip_1e-15": .of(p.logLoss(clip: 1e-15)),
  ]
  calibration(&out, c, "") { p.reliability($0) }
  return out
}

private func multiclass(_ c: GoldenCase) throws -> [String: Value] {
  let rows = try c.rows("proba")
  let m = try MulticlassProbabilities(
    truth: classIndices(c, width: rows.first?.count ?? 0), probabilities: rows,
    rowSums: .asTheyAre)
  var out: [String: Value] = [
    "ovo_macro": .of(try m.aucOneVersusOne()),
    "ovo_weighted": .of(try m.aucOneVersusOne(weighted: true)),
    "ovr_macro": .of(try m.aucOneVersusRest(.macro)),
    "ovr_weighted": .of(try m.aucOneVersusRest(.weighted)),
    "ovr_micro": .of(try m.aucOneVersusRest(.micro)),
    "ovr_per_class": .of(try m.oneVersusRest()), "log_loss": .of(m.logLoss()),
    "log_score": .of(-m.logLoss().value.orNaN), "brier_multiclass": .of(m.brierSum),
    "brier_multiclass_check": .of(m.brierSum),
  ]
  for name in c.expected.keys where name.hasPrefix("top") && name.hasSuffix("_accuracy") {
    if let k = Int(name.dropFirst(3).dropLast("_accuracy".count)) {
      out[name] = .of(m.topAccuracy(k))
    }
  }
  calibration(&out, c, "top_label_") { m.topLabelReliability($0) }
  if rows.first?.count == 2 {
    out.merge(try binaryProbabilities(c)) { first, _ in first }
  }
  return out
}

private func multilabel(_ c: GoldenCase) throws -> [String: Value] {
  let m = try MultilabelScores(truth: c.boolRows("y_true"), scores: c.rows("score"))
  var out: [String: Value] = [
    "roc_auc_per_label": .of(try m.rocAUCs()), "ap_per_label": .of(try m.averagePrecisions()),
  ]
  for averaging in Averaging.allCases {
    out["roc_auc_\(averaging.rawValue)"] = .of(try m.rocAUC(averaging))
    out["ap_\(averaging.rawValue)"] = .of(try m.averagePrecision(averaging))
  }
  return out
}

private func rsna(_ c: GoldenCase) throws -> [String: Value] {
  let m = try MultilabelScores(truth: c.boolRows("y_true"), scores: c.rows("proba"))
  let result = try m.weightedLogLoss(
    weights: c.numbers("weights"), clip: c.parameter("clip")?.double ?? 1e-15)
  return [
    "rsna_weighted_log_loss": .of(result.score), "per_label_log_loss": .of(result.perLabel),
  ]
}

private func eitherWidth(_ c: GoldenCase) throws -> [String: Value] {
  c.input["proba_positive"] != nil ? try binaryProbabilities(c) : try multiclass(c)
}

let goldenProbabilities: [String: GoldenCase.Computation] = [
  "roc_auc": curves, "roc_pr_summary": curves, "average_precision": curves,
  "threshold_at_sensitivity": curves, "threshold_at_specificity": curves,
  "roc_auc_multiclass": multiclass, "multiclass_probabilistic": multiclass,
  "log_loss": eitherWidth, "brier": eitherWidth, "calibration_binary": binaryProbabilities,
  "calibration_binary_edges": binaryProbabilities, "calibration_multiclass": multiclass,
  "multilabel_ranking": multilabel, "roc_auc_multilabel": multilabel,
  "rsna_weighted_log_loss": rsna,
]

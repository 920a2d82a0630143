// Reference cases of intervals, tests and agreement.
import Evaluation

private func proportion(_ c: GoldenCase) throws -> [String: Value] {
  let p = Proportion(Int(try c.number("successes")), of: Int(try c.number("trials")))
  let level = c.confidence
  return [
    "wilson": .of(p.wilson(confidence: level)),
    "wilson_cc": .of(p.wilsonContinuityCorrected(confidence: level)),
    "clopper_pearson": .of(p.clopperPearson(confidence: level)),
    "jeffreys": .of(p.jeffreys(confidence: level)),
    "agresti_coull": .of(p.agrestiCoull(confidence: level)),
  ]
}

private func delongCompare(_ c: GoldenCase) throws -> [String: Value] {
  guard let named = try c.value("scores").fields else { throw GoldenError("scores") }
  let names = named.keys.sorted()
  let d = try DeLong(
    truth: c.bools("y_true"), scores: names.map { try GoldenCase.numbers(named[$0] ?? .null) })
  var auc: [String: Value] = [:]
  var se: [String: Value] = [:]
  var ci: [String: Value] = [:]
  for (i, name) in names.enumerated() {
    auc[name] = .of(d.aucs[i])
    se[name] = .of(d.standardError(i))
    ci[name] = .of(d.interval(i, confidence: c.confidence))
  }
  var out: [String: Value] = ["auc": .object(auc), "se": .object(se), "ci": .object(ci)]
  for key in c.expected.keys where key.hasPrefix("contrast_vs_") && key.hasSuffix("_chi2") {
    let reference = String(key.dropFirst("contrast_vs_".count).dropLast("_chi2".count))
    guard let r = names.firstIndex(of: reference) else { continue }
    let rows = names.indices.filter { $0 != r }.map { i in
      names.indices.map { $0 == i ? 1.0 : $0 == r ? -1 : 0 }
    }
    guard let t = d.contrast(rows) else { continue }
    out["contrast_vs_\(reference)_chi2"] = .of(t.statistic)
    out["contrast_vs_\(reference)_df"] = .of(t.degreesOfFreedom ?? .nan)
    out["contrast_vs_\(reference)_p"] = .of(t.pValue)
  }
  return out
}

private func delongPair(_ c: GoldenCase) throws -> [String: Value] {
  let d = try DeLong(
    truth: c.bools("y_true"), scores: [c.numbers("score_a"), c.numbers("score_b")])
  let t = d.compare(0, 1, confidence: c.confidence)
  return [
    "auc_a": .of(d.aucs[0]), "auc_b": .of(d.aucs[1]), "se_a": .of(d.standardError(0)),
    "se_b": .of(d.standardError(1)), "cov": .of(d.covariance[0][1]), "z": .of(t.statistic),
    "p_two_sided": .of(t.pValue), "diff": .of(t.estimate ?? .undefined(.noCases)),
    "diff_ci": .of(t.interval),
  ]
}

private func delongUnpaired(_ c: GoldenCase) throws -> [String: Value] {
  let t = DeLong.unpaired(
    try DeLong(truth: c.bools("y_true_a"), scores: [c.numbers("score_a")]),
    try DeLong(truth: c.bools("y_true_b"), scores: [c.numbers("score_b")]))
  return [
    "D": .of(t.statistic), "p_two_sided": .of(t.pValue), "df": .of(t.degreesOfFreedom ?? .nan),
  ]
}

private func delongCI(_ c: GoldenCase) throws -> [String: Value] {
  let d = try DeLong(truth: c.bools("y_true"), scores: [c.numbers("score")])
  return [
    "auc": .of(d.aucs[0]), "se": .of(d.standardError()),
    "ci": .of(d.interval(confidence: c.confidence)),
    "ci_logit": .of(d.logitInterval(confidence: c.confidence)),
  ]
}

private func mcnemar(_ c: GoldenCase) throws -> [String: Value] {
  let m = try McNemar(table: c.integerRows("table"))
  return [
    "p_exact": .of(m.exact.pValue), "p_midp": .of(m.midP.pValue),
    "chi2": .of(m.chiSquared.statistic), "p_chi2": .of(m.chiSquared.pValue),
    "chi2_cc": .of(m.chiSquaredCorrected.statistic),
    "p_chi2_cc": .of(m.chiSquaredCorrected.pValue),
  ]
}

private func homogeneity(_ c: GoldenCase) throws -> [String: Value] {
  let m = try MarginalHomogeneity(c.integerRows("table"))
  return [
    "stuart_maxwell": .of(m.stuartMaxwell.statistic),
    "stuart_maxwell_p": .of(m.stuartMaxwell.pValue),
    "df": .of(m.stuartMaxwell.degreesOfFreedom ?? .nan), "bowker": .of(m.bowker.statistic),
    "bowker_df": .of(m.bowker.degreesOfFreedom ?? .nan), "bowker_p": .of(m.bowker.pValue),
    "bhapkar": .of(m.bhapkar.statistic), "bhapkar_p": .of(m.bhapkar.pValue),
  ]
}

private func cochran(_ c: GoldenCase) throws -> [String: Value] {
  let t = try cochransQ(c.boolRows("x"))
  return [
    "q": .of(t.statistic), "df": .of(t.degreesOfFreedom ?? .nan), "p": .of(t.pValue),
  ]
}

private func permutation(_ c: GoldenCase) throws -> [String: Value] {
  let d =
    c.input["differences"] != nil
    ? try c.numbers("differences") : zip(try c.numbers("a"), try c.numbers("b")).map { $0 - $1 }
  return [
    "p_two_sided": .of(try PairedPermutation.test(differences: d).pValue),
    "p_greater": .of(try PairedPermutation.test(differences: d, alternative: .greater).pValue),
    "p_less": .of(try PairedPermutation.test(differences: d, alternative: .less).pValue),
  ]
}

private func adjustment(_ c: GoldenCase) throws -> [String: Value] {
  let p = try c.numbers("p")
  var out: [String: Value] = [:]
  for rule in PAdjustment.allCases {
    let adjusted = try rule.adjust(p)
    out[rule.rawValue] = .of(adjusted)
    for key in c.expected.keys where key.hasPrefix("\(rule.rawValue)_rejections_at_") {
      if let level = Double(key.dropFirst("\(rule.rawValue)_rejections_at_".count)) {
        out[key] = .of(adjusted.count { $0 <= level })
      }
    }
  }
  return out
}

private func fleiss(_ c: GoldenCase) throws -> [String: Value] {
  let counts = try c.integerRows("counts")
  return [
    "kappa": .of(try MultiRaterAgreement.fleissKappa(counts)),
    "kappa_free_marginal": .of(try MultiRaterAgreement.randolphKappa(counts)),
  ]
}

private func krippendorff(_ c: GoldenCase) throws -> [String: Value] {
  guard let rows = try c.value("ratings").list else { throw GoldenError("ratings") }
  let ratings = rows.map { row in (row.list ?? []).map { $0 == .null ? nil : $0.double } }
    .map { $0.map { $0.flatMap { $0.isNaN ? nil : $0 } } }
  var out: [String: Value] = [:]
  for level in KrippendorffAlpha.Level.allCases {
    out[level.rawValue] = .of(try KrippendorffAlpha.alpha(ratings, level: level))
  }
  return out
}

private func gwet(_ c: GoldenCase) throws -> [String: Value] {
  guard let rows = try c.value("ratings").list else { throw GoldenError("ratings") }
  let ratings = rows.map { row in
    (row.list ?? []).map { $0 == .null ? nil : $0.double.map { Int($0) } }
  }
  let k = Int(
    try c.input["categories"]?.double ?? Double(try c.labels("labels").count))
  return [
    "ac1": .of(try MultiRaterAgreement.gwet(ratings, categories: k)),
    "ac2_linear": .of(try MultiRaterAgreement.gwet(ratings, categories: k, weights: .linear)),
    "ac2_quadratic": .of(
      try MultiRaterAgreement.gwet(ratings, categories: k, weights: .quadratic)),
  ]
}

private func bootstrapReplicates(_ c: GoldenCase) throws -> [String: Value] {
  let estimate = try c.number("estimate")
  let replicates = try c.numbers("replicates")
  func pair(_ b: (Double, Double)?) -> Value { .of([b?.0 ?? .nan, b?.1 ?? .nan]) }
  var out: [String: Value] = [
    "percentile": pair(
      Bootstrap.bounds(
        .percentile, estimate: estimate, replicates: replicates, confidence: c.confidence)),
    "basic": pair(
      Bootstrap.bounds(
        .basic, estimate: estimate, replicates: replicates, confidence: c.confidence)),
  ]
  let mean = replicates.reduce(0, +) / Double(replicates.count)
  let squares = replicates.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
  out["se"] = .of((squares / Double(replicates.count - 1)).squareRoot())
  if c.input["jackknife"] != nil,
    let bca = Bootstrap.bca(
      estimate: estimate, replicates: replicates, jackknife: try c.numbers("jackknife"),
      confidence: c.confidence)
  {
    out["bca"] = pair(bca.bounds)
    out["z0"] = .of(bca.z0)
    out["acceleration"] = .of(bca.acceleration)
  }
  return out
}

private func bootstrapMonteCarlo(_ c: GoldenCase) throws -> [String: Value] {
  let pairs = Array(zip(try c.numbers("x"), try c.numbers("y")))
  func correlation(_ pairs: [(Double, Double)]) -> Double? {
    let n = Double(pairs.count)
    let mx = pairs.reduce(0) { $0 + $1.0 } / n
    let my = pairs.reduce(0) { $0 + $1.1 } / n
    var (xx, yy, xy) = (0.0, 0.0, 0.0)
    for (x, y) in pairs {
      xx += (x - mx) * (x - mx)
      yy += (y - my) * (y - my)
      xy += (x - mx) * (y - my)
    }
    return xx > 0 && yy > 0 ? xy / (xx * yy).squareRoot() : nil
  }
  let result = try Bootstrap(
    resamples: 20_000, confidence: c.confidence, method: .bca, seed: 7)(
      pairs, statistic: correlation)
  let level = Int((c.confidence * 100).rounded())
  return [
    "estimate": .of(result.estimate), "se": .of(result.standardError),
    "bca_\(level)": .of(result.interval(.bca)), "bca": .of(result.interval(.bca)),
    "percentile_\(level)": .of(result.interval(.percentile)),
    "percentile": .of(result.interval(.percentile)),
  ]
}

let goldenStatistics: [String: GoldenCase.Computation] = [
  "proportion_ci": proportion, "delong_compare": delongCompare, "delong_pair": delongPair,
  "delong_unpaired": delongUnpaired, "auc_ci_delong": delongCI, "mcnemar": mcnemar,
  "marginal_homogeneity": homogeneity, "cochran_q": cochran,
  "paired_permutation_exact": permutation, "p_adjust": adjustment, "fleiss_kappa": fleiss,
  "krippendorff_alpha": krippendorff, "gwet": gwet,
  "bootstrap_ci_from_replicates": bootstrapReplicates,
  "bootstrap_ci_monte_carlo": bootstrapMonteCarlo,
]

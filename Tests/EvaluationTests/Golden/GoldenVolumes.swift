// Reference cases of volumes and continuous agreement.
import Evaluation

private func icc(_ c: GoldenCase) throws -> [String: Value] {
  let r = try IntraclassCorrelation(c.rows("ratings"), confidence: c.confidence)
  let names: [(String, IntraclassCorrelation.Form)] = [
    ("icc1", .oneWaySingle), ("icc2", .twoWayRandomSingle), ("icc3", .twoWayMixedSingle),
    ("icc1k", .oneWayMean), ("icc2k", .twoWayRandomMean), ("icc3k", .twoWayMixedMean),
  ]
  var out: [String: Value] = [:]
  for (name, form) in names {
    guard let v = r[form] else { continue }
    if case .object = c.expected[name] {
      out[name] = .object([
        "icc": .of(v.icc), "ci": .of(v.icc.interval), "f": .of(v.f), "df1": .of(v.df1),
        "df2": .of(v.df2), "p": .of(v.pValue),
      ])
    } else {
      out[name] = .of(v.icc)
    }
  }
  return out
}

private func blandAltman(_ c: GoldenCase) throws -> [String: Value] {
  let (a, b) = (try c.numbers("a"), try c.numbers("b"))
  let r = try BlandAltman(a, b, multiplier: 1.96, confidence: c.confidence)
  let two = try BlandAltman(a, b, multiplier: 2)
  return [
    "bias": .of(r.bias), "sd": .of(r.standardDeviation),
    "loa_2sd": .of([two.lowerLimit.value.orNaN, two.upperLimit.value.orNaN]),
    "loa_1.96": .of([r.lowerLimit.value.orNaN, r.upperLimit.value.orNaN]),
    "loa": .of([r.lowerLimit.value.orNaN, r.upperLimit.value.orNaN]),
    "se_bias": .of(r.standardDeviation.orNaN / Double(r.count).squareRoot()),
    "pearson_r": .of(try VolumeErrors(reference: b, predicted: a).pearson),
    "bias_ci": .of(r.bias.interval), "loa_se": .of(r.limitStandardError),
    "loa_lower_ci": .of(r.lowerLimit.interval), "loa_upper_ci": .of(r.upperLimit.interval),
    "mae": .of(r.meanAbsoluteError), "rmse": .of(r.rootMeanSquareError),
  ]
}

private func repeatability(_ c: GoldenCase) throws -> [String: Value] {
  var out: [String: Value] = [:]
  for name in c.input.keys {
    let rows = try c.rows(name)
    guard rows.count == 2 else { continue }
    let r = try BlandAltman(rows[0], rows[1])
    out["\(name)_coefficient"] = .of(r.repeatabilityCoefficient)
    out["\(name)_within_sd"] = .of(r.withinSubjectDeviation)
  }
  return out
}

private func ccc(_ c: GoldenCase) throws -> [String: Value] {
  let (x, y) = (try c.numbers("x"), try c.numbers("y"))
  let r = try Concordance(x, y, confidence: c.confidence)
  return [
    "ccc": .of(r.coefficient), "ci": .of(r.coefficient.interval),
    "scale_shift": .of(r.scaleShift), "location_shift": .of(r.locationShift),
    "bias_correction": .of(r.biasCorrection), "ccc_n": .of(r.coefficient),
    "ccc_n_minus_1": .of(try Concordance(x, y, moments: .sample).coefficient),
    "pearson_r": .of(r.correlation),
  ]
}

private func volumeError(_ c: GoldenCase) throws -> [String: Value] {
  let r = try VolumeErrors(
    reference: c.numbers("reference_ml"), predicted: c.numbers("predicted_ml"))
  var out: [String: Value] = [
    "mae": .of(r.agreement.meanAbsoluteError), "bias": .of(r.agreement.bias),
    "rmse": .of(r.agreement.rootMeanSquareError), "median_ae": .of(r.medianAbsoluteError),
    "mape_percent": .of(r.meanAbsolutePercentError), "pearson_r": .of(r.pearson),
    "spearman_rho": .of(r.spearman), "r2": .of(r.determination),
    "ccc": .of(r.concordance.coefficient), "sd": .of(r.agreement.standardDeviation),
  ]
  for name in c.expected.keys where name.hasPrefix("within_") {
    if let limit = Double(name.dropFirst(7).prefix { $0.isNumber || $0 == "." }) {
      out[name] = .of(r.thresholdAccuracy(limit))
    }
  }
  return out
}

private func abc2(_ c: GoldenCase) throws -> [String: Value] {
  let v = try ABC2(a: c.number("a_cm"), b: c.number("b_cm"), c: c.number("c_cm"))
  return ["volume_ml": .of(v.millilitres)]
}

private func abc2Slices(_ c: GoldenCase) throws -> [String: Value] {
  let thickness = try c.number("slice_thickness_cm")
  let v = try ABC2(
    a: c.number("a_cm"), b: c.number("b_cm"), sliceThickness: thickness,
    areaFractions: c.numbers("slice_area_fraction_of_largest"))
  return [
    "weights": .of(v.weights), "weighted_slices": .of(v.weights.reduce(0, +)), "c_cm": .of(v.c),
    "volume_ml": .of(v.millilitres),
  ]
}

let goldenVolumes: [String: GoldenCase.Computation] = [
  "icc": icc, "bland_altman": blandAltman, "repeatability": repeatability, "ccc": ccc,
  "volume_error": volumeError, "abc2": abc2, "abc2_from_slices": abc2Slices,
]

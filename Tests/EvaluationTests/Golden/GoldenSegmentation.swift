// Reference cases of masks.
import Evaluation

/// Every name is computed only when the case asks for it.
private func segmentation(_ c: GoldenCase) throws -> [String: Value] {
  let p = try c.mask("prediction")
  let r = try c.mask("reference")
  let overlap = try Overlap(prediction: p, reference: r)
  var cache: [DistanceMetric: BoundaryDistances] = [:]
  func boundary(_ metric: DistanceMetric = .euclidean) throws -> BoundaryDistances {
    if let known = cache[metric] { return known }
    let made = try BoundaryDistances(prediction: p, reference: r, metric: metric)
    cache[metric] = made
    return made
  }
  var surfels: SurfelDistances?
  func surfel() throws -> SurfelDistances {
    if let surfels { return surfels }
    let made = try SurfelDistances(prediction: p, reference: r)
    surfels = made
    return made
  }
  func tail(_ name: String, _ prefix: String, _ suffix: String = "") -> Double? {
    guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return nil }
    return Double(name.dropFirst(prefix.count).dropLast(suffix.count))
  }
  func compute(_ name: String) throws -> Value? {
    switch name {
    case "dice": return .of(overlap.dice)
    case "iou", "jaccard": return .of(overlap.iou)
    case "volumetric_similarity": return .of(overlap.volumetricSimilarity)
    case "precision", "ppv": return .of(overlap.precision)
    case "recall", "sensitivity": return .of(overlap.recall)
    case "specificity": return .of(overlap.specificity)
    case "absolute_volume_difference_ratio": return .of(overlap.absoluteVolumeDifferenceRatio)
    case "volume_pred_mm3": return .of(overlap.predictedVolume)
    case "volume_ref_mm3": return .of(overlap.referenceVolume)
    case "volume_pred_ml": return .of(p.millilitres)
    case "volume_ref_ml": return .of(r.millilitres)
    case "tp": return .of(overlap.truePositives)
    case "fp": return .of(overlap.falsePositives)
    case "fn": return .of(overlap.falseNegatives)
    case "tn": return .of(overlap.trueNegatives)
    case "hd": return .of(try boundary().hausdorff)
    case "hd_chessboard": return .of(try boundary(.chessboard).hausdorff)
    case "hd_taxicab": return .of(try boundary(.taxicab).hausdorff)
    case "hd_directed_pred_to_ref": return .of(try boundary().directedHausdorff)
    case "hd95_directed_max", "hd95": return .of(try boundary().hausdorff95)
    case "hd95_directed_pred_to_ref": return .of(try boundary().directedHausdorff(percentile: 95))
    case "hd95_pooled": return .of(try boundary().hausdorff(percentile: 95, .pooled))
    case "assd_pooled", "asd_symmetric_pooled", "assd": return .of(try boundary().average(.pooled))
    case "masd_directed_mean", "masd": return .of(try boundary().average(.meanOfDirections))
    case "asd_pred_to_ref": return .of(try boundary().directedAverage)
    case "hd_surfel": return .of(try surfel().hausdorff(percentile: 100))
    case "hd95_surfel": return .of(try surfel().hausdorff(percentile: 95))
    case "asd_surfel_ref_to_pred": return .of(try surfel().referenceToPrediction.average)
    case "asd_surfel_pred_to_ref": return .of(try surfel().predictionToReference.average)
    case "sum_surfel_ref": return .of(try surfel().referenceToPrediction.totalArea)
    case "sum_surfel_pred": return .of(try surfel().predictionToReference.totalArea)
    case "cldice": return .of(try p.clDice(with: r))
    default: break
    }
    if let t = tail(name, "nsd_count_") { return .of(try boundary().surfaceDice(tolerance: t)) }
    if let t = tail(name, "nsd_directed_mean_") {
      return .of(try boundary().surfaceDice(tolerance: t, .meanOfDirections))
    }
    if let t = tail(name, "nsd_chessboard_") {
      return .of(try boundary(.chessboard).surfaceDice(tolerance: t))
    }
    if let t = tail(name, "nsd_taxicab_") {
      return .of(try boundary(.taxicab).surfaceDice(tolerance: t))
    }
    if let t = tail(name, "nsd_surfel_") { return .of(try surfel().surfaceDice(tolerance: t)) }
    if let t = tail(name, "surface_overlap_ref_", "mm") {
      return .of(try surfel().referenceToPrediction.overlap(tolerance: t))
    }
    if let t = tail(name, "surface_overlap_pred_", "mm") {
      return .of(try surfel().predictionToReference.overlap(tolerance: t))
    }
    if let d = tail(name, "boundary_iou_cheng_", "px") {
      return .of(try p.boundaryIoU(with: r, pixels: Int(d)))
    }
    if let d = tail(name, "boundary_iou_mr_") {
      return .of(try p.boundaryIoU(with: r, withinVoxels: d))
    }
    if let b = tail(name, "f", "") { return .of(overlap.fBeta(b)) }
    if let q = tail(name, "hd", "_surfel") { return .of(try surfel().hausdorff(percentile: q)) }
    if let q = tail(name, "hd", "_directed_max") {
      return .of(try boundary().hausdorff(percentile: q))
    }
    if let q = tail(name, "hd", "_pooled") {
      return .of(try boundary().hausdorff(percentile: q, .pooled))
    }
    return nil
  }
  var out: [String: Value] = [:]
  for name in c.expected.keys { out[name] = try compute(name) }
  return out
}

/// `expected` is keyed by package; the policies of the module that stand for a package's are
/// compared, the others (a package's own quirks) pass through.
private func emptyMasks(_ c: GoldenCase) throws -> [String: Value] {
  let p = try c.mask("prediction")
  let r = try c.mask("reference")
  let bothEmpty = p.isEmpty && r.isEmpty
  let strict = try Overlap(prediction: p, reference: r)
  let lenient = try Overlap(prediction: p, reference: r, whenBothEmpty: .perfect)
  let plain = try BoundaryDistances(prediction: p, reference: r)
  let perfect = try BoundaryDistances(prediction: p, reference: r, whenBothEmpty: .perfect)
  let surfel = try SurfelDistances(prediction: p, reference: r)
  var ours: [String: [String: Value]] = [
    "monai": [
      "dice_ignore_empty_false": .of(lenient.dice), "hd": .of(plain.hausdorff),
      "nsd": .of(plain.surfaceDice(tolerance: 1)),
    ],
    "mr": ["dice": .of(lenient.dice), "nsd": .of(perfect.surfaceDice(tolerance: 1))],
    "medpy": ["dice": .of(lenient.dice)],
    "deepmind": [
      "dice": .of(strict.dice), "nsd": .of(surfel.surfaceDice(tolerance: 1)),
    ],
  ]
  if !r.isEmpty || bothEmpty { ours["monai"]?["dice_ignore_empty_true"] = .of(strict.dice) }
  if !bothEmpty {
    ours["mr"]?["iou"] = .of(lenient.iou)
    ours["deepmind"]?["hd"] = .of(surfel.hausdorff(percentile: 100))
  } else {
    ours["medpy"]?["iou"] = .of(lenient.iou)
    ours["mr"]?["hd"] = .of(perfect.hausdorff)
    ours["mr"]?["hd95"] = .of(perfect.hausdorff95)
    ours["mr"]?["assd"] = .of(perfect.average())
    ours["mr"]?["masd"] = .of(perfect.average(.meanOfDirections))
  }
  var out: [String: Value] = [:]
  for (package, fields) in c.expected {
    guard case .object(var merged) = fields else { continue }
    for (name, value) in ours[package] ?? [:] where merged[name] != nil { merged[name] = value }
    out[package] = .object(merged)
  }
  return out
}

private func distanceTransform(_ c: GoldenCase) throws -> [String: Value] {
  let mask = try c.mask(c.input["seeds"] != nil ? "seeds" : "mask")
  return ["distance": .of(DistanceTransform.distances(to: mask))]
}

private func components(_ c: GoldenCase) throws -> [String: Value] {
  let mask = try c.mask("mask")
  var out: [String: Value] = [:]
  for connectivity in Connectivity.allCases {
    let found = Components(mask, connectivity: connectivity)
    let names =
      mask.shape.count == 3
      ? [connectivity.rawValue] : connectivity == .faces ? [4, 6] : [8, connectivity.rawValue]
    for n in names {
      out["n_\(n)"] = .of(found.count)
      out["sizes_\(n)"] = .of(found.sizes.sorted(by: >))
    }
  }
  return out
}

private func panoptic(_ c: GoldenCase) throws -> [String: Value] {
  let q = try PanopticQuality(
    prediction: c.labelMap(c.value("prediction")).labels,
    reference: c.labelMap(c.value("reference")).labels,
    threshold: c.parameter("match_iou_threshold")?.double ?? 0.5)
  return [
    "pq": .of(q.panopticQuality), "sq": .of(q.segmentationQuality), "rq": .of(q.recognitionQuality),
    "tp": .of(q.truePositives), "fp": .of(q.falsePositives), "fn": .of(q.falseNegatives),
  ]
}

private func regions(_ c: GoldenCase) -> [(name: String, labels: Set<Int>)] {
  if let named = c.parameter("regions")?.fields {
    return named.map { name, v in
      (name, Set((v.list ?? []).compactMap { $0.double.map { Int($0) } }))
    }
  }
  // The challenge package's own regions.
  return [
    ("netc", [1]), ("snfh", [2]), ("et", [3]), ("rc", [4]), ("tc", [1, 3]), ("wt", [1, 2, 3]),
  ]
}

private func brats2023(_ c: GoldenCase) throws -> [String: Value] {
  let p = try c.labelMap(c.value("prediction"))
  let r = try c.labelMap(c.value("reference"))
  let spacing = try c.numbers("spacing")
  var out: [String: Value] = [:]
  for (name, labels) in regions(c) {
    var rules = LesionWise.BraTS2023.glioma
    if let n = c.parameter("dilation_iterations")?.double { rules.dilations = Int(n) }
    if let v = c.parameter("volume_threshold_mm3")?.double { rules.minimumVolume = v }
    if let v = c.parameter("fp_fn_hd95_penalty")?.double { rules.distancePenalty = v }
    let result = try LesionWise.brats2023(
      prediction: Mask(p.labels, labels: labels, shape: p.shape, spacing: spacing),
      reference: Mask(r.labels, labels: labels, shape: r.shape, spacing: spacing), rules)
    out[name] = .object([
      "lesionwise_dice": .of(result.dice), "lesionwise_hd95": .of(result.hausdorff95),
      "num_tp": .of(result.truePositives), "num_fp": .of(result.falsePositives),
      "num_fn": .of(result.falseNegatives), "legacy_dice": .of(result.wholeDice),
      "legacy_hd95": .of(result.wholeHausdorff95), "sensitivity": .of(result.sensitivity),
      "specificity": .of(result.specificity),
    ])
  }
  return out
}

private func panoptica(_ c: GoldenCase) throws -> [String: Value] {
  let p = try c.labelMap(c.value("prediction"))
  let r = try c.labelMap(c.value("reference"))
  let spacing = try c.numbers("spacing")
  var out: [String: Value] = [:]
  for (name, labels) in regions(c) {
    let result = try LesionWise.panoptica(
      prediction: Mask(p.labels, labels: labels, shape: p.shape, spacing: spacing),
      reference: Mask(r.labels, labels: labels, shape: r.shape, spacing: spacing))
    out[name] = .object([
      "tp": .of(result.truePositives), "fp": .of(result.falsePositives),
      "fn": .of(result.falseNegatives), "rq": .of(result.recognitionQuality),
      "sq_dsc": .of(result.dice), "pq_dsc": .of(result.panopticDice),
      "sq_nsd": .of(result.surfaceDice), "sq_hd95": .of(result.hausdorff95),
      "global_bin_dsc": .of(result.wholeDice), "global_bin_nsd": .of(result.wholeSurfaceDice),
      "global_bin_hd95": .of(result.wholeHausdorff95),
    ])
  }
  return out
}

let goldenSegmentation: [String: GoldenCase.Computation] = [
  "segmentation_report": segmentation, "segmentation_mr": segmentation,
  "surface_distance_deepmind": segmentation, "hausdorff_monai": segmentation,
  "surface_dice_monai": segmentation, "boundary_iou": segmentation, "cldice": segmentation,
  "segmentation_empty": emptyMasks, "distance_transform": distanceTransform,
  "connected_components": components, "panoptic_quality": panoptic,
  "lesionwise_brats2023": brats2023, "lesionwise_panoptica": panoptica,
]

// Reference cases of boxes and detections.
import Evaluation

private func boxes(_ c: GoldenCase) throws -> [String: Value] {
  let a = try c.rows("boxes_a_xyxy").map { try BoundingBox($0, .xyxy) }
  let b = try c.rows("boxes_b_xyxy").map { try BoundingBox($0, .xyxy) }
  let family: [(String, (BoundingBox, BoundingBox) -> Double)] = [
    ("iou", { $0.iou($1) }), ("giou", { $0.generalisedIoU($1) }), ("diou", { $0.distanceIoU($1) }),
    ("ciou", { $0.completeIoU($1) }),
  ]
  var out: [String: Value] = [:]
  for (name, measure) in family {
    let diagonal = zip(a, b).map { measure($0, $1) }
    out[name] = .of(a.map { x in b.map { measure(x, $0) } })
    out["\(name)_diag"] = .of(diagonal)
    out["mean_diag_\(name)"] = .of(diagonal.reduce(0, +) / Double(max(diagonal.count, 1)))
  }
  return out
}

private func cuboids(_ c: GoldenCase) throws -> [String: Value] {
  func box(_ key: String) throws -> BoundingCuboid {
    let v = try c.numbers(key)
    return BoundingCuboid(lower: [v[0], v[1], v[2]], upper: [v[3], v[4], v[5]])
  }
  return ["iou": .of(try box("a_zyxzyx").iou(try box("b_zyxzyx")))]
}

private func coco(_ c: GoldenCase) throws -> [String: Value] {
  let g = try c.labels("ground_truth_columns")
  let d = try c.labels("detection_columns")
  func column(_ names: [String], _ name: String, _ row: [Double]) -> Double? {
    names.firstIndex(of: name).map { row[$0] }
  }
  func box(_ names: [String], _ row: [Double]) throws -> BoundingBox {
    BoundingBox(
      x: column(names, "x", row) ?? 0, y: column(names, "y", row) ?? 0,
      width: column(names, "w", row) ?? 0, height: column(names, "h", row) ?? 0)
  }
  let truths = try c.rows("ground_truth").map { row in
    GroundTruth(
      image: Int(column(g, "image", row) ?? 0), category: Int(column(g, "category", row) ?? 0),
      box: try box(g, row), area: column(g, "area", row),
      isCrowd: (column(g, "iscrowd", row) ?? 0) != 0)
  }
  let found = try c.rows("detections").map { row in
    Detection(
      image: Int(column(d, "image", row) ?? 0), category: Int(column(d, "category", row) ?? 0),
      box: try box(d, row), score: column(d, "score", row) ?? 0)
  }
  var options = COCOOptions()
  if case .string(let text) = c.parameter("iou_thresholds") {
    let parts = text.split(separator: ":").compactMap { Double($0) }
    if parts.count == 3 {
      let n = Int(((parts[2] - parts[0]) / parts[1]).rounded()) + 1
      options.iouThresholds = (0..<n).map { i in
        i == n - 1 ? parts[2] : parts[0] + Double(i) * ((parts[2] - parts[0]) / Double(n - 1))
      }
    }
  } else if let list = c.parameter("iou_thresholds") {
    options.iouThresholds = try GoldenCase.numbers(list)
  }
  if let n = c.parameter("recall_points")?.double { options.recallPoints = Int(n) }
  if let list = c.parameter("max_detections") {
    options.maxDetections = try GoldenCase.numbers(list).map { Int($0) }
  }
  if let ranges = c.parameter("area_ranges")?.fields {
    options.areaRanges = try ranges.sorted { $0.key < $1.key }.map { name, v in
      let ends = try GoldenCase.numbers(v)
      return COCOOptions.AreaRange(name, ends[0], ends[1])
    }
  }
  let e = try COCOEvaluation(
    groundTruth: truths, detections: found,
    images: c.input["images"] == nil ? nil : try c.integers("images"),
    categories: c.input["categories"] == nil ? nil : try c.integers("categories"),
    options: options)
  // The files write −1 where there is no ground truth.
  func minusOne(_ v: MetricValue) -> Value { .of(v.double ?? -1) }
  var out: [String: Value] = ["AP": minusOne(e.averagePrecision().value)]
  for t in options.iouThresholds {
    out["AP\(Int((t * 100).rounded()))"] = minusOne(e.averagePrecision(atIoU: t).value)
  }
  for n in options.maxDetections {
    out["AR\(n)"] = minusOne(e.averageRecall(maxDetections: n).value)
  }
  for range in options.areaRanges {
    out["AP_\(range.name)"] = minusOne(e.averagePrecision(area: range.name).value)
    out["AR_\(range.name)"] = minusOne(e.averageRecall(area: range.name).value)
  }
  out["per_category_AP"] = .object(
    Dictionary(uniqueKeysWithValues: e.perCategory.map { (String($0.0), minusOne($0.1)) }))
  return out
}

private func froc(_ c: GoldenCase) throws -> [String: Value] {
  let f = try FROC(
    falsePositives: c.numbers("fp_probs"), truePositives: c.numbers("tp_probs"),
    targets: Int(c.number("num_targets")), images: Int(c.number("num_images")))
  let rates = try c.parameter("fps_per_image").map { try GoldenCase.numbers($0) } ?? FROC.luna16
  return [
    "froc_score": .of(f.score(at: rates)), "curve_fps_per_image": .of(f.falsePositivesPerImage),
    "curve_sensitivity": .of(f.sensitivities),
    "sensitivities": .of(rates.map { f.sensitivity(atFalsePositivesPerImage: $0) }),
  ]
}

private func frocAssign(_ c: GoldenCase) throws -> [String: Value] {
  let map = try c.labelMap(c.value("label_mask"))
  let excluded =
    c.input["labels_to_exclude"] == nil ? [] : Set(try c.integers("labels_to_exclude"))
  let r = try FROC.assign(
    scores: c.numbers("probs"), coordinates: c.integerRows("coords"), labels: map.labels,
    shape: map.shape, excluded: excluded)
  return [
    "fp_probs": .of(r.falsePositives), "tp_probs": .of(r.truePositives),
    "num_targets": .of(r.targets),
  ]
}

private func pointing(_ c: GoldenCase) throws -> [String: Value] {
  guard let items = try c.value("items").list else { throw GoldenError("items") }
  let tolerance = c.parameter("tolerance_px")?.double ?? 15
  let hits = try items.map { item -> Bool in
    guard let fields = item.fields, let mask = fields["mask"], let point = fields["point_uv"]
    else { throw GoldenError("item") }
    let uv = try GoldenCase.numbers(point)
    return try PointingGame.isHit(
      c.mask(mask, spacing: nil), x: uv[0], y: uv[1], tolerance: tolerance)
  }
  return [
    "accuracy": .of(PointingGame.accuracy(hits: hits)), "hits": .array(hits.map { .bool($0) }),
  ]
}

private func interpolated(_ c: GoldenCase) throws -> [String: Value] {
  let (r, p) = (try c.numbers("recall"), try c.numbers("precision"))
  func ap(_ rule: InterpolatedPrecision) throws -> Value {
    .of(try rule.averagePrecision(recalls: r, precisions: p))
  }
  return [
    "ap_all_points_voc2010": try ap(.allPointsVOC2010),
    "ap_11_point_voc2007": try ap(.elevenPointsVOC2007),
    "ap_101_point_coco": try ap(.pointsCOCO101),
  ]
}

let goldenDetection: [String: GoldenCase.Computation] = [
  "box_iou_family": boxes, "box3d_iou": cuboids, "coco_map": coco, "froc": froc,
  "froc_assign": frocAssign, "pointing_game": pointing, "ap_from_pr": interpolated,
]

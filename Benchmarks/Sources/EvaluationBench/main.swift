import BenchProtocol
import Evaluation
import Foundation

// Inputs are written by peers/evaluation.py into the folder that each command names.

func bytes(_ path: String) throws -> [UInt8] {
  [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
}

func doubles(_ path: String) throws -> [Double] {
  let data = try Data(contentsOf: URL(fileURLWithPath: path))
  return stride(from: 0, to: data.count - 7, by: 8).map { i in
    var bits: UInt64 = 0
    for k in 0..<8 { bits |= UInt64(data[i + k]) << UInt64(8 * k) }
    return Double(bitPattern: bits)
  }
}

func lines(_ path: String) throws -> [String] {
  String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    .split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
}

/// Inputs stay loaded: a command that is run again reads nothing.
final class Inputs {
  var masks: [String: Mask] = [:]
  var numbers: [String: [Double]] = [:]
  var texts: [String: [String]] = [:]

  func mask(_ path: String, _ shape: String, _ spacing: String) throws -> Mask {
    if let known = masks[path] { return known }
    let made = try Mask(
      bytes(path), shape: shape.split(separator: "x").compactMap { Int($0) },
      spacing: spacing.split(separator: "x").compactMap { Double($0) })
    masks[path] = made
    return made
  }

  func doubles(_ path: String) throws -> [Double] {
    if let known = numbers[path] { return known }
    let made = try EvaluationBench.doubles(path)
    numbers[path] = made
    return made
  }

  func lines(_ path: String) throws -> [String] {
    if let known = texts[path] { return known }
    let made = try EvaluationBench.lines(path)
    texts[path] = made
    return made
  }
}

nonisolated(unsafe) let inputs = Inputs()

func timed(_ work: () throws -> Double) rethrows -> Double {
  let clock = ContinuousClock()
  let start = clock.now
  keep(try work())
  let d = clock.now - start
  return Double(d.components.seconds) + Double(d.components.attoseconds) * 1e-18
}

func surfaces(_ a: [String]) throws -> Double {
  let p = try inputs.mask(a[0], a[2], a[3])
  let r = try inputs.mask(a[1], a[2], a[3])
  return try timed {
    let overlap = try Overlap(prediction: p, reference: r)
    let d = try BoundaryDistances(prediction: p, reference: r)
    var scores = [overlap.dice, overlap.iou, d.hausdorff95, d.average()]
    for tolerance in [1.0, 2, 3] { scores.append(d.surfaceDice(tolerance: tolerance)) }
    return scores.reduce(0) { $0 + $1.value.orNaN }
  }
}

func surfels(_ a: [String]) throws -> Double {
  let p = try inputs.mask(a[0], a[2], a[3])
  let r = try inputs.mask(a[1], a[2], a[3])
  return try timed {
    let overlap = try Overlap(prediction: p, reference: r)
    let d = try SurfelDistances(prediction: p, reference: r)
    var scores = [overlap.dice, d.hausdorff(percentile: 95)]
    for tolerance in [1.0, 2, 3] { scores.append(d.surfaceDice(tolerance: tolerance)) }
    return scores.reduce(0) { $0 + $1.value.orNaN }
  }
}

func transform(_ a: [String]) throws -> Double {
  let m = try inputs.mask(a[0], a[1], a[2])
  return timed { Double(DistanceTransform.singlePrecisionDistances(to: m)[0]) }
}

func components(_ a: [String]) throws -> Double {
  let m = try inputs.mask(a[0], a[1], a[2])
  return timed { Double(Components(m, connectivity: .corners).count) }
}

func auc(_ a: [String]) throws -> Double {
  let scores = try inputs.doubles(a[0])
  let truth = try inputs.doubles(a[1]).map { $0 > 0 }
  return try timed { try BinaryScores(truth: truth, scores: scores).rocAUC.value.orNaN }
}

func bootstrapF1(_ a: [String]) throws -> Double {
  let truth = try inputs.doubles(a[0]).map { Int($0) }
  let predictions = try inputs.doubles(a[1]).map { Int($0) }
  return try timed {
    let m = try ConfusionMatrix(
      truth: truth, predictions: predictions, classes: Array(0..<6))
    return m.bootstrap(.macroF1, Bootstrap(resamples: 10_000)).interval?.bounds.lower ?? 0
  }
}

func coco(_ a: [String]) throws -> Double {
  let g = try inputs.doubles(a[0])
  let d = try inputs.doubles(a[1])
  var truths: [GroundTruth] = []
  for i in stride(from: 0, to: g.count, by: 8) {
    let box = BoundingBox(x: g[i + 2], y: g[i + 3], width: g[i + 4], height: g[i + 5])
    truths.append(
      GroundTruth(
        image: Int(g[i]), category: Int(g[i + 1]), box: box, area: g[i + 6],
        isCrowd: g[i + 7] != 0))
  }
  var found: [Detection] = []
  for i in stride(from: 0, to: d.count, by: 7) {
    let box = BoundingBox(x: d[i + 2], y: d[i + 3], width: d[i + 4], height: d[i + 5])
    found.append(
      Detection(image: Int(d[i]), category: Int(d[i + 1]), box: box, score: d[i + 6]))
  }
  return try timed {
    try COCOEvaluation(groundTruth: truths, detections: found).averagePrecision().value.orNaN
  }
}

func text(_ a: [String]) throws -> Double {
  let h = try inputs.lines(a[1])
  let r = try inputs.lines(a[2])
  let references = r.map { [$0] }
  switch a[0] {
  case "bleu":
    return try timed { try BLEU().corpus(h, references: references).score.value.orNaN }
  case "chrf": return try timed { try ChrF().corpus(h, references: references).value.orNaN }
  case "rouge":
    return try timed { try ROUGE().corpus(h, targets: r).reduce(0) { $0 + $1.value.orNaN } }
  default:
    let ht = h.map { $0.split(separator: " ").map(String.init) }
    let rt = r.map { [$0.split(separator: " ").map(String.init)] }
    return try timed { try CaptionMetrics.ciderD(ht, references: rt).score.value.orNaN }
  }
}

func tsne(_ a: [String]) throws -> Double {
  let flat = try inputs.doubles(a[0])
  let width = Int(a[1]) ?? 50
  let data = stride(from: 0, to: flat.count, by: width).map { Array(flat[$0..<($0 + width)]) }
  // With a third word, the divergence instead of the time: the two must end alike.
  if a.count > 2 { return try TSNE(iterations: 1000, method: .exact)(data).divergence }
  return try timed { try TSNE(iterations: 1000, method: .exact)(data).divergence }
}

serve([
  "surfaces": surfaces, "surfels": surfels, "edt": transform, "components": components,
  "auc": auc, "bootstrap-f1": bootstrapF1, "coco": coco, "text": text, "tsne": tsne,
])

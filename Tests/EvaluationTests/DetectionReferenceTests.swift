// COCO's numbers against a plain evaluator that follows the published procedure step by step.
import Evaluation
import Testing

struct DetectionReferenceTests {
  /// AP and final recall of one category, threshold and area range; `nil` without boxes that count.
  private func plain(
    _ truths: [GroundTruth], _ found: [Detection], category: Int, threshold: Double,
    area: ClosedRange<Double>, isAll: Bool, limit: Int
  ) -> (precision: Double, recall: Double)? {
    var outcomes: [(score: Double, hit: Bool, ignored: Bool)] = []
    var positives = 0
    for image in Set(truths.map(\.image) + found.map(\.image)).sorted() {
      func mine<T>(_ all: [T], _ place: (T) -> (Int, Int)) -> [T] {
        all.filter { place($0) == (image, category) }
      }
      let all = mine(truths) { ($0.image, $0.category) }
      let counted = all.filter { !$0.isCrowd && area.contains($0.area) }
      let rest = all.filter { $0.isCrowd || !area.contains($0.area) }
      positives += counted.count
      let boxes = counted + rest
      let detections = mine(found) { ($0.image, $0.category) }.enumerated()
        .sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }
        .map(\.element).prefix(limit)
      var taken = [Bool](repeating: false, count: boxes.count)
      for d in detections {
        var best = min(threshold, 1 - 1e-10)
        var choice: Int?
        for (j, g) in boxes.enumerated() where !taken[j] || g.isCrowd {
          if let choice, choice < counted.count, j >= counted.count { break }
          let w = max(0, min(d.box.maxX, g.box.maxX) - max(d.box.minX, g.box.minX))
          let h = max(0, min(d.box.maxY, g.box.maxY) - max(d.box.minY, g.box.minY))
          let union = g.isCrowd ? d.box.area : d.box.area + g.box.area - w * h
          let iou = union > 0 ? w * h / union : 0
          if iou >= best { (best, choice) = (iou, j) }
        }
        if let choice { taken[choice] = true }
        let ignored =
          choice.map { $0 >= counted.count } ?? (!isAll && !area.contains(d.box.area))
        outcomes.append((d.score, choice != nil, ignored))
      }
    }
    guard positives > 0 else { return nil }
    let ordered = outcomes.enumerated()
      .sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }
      .map(\.element).filter { !$0.ignored }
    var hits = 0.0
    var curve: [(recall: Double, precision: Double)] = []
    for (i, o) in ordered.enumerated() {
      hits += o.hit ? 1 : 0
      curve.append((hits / Double(positives), hits / Double(i + 1)))
    }
    var sum = 0.0
    for r in 0...100 {
      let target = r == 100 ? 1 : Double(r) * 0.01
      guard let first = curve.firstIndex(where: { $0.recall >= target }) else { break }
      sum += curve[first...].map(\.precision).max() ?? 0
    }
    return (sum / 101, curve.last?.recall ?? 0)
  }

  @Test func `AP and AR are those of the plain evaluator`() throws {
    var generator = SeededGenerator(seed: 41)
    let areas: [(String, ClosedRange<Double>)] = [
      ("all", 0...1e10), ("small", 0...150), ("large", 150...1e10),
    ]
    for round in 0..<6 {
      var truths: [GroundTruth] = []
      var found: [Detection] = []
      // Far apart, close together, negative: any identifier may occur.
      let categories = round < 3 ? [1, 2] : [-7, 3, .max]
      for _ in 0..<40 {
        let image = round % 2 == 0 ? Int.random(in: 0..<6, using: &generator) : 9_000_000_000
        let category = categories[Int.random(in: 0..<categories.count, using: &generator)]
        func box() -> BoundingBox {
          BoundingBox(
            x: Double(Int.random(in: 0..<30, using: &generator)),
            y: Double(Int.random(in: 0..<30, using: &generator)),
            width: Double(Int.random(in: 0..<25, using: &generator)),
            height: Double(Int.random(in: 4..<25, using: &generator)))
        }
        let truth = box()
        if Bool.random(using: &generator) {
          truths.append(
            GroundTruth(
              image: image, category: category, box: truth,
              isCrowd: Int.random(in: 0..<6, using: &generator) == 0))
        }
        for other in [truth, box(), box()] {
          // Few different scores, so that many are tied.
          found.append(
            Detection(
              image: image, category: category, box: other,
              score: Double(Int.random(in: -2..<4, using: &generator)) / 4))
        }
      }
      let options = COCOOptions(
        iouThresholds: [0.1, 0.5, 0.8], maxDetections: [1, 3, 20],
        areaRanges: areas.dropFirst().map {
          COCOOptions.AreaRange($0.0, $0.1.lowerBound, $0.1.upperBound)
        })
      let got = try COCOEvaluation(groundTruth: truths, detections: found, options: options)
      for (name, range) in areas {
        for limit in [1, 3, 20] {
          var recalls: [Double] = []
          for threshold in options.iouThresholds {
            let want = Set(truths.map(\.category)).sorted().compactMap {
              plain(
                truths, found, category: $0, threshold: threshold, area: range,
                isAll: name == "all", limit: limit)
            }
            recalls += want.map(\.recall)
            let value = got.averagePrecision(atIoU: threshold, area: name).double
            let mean = want.map(\.precision).reduce(0, +) / Double(want.count)
            if limit == 20 {
              #expect(want.isEmpty ? value == nil : abs((value ?? -1) - mean) < 1e-12)
            }
          }
          let value = got.averageRecall(maxDetections: limit, area: name).double
          let mean = recalls.reduce(0, +) / Double(recalls.count)
          // With a lower limit, recall counts the first matches of the full matching.
          #expect(recalls.isEmpty ? value == nil : abs((value ?? -1) - mean) < 1e-12)
        }
      }
    }
  }

  @Test func `a million categories, no boxes and no detections are ordinary input`() throws {
    let box = BoundingBox(x: 0, y: 0, width: 4, height: 4)
    let truth = GroundTruth(image: 3, category: 999_999, box: box)
    let hit = Detection(image: 3, category: 999_999, box: box, score: .infinity)
    let wide = try COCOEvaluation(
      groundTruth: [truth], detections: [hit], images: Array(0..<100),
      categories: Array(0..<1_000_000),
      options: COCOOptions(iouThresholds: [0.5], maxDetections: [1], areaRanges: []))
    #expect(abs(wide.averagePrecision().value.orNaN - 1) < 1e-12)
    #expect(try COCOEvaluation(groundTruth: [], detections: [hit]).averagePrecision().double == nil)
    #expect(try COCOEvaluation(groundTruth: [truth], detections: []).averagePrecision().double == 0)
    #expect(try COCOEvaluation(groundTruth: [], detections: []).averageRecall().double == nil)
  }
}

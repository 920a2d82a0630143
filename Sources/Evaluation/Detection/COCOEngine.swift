// Matching and accumulation behind COCO's numbers.

/// Matches of all images and categories, kept as bits: one bit a threshold and detection.
struct COCOEngine {
  private let options: COCOOptions
  /// `[category]`, detections sorted by score, stable in image order.
  private var fates: [FateList]
  /// `[category][area]`, reference boxes that count.
  private var positives: [[Int]]

  /// Columns of all detections of one category.
  private struct FateList {
    var scores: [Double] = []
    var ranks: [Int32] = []
    /// `[area][detection]`.
    var matched: [[UInt32]]
    var ignored: [[UInt32]]
    var order: [Int32] = []
  }

  init(
    groundTruth: [GroundTruth], detections: [Detection], images: [Int], categories: [Int],
    options: COCOOptions
  ) {
    self.options = options
    let areaCount = options.areaRanges.count + 1
    fates = Array(
      repeating: FateList(
        matched: Array(repeating: [], count: areaCount),
        ignored: Array(repeating: [], count: areaCount)), count: categories.count)
    positives = Array(
      repeating: Array(repeating: 0, count: areaCount), count: categories.count)
    let imageIndex = Dictionary(images.enumerated().map { ($1, $0) }) { first, _ in first }
    let categoryIndex = Dictionary(categories.enumerated().map { ($1, $0) }) { first, _ in first }
    let cells = images.count * categories.count
    let (truths, truthStarts) = Self.bucket(groundTruth.count, cells) { i in
      guard let a = imageIndex[groundTruth[i].image], let b = categoryIndex[groundTruth[i].category]
      else { return nil }
      return b * images.count + a
    }
    let (found, foundStarts) = Self.bucket(detections.count, cells) { i in
      guard let a = imageIndex[detections[i].image], let b = categoryIndex[detections[i].category]
      else { return nil }
      return b * images.count + a
    }
    let limit = options.maxDetections.max() ?? 0
    var scratch = Scratch()
    for k in categories.indices {
      for i in images.indices {
        let cell = k * images.count + i
        let g = truths[Int(truthStarts[cell])..<Int(truthStarts[cell + 1])]
        let d = found[Int(foundStarts[cell])..<Int(foundStarts[cell + 1])]
        if g.isEmpty && d.isEmpty { continue }
        var ordered = Array(d)
        if ordered.count > 1 {
          ordered.sort {
            let (a, b) = (detections[Int($0)].score, detections[Int($1)].score)
            return a > b || (a == b && $0 < $1)
          }
        }
        if ordered.count > limit { ordered.removeLast(ordered.count - limit) }
        match(
          category: k, g.map { groundTruth[Int($0)] }, ordered.map { detections[Int($0)] },
          &scratch)
      }
      fates[k].order = RadixOrder.ascending(fates[k].scores.map { -$0 })
    }
  }

  /// Indices grouped by cell in input order.
  private static func bucket(
    _ count: Int, _ cells: Int, _ cell: (Int) -> Int?
  ) -> ([Int32], [Int32]) {
    var starts = [Int32](repeating: 0, count: cells + 1)
    let places = (0..<count).map { cell($0) ?? -1 }
    for p in places where p >= 0 { starts[p + 1] += 1 }
    for c in 0..<cells { starts[c + 1] += starts[c] }
    var next = starts
    var out = [Int32](repeating: 0, count: Int(starts[cells]))
    for (i, p) in places.enumerated() where p >= 0 {
      out[Int(next[p])] = Int32(truncatingIfNeeded: i)
      next[p] += 1
    }
    return (out, starts)
  }

  private struct Scratch {
    var ious: [Double] = []
    var taken: [Bool] = []
    var order: [Int] = []
  }

  /// Greedy matching of one image and category, for every area range and threshold.
  private mutating func match(
    category: Int, _ truths: [GroundTruth], _ found: [Detection], _ scratch: inout Scratch
  ) {
    let (n, m) = (found.count, truths.count)
    scratch.ious.removeAll(keepingCapacity: true)
    for d in found {
      for g in truths {
        let both = d.box.intersection(g.box)
        let union = g.isCrowd ? d.box.area : d.box.area + g.box.area - both
        scratch.ious.append(union > 0 ? both / union : 0)
      }
    }
    let areaCount = options.areaRanges.count + 1
    for a in 0..<areaCount {
      let low = a == 0 ? 0 : options.areaRanges[a - 1].lower
      let high = a == 0 ? 1e10 : options.areaRanges[a - 1].upper
      func outside(_ area: Double) -> Bool { area < low || area > high }
      // Boxes that count come first, in input order.
      let ignore = truths.map { $0.isCrowd || outside($0.area) }
      scratch.order.removeAll(keepingCapacity: true)
      for j in 0..<m where !ignore[j] { scratch.order.append(j) }
      positives[category][a] += scratch.order.count
      for j in 0..<m where ignore[j] { scratch.order.append(j) }
      var matched = [UInt32](repeating: 0, count: n)
      var ignored = [UInt32](repeating: 0, count: n)
      for (t, threshold) in options.iouThresholds.enumerated() where m > 0 {
        scratch.taken.removeAll(keepingCapacity: true)
        for _ in 0..<m { scratch.taken.append(false) }
        for i in 0..<n {
          var best = min(threshold, 1 - 1e-10)
          var choice = -1
          for j in scratch.order {
            if scratch.taken[j], !truths[j].isCrowd { continue }
            // A match that counts is not given up for one that does not.
            if choice >= 0, !ignore[choice], ignore[j] { break }
            let iou = scratch.ious[i * m + j]
            if iou < best { continue }
            best = iou
            choice = j
          }
          if choice >= 0 {
            scratch.taken[choice] = true
            matched[i] |= 1 << UInt32(t)
            if ignore[choice] { ignored[i] |= 1 << UInt32(t) }
          }
        }
      }
      if a > 0 {
        // Unmatched detections of another size neither help nor hurt.
        for i in 0..<n where outside(found[i].box.area) { ignored[i] |= ~matched[i] }
      }
      fates[category].matched[a].append(contentsOf: matched)
      fates[category].ignored[a].append(contentsOf: ignored)
    }
    for (i, d) in found.enumerated() {
      fates[category].scores.append(d.score)
      fates[category].ranks.append(Int32(i))
    }
  }

  /// Interpolated precision by threshold and the final recall by threshold.
  func accumulate(
    category k: Int, area a: Int, limit: Int
  ) -> (precision: [MetricValue], recall: [MetricValue]) {
    let count = options.iouThresholds.count
    let total = positives[k][a]
    guard total > 0 else {
      let none = [MetricValue](repeating: .undefined(.noGroundTruth), count: count)
      return (none, none)
    }
    let list = fates[k]
    var precisions: [MetricValue] = []
    var recalls: [MetricValue] = []
    let points = options.recallPoints
    var hits: [Int32] = []
    var seen: [Int32] = []
    for t in 0..<count {
      let bit = UInt32(1) << UInt32(t)
      hits.removeAll(keepingCapacity: true)
      seen.removeAll(keepingCapacity: true)
      var tp: Int32 = 0
      var all: Int32 = 0
      for index in list.order {
        let i = Int(index)
        if list.ignored[a][i] & bit != 0 { continue }
        all += 1
        if list.matched[a][i] & bit != 0 { tp += 1 }
        hits.append(tp)
        seen.append(all)
      }
      recalls.append(.value(Double(tp) / Double(total)))
      // The precision envelope from the right, sampled where recall first reaches each point.
      var envelope = [Double](repeating: 0, count: hits.count)
      var best = 0.0
      for i in hits.indices.reversed() {
        best = max(best, Double(hits[i]) / (Double(seen[i]) + 2.220446049250313e-16))
        envelope[i] = best
      }
      var sum = 0.0
      var i = 0
      for r in 0..<points {
        // The products of a step, as the reference implementation spaces recalls.
        let target = r == points - 1 ? 1 : Double(r) * (1 / Double(points - 1))
        while i < hits.count, Double(hits[i]) / Double(total) < target { i += 1 }
        if i >= hits.count { break }
        sum += envelope[i]
      }
      precisions.append(.value(sum / Double(points)))
    }
    return (precisions, recalls)
  }

  /// The final recall by threshold with fewer detections an image.
  func recall(category k: Int, area a: Int, limit: Int) -> [MetricValue] {
    let total = positives[k][a]
    guard total > 0 else {
      return Array(
        repeating: .undefined(.noGroundTruth), count: options.iouThresholds.count)
    }
    var hits = [Int](repeating: 0, count: options.iouThresholds.count)
    let list = fates[k]
    for i in list.ranks.indices where Int(list.ranks[i]) < limit {
      var bits = list.matched[a][i] & ~list.ignored[a][i]
      while bits != 0 {
        let t = bits.trailingZeroBitCount
        if t < hits.count { hits[t] += 1 }
        bits &= bits - 1
      }
    }
    return hits.map { .value(Double($0) / Double(total)) }
  }
}

// Matching and accumulation behind COCO's numbers, in flat arrays sorted by image and category.

/// Matches of all images and categories, kept as bits: one bit a threshold and detection.
struct COCOEngine {
  private let options: COCOOptions
  /// "all" and the named ranges.
  private let areas: [(lower: Double, upper: Double)]
  /// Reference boxes that count, `[category][area]`.
  private var positives: [Int]
  /// Which detections of a category come in which order: by score, stable in image order.
  private var order: [Int32] = []
  /// Where each category begins in `order`, and the end.
  private var starts: [Int]
  /// The place of a detection among those of its image and category.
  private var ranks: [Int32] = []
  /// `[detection][area]`.
  private var matched: [UInt32] = []
  private var ignored: [UInt32] = []

  /// - Complexity: O(d log d + pairs of boxes of an image and category), whatever the number of
  ///   images and categories.
  init(
    groundTruth: [GroundTruth], detections: [Detection], images: IDIndex, categories: IDIndex,
    options: COCOOptions
  ) {
    self.options = options
    areas = [(0, 1e10)] + options.areaRanges.map { ($0.lower, $0.upper) }
    positives = [Int](repeating: 0, count: categories.ids.count * areas.count)
    starts = [Int](repeating: 0, count: categories.ids.count + 1)
    let cells = UInt64(images.ids.count) * UInt64(categories.ids.count)
    // Reference boxes by category and image, in input order within.
    var truths: [Int32] = []
    var truthCells: [UInt64] = []
    for (i, g) in groundTruth.enumerated() {
      let (a, b) = (images.number(g.image), categories.number(g.category))
      guard a >= 0, b >= 0 else { continue }
      truths.append(Int32(truncatingIfNeeded: i))
      truthCells.append(UInt64(b) * UInt64(images.ids.count) + UInt64(a))
      for (r, range) in areas.enumerated()
      where !(g.isCrowd || g.area < range.lower || g.area > range.upper) {
        positives[b * areas.count + r] += 1
      }
    }
    RadixOrder.sort(&truthCells, carrying: &truths, below: cells)
    // Detections by score first; equal scores have equal standings.
    let byScore = RadixOrder.ascending(detections.map { -$0.score })
    var standings = [UInt32](repeating: 0, count: detections.count)
    for i in byScore.indices.dropFirst() {
      let (a, b) = (Int(byScore[i - 1]), Int(byScore[i]))
      standings[b] = standings[a] + (detections[a].score == detections[b].score ? 0 : 1)
    }
    var found: [Int32] = []
    var foundCells: [UInt64] = []
    for i in byScore {
      let d = detections[Int(i)]
      let (a, b) = (images.number(d.image), categories.number(d.category))
      guard a >= 0, b >= 0 else { continue }
      found.append(i)
      foundCells.append(UInt64(b) * UInt64(images.ids.count) + UInt64(a))
    }
    RadixOrder.sort(&foundCells, carrying: &found, below: cells)
    let limit = max(0, options.maxDetections.max() ?? 0)
    var scratch = Scratch()
    var keys: [UInt64] = []
    let bits = UInt64(64 - detections.count.leadingZeroBitCount)
    var (start, truth) = (0, 0)
    while start < found.count {
      let cell = foundCells[start]
      var end = start + 1
      while end < found.count, foundCells[end] == cell { end += 1 }
      while truth < truths.count, truthCells[truth] < cell { truth += 1 }
      var truthEnd = truth
      while truthEnd < truths.count, truthCells[truthEnd] == cell { truthEnd += 1 }
      let category = cell / UInt64(images.ids.count)
      let kept = found[start..<min(end, start + limit)]
      scratch.fill(detections, kept, groundTruth, truths[truth..<truthEnd])
      match(&scratch)
      for (rank, i) in kept.enumerated() {
        ranks.append(Int32(truncatingIfNeeded: rank))
        keys.append(category << bits | UInt64(standings[Int(i)]))
      }
      starts[Int(category) + 1] += kept.count
      (start, truth) = (end, truthEnd)
    }
    for k in categories.ids.indices { starts[k + 1] += starts[k] }
    order = (0..<Int32(keys.count)).map { $0 }
    RadixOrder.sort(
      &keys, carrying: &order, below: UInt64(categories.ids.count) << bits | (1 << bits - 1))
  }

  /// One image and category, kept between calls for its storage.
  private struct Scratch {
    var boxes: [BoundingBox] = []
    var truths: [GroundTruth] = []
    /// `[detection][truth]`, and the largest of each detection.
    var ious: [Double] = []
    var largest: [Double] = []
    var ignore: [Bool] = []
    var order: [Int] = []
    /// The pass in which a reference box was last taken.
    var taken: [Int] = []
    var pass = 0
    /// Which boxes each area range ignores, to reuse the matches of an equal range.
    var patterns: [[Bool]] = []
    /// `[area][detection]`.
    var matched: [UInt32] = []
    var ignored: [UInt32] = []

    mutating func fill(
      _ detections: [Detection], _ found: ArraySlice<Int32>, _ groundTruth: [GroundTruth],
      _ reference: ArraySlice<Int32>
    ) {
      boxes.removeAll(keepingCapacity: true)
      truths.removeAll(keepingCapacity: true)
      for i in found { boxes.append(detections[Int(i)].box) }
      for i in reference { truths.append(groundTruth[Int(i)]) }
      ious.removeAll(keepingCapacity: true)
      largest.removeAll(keepingCapacity: true)
      taken.removeAll(keepingCapacity: true)
      patterns.removeAll(keepingCapacity: true)
      for _ in truths { taken.append(-1) }
      pass = 0
      if truths.isEmpty { return }
      for d in boxes {
        var most = 0.0
        for g in truths {
          let both = d.intersection(g.box)
          let union = g.isCrowd ? d.area : d.area + g.box.area - both
          let iou = union > 0 ? both / union : 0
          ious.append(iou)
          most = max(most, iou)
        }
        largest.append(most)
      }
    }
  }

  /// Greedy matching of one image and category, for every area range and threshold.
  private mutating func match(_ s: inout Scratch) {
    let (n, m) = (s.boxes.count, s.truths.count)
    let first = matched.count
    for _ in 0..<(n * areas.count) {
      matched.append(0)
      ignored.append(0)
    }
    s.matched.removeAll(keepingCapacity: true)
    s.ignored.removeAll(keepingCapacity: true)
    for (a, range) in areas.enumerated() {
      if m > 0 {
        let from = s.matched.count
        matchRange(range, &s)
        for i in 0..<n {
          matched[first + i * areas.count + a] = s.matched[from + i]
          ignored[first + i * areas.count + a] = s.ignored[from + i]
        }
      }
      if a == 0 { continue }
      // Unmatched detections of another size neither help nor hurt.
      for i in 0..<n {
        let area = s.boxes[i].area
        if area < range.lower || area > range.upper {
          let at = first + i * areas.count + a
          ignored[at] |= ~matched[at]
        }
      }
    }
  }

  /// Appends the matches of one area range.
  private func matchRange(_ range: (lower: Double, upper: Double), _ s: inout Scratch) {
    let (n, m) = (s.boxes.count, s.truths.count)
    s.ignore.removeAll(keepingCapacity: true)
    for g in s.truths {
      s.ignore.append(g.isCrowd || g.area < range.lower || g.area > range.upper)
    }
    if let same = s.patterns.firstIndex(of: s.ignore) {
      s.patterns.append(s.ignore)
      for i in 0..<n {
        s.matched.append(s.matched[same * n + i])
        s.ignored.append(s.ignored[same * n + i])
      }
      return
    }
    s.patterns.append(s.ignore)
    // Boxes that count come first, in input order.
    s.order.removeAll(keepingCapacity: true)
    for j in 0..<m where !s.ignore[j] { s.order.append(j) }
    for j in 0..<m where s.ignore[j] { s.order.append(j) }
    let base = s.matched.count
    for _ in 0..<n {
      s.matched.append(0)
      s.ignored.append(0)
    }
    for (t, threshold) in options.iouThresholds.enumerated() {
      s.pass += 1
      let least = min(threshold, 1 - 1e-10)
      for i in 0..<n where s.largest[i] >= least {
        var best = least
        var choice = -1
        for j in s.order {
          if s.taken[j] == s.pass, !s.truths[j].isCrowd { continue }
          // A match that counts is not given up for one that does not.
          if choice >= 0, !s.ignore[choice], s.ignore[j] { break }
          let iou = s.ious[i * m + j]
          if iou < best { continue }
          best = iou
          choice = j
        }
        if choice >= 0 {
          s.taken[choice] = s.pass
          s.matched[base + i] |= 1 << UInt32(t)
          if s.ignore[choice] { s.ignored[base + i] |= 1 << UInt32(t) }
        }
      }
    }
  }

  /// Interpolated precision by threshold and the final recall by threshold; empty for a category
  /// without reference boxes in the range.
  func accumulate(category k: Int, area a: Int) -> (precision: [Double], recall: [Double]) {
    let count = options.iouThresholds.count
    let total = positives[k * areas.count + a]
    guard total > 0 else { return ([], []) }
    let every: UInt32 = count == 32 ? .max : 1 << UInt32(count) - 1
    // For each threshold, how many detections had been seen at each right one. Precision only
    // falls between right ones, so the envelope needs no other place.
    var seen = [[Int32]](repeating: [], count: count)
    var skipped = [Int32](repeating: 0, count: count)
    var all: Int32 = 0
    for i in starts[k]..<starts[k + 1] {
      let at = Int(order[i]) * areas.count + a
      let out = ignored[at] & every
      if out == every { continue }
      all += 1
      var bits = out
      while bits != 0 {
        skipped[bits.trailingZeroBitCount] += 1
        bits &= bits - 1
      }
      bits = matched[at] & ~out & every
      while bits != 0 {
        let t = bits.trailingZeroBitCount
        seen[t].append(all - skipped[t])
        bits &= bits - 1
      }
    }
    let points = options.recallPoints
    var envelope: [Double] = []
    let precisions = seen.map { places -> Double in
      envelope.removeAll(keepingCapacity: true)
      envelope.append(contentsOf: repeatElement(0, count: places.count))
      var best = 0.0
      for i in places.indices.reversed() {
        best = max(best, Double(i + 1) / (Double(places[i]) + 2.220446049250313e-16))
        envelope[i] = best
      }
      var sum = 0.0
      var i = 0
      for r in 0..<points {
        // The products of a step, as the reference implementation spaces recalls.
        let target = r == points - 1 ? 1 : Double(r) * (1 / Double(points - 1))
        while i < places.count, Double(i + 1) / Double(total) < target { i += 1 }
        if i >= places.count { break }
        sum += envelope[i]
      }
      return sum / Double(points)
    }
    return (precisions, seen.map { Double($0.count) / Double(total) })
  }

  /// The final recall by threshold with fewer detections an image; empty without reference boxes.
  func recall(category k: Int, area a: Int, limit: Int) -> [Double] {
    let total = positives[k * areas.count + a]
    guard total > 0 else { return [] }
    let count = options.iouThresholds.count
    let every: UInt32 = count == 32 ? .max : 1 << UInt32(count) - 1
    var hits = [Int](repeating: 0, count: count)
    // Within a category, order and place cover the same detections.
    for i in starts[k]..<starts[k + 1] where Int(ranks[i]) < limit {
      let at = i * areas.count + a
      var bits = matched[at] & ~ignored[at] & every
      while bits != 0 {
        hits[bits.trailingZeroBitCount] += 1
        bits &= bits - 1
      }
    }
    return hits.map { Double($0) / Double(total) }
  }
}

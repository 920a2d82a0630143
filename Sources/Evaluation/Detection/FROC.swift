// FROC, the pointing game, and AP of one precision–recall list.
// Source: Bunch 1978; MONAI's curve; van Ginneken 2010; Zhang et al. 2018 (pointing game).

/// Sensitivity over false positives an image.
public struct FROC: Hashable, Sendable, Codable {
  /// One point a threshold, ascending thresholds, then (0, 0).
  public let falsePositivesPerImage: [Double]
  public let sensitivities: [Double]
  public let images: Int
  public let targets: Int

  /// - `falsePositives`: The score of each detection that hits nothing.
  /// - `truePositives`: The score of the detection of each lesion; 0 for a missed one.
  /// - Throws: ``EvaluationError`` for no images, no targets or a NaN score.
  public init(
    falsePositives: [Double], truePositives: [Double], targets: Int, images: Int
  ) throws(EvaluationError) {
    guard images > 0, targets > 0 else {
      throw EvaluationError(.size, "\(targets) targets in \(images) images, at least 1 of each")
    }
    for (i, s) in (falsePositives + truePositives).enumerated() where s.isNaN {
      throw EvaluationError(.notFinite, "score \(i) is NaN")
    }
    let thresholds = Array(Set(falsePositives + truePositives)).sorted().dropFirst()
    let fp = falsePositives.sorted()
    let tp = truePositives.sorted()
    func reaching(_ sorted: [Double], _ t: Double) -> Int {
      var (low, high) = (0, sorted.count)
      while low < high {
        let middle = (low + high) / 2
        if sorted[middle] < t { low = middle + 1 } else { high = middle }
      }
      return sorted.count - low
    }
    falsePositivesPerImage =
      thresholds.map { Double(reaching(fp, $0)) / Double(images) } + [0]
    sensitivities = thresholds.map { Double(reaching(tp, $0)) / Double(targets) } + [0]
    self.images = images
    self.targets = targets
  }

  /// LUNA16's operating points.
  public static let luna16 = [0.125, 0.25, 0.5, 1, 2, 4, 8]

  /// Sensitivity at a rate of false positives, linearly interpolated, flat beyond the ends.
  public func sensitivity(atFalsePositivesPerImage rate: Double) -> Double {
    // Ascending rates; of equal rates the last in curve order counts, as numpy interpolates.
    let x = Array(falsePositivesPerImage.reversed())
    let y = Array(sensitivities.reversed())
    guard let last = x.last else { return 0 }
    if rate >= last { return y[y.count - 1] }
    if rate < x[0] { return y[0] }
    var (low, high) = (0, x.count)
    while low < high {
      let middle = (low + high) / 2
      if x[middle] <= rate { low = middle + 1 } else { high = middle }
    }
    let i = low - 1
    if i + 1 >= x.count { return y[i] }
    return y[i] + (y[i + 1] - y[i]) * (rate - x[i]) / (x[i + 1] - x[i])
  }

  /// The mean sensitivity at the operating points.
  public func score(at rates: [Double] = FROC.luna16) -> Score {
    Score(
      "FROC",
      rates.map { sensitivity(atFalsePositivesPerImage: $0) }.mean().map { .value($0) }
        ?? .undefined(.noCases), count: targets,
      signature: "FROC|rates:\(rates)|images:\(images)|v:\(Definitions.version)")
  }

  /// Sorts detections by what they hit: points on a label map.
  ///
  /// - `coordinates`: One voxel a detection, in the axis order of `shape`; outside is a miss.
  /// - `excluded`: Labels that are neither targets nor errors.
  /// - Returns: The scores of detections on background, the best score of each label (0 where
  ///   missed) in ascending order of label, and the number of labels.
  /// - Throws: ``EvaluationError`` for unequal counts or shapes.
  public static func assign(
    scores: [Double], coordinates: [[Int]], labels: [Int], shape: [Int], excluded: Set<Int> = []
  ) throws(EvaluationError) -> (falsePositives: [Double], truePositives: [Double], targets: Int) {
    try requireEqualCounts(scores.count, coordinates.count, "scores and coordinates")
    let size = try Mask.voxelCount(shape)
    try requireEqualCounts(labels.count, size, "labels and voxels of the shape")
    let targets = Set(labels).subtracting(excluded).subtracting([0]).sorted()
    var best = Dictionary(uniqueKeysWithValues: targets.map { ($0, 0.0) })
    var falsePositives: [Double] = []
    for (score, point) in zip(scores, coordinates) {
      try requireEqualCounts(point.count, shape.count, "axes of a point and of the shape")
      var index = 0
      var inside = true
      for (axis, x) in point.enumerated() {
        if x < 0 || x >= shape[axis] { inside = false }
        index = index &* shape[axis] &+ x
      }
      let label = inside ? labels[index] : 0
      if let known = best[label] {
        best[label] = max(known, score)
      } else if !excluded.contains(label) || label == 0 {
        falsePositives.append(score)
      }
    }
    return (falsePositives, targets.map { best[$0] ?? 0 }, targets.count)
  }
}

/// The pointing game: does a point lie on, or near, the mask?
public enum PointingGame {
  /// A hit is a mask pixel at squared distance strictly below `tolerance`² (in pixels).
  ///
  /// - `x`: Column.
  /// - `y`: Row.
  /// - Throws: ``EvaluationError`` for a mask that is not two-dimensional.
  public static func isHit(
    _ mask: Mask, x: Double, y: Double, tolerance: Double
  ) throws(EvaluationError) -> Bool {
    guard mask.shape.count == 2 else {
      throw EvaluationError(.shape, "\(mask.shape.count) axes, expected 2")
    }
    let (rows, columns) = (mask.shape[0], mask.shape[1])
    guard x.isFinite, y.isFinite, tolerance > 0, rows > 0, columns > 0 else { return false }
    let reach = min(tolerance, Double(rows + columns) + abs(x) + abs(y))
    let top = max(0, (y - reach).rounded(.down))
    let bottom = min(Double(rows - 1), (y + reach).rounded(.up))
    let left = max(0, (x - reach).rounded(.down))
    let right = min(Double(columns - 1), (x + reach).rounded(.up))
    guard top <= bottom, left <= right else { return false }
    for row in Int(top)...Int(bottom) {
      for column in Int(left)...Int(right) where mask.voxels[row * columns + column] != 0 {
        let (dx, dy) = (Double(column) - x, Double(row) - y)
        if dx * dx + dy * dy < tolerance * tolerance { return true }
      }
    }
    return false
  }

  /// The share of hits with its Wilson interval.
  public static func accuracy(hits: [Bool]) -> Score {
    Proportion(hits.count { $0 }, of: hits.count).score("pointing game")
  }
}

/// AP of one precision–recall list, by the named rules.
public enum InterpolatedPrecision: String, Hashable, Sendable, Codable, CaseIterable {
  /// The area under the envelope at every recall (Pascal VOC 2010).
  case allPointsVOC2010
  /// The mean of the envelope at 0, 0.1 … 1 (Pascal VOC 2007).
  case elevenPointsVOC2007
  /// The mean of the envelope at 0, 0.01 … 1 (COCO).
  case pointsCOCO101

  /// - Parameters: Recalls in ascending order with their precisions.
  /// - Throws: ``EvaluationError`` for unequal counts or recalls that fall.
  public func averagePrecision(
    recalls: [Double], precisions: [Double]
  ) throws(EvaluationError) -> Double {
    try requireEqualCounts(recalls.count, precisions.count, "recalls and precisions")
    try requireFinite(recalls + precisions, "recalls and precisions")
    for i in recalls.indices.dropFirst() where recalls[i] < recalls[i - 1] {
      throw EvaluationError(.range, "recalls[\(i)] falls from \(recalls[i - 1]) to \(recalls[i])")
    }
    var envelope = precisions
    for i in envelope.indices.dropLast().reversed() {
      envelope[i] = max(envelope[i], envelope[i + 1])
    }
    switch self {
    case .allPointsVOC2010:
      var sum = 0.0
      var last = 0.0
      for (r, p) in zip(recalls, envelope) {
        sum += (r - last) * p
        last = r
      }
      return sum
    case .elevenPointsVOC2007, .pointsCOCO101:
      let n = self == .pointsCOCO101 ? 100 : 10
      var sum = 0.0
      for k in 0...n {
        // Products of the step: 3 · 0.1 lies above 0.3, as in the original evaluation code.
        let target = Double(k) * (1 / Double(n))
        if let i = recalls.firstIndex(where: { $0 >= target }) { sum += envelope[i] }
      }
      return sum / Double(n + 1)
    }
  }
}

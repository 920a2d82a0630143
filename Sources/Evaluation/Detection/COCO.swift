// COCO's average precision and recall: greedy matching by score, 101 recall points.
// Source: Lin et al. 2014 and the behaviour of pycocotools 2.0.

/// A reference box.
public struct GroundTruth: Hashable, Sendable {
  public let image: Int
  public let category: Int
  public let box: BoundingBox
  /// The area that decides small, medium or large: the segmentation's, not the box's.
  public let area: Double
  /// A crowd region: detections inside it are neither right nor wrong.
  public let isCrowd: Bool

  public init(
    image: Int, category: Int, box: BoundingBox, area: Double? = nil, isCrowd: Bool = false
  ) {
    self.image = image
    self.category = category
    self.box = box
    self.area = area ?? box.area
    self.isCrowd = isCrowd
  }
}

/// A predicted box.
public struct Detection: Hashable, Sendable {
  public let image: Int
  public let category: Int
  public let box: BoundingBox
  public let score: Double

  public init(image: Int, category: Int, box: BoundingBox, score: Double) {
    self.image = image
    self.category = category
    self.box = box
    self.score = score
  }
}

/// The options of a COCO evaluation.
public struct COCOOptions: Hashable, Sendable, Codable {
  /// A named range of annotation areas, lower and upper end included.
  public struct AreaRange: Hashable, Sendable, Codable {
    public let name: String
    public let lower: Double
    public let upper: Double

    public init(_ name: String, _ lower: Double, _ upper: Double) {
      (self.name, self.lower, self.upper) = (name, lower, upper)
    }
  }

  /// 0.50, 0.55 … 0.95, spaced as the reference implementation spaces them.
  public static let standardThresholds: [Double] = (0..<10).map { i in
    let step: Double = (0.95 - 0.5) / 9
    return i == 9 ? 0.95 : 0.5 + Double(i) * step
  }

  /// Ascending; at most 32.
  public var iouThresholds: [Double]
  /// Evenly spaced recalls from 0 to 1.
  public var recallPoints: Int
  /// Detections an image and category that count, ascending.
  public var maxDetections: [Int]
  /// Beside "all".
  public var areaRanges: [AreaRange]

  public init(
    iouThresholds: [Double] = COCOOptions.standardThresholds, recallPoints: Int = 101,
    maxDetections: [Int] = [1, 10, 100],
    areaRanges: [AreaRange] = [
      AreaRange("small", 0, 1024), AreaRange("medium", 1024, 9216), AreaRange("large", 9216, 1e10),
    ]
  ) {
    self.iouThresholds = iouThresholds
    self.recallPoints = recallPoints
    self.maxDetections = maxDetections
    self.areaRanges = areaRanges
  }
}

/// COCO's twelve numbers and the per-category AP.
public struct COCOEvaluation: Hashable, Sendable, Codable {
  public let options: COCOOptions
  public let images: Int
  public let detections: Int
  /// AP over all thresholds, `[category]` in ascending order of id.
  public let perCategory: [(Int, MetricValue)]
  /// AP by area name (`"all"` first) and threshold index, averaged over categories.
  private let precision: [String: [MetricValue]]
  /// AR by area name and by limit of detections.
  private let recall: [String: [Int: MetricValue]]

  private func score(_ name: String, _ value: MetricValue) -> Score {
    Score(
      name, value, count: images,
      signature: "\(name)|COCO|points:\(options.recallPoints)|maxDets:\(options.maxDetections)"
        + "|v:\(Definitions.version)")
  }

  static func mean(_ values: [MetricValue]) -> MetricValue {
    let defined = values.compactMap(\.double)
    return defined.mean().map { .value($0) } ?? .undefined(.noGroundTruth)
  }

  /// AP averaged over thresholds, for all areas or one.
  public func averagePrecision(area: String = "all") -> Score {
    score(area == "all" ? "AP" : "AP_\(area)", Self.mean(precision[area] ?? []))
  }

  /// AP at one IoU threshold.
  public func averagePrecision(atIoU threshold: Double, area: String = "all") -> Score {
    let index = options.iouThresholds.firstIndex { abs($0 - threshold) < 1e-9 }
    let value = index.flatMap { precision[area]?[$0] } ?? .undefined(.noGroundTruth)
    return score("AP\(Int((threshold * 100).rounded()))", value)
  }

  /// AR with at most `limit` detections an image and category (the largest by default).
  public func averageRecall(maxDetections limit: Int? = nil, area: String = "all") -> Score {
    let n = limit ?? options.maxDetections.last ?? 0
    return score("AR\(n)", recall[area]?[n] ?? .undefined(.noGroundTruth))
  }

  public static func == (a: COCOEvaluation, b: COCOEvaluation) -> Bool {
    a.options == b.options && a.precision == b.precision && a.recall == b.recall
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(options)
    hasher.combine(precision)
  }

  private enum Keys: String, CodingKey {
    case options, images, detections, categories, values, precision, recall
  }

  public init(from decoder: any Decoder) throws {
    let c = try decoder.container(keyedBy: Keys.self)
    options = try c.decode(COCOOptions.self, forKey: .options)
    images = try c.decode(Int.self, forKey: .images)
    detections = try c.decode(Int.self, forKey: .detections)
    let ids = try c.decode([Int].self, forKey: .categories)
    let values = try c.decode([MetricValue].self, forKey: .values)
    perCategory = Array(zip(ids, values))
    precision = try c.decode([String: [MetricValue]].self, forKey: .precision)
    recall = try c.decode([String: [Int: MetricValue]].self, forKey: .recall)
  }

  public func encode(to encoder: any Encoder) throws {
    var c = encoder.container(keyedBy: Keys.self)
    try c.encode(options, forKey: .options)
    try c.encode(images, forKey: .images)
    try c.encode(detections, forKey: .detections)
    try c.encode(perCategory.map(\.0), forKey: .categories)
    try c.encode(perCategory.map(\.1), forKey: .values)
    try c.encode(precision, forKey: .precision)
    try c.encode(recall, forKey: .recall)
  }

  /// Evaluates detections.
  ///
  /// - `images`: Image ids that were looked at; in ascending order for ties of scores. Those of
  ///   the boxes when `nil`.
  /// - `categories`: Category ids; those of the ground truth when `nil`.
  /// - Throws: ``EvaluationError`` for a NaN score or box, or no option lists.
  /// - Complexity: O(d log d + pairs of an image and category).
  public init(
    groundTruth: [GroundTruth], detections: [Detection], images: [Int]? = nil,
    categories: [Int]? = nil, options: COCOOptions = COCOOptions()
  ) throws(EvaluationError) {
    guard !options.iouThresholds.isEmpty, options.iouThresholds.count <= 32,
      options.recallPoints > 1, !options.maxDetections.isEmpty
    else {
      throw EvaluationError(
        .range, "1…32 thresholds, recall points and detection limits are needed")
    }
    for (i, d) in detections.enumerated() {
      guard !d.score.isNaN else {
        throw EvaluationError(.notFinite, "detections[\(i)] has the score \(d.score)")
      }
      if !d.box.isFinite { try requireFinite(d.box.values(.xyxy), "detections[\(i)]") }
    }
    for (i, g) in groundTruth.enumerated() where !g.box.isFinite {
      try requireFinite(g.box.values(.xyxy), "groundTruth[\(i)]")
    }
    let imageIDs = IDIndex(
      images ?? IDIndex(groundTruth.map(\.image) + detections.map(\.image)).ids)
    let categoryIDs = IDIndex(categories ?? groundTruth.map(\.category))
    let engine = COCOEngine(
      groundTruth: groundTruth, detections: detections, images: imageIDs, categories: categoryIDs,
      options: options)
    let limit = options.maxDetections.max() ?? 0
    var precision: [String: [MetricValue]] = [:]
    var recall: [String: [Int: MetricValue]] = [:]
    var perCategory: [(Int, MetricValue)] = []
    let areas = ["all"] + options.areaRanges.map(\.name)
    func mean(_ values: [Double]) -> MetricValue {
      values.mean().map { .value($0) } ?? .undefined(.noGroundTruth)
    }
    // One accumulation a category and area gives precision and every recall.
    for (a, name) in areas.enumerated() {
      var byThreshold = [[Double]](repeating: [], count: options.iouThresholds.count)
      var recalls: [Int: [Double]] = [:]
      for k in categoryIDs.ids.indices {
        let cell = engine.accumulate(category: k, area: a)
        for (t, value) in cell.precision.enumerated() { byThreshold[t].append(value) }
        if a == 0 { perCategory.append((categoryIDs.ids[k], mean(cell.precision))) }
        for n in options.maxDetections {
          let values =
            n == limit ? cell.recall : engine.recall(category: k, area: a, limit: n)
          recalls[n, default: []].append(contentsOf: values)
        }
      }
      precision[name] = byThreshold.map { mean($0) }
      recall[name] = recalls.mapValues { mean($0) }
    }
    self.options = options
    self.images = imageIDs.ids.count
    self.detections = detections.count
    self.perCategory = perCategory
    self.precision = precision
    self.recall = recall
  }
}

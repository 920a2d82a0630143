// Boxes, the conventions models use for them, and how much they overlap.
// Source: Rezatofighi 2019 (GIoU); Zheng 2020 (DIoU, CIoU).

/// An axis-aligned box in continuous coordinates (no +1): x to the right, y downward.
public struct BoundingBox: Hashable, Sendable, Codable {
  public var minX: Double
  public var minY: Double
  public var maxX: Double
  public var maxY: Double

  public init(minX: Double, minY: Double, maxX: Double, maxY: Double) {
    (self.minX, self.minY, self.maxX, self.maxY) = (minX, minY, maxX, maxY)
  }

  /// COCO's x, y, width, height.
  public init(x: Double, y: Double, width: Double, height: Double) {
    self.init(minX: x, minY: y, maxX: x + width, maxY: y + height)
  }

  /// How four numbers stand for a box.
  public enum Convention: String, Hashable, Sendable, Codable, CaseIterable {
    /// `[xmin, ymin, xmax, ymax]` in pixels (Pascal VOC, torchvision).
    case xyxy
    /// `[x, y, width, height]` in pixels (COCO).
    case xywh
    /// `[centre x, centre y, width, height]` in pixels.
    case centred
    /// `[xmin, ymin, xmax, ymax]` as fractions of the image.
    case normalisedXYXY
    /// `[centre x, centre y, width, height]` as fractions (YOLO).
    case normalisedCentred
    /// `[ymin, xmin, ymax, xmax]` in thousandths (Gemini).
    case thousandthsYXYX
    /// `[xmin, ymin, xmax, ymax]` in thousandths (Qwen-VL).
    case thousandthsXYXY
  }

  /// Reads four numbers; corners given in the wrong order are swapped.
  ///
  /// - Throws: ``EvaluationError`` unless there are four finite numbers and no negative size.
  public init(
    _ v: [Double], _ convention: Convention, imageWidth: Double = 1, imageHeight: Double = 1
  ) throws(EvaluationError) {
    guard v.count == 4 else { throw EvaluationError(.shape, "\(v.count) numbers for a box") }
    try requireFinite(v, "box")
    let (w, h) = (imageWidth, imageHeight)
    let c: (Double, Double, Double, Double)
    switch convention {
    case .xyxy: c = (v[0], v[1], v[2], v[3])
    case .xywh: c = (v[0], v[1], v[0] + v[2], v[1] + v[3])
    case .centred:
      c = (v[0] - v[2] / 2, v[1] - v[3] / 2, v[0] + v[2] / 2, v[1] + v[3] / 2)
    case .normalisedXYXY: c = (v[0] * w, v[1] * h, v[2] * w, v[3] * h)
    case .normalisedCentred:
      c = (
        (v[0] - v[2] / 2) * w, (v[1] - v[3] / 2) * h, (v[0] + v[2] / 2) * w,
        (v[1] + v[3] / 2) * h
      )
    case .thousandthsYXYX: c = (v[1] * w / 1000, v[0] * h / 1000, v[3] * w / 1000, v[2] * h / 1000)
    case .thousandthsXYXY: c = (v[0] * w / 1000, v[1] * h / 1000, v[2] * w / 1000, v[3] * h / 1000)
    }
    if [.xywh, .centred, .normalisedCentred].contains(convention), v[2] < 0 || v[3] < 0 {
      throw EvaluationError(.range, "box of \(v[2]) by \(v[3])")
    }
    self.init(
      minX: min(c.0, c.2), minY: min(c.1, c.3), maxX: max(c.0, c.2), maxY: max(c.1, c.3))
  }

  /// The four numbers of a convention.
  public func values(
    _ convention: Convention, imageWidth w: Double = 1, imageHeight h: Double = 1
  ) -> [Double] {
    switch convention {
    case .xyxy: [minX, minY, maxX, maxY]
    case .xywh: [minX, minY, width, height]
    case .centred: [(minX + maxX) / 2, (minY + maxY) / 2, width, height]
    case .normalisedXYXY: [minX / w, minY / h, maxX / w, maxY / h]
    case .normalisedCentred:
      [(minX + maxX) / 2 / w, (minY + maxY) / 2 / h, width / w, height / h]
    case .thousandthsYXYX:
      [minY / h * 1000, minX / w * 1000, maxY / h * 1000, maxX / w * 1000]
    case .thousandthsXYXY:
      [minX / w * 1000, minY / h * 1000, maxX / w * 1000, maxY / h * 1000]
    }
  }

  var isFinite: Bool { minX.isFinite && minY.isFinite && maxX.isFinite && maxY.isFinite }

  public var width: Double { maxX - minX }
  public var height: Double { maxY - minY }
  public var area: Double { max(0, width) * max(0, height) }

  func intersection(_ o: BoundingBox) -> Double {
    max(0, min(maxX, o.maxX) - max(minX, o.minX)) * max(0, min(maxY, o.maxY) - max(minY, o.minY))
  }

  /// Intersection over union; 0 for boxes without area.
  public func iou(_ other: BoundingBox) -> Double {
    let both = intersection(other)
    let union = area + other.area - both
    return union > 0 ? both / union : 0
  }

  /// IoU minus the share of the hull that neither covers.
  public func generalisedIoU(_ o: BoundingBox) -> Double {
    let union = area + o.area - intersection(o)
    let hull = (max(maxX, o.maxX) - min(minX, o.minX)) * (max(maxY, o.maxY) - min(minY, o.minY))
    return hull > 0 ? iou(o) - (hull - union) / hull : 0
  }

  /// IoU minus squared centre distance over squared hull diagonal.
  public func distanceIoU(_ o: BoundingBox) -> Double {
    let dx = (minX + maxX - o.minX - o.maxX) / 2
    let dy = (minY + maxY - o.minY - o.maxY) / 2
    let hx = max(maxX, o.maxX) - min(minX, o.minX)
    let hy = max(maxY, o.maxY) - min(minY, o.minY)
    let diagonal = hx * hx + hy * hy
    return diagonal > 0 ? iou(o) - (dx * dx + dy * dy) / diagonal : 0
  }

  /// Distance IoU minus a penalty for different aspect ratios.
  public func completeIoU(_ o: BoundingBox) -> Double {
    func angle(_ b: BoundingBox) -> Double { b.height == 0 ? 0 : atan(b.width / b.height) }
    let difference = angle(self) - angle(o)
    let v = 4 / (Double.pi * Double.pi) * difference * difference
    let overlap = iou(o)
    let alpha = v == 0 ? 0 : v / (1 - overlap + v)
    return distanceIoU(o) - alpha * v
  }

  /// The tight box of a 2-D mask, or of one slice of a 3-D mask; `nil` when it is empty.
  public init?(_ mask: Mask, slice: Int? = nil) {
    let g = mask.grid
    guard let i = slice ?? (g.isFlat ? 0 : nil), i >= 0, i < g.d0 else { return nil }
    var (x0, y0, x1, y1) = (Int.max, Int.max, -1, -1)
    for j in 0..<g.d1 {
      for k in 0..<g.d2 where mask.voxels[(i * g.d1 + j) * g.d2 + k] != 0 {
        (x0, x1) = (min(x0, k), max(x1, k))
        (y0, y1) = (min(y0, j), max(y1, j))
      }
    }
    guard x1 >= 0 else { return nil }
    self.init(
      minX: Double(x0), minY: Double(y0), maxX: Double(x1 + 1), maxY: Double(y1 + 1))
  }
}

/// An axis-aligned box in three dimensions, `[z, y, x]` order.
public struct BoundingCuboid: Hashable, Sendable, Codable {
  public var lower: SIMD3<Double>
  public var upper: SIMD3<Double>

  public init(lower: SIMD3<Double>, upper: SIMD3<Double>) {
    self.lower = lower
    self.upper = upper
  }

  /// The volume; 0 for an inverted box.
  public var volume: Double {
    let d = upper - lower
    return d.x > 0 && d.y > 0 && d.z > 0 ? d.x * d.y * d.z : 0
  }

  /// Intersection over union; 0 for boxes without volume.
  public func iou(_ o: BoundingCuboid) -> Double {
    let both = BoundingCuboid(
      lower: pointwiseMax(lower, o.lower), upper: pointwiseMin(upper, o.upper)
    ).volume
    let union = volume + o.volume - both
    return union > 0 ? both / union : 0
  }
}

/// A polygon's mask: pixels whose centre is inside (even–odd rule).
///
/// - Throws: ``EvaluationError`` for coordinates that are not finite or a bad shape.
/// - Complexity: O(*rows* · *vertices*).
public func rasterised(
  polygon: [(x: Double, y: Double)], shape: [Int], spacing: [Double]? = nil
) throws(EvaluationError) -> Mask {
  try requireFinite(polygon.map(\.x) + polygon.map(\.y), "polygon")
  guard shape.count == 2 else { throw EvaluationError(.shape, "\(shape.count) axes, expected 2") }
  var voxels = [UInt8](repeating: 0, count: try Mask.voxelCount(shape))
  for row in 0..<shape[0] where polygon.count > 2 {
    let y = Double(row) + 0.5
    var crossings: [Double] = []
    for i in polygon.indices {
      let (a, b) = (polygon[i], polygon[(i + 1) % polygon.count])
      if (a.y > y) != (b.y > y) {
        crossings.append(a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x))
      }
    }
    crossings.sort()
    for pair in stride(from: 0, to: crossings.count - 1, by: 2) {
      let from = max(0, (crossings[pair] - 0.5).rounded(.up))
      let to = min(Double(shape[1]), (crossings[pair + 1] - 0.5).rounded(.up))
      if from < to { for x in Int(from)..<Int(to) { voxels[row * shape[1] + x] = 1 } }
    }
  }
  return try Mask(voxels, shape: shape, spacing: spacing)
}

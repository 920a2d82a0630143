// A binary mask on a grid with spacing; everything about segmentation starts here.

/// A binary mask in two or three dimensions.
///
/// Voxels lie in C order: the last axis of `shape` varies fastest. `spacing` has the axis order
/// of `shape`, in millimetres. A volume indexed `x + size.x · (y + size.y · z)` has the shape
/// `[size.z, size.y, size.x]` and the spacing `[z, y, x]`.
public struct Mask: Hashable, Sendable {
  /// Voxels along each axis, slowest axis first.
  public let shape: [Int]
  /// Millimetres between voxel centres, in the axis order of `shape`.
  public let spacing: [Double]
  /// 0 outside, 1 inside.
  public let voxels: [UInt8]

  /// Any non-zero voxel is inside.
  ///
  /// - Throws: ``EvaluationError`` unless there are 2 or 3 axes, the product of the shape is the
  ///   number of voxels and every spacing is a positive finite number.
  public init(_ voxels: [UInt8], shape: [Int], spacing: [Double]? = nil) throws(EvaluationError) {
    let spacing = spacing ?? Array(repeating: 1, count: shape.count)
    try Self.check(shape: shape, spacing: spacing, count: voxels.count)
    self.shape = shape
    self.spacing = spacing
    self.voxels = voxels.contains { $0 > 1 } ? voxels.map { $0 == 0 ? 0 : 1 } : voxels
  }

  /// From booleans.
  public init(_ voxels: [Bool], shape: [Int], spacing: [Double]? = nil) throws(EvaluationError) {
    try self.init(voxels.map { $0 ? 1 : 0 }, shape: shape, spacing: spacing)
  }

  /// The voxels of a label map that carry one of `labels`.
  public init<Label: Hashable>(
    _ map: [Label], labels: Set<Label>, shape: [Int], spacing: [Double]? = nil
  ) throws(EvaluationError) {
    try self.init(map.map { labels.contains($0) ? 1 : 0 }, shape: shape, spacing: spacing)
  }

  /// Run lengths in C order, the first run counting zeros.
  ///
  /// - Throws: ``EvaluationError`` when the runs do not fill the shape.
  public init(runs: [Int], shape: [Int], spacing: [Double]? = nil) throws(EvaluationError) {
    let count = try Self.voxelCount(shape)
    var voxels: [UInt8] = []
    var value: UInt8 = 0
    for (i, run) in runs.enumerated() {
      guard run >= 0, run <= count - voxels.count else {
        throw EvaluationError(.shape, "run \(i) is \(run), \(count - voxels.count) voxels are left")
      }
      voxels.append(contentsOf: repeatElement(value, count: run))
      value = 1 - value
    }
    try self.init(voxels, shape: shape, spacing: spacing)
  }

  init(unchecked voxels: [UInt8], shape: [Int], spacing: [Double]) {
    self.voxels = voxels
    self.shape = shape
    self.spacing = spacing
  }

  static func voxelCount(_ shape: [Int]) throws(EvaluationError) -> Int {
    guard shape.count == 2 || shape.count == 3 else {
      throw EvaluationError(.shape, "\(shape.count) axes, expected 2 or 3")
    }
    var product = 1
    for extent in shape {
      guard extent >= 0 else { throw EvaluationError(.shape, "shape \(shape)") }
      let (next, overflow) = product.multipliedReportingOverflow(by: extent)
      guard !overflow else { throw EvaluationError(.shape, "shape \(shape) overflows") }
      product = next
    }
    return product
  }

  static func check(shape: [Int], spacing: [Double], count: Int) throws(EvaluationError) {
    let expected = try voxelCount(shape)
    guard expected == count else {
      throw EvaluationError(.shape, "\(count) voxels for the shape \(shape)")
    }
    guard spacing.count == shape.count else {
      throw EvaluationError(.shape, "\(spacing.count) spacings for \(shape.count) axes")
    }
    for s in spacing where !(s > 0 && s.isFinite) {
      throw EvaluationError(.range, "spacing \(s) mm")
    }
  }

  /// Voxels inside.
  public var count: Int {
    var sum = 0
    voxels.withSpan { span in
      for i in span.indices { sum += Int(span[i]) }
    }
    return sum
  }

  /// Nothing is inside. Stops at the first voxel that is.
  public var isEmpty: Bool { !voxels.contains(1) }

  /// Volume of one voxel in mm³ (area in mm² in two dimensions).
  public var voxelVolume: Double { spacing.reduce(1, *) }

  /// The volume inside in millilitres (in 2-D: cm² times 0.1, an area of mm² over 1000).
  public var millilitres: Double { Double(count) * voxelVolume / 1000 }

  /// The shape as three axes, a leading 1 in two dimensions.
  var grid: Grid { Grid(shape: shape, spacing: spacing) }

  func requireSameGrid(_ other: Mask) throws(EvaluationError) {
    guard shape == other.shape else {
      throw EvaluationError(.shape, "shapes \(shape) and \(other.shape)")
    }
    for (a, b) in zip(spacing, other.spacing) where abs(a - b) > 1e-4 * max(a, b) {
      throw EvaluationError(.shape, "spacings \(spacing) and \(other.spacing)")
    }
  }
}

extension Array where Element == UInt8 {
  fileprivate func withSpan(_ body: (Span<UInt8>) -> Void) { body(span) }
}

/// A grid of three axes, slowest first.
struct Grid: Hashable {
  var d0: Int
  var d1: Int
  var d2: Int
  var s0: Double
  var s1: Double
  var s2: Double
  /// The mask had two axes; the first of the three is only there for uniformity.
  var isFlat: Bool

  init(shape: [Int], spacing: [Double]) {
    isFlat = shape.count == 2
    let d = isFlat ? [1] + shape : shape
    let s = isFlat ? [1] + spacing : spacing
    (d0, d1, d2) = (d[0], d[1], d[2])
    (s0, s1, s2) = (s[0], s[1], s[2])
  }

  var count: Int { d0 * d1 * d2 }
}

/// A box of voxels, half open.
struct VoxelBox: Hashable {
  var low: (Int, Int, Int)
  var high: (Int, Int, Int)

  static func == (a: VoxelBox, b: VoxelBox) -> Bool { a.low == b.low && a.high == b.high }
  func hash(into hasher: inout Hasher) {
    hasher.combine(low.0)
    hasher.combine(high.2)
  }
}

public import VolumeIO

/// A rule that keeps some of a volume's slices.
///
/// Rules are applied one after the other, each to what the ones before have kept:
/// `[.withHead(), .fraction(0.1, seed: 7)]` is a tenth of the slices below the vertex.
public enum SlicePicker: Sendable, Hashable, Codable {
  /// Every `step`-th of the kept slices, beginning with the one numbered `from` (0) of them.
  case every(Int, from: Int = 0)
  /// `count` slices at equal distances, as the middles of `count` equal parts; all where there are
  /// fewer.
  case evenly(Int)
  /// Those with an index in a range.
  case within(Range<Int>)
  /// Those on which the mask has at least so many voxels above zero.
  case withMask(atLeast: Int = 1)
  /// The `count` slices on which the mask has most voxels; of equals the lower index.
  case largestMask(Int = 1)
  /// Those on which the head, or another part with bone in it, is met.
  case withHead(HeadCriterion = HeadCriterion())
  /// `count` slices at random, without repetition; all where there are fewer.
  case random(Int, seed: UInt64)
  /// A fraction (0…1) of the slices at random, rounded to the nearest whole, one at least.
  case fraction(Double, seed: UInt64)
}

/// What a CT slice must show to be counted as one of the head.
///
/// Slices above the vertex hold air, and perhaps the edge of a holder: no bone. On the vertex itself
/// scalp and skull have a small area. Areas are in square centimetres, so that the rule does not
/// depend on the matrix.
public struct HeadCriterion: Sendable, Hashable, Codable {
  /// Values from which a voxel counts as tissue.
  public var tissueFrom: Double
  /// The least area of tissue.
  public var tissueArea: Double
  /// Values from which a voxel counts as bone.
  public var boneFrom: Double
  /// The least area of bone.
  public var boneArea: Double

  /// - Parameters:
  ///   - tissueFrom: In HU; −200 takes in fat.
  ///   - tissueArea: In cm²; a head of 5 cm diameter has 20.
  ///   - boneFrom: In HU.
  ///   - boneArea: In cm².
  public init(
    tissueFrom: Double = -200, tissueArea: Double = 20, boneFrom: Double = 300,
    boneArea: Double = 1
  ) {
    self.tissueFrom = tissueFrom
    self.tissueArea = tissueArea
    self.boneFrom = boneFrom
    self.boneArea = boneArea
  }
}

extension Volume {
  /// The indices of the slices that all pickers keep, rising.
  ///
  /// - `plane`: Axial, coronal or sagittal.
  /// - `mask`: A segmentation on the same grid, for the pickers that ask for one.
  /// - Throws: `WindowingError.nothingPicked` where nothing is left;
  ///   `WindowingError.shape` for a mask of another size, or none where one is needed;
  ///   `WindowingError.size` for counts, steps or fractions that make no sense.
  /// - Complexity: O(*slices*), and O(*voxels*) for pickers that look at voxels.
  public func slices(
    _ plane: Plane, _ pickers: [SlicePicker] = [], mask: Volume? = nil
  ) throws(WindowingError) -> [Int] {
    try SlicePicker.kept(by: pickers, of: try geometry.sliceCount(plane)) {
      (picker, kept) throws(WindowingError) in
      try picker.picks(from: kept, of: self, plane: plane, mask: mask)
    }
  }
}

extension SlicePicker {
  /// The indices that all pickers keep of so many slices of any kind, such as oblique ones.
  ///
  /// - Throws: As `Volume.slices(_:_:mask:)`; `WindowingError.shape` for pickers that look at voxels.
  public static func indices(
    of count: Int, _ pickers: [SlicePicker]
  ) throws(WindowingError) -> [Int] {
    try kept(by: pickers, of: count) { (picker, kept) throws(WindowingError) in
      try picker.picks(from: kept, of: nil, plane: .axial, mask: nil)
    }
  }

  fileprivate static func kept(
    by pickers: [SlicePicker], of count: Int,
    _ picks: (SlicePicker, [Int]) throws(WindowingError) -> [Int]
  ) throws(WindowingError) -> [Int] {
    var kept = Array(0..<count)
    for picker in pickers {
      let before = kept.count
      kept = try picks(picker, kept)
      guard !kept.isEmpty else {
        throw WindowingError(.nothingPicked, "\(picker) keeps none of \(before) slices")
      }
    }
    guard !kept.isEmpty else { throw WindowingError(.nothingPicked, "there is no slice") }
    return kept
  }

  func picks(
    from kept: [Int], of volume: Volume?, plane: Plane, mask: Volume?
  ) throws(WindowingError) -> [Int] {
    switch self {
    case .every(let step, let first):
      guard step >= 1, first >= 0 else {
        throw WindowingError(.size, "every \(step) slices from \(first)")
      }
      return stride(from: first, to: kept.count, by: step).map { kept[$0] }
    case .evenly(let count):
      guard count >= 1 else { throw WindowingError(.size, "\(count) slices") }
      guard count < kept.count else { return kept }
      return (0..<count).map { kept[(2 * $0 + 1) * kept.count / (2 * count)] }
    case .within(let range):
      return kept.filter { range.contains($0) }
    case .withMask(let least):
      let areas = try Self.areas(mask, on: volume, plane: plane, channel: 0) { $0 > 0 }
      return kept.filter { areas[$0] >= least }
    case .largestMask(let count):
      guard count >= 1 else { throw WindowingError(.size, "\(count) slices") }
      let areas = try Self.areas(mask, on: volume, plane: plane, channel: 0) { $0 > 0 }
      let order = kept.filter { areas[$0] > 0 }
        .sorted { (areas[$0], $1) > (areas[$1], $0) }
      return order.prefix(count).sorted()
    case .withHead(let criterion):
      return try Self.withHead(criterion, kept, of: volume, plane: plane)
    case .random(let count, let seed):
      guard count >= 1 else { throw WindowingError(.size, "\(count) slices") }
      return Self.sample(count, of: kept, seed: seed)
    case .fraction(let fraction, let seed):
      guard fraction > 0, fraction <= 1 else {
        throw WindowingError(.size, "a fraction of \(fraction), where 0 to 1 is allowed")
      }
      let count = Int((fraction * Double(kept.count)).rounded())
      return Self.sample(max(1, count), of: kept, seed: seed)
    }
  }

  private static func withHead(
    _ criterion: HeadCriterion, _ kept: [Int], of volume: Volume?, plane: Plane
  ) throws(WindowingError) -> [Int] {
    let volume = try needed(volume)
    let tissue = try areas(volume, on: volume, plane: plane, channel: 0) {
      $0 >= criterion.tissueFrom
    }
    let bone = try areas(volume, on: volume, plane: plane, channel: 0) {
      $0 >= criterion.boneFrom
    }
    let spacing = try SliceLayout(SliceRequest(plane), of: volume).spacing
    let squareCentimeters = spacing.x * spacing.y / 100
    return kept.filter {
      Double(tissue[$0]) * squareCentimeters >= criterion.tissueArea
        && Double(bone[$0]) * squareCentimeters >= criterion.boneArea
    }
  }

  private static func needed(_ volume: Volume?) throws(WindowingError) -> Volume {
    guard let volume else {
      throw WindowingError(.shape, "the picker looks at the voxels of a volume's own slices")
    }
    return volume
  }

  /// The first `count` of a Fisher–Yates shuffle, in rising order.
  static func sample(_ count: Int, of all: [Int], seed: UInt64) -> [Int] {
    var generator = SplitMix64(state: seed)
    var left = all
    for index in 0..<min(count, left.count) {
      let other = index + Int(generator.next() % UInt64(left.count - index))
      left.swapAt(index, other)
    }
    return left.prefix(count).sorted()
  }

  /// For each slice of a plane, the number of voxels whose rescaled value meets a condition.
  private static func areas(
    _ counted: Volume?, on volume: Volume?, plane: Plane, channel: Int,
    where condition: @escaping (Double) -> Bool
  ) throws(WindowingError) -> [Int] {
    let volume = try needed(volume)
    guard let counted else { throw WindowingError(.shape, "the picker needs a mask") }
    guard counted.size == volume.size else {
      throw WindowingError(
        .shape,
        "a mask of \(counted.size.x) × \(counted.size.y) × \(counted.size.z) voxels for a volume of "
          + "\(volume.size.x) × \(volume.size.y) × \(volume.size.z)")
    }
    try counted.requireScalar()
    let axes = try PlaneAxes(plane, .stored, in: volume.geometry)
    var counter = SliceCounter(
      volume: counted, axis: axes.normal, channel: channel, condition: condition)
    return try counted.samples.accept(&counter)
  }
}

/// Counts voxels along one axis.
private struct SliceCounter: SampleVisitor {
  let volume: Volume
  let axis: Int
  let channel: Int
  let condition: (Double) -> Bool

  mutating func visit<Sample: StoredSample>(_ samples: [Sample]) throws(WindowingError) -> [Int] {
    let size = volume.size
    var counts = [Int](repeating: 0, count: size[axis])
    let meets: [Bool]? = Sample.tableSize.map { count in
      (0..<count).map {
        condition(volume.rescaled(Sample.stored(tableIndex: $0).asDouble))
      }
    }
    var place = channel * volume.geometry.count
    for z in 0..<size.z {
      for y in 0..<size.y {
        for x in 0..<size.x {
          let sample = samples[place]
          let isMet = meets?[sample.tableIndex] ?? condition(volume.rescaled(sample.asDouble))
          if isMet { counts[axis == 0 ? x : axis == 1 ? y : z] += 1 }
          place += 1
        }
      }
    }
    return counts
  }
}

/// Vigna's SplitMix64: the same numbers on every platform.
struct SplitMix64: RandomNumberGenerator, Sendable {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

// Segmentation objects: PS3.3 A.51 and C.8.20.

/// Segments of a DICOM SEG object and the planes that hold them.
public struct DICOMSegmentation: Sendable {
  /// One segment.
  public struct Segment: Sendable, Hashable {
    /// From 1; the value in a label volume.
    public var number: Int
    public var label: String
    /// The meaning of the property category's code, such as `Tissue`.
    public var category: String?
    /// The meaning of the property type's code, such as `Hemorrhage`.
    public var property: String?
    /// `AUTOMATIC`, `SEMIAUTOMATIC` or `MANUAL`.
    public var algorithm: String

    public init(
      number: Int, label: String, category: String? = nil, property: String? = nil,
      algorithm: String = "MANUAL"
    ) {
      self.number = number
      self.label = label
      self.category = category
      self.property = property
      self.algorithm = algorithm
    }
  }

  /// What to do where two segments hold the same voxel.
  public enum Overlap: Sendable, Hashable {
    case refuse
    /// The higher number wins.
    case highestNumber
  }

  /// One frame: the part of a segment in one plane.
  struct Plane: Sendable {
    var frame: Int
    /// 0 in a label map, whose samples are numbers themselves.
    var segment: Int
    var position: SIMD3<Double>
  }

  public let segments: [Segment]
  /// Whether samples are fractions of `maximumFraction` instead of bits.
  public let isFractional: Bool
  /// Whether samples are the segments' numbers (SegmentationType LABELMAP).
  public let isLabelMap: Bool
  public let maximumFraction: Int
  /// UID of the series that was segmented; an identifier, not for logs.
  public let referencedSeriesUID: String?
  /// The SEG's own grid: the planes that it has and those between them.
  public let geometry: Geometry

  let planes: [Plane]
  private let stored: StoredPixels

  /// Reads a SEG object.
  ///
  /// - Throws: `unsupported` for other objects; `geometry` where planes have no place in the patient
  ///   or more than one orientation.
  public init(contentsOf path: String) throws(VolumeError) {
    try self.init(DICOMFile(contentsOf: path))
  }

  public init(_ file: DICOMFile) throws(VolumeError) {
    do throws(VolumeError) {
      let set = file.dataSet
      guard set.string(.modality) == "SEG" else {
        throw VolumeError(
          .unsupported, "modality \(set.string(.modality) ?? "unknown"), expected SEG",
          field: DICOMTag.modality.description)
      }
      let type = set.string(DICOMTag(0x0062, 0x0001)) ?? "BINARY"
      isFractional = type == "FRACTIONAL"
      isLabelMap = type == "LABELMAP"
      maximumFraction = set.int(DICOMTag(0x0062, 0x000E)) ?? 255
      segments = set.items(DICOMTag(0x0062, 0x0002)).enumerated().map { index, item in
        func meaning(_ tag: DICOMTag) -> String? {
          item.item(tag)?.string(DICOMTag(0x0008, 0x0104))
        }
        return Segment(
          number: item.int(DICOMTag(0x0062, 0x0004)) ?? index + 1,
          label: item.string(DICOMTag(0x0062, 0x0005)) ?? "",
          category: meaning(DICOMTag(0x0062, 0x0003)),
          property: meaning(DICOMTag(0x0062, 0x000F)),
          algorithm: item.string(DICOMTag(0x0062, 0x0008)) ?? "")
      }
      referencedSeriesUID = set.item(DICOMTag(0x0008, 0x1115))?.string(.seriesInstanceUID)
      let found = try SegmentationPlanes(file, isLabelMap: isLabelMap)
      planes = found.planes
      geometry = found.geometry
      stored = try file.storedPixels()
    } catch {
      throw error.naming(file.name)
    }
  }

  /// A label volume on the SEG's own grid: 0 for background, else the segment's number.
  ///
  /// Fractions count from one half up.
  public func labels(overlap: Overlap = .refuse) throws(VolumeError) -> Volume {
    try labels(on: geometry, positions: [], overlap: overlap)
  }

  /// A label volume that lies on the slices of a series, also where their spacing is irregular.
  ///
  /// - Throws: `geometry` where a plane of a segment lies on no slice, or in-plane grids differ.
  public func labels(
    alignedTo series: DICOMSeries, overlap: Overlap = .refuse
  ) throws(VolumeError) -> Volume {
    try labels(on: series.geometry, positions: series.positions, overlap: overlap)
  }

  /// The part of each voxel that belongs to a segment, as stored, rescaled to 0...1.
  ///
  /// - Throws: `shape` where there is no such segment.
  public func fractions(of number: Int) throws(VolumeError) -> Volume {
    guard segments.contains(where: { $0.number == number }) else {
      throw VolumeError(.shape, "no segment \(number) among \(segments.count)")
    }
    var target = [UInt8](repeating: 0, count: geometry.count)
    let grid = try SegmentationGrid(geometry, geometry, [])
    for plane in planes where plane.segment == number || isLabelMap {
      let z = try grid.slice(plane.position)
      try grid.copy(frame(plane.frame), offset: z, into: &target) { value, _ in
        isLabelMap ? (value == number ? 1 : 0) : UInt8(clamping: value)
      }
    }
    let most = isFractional ? Double(max(1, maximumFraction)) : 1
    return try Volume(
      .uint8(target), geometry: geometry, rescale: Rescale(slope: 1 / most, intercept: 0),
      modality: "SEG")
  }

  private func frame(_ index: Int) -> [Int] {
    let count = stored.layout.samplesPerFrame
    let range = index * count..<(index + 1) * count
    switch stored.samples {
    case .uint8(let s): return s[range].map { Int($0) }
    case .uint16(let s): return s[range].map { Int($0) }
    default: return []
    }
  }

  private func labels(
    on target: Geometry, positions: [SIMD3<Double>], overlap: Overlap
  ) throws(VolumeError) -> Volume {
    var labels = [UInt16](repeating: 0, count: target.count)
    let grid = try SegmentationGrid(geometry, target, positions)
    let half = isFractional ? (maximumFraction + 1) / 2 : 1
    var clashes = 0
    for plane in planes.sorted(by: { ($0.segment, $0.frame) < ($1.segment, $1.frame) }) {
      let z = try grid.slice(plane.position)
      try grid.copy(frame(plane.frame), offset: z, into: &labels) { value, old in
        if isLabelMap { return value == 0 ? old : UInt16(clamping: value) }
        guard value >= half else { return old }
        if old != 0 { clashes += 1 }
        return UInt16(clamping: plane.segment)
      }
    }
    guard clashes == 0 || overlap == .highestNumber else {
      throw VolumeError(
        .shape, "segments overlap in \(clashes) voxels; ask for .highestNumber or for one segment")
    }
    let isNarrow = (segments.map(\.number).max() ?? 0) <= 255 && (labels.max() ?? 0) <= 255
    return try Volume(
      isNarrow ? .uint8(labels.map { UInt8(truncatingIfNeeded: $0) }) : .uint16(labels),
      geometry: target, modality: "SEG")
  }
}

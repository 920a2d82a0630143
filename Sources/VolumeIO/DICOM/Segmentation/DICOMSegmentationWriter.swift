// Writing segmentation objects: PS3.3 A.51, binary, one frame a segment and slice.

/// Writes a label volume as a DICOM SEG object.
public struct DICOMSegmentationWriter: Sendable {
  public var seed: String
  public var segments: [DICOMSegmentation.Segment]
  public var encoding: DICOMEncoding
  public var seriesDescription = ""
  public var seriesNumber = 100

  /// - `segments`: What the values of the label volume mean, by number.
  public init(
    seed: String, segments: [DICOMSegmentation.Segment], encoding: DICOMEncoding = .explicitLittle
  ) {
    self.seed = seed
    self.segments = segments
    self.encoding = encoding
  }

  /// The bytes of a SEG file.
  ///
  /// Slices without a voxel of a segment are left out, as is usual.
  /// - Parameters:
  ///   - labels: Whole numbers; 0 is background, each other value the number of a segment.
  ///   - series: The series that was segmented, whose patient and study the object takes over; nil
  ///     for an object of its own.
  /// - Throws: `shape` for values that are no segment's number or a grid that is not the series';
  ///   `unsupported` for samples that are no whole numbers.
  public func file(
    _ labels: Volume, of series: DICOMSeries? = nil
  ) throws(VolumeError) -> [UInt8] {
    let values = try numbers(labels)
    let size = labels.size
    if let series, series.size != size {
      throw VolumeError(.shape, "labels of \(size) voxels for a series of \(series.size)")
    }
    let uid = DICOMUID(seed: seed)
    var set = try SegmentationHeader.set(self, labels, series, uid)
    var bits: [UInt8] = []
    var frames: [DICOMDataSet] = []
    var filled = 0
    let plane = size.x * size.y
    for (index, segment) in segments.enumerated() {
      for z in 0..<size.z {
        let slice = values[z * plane..<(z + 1) * plane]
        guard slice.contains(segment.number) else { continue }
        for value in slice {
          if filled & 7 == 0 { bits.append(0) }
          if value == segment.number { bits[bits.count - 1] |= 1 << UInt8(filled & 7) }
          filled += 1
        }
        frames.append(SegmentationHeader.frame(labels, series, z, segment.number, index + 1))
      }
    }
    guard !frames.isEmpty else {
      throw VolumeError(.shape, "no voxel belongs to a segment; an empty SEG has no frames")
    }
    set.set(.numberOfFrames, .IS, "\(frames.count)")
    set.set(.perFrameFunctionalGroups, frames)
    if bits.count % 2 == 1 { bits.append(0) }
    var body = DataSetEncoder()
    body.add(set)
    body.head(.pixelData, .OB, bits.count)
    body.append(bits)
    return try Part10.bytes(
      body.bytes, sopClass: SegmentationHeader.sopClass, sopInstance: uid("segmentation"),
      encoding.transferSyntax)
  }

  /// Writes the file.
  public func write(
    _ labels: Volume, of series: DICOMSeries? = nil, to path: String
  ) throws(VolumeError) {
    let bytes = try file(labels, of: series)
    try OutputFile.write(bytes.span, to: path)
  }

  private func numbers(_ labels: Volume) throws(VolumeError) -> [Int] {
    guard labels.components == 1, labels.channels == 1 else {
      throw VolumeError(.unsupported, "labels have one value a voxel")
    }
    let values: [Int]
    switch labels.samples {
    case .uint8(let s): values = s.map { Int($0) }
    case .int8(let s): values = s.map { Int($0) }
    case .uint16(let s): values = s.map { Int($0) }
    case .int16(let s): values = s.map { Int($0) }
    case .uint32(let s): values = s.map { Int($0) }
    case .int32(let s): values = s.map { Int($0) }
    default: throw VolumeError(.unsupported, "labels of type \(labels.samples.type)")
    }
    let known = Set(segments.map(\.number)).union([0])
    if let stranger = Set(values).first(where: { !known.contains($0) }) {
      throw VolumeError(.shape, "label \(stranger) is no segment's number")
    }
    return values
  }
}

// How the samples of a file are laid out: the image pixel module, PS3.3 C.7.6.3.

/// Sizes and bits of a file's pixels, checked.
public struct PixelLayout: Sendable, Hashable {
  public var rows: Int
  public var columns: Int
  public var frames: Int
  /// Values a pixel: 1 for grey and palette, 3 for colour.
  public var samplesPerPixel: Int
  /// Bits that a sample takes in the file: 1, 8, 16, 32 or 64.
  public var bitsAllocated: Int
  /// Bits that hold the value.
  public var bitsStored: Int
  /// The place of the value's highest bit.
  public var highBit: Int
  /// Two's complement.
  public var isSigned: Bool
  /// Such as `MONOCHROME2`, `RGB` or `YBR_FULL_422`.
  public var photometric: String
  /// Whether each colour is a plane of its own.
  public var isPlanar: Bool
  /// (7FE0,0008) or (7FE0,0009) in place of integers.
  public var isFloatingPoint: Bool

  /// The type that stored samples have in memory.
  public var type: SampleType {
    switch (bitsAllocated, isFloatingPoint, isSigned) {
    case (32, true, _): .float32
    case (64, true, _): .float64
    case (...8, _, false): .uint8
    case (...8, _, true): .int8
    case (16, _, false): .uint16
    case (16, _, true): .int16
    case (32, _, false): .uint32
    case (32, _, true): .int32
    case (_, _, false): .uint64
    case (_, _, true): .int64
    }
  }

  /// Whether chroma is stored for every second pixel, in an uncompressed file.
  var isSubsampled: Bool { photometric == "YBR_FULL_422" || photometric == "YBR_PARTIAL_422" }

  /// Samples of a frame in memory.
  var samplesPerFrame: Int { rows * columns * samplesPerPixel }

  /// Bits of a frame in an uncompressed file.
  var bitsPerFrame: Int {
    let samples = isSubsampled ? rows * ((columns + 1) / 2 * 2) * 2 : samplesPerFrame
    return samples * bitsAllocated
  }

  var description: FrameDescription {
    FrameDescription(
      rows: rows, columns: columns, samplesPerPixel: samplesPerPixel,
      bitsAllocated: bitsAllocated, bitsStored: bitsStored, isSigned: isSigned,
      photometric: photometric, planarConfiguration: isPlanar ? 1 : 0)
  }

  /// - Throws: `malformed` naming the element that is absent or out of range; `unsupported` for
  ///   bits that no transfer syntax of today has.
  init(_ set: DICOMDataSet, _ pixels: DICOMTag) throws(VolumeError) {
    rows = try Self.number(set, .rows, 1...65_535)
    columns = try Self.number(set, .columns, 1...65_535)
    samplesPerPixel = try Self.number(set, .samplesPerPixel, 1...4, absent: 1)
    frames = try Self.number(set, .numberOfFrames, 0...(1 << 31 - 1), absent: 1)
    if frames == 0 { frames = 1 }
    isFloatingPoint = pixels != .pixelData
    let claimed = pixels == .floatPixelData ? 32 : pixels == .doublePixelData ? 64 : nil
    bitsAllocated = claimed ?? 0
    if claimed == nil { bitsAllocated = try Self.number(set, .bitsAllocated, 1...64) }
    guard [1, 8, 16, 32, 64].contains(bitsAllocated) else {
      throw VolumeError(
        .unsupported, "\(bitsAllocated) bits allocated; 1, 8, 16, 32 and 64 are read",
        field: DICOMTag.bitsAllocated.description)
    }
    bitsStored = bitsAllocated
    if claimed == nil {
      bitsStored = try Self.number(set, .bitsStored, 1...bitsAllocated, absent: bitsAllocated)
    }
    highBit = set.int(.highBit) ?? bitsStored - 1
    if highBit < bitsStored - 1 || highBit >= bitsAllocated { highBit = bitsStored - 1 }
    isSigned = isFloatingPoint ? true : set.int(.pixelRepresentation) == 1
    photometric =
      set.string(.photometricInterpretation)
      ?? (samplesPerPixel == 1 ? "MONOCHROME2" : "RGB")
    isPlanar = samplesPerPixel > 1 && set.int(.planarConfiguration) == 1
    if isSubsampled, samplesPerPixel != 3 {
      throw VolumeError(
        .malformed, "\(photometric) with \(samplesPerPixel) samples a pixel, expected 3",
        field: DICOMTag.samplesPerPixel.description)
    }
  }

  private static func number(
    _ set: DICOMDataSet, _ tag: DICOMTag, _ range: ClosedRange<Int>, absent: Int? = nil
  ) throws(VolumeError) -> Int {
    guard let element = set[tag], !element.isEmpty else {
      if let absent { return absent }
      throw VolumeError(.malformed, "absent from a file with pixels", field: tag.description)
    }
    guard let value = element.integers?.first else {
      throw VolumeError(.malformed, "holds no number", field: tag.description)
    }
    guard range.contains(value) else {
      throw VolumeError(
        .malformed, "\(value) is not in \(range.lowerBound)...\(range.upperBound)",
        field: tag.description)
    }
    return value
  }
}

// What a command that inspects files prints.

/// The facts of one file's pixels, without any identifier.
public struct DICOMSummary: Sendable, Hashable, Codable {
  /// The last component of the path.
  public var file: String
  public var transferSyntax: String
  public var modality: String?
  public var sopClass: String?
  public var rows: Int?
  public var columns: Int?
  public var frames: Int?
  public var samplesPerPixel: Int?
  public var photometric: String?
  public var bitsStored: Int?
  public var signed: Bool?
  /// The samples' type in memory, such as `int16`.
  public var type: SampleType?
  /// CRC-32 of the stored samples before any rescale, first axis fastest (sample of a pixel, column,
  /// row, frame), each as little-endian int32 (integers) or float64 (floating point); eight
  /// hexadecimal digits. Nil where there are no pixels or reading them was not asked for.
  public var storedCRC32: String?
  public var minimum: Double?
  public var maximum: Double?
  public var mean: Double?
  public var diagnostics: [String]

  /// - `readsPixels`: Decode all frames for the checksum and the range.
  public init(_ file: DICOMFile, readsPixels: Bool = true) throws(VolumeError) {
    self.file = file.name
    let set = file.dataSet
    transferSyntax = file.transferSyntax.rawValue
    modality = set.string(.modality)
    sopClass = set.string(.sopClassUID)
    diagnostics = file.diagnostics.map(\.description)
    guard file.hasPixels else { return }
    let layout = try file.pixelLayout()
    rows = layout.rows
    columns = layout.columns
    frames = layout.frames
    samplesPerPixel = layout.samplesPerPixel
    photometric = layout.photometric
    bitsStored = layout.bitsStored
    signed = layout.isSigned
    type = layout.type
    guard readsPixels else { return }
    let stored = try file.storedPixels()
    diagnostics += stored.diagnostics.map(\.description)
    let digits = String(stored.samples.storedCRC32, radix: 16)
    storedCRC32 = String(repeating: "0", count: 8 - digits.count) + digits
    let range = stored.samples.statistics
    (minimum, maximum, mean) = (range.minimum, range.maximum, range.mean)
  }
}

extension Samples {
  /// CRC-32 of the samples in order, each as little-endian int32 (integers, cut to their low 32
  /// bits) or float64 (floating point).
  ///
  /// - Complexity: O(*count*).
  public var storedCRC32: UInt32 {
    switch self {
    case .uint8(let s): Self.checksum(s) { UInt64($0) }
    case .int8(let s): Self.checksum(s) { UInt64(truncatingIfNeeded: $0) }
    case .uint16(let s): Self.checksum(s) { UInt64($0) }
    case .int16(let s): Self.checksum(s) { UInt64(truncatingIfNeeded: $0) }
    case .uint32(let s): Self.checksum(s) { UInt64($0) }
    case .int32(let s): Self.checksum(s) { UInt64(truncatingIfNeeded: $0) }
    case .uint64(let s): Self.checksum(s) { $0 }
    case .int64(let s): Self.checksum(s) { UInt64(truncatingIfNeeded: $0) }
    case .float32(let s): Self.checksum(s, bytes: 8) { Double($0).bitPattern }
    case .float64(let s): Self.checksum(s, bytes: 8) { $0.bitPattern }
    }
  }

  private static func checksum<T>(
    _ samples: [T], bytes: Int = 4, _ word: (T) -> UInt64
  ) -> UInt32 {
    var sum = CRC32()
    var chunk: [UInt8] = []
    chunk.reserveCapacity(1 << 16)
    for sample in samples {
      var rest = word(sample)
      for _ in 0..<bytes {
        chunk.append(UInt8(truncatingIfNeeded: rest))
        rest >>= 8
      }
      if chunk.count >= 1 << 16 - 8 {
        sum.update(chunk.span)
        chunk.removeAll(keepingCapacity: true)
      }
    }
    sum.update(chunk.span)
    return sum.value
  }

  /// The extremes and the mean of the finite stored samples; nil of none.
  var statistics: (minimum: Double?, maximum: Double?, mean: Double?) {
    switch self {
    case .uint8(let s): Self.statistics(s) { Double($0) }
    case .int8(let s): Self.statistics(s) { Double($0) }
    case .uint16(let s): Self.statistics(s) { Double($0) }
    case .int16(let s): Self.statistics(s) { Double($0) }
    case .uint32(let s): Self.statistics(s) { Double($0) }
    case .int32(let s): Self.statistics(s) { Double($0) }
    case .uint64(let s): Self.statistics(s) { Double($0) }
    case .int64(let s): Self.statistics(s) { Double($0) }
    case .float32(let s): Self.statistics(s) { Double($0) }
    case .float64(let s): Self.statistics(s) { $0 }
    }
  }

  private static func statistics<T>(
    _ samples: [T], _ number: (T) -> Double
  ) -> (minimum: Double?, maximum: Double?, mean: Double?) {
    var low = Double.infinity
    var high = -Double.infinity
    var sum = 0.0
    var count = 0
    for sample in samples {
      let value = number(sample)
      guard value.isFinite else { continue }
      low = min(low, value)
      high = max(high, value)
      sum += value
      count += 1
    }
    return count == 0 ? (nil, nil, nil) : (low, high, sum / Double(count))
  }
}

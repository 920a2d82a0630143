// Samples as 16-bit integers, the only ones that CT and MR images hold.

/// A volume's samples as 16 bits, little endian, and how to rescale them.
struct WrittenSamples {
  var bytes: [UInt8]
  var isSigned: Bool
  var rescale: Rescale
  /// The padding's ends, as stored words.
  var padding: (first: UInt16, last: UInt16)?

  /// Integers that fit 16 bits are kept exactly. Floating-point samples are spread over 0...65535
  /// between their extremes (an error of at most half a step), and slope and intercept undo it.
  ///
  /// - Throws: `unsupported` for whole numbers beyond 16 bits; `malformed` for samples that are not
  ///   finite.
  init(_ volume: Volume) throws(VolumeError) {
    rescale = volume.rescale
    switch volume.samples {
    case .uint8(let s): (bytes, isSigned) = (Self.words(s), false)
    case .int8(let s): (bytes, isSigned) = (Self.words(s), true)
    case .uint16(let s): (bytes, isSigned) = (Self.words(s), false)
    case .int16(let s): (bytes, isSigned) = (Self.words(s), true)
    case .uint32(let s): (bytes, isSigned) = try Self.narrowed(s)
    case .int32(let s): (bytes, isSigned) = try Self.narrowed(s)
    case .uint64(let s): (bytes, isSigned) = try Self.narrowed(s)
    case .int64(let s): (bytes, isSigned) = try Self.narrowed(s)
    case .float32(let s):
      (bytes, isSigned) = ([], false)
      try spread(s.map { Double($0) }, volume.rescale)
    case .float64(let s):
      (bytes, isSigned) = ([], false)
      try spread(s, volume.rescale)
    }
    if let range = volume.paddingValue, !volume.samples.type.isFloatingPoint {
      let allowed = isSigned ? -32_768...32_767 : 0...65_535
      if allowed.contains(range.lowerBound), allowed.contains(range.upperBound) {
        padding = (
          UInt16(truncatingIfNeeded: range.lowerBound), UInt16(truncatingIfNeeded: range.upperBound)
        )
      }
    }
  }

  private static func words<T: FixedWidthInteger>(_ samples: [T]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(2 * samples.count)
    for sample in samples {
      let word = UInt16(truncatingIfNeeded: sample)
      bytes.append(UInt8(truncatingIfNeeded: word))
      bytes.append(UInt8(word >> 8))
    }
    return bytes
  }

  private static func narrowed<T: FixedWidthInteger>(
    _ samples: [T]
  ) throws(VolumeError) -> ([UInt8], Bool) {
    let low = samples.min() ?? 0
    let high = samples.max() ?? 0
    if low >= 0, high <= 65_535 { return (words(samples), false) }
    guard Int64(clamping: low) >= -32_768, Int64(clamping: high) <= 32_767 else {
      throw VolumeError(
        .unsupported, "samples from \(low) to \(high); CT and MR images hold 16 bits")
    }
    return (words(samples), true)
  }

  private mutating func spread(_ samples: [Double], _ rescale: Rescale) throws(VolumeError) {
    guard samples.allSatisfy(\.isFinite) else {
      throw VolumeError(.malformed, "samples that are not finite cannot be written as DICOM")
    }
    let low = samples.min() ?? 0
    let high = samples.max() ?? 0
    // Slope and intercept are text of 16 characters: what is read back is what counts.
    let text = DecimalText.text(high > low ? (high - low) / 65_535 * rescale.slope : 1)
    let start = DecimalText.text(rescale(low))
    let slope = Double(text) ?? 1
    let intercept = Double(start) ?? 0
    self.rescale = Rescale(slope: slope, intercept: intercept)
    bytes = Self.words(
      samples.map { UInt16(max(0, min(65_535, ((rescale($0) - intercept) / slope).rounded()))) })
  }
}

// DICOM RLE Lossless: a frame as up to 15 PackBits segments, one for each byte of each component.
// Source: DICOM PS3.5 annex G.

/// The codec of transfer syntax 1.2.840.10008.1.2.5.
package enum RunLengthFrame {
  /// Bytes of the header: a count and fifteen offsets, 32-bit little endian.
  static let headerSize = 64

  /// Decodes a frame to samples interleaved by pixel.
  ///
  /// - Parameters:
  ///   - bytes: The frame's fragments, joined.
  ///   - expected: The header's rows, columns, samples a pixel and bits allocated (1 is refused).
  /// - Throws: `.malformed` where the segments do not fit the header, `.truncated` where one ends
  ///   early, `.unsupported` for bits allocated other than 8, 16, 32 and 64.
  /// - Complexity: O(bytes of the frame).
  package static func decode(
    _ bytes: Span<UInt8>, expected: FrameDescription
  ) throws(VolumeError) -> DecodedFrame {
    let sampleSize: Int
    switch expected.bitsAllocated {
    case 8, 16, 32, 64: sampleSize = expected.bitsAllocated / 8
    default:
      throw VolumeError(
        .unsupported, "RLE of \(expected.bitsAllocated) bits allocated; 8, 16, 32 and 64 are read",
        field: "(0028,0100) BitsAllocated")
    }
    let components = expected.samplesPerPixel
    let offsets = try segmentOffsets(bytes, count: components * sampleSize)
    let pixels = expected.rows.multipliedReportingOverflow(by: expected.columns)
    // A run codes at most 128 bytes in two.
    guard !pixels.overflow, expected.rows >= 0, expected.columns >= 0,
      pixels.partialValue <= bytes.count * 64
    else {
      throw VolumeError(
        .truncated,
        "\(bytes.count) bytes of RLE cannot hold \(expected.columns) × \(expected.rows) pixels",
        offset: bytes.count)
    }
    let frame = try planes(
      bytes, offsets: offsets, pixels: pixels.partialValue, components: components,
      sampleSize: sampleSize)
    return DecodedFrame(
      samples: frame, rows: expected.rows, columns: expected.columns, samplesPerPixel: components,
      bitsPerSample: expected.bitsStored, photometric: expected.photometric)
  }

  /// The header's offsets, each inside the frame and in rising order, with the frame's end behind.
  private static func segmentOffsets(
    _ bytes: Span<UInt8>, count expected: Int
  ) throws(VolumeError) -> [Int] {
    guard bytes.count >= headerSize else {
      throw VolumeError(
        .truncated, "\(bytes.count) bytes where an RLE header takes \(headerSize)",
        offset: bytes.count, field: "RLE header")
    }
    func word(_ index: Int) -> Int {
      (0..<4).reduce(0) { $0 | Int(bytes[4 * index + $1]) << (8 * $1) }
    }
    guard expected > 0, word(0) == expected else {
      throw VolumeError(
        .malformed, "\(word(0)) RLE segments where the header's samples need \(expected)",
        offset: 0, field: "RLE number of segments")
    }
    guard expected <= 15 else {
      throw VolumeError(
        .malformed, "\(expected) RLE segments; the header has room for 15", offset: 0,
        field: "RLE number of segments")
    }
    var offsets: [Int] = []
    for index in 0..<expected {
      let offset = word(index + 1)
      let floor = offsets.last ?? headerSize
      guard offset >= floor, offset <= bytes.count else {
        throw VolumeError(
          .malformed, "RLE segment \(index) starts at \(offset), outside \(floor)...\(bytes.count)",
          offset: 4 * (index + 1), field: "RLE segment offset")
      }
      offsets.append(offset)
    }
    return offsets + [bytes.count]
  }

  private static func planes(
    _ bytes: Span<UInt8>, offsets: [Int], pixels: Int, components: Int, sampleSize: Int
  ) throws(VolumeError) -> Samples {
    switch sampleSize {
    case 1:
      return .uint8(try gather(bytes, offsets: offsets, pixels: pixels, components: components))
    case 2:
      return .uint16(try gather(bytes, offsets: offsets, pixels: pixels, components: components))
    case 4:
      return .uint32(try gather(bytes, offsets: offsets, pixels: pixels, components: components))
    default:
      return .uint64(try gather(bytes, offsets: offsets, pixels: pixels, components: components))
    }
  }

  /// Each segment is one byte of one component, the most significant byte first.
  private static func gather<Sample: FixedWidthInteger>(
    _ bytes: Span<UInt8>, offsets: [Int], pixels: Int, components: Int
  ) throws(VolumeError) -> [Sample] {
    var result = [Sample](repeating: 0, count: pixels * components)
    var plane = UInt8.take(pixels)
    let sampleSize = Sample.bitWidth / 8
    for segment in 0..<components * sampleSize {
      let start = offsets[segment]
      var target = plane.mutableSpan
      try PackBits.decode(
        bytes.extracting(start..<offsets[segment + 1]), offset: start, into: &target)
      let component = segment / sampleSize
      let shift = 8 * (sampleSize - 1 - segment % sampleSize)
      if components == 1 {
        for index in 0..<pixels {
          result[index] |= Sample(truncatingIfNeeded: plane[index]) &<< Sample(shift)
        }
      } else {
        var at = component
        for index in 0..<pixels {
          result[at] |= Sample(truncatingIfNeeded: plane[index]) &<< Sample(shift)
          at &+= components
        }
      }
    }
    UInt8.keep(plane)
    return result
  }

  /// Codes a frame: rows do not share runs, segments have even length.
  ///
  /// - Parameter samples: Interleaved by pixel, `.uint8`, `.uint16` or `.uint32`.
  /// - Precondition: The samples are as many as `rows · columns · components`, and make at most 15
  ///   segments.
  package static func encode<Sample: FixedWidthInteger & UnsignedInteger>(
    _ samples: [Sample], rows: Int, columns: Int, components: Int
  ) -> [UInt8] {
    precondition(
      samples.count == rows * columns * components,
      "\(samples.count) samples for \(rows) × \(columns) × \(components)")
    let sampleSize = Sample.bitWidth / 8
    let segments = sampleSize * components
    precondition(segments <= 15, "\(segments) segments, at most 15 fit the header")
    var header = [UInt32](repeating: 0, count: 16)
    header[0] = UInt32(segments)
    var body: [UInt8] = []
    var row = [UInt8](repeating: 0, count: columns)
    for segment in 0..<segments {
      header[segment + 1] = UInt32(headerSize + body.count)
      let shift = 8 * (sampleSize - 1 - segment % sampleSize)
      for y in 0..<rows {
        for x in 0..<columns {
          let value = samples[segment / sampleSize + components * (x + columns * y)]
          row[x] = UInt8(truncatingIfNeeded: value >> Sample(shift))
        }
        PackBits.encode(row.span, appendingTo: &body)
      }
      if body.count % 2 == 1 { body.append(0) }
    }
    return header.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
      + body
  }
}

// What a codestream is by its own markers, and how its samples meet the container's header.
// Source: DICOM PS3.5 8.2 and A.4.

/// The families of codestreams that tell themselves apart.
enum CodestreamFamily: Sendable {
  case jpeg, jpegLS, jpeg2000
  /// JPEG 2000 Part 15 (HTJ2K).
  case highThroughput

  /// - Throws: `.unknownFormat` where the bytes begin none of them.
  init(of bytes: Span<UInt8>) throws(VolumeError) {
    if JPEG2000Decoder.begins(bytes) {
      self = .jpeg2000
    } else {
      self = try JPEGMarkerReader.process(of: bytes) == 0xF7 ? .jpegLS : .jpeg
    }
  }

  /// Decodes a frame and holds it against the container's header.
  func decode(
    _ bytes: Span<UInt8>, expected: FrameDescription
  ) throws(VolumeError) -> DecodedFrame {
    let frame: DecodedFrame
    switch self {
    case .jpeg: frame = try jpeg(bytes, expected)
    case .jpegLS:
      frame = try JPEGLSDecoder.decode(bytes, photometric: expected.photometric)
    case .jpeg2000:
      frame = try JPEG2000Decoder.decode(bytes, photometric: expected.photometric)
    case .highThroughput:
      #if HTJ2K
        frame = try HTJ2KDecoder.decode(bytes, expected: expected)
      #else
        throw VolumeError(
          .unsupported,
          "High-Throughput JPEG 2000 (transfer syntaxes 1.2.840.10008.1.2.4.201 to 203) needs the "
            + "package trait HTJ2K, which links libopenjp2",
          field: "(0002,0010) TransferSyntaxUID")
      #endif
    }
    guard frame.rows == expected.rows, frame.columns == expected.columns,
      frame.samplesPerPixel == expected.samplesPerPixel
    else {
      throw VolumeError(
        .malformed,
        "the codestream has \(frame.columns) × \(frame.rows) × \(frame.samplesPerPixel) samples, "
          + "the header \(expected.columns) × \(expected.rows) × \(expected.samplesPerPixel)",
        field: "(0028,0010) Rows")
    }
    return frame
  }

  /// YCbCr becomes RGB where the header or Adobe's marker says that it is YCbCr.
  private func jpeg(
    _ bytes: Span<UInt8>, _ expected: FrameDescription
  ) throws(VolumeError) -> DecodedFrame {
    let isLossless = try JPEGMarkerReader.process(of: bytes) == 0xC3
    let isYBR = expected.photometric.hasPrefix("YBR") && !isLossless
    var image = try JPEGDecoder.decode(
      bytes, color: isYBR && !expected.keepsColor ? .fromYCC : .stored)
    if !isYBR, !isLossless, image.components == 3, image.isAdobe, image.storedColor == .ycc {
      image = try JPEGDecoder.decode(bytes, color: .fromYCC)
    }
    var photometric = expected.photometric
    if image.components == 3, image.color == .rgb, !isLossless { photometric = "RGB" }
    return DecodedFrame(
      samples: image.samples, rows: image.height, columns: image.width,
      samplesPerPixel: image.components, bitsPerSample: image.precision, photometric: photometric,
      diagnostics: image.diagnostics)
  }
}

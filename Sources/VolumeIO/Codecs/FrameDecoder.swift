// The seam between containers (DICOM, TIFF) and codestreams: one compressed frame in, samples out.

/// What a container says about a frame before its codestream is opened.
package struct FrameDescription: Sendable, Hashable {
  package var rows: Int
  package var columns: Int
  package var samplesPerPixel: Int
  package var bitsAllocated: Int
  package var bitsStored: Int
  package var isSigned: Bool
  /// DICOM's photometric interpretation, such as `MONOCHROME2` or `YBR_FULL_422`.
  package var photometric: String
  /// 0 where the samples of a pixel lie together, 1 where each component is a plane of its own.
  package var planarConfiguration: Int
  /// Leave YCbCr as the codestream has it, where the container says that it is YCbCr.
  package var keepsColor = false

  package init(
    rows: Int, columns: Int, samplesPerPixel: Int = 1, bitsAllocated: Int, bitsStored: Int,
    isSigned: Bool = false, photometric: String = "MONOCHROME2", planarConfiguration: Int = 0
  ) {
    self.rows = rows
    self.columns = columns
    self.samplesPerPixel = samplesPerPixel
    self.bitsAllocated = bitsAllocated
    self.bitsStored = bitsStored
    self.isSigned = isSigned
    self.photometric = photometric
    self.planarConfiguration = planarConfiguration
  }
}

/// A frame as its codestream holds it.
///
/// `samples` are interleaved by pixel, rows from the top, left to right. Their type is what the
/// codestream says: unsigned except where the codestream itself is signed (JPEG 2000). The container
/// reinterprets them by its own header (JPEG lossless and JPEG-LS know no sign).
package struct DecodedFrame: Sendable, Hashable {
  package var samples: Samples
  package var rows: Int
  package var columns: Int
  package var samplesPerPixel: Int
  /// The precision that the codestream states, 1 to 32.
  package var bitsPerSample: Int
  /// The colour model of `samples`; differs from the container's where the codestream undid a
  /// colour transform (`RGB` of `YBR_FULL_422`, `YBR_RCT`, `YBR_ICT`).
  package var photometric: String
  /// Oddities that did not stop the decoder, such as a missing end-of-image marker.
  package var diagnostics: [String]

  package init(
    samples: Samples, rows: Int, columns: Int, samplesPerPixel: Int, bitsPerSample: Int,
    photometric: String, diagnostics: [String] = []
  ) {
    self.samples = samples
    self.rows = rows
    self.columns = columns
    self.samplesPerPixel = samplesPerPixel
    self.bitsPerSample = bitsPerSample
    self.photometric = photometric
    self.diagnostics = diagnostics
  }
}

/// Chooses the codec of a frame by its transfer syntax.
package enum FrameDecoder {
  /// Decodes one whole frame (all of its fragments joined).
  ///
  /// - Parameters:
  ///   - bytes: The codestream; a trailing padding byte is allowed.
  ///   - transferSyntax: The DICOM UID, such as `1.2.840.10008.1.2.4.70`. A codestream that is of
  ///     the same family but another process than the UID names is decoded as what it is.
  ///   - expected: The container's header. Its size bounds what a codec may allocate; a codestream
  ///     of another size or component count throws `.malformed`.
  /// - Throws: `.unsupported` naming the syntax (and the package trait, where one would help),
  ///   `.malformed`, `.truncated` or `.corrupt`, with the offset in `bytes`.
  package static func decode(
    _ bytes: Span<UInt8>, transferSyntax: String, expected: FrameDescription
  ) throws(VolumeError) -> DecodedFrame {
    switch transferSyntax {
    case "1.2.840.10008.1.2.5":
      return try RunLengthFrame.decode(bytes, expected: expected)
    case "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.53",
      "1.2.840.10008.1.2.4.55", "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70",
      "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.90",
      "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.92", "1.2.840.10008.1.2.4.93":
      return try CodestreamFamily(of: bytes).decode(bytes, expected: expected)
    case "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.203":
      return try CodestreamFamily.highThroughput.decode(bytes, expected: expected)
    default:
      throw VolumeError(
        .unsupported, "transfer syntax \(transferSyntax) is not decoded by this build",
        field: "(0002,0010) TransferSyntaxUID")
    }
  }
}

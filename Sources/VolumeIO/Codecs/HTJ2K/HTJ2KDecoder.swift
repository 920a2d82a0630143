// High-Throughput JPEG 2000 through libopenjp2: the trait HTJ2K.
// Source: ITU-T T.814 (ISO/IEC 15444-15); DICOM PS3.5 A.4.10.

#if HTJ2K
  internal import COpenJPEG

  /// Decodes what the Swift decoder of Part 1 does not.
  enum HTJ2KDecoder {
    /// - Throws: `.malformed` where the codestream is of another size than the header says, before
    ///   anything is decoded; `.corrupt` with the library's own words.
    static func decode(
      _ bytes: Span<UInt8>, expected: FrameDescription
    ) throws(VolumeError) -> DecodedFrame {
      let count = expected.rows * expected.columns * expected.samplesPerPixel
      // Real pictures stay far below this bound; it keeps claims from taking memory.
      guard count <= 1 << 24 || count <= 4096 * bytes.count else {
        throw VolumeError(
          .limit, "\(count) samples in \(bytes.count) bytes", field: "(0028,0010) Rows")
      }
      var none: [Int32] = []
      _ = try call(bytes, expected, into: &none)
      var samples = [Int32](repeating: 0, count: count)
      let header = try call(bytes, expected, into: &samples)
      let precision = Int(header.precision)
      let all: Samples =
        switch (precision, header.is_signed != 0) {
        case (...8, false): .uint8(samples.map { UInt8(truncatingIfNeeded: $0) })
        case (...8, true): .int8(samples.map { Int8(truncatingIfNeeded: $0) })
        case (...16, false): .uint16(samples.map { UInt16(truncatingIfNeeded: $0) })
        case (...16, true): .int16(samples.map { Int16(truncatingIfNeeded: $0) })
        case (_, false): .uint32(samples.map { UInt32(bitPattern: $0) })
        case (_, true): .int32(samples)
        }
      // The library undoes the component transform.
      let isTransformed = ["YBR_RCT", "YBR_ICT"].contains(expected.photometric)
      return DecodedFrame(
        samples: all, rows: expected.rows, columns: expected.columns,
        samplesPerPixel: expected.samplesPerPixel, bitsPerSample: precision,
        photometric: isTransformed ? "RGB" : expected.photometric)
    }

    /// Decodes into `samples`, or reads the header alone where there are none.
    private static func call(
      _ bytes: Span<UInt8>, _ expected: FrameDescription, into samples: inout [Int32]
    ) throws(VolumeError) -> rg_opj_header {
      var header = rg_opj_header()
      var message = [CChar](repeating: 0, count: 200)
      let isHeaderAlone = samples.isEmpty
      let result = unsafe bytes.withUnsafeBufferPointer { input in
        unsafe samples.withUnsafeMutableBufferPointer { output in
          unsafe message.withUnsafeMutableBufferPointer { text in
            unsafe rg_opj_decode(
              input.baseAddress, input.count, UInt32(expected.columns), UInt32(expected.rows),
              UInt32(expected.samplesPerPixel), &header,
              isHeaderAlone ? nil : output.baseAddress, text.baseAddress, text.count)
          }
        }
      }
      if result == 2 {
        throw VolumeError(
          .malformed,
          "the codestream has \(header.width) × \(header.height) × \(header.components) samples, "
            + "the header \(expected.columns) × \(expected.rows) × \(expected.samplesPerPixel)",
          field: "(0028,0010) Rows")
      }
      guard result == 0 else {
        let words = String(
          decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        throw VolumeError(
          .corrupt, "libopenjp2 cannot decode the frame: \(words.isEmpty ? "no reason" : words)",
          field: "codestream")
      }
      return header
    }
  }
#endif

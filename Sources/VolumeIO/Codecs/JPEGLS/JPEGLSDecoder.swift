// JPEG-LS, lossless and near-lossless.
// Source: ITU-T T.87 (ISO/IEC 14495-1).

/// Decodes a JPEG-LS stream.
package enum JPEGLSDecoder {
  /// Decodes the frame of a stream.
  ///
  /// - Parameters:
  ///   - bytes: From SOI on; bytes after EOI are ignored.
  ///   - photometric: Handed on to the result.
  /// - Returns: Unsigned samples: `.uint8` up to eight bits, `.uint16` above. Subsampled components
  ///   are repeated to the frame's size.
  /// - Throws: `.unknownFormat` without SOI; `.unsupported` for mapping tables and colour transforms
  ///   of APP8; `.malformed`, `.corrupt` or `.truncated`, with the byte; `.limit` where the size is
  ///   out of all proportion to the bytes.
  /// - Complexity: O(samples).
  package static func decode(
    _ bytes: Span<UInt8>, photometric: String = "MONOCHROME2"
  ) throws(VolumeError) -> DecodedFrame {
    let planes = try planes(bytes)
    let frame = planes.frame
    let samples: Samples
    switch planes.samples {
    case .uint8(let s): samples = .uint8(interleave(s, frame))
    case .uint16(let s): samples = .uint16(interleave(s, frame))
    default: samples = planes.samples
    }
    return DecodedFrame(
      samples: samples, rows: frame.height, columns: frame.width,
      samplesPerPixel: frame.components.count, bitsPerSample: frame.precision,
      photometric: photometric, diagnostics: planes.diagnostics)
  }

  /// A frame's components, one plane after another, each at its own size.
  struct Planes {
    let frame: JPEGLSFrame
    let samples: Samples
    let diagnostics: [String]
  }

  /// Decodes to planes.
  static func planes(_ bytes: Span<UInt8>) throws(VolumeError) -> Planes {
    var reader = try JPEGMarkerReader(bytes)
    var presets = JPEGLSPresets()
    while let segment = try reader.next(bytes) {
      switch segment.marker {
      case 0xF7:
        let frame = try JPEGLSFrame(bytes, segment: segment.payload)
        // A run codes at most 2¹⁵ samples in a bit; real pictures stay far below this bound.
        guard frame.sampleCount <= 1 << 24 || frame.sampleCount <= 4096 * bytes.count else {
          throw VolumeError(
            .limit, "\(frame.sampleCount) samples in \(bytes.count) bytes", offset: frame.offset,
            field: "SOF55")
        }
        var diagnostics: [String] = []
        let samples: Samples
        if frame.precision <= 8 {
          let planes: [UInt8] = try scans(bytes, &reader, frame, presets, &diagnostics)
          samples = .uint8(planes)
        } else {
          let planes: [UInt16] = try scans(bytes, &reader, frame, presets, &diagnostics)
          samples = .uint16(planes)
        }
        return Planes(frame: frame, samples: samples, diagnostics: diagnostics)
      case 0xF8: try readPresets(segment.payload, bytes, &presets)
      case 0xE8: try checkTransform(segment.payload, bytes)
      case 0xDA, JPEGMarkerReader.endOfImage, 0xC0...0xC3:
        throw VolumeError(
          .malformed,
          "no JPEG-LS frame header before marker FF "
            + String(segment.marker, radix: 16, uppercase: true),
          offset: segment.payload.lowerBound, field: "SOF55")
      default: continue
      }
    }
    throw VolumeError(.truncated, "no frame header", offset: bytes.count, field: "SOF55")
  }

  private static func scans<Sample: FixedWidthInteger & UnsignedInteger & SpareNumber>(
    _ bytes: Span<UInt8>, _ reader: inout JPEGMarkerReader, _ frame: JPEGLSFrame,
    _ presets: JPEGLSPresets, _ diagnostics: inout [String]
  ) throws(VolumeError) -> [Sample] {
    var presets = presets
    var samples = Sample.take(frame.sampleCount)
    var seen: Set<Int> = []
    var restartInterval = 0
    var hasEnd = false
    while !hasEnd, let segment = try reader.next(bytes) {
      switch segment.marker {
      case 0xF8: try readPresets(segment.payload, bytes, &presets)
      case 0xE8: try checkTransform(segment.payload, bytes)
      case 0xDD:
        guard 2...4 ~= segment.payload.count else {
          throw VolumeError(
            .malformed, "\(segment.payload.count) bytes of restart interval, expected 2 to 4",
            offset: segment.payload.lowerBound, field: "DRI")
        }
        restartInterval = segment.payload.reduce(0) { $0 << 8 | Int(bytes[$1]) }
      case 0xDA:
        let scan = try JPEGLSScan(bytes, segment: segment.payload, frame: frame)
        for component in scan.components {
          guard seen.insert(component).inserted else {
            throw VolumeError(
              .malformed, "component \(component) comes in a second scan", offset: scan.offset,
              field: "SOS C")
          }
        }
        let parameters = try JPEGLSParameters(
          presets, precision: frame.precision, near: scan.near, offset: scan.offset)
        var decoder = JPEGLSScanDecoder(
          frame: frame, scan: scan, parameters: parameters, restartInterval: restartInterval)
        var target = samples.mutableSpan
        reader.position = try decoder.decode(bytes, from: reader.position, into: &target)
      case JPEGMarkerReader.endOfImage: hasEnd = true
      case 0xF7:
        throw VolumeError(
          .malformed, "a second frame header", offset: segment.payload.lowerBound, field: "SOF55")
      default: continue
      }
    }
    guard seen.count == frame.components.count else {
      throw VolumeError(
        .truncated, "\(seen.count) of \(frame.components.count) components have a scan",
        offset: reader.position, field: "SOS")
    }
    if !hasEnd { diagnostics.append("no end-of-image marker") }
    if reader.skipped > 0 {
      diagnostics.append("\(reader.skipped) bytes between segments belong to none")
    }
    return samples
  }

  /// An LSE segment: coding parameters; tables and large sizes are refused.
  private static func readPresets(
    _ payload: Range<Int>, _ bytes: Span<UInt8>, _ presets: inout JPEGLSPresets
  ) throws(VolumeError) {
    let start = payload.lowerBound
    guard payload.count >= 1, bytes[start] != 1 || payload.count >= 11 else {
      throw VolumeError(
        .malformed, "\(payload.count) bytes of presets, expected 11", offset: start, field: "LSE")
    }
    func word(_ index: Int) -> Int {
      Int(bytes[start + 1 + 2 * index]) << 8 | Int(bytes[start + 2 + 2 * index])
    }
    switch bytes[start] {
    case 1:
      presets = JPEGLSPresets(
        maximum: word(0), threshold1: word(1), threshold2: word(2), threshold3: word(3),
        reset: word(4))
    case 2, 3: break  // A mapping table; a scan that uses it is refused.
    default:
      throw VolumeError(
        .unsupported, "preset parameters of kind \(bytes[start]); 1 is read", offset: start,
        field: "LSE")
    }
  }

  /// APP8 "mrfx" names a colour transform of HP's encoder.
  private static func checkTransform(
    _ payload: Range<Int>, _ bytes: Span<UInt8>
  ) throws(VolumeError) {
    let at = payload.lowerBound
    guard payload.count >= 5, bytes[at] == 0x6D, bytes[at + 1] == 0x72, bytes[at + 2] == 0x66,
      bytes[at + 3] == 0x78, bytes[at + 4] != 0
    else { return }
    throw VolumeError(
      .unsupported, "HP colour transform \(bytes[at + 4]), which DICOM does not allow",
      offset: at, field: "APP8")
  }

  private static func interleave<Sample: FixedWidthInteger & UnsignedInteger & SpareNumber>(
    _ planes: [Sample], _ frame: JPEGLSFrame
  ) -> [Sample] {
    let count = frame.components.count
    if count == 1 { return planes }
    var pixels = Sample.take(frame.width * frame.height * count)
    var target = pixels.mutableSpan
    let source = planes.span
    for (index, component) in frame.components.enumerated() {
      let across = frame.width.dividedRoundingUp(by: component.width)
      let down = frame.height.dividedRoundingUp(by: component.height)
      for y in 0..<frame.height {
        let line = component.first + y / down * component.width
        let at = y * frame.width * count + index
        if across == 1 {
          for x in 0..<frame.width { target[at &+ x &* count] = source[line &+ x] }
        } else {
          for x in 0..<frame.width { target[at &+ x &* count] = source[line &+ x / across] }
        }
      }
    }
    return pixels
  }
}

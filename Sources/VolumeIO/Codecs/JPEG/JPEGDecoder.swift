// JPEG: baseline, extended 12-bit, progressive and lossless.
// Source: ITU-T T.81 (ISO/IEC 10918-1).

/// Decodes a JPEG stream.
package enum JPEGDecoder {
  /// Decodes the one frame of a stream.
  ///
  /// DCT frames equal libjpeg-turbo's with its accurate integer transform and its smooth upsampling,
  /// to the bit; lossless frames are exact. The memory taken is bounded by the stream's size, since
  /// each block needs a bit at least.
  ///
  /// - Parameters:
  ///   - bytes: From SOI on; bytes after EOI are ignored.
  ///   - tables: Tables from elsewhere, for abbreviated streams.
  ///   - color: What to do with YCbCr and YCCK.
  /// - Throws: `.unknownFormat` without SOI; `.unsupported` for arithmetic coding, hierarchical
  ///   frames and fractional sampling; `.malformed`, `.corrupt` or `.truncated`, with the byte.
  /// - Complexity: O(pixels · scans).
  package static func decode(
    _ bytes: Span<UInt8>, tables: JPEGTables = JPEGTables(),
    color: JPEGColorTreatment = .automatic
  ) throws(VolumeError) -> JPEGImage {
    var reader = try JPEGMarkerReader(bytes)
    var tables = tables
    var markers = JPEGColorMarkers()
    while let segment = try reader.next(bytes) {
      if try tables.read(segment, bytes) { continue }
      switch segment.marker {
      case 0xC0, 0xC1, 0xC2, 0xC3:
        var frame = try JPEGFrame(marker: segment.marker, bytes, segment: segment.payload)
        if frame.height == 0 { try findHeight(of: &frame, bytes, from: reader.position) }
        try checkRoom(frame, bytes.count)
        var picture = JPEGPicture(frame: frame, markers: markers, treatment: color)
        if frame.precision <= 8 {
          return try picture.decode(bytes, &reader, tables, UInt8.self) { .uint8($0) }
        }
        return try picture.decode(bytes, &reader, tables, UInt16.self) { .uint16($0) }
      case 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF:
        throw VolumeError(
          .unsupported,
          "arithmetic or hierarchical JPEG (SOF\(segment.marker - 0xC0)); Huffman-coded baseline, "
            + "extended, progressive and lossless are read",
          offset: segment.payload.lowerBound, field: "SOF")
      case 0xF7:
        throw VolumeError(
          .unsupported, "a JPEG-LS stream where JPEG was expected",
          offset: segment.payload.lowerBound, field: "SOF")
      case 0xDA:
        throw VolumeError(
          .malformed, "a scan before any frame header", offset: segment.payload.lowerBound,
          field: "SOS")
      case JPEGMarkerReader.endOfImage:
        throw VolumeError(
          .malformed, "the image ends before any frame header", offset: reader.position,
          field: "EOI")
      default: markers.read(segment, bytes)
      }
    }
    throw VolumeError(.truncated, "no frame header", offset: bytes.count, field: "SOF")
  }

  /// The height that a DNL segment behind the first scan gives.
  private static func findHeight(
    of frame: inout JPEGFrame, _ bytes: Span<UInt8>, from position: Int
  ) throws(VolumeError) {
    var at = position
    while at + 6 <= bytes.count {
      if bytes[at] == 0xFF, bytes[at + 1] == 0xDC, bytes[at + 2] == 0, bytes[at + 3] == 4 {
        frame.height = Int(bytes[at + 4]) << 8 | Int(bytes[at + 5])
        break
      }
      at += 1
    }
    guard frame.height > 0 else {
      throw VolumeError(
        .malformed, "no lines, and no DNL segment that gives them", offset: frame.offset,
        field: "SOF Y")
    }
    frame.lay()
  }

  /// Each lossless sample takes a bit at least, each block of a sequential frame two, of a
  /// progressive frame one.
  private static func checkRoom(_ frame: JPEGFrame, _ count: Int) throws(VolumeError) {
    let bits: Int
    switch frame.process {
    case .lossless: bits = frame.width * frame.height * frame.components.count
    case .sequential: bits = 2 * frame.blockCount
    case .progressive: bits = frame.blockCount
    }
    guard bits <= 8 * count else {
      throw VolumeError(
        .truncated,
        "\(count) bytes cannot hold \(frame.width) × \(frame.height) × \(frame.components.count)",
        offset: frame.offset, field: "SOF")
    }
  }
}

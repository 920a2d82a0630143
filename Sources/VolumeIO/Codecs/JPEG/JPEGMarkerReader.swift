// The walk from marker to marker, shared by JPEG and JPEG-LS.
// Source: ITU-T T.81 B.1.

/// Finds the segments of a stream.
struct JPEGMarkerReader {
  static let endOfImage: UInt8 = 0xD9

  /// A marker and the bytes after its length field.
  struct Segment {
    let marker: UInt8
    let payload: Range<Int>
  }

  /// Where the next marker is looked for.
  var position: Int
  /// Bytes passed over between segments.
  private(set) var skipped = 0

  /// - Throws: `.unknownFormat` where the stream does not begin with SOI.
  init(_ bytes: Span<UInt8>) throws(VolumeError) {
    guard bytes.count >= 2, bytes[0] == 0xFF, bytes[1] == 0xD8 else {
      throw VolumeError(.unknownFormat, "no start-of-image marker FF D8", offset: 0, field: "SOI")
    }
    position = 2
  }

  /// The next segment, without payload for EOI and restart markers; nil at the end of the bytes.
  mutating func next(_ bytes: Span<UInt8>) throws(VolumeError) -> Segment? {
    while position + 1 < bytes.count {
      let marker = bytes[position + 1]
      if bytes[position] != 0xFF || marker == 0 {
        position += 1
        skipped += 1
        continue
      }
      if marker == 0xFF {
        position += 1
        continue
      }
      let start = position
      position += 2
      if marker == Self.endOfImage || 0xD0...0xD8 ~= marker || marker == 0x01 {
        return Segment(marker: marker, payload: position..<position)
      }
      guard position + 2 <= bytes.count else { break }
      let length = Int(bytes[position]) << 8 | Int(bytes[position + 1])
      guard length >= 2, position + length <= bytes.count else {
        throw VolumeError(
          length < 2 ? .malformed : .truncated,
          "a segment of \(length) bytes with \(bytes.count - position) left", offset: start,
          field: "marker FF \(String(marker, radix: 16, uppercase: true))")
      }
      let payload = position + 2..<position + length
      position += length
      return Segment(marker: marker, payload: payload)
    }
    position = bytes.count
    return nil
  }

  /// The start-of-frame marker of a stream, without reading anything else.
  static func process(of bytes: Span<UInt8>) throws(VolumeError) -> UInt8? {
    var reader = try JPEGMarkerReader(bytes)
    while let segment = try reader.next(bytes) {
      switch segment.marker {
      case 0xC0...0xC3, 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF, 0xF7: return segment.marker
      case 0xDA, endOfImage: return nil
      default: continue
      }
    }
    return nil
  }
}

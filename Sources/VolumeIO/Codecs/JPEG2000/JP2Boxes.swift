// The boxes of a JP2 file, as far as decoding needs them.
// Source: ITU-T T.800 annex I.

/// Where the codestream lies, and how its components make colours.
struct JP2Boxes {
  /// The codestream's bytes.
  var codestream: Range<Int>
  /// EnumCS of the first colour box: 16 for sRGB, 17 for grey, 18 for sYCC.
  var colorSpace: Int?
  /// The entries of a palette box: columns of values, and their depths.
  var hasPalette = false

  static func begins(_ bytes: Span<UInt8>) -> Bool {
    let signature: [UInt8] = [0, 0, 0, 12, 0x6A, 0x50, 0x20, 0x20, 0x0D, 0x0A, 0x87, 0x0A]
    guard bytes.count >= signature.count else { return false }
    return signature.indices.allSatisfy { bytes[$0] == signature[$0] }
  }

  /// - Throws: `.truncated` where no codestream box comes.
  init(_ bytes: Span<UInt8>) throws(VolumeError) {
    var found: Range<Int>?
    var color: Int?
    var palette = false
    try Self.walk(bytes, 0..<bytes.count) { (type: String, body: Range<Int>) throws(VolumeError) in
      switch type {
      case "jp2c":
        if found == nil { found = body }
      case "jp2h":
        try Self.walk(bytes, body) { (type: String, body: Range<Int>) throws(VolumeError) in
          switch type {
          case "colr":
            guard color == nil, body.count >= 7, bytes[body.lowerBound] == 1 else { return }
            color = (3..<7).reduce(0) { $0 << 8 | Int(bytes[body.lowerBound + $1]) }
          case "pclr": palette = true
          default: return
          }
        }
      default: return
      }
    }
    guard let found else {
      throw VolumeError(
        .truncated, "no codestream box", offset: bytes.count, field: "box jp2c")
    }
    codestream = found
    colorSpace = color
    hasPalette = palette
  }

  /// Calls `body` with each box's type and content.
  private static func walk(
    _ bytes: Span<UInt8>, _ range: Range<Int>,
    _ body: (String, Range<Int>) throws(VolumeError) -> Void
  ) throws(VolumeError) {
    var at = range.lowerBound
    while at + 8 <= range.upperBound {
      var length = (0..<4).reduce(0) { $0 << 8 | Int(bytes[at + $1]) }
      let type = String(
        decoding: [bytes[at + 4], bytes[at + 5], bytes[at + 6], bytes[at + 7]], as: UTF8.self)
      var header = 8
      if length == 1, at + 16 <= range.upperBound, bytes[at + 8] == 0, bytes[at + 9] == 0 {
        length = (8..<16).reduce(0) { $0 << 8 | Int(bytes[at + $1]) }
        header = 16
      } else if length == 0 {
        length = range.upperBound - at
      }
      guard length >= header, length <= range.upperBound - at else {
        throw VolumeError(
          .truncated, "a box of \(length) bytes with \(range.upperBound - at) left", offset: at,
          field: "box \(type)")
      }
      try body(type, at + header..<at + length)
      at += length
    }
  }
}

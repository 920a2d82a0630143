// The chunks of a PNG, checked, and what they say about its pixels.

/// What a PNG's chunks hold, before the pixels are decompressed.
struct PNGChunks: Sendable {
  var header: PNGHeader
  /// The bodies of all IDAT chunks, joined.
  var compressed: [UInt8] = []
  /// RGB triples.
  private var palette: [UInt8] = []
  /// Alpha of the palette's first entries, or the two bytes of each sample that is transparent.
  private var transparency: [UInt8] = []
  var texts: [String: String] = [:]
  var spacing: SIMD2<Double>?

  init(_ bytes: [UInt8], mostBytes: Int) throws(VolumeError) {
    guard bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) else {
      throw VolumeError(.unknownFormat, "no PNG signature", offset: 0)
    }
    let reader = ByteReader(bytes, .big)
    var position = 8
    var header: PNGHeader?
    (self.header, position) = try Self.first(reader, mostBytes)
    header = self.header
    var isEnded = false
    var isAfterData = false
    while !isEnded {
      let (type, data, next) = try Self.chunk(reader, position)
      if type != "IDAT", !compressed.isEmpty { isAfterData = true }
      switch type {
      case "IDAT":
        guard !isAfterData else {
          throw VolumeError(.malformed, "picture data in two places", offset: position, field: type)
        }
        compressed += data
      case "PLTE":
        guard data.count % 3 == 0, data.count <= 768, !data.isEmpty, palette.isEmpty else {
          throw VolumeError(
            .malformed, "a palette of \(data.count) bytes", offset: position, field: type)
        }
        palette = data
      case "tRNS": transparency = data
      case "tEXt":
        if let zero = data.firstIndex(of: 0), texts.count < 64 {
          let key = String(decoding: data[..<zero], as: UTF8.self)
          texts[key] = String(
            String.UnicodeScalarView(data[(zero + 1)...].map { UnicodeScalar($0) }))
        }
      case "pHYs":
        if data.count == 9, data[8] == 1 {
          let (x, y): (UInt32, UInt32) = (data.span.integer(0, .big), data.span.integer(4, .big))
          if x > 0, y > 0 { spacing = SIMD2(1000 / Double(x), 1000 / Double(y)) }
        }
      case "IEND": isEnded = true
      case "IHDR":
        throw VolumeError(.malformed, "a second header", offset: position, field: type)
      default:
        // Bit 5 of the first letter: clear in chunks that a decoder must understand (§5.4).
        guard let letter = type.utf8.first, letter & 0x20 != 0 else {
          throw VolumeError(
            .unsupported, "a critical chunk that is not in the standard", offset: position,
            field: type)
        }
      }
      position = next
    }
    guard !compressed.isEmpty else {
      throw VolumeError(.malformed, "no picture data", offset: position, field: "IDAT")
    }
    guard header?.colorType != 3 || !palette.isEmpty else {
      throw VolumeError(.malformed, "a palette picture without palette", field: "PLTE")
    }
    try checkTransparency()
  }

  private static func first(
    _ reader: ByteReader, _ mostBytes: Int
  ) throws(VolumeError) -> (PNGHeader, Int) {
    let (type, data, next) = try chunk(reader, 8)
    guard type == "IHDR" else {
      throw VolumeError(.malformed, "\(type) where the header must stand", offset: 8, field: "IHDR")
    }
    let header = try PNGHeader(data, offset: 8)
    _ = try Picture.byteCount(
      header.width, header.height, 4, header.depth == 16 ? 2 : 1, mostBytes: mostBytes)
    return (header, next)
  }

  private static func chunk(
    _ reader: ByteReader, _ position: Int
  ) throws(VolumeError) -> (type: String, data: [UInt8], next: Int) {
    let length = Int(try reader.integer(position, "chunk length", as: UInt32.self))
    guard length <= 0x7FFF_FFFF else {
      throw VolumeError(
        .malformed, "a chunk of \(length) bytes", offset: position, field: "chunk length")
    }
    let typed = try reader.slice(position + 4, length + 4, "chunk")
    let type = String(decoding: typed[..<4], as: UTF8.self)
    let stated: UInt32 = try reader.integer(position + 8 + length, "chunk CRC")
    let found = CRC32(typed.span).value
    guard stated == found else {
      throw VolumeError(
        .corrupt, "CRC \(String(found, radix: 16)), expected \(String(stated, radix: 16))",
        offset: position, field: type)
    }
    return (type, Array(typed[4...]), position + 12 + length)
  }

  private func checkTransparency() throws(VolumeError) {
    guard !transparency.isEmpty else { return }
    let isRight =
      switch header.colorType {
      case 0: transparency.count == 2
      case 2: transparency.count == 6
      case 3: transparency.count <= palette.count / 3
      default: false
      }
    guard isRight else {
      throw VolumeError(
        .malformed, "\(transparency.count) bytes for colour type \(header.colorType)",
        field: "tRNS")
    }
  }

  /// Values a pixel of the decoded picture has.
  var channels: Int {
    let alpha = transparency.isEmpty ? 0 : 1
    switch header.colorType {
    case 0: return 1 + alpha
    case 3: return 3 + alpha
    default: return header.samplesPerPixel + (header.colorType == 2 ? alpha : 0)
    }
  }

  /// Spreads one row of 16-bit samples over the picture.
  func scatter16(
    _ data: [UInt8], _ row: Int, _ pass: PNGHeader.Pass, _ y: Int, into pixels: inout [UInt16]
  ) {
    let (stored, made) = (header.samplesPerPixel, channels)
    let line = (pass.startY + y * pass.stepY) * header.width
    for x in 0..<pass.width {
      let target = (line + pass.startX + x * pass.stepX) * made
      let source = row + x * stored * 2
      for c in 0..<stored {
        pixels[target + c] =
          UInt16(data[source + 2 * c]) << 8 | UInt16(data[source + 2 * c + 1])
      }
      if made > stored {
        let isClear = data[source..<source + 2 * stored].elementsEqual(transparency)
        pixels[target + stored] = isClear ? 0 : .max
      }
    }
  }

  /// Spreads one row of samples of at most 8 bits; false where an index is beyond the palette.
  func scatter8(
    _ data: [UInt8], _ row: Int, _ pass: PNGHeader.Pass, _ y: Int, into pixels: inout [UInt8]
  ) -> Bool {
    let (depth, stored, made) = (header.depth, header.samplesPerPixel, channels)
    let scale = UInt8(truncatingIfNeeded: 255 / (1 << depth - 1))
    let line = (pass.startY + y * pass.stepY) * header.width
    var isInPalette = true
    for x in 0..<pass.width {
      let target = (line + pass.startX + x * pass.stepX) * made
      if header.colorType == 3 {
        let index = Int(sample(data, row, x, depth))
        guard 3 * index + 2 < palette.count else {
          isInPalette = false
          continue
        }
        for c in 0..<3 { pixels[target + c] = palette[3 * index + c] }
        if made == 4 { pixels[target + 3] = index < transparency.count ? transparency[index] : 255 }
        continue
      }
      var isClear = made > stored
      for c in 0..<stored {
        let value = sample(data, row, x * stored + c, depth)
        pixels[target + c] = value &* scale
        if isClear, transparency[2 * c] != 0 || transparency[2 * c + 1] != value {
          isClear = false
        }
      }
      if made > stored { pixels[target + stored] = isClear ? 0 : 255 }
    }
    return isInPalette
  }

  private func sample(_ data: [UInt8], _ row: Int, _ index: Int, _ depth: Int) -> UInt8 {
    if depth == 8 { return data[row + index] }
    let bit = index * depth
    let shift = 8 - depth - bit & 7
    return data[row + bit >> 3] >> UInt8(shift) & UInt8(1 << depth - 1)
  }
}

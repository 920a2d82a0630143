// The calls into libpng, through a shim from which no `longjmp` escapes.

internal import CPNG

/// The kind of pixels that a PNG stores.
struct PNGLayout: Sendable {
  var width: Int
  var height: Int
  /// 1, 2, 4, 8 or 16.
  var bitDepth: Int
  /// PNG's: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA.
  var colorType: Int

  var channels: Int { [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][colorType] ?? 1 }
  /// Bytes a row, without the filter's byte.
  var rowBytes: Int { (width * channels * bitDepth + 7) / 8 }
  /// The distance to the byte that filters take as the left neighbour.
  var filterDistance: Int { max(1, channels * bitDepth / 8) }
}

/// Everything of a PNG but its pixels.
struct PNGExtras: Sendable {
  var palette: [UInt8] = []
  var paletteAlpha: [UInt8] = []
  /// Millimetres a pixel, where it is to be written.
  var spacing: SIMD2<Double>?
  var text: [PNGOptions.Text] = []
}

/// - Returns: The message of the C string, at most up to its closing zero.
private func message(_ buffer: [CChar]) -> String {
  String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

private func emptyMessage() -> [CChar] {
  [CChar](repeating: 0, count: Int(CPNG_MESSAGE_SIZE))
}

/// A PNG around a finished zlib stream.
///
/// - Throws: `png` with libpng's message, such as for a keyword that PNG does not allow.
func writePNG(
  _ layout: PNGLayout, stream: [UInt8], extras: PNGExtras
) throws(WindowingError) -> [UInt8] {
  let strings = try textStrings(extras.text)
  var picture = unsafe cpng_picture()
  unsafe picture.width = UInt32(layout.width)
  unsafe picture.height = UInt32(layout.height)
  unsafe picture.bit_depth = UInt8(layout.bitDepth)
  unsafe picture.color_type = UInt8(layout.colorType)
  if let spacing = extras.spacing, spacing.x > 0, spacing.y > 0 {
    func perMeter(_ millimeters: Double) -> UInt32 {
      UInt32(min(max((1000 / millimeters).rounded(), 0), 2_147_483_647))
    }
    unsafe picture.x_per_meter = perMeter(spacing.x)
    unsafe picture.y_per_meter = perMeter(spacing.y)
  }
  var note = emptyMessage()
  let made: [UInt8]? = unsafe stream.withUnsafeBufferPointer { stream in
    unsafe extras.palette.withUnsafeBufferPointer { palette in
      unsafe extras.paletteAlpha.withUnsafeBufferPointer { alpha in
        unsafe withCStrings(strings) { texts in
          unsafe picture.palette = palette.baseAddress
          unsafe picture.palette_alpha = alpha.isEmpty ? nil : alpha.baseAddress
          unsafe picture.palette_count = palette.count / 3
          unsafe picture.text = texts.baseAddress
          unsafe picture.text_count = texts.count / 2
          unsafe picture.stream = stream.baseAddress
          unsafe picture.stream_size = stream.count
          var bytes: UnsafeMutablePointer<UInt8>?
          var size = 0
          guard unsafe cpng_write(&picture, &bytes, &size, &note) == 0, let bytes = unsafe bytes
          else { return nil }
          defer { unsafe cpng_free(bytes) }
          return unsafe [UInt8](UnsafeBufferPointer(start: bytes, count: size))
        }
      }
    }
  }
  guard let made else { throw WindowingError(.png, "libpng: " + message(note)) }
  return made
}

/// - Throws: `png` for a keyword that PNG does not allow or a text with a zero in it.
private func textStrings(_ texts: [PNGOptions.Text]) throws(WindowingError) -> [[CChar]] {
  var strings: [[CChar]] = []
  for text in texts {
    let keyword = text.keyword.unicodeScalars.map(\.value)
    guard (1...79).contains(keyword.count), keyword.first != 32, keyword.last != 32,
      keyword.allSatisfy({ (32...126).contains($0) || (161...255).contains($0) })
    else {
      throw WindowingError(
        .png, "a text's keyword has 1 to 79 Latin-1 characters, not “\(text.keyword)”")
    }
    guard !text.text.utf8.contains(0) else {
      throw WindowingError(.png, "the text of “\(text.keyword)” holds a zero byte")
    }
    strings.append(keyword.map { CChar(truncatingIfNeeded: $0) } + [0])
    strings.append(text.text.utf8.map { CChar(bitPattern: $0) } + [0])
  }
  return strings
}

/// Runs `body` with pointers to all strings, each closed by a zero, which live that long.
private func withCStrings<Result>(
  _ strings: [[CChar]], _ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
  let joined = strings.flatMap { $0 }
  return unsafe joined.withUnsafeBufferPointer { all in
    var pointers: [UnsafePointer<CChar>?] = unsafe []
    var place = 0
    for string in strings {
      unsafe pointers.append(all.baseAddress.map { unsafe $0 + place })
      place += string.count
    }
    return unsafe pointers.withUnsafeBufferPointer { unsafe body($0) }
  }
}

private func readHeader(_ data: [UInt8]) throws(WindowingError) -> cpng_header {
  var note = emptyMessage()
  var found = cpng_header()
  let status = unsafe data.withUnsafeBufferPointer {
    unsafe cpng_read_header($0.baseAddress, $0.count, &found, &note)
  }
  guard status == 0 else { throw WindowingError(.png, "libpng: " + message(note)) }
  return found
}

/// A PNG's pixels as libpng reads them, expanded to 8 or 16 bits.
struct PNGPixels: Sendable {
  var width: Int
  var height: Int
  var bitDepth: Int
  var channels: Int
  /// 16-bit components in the machine's byte order.
  var bytes: [UInt8]
  var spacing: SIMD2<Double>?
  var header: PNGHeader

  /// - Throws: `png` for bytes that libpng refuses; `size` above `limit` pixels.
  init(_ data: [UInt8], limit: Int) throws(WindowingError) {
    var note = emptyMessage()
    var found = try readHeader(data)
    header = PNGHeader(found)
    (width, height) = (header.width, header.height)
    (bitDepth, channels) = (Int(found.bit_depth), Int(found.channels))
    guard width <= limit, height <= limit, width * height <= limit else {
      throw WindowingError(.size, "a PNG of \(width) × \(height), where \(limit) pixels are read")
    }
    // Deflate makes at most 1032 bytes of one, and each stored row has at least one byte.
    let storedBits = width * header.bitDepth * header.storedChannels
    guard (storedBits + 7) / 8 * height / 1032 <= data.count else {
      throw WindowingError(
        .png, "\(data.count) bytes cannot hold the \(width) × \(height) pixels of the header")
    }
    let count = found.row_bytes * height
    var pixels = [UInt8](repeating: 0, count: count)
    let read = unsafe data.withUnsafeBufferPointer { data in
      unsafe pixels.withUnsafeMutableBufferPointer { target in
        unsafe cpng_read(data.baseAddress, data.count, &found, target.baseAddress, &note)
      }
    }
    guard read == 0 else { throw WindowingError(.png, "libpng: " + message(note)) }
    bytes = pixels
    if found.x_per_meter > 0, found.y_per_meter > 0 {
      spacing = SIMD2(1000 / Double(found.x_per_meter), 1000 / Double(found.y_per_meter))
    }
  }
}

/// What a PNG's header tells.
public struct PNGHeader: Sendable, Hashable, Codable {
  public var width: Int
  public var height: Int
  /// Bits a channel, or a palette index: 1, 2, 4, 8 or 16.
  public var bitDepth: Int
  /// 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA.
  public var colorType: Int
  public var isInterlaced: Bool

  init(_ found: cpng_header) {
    width = Int(found.width)
    height = Int(found.height)
    bitDepth = Int(found.stored_bit_depth)
    colorType = Int(found.stored_color_type)
    isInterlaced = found.is_interlaced != 0
  }

  init(reading data: [UInt8]) throws(WindowingError) {
    self.init(try readHeader(data))
  }

  var storedChannels: Int { [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][colorType] ?? 1 }
}

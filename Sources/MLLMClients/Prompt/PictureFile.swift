// What a picture's file tells without decoding it: its size, and what must not leave the house.
// Sources: PNG 3rd edition (W3C) section 5; JPEG ITU-T T.81 annex B; Exif 2.32 (CIPA DC-008);
// GIF89a; RIFF container of WebP (RFC 9649).

/// A picture's file, read as far as its headers.
enum PictureFile {
  struct Size: Sendable, Hashable {
    let width: Int
    let height: Int
  }

  /// Columns and rows from the header, or nil when there is none to read.
  static func size(of bytes: [UInt8]) -> Size? {
    switch MediaType(of: bytes) {
    case .some(.png):
      guard bytes.count >= 24 else { return nil }
      return Size(width: big(bytes, 16, 4), height: big(bytes, 20, 4))
    case .some(.gif):
      guard bytes.count >= 10 else { return nil }
      return Size(width: little(bytes, 6, 2), height: little(bytes, 8, 2))
    case .some(.jpeg): return sizeOfJPEG(bytes)
    case .some(.webp): return sizeOfWebP(bytes)
    default: return nil
    }
  }

  /// The same picture without names, dates, positions and comments.
  ///
  /// PNG keeps the chunks that pixels need (`IHDR`, `PLTE`, `tRNS`, `IDAT`, `IEND`); JPEG loses
  /// every application segment but JFIF and Adobe's colour mark, and every comment. A JPEG that is
  /// stored turned keeps an Exif segment that says just that. WebP loses its Exif, XMP and colour
  /// profile, GIF its comments, plain texts and all application blocks but the loop's. Bytes that
  /// don't parse are returned as they are, and refused when they are sent.
  static func withoutMetadata(_ bytes: [UInt8], mediaType: MediaType) -> [UInt8] {
    stripped(bytes, mediaType: mediaType) ?? bytes
  }

  /// The same, or nil for bytes that can't be followed to their end: what is in them is not known.
  static func stripped(_ bytes: [UInt8], mediaType: MediaType) -> [UInt8]? {
    switch mediaType {
    case .png: strippedPNG(bytes)
    case .jpeg: strippedJPEG(bytes)
    case .webp: strippedWebP(bytes)
    case .gif: strippedGIF(bytes)
    default: bytes
    }
  }

  static func big(_ bytes: [UInt8], _ start: Int, _ count: Int) -> Int {
    bytes[start..<start + count].reduce(0) { $0 << 8 | Int($1) }
  }

  static func little(_ bytes: [UInt8], _ start: Int, _ count: Int) -> Int {
    bytes[start..<start + count].reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  // MARK: PNG

  private static let pngChunks: Set<[UInt8]> = Set(
    ["IHDR", "PLTE", "tRNS", "IDAT", "IEND"].map { Array($0.utf8) })

  private static func strippedPNG(_ bytes: [UInt8]) -> [UInt8]? {
    guard MediaType(of: bytes) == .png else { return nil }
    var keep: [Range<Int>] = [0..<8]
    var at = 8
    var whole = true
    while at + 12 <= bytes.count {
      let length = big(bytes, at, 4)
      let end = at + 12 + length
      guard end <= bytes.count else { return nil }
      let name = Array(bytes[at + 4..<at + 8])
      if pngChunks.contains(name) { keep.append(at..<end) } else { whole = false }
      at = end
      if name == Array("IEND".utf8) {
        if at < bytes.count { whole = false }
        if whole { return bytes }
        return keep.reduce(into: []) { $0.append(contentsOf: bytes[$1]) }
      }
    }
    return nil
  }

  // MARK: JPEG

  private static func sizeOfJPEG(_ bytes: [UInt8]) -> Size? {
    var size: Size?
    eachSegment(of: bytes) { marker, body in
      let frame = (0xC0...0xCF).contains(marker) && ![0xC4, 0xC8, 0xCC].contains(marker)
      if frame, body.count >= 5, size == nil {
        size = Size(
          width: big(bytes, body.lowerBound + 3, 2), height: big(bytes, body.lowerBound + 1, 2))
      }
    }
    return size
  }

  private static func strippedJPEG(_ bytes: [UInt8]) -> [UInt8]? {
    var out: [UInt8] = [0xFF, 0xD8]
    var orientation = 1
    var kept: [Range<Int>] = []
    var dropped = false
    let scan = eachSegment(of: bytes) { marker, body in
      if marker == 0xE1 { orientation = max(orientation, Self.orientation(bytes, body)) }
      let application = (0xE1...0xEF).contains(marker) && marker != 0xEE
      if application || marker == 0xFE {
        dropped = true
      } else {
        kept.append(body.lowerBound - 4..<body.upperBound)
      }
    }
    guard let scan, let scans = scans(of: bytes, from: scan) else { return nil }
    let scanned = scans.reduce(0) { $0 + $1.count }
    guard dropped || scanned < bytes.count - scan else { return bytes }
    if (2...8).contains(orientation) {
      out += [0xFF, 0xE1, 0x00, 0x22] + Array("Exif".utf8) + [0, 0]
      out += Array("MM".utf8) + [0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1]
      out += [0, UInt8(orientation), 0, 0, 0, 0, 0, 0]
    }
    for range in kept { out.append(contentsOf: bytes[range]) }
    for range in scans { out.append(contentsOf: bytes[range]) }
    return out
  }

  /// The scans from the first on, with the tables between them and without comments, application
  /// segments and whatever follows the picture's end.
  private static func scans(of bytes: [UInt8], from start: Int) -> [Range<Int>]? {
    var kept: [Range<Int>] = []
    var at = start
    while at + 1 < bytes.count {
      guard bytes[at] == 0xFF else { return nil }
      let marker = bytes[at + 1]
      if marker == 0xFF {
        at += 1
        continue
      }
      if marker == 0xD9 { return kept + [at..<at + 2] }
      guard at + 4 <= bytes.count, hasLength(Int(marker)) else { return nil }
      var end = at + 2 + big(bytes, at + 2, 2)
      guard end >= at + 4, end <= bytes.count else { return nil }
      if marker == 0xDA {
        // Coded data: FF 00 is a byte of it, FF D0…D7 restarts it, FF FF fills.
        while end < bytes.count {
          let code = end + 1 < bytes.count ? bytes[end + 1] : 0
          if bytes[end] == 0xFF, code != 0, code != 0xFF, !(0xD0...0xD7).contains(code) { break }
          end += 1
        }
      }
      if marker != 0xFE, !(0xE0...0xEF).contains(marker) { kept.append(at..<end) }
      at = end
    }
    return kept
  }

  /// Whether a marker begins a segment: FF 00 is a coded byte, FF 01 and FF D0…D9 stand alone
  /// (T.81 table B.1). Taken for segments, they would join the coded data before them.
  private static func hasLength(_ marker: Int) -> Bool {
    marker > 1 && !(0xD0...0xD9).contains(marker)
  }

  /// Calls `visit` with each marker and its body, and returns where the scan begins.
  @discardableResult
  private static func eachSegment(
    of bytes: [UInt8], _ visit: (Int, Range<Int>) -> Void
  ) -> Int? {
    guard MediaType(of: bytes) == .jpeg else { return nil }
    var at = 2
    while at + 4 <= bytes.count {
      guard bytes[at] == 0xFF else { return nil }
      let marker = Int(bytes[at + 1])
      if marker == 0xFF {
        at += 1
        continue
      }
      if marker == 0xDA { return at }
      guard hasLength(marker) else { return nil }
      let length = big(bytes, at + 2, 2)
      let end = at + 2 + length
      guard length >= 2, end <= bytes.count else { return nil }
      visit(marker, at + 4..<end)
      at = end
    }
    return nil
  }

  /// Exif tag 0x0112 of an APP1 segment, 1 when absent.
  private static func orientation(_ bytes: [UInt8], _ body: Range<Int>) -> Int {
    let head = Array("Exif\0\0".utf8)
    guard body.count > 20, bytes[body].starts(with: head) else { return 1 }
    let base = body.lowerBound + 6
    let littleEndian = bytes[base] == UInt8(ascii: "I")
    func read(_ offset: Int, _ count: Int) -> Int? {
      guard offset >= 0, base + offset + count <= body.upperBound else { return nil }
      return littleEndian ? little(bytes, base + offset, count) : big(bytes, base + offset, count)
    }
    guard let first = read(4, 4), let entries = read(first, 2) else { return 1 }
    for entry in 0..<min(entries, 64) {
      let at = first + 2 + entry * 12
      if read(at, 2) == 0x0112, let value = read(at + 8, 2) { return value }
    }
    return 1
  }

  // MARK: WebP

  private static func sizeOfWebP(_ bytes: [UInt8]) -> Size? {
    guard bytes.count >= 30 else { return nil }
    switch String(decoding: bytes[12..<16], as: UTF8.self) {
    case "VP8X":
      return Size(width: little(bytes, 24, 3) + 1, height: little(bytes, 27, 3) + 1)
    case "VP8 ":
      return Size(width: little(bytes, 26, 2) & 0x3FFF, height: little(bytes, 28, 2) & 0x3FFF)
    case "VP8L":
      let packed = little(bytes, 21, 4)
      return Size(width: (packed & 0x3FFF) + 1, height: (packed >> 14 & 0x3FFF) + 1)
    default: return nil
    }
  }
}

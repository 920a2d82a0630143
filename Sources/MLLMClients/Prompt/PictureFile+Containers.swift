// Metadata out of WebP and GIF files.
// Sources: RFC 9649 section 2 (WebP's RIFF container); GIF89a specification, sections 17 to 27.

extension PictureFile {
  private static let webpChunks: Set<String> = ["VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF"]

  static func strippedWebP(_ bytes: [UInt8]) -> [UInt8]? {
    guard MediaType(of: bytes) == .webp else { return nil }
    let end = 8 + little(bytes, 4, 4)
    guard end <= bytes.count else { return nil }
    var out = Array(bytes[..<12])
    var at = 12
    while at < end {
      guard at + 8 <= end else { return nil }
      let size = little(bytes, at + 4, 4)
      let next = at + 8 + size + (size & 1)
      guard at + 8 + size <= end else { return nil }
      let name = String(decoding: bytes[at..<at + 4], as: UTF8.self)
      if webpChunks.contains(name) {
        let start = out.count
        out.append(contentsOf: bytes[at..<min(next, end)])
        // The flags that promise a colour profile, Exif and XMP.
        if name == "VP8X", size > 0 { out[start + 8] &= ~0x2C }
      }
      at = next
    }
    let size = out.count - 8
    for index in 0..<4 { out[4 + index] = UInt8(truncatingIfNeeded: size >> (8 * index)) }
    return out
  }

  static func strippedGIF(_ bytes: [UInt8]) -> [UInt8]? {
    guard MediaType(of: bytes) == .gif, bytes.count >= 13 else { return nil }
    func table(_ flags: UInt8) -> Int { flags & 0x80 != 0 ? 3 << (Int(flags & 7) + 1) : 0 }
    /// The end of sub-blocks, each with its length in front, up to an empty one.
    func endOfBlocks(_ start: Int) -> Int? {
      var at = start
      while at < bytes.count {
        let size = Int(bytes[at])
        at += 1 + size
        if size == 0 { return at }
      }
      return nil
    }
    var at = 13 + table(bytes[10])
    guard at <= bytes.count else { return nil }
    var out = Array(bytes[..<at])
    while at < bytes.count {
      switch bytes[at] {
      case 0x3B:
        out.append(0x3B)
        return out
      case 0x2C:
        guard at + 10 < bytes.count else { return nil }
        guard let end = endOfBlocks(at + 11 + table(bytes[at + 9])) else { return nil }
        out.append(contentsOf: bytes[at..<end])
        at = end
      case 0x21:
        guard at + 2 < bytes.count, let end = endOfBlocks(at + 2) else { return nil }
        let isLoop =
          bytes[at + 1] == 0xFF && bytes[(at + 3)...].starts(with: "NETSCAPE2.0".utf8)
        if bytes[at + 1] == 0xF9 || isLoop { out.append(contentsOf: bytes[at..<end]) }
        at = end
      default: return nil
      }
    }
    return nil
  }
}

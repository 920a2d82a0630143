// Small pictures made in the test: a PNG writer with stored blocks, no library.

import MLLMClients

enum Pictures {
  /// A grey PNG of one level.
  static func png(width: Int = 64, height: Int = 64, level: UInt8 = 128, text: String? = nil)
    -> [UInt8]
  {
    var out: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    out += chunk("IHDR", big(width) + big(height) + [8, 0, 0, 0, 0])
    if let text { out += chunk("tEXt", Array("Comment\0\(text)".utf8)) }
    var raw: [UInt8] = []
    for row in 0..<height {
      raw += [0] + (0..<width).map { level &+ UInt8(truncatingIfNeeded: $0 ^ row) }
    }
    var zlib: [UInt8] = [0x78, 0x01]
    var start = 0
    while start < raw.count {
      let end = min(start + 65535, raw.count)
      let count = end - start
      zlib += [end == raw.count ? 1 : 0, UInt8(count & 255), UInt8(count >> 8)]
      zlib += [UInt8(~count & 255), UInt8(~count >> 8 & 255)]
      zlib += raw[start..<end]
      start = end
    }
    var a: UInt32 = 1
    var b: UInt32 = 0
    for byte in raw {
      a = (a + UInt32(byte)) % 65521
      b = (b + a) % 65521
    }
    zlib += big(Int(b << 16 | a))
    return out + chunk("IDAT", zlib) + chunk("IEND", [])
  }

  private static func big(_ value: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }

  private static func chunk(_ name: String, _ body: [UInt8]) -> [UInt8] {
    let part = Array(name.utf8) + body
    var crc: UInt32 = 0xFFFF_FFFF
    for byte in part {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return big(body.count) + part + big(Int(~crc))
  }

  /// A JPEG with a comment and an Exif segment that tells an orientation, 1 × 1, never decoded.
  static func jpeg(orientation: UInt8) -> [UInt8] {
    var out: [UInt8] =
      [0xFF, 0xD8, 0xFF, 0xE0, 0, 16] + Array("JFIF\0".utf8) + [1, 1, 0, 0, 1, 0, 1, 0, 0]
    let exif: [UInt8] =
      Array("Exif\0\0MM\0*".utf8) + [0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation]
      + [0, 0, 0, 0, 0, 0] + Array("Jane Doe".utf8)
    out += [0xFF, 0xE1] + [0, UInt8(exif.count + 2)] + exif
    let comment = Array("patient 17".utf8)
    out += [0xFF, 0xFE, 0, UInt8(comment.count + 2)] + comment
    out += [0xFF, 0xC0, 0, 11, 8, 0, 48, 0, 64, 1, 1, 0x11, 0]
    return out + [0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 0x12, 0x34, 0xFF, 0xD9]
  }
}

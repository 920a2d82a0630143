// Characters of the repertoires that DICOM names, beside ASCII and UTF-8: PS3.3, tables C.12-2 to C.12-5.

/// Unpacks the tables of characters when they are first needed.
enum CharacterTables {
  /// Rows and cells of 94: JIS X 0208 (ISO-IR 87), JIS X 0212 (ISO-IR 159), KS X 1001 (ISO-IR 149).
  static let japanese = unpacked(jisX0208, 8836)
  static let japaneseSupplement = unpacked(jisX0212, 8836)
  static let korean = unpacked(ksX1001, 8836)
  /// Lead bytes 81…FE, second bytes 40…7E and 80…FE; holds GB 2312 (ISO-IR 58) at A1A1.
  static let chinese = unpacked(gbk, 126 * 190)
  /// The upper halves (A0…FF) of ISO 8859-1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 11 one after another.
  private static let upperHalves = unpacked(singleByte, 11 * 96)
  /// Code points of the basic plane without a double byte, in order: GB 18030's four bytes count
  /// through them.
  static let fourByteChinese: [UInt16] = {
    var isTaken = [Bool](repeating: false, count: 65_536)
    for value in chinese { isTaken[Int(value)] = true }
    return (UInt16(0x80)...0xFFFF).filter { !isTaken[Int($0)] && !(0xD800...0xDFFF).contains($0) }
  }()

  /// The ISO-IR numbers of the upper halves, in the table's order.
  private static let numbers = [100, 101, 109, 110, 144, 127, 126, 138, 148, 203, 166]

  /// Where the upper half of an ISO-IR number begins; nil for others.
  static func upperHalf(_ number: Int) -> Int? {
    numbers.firstIndex(of: number).map { 96 * $0 }
  }

  /// The code point of a byte from A0 on in the half that begins at `start`; 0 for none.
  static func character(_ byte: UInt8, half start: Int) -> UInt16 {
    let place = start + Int(byte) - 0xA0
    return byte >= 0xA0 && place < upperHalves.count ? upperHalves[place] : 0
  }

  private static func unpacked(_ text: StaticString, _ count: Int) -> [UInt16] {
    let packed = text.withUTF8Buffer { unsafe base64(Array($0)) }
    // The constants are the program's own; an empty table makes replacement characters.
    guard let bytes = try? Deflate.decompress(packed.span, .raw, limit: 2 * count),
      bytes.count == 2 * count
    else { return [UInt16](repeating: 0, count: count) }
    var result: [UInt16] = []
    result.reserveCapacity(count)
    var last: UInt16 = 0
    for index in 0..<count {
      last = last &+ (UInt16(bytes[index]) << 8 | UInt16(bytes[count + index]))
      result.append(last)
    }
    return result
  }

  private static func base64(_ text: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count * 3 / 4)
    var bits: UInt32 = 0
    var count = 0
    for byte in text {
      let value: UInt8
      switch byte {
      case 0x41...0x5A: value = byte - 0x41
      case 0x61...0x7A: value = byte - 71
      case 0x30...0x39: value = byte + 4
      case 0x2B: value = 62
      case 0x2F: value = 63
      default: continue
      }
      bits = bits << 6 | UInt32(value)
      count += 6
      if count >= 8 {
        count -= 8
        result.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return result
  }
}

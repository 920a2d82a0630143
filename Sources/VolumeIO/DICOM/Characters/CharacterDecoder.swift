// From bytes to text: single repertoires, and code extensions by escape sequences.
// Source: PS3.5, section 6.1 and annexes H to K; ISO/IEC 2022.

/// Decodes text of the repertoires that (0008,0005) names.
struct CharacterDecoder {
  /// What a byte (or two) stands for in one of the two code areas.
  private enum Repertoire: Equatable {
    case ascii
    /// JIS X 0201: romaji below, katakana above.
    case romaji, katakana
    /// An upper half of ISO 8859, by where it begins in the table.
    case upper(Int)
    case japanese, japaneseSupplement, korean, chinese
    case none

    var isDouble: Bool {
      switch self {
      case .japanese, .japaneseSupplement, .korean, .chinese: true
      default: false
      }
    }
  }

  private let first: (low: Repertoire, high: Repertoire)
  private var low: Repertoire
  private var high: Repertoire
  private var text = String.UnicodeScalarView()

  /// The number after `IR` in a term, however it is spelled: `ISO_IR 100`, `ISO 2022 IR 87`.
  static func number(_ term: String) -> Int? {
    guard let letters = term.uppercased().split(separator: "R").last, term.uppercased().contains("IR")
    else { return nil }
    return Int(letters.filter { $0.isNumber })
  }

  /// Decodes `bytes` by the terms of (0008,0005).
  ///
  /// - Parameter isSplit: Whether a backslash ends a value, and with it the effect of escapes.
  static func text(_ bytes: ArraySlice<UInt8>, _ terms: [String], isSplit: Bool) -> String {
    let name = terms.first?.uppercased() ?? ""
    if terms.count <= 1 {
      if name == "GB18030" || name == "GBK" { return chinese(bytes) }
      if number(name) == 192 || name.contains("UTF") { return String(decoding: bytes, as: UTF8.self) }
    }
    if !bytes.contains(where: { $0 >= 0x80 || $0 == 0x1B || $0 == 0x5C || $0 == 0x7E }) {
      return String(decoding: bytes, as: UTF8.self)
    }
    var decoder = CharacterDecoder(terms)
    decoder.run(bytes, isSplit)
    return String(decoder.text)
  }

  private init(_ terms: [String]) {
    switch terms.first.flatMap(Self.number) {
    case 13?, 14?: first = (.romaji, .katakana)
    case 149?: first = (.ascii, .korean)
    case 58?: first = (.ascii, .chinese)
    case let number?: first = (.ascii, CharacterTables.upperHalf(number).map { .upper($0) } ?? .none)
    case nil: first = (.ascii, .none)
    }
    (low, high) = first
  }

  private mutating func run(_ bytes: ArraySlice<UInt8>, _ isSplit: Bool) {
    var position = bytes.startIndex
    while position < bytes.endIndex {
      let byte = bytes[position]
      if byte == 0x1B, let taken = escape(bytes[position...]) {
        position += taken
        continue
      }
      let area = byte < 0x80 ? low : high
      if area.isDouble, byte & 0x7F >= 0x21, byte & 0x7F <= 0x7E, position + 1 < bytes.endIndex {
        add(double(area, Int(byte & 0x7F) - 0x21, Int(bytes[position + 1] & 0x7F) - 0x21))
        position += 2
        continue
      }
      single(byte, area, isSplit)
      position += 1
    }
  }

  private mutating func single(_ byte: UInt8, _ area: Repertoire, _ isSplit: Bool) {
    switch byte {
    case 0x5C where isSplit, 0x5E, 0x3D, 0x0A, 0x0C, 0x0D, 0x09:
      // Delimiters and line ends bring the first repertoire back; one above that has no first stays.
      low = first.low
      if first.high != .none { high = first.high }
      add(UInt32(byte))
    case 0x5C where area == .romaji: add(0xA5)
    case 0x7E where area == .romaji: add(0x203E)
    case ..<0x80: add(UInt32(byte))
    default:
      switch area {
      case .katakana: add(byte >= 0xA1 && byte <= 0xDF ? UInt32(byte) - 0xA1 + 0xFF61 : 0)
      case .upper(let start): add(UInt32(CharacterTables.character(byte, half: start)))
      default: add(0)
      }
    }
  }

  /// The character at a row and cell of 94; 0 for none.
  private func double(_ area: Repertoire, _ row: Int, _ cell: Int) -> UInt32 {
    guard (0..<94).contains(row), (0..<94).contains(cell) else { return 0 }
    switch area {
    case .japanese: return UInt32(CharacterTables.japanese[94 * row + cell])
    case .japaneseSupplement: return UInt32(CharacterTables.japaneseSupplement[94 * row + cell])
    case .korean: return UInt32(CharacterTables.korean[94 * row + cell])
    case .chinese: return UInt32(CharacterTables.chinese[(row + 32) * 190 + cell + 96])
    default: return 0
    }
  }

  /// The length of an escape sequence that is known; it chooses a repertoire.
  private mutating func escape(_ bytes: ArraySlice<UInt8>) -> Int? {
    let code = Array(bytes.prefix(4))
    guard code.count >= 3 else { return nil }
    switch (code[1], code[2]) {
    case (0x28, 0x42): low = .ascii
    case (0x28, 0x4A): low = .romaji
    case (0x29, 0x49): high = .katakana
    case (0x24, 0x42), (0x24, 0x40): low = .japanese
    case (0x24, 0x28) where code.count == 4 && code[3] == 0x44:
      low = .japaneseSupplement
      return 4
    case (0x24, 0x29) where code.count == 4 && code[3] == 0x43:
      high = .korean
      return 4
    case (0x24, 0x29) where code.count == 4 && code[3] == 0x41:
      high = .chinese
      return 4
    case (0x2D, _):
      let numbers: [UInt8: Int] = [
        0x41: 100, 0x42: 101, 0x43: 109, 0x44: 110, 0x4C: 144, 0x47: 127, 0x46: 126, 0x48: 138,
        0x4D: 148, 0x54: 166, 0x62: 203,
      ]
      guard let number = numbers[code[2]], let half = CharacterTables.upperHalf(number) else {
        return nil
      }
      high = .upper(half)
    default: return nil
    }
    return 3
  }

  private mutating func add(_ value: UInt32) {
    text.append(value == 0 ? "\u{FFFD}" : Unicode.Scalar(value) ?? "\u{FFFD}")
  }

  /// GBK and GB 18030: one, two or four bytes a character.
  private static func chinese(_ bytes: ArraySlice<UInt8>) -> String {
    var text = String.UnicodeScalarView()
    func add(_ value: Int) { text.append(UInt32(exactly: value).flatMap(Unicode.Scalar.init) ?? "\u{FFFD}") }
    var position = bytes.startIndex
    while position < bytes.endIndex {
      let a = Int(bytes[position])
      guard a >= 0x81, a <= 0xFE, position + 1 < bytes.endIndex else {
        add(a < 0x80 ? a : 0xFFFD)
        position += 1
        continue
      }
      let b = Int(bytes[position + 1])
      if b >= 0x40, b <= 0xFE, b != 0x7F {
        let value = CharacterTables.chinese[(a - 0x81) * 190 + b - (b < 0x7F ? 0x40 : 0x41)]
        add(value == 0 ? 0xFFFD : Int(value))
        position += 2
      } else if b >= 0x30, b <= 0x39, position + 3 < bytes.endIndex,
        (0x81...0xFE).contains(bytes[position + 2]), (0x30...0x39).contains(bytes[position + 3])
      {
        let c = Int(bytes[position + 2])
        let d = Int(bytes[position + 3])
        let place = ((a - 0x81) * 10 + b - 0x30) * 1260 + (c - 0x81) * 10 + d - 0x30
        let plane = CharacterTables.fourByteChinese
        add(place < plane.count ? Int(plane[place]) : place >= 189_000 ? 0x10000 + place - 189_000 : 0xFFFD)
        position += 4
      } else {
        add(0xFFFD)
        position += 1
      }
    }
    return String(text)
  }
}

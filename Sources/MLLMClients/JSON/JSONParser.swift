// JSON text in: strict, bounded in depth, one pass over the bytes.
// Source: RFC 8259.

/// Why bytes are not JSON, and where.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The byte where reading stopped.
  public let offset: Int
  public let detail: String

  public var description: String { "JSON: \(detail) at byte \(offset)" }
}

extension JSON {
  /// Reads one JSON value that fills the whole input.
  ///
  /// - Parameters:
  ///   - bytes: UTF-8 text; leading and trailing blanks are allowed.
  ///   - maximumDepth: The most arrays and objects inside one another.
  /// - Throws: `JSONError` with the offset of the first byte that is wrong: bad syntax, invalid
  ///   UTF-8, a number out of range, too deep, or bytes after the value.
  /// - Complexity: O(*bytes*).
  public init(
    parsing bytes: some Collection<UInt8>, maximumDepth: Int = 128
  ) throws(JSONError) {
    var parser = JSONParser(bytes: Array(bytes), maximumDepth: maximumDepth)
    self = try parser.parseDocument()
  }

  /// Reads one JSON value from text.
  public init(parsing text: String, maximumDepth: Int = 128) throws(JSONError) {
    try self.init(parsing: Array(text.utf8), maximumDepth: maximumDepth)
  }
}

struct JSONParser {
  let bytes: [UInt8]
  let maximumDepth: Int
  private(set) var position = 0

  init(bytes: [UInt8], maximumDepth: Int = 128, position: Int = 0) {
    self.bytes = bytes
    self.maximumDepth = maximumDepth
    self.position = position
  }

  mutating func parseDocument() throws(JSONError) -> JSON {
    skipBlanks()
    let value = try parseValue(depth: 0)
    skipBlanks()
    guard position == bytes.count else { throw error("unexpected bytes after the value") }
    return value
  }

  /// Reads one value at `position` and leaves `position` after it.
  mutating func parseValue(depth: Int) throws(JSONError) -> JSON {
    guard depth <= maximumDepth else { throw error("deeper than \(maximumDepth)") }
    guard position < bytes.count else { throw error("ends where a value should begin") }
    switch bytes[position] {
    case UInt8(ascii: "{"): return try parseObject(depth: depth)
    case UInt8(ascii: "["): return try parseArray(depth: depth)
    case UInt8(ascii: "\""): return .string(try parseString())
    case UInt8(ascii: "t"): return try parse("true", as: .bool(true))
    case UInt8(ascii: "f"): return try parse("false", as: .bool(false))
    case UInt8(ascii: "n"): return try parse("null", as: .null)
    default: return try parseNumber()
    }
  }

  private func error(_ detail: String) -> JSONError { JSONError(offset: position, detail: detail) }

  mutating func skipBlanks() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }

  private mutating func parse(_ word: String, as value: JSON) throws(JSONError) -> JSON {
    guard bytes[position...].starts(with: word.utf8) else { throw error("expected \(word)") }
    position += word.utf8.count
    return value
  }

  private mutating func parseObject(depth: Int) throws(JSONError) -> JSON {
    position += 1
    var members: [JSON.Member] = []
    skipBlanks()
    if take(UInt8(ascii: "}")) { return .object(members) }
    while true {
      skipBlanks()
      guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
        throw error("expected a member name")
      }
      let key = try parseString()
      skipBlanks()
      guard take(UInt8(ascii: ":")) else { throw error("expected ':'") }
      skipBlanks()
      members.append(JSON.Member(key, try parseValue(depth: depth + 1)))
      skipBlanks()
      if take(UInt8(ascii: ",")) { continue }
      guard take(UInt8(ascii: "}")) else { throw error("expected ',' or '}'") }
      return .object(members)
    }
  }

  private mutating func parseArray(depth: Int) throws(JSONError) -> JSON {
    position += 1
    var items: [JSON] = []
    skipBlanks()
    if take(UInt8(ascii: "]")) { return .array(items) }
    while true {
      skipBlanks()
      items.append(try parseValue(depth: depth + 1))
      skipBlanks()
      if take(UInt8(ascii: ",")) { continue }
      guard take(UInt8(ascii: "]")) else { throw error("expected ',' or ']'") }
      return .array(items)
    }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  private mutating func parseNumber() throws(JSONError) -> JSON {
    let start = position
    var whole = true
    _ = take(UInt8(ascii: "-"))
    let first = position
    try skipDigits()
    if bytes[first] == UInt8(ascii: "0"), position - first > 1 { throw error("leading zero") }
    if take(UInt8(ascii: ".")) {
      whole = false
      try skipDigits()
    }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      whole = false
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      try skipDigits()
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if whole, let value = Int(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else { throw error("number out of range") }
    return .number(value)
  }

  private mutating func skipDigits() throws(JSONError) {
    let start = position
    while position < bytes.count, (0x30...0x39).contains(bytes[position]) { position += 1 }
    guard position > start else { throw error("expected a value") }
  }

  private mutating func parseString() throws(JSONError) -> String {
    position += 1
    let start = position
    while position < bytes.count {
      let byte = bytes[position]
      if byte == 0x22 {
        guard let text = String(validating: bytes[start..<position], as: UTF8.self) else {
          throw error("invalid UTF-8 in a string")
        }
        position += 1
        return text
      }
      if byte == 0x5C { return try parseEscapedString(from: start) }
      guard byte >= 0x20 else { throw error("control character in a string") }
      position += 1
    }
    throw error("ends inside a string")
  }

  private mutating func parseEscapedString(from start: Int) throws(JSONError) -> String {
    var out = Array(bytes[start..<position])
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case 0x22:
        guard let text = String(validating: out, as: UTF8.self) else {
          throw error("invalid UTF-8 in a string")
        }
        return text
      case 0x5C: try parseEscape(into: &out)
      case 0..<0x20: throw error("control character in a string")
      default: out.append(byte)
      }
    }
    throw error("ends inside a string")
  }

  private mutating func parseEscape(into out: inout [UInt8]) throws(JSONError) {
    guard position < bytes.count else { throw error("ends inside a string") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
    case UInt8(ascii: "b"): out.append(0x08)
    case UInt8(ascii: "f"): out.append(0x0C)
    case UInt8(ascii: "n"): out.append(0x0A)
    case UInt8(ascii: "r"): out.append(0x0D)
    case UInt8(ascii: "t"): out.append(0x09)
    case UInt8(ascii: "u"):
      var scalar = UInt32(try parseHex())
      if (0xD800..<0xDC00).contains(scalar), position + 1 < bytes.count,
        bytes[position] == 0x5C, bytes[position + 1] == UInt8(ascii: "u")
      {
        let mark = position
        position += 2
        let low = UInt32(try parseHex())
        if (0xDC00..<0xE000).contains(low) {
          scalar = 0x10000 + (scalar - 0xD800) << 10 + (low - 0xDC00)
        } else {
          position = mark
        }
      }
      // Half a surrogate pair has no UTF-8: it becomes the replacement character.
      let character = Unicode.Scalar(scalar) ?? "\u{FFFD}"
      out.append(contentsOf: String(character).utf8)
    default: throw error("unknown escape")
    }
  }

  private mutating func parseHex() throws(JSONError) -> UInt16 {
    guard position + 4 <= bytes.count else { throw error("ends inside an escape") }
    var value: UInt16 = 0
    for _ in 0..<4 {
      let byte = bytes[position]
      let digit: UInt8
      switch byte {
      case 0x30...0x39: digit = byte - 0x30
      case 0x41...0x46: digit = byte - 0x41 + 10
      case 0x61...0x66: digit = byte - 0x61 + 10
      default: throw error("expected a hexadecimal digit")
      }
      value = value << 4 | UInt16(digit)
      position += 1
    }
    return value
  }
}

// JSON (RFC 8259), with bounds.

/// A JSON value. Objects keep the order of their members.
public enum JSONValue: Sendable, Hashable {
  case null
  case bool(Bool)
  /// A number, in double precision.
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([Member])

  /// A name and its value in an object.
  public struct Member: Sendable, Hashable {
    public var name: String
    public var value: JSONValue

    public init(_ name: String, _ value: JSONValue) {
      self.name = name
      self.value = value
    }
  }

  /// The value of a member of an object, the last of that name; nil for none and for other values.
  public subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.name == name }?.value
  }

  public var string: String? {
    if case .string(let value) = self { return value }
    return nil
  }

  public var number: Double? {
    if case .number(let value) = self { return value }
    return nil
  }

  public var array: [JSONValue]? {
    if case .array(let values) = self { return values }
    return nil
  }

  public var members: [Member]? {
    if case .object(let members) = self { return members }
    return nil
  }

  /// Parses one document.
  ///
  /// - Throws: `malformed` with the offset of the byte that does not fit; `limit` beyond `mostDepth`
  ///   arrays and objects inside each other.
  public init(parsing bytes: [UInt8], mostDepth: Int = 64) throws(VolumeError) {
    var parser = JSONParser(bytes: bytes, mostDepth: mostDepth)
    self = try parser.document()
  }
}

private struct JSONParser {
  let bytes: [UInt8]
  let mostDepth: Int
  var position = 0

  init(bytes: [UInt8], mostDepth: Int) {
    self.bytes = bytes
    self.mostDepth = mostDepth
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  mutating func document() throws(VolumeError) -> JSONValue {
    let value = try value(depth: 0)
    skipSpace()
    guard position == bytes.count else { throw bad("more after the end of the document") }
    return value
  }

  private func bad(_ detail: String) -> VolumeError {
    VolumeError(
      position >= bytes.count ? .truncated : .malformed, detail, offset: position, field: "JSON")
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      position += 1
    }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func value(depth: Int) throws(VolumeError) -> JSONValue {
    guard depth <= mostDepth else {
      throw VolumeError(
        .limit, "more than \(mostDepth) values inside each other", offset: position, field: "JSON")
    }
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try object(depth)
    case UInt8(ascii: "["): return try array(depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "N"): return try word("NaN", .number(.nan))
    default: return try number()
    }
  }

  private mutating func word(
    _ text: String, _ value: JSONValue
  ) throws(VolumeError) -> JSONValue {
    guard bytes[position...].starts(with: text.utf8) else { throw bad("no value") }
    position += text.utf8.count
    return value
  }

  private mutating func number() throws(VolumeError) -> JSONValue {
    let start = position
    while let byte = next, "+-.0123456789eE".utf8.contains(byte) { position += 1 }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    guard !text.isEmpty, text.utf8.first != UInt8(ascii: "+"), let number = Double(text) else {
      position = start
      throw bad("no value")
    }
    return .number(number)
  }

  private mutating func array(_ depth: Int) throws(VolumeError) -> JSONValue {
    position += 1
    var values: [JSONValue] = []
    skipSpace()
    if take("]") { return .array([]) }
    while true {
      values.append(try value(depth: depth + 1))
      skipSpace()
      if take("]") { return .array(values) }
      guard take(",") else { throw bad("no comma and no end of the array") }
    }
  }

  private mutating func object(_ depth: Int) throws(VolumeError) -> JSONValue {
    position += 1
    var members: [JSONValue.Member] = []
    skipSpace()
    if take("}") { return .object([]) }
    while true {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw bad("no name of a member") }
      let name = try string()
      skipSpace()
      guard take(":") else { throw bad("no colon after a name") }
      members.append(JSONValue.Member(name, try value(depth: depth + 1)))
      skipSpace()
      if take("}") { return .object(members) }
      guard take(",") else { throw bad("no comma and no end of the object") }
    }
  }

  private mutating func string() throws(VolumeError) -> String {
    position += 1
    var utf8: [UInt8] = []
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: utf8, as: UTF8.self)
      case UInt8(ascii: "\\"): try escape(into: &utf8)
      case 0..<0x20:
        position -= 1
        throw bad("a control character in a string")
      default: utf8.append(byte)
      }
    }
    throw bad("a string without end")
  }

  private mutating func escape(into utf8: inout [UInt8]) throws(VolumeError) {
    guard let letter = next else { throw bad("a string without end") }
    position += 1
    switch letter {
    case UInt8(ascii: "n"): utf8.append(0x0A)
    case UInt8(ascii: "t"): utf8.append(0x09)
    case UInt8(ascii: "r"): utf8.append(0x0D)
    case UInt8(ascii: "b"): utf8.append(0x08)
    case UInt8(ascii: "f"): utf8.append(0x0C)
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): utf8.append(letter)
    case UInt8(ascii: "u"):
      var code = try hex()
      if (0xD800..<0xDC00).contains(code), bytes[position...].starts(with: "\\u".utf8) {
        position += 2
        let low = try hex()
        code = 0x10000 + (code - 0xD800) << 10 + (low &- 0xDC00) & 0x3FF
      }
      let scalar = Unicode.Scalar(code) ?? "\u{FFFD}"
      utf8 += Array(String(Character(scalar)).utf8)
    default:
      position -= 1
      throw bad("an escape that JSON does not have")
    }
  }

  private mutating func hex() throws(VolumeError) -> UInt32 {
    guard position + 4 <= bytes.count else { throw bad("an escape without its four digits") }
    var code: UInt32 = 0
    for byte in bytes[position..<position + 4] {
      guard let digit = Character(UnicodeScalar(byte)).hexDigitValue else {
        throw bad("an escape without its four digits")
      }
      code = code << 4 | UInt32(digit)
    }
    position += 4
    return code
  }
}

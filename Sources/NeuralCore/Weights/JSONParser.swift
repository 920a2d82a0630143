// A JSON reader that is safe on hostile bytes: bounded depth, no recursion beyond it, strict
// grammar (RFC 8259), duplicate keys refused because two readers would disagree about them.

extension JSON {
  /// The deepest nesting read.
  package static let maximumDepth = 128

  /// Reads one JSON value that fills `bytes` but for white space.
  package init(parsing bytes: [UInt8]) throws(NeuralCoreError) {
    var parser = JSONParser(bytes: bytes)
    self = try parser.document()
  }
}

private struct JSONParser {
  let bytes: [UInt8]
  var at = 0

  mutating func document() throws(NeuralCoreError) -> JSON {
    let value = try value(depth: 0)
    skipSpace()
    guard at == bytes.count else { throw failure("a second value after the first") }
    return value
  }

  private func failure(_ what: String) -> NeuralCoreError {
    NeuralCoreError(at < bytes.count ? .malformed : .truncated, "JSON: \(what)", offset: at)
  }

  private mutating func skipSpace() {
    while at < bytes.count, bytes[at] == 0x20 || (bytes[at] >= 9 && bytes[at] <= 13) { at += 1 }
  }

  private mutating func value(depth: Int) throws(NeuralCoreError) -> JSON {
    guard depth < JSON.maximumDepth else {
      throw NeuralCoreError(.limit, "JSON nested deeper than \(JSON.maximumDepth)", offset: at)
    }
    skipSpace()
    guard at < bytes.count else { throw failure("a value was expected, the text ends") }
    switch bytes[at] {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func word(_ text: StaticString, _ value: JSON) throws(NeuralCoreError) -> JSON {
    for expected in "\(text)".utf8 {
      guard at < bytes.count, bytes[at] == expected else { throw failure("\(text) was expected") }
      at += 1
    }
    return value
  }

  private mutating func object(depth: Int) throws(NeuralCoreError) -> JSON {
    at += 1
    var members: [String: JSON] = [:]
    skipSpace()
    if at < bytes.count, bytes[at] == UInt8(ascii: "}") {
      at += 1
      return .object(members)
    }
    while true {
      skipSpace()
      guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else {
        throw failure("a key was expected")
      }
      let key = try string()
      skipSpace()
      guard at < bytes.count, bytes[at] == UInt8(ascii: ":") else { throw failure("':' expected") }
      at += 1
      let member = try value(depth: depth + 1)
      guard members.updateValue(member, forKey: key) == nil else {
        throw failure("the key \"\(key)\" stands twice")
      }
      if try !another(UInt8(ascii: "}")) { return .object(members) }
    }
  }

  private mutating func array(depth: Int) throws(NeuralCoreError) -> JSON {
    at += 1
    var values: [JSON] = []
    skipSpace()
    if at < bytes.count, bytes[at] == UInt8(ascii: "]") {
      at += 1
      return .array(values)
    }
    while true {
      values.append(try value(depth: depth + 1))
      if try !another(UInt8(ascii: "]")) { return .array(values) }
    }
  }

  /// Whether a comma follows; false after the closing byte.
  private mutating func another(_ close: UInt8) throws(NeuralCoreError) -> Bool {
    skipSpace()
    guard at < bytes.count else { throw failure("the text ends inside a list") }
    defer { at += 1 }
    if bytes[at] == UInt8(ascii: ",") { return true }
    if bytes[at] == close { return false }
    throw failure("',' or the end of the list was expected")
  }

  private mutating func string() throws(NeuralCoreError) -> String {
    at += 1
    var content: [UInt8] = []
    while at < bytes.count {
      let byte = bytes[at]
      switch byte {
      case UInt8(ascii: "\""):
        at += 1
        guard let text = String(validating: content, as: UTF8.self) else {
          throw failure("a string that is not UTF-8")
        }
        return text
      case UInt8(ascii: "\\"):
        at += 1
        try escape(into: &content)
      case 0..<0x20: throw failure("a control character inside a string")
      default:
        content.append(byte)
        at += 1
      }
    }
    throw failure("a string without its closing quote")
  }

  private mutating func escape(into content: inout [UInt8]) throws(NeuralCoreError) {
    guard at < bytes.count else { throw failure("the text ends inside an escape") }
    let byte = bytes[at]
    at += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
    case UInt8(ascii: "b"): content.append(8)
    case UInt8(ascii: "f"): content.append(12)
    case UInt8(ascii: "n"): content.append(10)
    case UInt8(ascii: "r"): content.append(13)
    case UInt8(ascii: "t"): content.append(9)
    case UInt8(ascii: "u"):
      var code = try hex4()
      if (0xD800..<0xDC00).contains(code) {
        guard at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"),
          bytes[at + 1] == UInt8(ascii: "u")
        else { throw failure("half a surrogate pair") }
        at += 2
        let low = try hex4()
        guard (0xDC00..<0xE000).contains(low) else { throw failure("half a surrogate pair") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw failure("half a surrogate pair") }
      content.append(contentsOf: Array(String(Character(scalar)).utf8))
    default: throw failure("an unknown escape")
    }
  }

  private mutating func hex4() throws(NeuralCoreError) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard at < bytes.count, let digit = Character(Unicode.Scalar(bytes[at])).hexDigitValue else {
        throw failure("four hexadecimal digits were expected")
      }
      code = code << 4 | UInt32(digit)
      at += 1
    }
    return code
  }

  private mutating func number() throws(NeuralCoreError) -> JSON {
    let start = at
    func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
    if bytes[at] == UInt8(ascii: "-") { at += 1 }
    let whole = at
    while at < bytes.count, isDigit(bytes[at]) { at += 1 }
    guard at > whole, at - whole == 1 || bytes[whole] != 0x30 else {
      throw failure("a value was expected")
    }
    var isReal = false
    if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
      isReal = true
      at += 1
      let fraction = at
      while at < bytes.count, isDigit(bytes[at]) { at += 1 }
      guard at > fraction else { throw failure("digits were expected after '.'") }
    }
    if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
      isReal = true
      at += 1
      if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") {
        at += 1
      }
      let exponent = at
      while at < bytes.count, isDigit(bytes[at]) { at += 1 }
      guard at > exponent else { throw failure("digits were expected in the exponent") }
    }
    let text = String(decoding: bytes[start..<at], as: UTF8.self)
    if !isReal, let integer = Int(text) { return .integer(integer) }
    guard let real = Double(text) else { throw failure("a number out of range") }
    return .real(real)
  }
}

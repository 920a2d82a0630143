// A small XML reader for data files: elements, attributes, text, entities of the standard. No document
// types are obeyed, so that nothing is fetched and nothing grows.
// Source: Extensible Markup Language (XML) 1.0, fifth edition, https://www.w3.org/TR/xml/.

/// An element of an XML document.
public struct XMLElement: Sendable, Hashable {
  public var name: String
  public var attributes: [String: String] = [:]
  public var children: [XMLElement] = []
  /// The text directly inside the element, parts between children joined.
  public var text = ""

  /// Elements of a name among the children, in order.
  public func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }

  /// The first element of a name, here or at any depth below.
  public func first(_ name: String) -> XMLElement? {
    for child in children {
      if child.name == name { return child }
      if let found = child.first(name) { return found }
    }
    return nil
  }

  /// Elements of a name at any depth below, in the order of the document.
  public func every(_ name: String) -> [XMLElement] {
    children.flatMap { ($0.name == name ? [$0] : []) + $0.every(name) }
  }

  /// Parses a document of UTF-8.
  ///
  /// Comments, processing instructions and a document type are passed over; entities that a document type
  /// defines are an error.
  /// - Throws: `malformed` with the offset; `limit` beyond `mostDepth` elements inside each other or
  ///   `mostElements` in all.
  public init(
    parsing bytes: [UInt8], mostDepth: Int = 64, mostElements: Int = 1_000_000
  ) throws(VolumeError) {
    var parser = XMLParser(bytes: bytes, mostDepth: mostDepth, elementsLeft: mostElements)
    self = try parser.document()
  }

  fileprivate init(name: String) { self.name = name }
}

private struct XMLParser {
  let bytes: [UInt8]
  let mostDepth: Int
  var elementsLeft: Int
  var position = 0

  init(bytes: [UInt8], mostDepth: Int, elementsLeft: Int) {
    self.bytes = bytes
    self.mostDepth = mostDepth
    self.elementsLeft = elementsLeft
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  private func bad(_ detail: String) -> VolumeError {
    VolumeError(
      position >= bytes.count ? .truncated : .malformed, detail, offset: position, field: "XML")
  }

  private func isAt(_ text: StaticString) -> Bool {
    bytes[min(position, bytes.count)...].starts(with: Array(text.description.utf8))
  }

  private mutating func pass(until end: String) throws(VolumeError) {
    let mark = Array(end.utf8)
    while position + mark.count <= bytes.count {
      if bytes[position] == mark[0], bytes[position..<position + mark.count].elementsEqual(mark) {
        position += mark.count
        return
      }
      position += 1
    }
    position = bytes.count
    throw bad("no '\(end)'")
  }

  private mutating func skipSpace() {
    while position < bytes.count, bytes[position] <= 0x20 { position += 1 }
  }

  /// Passes over one comment, instruction or document type; false where there is none.
  private mutating func skipMarkup() throws(VolumeError) -> Bool {
    if isAt("<!--") {
      try pass(until: "-->")
    } else if isAt("<?") {
      try pass(until: "?>")
    } else if isAt("<!DOCTYPE") {
      var depth = 0
      while position < bytes.count {
        let byte = bytes[position]
        position += 1
        if byte == UInt8(ascii: "[") { depth += 1 }
        if byte == UInt8(ascii: "]") { depth -= 1 }
        if byte == UInt8(ascii: ">"), depth <= 0 { return true }
      }
      throw bad("a document type without end")
    } else {
      return false
    }
    return true
  }

  mutating func document() throws(VolumeError) -> XMLElement {
    repeat { skipSpace() } while try skipMarkup()
    guard position < bytes.count, bytes[position] == UInt8(ascii: "<") else {
      throw bad("no element")
    }
    let root = try element(depth: 0)
    repeat { skipSpace() } while try skipMarkup()
    guard position == bytes.count else { throw bad("more after the document's element") }
    return root
  }

  private mutating func name() throws(VolumeError) -> String {
    let start = position
    while position < bytes.count {
      let byte = bytes[position]
      if byte <= 0x20 || "/>=<\"'&".utf8.contains(byte) { break }
      position += 1
    }
    guard position > start else { throw bad("no name") }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func element(depth: Int) throws(VolumeError) -> XMLElement {
    guard depth < mostDepth, elementsLeft > 0 else {
      throw VolumeError(.limit, "too many elements", offset: position, field: "XML")
    }
    elementsLeft -= 1
    position += 1
    var element = XMLElement(name: try name())
    while true {
      skipSpace()
      if isAt("/>") {
        position += 2
        return element
      }
      if isAt(">") {
        position += 1
        break
      }
      let key = try name()
      skipSpace()
      guard isAt("=") else { throw bad("no '=' behind an attribute's name") }
      position += 1
      skipSpace()
      guard position < bytes.count, isAt("\"") || isAt("'") else {
        throw bad("no quote before an attribute's value")
      }
      let quote = bytes[position]
      position += 1
      element.attributes[key] = try text(until: quote)
      position += 1
    }
    var parts: [String] = []
    while true {
      guard position < bytes.count else { throw bad("'\(element.name)' has no end") }
      if isAt("</") {
        position += 2
        guard try name() == element.name else { throw bad("the end of another element") }
        skipSpace()
        guard isAt(">") else { throw bad("no '>'") }
        position += 1
        element.text = parts.joined()
        return element
      }
      if isAt("<![CDATA[") {
        position += 9
        let start = position
        try pass(until: "]]>")
        parts.append(String(decoding: bytes[start..<position - 3], as: UTF8.self))
      } else if try skipMarkup() {
        continue
      } else if isAt("<") {
        element.children.append(try self.element(depth: depth + 1))
      } else {
        parts.append(try text(until: UInt8(ascii: "<")))
      }
    }
  }

  /// Text up to, not with, a byte; entities become what they stand for.
  private mutating func text(until end: UInt8) throws(VolumeError) -> String {
    var utf8: [UInt8] = []
    while position < bytes.count, bytes[position] != end {
      if bytes[position] == UInt8(ascii: "&") {
        try entity(into: &utf8)
      } else {
        utf8.append(bytes[position])
        position += 1
      }
    }
    guard position < bytes.count else { throw bad("a text without end") }
    return String(decoding: utf8, as: UTF8.self)
  }

  private mutating func entity(into utf8: inout [UInt8]) throws(VolumeError) {
    let rest = bytes[(position + 1)..<min(position + 12, bytes.count)]
    guard let semicolon = rest.firstIndex(of: UInt8(ascii: ";")) else {
      throw bad("an '&' without ';'")
    }
    let name = String(decoding: bytes[(position + 1)..<semicolon], as: UTF8.self)
    let known = ["lt": "<", "gt": ">", "amp": "&", "quot": "\"", "apos": "'"]
    if let text = known[name] {
      utf8 += Array(text.utf8)
    } else if name.hasPrefix("#"),
      let code = name.hasPrefix("#x")
        ? UInt32(name.dropFirst(2), radix: 16) : UInt32(name.dropFirst()),
      let scalar = Unicode.Scalar(code)
    {
      utf8 += Array(String(Character(scalar)).utf8)
    } else {
      throw bad("the entity '\(name)'")
    }
    position = semicolon + 1
  }
}

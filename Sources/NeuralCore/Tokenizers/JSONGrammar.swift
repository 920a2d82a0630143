// A schema as an automaton with a stack, fed byte by byte.

/// What a text must still contain.
enum JSONGrammar {
  /// A schema, understood.
  indirect enum Node: Sendable, Hashable {
    case object(required: [Member], optional: [Member])
    case array(Node, least: Int, most: Int)
    case string(most: Int)
    case number(isInteger: Bool)
    /// One of some JSON texts.
    case texts([[UInt8]])
    case any([Node])
  }

  struct Member: Sendable, Hashable {
    let name: String
    let node: Node

    /// `"name":`
    var opening: [UInt8] { Array((JSON.string(name).serialized() + ":").utf8) }
  }

  /// A part of a text that is still to come.
  enum Item: Sendable, Hashable {
    case value(Node)
    case literal(ArraySlice<UInt8>)
    case space
    /// The rest of an object: members that must come, members that may, and whether one stood before.
    case members(ArraySlice<Member>, ArraySlice<Member>, isFirst: Bool)
    /// The rest of an array with so many elements.
    case elements(Node, least: Int, most: Int, count: Int)
    /// The rest of a string with so many characters; `tail` bytes of one are missing.
    case text(most: Int, count: Int, tail: Int)
    case escape(most: Int, count: Int)
    case hexadecimal(most: Int, count: Int, digits: Int)
    case number(NumberPart, isInteger: Bool)
  }

  /// Where in a number a text is.
  enum NumberPart: Sendable, Hashable {
    case start, minus, zero, whole, point, fraction, exponent, sign, power

    var mayEnd: Bool {
      switch self {
      case .zero, .whole, .fraction, .power: true
      default: false
      }
    }

    func next(_ byte: UInt8, isInteger: Bool) -> NumberPart? {
      let isDigit = (0x30...0x39).contains(byte)
      switch self {
      case .start where byte == 0x2D: return .minus
      case .start, .minus: return byte == 0x30 ? .zero : isDigit ? .whole : nil
      case .whole where isDigit: return .whole
      case .zero, .whole:
        if isInteger { return nil }
        return byte == 0x2E ? .point : byte | 0x20 == 0x65 ? .exponent : nil
      case .point: return isDigit ? .fraction : nil
      case .fraction: return isDigit ? .fraction : byte | 0x20 == 0x65 ? .exponent : nil
      case .exponent: return byte == 0x2B || byte == 0x2D ? .sign : isDigit ? .power : nil
      case .sign, .power: return isDigit ? .power : nil
      }
    }
  }

  /// What is still to come, the next part last.
  struct State: Sendable, Hashable {
    var items: [Item]

    init(_ items: [Item]) { self.items = items }

    /// Whether the text may end here.
    var isWhole: Bool {
      items.allSatisfy {
        if case .number(let part, _) = $0 { return part.mayEnd }
        return $0 == .space
      }
    }

    /// Whether nothing is left that could follow.
    var endsHere: Bool { items.allSatisfy { $0 == .space } }

    func adding(_ more: [Item]) -> State { State(items.dropLast() + more) }
  }

  /// The states after one more byte.
  static func advance(_ states: [State], _ byte: UInt8) -> [State] {
    var found: [State] = []
    for state in states {
      for next in step(state, byte) where !found.contains(next) { found.append(next) }
    }
    return found
  }

  private static func step(_ state: State, _ byte: UInt8) -> [State] {
    guard let item = state.items.last else { return [] }
    let rest = State(state.items.dropLast())
    switch item {
    case .value(let node):
      return expand(node).flatMap { step(state.adding($0), byte) }
    case .literal(let bytes):
      guard bytes.first == byte else { return [] }
      return [bytes.count == 1 ? rest : state.adding([.literal(bytes.dropFirst())])]
    case .space:
      return byte == 0x20 ? [rest] : step(rest, byte)
    case .number(let part, let isInteger):
      if let next = part.next(byte, isInteger: isInteger) {
        return [state.adding([.number(next, isInteger: isInteger)])]
      }
      return part.mayEnd ? step(rest, byte) : []
    case .text(let most, let count, let tail):
      return text(state, rest, byte, most, count, tail)
    case .escape(let most, let count):
      if byte == UInt8(ascii: "u") {
        return [state.adding([.hexadecimal(most: most, count: count, digits: 4)])]
      }
      let isKnown = Array("\"\\/bfnrt".utf8).contains(byte)
      return isKnown ? [state.adding([.text(most: most, count: count + 1, tail: 0)])] : []
    case .hexadecimal(let most, let count, let digits):
      let isDigit =
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte | 0x20)
      guard isDigit else { return [] }
      return [
        state.adding([
          digits == 1
            ? .text(most: most, count: count + 1, tail: 0)
            : .hexadecimal(most: most, count: count, digits: digits - 1)
        ])
      ]
    case .elements(let node, let least, let most, let count):
      return elements(state, rest, byte, node, least, most, count)
    case .members(let required, let optional, let isFirst):
      return members(state, rest, byte, required, optional, isFirst)
    }
  }

  private static func text(
    _ state: State, _ rest: State, _ byte: UInt8, _ most: Int, _ count: Int, _ tail: Int
  ) -> [State] {
    if tail > 0 {
      guard byte & 0xC0 == 0x80 else { return [] }
      return [state.adding([.text(most: most, count: count, tail: tail - 1)])]
    }
    if byte == UInt8(ascii: "\"") { return [rest] }
    guard byte >= 0x20, count < most else { return [] }
    if byte == UInt8(ascii: "\\") { return [state.adding([.escape(most: most, count: count)])] }
    let length: Int
    switch byte {
    case 0..<0x80: length = 0
    case 0xC2..<0xE0: length = 1
    case 0xE0..<0xF0: length = 2
    case 0xF0..<0xF5: length = 3
    default: return []
    }
    return [state.adding([.text(most: most, count: count + 1, tail: length)])]
  }

  private static func elements(
    _ state: State, _ rest: State, _ byte: UInt8, _ node: Node, _ least: Int, _ most: Int,
    _ count: Int
  ) -> [State] {
    if byte == UInt8(ascii: "]") { return count >= least ? [rest] : [] }
    guard count < most else { return [] }
    let further = Item.elements(node, least: least, most: most, count: count + 1)
    if count == 0 { return step(state.adding([further, .value(node)]), byte) }
    return byte == UInt8(ascii: ",") ? [state.adding([further, .value(node), .space])] : []
  }

  private static func members(
    _ state: State, _ rest: State, _ byte: UInt8, _ required: ArraySlice<Member>,
    _ optional: ArraySlice<Member>, _ isFirst: Bool
  ) -> [State] {
    func reading(_ member: Member, _ further: Item) -> [State] {
      let own: [Item] = [further, .value(member.node), .space, .literal(member.opening[...])]
      if isFirst { return step(state.adding(own), byte) }
      return byte == UInt8(ascii: ",") ? [state.adding(own + [.space])] : []
    }
    if let next = required.first {
      return reading(next, .members(required.dropFirst(), optional, isFirst: false))
    }
    var found = byte == UInt8(ascii: "}") ? [rest] : []
    for place in optional.indices {
      found += reading(
        optional[place], .members([], optional[(place + 1)...], isFirst: false))
    }
    return found
  }

  /// The ways that a value can begin.
  private static func expand(_ node: Node) -> [[Item]] {
    func opened(_ byte: Unicode.Scalar, _ item: Item) -> [[Item]] {
      [[item, .literal([UInt8(truncatingIfNeeded: byte.value)])]]
    }
    switch node {
    case .object(let required, let optional):
      return opened("{", .members(required[...], optional[...], isFirst: true))
    case .array(let inner, let least, let most):
      return opened("[", .elements(inner, least: least, most: most, count: 0))
    case .string(let most): return opened("\"", .text(most: most, count: 0, tail: 0))
    case .number(let isInteger): return [[.number(.start, isInteger: isInteger)]]
    case .texts(let texts): return texts.map { [.literal($0[...])] }
    case .any(let nodes): return nodes.map { [.value($0)] }
    }
  }
}

extension JSONGrammar.Node {
  /// Understands a schema.
  init(_ schema: JSON) throws(NeuralCoreError) {
    guard let keywords = schema.object else {
      throw NeuralCoreError(.unsupported, "schema: \(schema.serialized()), an object is expected")
    }
    let known: Set = [
      "type", "properties", "required", "items", "minItems", "maxItems", "maxLength", "enum",
      "const", "anyOf", "title", "description", "additionalProperties",
    ]
    if let strange = keywords.keys.sorted().first(where: { !known.contains($0) }) {
      throw NeuralCoreError(.unsupported, "schema: the keyword \(strange)")
    }
    if let more = keywords["additionalProperties"], more != .bool(false) {
      throw NeuralCoreError(.unsupported, "schema: additionalProperties other than false")
    }
    if let value = keywords["const"] {
      self = .texts([Array(value.serialized().utf8)])
      return
    }
    if let values = keywords["enum"]?.array {
      guard !values.isEmpty else { throw NeuralCoreError(.malformed, "schema: an empty enum") }
      self = .texts(values.map { Array($0.serialized().utf8) })
      return
    }
    if let choices = keywords["anyOf"]?.array {
      var nodes: [Self] = []
      for choice in choices { nodes.append(try Self(choice)) }
      self = .any(nodes)
      return
    }
    if let types = keywords["type"]?.array {
      var nodes: [Self] = []
      for type in types { nodes.append(try Self(type.string ?? "", keywords)) }
      self = .any(nodes)
      return
    }
    try self.init(keywords["type"]?.string ?? "", keywords)
  }

  private init(_ type: String, _ keywords: [String: JSON]) throws(NeuralCoreError) {
    func bound(_ name: String, otherwise: Int) throws(NeuralCoreError) -> Int {
      guard let value = keywords[name] else { return otherwise }
      guard let number = value.integer, number >= 0 else {
        throw NeuralCoreError(.malformed, "schema: \(name) is \(value.serialized())")
      }
      return number
    }
    switch type {
    case "string": self = .string(most: try bound("maxLength", otherwise: .max))
    case "number": self = .number(isInteger: false)
    case "integer": self = .number(isInteger: true)
    case "boolean": self = .texts([Array("true".utf8), Array("false".utf8)])
    case "null": self = .texts([Array("null".utf8)])
    case "array":
      guard let items = keywords["items"] else {
        throw NeuralCoreError(.unsupported, "schema: an array without items")
      }
      let least = try bound("minItems", otherwise: 0)
      let most = try bound("maxItems", otherwise: .max)
      guard least <= most else {
        throw NeuralCoreError(.malformed, "schema: minItems \(least), maxItems \(most)")
      }
      self = .array(try Self(items), least: least, most: most)
    case "object":
      let properties = keywords["properties"]?.object ?? [:]
      let names = keywords["required"]?.array?.compactMap(\.string) ?? []
      var required: [JSONGrammar.Member] = []
      for name in names {
        guard let schema = properties[name] else {
          throw NeuralCoreError(.malformed, "schema: \(name) is required, but no property")
        }
        required.append(JSONGrammar.Member(name: name, node: try Self(schema)))
      }
      var optional: [JSONGrammar.Member] = []
      for name in properties.keys.sorted() where !names.contains(name) {
        guard let schema = properties[name] else { continue }
        optional.append(JSONGrammar.Member(name: name, node: try Self(schema)))
      }
      self = .object(required: required, optional: optional)
    default:
      throw NeuralCoreError(.unsupported, "schema: the type \(type.isEmpty ? "is missing" : type)")
    }
  }
}

// Text that must become JSON of a schema: which tokens may come next.
// Sources: RFC 8259; JSON Schema 2020-12, the keywords named below.

/// Keeps a decoder to JSON texts that fit a schema.
///
/// ```swift
/// let constraint = try JSONConstraint(
///   schema: #"{"type": "object", "required": ["answer"],
///     "properties": {"answer": {"enum": ["yes", "no"]}}}"#,
///   tokens: (0..<count).map(tokenizer.bytes(of:)))
/// let ids = session.generate(after: prompt, limit: 100, allowing: constraint.filter())
/// ```
/// Understood are `type`, `properties`, `required`, `items`, `minItems`, `maxItems`, `maxLength`,
/// `enum`, `const` and `anyOf`; `title` and `description` are passed over, `additionalProperties` must
/// be absent or false, and anything else is an error, not a constraint that is silently dropped. Members
/// come in the order of `required`, optional ones after them by name. Between tokens of JSON there is
/// at most one space, after a colon or a comma. The text ends where the value is complete.
public struct JSONConstraint: Sendable {
  let root: JSONGrammar.Node
  /// The bytes of each token; empty for tokens that may never come.
  let tokens: [[UInt8]]

  /// - Parameters:
  ///   - schema: The schema's JSON.
  ///   - tokens: The bytes that each token of the vocabulary stands for.
  /// - Throws: `malformed` for what is no JSON, `unsupported` for a keyword that is not understood.
  public init(schema: String, tokens: [[UInt8]]) throws(NeuralCoreError) {
    root = try JSONGrammar.Node(try JSON(parsing: Array(schema.utf8)))
    self.tokens = tokens
  }

  /// What `generate` asks of each candidate. A filter follows one text; make one for each.
  public func filter() -> (_ written: [Int], _ candidate: Int) -> Bool {
    let walk = JSONWalk(self)
    return { walk.allows($0, $1) }
  }

  /// Whether a text is a beginning of a fitting one, and whether it is a whole one.
  public func check(_ text: String) -> (isBeginning: Bool, isWhole: Bool) {
    var states = [JSONGrammar.State([.value(root)])]
    for byte in text.utf8 { states = JSONGrammar.advance(states, byte) }
    return (!states.isEmpty, states.contains(where: \.isWhole))
  }
}

/// Remembers how far a text came, so that each candidate costs only its own bytes.
private final class JSONWalk {
  private let constraint: JSONConstraint
  private var written: [Int] = []
  private var states: [JSONGrammar.State]

  init(_ constraint: JSONConstraint) {
    self.constraint = constraint
    states = [JSONGrammar.State([.value(constraint.root)])]
  }

  func allows(_ text: [Int], _ candidate: Int) -> Bool {
    if text != written {
      if !text.starts(with: written) {
        states = [JSONGrammar.State([.value(constraint.root)])]
        written = []
      }
      for id in text[written.count...] { states = after(id) }
      written = text
    }
    // A whole value ends the text, although a number could go on.
    if !written.isEmpty, states.contains(where: \.endsHere) { return false }
    return !after(candidate).isEmpty
  }

  private func after(_ id: Int) -> [JSONGrammar.State] {
    guard constraint.tokens.indices.contains(id), !constraint.tokens[id].isEmpty else { return [] }
    var found = states
    for byte in constraint.tokens[id] {
      found = JSONGrammar.advance(found, byte)
      if found.isEmpty { break }
    }
    return found
  }
}

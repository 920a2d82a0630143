// Writes a request's JSON by hand: members in the order written, pictures as pieces of their own.

/// Writes JSON with pictures in it.
struct BodyWriter {
  private var pieces: [RequestBody.Piece] = []
  private var text: [UInt8] = []
  /// For each open array or object, whether something is in it already.
  private var filled: [Bool] = []
  private var afterKey = false

  /// The body written.
  consuming func finish() throws(ClientError) -> RequestBody {
    flush()
    return try RequestBody(pieces: pieces)
  }

  private mutating func flush() {
    guard !text.isEmpty else { return }
    pieces.append(.bytes(text))
    text = []
  }

  /// Puts a comma where one is due.
  private mutating func separate() {
    if afterKey {
      afterKey = false
      return
    }
    guard let last = filled.indices.last else { return }
    if filled[last] { text.append(UInt8(ascii: ",")) }
    filled[last] = true
  }

  private mutating func enclose<E: Error>(
    _ open: UInt8, _ close: UInt8, _ body: (inout BodyWriter) throws(E) -> Void
  ) throws(E) {
    separate()
    text.append(open)
    filled.append(false)
    try body(&self)
    filled.removeLast()
    text.append(close)
  }

  mutating func object<E: Error>(_ body: (inout BodyWriter) throws(E) -> Void) throws(E) {
    try enclose(UInt8(ascii: "{"), UInt8(ascii: "}"), body)
  }

  mutating func array<E: Error>(_ body: (inout BodyWriter) throws(E) -> Void) throws(E) {
    try enclose(UInt8(ascii: "["), UInt8(ascii: "]"), body)
  }

  mutating func value(_ json: JSON) {
    separate()
    JSONText.append(json, to: &text)
  }

  mutating func key(_ name: String) {
    separate()
    JSONText.append(name, to: &text)
    text.append(UInt8(ascii: ":"))
    afterKey = true
  }

  mutating func field(_ name: String, _ json: JSON) {
    key(name)
    value(json)
  }

  mutating func field(_ name: String, _ text: String) { field(name, .string(text)) }

  mutating func object<E: Error>(
    _ name: String, _ body: (inout BodyWriter) throws(E) -> Void
  ) throws(E) {
    key(name)
    try object(body)
  }

  mutating func array<E: Error>(
    _ name: String, _ body: (inout BodyWriter) throws(E) -> Void
  ) throws(E) {
    key(name)
    try array(body)
  }

  /// A member whose value is a picture's base64, with text in front, as one JSON string.
  mutating func field(_ name: String, prefix: String = "", base64 image: Image) {
    key(name)
    separate()
    text.append(UInt8(ascii: "\""))
    text.append(contentsOf: prefix.utf8)
    flush()
    pieces.append(.base64(image))
    text.append(UInt8(ascii: "\""))
  }

  /// Members that a prompt brings as they are.
  ///
  /// - Throws: `ClientError` with `.invalidPrompt` for a name that the client writes itself.
  mutating func extra(
    _ members: [JSON.Member], reserved: Set<String>
  ) throws(ClientError) {
    for member in members {
      guard !reserved.contains(member.key) else {
        throw ClientError(.invalidPrompt, "extra member \(member.key) is written by the client")
      }
      field(member.key, member.value)
    }
  }
}

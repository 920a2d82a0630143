import NeuralCore
import Testing

/// Texts that a schema lets through, and those that it does not (RFC 8259, JSON Schema 2020-12).
struct JSONConstraintTests {
  private static let schema = #"""
    {"type": "object", "required": ["finding", "score"], "properties": {
      "finding": {"enum": ["blood", "none"]}, "score": {"type": "number"},
      "boxes": {"type": "array", "maxItems": 2,
        "items": {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "integer"}}},
      "note": {"type": ["string", "null"], "maxLength": 3}}}
    """#

  @Test(arguments: [
    #"{"finding":"blood","score":0.5}"#, #"{"finding": "none", "score": -1e3}"#,
    #"{"finding":"none","score":0,"boxes":[]}"#,
    #"{"finding":"none","score":10,"boxes":[[1,2], [30,-4]],"note":null}"#,
    #"{"finding":"none","score":1,"note":"a\u00e9ß"}"#,
  ])
  func `a fitting text is whole, and each of its beginnings a beginning`(text: String) throws {
    let constraint = try JSONConstraint(schema: Self.schema, tokens: [])
    #expect(constraint.check(text).isWhole)
    for end in text.indices {
      let part = constraint.check(String(text[..<end]))
      #expect(part.isBeginning && !part.isWhole, "\(text[..<end])")
    }
  }

  @Test(arguments: [
    "[", #"{"score""#, #"{"finding":"bloody"#, #"{"finding":"none","score":01"#,
    #"{"finding":"none","score":.5"#, #"{"finding":"none","score":1,"boxes":[[1]"#,
    #"{"finding":"none","score":1,"boxes":[[1,2],[3,4],"#, #"{"finding":"none"}"#,
    #"{"finding":"none","score":1,"note":"abcd"#, #"{"finding":"none","score":1,"note":"\x"#,
    #"{"finding":"none","score":1,"boxes":[[1.5"#, "{  ",
  ])
  func `a text that cannot fit is refused at once`(text: String) throws {
    let constraint = try JSONConstraint(schema: Self.schema, tokens: [])
    #expect(!constraint.check(text).isBeginning)
  }

  @Test(arguments: [
    #"{"type":"string","pattern":"a"}"#, #"{"type":"array"}"#, #"{}"#, "3",
    #"{"type":"object","required":["a"]}"#, #"{"type":"object","additionalProperties":true}"#,
  ])
  func `a schema that is not understood is an error`(schema: String) {
    #expect(throws: NeuralCoreError.self) { try JSONConstraint(schema: schema, tokens: []) }
  }

  @Test func `a decoder with random weights writes JSON of the schema`() throws {
    // One token a printable byte.
    let tokens = (0..<128).map { $0 >= 32 && $0 < 127 ? [UInt8($0)] : [] }
    let shape = Decoder.Configuration(
      vocabulary: 128, width: 16, depth: 1, heads: 2, hidden: 24)
    var sampling = Decoder.Sampling()
    sampling.temperature = 1
    let schema = #"""
      {"type": "object", "required": ["finding", "sure"], "properties": {
        "finding": {"enum": ["blood", "none"]}, "sure": {"type": "boolean"}}}
      """#
    let constraint = try JSONConstraint(schema: schema, tokens: tokens)
    for seed in 0..<4 {
      sampling.seed = UInt64(seed)
      var session = Decoder(shape, seed: 3).session(sampling)
      let ids = session.generate(after: [65], limit: 80, allowing: constraint.filter())
      let text = String(decoding: ids.map { UInt8($0) }, as: UTF8.self)
      #expect(constraint.check(text).isWhole, "\(text)")
      #expect(!constraint.check(text + " ").isBeginning)
    }
  }
}

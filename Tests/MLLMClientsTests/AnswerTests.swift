import Foundation
import MLLMClients
import Testing

private enum Subtype: String, Codable, CaseIterable, Sendable { case edh, iph, ivh, sah, sdh }

private struct Reading: Codable, Sendable, Hashable {
  var present: Bool
  var subtypes: [Subtype]
  var volume: Double?
}

private struct Visit: Decodable, Sendable, Hashable {
  enum Side: String, Codable, CaseIterable, Sendable { case left, right }
  var day: Date
  var scores: [Int?]
  var sides: [Side]
  var id: UUID
  var page: URL?
  var dose: Decimal
  var next: Date?
}

private enum Loose: String, Codable, Sendable { case a, b }

private struct Loop: Decodable, Sendable {
  var next: [Loop]
}

@Suite struct AnswerTests {
  @Test func `a schema is derived from a type`() throws {
    let schema = try AnswerFormat(of: Finding.self).schema
    // Oracle: the JSON that pydantic's to_strict_json_schema gives for the same fields, by hand.
    #expect(
      schema
        == [
          "type": "object",
          "properties": [
            "finding": ["type": "string"],
            "confidence": [
              "type": "number", "minimum": 0, "maximum": 1, "description": "how sure",
            ],
            "side": ["type": ["string", "null"], "enum": ["left", "right", "both", nil]],
            "place": [
              "type": ["object", "null"],
              "properties": [
                "lobe": ["type": "string"],
                "slices": ["type": "array", "items": ["type": "integer"]],
              ], "required": ["lobe", "slices"], "additionalProperties": false,
            ],
            "volumes": ["type": "array", "items": ["type": "number"]],
          ],
          "required": ["finding", "confidence", "side", "place", "volumes"],
          "additionalProperties": false,
        ])
  }

  @Test func `dates, lists of optionals, addresses and decimals have schemas and are read`() throws
  {
    let format = try AnswerFormat(of: Visit.self)
    // Oracle: pydantic's schema of datetime, list[int | None], UUID, Decimal as float, by hand.
    #expect(
      format.schema["properties"]
        == [
          "day": ["type": "string", "format": "date-time"],
          "scores": ["type": "array", "items": ["type": ["integer", "null"]]],
          "sides": [
            "type": "array", "items": ["type": "string", "enum": ["left", "right"]],
          ],
          "id": ["type": "string", "format": "uuid"], "page": ["type": ["string", "null"]],
          "dose": ["type": "number"],
          "next": ["type": ["string", "null"], "format": "date-time"],
        ])
    let text =
      #"{"day":"2026-11-22T07:30:00Z","scores":[1,null],"sides":["left"],"#
      + #""id":"6F9619FF-8B86-D011-B42D-00C04FC964FF","page":null,"dose":0.1,"next":"2026-12-01"}"#
    let reply = Reply(outcome: .answered(text), text: text)
    let answer = try #require(Answer(reply, as: Visit.self, format: format).outcome.answer)
    #expect(answer.day.timeIntervalSince1970 == 1_795_332_600)
    #expect(answer.scores == [1, nil])
    #expect(answer.next?.timeIntervalSince1970 == 1_796_083_200)
  }

  @Test func `choices that can't be known are told how to be`() {
    #expect {
      try AnswerFormat(of: Loose.self)
    } throws: { ($0 as? SchemaError)?.description.contains("CaseIterable") == true }
  }

  @Test func `an answer told twice and differently is none`() {
    let format = AnswerFormat(oneOf: ["yes", "no"])
    #expect(format.extract(from: #"{"answer":"yes","answer":"no"}"#).value == nil)
    #expect(format.extract(from: #"{"answer":"yes","answer":"yes"}"#).value != nil)
  }

  @Test(arguments: [
    "It is not benign.", "This rules out cancer.", "I can't say that it is benign",
    "There is no evidence of cancer", "unlikely to be cancer", "cancer? No, not cancer.",
  ])
  func `a label that is denied is no answer`(text: String) {
    #expect(AnswerFormat(oneOf: ["cancer", "benign"]).extract(from: text).value == nil)
  }

  @Test func `a refusal that names a label is a refusal`() async throws {
    let reply = try await reply(
      "I'm sorry, but I'm unable to help with diagnosing cancer from images.",
      to: Prompt(.text("?")).answering(oneOf: ["cancer", "benign"]))
    #expect(reply.outcome.kind == .refused)
  }

  @Test func `a bare choice rides in an object`() throws {
    let format = try AnswerFormat(of: Subtype.self)
    #expect(format.labels == ["edh", "iph", "ivh", "sah", "sdh"])
    #expect(format.schema["properties"]?["answer"]?["enum"]?.array?.count == 5)
  }

  @Test func `what has no schema says so`() {
    #expect(throws: SchemaError.self) { try AnswerFormat(of: Loop.self) }
    #expect(throws: SchemaError.self) { try AnswerFormat(of: [String: Int].self) }
  }

  @Test(arguments: [
    (#"{"present":true,"subtypes":["sah"],"volume":null}"#, "strict"),
    ("```json\n{\"present\":true,\"subtypes\":[\"sah\"],\"volume\":null}\n```", "unfenced"),
    (
      "The answer is {\"present\":true,\"subtypes\":[\"sah\"],\"volume\":null}, I think.",
      "balancedBraces"
    ),
  ])
  func `the chain reads an answer and names its rule`(text: String, rule: String) throws {
    let found = try AnswerFormat(of: Reading.self).extract(from: text)
    #expect(found.rule?.rawValue == rule)
    #expect(found.value?["subtypes"] == ["sah"])
  }

  @Test(arguments: [
    #"{"present":true,"subtypes":["sah","xyz"],"volume":null}"#,
    #"{"present":true}"#, "none", #"{"present":"yes","subtypes":[],"volume":1}"#,
    #"{"present":true,"subtypes":[],"volume":1,"more":2}"#,
    #"{"present":true,"subtypes":[],"volume":1} or {"present":false,"subtypes":[],"volume":1}"#,
  ])
  func `what does not fit is no answer`(text: String) throws {
    #expect(try AnswerFormat(of: Reading.self).extract(from: text).value == nil)
  }

  @Test(arguments: [
    ("Cancer", "Cancer"), ("The tissue shows no cancer.", "No Cancer"),
    ("I would say: cancer.", "Cancer"), (#"{"answer":"No Cancer"}"#, "No Cancer"),
    ("cancer or no cancer", nil), ("unclear", nil), ("precancerous", nil),
  ])
  func `one label in the text is the answer, two are none`(text: String, label: String?) {
    let found = AnswerFormat(oneOf: ["Cancer", "No Cancer"]).extract(from: text)
    #expect(found.value?["answer"]?.string == label)
  }

  @Test(arguments: [
    ("I'm sorry, but I can't assist with analyzing medical images.", "unwilling"),
    ("I\u{2019}m unable to interpret CT scans.", "unwilling"),
    ("I am not a doctor, so take this with care.", "not-a-doctor"),
    ("Please provide the image you would like me to look at.", "no-picture"),
    ("I cannot exclude a fracture of the left rib.", nil), ("There is no haemorrhage.", nil),
    ("The patient is unable to walk.", nil),
    ("I cannot see any evidence of haemorrhage on this scan.", nil),
    ("I can't identify a mass in this image.", nil),
    ("Unable to assess the posterior fossa because of artefact.", nil),
    ("I cannot view or analyze images directly.", "unwilling"),
    ("I can't see an image attached to your message.", "no-picture"),
    ("I can't see the image you mention.", "unwilling"),
    ("I'm unable to analyze a medical image.", "unwilling"),
    ("As an AI, I can't provide a medical diagnosis.", "unwilling"),
    ("I won't be able to help with that.", "unwilling"),
  ])
  func `refusals in prose are told from findings`(text: String, rule: String?) {
    #expect(RefusalProse.rule(for: text) == rule)
  }

  private func reply(_ text: String, to prompt: Prompt, stop: String = "stop") async throws -> Reply
  {
    let body: JSON = [
      "model": "m",
      "choices": [["message": ["content": .string(text)], "finish_reason": .string(stop)]],
    ]
    let client = OpenAICompatible(
      base: .of("http://127.0.0.1/v1"), model: ModelProfile(name: "m"),
      transport: CannedTransport(bytes: body.bytes))
    return try await client.reply(to: prompt)
  }

  @Test func `thoughts are taken out and kept`() async throws {
    let text = "<think>Maybe {\"answer\":\"SSA\"}?</think>\n{\"answer\":\"HP\"}"
    let reply = try await reply(text, to: Prompt(.text("?")).answering(oneOf: ["HP", "SSA"]))
    #expect(reply.outcome == .answered(#"{"answer":"HP"}"#))
    #expect(reply.thinking == #"Maybe {"answer":"SSA"}?"#)
  }

  @Test func `a cut answer is truncated even when its text reads`() async throws {
    let reply = try await reply(
      #"{"answer":"HP"}"#, to: Prompt(.text("?")).answering(oneOf: ["HP", "SSA"]), stop: "length")
    #expect(reply.outcome.kind == .truncated)
    let thinking = try await self.reply("<think>so then", to: Prompt(.text("?")))
    #expect(thinking.outcome.kind == .malformed)
  }

  @Test func `a typed prompt gives a value and its rule`() async throws {
    let body: JSON = [
      "model": "m",
      "choices": [
        [
          "message": [
            "content": "```\n{\"present\":true,\"subtypes\":[\"sah\",\"ivh\"],\"volume\":12.5}\n```"
          ], "finish_reason": "stop",
        ]
      ],
    ]
    let client = OpenAICompatible(
      base: .of("http://127.0.0.1/v1"), model: ModelProfile(name: "m"),
      transport: CannedTransport(bytes: body.bytes))
    let answer = try await client.reply(to: Prompt(.text("?")).answering(Reading.self))
    #expect(answer.outcome.answer == Reading(present: true, subtypes: [.sah, .ivh], volume: 12.5))
    #expect(answer.rule == .unfenced)
  }
}

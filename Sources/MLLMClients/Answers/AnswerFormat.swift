// The form that an answer must have.

/// The form that an answer must have: a JSON schema, and how lenient to be about it.
public struct AnswerFormat: Sendable, Hashable {
  /// A name of at most 64 letters, digits, `_` and `-`, which some vendors want.
  public let name: String
  /// The JSON Schema, its root an object.
  public let schema: JSON
  /// For one label out of several: the labels, which the last rule of the chain looks for.
  public let labels: [String]?

  /// A form given by a schema.
  ///
  /// - Precondition: The schema's root is of type `object`; no vendor takes another.
  public init(name: String, schema: JSON) {
    precondition(
      schema["type"]?.string == "object", "the root of an answer's schema is an object: \(schema)")
    self.init(name: name, schema: schema, labels: nil)
  }

  /// One label out of several, as `{"answer": "…"}`.
  ///
  /// - Precondition: There are labels, and no two are the same but for case.
  public init(oneOf labels: [String], name: String = "answer") {
    precondition(!labels.isEmpty, "an answer needs labels")
    precondition(
      Set(labels.map { $0.lowercased() }).count == labels.count, "labels repeat: \(labels)")
    let choice: JSON = ["type": "string", "enum": .array(labels.map { .string($0) })]
    self.init(
      name: name,
      schema: [
        "type": "object", "properties": ["answer": choice], "required": ["answer"],
        "additionalProperties": false,
      ], labels: labels)
  }

  init(name: String, schema: JSON, labels: [String]?) {
    self.name = String(
      name.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") ? $0 : "_" }
        .prefix(64))
    self.schema = schema
    self.labels = labels
  }
}

/// A prompt whose answer is a value.
public struct TypedPrompt<Answer: Decodable & Sendable>: Sendable {
  public var prompt: Prompt
}

extension Prompt {
  /// The same prompt, to be answered with a value of a type.
  ///
  /// The JSON schema is derived from the type's `Decodable` conformance: properties and their
  /// order, optionals as nullable, `CaseIterable` enums of strings or integers as choices, nested
  /// types, arrays. Bounds and descriptions come from `SchemaDescribed`.
  /// - Precondition: A schema can be derived; where it can't, `AnswerFormat(of:)` says why.
  public func answering<Answer: Decodable & Sendable>(
    _ type: Answer.Type, named name: String? = nil
  ) -> TypedPrompt<Answer> {
    var copy = self
    do {
      copy.format = try AnswerFormat(of: type, named: name)
    } catch {
      preconditionFailure("no schema can be derived from \(type): \(error)")
    }
    return TypedPrompt(prompt: copy)
  }

  /// The same prompt, to be answered with one label.
  public func answering(oneOf labels: [String]) -> Prompt {
    var copy = self
    copy.format = AnswerFormat(oneOf: labels)
    return copy
  }

  /// The same prompt, to be answered with JSON of a schema.
  public func answering(_ format: AnswerFormat) -> Prompt {
    var copy = self
    copy.format = format
    return copy
  }
}

/// A reply whose answer is a value.
public struct Answer<Value: Sendable>: Sendable {
  /// What became of the question.
  public let outcome: Outcome<Value>
  /// The rule that found the answer in the text, when one did.
  public let rule: ExtractionRule?
  /// The reply with its evidence.
  public let reply: Reply
}

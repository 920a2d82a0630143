// What became of a question. Six cases, and none of them is dropped.

/// What became of a question.
public enum Outcome<Answer: Sendable>: Sendable {
  /// An answer of the asked form.
  case answered(Answer)
  /// The model declined.
  case refused(Refusal)
  /// The vendor's filter stopped the prompt or the reply.
  case blocked(Block)
  /// The answer was cut: by the token limit, or by the end of the context.
  case truncated(Truncation)
  /// A whole reply that has not the asked form.
  case malformed(Malformation)
  /// No reply.
  case failed(ClientError)

  /// The case's name, for tables and journals.
  public var kind: OutcomeKind {
    switch self {
    case .answered: .answered
    case .refused: .refused
    case .blocked: .blocked
    case .truncated: .truncated
    case .malformed: .malformed
    case .failed: .failed
    }
  }

  /// The answer, if there is one.
  public var answer: Answer? {
    if case .answered(let answer) = self { answer } else { nil }
  }

  /// The same outcome with the answer made into something else, or found malformed.
  public func map<Other>(
    _ change: (Answer) -> Outcome<Other>
  ) -> Outcome<Other> {
    switch self {
    case .answered(let answer): change(answer)
    case .refused(let refusal): .refused(refusal)
    case .blocked(let block): .blocked(block)
    case .truncated(let truncation): .truncated(truncation)
    case .malformed(let malformation): .malformed(malformation)
    case .failed(let error): .failed(error)
    }
  }
}

extension Outcome: Equatable where Answer: Equatable {}
extension Outcome: Hashable where Answer: Hashable {}

/// The name of an outcome.
public enum OutcomeKind: String, Sendable, Hashable, Codable, CaseIterable {
  case answered, refused, blocked, truncated, malformed, failed
}

/// A model that declined.
public struct Refusal: Sendable, Hashable {
  /// How it is known.
  public enum Evidence: Sendable, Hashable {
    /// The vendor's interface says so: OpenAI's `refusal`, Anthropic's stop reason.
    case vendor
    /// The words say so, by the named rule of `RefusalProse`.
    case prose(rule: String)
  }

  public let evidence: Evidence
  /// What was said, possibly empty.
  public let explanation: String
  /// The vendor's category, such as `bio`.
  public let category: String?

  public init(evidence: Evidence, explanation: String, category: String? = nil) {
    self.evidence = evidence
    self.explanation = explanation
    self.category = category
  }
}

/// A filter that stopped the prompt or the reply.
public struct Block: Sendable, Hashable {
  public enum Stage: String, Sendable, Hashable, Codable {
    case prompt, reply
  }

  public let stage: Stage
  /// The vendor's word: `SAFETY`, `content_filter`.
  public let reason: String

  public init(stage: Stage, reason: String) {
    self.stage = stage
    self.reason = reason
  }
}

/// An answer that was cut.
public struct Truncation: Sendable, Hashable {
  public enum Limit: String, Sendable, Hashable, Codable {
    case maxTokens, context
  }

  public let limit: Limit
  /// What was written until then; empty when thoughts took all tokens.
  public let text: String

  public init(limit: Limit, text: String) {
    self.limit = limit
    self.text = text
  }
}

/// A whole reply that has not the asked form.
public struct Malformation: Sendable, Hashable {
  /// What is wrong, in one line: `findings[2].side: "middle" is none of left, right`.
  public let detail: String
  /// What was written.
  public let text: String

  public init(detail: String, text: String) {
    self.detail = detail
    self.text = text
  }
}

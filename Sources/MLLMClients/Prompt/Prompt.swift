// What is asked: turns of text and pictures, how to decode, and the form of the answer.

/// A question to a model, the same for every vendor.
///
/// ```
/// let prompt = Prompt {
///   System("You are an expert neuroradiologist.")
///   User { "Is there a haemorrhage?"; Image(png: png) }
/// }
/// ```
///
/// A prompt is a value: nothing is sent, and no file is read, before a client is asked.
public struct Prompt: Sendable, Hashable {
  /// The turns, oldest first. System turns are gathered in front by vendors that keep them apart.
  public var turns: [Turn]
  /// Temperature, seed and the like; what is nil is left to the model.
  public var decoding: Decoding
  /// The form that the answer must have, or nil for free text.
  public var format: AnswerFormat?
  /// Members added to the request's JSON as they are, for what only one vendor knows.
  /// A name that the client writes itself is refused.
  public var extra: [JSON.Member]

  /// A prompt of turns.
  public init(
    turns: [Turn], decoding: Decoding = Decoding(), format: AnswerFormat? = nil,
    extra: [JSON.Member] = []
  ) {
    self.turns = turns
    self.decoding = decoding
    self.format = format
    self.extra = extra
  }

  /// A prompt of turns, one below the other.
  public init(@PromptBuilder _ turns: () -> [Turn]) {
    self.init(turns: turns())
  }

  /// A prompt of one user turn.
  public init(_ parts: Part...) {
    self.init(turns: [Turn(.user, parts)])
  }

  /// The pictures of all turns, in order.
  public var images: [Image] {
    turns.flatMap { turn in
      turn.parts.compactMap { part in
        if case .image(let image) = part { image } else { nil }
      }
    }
  }

  /// The text of all turns, without pictures.
  public var text: String {
    turns.map(\.text).joined(separator: "\n")
  }

  /// The same prompt with other decoding parameters.
  public func decoding(_ change: (inout Decoding) -> Void) -> Prompt {
    var copy = self
    change(&copy.decoding)
    return copy
  }

  /// The same prompt with the answer and one more question after it, for a dialogue.
  public func following(_ answer: String, with question: Turn) -> Prompt {
    var copy = self
    copy.turns.append(Turn(.assistant, [.text(answer)]))
    copy.turns.append(question)
    return copy
  }
}

/// One message: who speaks, and what they say and show.
public struct Turn: Sendable, Hashable {
  /// Who speaks.
  public enum Role: String, Sendable, Hashable, Codable {
    case system, user, assistant
  }

  public var role: Role
  public var parts: [Part]
  /// Asks the vendor to keep everything up to here in its prompt cache, where it takes such hints.
  public var cache: CacheHint?

  public init(_ role: Role, _ parts: [Part], cache: CacheHint? = nil) {
    self.role = role
    self.parts = parts
    self.cache = cache
  }

  /// The text parts, joined with line ends.
  public var text: String {
    parts.compactMap { if case .text(let text) = $0 { text } else { nil } }
      .joined(separator: "\n")
  }

  /// The same turn as the end of a prefix worth caching: system text and shots, say.
  public func cached(_ hint: CacheHint = .short) -> Turn {
    var copy = self
    copy.cache = hint
    return copy
  }
}

/// How long a vendor should keep a prefix.
public enum CacheHint: String, Sendable, Hashable, Codable {
  /// The vendor's short time: 5 minutes at Anthropic, 30 at OpenAI.
  case short
  /// The vendor's long time: 1 hour at Anthropic, 12 hours at OpenAI.
  case long
}

/// Text or a picture.
public enum Part: Sendable, Hashable {
  case text(String)
  case image(Image)

  /// A PNG picture.
  public static func png(_ bytes: [UInt8]) -> Part { .image(Image(png: bytes)) }

  /// A JPEG picture.
  public static func jpeg(_ bytes: [UInt8]) -> Part { .image(Image(jpeg: bytes)) }
}

/// How the model chooses its words. Everything is optional: current models refuse most of it.
public struct Decoding: Sendable, Hashable, Codable {
  /// The most tokens of *answer*. A model that thinks gets its headroom on top
  /// (`ModelProfile.thinkingHeadroom`), or it would spend the answer's tokens on thoughts.
  public var maxTokens: Int?
  /// 0 for the likeliest words; many current models take no temperature at all.
  public var temperature: Double?
  /// Nucleus sampling: the probability mass kept.
  public var topP: Double?
  /// Best effort where offered; no vendor promises the same answer twice.
  public var seed: Int?
  /// Texts that end the answer.
  public var stop: [String]
  /// How long to think.
  public var effort: Effort?

  public init(
    maxTokens: Int? = nil, temperature: Double? = nil, topP: Double? = nil, seed: Int? = nil,
    stop: [String] = [], effort: Effort? = nil
  ) {
    self.maxTokens = maxTokens
    self.temperature = temperature
    self.topP = topP
    self.seed = seed
    self.stop = stop
    self.effort = effort
  }
}

/// How long a model should think before it answers. Open: vendors add levels.
public struct Effort: RawRepresentable, Sendable, Hashable, Codable, ExpressibleByStringLiteral {
  public let rawValue: String

  public init(rawValue: String) { self.rawValue = rawValue }
  public init(stringLiteral value: String) { rawValue = value }

  public static let none = Effort(rawValue: "none")
  public static let minimal = Effort(rawValue: "minimal")
  public static let low = Effort(rawValue: "low")
  public static let medium = Effort(rawValue: "medium")
  public static let high = Effort(rawValue: "high")
  public static let max = Effort(rawValue: "max")
}

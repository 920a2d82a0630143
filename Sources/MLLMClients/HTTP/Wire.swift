// What a vendor's format must tell: one file of each vendor implements this, and nothing else.

/// A vendor's interface, by the name that journals use. Open: new ones break no journal.
public struct API: RawRepresentable, Sendable, Hashable, Codable {
  public let rawValue: String
  public init(rawValue: String) { self.rawValue = rawValue }

  public static let openAIChat = API(rawValue: "openai-chat")
  public static let openAIResponses = API(rawValue: "openai-responses")
  public static let anthropicMessages = API(rawValue: "anthropic-messages")
  public static let gemini = API(rawValue: "gemini")
  public static let inProcess = API(rawValue: "in-process")
}

/// A vendor's format: prompts to JSON, JSON to replies.
protocol Wire: Sendable {
  var api: API { get }

  /// The path after the base address.
  func path(model: ModelProfile, stream: Bool) -> String

  /// The request's body; what had to be left out is added to `warnings`.
  func body(
    for prompt: Prompt, model: ModelProfile, stream: Bool, warnings: inout [Warning]
  ) throws(ClientError) -> RequestBody

  /// A whole reply.
  func decode(_ json: JSON) throws(ClientError) -> Decoded

  /// Puts a streamed reply together.
  func makeAssembler() -> any StreamAssembler
}

/// Puts a streamed reply together, event by event.
protocol StreamAssembler: Sendable {
  /// Takes an event, and returns the answer's text in it.
  mutating func add(_ event: ServerEvent) throws(ClientError) -> String?

  /// The whole reply.
  ///
  /// - Throws: `ClientError` with `.streamEnded` when the vendor's last event is missing.
  func finish() throws(ClientError) -> Decoded
}

extension StreamAssembler {
  static func json(_ event: ServerEvent) throws(ClientError) -> JSON {
    do {
      return try JSON(parsing: event.data)
    } catch {
      throw ClientError(.malformedReply, "an event of the stream is no JSON (\(error.detail))")
        .with { $0.possiblyBilled = true }
    }
  }
}

extension Wire {
  /// Refuses prompts that no vendor could answer.
  func check(_ prompt: Prompt) throws(ClientError) {
    guard prompt.turns.contains(where: { $0.role != .system }) else {
      throw ClientError(.invalidPrompt, "a prompt needs a user's turn")
    }
    guard prompt.turns.last?.role == .user else {
      throw ClientError(.invalidPrompt, "a prompt ends with a user's turn")
    }
    for turn in prompt.turns {
      guard !turn.parts.isEmpty else { throw ClientError(.invalidPrompt, "a turn is empty") }
      if turn.role != .user,
        turn.parts.contains(where: { if case .image = $0 { true } else { false } })
      {
        throw ClientError(.invalidPrompt, "only a user's turn holds pictures")
      }
    }
  }

  /// What a model refuses is left out, and said.
  func decoding(
    of prompt: Prompt, model: ModelProfile, warnings: inout [Warning]
  ) -> Decoding {
    var decoding = prompt.decoding
    func drop(_ name: String) {
      warnings.append(Warning(.parameterDropped, "\(model.name) takes no \(name)"))
    }
    if !model.sampling {
      if decoding.temperature != nil {
        decoding.temperature = nil
        drop("temperature")
      }
      if decoding.topP != nil {
        decoding.topP = nil
        drop("top-p")
      }
    }
    if !model.seed, decoding.seed != nil {
      decoding.seed = nil
      drop("seed")
    }
    if !model.effort, decoding.effort != nil {
      decoding.effort = nil
      drop("effort")
    }
    return decoding
  }
}

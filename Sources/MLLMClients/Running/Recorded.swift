// A client that answers from a journal, and from nothing else.

/// Replays a journal: the same prompts give the same replies, without network and without keys.
///
/// A prompt that the journal does not hold is an error, never a request.
public struct Recorded: PromptClient {
  private let journal: Journal
  private let encoder: any PromptClient
  private let outcomes: Set<OutcomeKind>

  /// - Parameters:
  ///   - journal: What was recorded.
  ///   - client: The client that recorded it, configured in the same way: it says what would be
  ///     sent for a prompt, which is the key. It is never asked.
  ///   - outcomes: The recorded outcomes that are replayed.
  public init(
    _ journal: Journal, as client: any PromptClient,
    outcomes: Set<OutcomeKind> = [.answered, .refused, .blocked, .truncated, .malformed]
  ) {
    self.journal = journal
    encoder = client
    self.outcomes = outcomes
  }

  public var model: ModelProfile { encoder.model }

  public func record(of prompt: Prompt, replicate: Int) throws(ClientError) -> RequestRecord {
    try encoder.record(of: prompt, replicate: replicate)
  }

  public func reply(to prompt: Prompt, call: Call) async throws(ClientError) -> Reply {
    let key = try encoder.record(of: prompt, replicate: call.replicate).key
    guard let record = try await journal.record(for: key, outcomes: outcomes) else {
      throw ClientError(.notRecorded, "no reply to \(key) is recorded")
    }
    let reply = try record.reply(format: prompt.format)
    call.onText?(reply.text)
    return reply
  }
}

// Whoever can answer a prompt: a vendor, a server on this machine, a closure, a journal.

/// Answers prompts. A study swaps models by swapping these.
public protocol PromptClient: Sendable {
  /// What is known of the model that answers.
  var model: ModelProfile { get }

  /// All that would be sent for a prompt; its key is what a journal files the reply under.
  ///
  /// - Throws: `ClientError` when the prompt can't be sent: no vendor could answer it, or a picture
  ///   can't be read.
  func record(of prompt: Prompt, replicate: Int) throws(ClientError) -> RequestRecord

  /// Asks, and asks again as the client's policy says.
  ///
  /// - Returns: A reply, whose outcome may be a refusal, a block, a cut or a malformed answer.
  /// - Throws: `ClientError` when there is no reply.
  func reply(to prompt: Prompt, call: Call) async throws(ClientError) -> Reply
}

extension PromptClient {
  /// Asks, and asks again as the client's policy says.
  public func reply(to prompt: Prompt) async throws(ClientError) -> Reply {
    try await reply(to: prompt, call: Call())
  }

  /// Asks for a value, and reads it from the reply.
  public func reply<Value>(
    to prompt: TypedPrompt<Value>, call: Call = Call()
  ) async throws(ClientError) -> Answer<Value> {
    Answer(
      try await reply(to: prompt.prompt, call: call), as: Value.self, format: prompt.prompt.format)
  }

  /// Asks, and hands over the answer's text as it comes.
  public func reply(
    to prompt: Prompt, onText: @escaping @Sendable (String) -> Void
  ) async throws(ClientError) -> Reply {
    var call = Call()
    call.onText = onText
    return try await reply(to: prompt, call: call)
  }
}

// A model that runs in this process: any closure.

import struct Foundation.Date

/// Answers prompts with a closure: a network of one's own, a rule, a person at a keyboard.
///
/// Its replies are journalled and replayed as a vendor's are.
public struct InProcess: PromptClient {
  public let model: ModelProfile
  private let respond: @Sendable (Prompt, Int) async throws -> String

  /// - Parameters:
  ///   - name: The model's name; change it when the model changes, for it is part of the key.
  ///   - vision: Whether it takes pictures.
  ///   - respond: Gives the answer's text for a prompt and the number of the repeat.
  public init(
    _ name: String, vision: Bool = true,
    respond: @escaping @Sendable (_ prompt: Prompt, _ replicate: Int) async throws -> String
  ) {
    model = ModelProfile(name: name, vision: vision)
    self.respond = respond
  }

  public func record(of prompt: Prompt, replicate: Int) throws(ClientError) -> RequestRecord {
    let wire = InProcessWire()
    var warnings: [Warning] = []
    try Preflight(model: model, options: ClientOptions()).check(prompt, warnings: &warnings)
    let body = try wire.body(for: prompt, model: model, stream: false, warnings: &warnings)
    return RequestRecord(
      api: .inProcess, model: model.name, method: "CALL", url: "in-process:", headers: [],
      body: try body.skeleton(), replicate: replicate, images: body.images)
  }

  public func reply(to prompt: Prompt, call: Call) async throws(ClientError) -> Reply {
    let record = try record(of: prompt, replicate: call.replicate)
    try await call.onSend?(1)
    let started = ContinuousClock.now
    let time = Date()
    let text: String
    do {
      text = try await respond(prompt, call.replicate)
    } catch {
      let failure =
        (error as? ClientError)
        ?? ClientError(error is CancellationError ? .cancelled : .server, "\(type(of: error))")
      try await call.onAttempt?(Attempt(number: 1, result: .failure(failure), record: record))
      throw failure
    }
    var decoded = Decoded()
    decoded.text = text
    decoded.model = model.name
    var reply = decoded.reply(format: prompt.format)
    let response: JSON = ["model": .string(model.name), "text": .string(text)]
    reply.evidence = Reply.Evidence(
      key: record.key, request: record.body, response: response.bytes,
      contentType: "application/json", status: 200, latency: ContinuousClock.now - started,
      time: time)
    call.onText?(reply.text)
    try await call.onAttempt?(Attempt(number: 1, result: .success(reply), record: record))
    return reply
  }
}

/// The form in which prompts to this process are recorded.
struct InProcessWire: Wire {
  var api: API { .inProcess }

  func path(model: ModelProfile, stream: Bool) -> String { "" }

  func body(
    for prompt: Prompt, model: ModelProfile, stream: Bool, warnings: inout [Warning]
  ) throws(ClientError) -> RequestBody {
    try check(prompt)
    var writer = BodyWriter()
    writer.object { w in
      w.field("model", model.name)
      w.array("turns") { w in
        for turn in prompt.turns {
          w.object { w in
            w.field("role", turn.role.rawValue)
            w.array("parts") { w in
              for part in turn.parts {
                w.object { w in
                  switch part {
                  case .text(let text): w.field("text", text)
                  case .image(let image):
                    if let remote = image.remote {
                      w.field("url", remote)
                    } else {
                      w.field("image", base64: image)
                    }
                    w.field("detail", image.detail.rawValue)
                  }
                }
              }
            }
          }
        }
      }
      if let value = prompt.decoding.maxTokens { w.field("maxTokens", .integer(value)) }
      if let value = prompt.decoding.temperature { w.field("temperature", .number(value)) }
      if let value = prompt.decoding.topP { w.field("topP", .number(value)) }
      if let value = prompt.decoding.seed { w.field("seed", .integer(value)) }
      if let effort = prompt.decoding.effort { w.field("effort", effort.rawValue) }
      if !prompt.decoding.stop.isEmpty {
        w.field("stop", .array(prompt.decoding.stop.map { .string($0) }))
      }
      if let format = prompt.format { w.field("schema", format.schema) }
      if !prompt.extra.isEmpty { w.field("extra", .object(prompt.extra)) }
    }
    return try writer.finish()
  }

  func decode(_ json: JSON) throws(ClientError) -> Decoded {
    guard let text = json["text"]?.string else {
      throw ClientError(.malformedReply, "no text in a recorded reply")
    }
    var decoded = Decoded()
    decoded.text = text
    decoded.model = json["model"]?.string
    return decoded
  }

  func makeAssembler() -> any StreamAssembler { NoStream() }

  private struct NoStream: StreamAssembler {
    mutating func add(_ event: ServerEvent) throws(ClientError) -> String? {
      throw ClientError(.malformedReply, "a call in this process has no stream")
    }

    func finish() throws(ClientError) -> Decoded {
      throw ClientError(.malformedReply, "a call in this process has no stream")
    }
  }
}

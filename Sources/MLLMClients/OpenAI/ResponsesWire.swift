// OpenAI's Responses.
// Source: the types of PyPI openai 3.54.0, `openai/types/responses`.

struct ResponsesWire: Wire {
  var api: API { .openAIResponses }

  func path(model: ModelProfile, stream: Bool) -> String { "responses" }

  private static let reserved: Set<String> = [
    "model", "input", "instructions", "store", "text", "reasoning", "max_output_tokens",
    "temperature", "top_p", "stream", "image",
  ]

  func body(
    for prompt: Prompt, model: ModelProfile, stream: Bool, warnings: inout [Warning]
  ) throws(ClientError) -> RequestBody {
    try check(prompt)
    var decoding = decoding(of: prompt, model: model, warnings: &warnings)
    if decoding.seed != nil {
      warnings.append(Warning(.parameterDropped, "the Responses interface takes no seed"))
      decoding.seed = nil
    }
    if !decoding.stop.isEmpty {
      warnings.append(Warning(.parameterDropped, "the Responses interface takes no stop texts"))
    }
    var writer = BodyWriter()
    try writer.object { w throws(ClientError) in
      w.field("model", model.name)
      w.field("store", false)
      let system = prompt.turns.filter { $0.role == .system }.map(\.text)
      if !system.isEmpty { w.field("instructions", system.joined(separator: "\n\n")) }
      w.array("input") { w in
        for turn in prompt.turns where turn.role != .system { write(turn, to: &w) }
      }
      if let format = prompt.format, model.structured {
        w.object("text") { w in
          w.object("format") { w in
            w.field("type", "json_schema")
            w.field("name", format.name)
            w.field("strict", .bool(format.isStrict))
            w.field("schema", format.schema)
          }
        }
      }
      // The service may otherwise shrink what it sees of the pictures.
      if !prompt.images.isEmpty { w.field("image", ["context_compression": "disabled"]) }
      if let effort = decoding.effort { w.field("reasoning", ["effort": .string(effort.rawValue)]) }
      if let tokens = decoding.maxTokens {
        w.field("max_output_tokens", .integer(model.outputTokens(forAnswer: tokens)))
      }
      if let value = decoding.temperature { w.field("temperature", .number(value)) }
      if let value = decoding.topP { w.field("top_p", .number(value)) }
      if stream { w.field("stream", true) }
      try w.extra(prompt.extra, reserved: Self.reserved)
    }
    return try writer.finish()
  }

  private func write(_ turn: Turn, to w: inout BodyWriter) {
    w.object { w in
      w.field("role", turn.role.rawValue)
      guard turn.role == .user else {
        w.field("content", turn.text)
        return
      }
      w.array("content") { w in
        for (index, part) in turn.parts.enumerated() {
          w.object { w in
            switch part {
            case .text(let text):
              w.field("type", "input_text")
              w.field("text", text)
            case .image(let image):
              w.field("type", "input_image")
              if let remote = image.remote {
                w.field("image_url", remote)
              } else {
                w.field(
                  "image_url", prefix: "data:\(image.mediaType.rawValue);base64,", base64: image)
              }
              w.field("detail", image.detail.rawValue)
            }
            if let hint = turn.cache, index == turn.parts.count - 1 {
              w.field(
                "prompt_cache_breakpoint",
                hint == .short ? ["mode": "explicit"] : ["mode": "explicit", "ttl": "12h"])
            }
          }
        }
      }
    }
  }

  func decode(_ json: JSON) throws(ClientError) -> Decoded {
    guard let output = json["output"]?.array else {
      throw ClientError(.malformedReply, "no output in the reply")
    }
    var decoded = Decoded()
    decoded.id = json["id"]?.string
    decoded.model = json["model"]?.string
    for item in output { Self.read(item, into: &decoded) }
    Self.readUsage(json["usage"], into: &decoded)
    Self.readStatus(json, into: &decoded)
    return decoded
  }

  func makeAssembler() -> any StreamAssembler { ResponsesAssembler() }

  private static func read(_ item: JSON, into decoded: inout Decoded) {
    switch item["type"]?.string {
    case "message":
      for part in item["content"]?.array ?? [] {
        switch part["type"]?.string {
        case "output_text": decoded.text += part["text"]?.string ?? ""
        case "refusal":
          let more = part["refusal"]?.string ?? ""
          decoded.refusal = Refusal(
            evidence: .vendor, explanation: (decoded.refusal?.explanation ?? "") + more)
        default: break
        }
      }
    case "reasoning":
      let parts = (item["summary"]?.array ?? []) + (item["content"]?.array ?? [])
      decoded.thinking += parts.compactMap { $0["text"]?.string }.joined(separator: "\n")
    case "function_call", "custom_tool_call":
      decoded.toolCalls.append(
        ToolCall(
          name: item["name"]?.string ?? "",
          arguments: item["arguments"]?.string ?? item["input"]?.string ?? ""))
    default: break
    }
  }

  private static func readUsage(_ usage: JSON?, into decoded: inout Decoded) {
    guard let usage, let input = usage["input_tokens"]?.integer else { return }
    let details = usage["input_tokens_details"]
    let read = details?["cached_tokens"]?.integer
    let written = details?["cache_write_tokens"]?.integer
    let long = details?["cache_write_tokens_details"]?["ttl_12h_tokens"]?.integer
    decoded.usage = Usage(
      uncachedInput: max(0, input - (read ?? 0) - (written ?? 0)), cacheRead: read,
      cacheWrite: written.map { $0 - (long ?? 0) }, cacheWriteLong: long,
      output: usage["output_tokens"]?.integer,
      reasoning: usage["output_tokens_details"]?["reasoning_tokens"]?.integer)
  }

  private static func readStatus(_ json: JSON, into decoded: inout Decoded) {
    let status = json["status"]?.string
    decoded.vendorStop = status
    switch status {
    case "completed", "complete", nil:
      decoded.stopReason = decoded.toolCalls.isEmpty ? .finished : .toolUse
    case "incomplete":
      let reason = json["incomplete_details"]?["reason"]?.string ?? "incomplete"
      switch reason {
      case "max_output_tokens": decoded.stopReason = .maxTokens
      case "content_filter":
        decoded.stopReason = .filtered
        decoded.block = Block(stage: .reply, reason: reason)
      default: decoded.stopReason = .other(reason)
      }
    case "failed":
      let inner = json["error"]
      let code = inner?["code"]?.string
      if let code, let block = VendorFailure.block(inCode: code) {
        decoded.block = block
        decoded.stopReason = .filtered
        return
      }
      let kind: ClientError.Code =
        switch code {
        case "rate_limit_exceeded": .rateLimited
        case "server_error", nil: .server
        default: .invalidRequest
        }
      decoded.failure = ClientError(kind, "the reply says that it failed").with {
        $0.vendorCode = code
        $0.vendorMessage = inner?["message"]?.string
        $0.retryable = kind != .invalidRequest
      }
    case .some(let word):
      // Queued, in progress, cancelled: no reply yet, or none to come.
      decoded.stopReason = .other(word)
      if decoded.text.isEmpty {
        decoded.failure = ClientError(.malformedReply, "the reply is \(word), not completed")
      }
    }
  }
}

/// Waits for the terminal event, which holds the whole reply.
struct ResponsesAssembler: StreamAssembler {
  private var final: Decoded?

  mutating func add(_ event: ServerEvent) throws(ClientError) -> String? {
    if event.data.elementsEqual("[DONE]".utf8) { return nil }
    let json = try Self.json(event)
    switch json["type"]?.string {
    case "response.output_text.delta": return json["delta"]?.string
    case "response.completed", "response.incomplete", "response.failed":
      final = try ResponsesWire().decode(json["response"] ?? .null)
      return nil
    case "error":
      let flat: JSON = json["error"] == nil ? ["error": json] : json
      throw VendorFailure.inStream(flat)
        ?? ClientError(.malformedReply, "an error event without an error")
    default:
      if let failure = VendorFailure.inStream(json) { throw failure }
      return nil
    }
  }

  func finish() throws(ClientError) -> Decoded {
    guard let final else {
      throw ClientError(.streamEnded, "the stream ended before its last event")
        .with { $0.possiblyBilled = true }
    }
    return final
  }
}

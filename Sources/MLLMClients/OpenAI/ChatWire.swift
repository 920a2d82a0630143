// OpenAI's Chat Completions, and the many servers that speak it.
// Source: the types of PyPI openai 3.54.0, `openai/types/chat`.

struct ChatWire: Wire {
  var dialect: OpenAICompatible.Dialect

  var api: API { .openAIChat }

  func path(model: ModelProfile, stream: Bool) -> String { "chat/completions" }

  private static let reserved: Set<String> = [
    "model", "messages", "max_tokens", "max_completion_tokens", "temperature", "top_p", "seed",
    "stop", "reasoning_effort", "response_format", "stream", "stream_options", "store",
  ]

  func body(
    for prompt: Prompt, model: ModelProfile, stream: Bool, warnings: inout [Warning]
  ) throws(ClientError) -> RequestBody {
    try check(prompt)
    let decoding = decoding(of: prompt, model: model, warnings: &warnings)
    var writer = BodyWriter()
    try writer.object { w throws(ClientError) in
      w.field("model", model.name)
      try w.array("messages") { w throws(ClientError) in
        for turn in prompt.turns { try write(turn, to: &w) }
      }
      if let tokens = decoding.maxTokens {
        w.field(dialect.tokensField, .integer(model.outputTokens(forAnswer: tokens)))
      }
      if let value = decoding.temperature { w.field("temperature", .number(value)) }
      if let value = decoding.topP { w.field("top_p", .number(value)) }
      if let value = decoding.seed { w.field("seed", .integer(value)) }
      if !decoding.stop.isEmpty { w.field("stop", .array(decoding.stop.map { .string($0) })) }
      if let effort = decoding.effort { w.field("reasoning_effort", effort.rawValue) }
      if let format = prompt.format { write(format, model: model, to: &w) }
      if dialect.sendsStore { w.field("store", false) }
      if stream {
        w.field("stream", true)
        w.field("stream_options", ["include_usage": true])
      }
      try w.extra(prompt.extra, reserved: Self.reserved)
    }
    return try writer.finish()
  }

  private func write(_ turn: Turn, to w: inout BodyWriter) throws(ClientError) {
    w.object { w in
      switch turn.role {
      case .system: w.field("role", dialect.systemRole)
      case .user: w.field("role", "user")
      case .assistant: w.field("role", "assistant")
      }
      guard turn.role == .user else {
        w.field("content", turn.text)
        return
      }
      if case .text(let text)? = turn.parts.first, turn.parts.count == 1, turn.cache == nil {
        w.field("content", text)
        return
      }
      w.array("content") { w in
        for (index, part) in turn.parts.enumerated() {
          w.object { w in
            switch part {
            case .text(let text):
              w.field("type", "text")
              w.field("text", text)
            case .image(let image):
              w.field("type", "image_url")
              w.object("image_url") { w in
                if let remote = image.remote {
                  w.field("url", remote)
                } else {
                  w.field("url", prefix: "data:\(image.mediaType.rawValue);base64,", base64: image)
                }
                w.field("detail", dialect.detail(image.detail))
              }
            }
            if let hint = turn.cache, index == turn.parts.count - 1, dialect.cacheBreakpoints {
              w.field(
                "prompt_cache_breakpoint",
                hint == .short ? ["mode": "explicit"] : ["mode": "explicit", "ttl": "12h"])
            }
          }
        }
      }
    }
  }

  private func write(_ format: AnswerFormat, model: ModelProfile, to w: inout BodyWriter) {
    switch model.structured ? dialect.structured : .none {
    case .schema:
      w.object("response_format") { w in
        w.field("type", "json_schema")
        w.object("json_schema") { w in
          w.field("name", format.name)
          w.field("schema", format.schema)
          w.field("strict", .bool(format.isStrict))
        }
      }
    case .jsonObject: w.field("response_format", ["type": "json_object"])
    case .none: break
    }
  }

  func decode(_ json: JSON) throws(ClientError) -> Decoded {
    guard let choices = json["choices"]?.array else {
      throw ClientError(.malformedReply, "no choices in the reply")
    }
    var decoded = Decoded()
    Self.readHead(json, into: &decoded)
    Self.readUsage(json["usage"], into: &decoded)
    guard let choice = choices.first else { return decoded }
    let message = choice["message"] ?? .null
    decoded.text = Self.text(of: message["content"])
    decoded.thinking = message["reasoning_content"]?.string ?? message["reasoning"]?.string ?? ""
    for call in message["tool_calls"]?.array ?? [] {
      decoded.toolCalls.append(
        ToolCall(
          name: call["function"]?["name"]?.string ?? call["custom"]?["name"]?.string ?? "",
          arguments: call["function"]?["arguments"]?.string
            ?? call["custom"]?["input"]?.string ?? ""))
    }
    if let refusal = message["refusal"]?.string {
      decoded.refusal = Refusal(evidence: .vendor, explanation: refusal)
    }
    Self.readStop(choice["finish_reason"]?.string, into: &decoded)
    return decoded
  }

  func makeAssembler() -> any StreamAssembler { ChatAssembler(needsEnd: dialect.endsWithDone) }

  /// Content as text, or as a list of parts, as some servers send it.
  static func text(of content: JSON?) -> String {
    if let text = content?.string { return text }
    return (content?.array ?? []).compactMap { $0["text"]?.string }.joined()
  }

  static func readHead(_ json: JSON, into decoded: inout Decoded) {
    decoded.id = json["id"]?.string ?? decoded.id
    decoded.model = json["model"]?.string ?? decoded.model
    decoded.systemFingerprint = json["system_fingerprint"]?.string ?? decoded.systemFingerprint
  }

  static func readStop(_ reason: String?, into decoded: inout Decoded) {
    decoded.vendorStop = reason
    switch reason {
    case "stop", nil: decoded.stopReason = .finished
    case "length": decoded.stopReason = .maxTokens
    case "content_filter": decoded.stopReason = .filtered
    case "tool_calls", "function_call": decoded.stopReason = .toolUse
    case .some(let word): decoded.stopReason = .other(word)
    }
  }

  /// `prompt_tokens` holds the cached ones; a server that says more were cached than sent is not
  /// believed.
  static func readUsage(_ usage: JSON?, into decoded: inout Decoded) {
    guard let usage, let prompt = usage["prompt_tokens"]?.integer else { return }
    let details = usage["prompt_tokens_details"]
    let read = details?["cached_tokens"]?.integer
    let written = details?["cache_write_tokens"]?.integer
    decoded.usage = Usage(
      uncachedInput: max(0, prompt - (read ?? 0) - (written ?? 0)), cacheRead: read,
      cacheWrite: written, output: usage["completion_tokens"]?.integer,
      reasoning: usage["completion_tokens_details"]?["reasoning_tokens"]?.integer)
  }
}

/// Puts `chat.completion.chunk`s together.
struct ChatAssembler: StreamAssembler {
  let needsEnd: Bool
  private var decoded = Decoded()
  private var refusal: String?
  private var ended = false
  private var calls: [Int: ToolCall] = [:]

  init(needsEnd: Bool) { self.needsEnd = needsEnd }

  mutating func add(_ event: ServerEvent) throws(ClientError) -> String? {
    if event.data.elementsEqual("[DONE]".utf8) {
      ended = true
      return nil
    }
    let chunk = try Self.json(event)
    if let failure = VendorFailure.inStream(chunk) { throw failure }
    ChatWire.readHead(chunk, into: &decoded)
    if chunk["usage"]?.members != nil { ChatWire.readUsage(chunk["usage"], into: &decoded) }
    guard let choice = chunk["choices"]?[0], (choice["index"]?.integer ?? 0) == 0 else {
      return nil
    }
    if let reason = choice["finish_reason"]?.string {
      ChatWire.readStop(reason, into: &decoded)
      if !needsEnd { ended = true }
    }
    guard let delta = choice["delta"] else { return nil }
    if let more = delta["refusal"]?.string { refusal = (refusal ?? "") + more }
    decoded.thinking += delta["reasoning_content"]?.string ?? delta["reasoning"]?.string ?? ""
    for call in delta["tool_calls"]?.array ?? [] {
      let index = call["index"]?.integer ?? calls.count
      var entry = calls[index] ?? ToolCall(name: "", arguments: "")
      entry.name += call["function"]?["name"]?.string ?? ""
      entry.arguments += call["function"]?["arguments"]?.string ?? ""
      calls[index] = entry
    }
    let text = ChatWire.text(of: delta["content"])
    decoded.text += text
    return text.isEmpty ? nil : text
  }

  func finish() throws(ClientError) -> Decoded {
    guard ended else {
      throw ClientError(.streamEnded, "the stream ended before its last event")
        .with { $0.possiblyBilled = true }
    }
    var decoded = decoded
    decoded.toolCalls = calls.sorted { $0.key < $1.key }.map(\.value)
    decoded.refusal = refusal.map { Refusal(evidence: .vendor, explanation: $0) }
    return decoded
  }
}

// Anthropic's Messages.
// Source: the types of PyPI anthropic 2.12.0, `anthropic/types`.

struct MessagesWire: Wire {
  /// Whether the version in use refuses `temperature` and `top_p`, as 2026-10-21 does.
  var takesSampling: Bool

  var api: API { .anthropicMessages }

  func path(model: ModelProfile, stream: Bool) -> String { "messages" }

  /// Asked for when a prompt says nothing: the interface wants a number.
  static let defaultAnswerTokens = 4096

  private static let reserved: Set<String> = [
    "model", "max_tokens", "system", "messages", "temperature", "top_p", "stop_sequences",
    "output_config", "stream",
  ]

  func body(
    for prompt: Prompt, model: ModelProfile, stream: Bool, warnings: inout [Warning]
  ) throws(ClientError) -> RequestBody {
    try check(prompt)
    var profile = model
    profile.sampling = model.sampling && takesSampling
    profile.seed = false
    let decoding = decoding(of: prompt, model: profile, warnings: &warnings)
    let breakpoints = prompt.turns.count { $0.cache != nil }
    guard breakpoints <= 4 else {
      throw ClientError(.invalidPrompt, "\(breakpoints) cache hints, at most 4 are taken")
    }
    var writer = BodyWriter()
    try writer.object { w throws(ClientError) in
      w.field("model", model.name)
      let answer = decoding.maxTokens ?? Self.defaultAnswerTokens
      w.field("max_tokens", .integer(model.outputTokens(forAnswer: answer)))
      let system = prompt.turns.filter { $0.role == .system }
      if !system.isEmpty {
        w.array("system") { w in
          for turn in system {
            w.object { w in
              w.field("type", "text")
              w.field("text", turn.text)
              write(turn.cache, to: &w)
            }
          }
        }
      }
      w.array("messages") { w in
        for turn in prompt.turns where turn.role != .system { write(turn, to: &w) }
      }
      if let value = decoding.temperature { w.field("temperature", .number(value)) }
      if let value = decoding.topP { w.field("top_p", .number(value)) }
      if !decoding.stop.isEmpty {
        w.field("stop_sequences", .array(decoding.stop.map { .string($0) }))
      }
      let format = model.structured ? prompt.format : nil
      if format != nil || decoding.effort != nil {
        w.object("output_config") { w in
          if let format {
            w.object("format") { w in
              w.field("type", "json_schema")
              w.field("schema", AnthropicSchema.adapted(format.schema))
            }
          }
          if let effort = decoding.effort { w.field("effort", effort.rawValue) }
        }
      }
      if stream { w.field("stream", true) }
      try w.extra(prompt.extra, reserved: Self.reserved)
    }
    return try writer.finish()
  }

  private func write(_ turn: Turn, to w: inout BodyWriter) {
    w.object { w in
      w.field("role", turn.role.rawValue)
      w.array("content") { w in
        for (index, part) in turn.parts.enumerated() {
          w.object { w in
            switch part {
            case .text(let text):
              w.field("type", "text")
              w.field("text", text)
            case .image(let image): write(image, to: &w)
            }
            if index == turn.parts.count - 1 { write(turn.cache, to: &w) }
          }
        }
      }
    }
  }

  private func write(_ image: Image, to w: inout BodyWriter) {
    w.field("type", "image")
    w.object("source") { w in
      if let remote = image.remote {
        w.field("type", "url")
        w.field("url", remote)
      } else {
        w.field("type", "base64")
        w.field("media_type", image.mediaType.rawValue)
        w.field("data", base64: image)
      }
    }
    // An error instead of a picture shrunk unasked.
    if image.detail == .original { w.field("transformations", ["oversized_image": "error"]) }
  }

  private func write(_ hint: CacheHint?, to w: inout BodyWriter) {
    switch hint {
    case .short: w.field("cache_control", ["type": "ephemeral"])
    case .long: w.field("cache_control", ["type": "ephemeral", "ttl": "1h"])
    case nil: break
    }
  }

  func decode(_ json: JSON) throws(ClientError) -> Decoded {
    guard let content = json["content"]?.array else {
      throw ClientError(.malformedReply, "no content in the reply")
    }
    var decoded = Decoded()
    decoded.id = json["id"]?.string
    decoded.model = json["model"]?.string
    for block in content { Self.read(block, into: &decoded) }
    Self.readUsage(json["usage"], into: &decoded)
    Self.readStop(json, into: &decoded)
    return decoded
  }

  func makeAssembler() -> any StreamAssembler { MessagesAssembler() }

  private static func read(_ block: JSON, into decoded: inout Decoded) {
    switch block["type"]?.string {
    case "text": decoded.text += block["text"]?.string ?? ""
    case "thinking": decoded.thinking += block["thinking"]?.string ?? ""
    case "tool_use":
      decoded.toolCalls.append(
        ToolCall(
          name: block["name"]?.string ?? "",
          arguments: block["input"].map(\.description) ?? "{}"))
    default: break
    }
  }

  /// `input_tokens` leaves the cached ones out.
  static func readUsage(_ usage: JSON?, into decoded: inout Decoded) {
    guard let usage else { return }
    let creation = usage["cache_creation"]
    let long = creation?["ephemeral_1h_input_tokens"]?.integer
    let all = usage["cache_creation_input_tokens"]?.integer
    var now = decoded.usage
    now.uncachedInput = usage["input_tokens"]?.integer ?? now.uncachedInput
    now.cacheRead = usage["cache_read_input_tokens"]?.integer ?? now.cacheRead
    if let all {
      now.cacheWriteLong = long ?? now.cacheWriteLong
      now.cacheWrite = all - (now.cacheWriteLong ?? 0)
    }
    now.output = usage["output_tokens"]?.integer ?? now.output
    now.reasoning =
      usage["output_tokens_details"]?["thinking_tokens"]?.integer ?? now.reasoning
    decoded.usage = now
  }

  static func readStop(_ json: JSON, into decoded: inout Decoded) {
    guard let reason = json["stop_reason"]?.string else { return }
    decoded.vendorStop = reason
    switch reason {
    case "end_turn", "stop_sequence": decoded.stopReason = .finished
    case "max_tokens": decoded.stopReason = .maxTokens
    case "model_context_window_exceeded": decoded.stopReason = .context
    case "tool_use": decoded.stopReason = .toolUse
    case "refusal":
      decoded.stopReason = .refusal
      let details = json["stop_details"]
      decoded.refusal = Refusal(
        evidence: .vendor, explanation: details?["explanation"]?.string ?? decoded.text,
        category: details?["category"]?.string)
    default: decoded.stopReason = .other(reason)
    }
  }
}

/// Puts message events together into the message that they tell of.
struct MessagesAssembler: StreamAssembler {
  private var message = JSON.null
  private var blocks: [Int: JSON] = [:]
  private var inputs: [Int: String] = [:]
  private var usage = Decoded()
  private var ended = false

  mutating func add(_ event: ServerEvent) throws(ClientError) -> String? {
    let json = try Self.json(event)
    switch json["type"]?.string {
    case "message_start":
      message = json["message"] ?? .null
      MessagesWire.readUsage(message["usage"], into: &usage)
    case "content_block_start":
      if let index = json["index"]?.integer, let block = json["content_block"] {
        blocks[index] = block
        return block["type"] == "text"
          ? block["text"]?.string.flatMap { $0.isEmpty ? nil : $0 } : nil
      }
    case "content_block_delta": return add(json["delta"] ?? .null, to: json["index"]?.integer)
    case "message_delta":
      for member in json["delta"]?.members ?? [] { message.set(member.key, member.value) }
      MessagesWire.readUsage(json["usage"], into: &usage)
    case "message_stop": ended = true
    case "error":
      throw VendorFailure.inStream(json)
        ?? ClientError(.malformedReply, "an error event without an error")
    default:
      if let failure = VendorFailure.inStream(json) { throw failure }
    }
    return nil
  }

  private mutating func add(_ delta: JSON, to index: Int?) -> String? {
    guard let index, var block = blocks[index] else { return nil }
    func append(_ key: String, _ text: String?) {
      block.set(key, .string((block[key]?.string ?? "") + (text ?? "")))
    }
    var text: String?
    switch delta["type"]?.string {
    case "text_delta":
      text = delta["text"]?.string
      append("text", text)
    case "thinking_delta": append("thinking", delta["thinking"]?.string)
    case "input_json_delta": inputs[index, default: ""] += delta["partial_json"]?.string ?? ""
    default: break
    }
    blocks[index] = block
    return text
  }

  func finish() throws(ClientError) -> Decoded {
    guard ended else {
      throw ClientError(.streamEnded, "the stream ended before its last event")
        .with { $0.possiblyBilled = true }
    }
    var whole = message
    var content: [JSON] = []
    for (index, block) in blocks.sorted(by: { $0.key < $1.key }) {
      var block = block
      if let text = inputs[index], !text.isEmpty {
        block.set("input", (try? JSON(parsing: text)) ?? .string(text))
      }
      content.append(block)
    }
    whole.set("content", .array(content))
    var decoded = try MessagesWire(takesSampling: false).decode(whole)
    decoded.usage = usage.usage
    return decoded
  }
}

// Google's generateContent.
// Source: the types of PyPI google-genai 3.4.0, `google/genai/types.py`.

struct GeminiWire: Wire {
  /// Whether `mediaResolution` may stand at each picture, as v1beta and Gemini 3 take it.
  var resolutionPerPart: Bool

  var api: API { .gemini }

  func path(model: ModelProfile, stream: Bool) -> String {
    let name = model.name.split(separator: "/").last.map(String.init) ?? model.name
    let plain = name.filter { $0.isASCII && ($0.isLetter || $0.isNumber || "-._".contains($0)) }
    return "models/\(plain):" + (stream ? "streamGenerateContent?alt=sse" : "generateContent")
  }

  private static let reserved: Set<String> = [
    "contents", "systemInstruction", "generationConfig", "store",
  ]

  func body(
    for prompt: Prompt, model: ModelProfile, stream: Bool, warnings: inout [Warning]
  ) throws(ClientError) -> RequestBody {
    try check(prompt)
    let decoding = decoding(of: prompt, model: model, warnings: &warnings)
    var writer = BodyWriter()
    try writer.object { w throws(ClientError) in
      let system = prompt.turns.filter { $0.role == .system }.map(\.text)
      if !system.isEmpty {
        w.object("systemInstruction") { w in
          w.array("parts") { w in
            for text in system { w.value(["text": .string(text)]) }
          }
        }
      }
      w.array("contents") { w in
        for turn in prompt.turns where turn.role != .system { write(turn, to: &w) }
      }
      w.object("generationConfig") { w in
        if let tokens = decoding.maxTokens {
          w.field("maxOutputTokens", .integer(model.outputTokens(forAnswer: tokens)))
        }
        if let value = decoding.temperature { w.field("temperature", .number(value)) }
        if let value = decoding.topP { w.field("topP", .number(value)) }
        if let value = decoding.seed { w.field("seed", .integer(value)) }
        if !decoding.stop.isEmpty {
          w.field("stopSequences", .array(decoding.stop.map { .string($0) }))
        }
        if let format = prompt.format, model.structured {
          w.field("responseMimeType", "application/json")
          w.field("responseJsonSchema", format.schema)
        }
        if let effort = decoding.effort {
          w.field("thinkingConfig", ["thinkingLevel": .string(effort.rawValue.uppercased())])
        }
      }
      try w.extra(prompt.extra, reserved: Self.reserved)
    }
    return try writer.finish()
  }

  private func write(_ turn: Turn, to w: inout BodyWriter) {
    w.object { w in
      w.field("role", turn.role == .assistant ? "model" : "user")
      w.array("parts") { w in
        for part in turn.parts {
          w.object { w in
            switch part {
            case .text(let text): w.field("text", text)
            case .image(let image): write(image, to: &w)
            }
          }
        }
      }
    }
  }

  private func write(_ image: Image, to w: inout BodyWriter) {
    if let remote = image.remote {
      w.field(
        "fileData",
        ["mimeType": .string(image.mediaType.rawValue), "fileUri": .string(remote)])
    } else {
      w.object("inlineData") { w in
        w.field("mimeType", image.mediaType.rawValue)
        w.field("data", base64: image)
      }
    }
    guard resolutionPerPart else { return }
    switch image.detail {
    case .auto: break
    case .low: w.field("mediaResolution", ["level": "MEDIA_RESOLUTION_LOW"])
    case .high, .original: w.field("mediaResolution", ["level": "MEDIA_RESOLUTION_HIGH"])
    }
  }

  func decode(_ json: JSON) throws(ClientError) -> Decoded {
    var decoded = Decoded()
    try Self.read(json, into: &decoded)
    return decoded
  }

  func makeAssembler() -> any StreamAssembler { GeminiAssembler() }

  /// Adds a reply, or one event's part of it; returns the answer's text in it.
  @discardableResult
  static func read(_ json: JSON, into decoded: inout Decoded) throws(ClientError) -> String {
    let candidates = json["candidates"]?.array
    let feedback = json["promptFeedback"]
    guard candidates != nil || feedback != nil || json["usageMetadata"] != nil else {
      throw ClientError(.malformedReply, "neither candidates nor feedback in the reply")
    }
    decoded.id = json["responseId"]?.string ?? decoded.id
    decoded.model = json["modelVersion"]?.string ?? decoded.model
    readUsage(json["usageMetadata"], into: &decoded)
    if let reason = feedback?["blockReason"]?.string {
      decoded.block = Block(stage: .prompt, reason: reason)
      decoded.stopReason = .filtered
    }
    guard let candidate = candidates?.first else { return "" }
    var text = ""
    for part in candidate["content"]?["parts"]?.array ?? [] {
      if let call = part["functionCall"] {
        decoded.toolCalls.append(
          ToolCall(
            name: call["name"]?.string ?? "", arguments: call["args"].map(\.description) ?? "{}"))
      }
      guard let words = part["text"]?.string else { continue }
      if part["thought"]?.bool == true {
        decoded.thinking += words
      } else {
        text += words
      }
    }
    decoded.text += text
    if let reason = candidate["finishReason"]?.string {
      decoded.vendorStop = reason
      decoded.stopReason = stop(reason, hasCalls: !decoded.toolCalls.isEmpty)
    }
    return text
  }

  private static let filters: Set<String> = [
    "SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION",
  ]

  private static func stop(_ reason: String, hasCalls: Bool) -> StopReason {
    switch reason {
    case "STOP": hasCalls ? .toolUse : .finished
    case "MAX_TOKENS": .maxTokens
    case let word where filters.contains(word): .filtered
    default: .other(reason)
    }
  }

  /// Thoughts stand beside the candidates' tokens, cached tokens within the prompt's; each event of
  /// a stream has the sums so far.
  private static func readUsage(_ usage: JSON?, into decoded: inout Decoded) {
    guard let usage, let prompt = usage["promptTokenCount"]?.integer else { return }
    let cached = usage["cachedContentTokenCount"]?.integer
    let tools = usage["toolUsePromptTokenCount"]?.integer ?? 0
    let answer = usage["candidatesTokenCount"]?.integer
    let thoughts = usage["thoughtsTokenCount"]?.integer
    decoded.usage = Usage(
      uncachedInput: max(0, prompt + tools - (cached ?? 0)), cacheRead: cached,
      output: answer == nil && thoughts == nil ? nil : (answer ?? 0) + (thoughts ?? 0),
      reasoning: thoughts)
  }
}

/// Puts the parts of a streamed reply together.
struct GeminiAssembler: StreamAssembler {
  private var decoded = Decoded()

  mutating func add(_ event: ServerEvent) throws(ClientError) -> String? {
    if event.data.elementsEqual("[DONE]".utf8) { return nil }
    var json = try Self.json(event)
    if let first = json[0] { json = first }
    if let failure = VendorFailure.inStream(json) { throw failure }
    let text = try GeminiWire.read(json, into: &decoded)
    return text.isEmpty ? nil : text
  }

  func finish() throws(ClientError) -> Decoded {
    guard decoded.vendorStop != nil || decoded.block != nil else {
      throw ClientError(.streamEnded, "the stream ended before its last event")
        .with { $0.possiblyBilled = true }
    }
    return decoded
  }
}

// A vendor's reply in common words, and what becomes of it: one place for all vendors.

/// What a vendor's reply says, before it is judged.
struct Decoded: Sendable {
  var text = ""
  var thinking = ""
  var toolCalls: [ToolCall] = []
  /// The vendor's own word that the model declined.
  var refusal: Refusal?
  var block: Block?
  var stopReason = StopReason.finished
  var vendorStop: String?
  var model: String?
  var id: String?
  var systemFingerprint: String?
  var usage = Usage()
  /// A reply that says it failed or is not ready.
  var failure: ClientError?
}

extension Decoded {
  /// Judges the reply: blocked, refused, truncated, then answered or malformed.
  func reply(format: AnswerFormat?) -> Reply {
    let thoughts = Thoughts(of: text)
    let allThinking = [thinking, thoughts.thinking].filter { !$0.isEmpty }
    return Reply(
      outcome: outcome(of: thoughts.answer, format: format), text: thoughts.answer,
      thinking: allThinking.joined(separator: "\n"), toolCalls: toolCalls, stopReason: stopReason,
      vendorStop: vendorStop, model: model, id: id, systemFingerprint: systemFingerprint,
      usage: usage)
  }

  private func outcome(of answer: String, format: AnswerFormat?) -> Outcome<String> {
    if let failure { return .failed(failure) }
    if let block { return .blocked(block) }
    if let refusal { return .refused(refusal) }
    switch stopReason {
    case .filtered: return .blocked(Block(stage: .reply, reason: vendorStop ?? "filtered"))
    case .refusal: return .refused(Refusal(evidence: .vendor, explanation: answer))
    case .maxTokens: return .truncated(Truncation(limit: .maxTokens, text: answer))
    case .context: return .truncated(Truncation(limit: .context, text: answer))
    case .finished, .toolUse, .other: break
    }
    guard answer.contains(where: { !$0.isWhitespace }) else {
      let detail =
        toolCalls.isEmpty ? "empty answer" : "asks for the tool \(toolCalls[0].name)"
      return .malformed(Malformation(detail: detail, text: answer))
    }
    if let format {
      let extraction = format.extract(from: answer)
      // A refusal may name a label: "I can't help with diagnosing cancer" is no "cancer".
      let isWord = extraction.rule == .labelMatch
      if let value = extraction.value, !isWord || RefusalProse.rule(for: answer) == nil {
        return .answered(value.description)
      }
      if let rule = RefusalProse.rule(for: answer) {
        return .refused(Refusal(evidence: .prose(rule: rule), explanation: answer))
      }
      return .malformed(
        Malformation(detail: extraction.complaint ?? "not of the asked form", text: answer))
    }
    if answer.count <= 600, let rule = RefusalProse.rule(for: answer) {
      return .refused(Refusal(evidence: .prose(rule: rule), explanation: answer))
    }
    return .answered(answer)
  }
}

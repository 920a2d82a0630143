// A vendor's error in common words: objects, bare strings, numbers as codes, lists, HTML pages.

enum VendorFailure {
  /// The failure that a response with an error status tells.
  static func decode(status: Int, headers: [String: String], body: [UInt8]) -> ClientError {
    var json = (try? JSON(parsing: body)) ?? .null
    if let first = json[0] { json = first }
    var error = classify(json, status: status)
    error.status = status
    error.requestID = headers["x-request-id"] ?? headers["request-id"] ?? json["request_id"]?.string
    error.response = Array(body.prefix(65536))
    if RetryPolicy.retryable(status: status) || error.code == .quota {
      error.retryAfter = RetryAfter.duration(in: headers) ?? delay(in: json)
    }
    switch headers["x-should-retry"] {
    case "true": error.retryable = true
    case "false": error.retryable = false
    default: break
    }
    return error
  }

  /// The failure in an event of a stream, or in a body whose status said that all is well.
  static func inStream(_ json: JSON) -> ClientError? {
    guard let inner = json["error"], !inner.isNull else { return nil }
    let status = inner["code"]?.integer ?? inner["status"]?.integer
    var error = classify(json, status: status ?? self.status(of: inner["type"]?.string))
    error.possiblyBilled = true
    error.retryAfter = delay(in: json)
    return error
  }

  /// The status that Anthropic's error types go with.
  private static func status(of type: String?) -> Int {
    switch type {
    case "invalid_request_error": 400
    case "authentication_error": 401
    case "billing_error": 402
    case "permission_error": 403
    case "not_found_error": 404
    case "request_too_large": 413
    case "rate_limit_error", "rate_limit_exceeded": 429
    case "timeout_error": 504
    case "overloaded_error": 529
    default: 500
    }
  }

  private static func classify(_ json: JSON, status: Int) -> ClientError {
    let inner = json["error"] ?? json
    let message =
      inner["message"]?.string ?? inner.string ?? json["detail"]?.string
      ?? json["message"]?.string ?? json["detail"]?.description
    let vendorCode =
      inner["details"]?["error_code"]?.string ?? inner["code"]?.string ?? inner["status"]?.string
      ?? inner["type"]?.string ?? inner["code"]?.integer.map(String.init)
    let code = code(status: status, vendorCode: vendorCode, inner: inner, message: message ?? "")
    var error = ClientError(code, "the server answered \(status)")
    error.status = status
    error.vendorCode = vendorCode
    error.vendorMessage = message
    return error
  }

  private static let spent: Set<String> = [
    "insufficient_quota", "credit_balance_exhausted", "enforced_spend_limit_reached",
    "contract_spend_limit_reached", "billing_error", "billing_hard_limit_reached",
  ]

  private static func code(
    status: Int, vendorCode: String?, inner: JSON, message: String
  ) -> ClientError.Code {
    let words: Set<String?> = [
      vendorCode, inner["code"]?.string, inner["type"]?.string, inner["status"]?.string,
    ]
    if words.contains(where: { $0.map(spent.contains) ?? false }) || status == 402
      || isDaily(inner)
    {
      return .quota
    }
    if isOverflow(words, message) { return .contextOverflow }
    switch status {
    case 401: return .authentication
    case 403: return .permission
    case 404: return .notFound
    case 413: return .limit
    case 408, 409, 425, 429: return .rateLimited
    case 503, 529: return .overloaded
    case 500...599: return .server
    case 400..<500: return .invalidRequest
    default: return .malformedReply
    }
  }

  private static func isOverflow(_ words: Set<String?>, _ message: String) -> Bool {
    if words.contains("context_length_exceeded") || words.contains("exceed_context_size_error") {
      return true
    }
    let lower = message.lowercased()
    return ["prompt is too long", "maximum context length", "exceeds the maximum number of tokens"]
      .contains { lower.contains($0) }
  }

  /// Google's daily quotas: asking again today is no use.
  private static func isDaily(_ inner: JSON) -> Bool {
    (inner["details"]?.array ?? []).contains { detail in
      (detail["violations"]?.array ?? []).contains {
        $0["quotaId"]?.string?.contains("PerDay") ?? false
      }
    }
  }

  /// Google puts the wait into the body.
  private static func delay(in json: JSON) -> Duration? {
    for detail in json["error"]?["details"]?.array ?? [] {
      if let text = detail["retryDelay"]?.string { return RetryAfter.span(text) }
    }
    return nil
  }

  /// The vendors' codes for a prompt that a filter stopped.
  private static let filters: Set<String> = [
    "content_filter", "content_policy_violation", "image_content_policy_violation",
    "invalid_prompt", "bio_policy", "moderation_blocked",
  ]

  /// The block that an error tells, if it does.
  static func block(in error: ClientError) -> Block? {
    error.vendorCode.flatMap(block(inCode:))
  }

  static func block(inCode code: String) -> Block? {
    filters.contains(code) ? Block(stage: .prompt, reason: code) : nil
  }
}

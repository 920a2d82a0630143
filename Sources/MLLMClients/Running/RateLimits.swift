// What a vendor's headers tell of its limits: how much is left of what, and until when.
// Sources: platform.openai.com "Rate limits" (headers); docs.anthropic.com "Rate limits"
// (response headers); IETF draft-ietf-httpapi-ratelimit-headers-07.

import Foundation

/// What a reply's headers say is left.
struct RateLimits: Sendable {
  /// What is counted.
  enum Resource: Sendable, Hashable, CaseIterable {
    case requests
    /// Input and output together, as OpenAI counts.
    case tokens
    case inputTokens
    case outputTokens
  }

  struct Left: Sendable, Hashable {
    var amount: Double
    /// How long until the limit is whole again.
    var reset: Duration
  }

  private(set) var left: [Resource: Left] = [:]

  private static let names: [(Resource, remaining: String, reset: String)] = [
    (.requests, "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    (.tokens, "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    (.requests, "anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"),
    (.tokens, "anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"),
    (
      .inputTokens, "anthropic-ratelimit-input-tokens-remaining",
      "anthropic-ratelimit-input-tokens-reset"
    ),
    (
      .outputTokens, "anthropic-ratelimit-output-tokens-remaining",
      "anthropic-ratelimit-output-tokens-reset"
    ),
    (.requests, "ratelimit-remaining", "ratelimit-reset"),
    (.requests, "x-ratelimit-remaining", "x-ratelimit-reset"),
  ]

  /// Reads what there is; names in lower case. What can't be read is as if it were not there.
  init(headers: [String: String], now: Date = Date()) {
    // Instants are told by the vendor's clock, which its `date` header shows.
    let date = headers["date"].flatMap(RetryAfter.date) ?? now
    for (resource, remaining, reset) in Self.names where left[resource] == nil {
      guard let amount = headers[remaining].flatMap(Double.init), amount.isFinite,
        let reset = headers[reset].flatMap({ Self.span($0, from: date) })
      else { continue }
      left[resource] = Left(amount: max(0, amount), reset: reset)
    }
  }

  /// A span (`6m0s`), seconds (`12`), seconds since 1970, or an instant of RFC 3339.
  static func span(_ text: String, from now: Date) -> Duration? {
    if let number = Double(text) {
      guard number.isFinite, number >= 0 else { return nil }
      return number < 1e8 ? .seconds(number) : span(to: Date(timeIntervalSince1970: number), now)
    }
    if let span = RetryAfter.span(text) { return span }
    let whole = try? Date(text, strategy: .iso8601)
    let instant =
      try? whole ?? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    return instant.flatMap { span(to: $0, now) }
  }

  private static func span(to instant: Date, _ now: Date) -> Duration? {
    let seconds = instant.timeIntervalSince(now)
    return seconds < 1e7 ? .seconds(max(0, seconds)) : nil
  }
}

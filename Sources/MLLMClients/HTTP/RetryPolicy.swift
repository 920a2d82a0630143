// When to ask again, and how long to wait first.
// Source for full jitter: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog 2015.

/// When to ask again, and how long to wait first.
public struct RetryPolicy: Sendable, Hashable {
  /// The most attempts, the first included.
  public var attempts: Int
  /// The first wait's upper bound; it doubles with every attempt.
  public var base: Duration
  /// The longest wait that is not asked for by the vendor.
  public var longest: Duration
  /// The longest wait that a vendor may ask for; beyond it the request fails with that wait in the
  /// error. In a run, and wherever there is a `RateGovernor`, a wait longer than `longest` parks
  /// all calls instead, as long as there is time, and costs no attempt.
  public var longestAsked: Duration
  /// Attempts in a row that may fail in the same way with a 5xx status: a server that can't digest
  /// a request fails for ever.
  public var sameFailure: Int

  /// Replies that can't be read, or are too large, after which a question is given up: each may have been charged.
  public var malformed: Int

  public init(
    attempts: Int = 6, base: Duration = .milliseconds(500), longest: Duration = .seconds(30),
    longestAsked: Duration = .seconds(120), sameFailure: Int = 4, malformed: Int = 3
  ) {
    precondition(attempts > 0, "\(attempts) attempts")
    self.attempts = attempts
    self.base = base
    self.longest = longest
    self.longestAsked = longestAsked
    self.sameFailure = sameFailure
    self.malformed = malformed
  }

  /// Asks once.
  public static let never = RetryPolicy(attempts: 1)

  /// Whether asking again may help.
  ///
  /// The vendor's word (`x-should-retry`) wins; then 408, 409, 425, 429 and 5xx but 501 and 505,
  /// lost connections and broken streams. Never another 4xx, never a spent quota.
  public func mayRetry(_ error: ClientError) -> Bool {
    switch error.code {
    case .quota, .cancelled, .authentication, .permission, .invalidRequest, .notFound,
      .contextOverflow:
      return false
    case .transport, .timeout, .streamEnded, .malformedReply, .tooLarge:
      return error.retryable ?? true
    case .rateLimited, .overloaded, .server:
      return error.retryable ?? Self.retryable(status: error.status)
    default: return error.retryable ?? false
    }
  }

  static func retryable(status: Int?) -> Bool {
    switch status {
    case 408, 409, 425, 429: true
    case .some(500...599): status != 501 && status != 505
    default: false
    }
  }

  /// How long to wait after a number of failed attempts: the vendor's wish plus up to a tenth, or a
  /// time drawn evenly below a bound that doubles, and never shorter than a quarter more than the
  /// last wait, so that chance can't turn a back-off around.
  ///
  /// - `previous`: The last wait.
  /// - `random`: A number in 0..<1.
  public func wait(
    after failures: Int, error: ClientError, previous: Duration = .zero, random: Double
  ) -> Duration {
    if let asked = error.retryAfter, asked > .zero { return asked + asked * (0.1 * random) }
    let bound = min(base * Double(1 << min(max(failures - 1, 0), 20)), longest)
    let least = min(previous * 1.25, bound)
    return least + (bound - least) * random
  }
}

// The wait between two attempts, or the decision that there is no use in another.

/// Waits between attempts, and remembers them.
struct Backoff {
  let options: ClientOptions
  /// Attempts that failed, those that ended in parking included.
  private(set) var attempts = 0
  private var failures: [ClientError] = []
  private var waited = Duration.zero
  private var parked = Duration.zero

  init(_ options: ClientOptions) { self.options = options }

  /// Waits as the policy says, or throws the last failure when there is no use in asking again.
  ///
  /// A wait longer than the policy's own longest that the vendor asks for is left to the call's
  /// governor, which holds all calls back that long; it costs no attempt.
  mutating func pause(after error: ClientError, call: Call) async throws(ClientError) {
    attempts += 1
    if parks(error, call: call), let asked = error.retryAfter {
      parked += asked
      call.onWait?(CallWait(reason: .parked, duration: asked, attempts: attempts, error: error))
      return
    }
    failures.append(error)
    let policy = options.retry
    guard policy.mayRetry(error), failures.count < policy.attempts else { throw error }
    let streak = failures.reversed().prefix {
      $0.status == error.status && $0.vendorMessage == error.vendorMessage
    }
    if let status = error.status, status >= 500, status != 503, status != 529,
      streak.count >= policy.sameFailure
    {
      throw error
    }
    let unreadable = failures.count { $0.code == .malformedReply || $0.code == .tooLarge }
    if unreadable >= policy.malformed { throw error }
    if let asked = error.retryAfter, asked > policy.longestAsked { throw error }
    let wait = policy.wait(
      after: failures.count, error: error, previous: waited, random: options.random())
    if let deadline = call.deadline, ContinuousClock.now + wait > deadline { throw error }
    call.onWait?(CallWait(reason: .retry, duration: wait, attempts: attempts, error: error))
    do {
      try await Self.sleep(for: wait, clock: options.clock)
    } catch {
      throw ClientError(.cancelled, "cancelled while waiting to ask again")
    }
    waited = wait
  }

  /// Whether a wait is one to park in: long, asked for, within the governor's bound and the time.
  private func parks(_ error: ClientError, call: Call) -> Bool {
    guard let asked = error.retryAfter, let governor = call.governor,
      error.code == .rateLimited || error.code == .overloaded, options.retry.mayRetry(error),
      options.retry.attempts > 1, asked > options.retry.longest,
      parked + asked <= governor.rates.longestHold
    else { return false }
    return call.deadline.map { ContinuousClock.now + asked <= $0 } ?? true
  }

  private static func sleep<C: Clock>(for wait: Duration, clock: C) async throws
  where C.Duration == Duration {
    try await Task.sleep(for: wait, clock: clock)
  }
}

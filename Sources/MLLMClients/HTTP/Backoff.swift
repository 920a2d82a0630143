// The wait between two attempts, or the decision that there is no use in another.

/// Waits between attempts.
struct Backoff {
  let options: ClientOptions

  /// Waits as the policy says, or throws the last failure when there is no use in asking again.
  func pause(
    after failures: [ClientError], previous: Duration, deadline: ContinuousClock.Instant?
  ) async throws(ClientError) -> Duration {
    guard let error = failures.last else { return .zero }
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
      after: failures.count, error: error, previous: previous, random: options.random())
    if let deadline, ContinuousClock.now + wait > deadline { throw error }
    do {
      try await Self.sleep(for: wait, clock: options.clock)
    } catch {
      throw ClientError(.cancelled, "cancelled while waiting to ask again")
    }
    return wait
  }

  private static func sleep<C: Clock>(for wait: Duration, clock: C) async throws
  where C.Duration == Duration {
    try await Task.sleep(for: wait, clock: clock)
  }
}

// Keeps a run within the rates of a vendor, and learns them from its replies.
// Source for the increase and decrease: D.-M. Chiu and R. Jain, "Analysis of the Increase and
// Decrease Algorithms for Congestion Avoidance", Computer Networks and ISDN Systems 17 (1989).

/// Keeps requests, tokens and concurrency within bounds, shared by all calls to one vendor.
///
/// Concurrency grows by one for every full round of successes and falls to four fifths on a 429;
/// `retry-after` holds all calls back, not just the one that was told.
public actor RateGovernor {
  /// The bounds to keep.
  public struct Rates: Sendable, Hashable {
    public var requestsPerMinute: Double?
    public var inputTokensPerMinute: Double?
    /// The most requests at a time.
    public var concurrency: Int
    /// How many to begin with.
    public var initialConcurrency: Int

    public init(
      requestsPerMinute: Double? = nil, inputTokensPerMinute: Double? = nil,
      concurrency: Int = 16, initialConcurrency: Int? = nil
    ) {
      precondition(concurrency > 0, "concurrency \(concurrency)")
      self.requestsPerMinute = requestsPerMinute
      self.inputTokensPerMinute = inputTokensPerMinute
      self.concurrency = concurrency
      self.initialConcurrency = min(initialConcurrency ?? concurrency, concurrency)
    }
  }

  /// Leave to send one request.
  public struct Permit: Sendable {
    let tokens: Int
  }

  private let rates: Rates
  private var window: Double
  private var inFlight = 0
  private var requests: Bucket?
  private var tokens: Bucket?
  private var heldUntil: ContinuousClock.Instant?
  private var lastDecrease: ContinuousClock.Instant?
  private var waiting: [(id: Int, continuation: CheckedContinuation<Void, Never>)] = []
  private var nextID = 0

  public init(_ rates: Rates = Rates()) {
    self.rates = rates
    window = Double(rates.initialConcurrency)
    requests = rates.requestsPerMinute.map { Bucket(perMinute: $0) }
    tokens = rates.inputTokensPerMinute.map { Bucket(perMinute: $0) }
  }

  /// How many requests may be under way now.
  public var concurrency: Int { max(1, Int(window)) }

  /// Waits for leave to send a request of about so many input tokens.
  func acquire(tokens count: Int) async throws(ClientError) -> Permit {
    while inFlight >= concurrency {
      let id = nextID
      nextID += 1
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          if Task.isCancelled {
            continuation.resume()
          } else {
            waiting.append((id, continuation))
          }
        }
      } onCancel: {
        Task { await self.wake(id) }
      }
      if Task.isCancelled { throw Self.cancelled }
    }
    inFlight += 1
    while let wait = waitNeeded(tokens: count) {
      guard (try? await Task.sleep(for: wait)) != nil else {
        leave()
        throw Self.cancelled
      }
    }
    requests?.take(1)
    tokens?.take(Double(count))
    return Permit(tokens: count)
  }

  private static var cancelled: ClientError {
    ClientError(.cancelled, "cancelled while waiting for its turn")
  }

  private func wake(_ id: Int) {
    guard let index = waiting.firstIndex(where: { $0.id == id }) else { return }
    waiting.remove(at: index).continuation.resume()
  }

  private func waitNeeded(tokens count: Int) -> Duration? {
    let now = ContinuousClock.now
    var wait = Duration.zero
    if let heldUntil, heldUntil > now { wait = max(wait, heldUntil - now) }
    wait = max(wait, requests?.wait(for: 1, now: now) ?? .zero)
    wait = max(wait, tokens?.wait(for: Double(count), now: now) ?? .zero)
    return wait > .zero ? wait : nil
  }

  private func leave() {
    inFlight -= 1
    while inFlight + 1 <= concurrency, !waiting.isEmpty {
      waiting.removeFirst().continuation.resume()
      return
    }
  }

  func release(_ permit: Permit?, reply: Reply) {
    guard let permit else { return }
    window = min(Double(rates.concurrency), window + 1 / window)
    if let used = reply.usage.input { tokens?.take(Double(used - permit.tokens)) }
    leave()
    if inFlight < concurrency, !waiting.isEmpty { waiting.removeFirst().continuation.resume() }
  }

  func release(_ permit: Permit?, error: ClientError) {
    guard permit != nil else { return }
    let now = ContinuousClock.now
    if error.code == .rateLimited || error.code == .overloaded {
      // One fall for each round: the requests that were under way tell the same news again.
      if lastDecrease.map({ now - $0 > .seconds(1) }) ?? true {
        window = max(1, window * 0.8)
        lastDecrease = now
      }
      if let wait = error.retryAfter, wait <= .seconds(120) {
        heldUntil = max(heldUntil ?? now, now + wait)
      }
    }
    leave()
  }

  /// Learns from rate-limit headers: with nothing left, all calls wait for the reset.
  func observe(headers: [String: String]) {
    let names = [
      ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
      ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    ]
    for (remaining, reset) in names {
      guard let left = headers[remaining].flatMap(Double.init), left <= 0,
        let wait = headers[reset].flatMap(RetryAfter.span), wait <= .seconds(120)
      else { continue }
      let now = ContinuousClock.now
      heldUntil = max(heldUntil ?? now, now + wait)
    }
  }

  /// A bucket that fills evenly and holds a minute's worth at most; it may be overdrawn once.
  private struct Bucket {
    let perSecond: Double
    var level: Double
    var time = ContinuousClock.now

    init(perMinute: Double) {
      precondition(perMinute > 0, "\(perMinute) a minute")
      perSecond = perMinute / 60
      level = max(1, perMinute / 60)
    }

    private func level(at now: ContinuousClock.Instant) -> Double {
      min(max(1, perSecond * 60), level + (now - time).seconds * perSecond)
    }

    func wait(for amount: Double, now: ContinuousClock.Instant) -> Duration {
      let missing = min(amount, max(1, perSecond * 60)) - level(at: now)
      return missing > 0 ? .seconds(missing / perSecond) : .zero
    }

    mutating func take(_ amount: Double) {
      let now = ContinuousClock.now
      level = level(at: now) - amount
      time = now
    }
  }
}

extension Duration {
  /// The span in seconds.
  var seconds: Double {
    let (whole, atto) = components
    return Double(whole) + Double(atto) * 1e-18
  }
}

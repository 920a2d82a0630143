// Keeps a run within the rates of a vendor, and learns them from its replies.
// Source for the increase and decrease: D.-M. Chiu and R. Jain, "Analysis of the Increase and
// Decrease Algorithms for Congestion Avoidance", Computer Networks and ISDN Systems 17 (1989).

/// Keeps requests, tokens and concurrency within bounds, shared by all calls to one vendor.
///
/// Concurrency grows by one for every full round of successes and falls to four fifths on a 429;
/// `retry-after` holds all calls back, not just the one that was told. Headers that tell what is
/// left (OpenAI's `x-ratelimit-…`, Anthropic's `anthropic-ratelimit-…`, `ratelimit-…`) are obeyed
/// before the vendor has to refuse: what is sent after them is taken off, and nothing more is sent
/// than is left until the limit is whole again.
public actor RateGovernor {
  /// The bounds to keep.
  public struct Rates: Sendable, Hashable {
    public var requestsPerMinute: Double?
    public var inputTokensPerMinute: Double?
    /// The most requests at a time.
    public var concurrency: Int
    /// How many to begin with.
    public var initialConcurrency: Int
    /// The longest that a vendor may hold all calls back. A call that is asked to wait longer
    /// fails, with that wait in its error.
    public var longestHold: Duration

    public init(
      requestsPerMinute: Double? = nil, inputTokensPerMinute: Double? = nil,
      concurrency: Int = 16, initialConcurrency: Int? = nil,
      longestHold: Duration = .seconds(3600)
    ) {
      precondition(concurrency > 0, "concurrency \(concurrency)")
      self.requestsPerMinute = requestsPerMinute
      self.inputTokensPerMinute = inputTokensPerMinute
      self.concurrency = concurrency
      self.initialConcurrency = min(initialConcurrency ?? concurrency, concurrency)
      self.longestHold = longestHold
    }
  }

  /// Leave to send one request.
  struct Permit: Sendable {
    let cost: Cost
    /// All that had been granted, this permit included.
    fileprivate let granted: Cost
    fileprivate let number: Int
  }

  /// What a request takes of each limit.
  struct Cost: Sendable, Hashable {
    var requests = 0.0
    var input = 0.0
    var output = 0.0

    func amount(of resource: RateLimits.Resource) -> Double {
      switch resource {
      case .requests: requests
      case .tokens: input + output
      case .inputTokens: input
      case .outputTokens: output
      }
    }
  }

  nonisolated let rates: Rates
  private var window: Double
  private var inFlight = 0
  private var requests: Bucket?
  private var tokens: Bucket?
  private var heldUntil: ContinuousClock.Instant?
  /// What the vendor's last headers left, less what has been granted since.
  private var left: [RateLimits.Resource: (amount: Double, until: ContinuousClock.Instant)] = [:]
  private var granted = Cost()
  private var permits = 0
  private var lastHeard = 0
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

  /// Waits for leave to send a request of about so many tokens.
  ///
  /// - Parameters:
  ///   - count: Input tokens.
  ///   - output: The most output tokens that it asks for.
  ///   - deadline: When there is no use in sending any more.
  ///   - onHold: Is told once, when the vendor or the rates make it wait.
  /// - Throws: `ClientError` with `.rateLimited` when the wait would pass the deadline, or
  ///   `.cancelled`.
  func acquire(
    tokens count: Int, output: Int = 0, deadline: ContinuousClock.Instant? = nil,
    onHold: (@Sendable (Duration) -> Void)? = nil
  ) async throws(ClientError) -> Permit {
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
    let cost = Cost(requests: 1, input: Double(count), output: Double(output))
    var isTold = false
    while let wait = waitNeeded(for: cost) {
      if let deadline, ContinuousClock.now + wait > deadline {
        leave()
        throw ClientError(.rateLimited, "calls are held back for longer than there is time")
          .with { $0.retryAfter = wait }
      }
      if !isTold { onHold?(wait) }
      isTold = true
      // News may shorten the wait; and those that wait do not all go at once.
      let nap = wait > Self.look ? Self.look : wait + wait * Double.random(in: 0..<0.1)
      guard (try? await Task.sleep(for: nap)) != nil else {
        leave()
        throw Self.cancelled
      }
    }
    requests?.take(1)
    tokens?.take(Double(count))
    granted.requests += 1
    granted.input += cost.input
    granted.output += cost.output
    for resource in left.keys { left[resource]?.amount -= cost.amount(of: resource) }
    permits += 1
    return Permit(cost: cost, granted: granted, number: permits)
  }

  private static let look = Duration.milliseconds(250)

  private static var cancelled: ClientError {
    ClientError(.cancelled, "cancelled while waiting for its turn")
  }

  private func wake(_ id: Int) {
    guard let index = waiting.firstIndex(where: { $0.id == id }) else { return }
    waiting.remove(at: index).continuation.resume()
  }

  private func waitNeeded(for cost: Cost) -> Duration? {
    let now = ContinuousClock.now
    var wait = Duration.zero
    if let heldUntil, heldUntil > now { wait = max(wait, heldUntil - now) }
    wait = max(wait, requests?.wait(for: cost.requests, now: now) ?? .zero)
    wait = max(wait, tokens?.wait(for: cost.input, now: now) ?? .zero)
    for (resource, told) in left {
      if told.until <= now {
        left[resource] = nil
      } else if told.amount < cost.amount(of: resource) {
        wait = max(wait, told.until - now)
      }
    }
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
    if let used = reply.usage.input { tokens?.take(Double(used) - permit.cost.input) }
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
      if let wait = error.retryAfter, wait <= rates.longestHold {
        heldUntil = max(heldUntil ?? now, now + wait)
      }
    }
    leave()
  }

  /// Learns from a response's headers what is left.
  ///
  /// What was granted after the request that they answer is taken off: the vendor may not have seen
  /// it yet.
  func observe(headers: [String: String], permit: Permit?) {
    guard let permit, permit.number > lastHeard else { return }
    let told = RateLimits(headers: headers)
    guard !told.left.isEmpty else { return }
    lastHeard = permit.number
    let now = ContinuousClock.now
    for (resource, new) in told.left where new.reset <= rates.longestHold {
      let since = granted.amount(of: resource) - permit.granted.amount(of: resource)
      left[resource] = (new.amount - since, now + new.reset)
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

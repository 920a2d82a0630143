// What all transports share: an exchange's bounds in time and bytes, its head and its body.

import Synchronization

/// One request and its response: bounds kept, the head handed over once, the body as it comes.
final class Exchange: Sendable {
  private struct State {
    var head: CheckedContinuation<Result<HTTPResponse, ClientError>, Never>?
    var received = 0
    var lastActivity = ContinuousClock.now
    var ended = false
    var failure: ClientError?
    var watchdog: Task<Void, Never>?
    /// Ends the exchange at the transport.
    var cancel: (@Sendable () -> Void)?
  }

  private let bounds: HTTPRequest.Bounds
  private let body: AsyncThrowingStream<[UInt8], any Error>
  private let writer: AsyncThrowingStream<[UInt8], any Error>.Continuation
  private let state = Mutex(State())

  init(bounds: HTTPRequest.Bounds) {
    self.bounds = bounds
    (body, writer) = AsyncThrowingStream.makeStream(of: [UInt8].self, throwing: (any Error).self)
  }

  /// The response's head, once it is there.
  ///
  /// - `begin`: Sends the request, and returns how to end the exchange at the transport.
  func head(
    begin: @escaping @Sendable () -> @Sendable () -> Void
  ) async throws(ClientError) -> HTTPResponse {
    if Task.isCancelled { throw ClientError(.cancelled, "cancelled before it was sent") }
    let head: Result<HTTPResponse, ClientError> = await withTaskCancellationHandler {
      await withCheckedContinuation { start(head: $0, begin: begin) }
    } onCancel: {
      fail(ClientError(.cancelled, "cancelled while waiting for the reply"))
    }
    return try head.get()
  }

  private func start(
    head: CheckedContinuation<Result<HTTPResponse, ClientError>, Never>,
    begin: () -> @Sendable () -> Void
  ) {
    let failed: ClientError? = state.withLock { state in
      if state.ended { return state.failure ?? ClientError(.cancelled, "cancelled") }
      state.head = head
      return nil
    }
    if let failed {
      head.resume(returning: .failure(failed))
      return
    }
    writer.onTermination = { [weak self] reason in
      if case .cancelled = reason {
        self?.fail(ClientError(.cancelled, "cancelled while the reply was read"))
      }
    }
    let started = ContinuousClock.now
    let watchdog = Task { [weak self] in
      while let rest = self?.restBeforeTimeout(since: started) {
        if rest <= .zero {
          self?.fail(
            ClientError(.timeout, "no whole reply in time").with { $0.possiblyBilled = true })
          return
        }
        guard (try? await Task.sleep(for: rest)) != nil else { return }
      }
    }
    let cancel = begin()
    let over = state.withLock { state in
      guard !state.ended else { return true }
      state.watchdog = watchdog
      state.cancel = cancel
      return false
    }
    if over {
      watchdog.cancel()
      cancel()
    }
  }

  /// How long until a bound is passed, or nil when the exchange has ended.
  private func restBeforeTimeout(since started: ContinuousClock.Instant) -> Duration? {
    state.withLock { state in
      guard !state.ended else { return nil }
      let now = ContinuousClock.now
      let idle = bounds.idle - (now - state.lastActivity)
      return min(idle, bounds.total - (now - started))
    }
  }

  /// Some of the request's body went out.
  func sent() { state.withLock { $0.lastActivity = .now } }

  /// The response's head came; names of headers in lower case.
  func receive(status: Int, headers: [String: String]) {
    let head = state.withLock { state in
      state.lastActivity = .now
      defer { state.head = nil }
      return state.head
    }
    head?.resume(
      returning: .success(
        HTTPResponse(
          status: status, headers: headers, body: body,
          cancel: { [weak self] in
            self?.fail(ClientError(.cancelled, "the rest of the reply is not wanted"))
          })))
  }

  /// Some of the response's body came.
  func receive(_ bytes: [UInt8]) {
    let fits = state.withLock { state in
      state.lastActivity = .now
      state.received += bytes.count
      return state.received <= bounds.responseBytes
    }
    guard fits else {
      fail(
        ClientError(.tooLarge, "the reply is larger than \(bounds.responseBytes) bytes")
          .with { $0.possiblyBilled = true })
      return
    }
    writer.yield(bytes)
  }

  /// Ends the exchange before its time.
  func fail(_ error: ClientError) { end(error)?() }

  /// The transport is done: nil when all went well.
  ///
  /// - Returns: How to end the exchange at the transport, once.
  @discardableResult
  func end(_ error: ClientError?) -> (@Sendable () -> Void)? {
    let (head, watchdog, cancel, first) = state.withLock { state in
      defer {
        state.head = nil
        state.watchdog = nil
        state.cancel = nil
        state.ended = true
        state.failure = state.failure ?? error
      }
      return (state.head, state.watchdog, state.cancel, !state.ended)
    }
    guard first else { return cancel }
    watchdog?.cancel()
    if let error {
      writer.finish(throwing: error)
    } else {
      writer.finish()
    }
    head?.resume(
      returning: .failure(error ?? ClientError(.transport, "the connection closed unanswered")))
    return cancel
  }
}

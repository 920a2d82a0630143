// Large bodies go out a few at a time: more would share the same line, and hold memory meanwhile.

import Foundation
import Synchronization

/// Lets a number of large bodies go out to one host at a time. Requests whose bodies are out, and
/// wait for their replies, do not count.
final class UploadGate: Sendable {
  private struct Host {
    var under = 0
    var waiting: [(id: Int, continuation: CheckedContinuation<Void, Never>)] = []
  }

  private let limit: Int
  private let state = Mutex<(hosts: [String: Host], next: Int)>(([:], 0))

  init(limit: Int) { self.limit = limit }

  /// Leave to send one body, until it is given back or forgotten.
  final class Pass: Sendable {
    private let isOut = Mutex(true)
    private let giveBack: @Sendable () -> Void

    fileprivate init(giveBack: @escaping @Sendable () -> Void) { self.giveBack = giveBack }

    deinit { leave() }

    func leave() {
      let first = isOut.withLock { isOut in
        defer { isOut = false }
        return isOut
      }
      if first { giveBack() }
    }
  }

  /// Waits for leave.
  ///
  /// - Throws: `ClientError` with `.cancelled`, or `.timeout` when the wait took the exchange's time.
  func enter(
    _ url: URL, bounds: inout HTTPRequest.Bounds
  ) async throws(ClientError) -> Pass {
    let host = "\(url.host ?? ""):\(url.port ?? 0)"
    let started = ContinuousClock.now
    let id = state.withLock { state in
      state.next += 1
      return state.next
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let goes = state.withLock { state in
          if Task.isCancelled || state.hosts[host, default: Host()].under < limit {
            state.hosts[host, default: Host()].under += 1
            return true
          }
          state.hosts[host, default: Host()].waiting.append((id, continuation))
          return false
        }
        if goes { continuation.resume() }
      }
    } onCancel: {
      let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
        guard let index = state.hosts[host]?.waiting.firstIndex(where: { $0.id == id }) else {
          return nil
        }
        state.hosts[host]?.under += 1
        return state.hosts[host]?.waiting.remove(at: index).continuation
      }
      waiter?.resume()
    }
    let pass = Pass { [weak self] in self?.leave(host) }
    if Task.isCancelled { throw ClientError(.cancelled, "cancelled before it was sent") }
    bounds.total -= ContinuousClock.now - started
    guard bounds.total > .zero else {
      throw ClientError(.timeout, "other bodies were in the way for too long")
    }
    return pass
  }

  private func leave(_ host: String) {
    let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
      guard var entry = state.hosts[host] else { return nil }
      entry.under -= 1
      var next: CheckedContinuation<Void, Never>?
      if entry.under < limit, !entry.waiting.isEmpty {
        next = entry.waiting.removeFirst().continuation
        entry.under += 1
      }
      state.hosts[host] = entry.under == 0 && entry.waiting.isEmpty ? nil : entry
      return next
    }
    next?.resume()
  }
}

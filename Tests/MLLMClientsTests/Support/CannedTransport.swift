// A transport that answers from memory, in pieces of any size.

import Foundation
import MLLMClients
import Synchronization

struct CannedTransport: Transport {
  var status = 200
  var headers: [String: String] = ["content-type": "application/json"]
  var bytes: [UInt8]
  var chunk = Int.max

  func send(_ request: HTTPRequest) async throws(ClientError) -> HTTPResponse {
    HTTPResponse(status: status, headers: headers, bytes: bytes, chunk: chunk)
  }
}

/// Answers each request with the next of several responses, and keeps what was sent.
final class ScriptedTransport: Transport {
  struct Step: Sendable {
    var status = 200
    var headers: [String: String] = ["content-type": "application/json"]
    var body = ""
    var error: ClientError?
  }

  private let state: Mutex<(steps: [Step], sent: [HTTPRequest])>

  init(_ steps: [Step]) { state = Mutex((steps, [])) }

  var sent: [HTTPRequest] { state.withLock { $0.sent } }

  func send(_ request: HTTPRequest) async throws(ClientError) -> HTTPResponse {
    let step = state.withLock { state in
      state.sent.append(request)
      return state.steps.isEmpty ? nil : state.steps.removeFirst()
    }
    guard let step else { throw ClientError(.transport, "the script is over") }
    if let error = step.error { throw error }
    return HTTPResponse(status: step.status, headers: step.headers, bytes: Array(step.body.utf8))
  }
}

/// A clock that does not wait, and remembers how long it was asked to.
final class ImpatientClock: Clock, Sendable {
  struct Instant: InstantProtocol {
    var offset = Swift.Duration.zero
    func advanced(by duration: Swift.Duration) -> Instant { Instant(offset: offset + duration) }
    func duration(to other: Instant) -> Swift.Duration { other.offset - offset }
    static func < (one: Instant, two: Instant) -> Bool { one.offset < two.offset }
  }

  private let state = Mutex<(now: Instant, waits: [Swift.Duration])>((Instant(), []))

  var now: Instant { state.withLock { $0.now } }
  var minimumResolution: Swift.Duration { .zero }
  var waits: [Swift.Duration] { state.withLock { $0.waits } }

  func sleep(until deadline: Instant, tolerance: Swift.Duration?) async throws {
    try Task.checkCancellation()
    state.withLock { state in
      state.waits.append(deadline.offset - state.now.offset)
      state.now = max(state.now, deadline)
    }
  }
}

extension URL {
  /// An address that a test knows to be one.
  static func of(_ text: StaticString) -> URL {
    guard let url = URL(string: "\(text)") else { preconditionFailure("no address: \(text)") }
    return url
  }
}

// What vendors' headers say is left, and what a run makes of it.
// Header forms: platform.openai.com and docs.anthropic.com, "Rate limits".

import Foundation
import MLLMClients
import Synchronization
import Testing

/// Answers with headers, and remembers when it was asked.
private final class LimitedTransport: Transport {
  private let state = Mutex<(sent: [ContinuousClock.Instant], atOnce: Int, most: Int)>(([], 0, 0))
  private let respond: @Sendable (Int) -> (status: Int, headers: [String: String])

  init(_ respond: @escaping @Sendable (Int) -> (status: Int, headers: [String: String])) {
    self.respond = respond
  }

  var sent: [ContinuousClock.Instant] { state.withLock { $0.sent } }

  func send(_ request: HTTPRequest) async throws(ClientError) -> HTTPResponse {
    let number = state.withLock { state in
      state.sent.append(.now)
      return state.sent.count
    }
    var (status, headers) = respond(number)
    headers["content-type"] = "application/json"
    let good =
      #"{"model":"m","choices":[{"message":{"content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":20,"completion_tokens":1}}"#
    return HTTPResponse(
      status: status, headers: headers,
      bytes: Array((status == 200 ? good : #"{"error":{"message":"slow"}}"#).utf8))
  }
}

@Suite struct RateLimitTests {
  private func client(_ transport: any Transport) -> OpenAICompatible {
    var options = ClientOptions()
    options.retry.base = .milliseconds(1)
    return OpenAICompatible(
      base: .of("http://127.0.0.1/v1"), model: ModelProfile(name: "m"), transport: transport,
      options: options)
  }

  private func cases(_ count: Int, tokens: Int? = nil) -> [Case] {
    (0..<count).map { index in
      Case("c\(index)", Prompt(.text("question \(index)")).decoding { $0.maxTokens = tokens })
    }
  }

  private static func instant(_ seconds: Double) -> String {
    Date(timeIntervalSinceNow: seconds).formatted(
      Date.ISO8601FormatStyle(includingFractionalSeconds: true))
  }

  /// The vendor says after request 3 that nothing is left for 0.6 s; no one goes before that.
  @Test(arguments: [
    "x-ratelimit-requests", "x-ratelimit-tokens", "anthropic-requests", "anthropic-input-tokens",
    "anthropic-output-tokens", "ratelimit",
  ])
  func `with nothing left, nobody asks until the reset`(kind: String) async throws {
    let transport = LimitedTransport { number in
      guard number == 3 else { return (200, [:]) }
      switch kind {
      case "x-ratelimit-requests":
        return (
          200, ["x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "600ms"]
        )
      case "x-ratelimit-tokens":
        return (200, ["x-ratelimit-remaining-tokens": "3", "x-ratelimit-reset-tokens": "0.6s"])
      case "ratelimit": return (200, ["ratelimit-remaining": "0", "ratelimit-reset": "0.6"])
      default:
        let name = "anthropic-ratelimit-" + kind.dropFirst("anthropic-".count)
        return (200, ["\(name)-remaining": "0", "\(name)-reset": Self.instant(0.6)])
      }
    }
    let runner = Runner(client(transport), concurrency: 1)
    let results = try await runner.allResults(of: cases(6, tokens: 5))
    #expect(results.allSatisfy { $0.outcome.kind == .answered })
    let sent = transport.sent
    #expect(sent[3] - sent[2] > .milliseconds(550))
  }

  @Test func `what is left is shared by all that are under way`() async throws {
    let transport = LimitedTransport { number in
      number == 1
        ? (200, ["x-ratelimit-remaining-requests": "4", "x-ratelimit-reset-requests": "700ms"])
        : (200, [:])
    }
    let governor = RateGovernor(.init(concurrency: 8))
    let runner = Runner(client(transport), concurrency: 8, governor: governor)
    _ = try await runner.allResults(of: cases(1))
    _ = try await runner.allResults(of: cases(12))
    let sent = transport.sent
    let early = sent.count { $0 - sent[0] < .milliseconds(600) }
    #expect(early <= 5, "\(early) asked before the reset")
    #expect(sent.count == 13)
  }

  @Test func `a 429 with headers alone is waited out`() async throws {
    let transport = LimitedTransport { number in
      number == 1
        ? (429, ["x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "500ms"])
        : (200, [:])
    }
    let results = try await Runner(client(transport), concurrency: 2).allResults(of: cases(3))
    #expect(results.allSatisfy { $0.outcome.kind == .answered })
    // The second was under way already; the third and the repeat wait.
    let sent = transport.sent
    #expect(sent.count == 4)
    #expect(sent[3] - sent[0] > .milliseconds(450))
  }

  @Test func `a long wait parks all and burns no attempt`() async throws {
    let transport = LimitedTransport { number in
      number <= 3 ? (429, ["retry-after": "0.3"]) : (200, [:])
    }
    var options = ClientOptions()
    options.retry = RetryPolicy(attempts: 2, longest: .milliseconds(100))
    let client = OpenAICompatible(
      base: .of("http://127.0.0.1/v1"), model: ModelProfile(name: "m"), transport: transport,
      options: options)
    let waits = Mutex<[CallWait.Reason]>([])
    var runner = Runner(client, concurrency: 1, whole: .seconds(20))
    runner.onWait = { _, _, wait in waits.withLock { $0.append(wait.reason) } }
    let results = try await runner.allResults(of: cases(2))
    #expect(results.allSatisfy { $0.outcome.kind == .answered })
    #expect(try results[0].result.get().evidence.attempts == 4)
    #expect(waits.withLock { $0 } == [.parked, .parked, .parked])
    let sent = transport.sent
    #expect(zip(sent, sent.dropFirst()).prefix(3).allSatisfy { $1 - $0 > .milliseconds(290) })
  }

  @Test func `a wait beyond the run's end fails at once, for all`() async throws {
    let transport = LimitedTransport { _ in (429, ["retry-after": "3000"]) }
    let runner = Runner(client(transport), concurrency: 1, whole: .seconds(600))
    let started = ContinuousClock.now
    let results = try await runner.allResults(of: cases(4))
    #expect(ContinuousClock.now - started < .seconds(300))
    #expect(results.count == 4)
    for result in results {
      guard case .failure(let error) = result.result else {
        Issue.record("answered")
        continue
      }
      #expect(error.code == .rateLimited)
      #expect((error.retryAfter ?? .zero) > .seconds(2000))
    }
    #expect(transport.sent.count == 1)
  }

  @Test func `a hostile reset does not hold a run for ever`() async throws {
    let transport = LimitedTransport { _ in
      (200, ["x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "900000h"])
    }
    let results = try await Runner(client(transport), concurrency: 2).allResults(of: cases(10))
    #expect(results.allSatisfy { $0.outcome.kind == .answered })
  }
}

import Foundation
import MLLMClients
import Testing

private func abs(_ span: Duration) -> Duration { span < .zero ? .zero - span : span }

@Suite struct RetryTests {
  private static let ok = ScriptedTransport.Step(
    body:
      #"{"model":"m","choices":[{"message":{"content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1}}"#
  )

  private func ask(
    _ steps: [ScriptedTransport.Step], policy: RetryPolicy = RetryPolicy()
  ) async -> (Result<Reply, ClientError>, waits: [Duration], sent: Int) {
    let clock = ImpatientClock()
    let transport = ScriptedTransport(steps)
    var options = ClientOptions()
    options.clock = clock
    options.random = { 0.5 }
    options.retry = policy
    let client = OpenAICompatible(
      base: .of("http://127.0.0.1/v1"), model: ModelProfile(name: "m"), transport: transport,
      options: options)
    do throws(ClientError) {
      let reply = try await client.reply(to: Prompt(.text("?")))
      return (.success(reply), clock.waits, transport.sent.count)
    } catch {
      return (.failure(error), clock.waits, transport.sent.count)
    }
  }

  @Test(arguments: [408, 409, 429, 500, 502, 503, 504, 529])
  func `a status that may pass is asked again`(status: Int) async throws {
    let (result, waits, sent) = await ask([.init(status: status, body: "{}"), Self.ok])
    #expect(try result.get().evidence.attempts == 2)
    #expect(sent == 2)
    #expect(waits == [.milliseconds(250)])
  }

  @Test(arguments: [400, 401, 402, 403, 404, 413, 422, 501])
  func `a status that will not pass is not`(status: Int) async {
    let (result, _, sent) = await ask([.init(status: status, body: "{}"), Self.ok])
    #expect(throws: ClientError.self) { try result.get() }
    #expect(sent == 1)
  }

  @Test(arguments: [
    ("retry-after", "7", 7.35), ("retry-after-ms", "1500", 1.575), ("retry-after", "0.5", 0.525),
  ])
  func `the vendor's wait is kept`(name: String, value: String, seconds: Double) async {
    let (_, waits, _) = await ask([
      .init(status: 429, headers: [name: value], body: "{}"), Self.ok,
    ])
    #expect(waits.count == 1)
    #expect(abs((waits.first ?? .zero) - .seconds(seconds)) < .microseconds(1))
  }

  @Test func `a date to wait for is kept`() async throws {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(secondsFromGMT: 0)
    formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    let date = formatter.string(from: Date(timeIntervalSinceNow: 30))
    let (_, waits, _) = await ask([
      .init(status: 503, headers: ["retry-after": date], body: "{}"), Self.ok,
    ])
    let wait = try #require(waits.first)
    #expect(wait > .seconds(27) && wait < .seconds(34))
  }

  @Test func `Google's wait is in the body`() async {
    let body =
      #"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"m","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34s"}]}}"#
    let (_, waits, _) = await ask([.init(status: 429, body: body), Self.ok])
    #expect(waits.count == 1)
    #expect(abs((waits.first ?? .zero) - .seconds(35.7)) < .microseconds(1))
  }

  @Test(arguments: [
    #"{"error":{"message":"m","type":"insufficient_quota","code":"insufficient_quota"}}"#,
    #"{"type":"error","error":{"type":"rate_limit_error","message":"m","details":{"error_code":"enforced_spend_limit_reached"}}}"#,
    #"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"m","details":[{"violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel"}]}]}}"#,
  ])
  func `a spent quota is not asked again`(body: String) async {
    let (result, _, sent) = await ask([.init(status: 429, body: body), Self.ok])
    #expect { try result.get() } throws: { ($0 as? ClientError)?.code == .quota }
    #expect(sent == 1)
  }

  @Test func `retry-after on a success is not obeyed`() async {
    var step = Self.ok
    step.headers["retry-after"] = "25"
    let (_, waits, _) = await ask([step])
    #expect(waits.isEmpty)
  }

  @Test func `waits grow and attempts end`() async throws {
    let (result, waits, sent) = await ask(
      Array(repeating: .init(status: 503, body: "{}"), count: 20))
    #expect(sent == 6)
    #expect(waits.count == 5)
    #expect(zip(waits, waits.dropFirst()).allSatisfy { $0 < $1 })
    #expect { try result.get() } throws: { ($0 as? ClientError)?.code == .overloaded }
  }

  @Test func `a server that fails the same way is given up`() async {
    let step = ScriptedTransport.Step(status: 500, body: #"{"error":{"message":"boom"}}"#)
    let (_, _, sent) = await ask(Array(repeating: step, count: 20))
    #expect(sent == 4)
  }

  @Test func `a long wait is told, not slept`() async {
    let (result, waits, _) = await ask([
      .init(status: 429, headers: ["retry-after": "3600"], body: "{}"), Self.ok,
    ])
    #expect(waits.isEmpty)
    #expect { try result.get() } throws: { ($0 as? ClientError)?.retryAfter == .seconds(3600) }
  }

  @Test func `x-should-retry wins`() async {
    let no = await ask([
      .init(status: 500, headers: ["x-should-retry": "false"], body: "{}"), Self.ok,
    ])
    #expect(no.sent == 1)
  }

  @Test func `lost connections are asked again`() async throws {
    let (result, _, _) = await ask([
      .init(error: ClientError(.transport, "lost")), .init(error: ClientError(.timeout, "late")),
      Self.ok,
    ])
    #expect(try result.get().evidence.attempts == 3)
  }

  // Oracle: wire.md's recorded shapes; llama.cpp's, vLLM's and FastAPI's error bodies.
  @Test(arguments: [
    (
      400, #"{"error":{"code":400,"message":"too long","type":"exceed_context_size_error"}}"#,
      "context-overflow"
    ),
    (
      400,
      #"{"error":{"message":"m","type":"invalid_request_error","code":"context_length_exceeded"}}"#,
      "context-overflow"
    ),
    (
      400, #"{"error":{"message":"This model's maximum context length is 10","code":400}}"#,
      "context-overflow"
    ),
    (404, #"{"detail":"Not Found"}"#, "not-found"), (400, #"{"error":"text"}"#, "invalid-request"),
    (502, "<html>Bad gateway</html>", "server"), (401, "", "authentication"),
  ])
  func `errors of every shape are told apart`(status: Int, body: String, code: String) async {
    let (result, _, _) = await ask([.init(status: status, body: body)], policy: .never)
    #expect { try result.get() } throws: { ($0 as? ClientError)?.code.rawValue == code }
  }

  @Test func `a filter's error is a block`() async throws {
    let body = #"{"error":{"message":"m","type":"invalid_request_error","code":"content_filter"}}"#
    let (result, _, _) = await ask([.init(status: 400, body: body)])
    #expect(try result.get().outcome == .blocked(Block(stage: .prompt, reason: "content_filter")))
  }
}

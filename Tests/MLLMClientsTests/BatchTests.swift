// The three vendors' batch interfaces, by their documented replies.

import Foundation
import MLLMClients
import Testing

@Suite struct BatchTests {
  private static func state() -> URL {
    URL(fileURLWithPath: NSTemporaryDirectory() + "roentgen-\(UUID().uuidString).json")
  }

  private static let cases = (0..<3).map { Case("c\($0)", Prompt(.text("question \($0)"))) }

  private static func keys(_ client: some PromptClient) throws -> [String] {
    try cases.map {
      String(try client.record(of: $0.prompt, replicate: 0).key.description.prefix(40))
    }
  }

  @Test func `Anthropic: submitted by one process, collected by another, the failed asked again`()
    async throws
  {
    let file = Self.state()
    let transport = ScriptedTransport([
      .init(body: #"{"id":"msgbatch_1","processing_status":"in_progress"}"#)
    ])
    let client = Anthropic(
      ModelProfile(name: "claude-haiku-4-5"), key: .provided { "k" }, transport: transport)
    let keys = try Self.keys(client)
    _ = try await BatchRun(client, state: file).submit(Self.cases)
    let sent = try JSON(parsing: try #require(transport.sent.first?.body).joined())
    #expect(sent["requests"]?.array?.compactMap { $0["custom_id"]?.string } == keys)
    #expect(sent["requests"]?[0]?["params"]?["model"] == "claude-haiku-4-5")
    let results = [
      #"{"custom_id":"\#(keys[1])","result":{"type":"succeeded","message":{"model":"claude-haiku-4-5","content":[{"type":"text","text":"one"}],"stop_reason":"end_turn","usage":{"input_tokens":5,"output_tokens":1}}}}"#,
      #"{"custom_id":"\#(keys[0])","result":{"type":"expired"}}"#,
      #"{"custom_id":"\#(keys[2])","result":{"type":"errored","error":{"type":"error","error":{"type":"invalid_request_error","message":"no"}}}}"#,
    ].joined(separator: "\n")
    let later = ScriptedTransport([
      .init(body: #"{"id":"msgbatch_1","processing_status":"ended"}"#), .init(body: results),
      .init(body: results), .init(body: #"{"id":"msgbatch_2"}"#),
    ])
    let run = BatchRun(
      Anthropic(ModelProfile(name: "claude-haiku-4-5"), key: .provided { "k" }, transport: later),
      state: file)
    #expect(try await run.poll().isSettled)
    let found = try await run.collect(Self.cases)
    #expect(found[1].outcome == .answered("one"))
    #expect(found[0].outcome.kind == .failed && found[2].outcome.kind == .failed)
    #expect(try await run.retryFailed(Self.cases) == 1)  // the expired one alone
    // Nothing is submitted twice.
    _ = try await run.submit(Self.cases)
    #expect(later.sent.count == 4)
  }

  @Test func `OpenAI: a file of lines goes up, results come in any order`() async throws {
    let file = Self.state()
    let model = ModelTable.builtIn.profile("gpt-4o", vendor: .openAI)
    func client(_ transport: ScriptedTransport) -> OpenAI {
      OpenAI(model, key: .provided { "k" }, transport: transport)
    }
    let keys = try Self.keys(client(ScriptedTransport([])))
    let line = { (key: String, text: String) in
      #"{"id":"b","custom_id":"\#(key)","response":{"status_code":200,"body":{"status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"\#(text)"}]}],"usage":{"input_tokens":4,"output_tokens":1}}},"error":null}"#
    }
    let transport = ScriptedTransport([
      .init(body: #"{"id":"file-1"}"#), .init(body: #"{"id":"batch_1","status":"validating"}"#),
      .init(
        body:
          #"{"id":"batch_1","status":"expired","output_file_id":"file-2","error_file_id":"file-3"}"#
      ),
      .init(body: line(keys[2], "two") + "\n" + line(keys[0], "zero") + "\n"),
      .init(
        body:
          #"{"custom_id":"\#(keys[1])","response":null,"error":{"code":"batch_expired","message":"m"}}"#
      ),
    ])
    let run = BatchRun(client(transport), state: file)
    _ = try await run.submit(Self.cases)
    let upload = String(
      decoding: try #require(transport.sent.first?.body).joined(), as: UTF8.self)
    #expect(upload.contains("name=\"purpose\"\r\n\r\nbatch"))
    #expect(upload.contains(#""url":"/v1/responses","body":{"model":"gpt-4o""#))
    _ = try await run.poll()
    let found = try await run.collect(Self.cases)
    #expect(found.map { $0.outcome.answer } == ["zero", nil, "two"])
  }

  @Test func `a compatible host takes OpenAI's batches where its dialect says so`() async throws {
    let base = try #require(URL(string: "https://host.example/api/v1"))
    func client(_ endpoint: String?, _ transport: ScriptedTransport) -> OpenAICompatible {
      var dialect = OpenAICompatible.Dialect()
      dialect.batchEndpoint = endpoint
      return OpenAICompatible(
        base: base, model: ModelProfile(name: "m"), key: .provided { "k" }, dialect: dialect,
        transport: transport)
    }
    #expect {
      try BatchRun(client(nil, ScriptedTransport([])), state: Self.state())
    } throws: {
      ($0 as? ClientError)?.code == .unsupported
    }
    let keys = try Self.keys(client(nil, ScriptedTransport([])))
    let line = keys.map {
      #"{"custom_id":"\#($0)","response":{"status_code":200,"body":{"choices":[{"message":{"content":"hi"},"finish_reason":"stop"}]}},"error":null}"#
    }
    let transport = ScriptedTransport([
      .init(body: #"{"id":"file-1"}"#), .init(body: #"{"id":"batch_1","status":"validating"}"#),
      .init(body: #"{"id":"batch_1","status":"completed","output_file_id":"file-2"}"#),
      .init(body: line.joined(separator: "\n")),
    ])
    let run = try BatchRun(client("/v1/chat/completions", transport), state: Self.state())
    _ = try await run.submit(Self.cases)
    _ = try await run.poll()
    let found = try await run.collect(Self.cases)
    #expect(found.map { $0.outcome.answer } == ["hi", "hi", "hi"])
    #expect(
      transport.sent.map(\.url.path) == [
        "/api/v1/files", "/api/v1/batches", "/api/v1/batches/batch_1",
        "/api/v1/files/file-2/content",
      ])
    let upload = String(
      decoding: try #require(transport.sent.first?.body).joined(), as: UTF8.self)
    #expect(upload.contains(#""url":"/v1/chat/completions","body":{"model":"m""#))
  }

  @Test func `Gemini: inline requests come back by key`() async throws {
    let client = { (transport: ScriptedTransport) in
      Gemini(ModelProfile(name: "gemini-3.8-flash"), key: .provided { "k" }, transport: transport)
    }
    let keys = try Self.keys(client(ScriptedTransport([])))
    let reply =
      #"{"response":{"candidates":[{"content":{"parts":[{"text":"hi"}]},"finishReason":"STOP"}]},"metadata":{"key":"\#(keys[1])"}}"#
    let failed = #"{"error":{"code":13,"message":"internal"},"metadata":{"key":"\#(keys[0])"}}"#
    let done =
      #"{"name":"batches/1","metadata":{"state":"BATCH_STATE_SUCCEEDED"},"done":true,"response":{"inlinedResponses":{"inlinedResponses":[\#(failed),\#(reply)]}}}"#
    let transport = ScriptedTransport([
      .init(body: #"{"name":"batches/1","metadata":{"state":"BATCH_STATE_PENDING"}}"#),
      .init(body: done), .init(body: done),
    ])
    let run = BatchRun(client(transport), state: Self.state())
    _ = try await run.submit(Self.cases)
    #expect(transport.sent.first?.url.path.hasSuffix(":batchGenerateContent") == true)
    _ = try await run.poll()
    let found = try await run.collect(Self.cases)
    #expect(found.map(\.outcome.kind) == [.failed, .answered, .failed])
  }

  @Test func `a submission that was cut off is not repeated unasked`() async throws {
    let file = Self.state()
    let broken = ScriptedTransport([.init(error: ClientError(.transport, "lost"))])
    var options = ClientOptions()
    options.retry = .never
    let model = ModelProfile(name: "claude-haiku-4-5")
    let run = BatchRun(
      Anthropic(model, key: .provided { "k" }, transport: broken, options: options), state: file)
    await #expect(throws: ClientError.self) { try await run.submit(Self.cases) }
    await #expect { try await run.submit(Self.cases) } throws: {
      ($0 as? ClientError)?.code == .batch
    }
    try run.forgetUnsure()
    #expect(try run.state().parts.isEmpty)
  }

  @Test(arguments: [
    #"{"data":[{"index":0,"embedding":[0,1]},{"index":0,"embedding":[1,0.5]}]}"#,
    #"{"data":[{"index":0,"embedding":[0,1]},{"index":1,"embedding":[1,null]}]}"#,
    #"{"data":[{"index":0,"embedding":[0,1]}]}"#, #"{"data":[]}"#,
  ])
  func `vectors that can't be told apart or read are refused`(body: String) async {
    let embedder = Embedder(
      .openAI, model: "m", key: .none, base: .of("http://127.0.0.1/v1"),
      transport: ScriptedTransport([.init(body: body)]))
    await #expect { try await embedder.vectors(of: ["a", "b"]) } throws: {
      ($0 as? ClientError)?.code == .malformedReply
    }
  }

  @Test func `embeddings come in the order of the texts`() async throws {
    let transport = ScriptedTransport([
      .init(
        body:
          #"{"data":[{"index":1,"embedding":[0,1]},{"index":0,"embedding":[1,0.5]}]}"#)
    ])
    let embedder = Embedder(
      .openAI, model: "text-embedding-3-small", key: .none, base: .of("http://127.0.0.1/v1"),
      transport: transport)
    #expect(try await embedder.vectors(of: ["a", "b"]) == [[1, 0.5], [0, 1]])
  }
}

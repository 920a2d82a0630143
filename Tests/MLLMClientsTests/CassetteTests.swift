// Real replies of the vendors, recorded, and what each vendor's own SDK makes of them.
// Oracle: PyPI openai 3.54.0, anthropic 2.12.0, google-genai 3.4.0; the file is named by
// ROENTGEN_CASSETTES, or lies at ../shared/cassettes/replies.jsonl.gz.

import Foundation
import MLLMClients
import Testing

struct Cassette: Sendable, CustomTestStringConvertible {
  let id: Int
  let api: String
  let status: Int
  let contentType: String
  let model: String
  let response: [UInt8]
  let expect: JSON

  var testDescription: String { "\(api) \(id)" }

  func with(response: [UInt8]) -> Cassette {
    Cassette(
      id: id, api: api, status: status, contentType: contentType, model: model,
      response: response, expect: expect)
  }

  var isStream: Bool { contentType.hasPrefix("text/event-stream") }

  static let all: [Cassette] = {
    let path =
      ProcessInfo.processInfo.environment["ROENTGEN_CASSETTES"]
      ?? "../shared/cassettes/replies.jsonl.gz"
    guard let data = read(path) else {
      print("skipped: no cassettes at \(path); 0 of the recorded replies were checked")
      return []
    }
    return data.split(separator: 0x0A).compactMap { line in
      guard let json = try? JSON(parsing: line), let expect = json["expect"] else { return nil }
      return Cassette(
        id: json["id"]?.integer ?? -1, api: json["api"]?.string ?? "",
        status: json["status"]?.integer ?? 0, contentType: json["content_type"]?.string ?? "",
        model: json["request"]?["model"]?.string ?? "model",
        response: Array((json["response"]?.string ?? "").utf8), expect: expect)
    }
  }()

  private static func read(_ path: String) -> Data? {
    guard FileManager.default.isReadableFile(atPath: path) else { return nil }
    guard path.hasSuffix(".gz") else { return FileManager.default.contents(atPath: path) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["gzip", "-dc", path]
    let pipe = Pipe()
    process.standardOutput = pipe
    guard (try? process.run()) != nil else { return nil }
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return data
  }

  func client(chunk: Int) -> any PromptClient {
    let transport = CannedTransport(
      status: status, headers: ["content-type": contentType], bytes: response, chunk: chunk)
    var options = ClientOptions()
    options.retry = .never
    options.streams = isStream
    let profile = ModelProfile(name: model)
    let key = APIKey.provided { "key" }
    switch api {
    case "responses":
      return OpenAI(profile, key: key, transport: transport, options: options)
    case "messages":
      return Anthropic(profile, key: key, transport: transport, options: options)
    case "gemini", "gemini-stream":
      return Gemini(profile, key: key, transport: transport, options: options)
    default:
      return OpenAICompatible(
        base: .of("http://127.0.0.1/v1"), model: profile, key: key, transport: transport,
        options: options)
    }
  }

  func reply(chunk: Int) async -> Result<Reply, ClientError> {
    do throws(ClientError) {
      return .success(try await client(chunk: chunk).reply(to: Prompt(.text("?"))))
    } catch {
      return .failure(error)
    }
  }
}

@Suite struct CassetteTests {
  @Test(arguments: Cassette.all)
  func `a recorded reply reads as the vendor's SDK reads it`(cassette: Cassette) async throws {
    var first: Reply?
    for chunk in [Int.max, 1, 2, 3, 7, 64] {
      switch await cassette.reply(chunk: chunk) {
      case .failure(let error): Self.check(error, of: cassette)
      case .success(let reply):
        Self.check(reply, of: cassette)
        if let first { Self.expectSame(first, reply) } else { first = reply }
      }
    }
  }

  /// The same events with the two other line ends, a byte at a time: CRLF is split, and so is UTF-8.
  @Test(
    arguments: Cassette.all.filter(\.isStream).enumerated().compactMap { index, cassette in
      index % 16 == 0 ? cassette : nil
    })
  func `a stream reads the same with any line ends`(cassette: Cassette) async throws {
    let plain = await cassette.reply(chunk: .max)
    for end: [UInt8] in [[0x0D, 0x0A], [0x0D]] {
      let bytes = cassette.response.filter { $0 != 0x0D }
        .flatMap { $0 == 0x0A ? end : [$0] }
      for chunk in [1, 5] {
        let reply = await cassette.with(response: bytes).reply(chunk: chunk)
        switch (plain, reply) {
        case (.success(let one), .success(let two)):
          #expect(one.outcome == two.outcome && one.text == two.text && one.usage == two.usage)
        case (.failure(let one), .failure(let two)): #expect(one.code == two.code)
        default: Issue.record("\(cassette.testDescription): \(plain) and \(reply)")
        }
      }
    }
  }

  private static func expectSame(_ one: Reply, _ two: Reply) {
    #expect(one.outcome == two.outcome)
    #expect(one.text == two.text)
    #expect(one.thinking == two.thinking)
    #expect(one.toolCalls == two.toolCalls)
    #expect(one.usage == two.usage)
    #expect(one.evidence.response == two.evidence.response)
  }

  private static func check(_ error: ClientError, of cassette: Cassette) {
    let expect = cassette.expect
    if expect["error"] != nil {
      #expect(error.status == expect["status"]?.integer)
      #expect(error.vendorMessage == expect["message"]?.string)
      if let code = expect["code"]?.string { #expect(error.vendorCode == code) }
      return
    }
    // A reply that says that it failed, or is still to come, is no reply.
    let stop = expect["stop"]?.string
    let noReply = ["failed", "queued", "in_progress", "cancelled"].contains(stop)
    // A stream that ends without its last event raises nothing in the SDKs; here it is an error.
    let cut = expect["stream"]?.bool == true && stop == nil
    #expect(noReply || cut, "\(cassette.testDescription): \(error)")
  }

  private static func check(_ reply: Reply, of cassette: Cassette) {
    let expect = cassette.expect
    // Arrays instead of event streams: the SDK can't read them, this library can.
    if expect["sdkfail"] != nil {
      #expect(reply.vendorStop != nil)
      #expect(!reply.text.isEmpty || !reply.toolCalls.isEmpty)
      return
    }
    #expect(expect["error"] == nil, "\(cassette.testDescription) should be an error")
    // Thoughts in tags are kept apart here, and are part of the text there.
    let text = expect["text"]?.string ?? ""
    if reply.thinking.isEmpty || !text.contains("</") {
      #expect(reply.text == text)
    } else {
      #expect(text.hasSuffix(reply.text))
    }
    #expect(reply.vendorStop == expect["stop"]?.string)
    checkUsage(reply.usage, of: cassette)
    if let refusal = expect["refusal"]?.string {
      #expect(
        reply.outcome == .refused(Refusal(evidence: .vendor, explanation: refusal)))
    }
    if let block = expect["block"]?.string {
      #expect(reply.outcome == .blocked(Block(stage: .prompt, reason: block)))
    }
    if expect["incomplete"]?.string == "max_output_tokens" {
      #expect(reply.outcome.kind == .truncated)
    }
    if let tools = expect["tools"]?.array {
      #expect(reply.toolCalls.count == tools.count)
      for (call, arguments) in zip(reply.toolCalls, tools.compactMap(\.string)) {
        let ours = try? JSON(parsing: call.arguments)
        let theirs = try? JSON(parsing: arguments)
        #expect(same(ours, theirs) || call.arguments == arguments)
      }
    }
  }

  /// Equal but for the order of members.
  private static func same(_ one: JSON?, _ two: JSON?) -> Bool {
    switch (one, two) {
    case (.object(let a)?, .object(let b)?):
      a.count == b.count && a.allSatisfy { member in same(member.value, two?[member.key]) }
    case (.array(let a)?, .array(let b)?):
      a.count == b.count && zip(a, b).allSatisfy { same($0, $1) }
    case (.integer, .number), (.number, .integer): one?.double == two?.double
    default: one == two
    }
  }

  private static func checkUsage(_ usage: Usage, of cassette: Cassette) {
    let expect = cassette.expect
    let input = expect["inp"]?.integer
    switch cassette.api {
    case "messages":
      #expect(usage.uncachedInput == input)
      #expect(usage.output == expect["out"]?.integer)
      if let write = expect["cache_write"]?.integer {
        #expect((usage.cacheWrite ?? 0) + (usage.cacheWriteLong ?? 0) == write)
      }
    case "gemini", "gemini-stream":
      let tools = cassette.toolTokens
      #expect(usage.input.map { $0 - tools } == input)
      #expect((usage.answer ?? 0) == (expect["out"]?.integer ?? 0))
      #expect(usage.reasoning == expect["reasoning"]?.integer)
    default:
      #expect(usage.input == input)
      #expect(usage.output == expect["out"]?.integer)
      #expect(usage.reasoning == expect["reasoning"]?.integer)
    }
    #expect((usage.cacheRead ?? 0) == (expect["cached"]?.integer ?? 0))
  }
}

extension Cassette {
  /// Tokens of tools that Gemini counts beside the prompt's; the last count in the bytes holds.
  var toolTokens: Int {
    let text = String(decoding: response, as: UTF8.self)
    guard let mark = text.ranges(of: "\"toolUsePromptTokenCount\":").last else { return 0 }
    let digits = text[mark.upperBound...].drop { $0 == " " }.prefix { $0.isNumber }
    return Int(digits) ?? 0
  }
}

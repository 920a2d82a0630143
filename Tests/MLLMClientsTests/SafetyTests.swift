import Foundation
import MLLMClients
import Synchronization
import Testing

private let secret = "sk-very-secret-0123456789"

@Suite struct SafetyTests {
  private func client(
    _ transport: any Transport, base: StaticString = "https://example.org/v1",
    model: ModelProfile = ModelProfile(name: "m"), change: (inout ClientOptions) -> Void = { _ in }
  ) -> OpenAICompatible {
    var options = ClientOptions()
    options.retry = .never
    change(&options)
    return OpenAICompatible(
      base: .of(base), model: model, key: .provided { secret }, transport: transport,
      options: options)
  }

  @Test func `keys are in no description, error or mirror`() async throws {
    let transport = ScriptedTransport([
      .init(status: 401, body: #"{"error":{"message":"bad key","code":"invalid_api_key"}}"#)
    ])
    let client = client(transport)
    var dumped = "\(client) \(String(reflecting: client))"
    dump(client, to: &dumped)
    do {
      _ = try await client.reply(to: Prompt(.text("?")))
      Issue.record("no error")
    } catch {
      dumped += "\(error) \(String(reflecting: error))"
      dump(error, to: &dumped)
    }
    let request = try #require(transport.sent.first)
    dumped += "\(request) \(String(reflecting: request))"
    dump(request, to: &dumped)
    #expect(request.headers.contains { $0.value == "Bearer \(secret)" })
    #expect(!dumped.contains(secret))
  }

  @Test(arguments: [200, 401, 500])
  func `a key that a server says back is kept nowhere`(status: Int) async throws {
    let said = #"{"error":{"message":"no use for \#(secret) here","code":"invalid_api_key"}}"#
    let good =
      #"{"model":"m","choices":[{"message":{"content":"your key is \#(secret)"},"finish_reason":"stop"}]}"#
    let transport = ScriptedTransport([.init(status: status, body: status == 200 ? good : said)])
    let path = NSTemporaryDirectory() + "roentgen-\(UUID().uuidString)"
    let journal = try Journal(URL(fileURLWithPath: path))
    let results = try await Runner(client(transport), journal: journal)
      .allResults(of: [Case("c", Prompt(.text("?")))])
    var dumped = "\(results)"
    dump(results, to: &dumped)
    dumped += String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    #expect(!dumped.contains(secret))
    #expect(dumped.contains(String(repeating: "*", count: secret.utf8.count)))
  }

  @Test func `an address keeps its query, and holds no password`() async throws {
    let transport = ScriptedTransport([.init(body: #"{"choices":[]}"#)])
    let azure: StaticString = "https://example.org/openai/deployments/m?api-version=2026-01-01"
    _ = try await client(transport, base: azure).reply(to: Prompt(.text("?")))
    #expect(
      transport.sent.first?.url.absoluteString
        == "https://example.org/openai/deployments/m/chat/completions?api-version=2026-01-01")
    await #expect {
      try await client(transport, base: "https://me:word@example.org/v1")
        .reply(to: Prompt(.text("?")))
    } throws: { ($0 as? ClientError)?.code == .insecure }
  }

  @Test func `a whole reply that says it is a stream is read`() async throws {
    let transport = ScriptedTransport([
      .init(
        headers: ["content-type": "text/event-stream"],
        body: #"{"choices":[{"message":{"content":"hi"},"finish_reason":"stop"}]}"#)
    ])
    let pieces = Mutex<[String]>([])
    let reply = try await client(transport).reply(to: Prompt(.text("?"))) { text in
      pieces.withLock { $0.append(text) }
    }
    #expect(reply.text == "hi")
    #expect(pieces.withLock { $0 } == ["hi"])
  }

  @Test func `plain HTTP leaves this machine only when allowed`() async throws {
    let ok = ScriptedTransport([.init(body: #"{"choices":[]}"#)])
    await #expect {
      try await client(ok, base: "http://example.org/v1").reply(to: Prompt(.text("?")))
    } throws: { ($0 as? ClientError)?.code == .insecure }
    #expect(ok.sent.isEmpty)
    for base: StaticString in ["http://127.0.0.1/v1", "http://localhost/v1", "http://[::1]/v1"] {
      let transport = ScriptedTransport([.init(body: #"{"choices":[]}"#)])
      _ = try await client(transport, base: base).reply(to: Prompt(.text("?")))
      #expect(transport.sent.count == 1)
    }
    for base: StaticString in ["http://127.0.0.1.evil.org/v1", "ftp://example.org/v1"] {
      await #expect(throws: ClientError.self) {
        try await client(ok, base: base).reply(to: Prompt(.text("?")))
      }
    }
  }

  @Test func `a redirect to another host is refused, or followed without the key`() async throws {
    let moved = ScriptedTransport.Step(
      status: 307, headers: ["location": "https://other.org/v1/chat/completions"])
    let ok = ScriptedTransport.Step(
      body: #"{"choices":[{"message":{"content":"hi"},"finish_reason":"stop"}]}"#)
    let refused = ScriptedTransport([moved, ok])
    await #expect { try await client(refused).reply(to: Prompt(.text("?"))) } throws: {
      ($0 as? ClientError)?.code == .insecure
    }
    #expect(refused.sent.count == 1)
    let allowed = ScriptedTransport([moved, ok])
    let reply = try await client(allowed) { $0.redirectHosts = ["other.org"] }
      .reply(to: Prompt(.text("?")))
    #expect(reply.text == "hi")
    #expect(allowed.sent.last?.url.host == "other.org")
    #expect(allowed.sent.last?.headers.contains { $0.value.contains(secret) } == false)
    let down = ScriptedTransport([
      .init(status: 307, headers: ["location": "http://example.org/v1"])
    ])
    await #expect(throws: ClientError.self) { try await client(down).reply(to: Prompt(.text("?"))) }
  }

  @Test func `pictures lose their metadata and keep their pixels`() async throws {
    let named = Image(png: Pictures.png(text: "Jane Doe"))
    #expect(try named.bytes() == Pictures.png())
    let jpeg = try Image(jpeg: Pictures.jpeg(orientation: 6)).bytes()
    let text = String(decoding: jpeg, as: UTF8.self)
    #expect(!text.contains("Jane") && !text.contains("patient"))
    #expect(text.contains("Exif"))  // turned: only the orientation is left
    let upright = try Image(jpeg: Pictures.jpeg(orientation: 1)).bytes()
    #expect(!String(decoding: upright, as: UTF8.self).contains("Exif"))
    // What follows the picture's end, and comments between scans, go as well.
    let trailed = Pictures.jpeg(orientation: 1) + Array("Jane Doe".utf8)
    #expect(try Image(jpeg: trailed).bytes() == upright)
    let between =
      Pictures.jpeg(orientation: 1).dropLast(2) + [0xFF, 0xFE, 0, 6] + Array("Jane".utf8)
      + [0xFF, 0xD9]
    #expect(try Image(jpeg: Array(between)).bytes() == upright)
    let size = try Image(jpeg: Pictures.jpeg(orientation: 1)).size()
    #expect(size?.width == 64 && size?.height == 48)
  }

  @Test func `a picture that can't be followed to its end is refused, for it may hold names`()
    async throws
  {
    let nothing = ScriptedTransport([])
    let png = Pictures.png(text: "Jane Doe")
    let jpeg = Pictures.jpeg(orientation: 1)
    let scan = try #require(jpeg.indices.first { jpeg[$0...].starts(with: [0xFF, 0xDA]) })
    // FF 00 after a comment: no marker, and coded data if it joined the scan before the comment.
    let joined = jpeg.dropLast(2) + [0xFF, 0xFE, 0, 2, 0xFF, 0, 0, 2, 0xFF, 0xD9]
    for image in [
      Image(png: Array(png.dropLast(20))), Image(jpeg: Array(jpeg[..<scan])),
      Image(jpeg: Array(joined)),
    ] {
      await #expect { try await client(nothing).reply(to: Prompt(.image(image))) } throws: {
        ($0 as? ClientError)?.code == .invalidImage
      }
    }
    #expect(nothing.sent.isEmpty)
  }

  // Oracle: the files of Pillow 11 (WebP with Exif and XMP; GIF with a comment), by hand.
  @Test func `WebP and GIF lose their metadata`() throws {
    func chunk(_ name: String, _ body: [UInt8]) -> [UInt8] {
      Array(name.utf8) + [UInt8(body.count), 0, 0, 0] + body + (body.count % 2 == 1 ? [0] : [])
    }
    let pixels = chunk("VP8L", [0x2F, 0x3F, 0xC0, 0x0F, 0, 1])
    func webp(_ flags: UInt8, _ more: [UInt8]) -> [UInt8] {
      let body =
        Array("WEBP".utf8) + chunk("VP8X", [flags, 0, 0, 0, 63, 0, 0, 63, 0, 0]) + pixels + more
      return Array("RIFF".utf8) + [UInt8(body.count), 0, 0, 0] + body
    }
    let named = webp(0x0C, chunk("EXIF", Array("Jane Doe".utf8)) + chunk("XMP ", [0x41]))
    #expect(try Image(Data(named)).bytes() == webp(0, []))
    #expect(try Image(Data(named)).size()?.width == 64)
    let head: [UInt8] = Array("GIF89a".utf8) + [2, 0, 2, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255]
    let frame: [UInt8] = [0x2C, 0, 0, 0, 0, 2, 0, 2, 0, 0, 2, 2, 0x84, 0x51, 0, 0x3B]
    let comment: [UInt8] = [0x21, 0xFE, 8] + Array("Jane Doe".utf8) + [0]
    #expect(try Image(Data(head + comment + frame)).bytes() == head + frame)
    #expect(try Image(Data(head + comment + frame.dropLast(4))).size() == nil)
  }

  @Test func `what a model can't take is refused before anything is sent`() async throws {
    let nothing = ScriptedTransport([])
    let picture = Prompt(.text("?"), .png(Pictures.png()))
    func code(_ client: OpenAICompatible, _ prompt: Prompt) async -> ClientError.Code? {
      do {
        _ = try await client.reply(to: prompt)
        return nil
      } catch { return error.code }
    }
    #expect(await code(client(nothing, model: .textOnly("m")), picture) == .unsupported)
    var few = ModelProfile(name: "m")
    few.limits.images = 1
    #expect(
      await code(
        client(nothing, model: few), Prompt(.png(Pictures.png()), .png(Pictures.png()))) == .limit)
    var small = ModelProfile(name: "m")
    small.limits.side = 32
    #expect(await code(client(nothing, model: small), picture) == .limit)
    var short = ModelProfile(name: "m")
    short.context = 10
    #expect(await code(client(nothing, model: short), picture) == .limit)
    var light = ModelProfile(name: "m")
    light.limits.requestBytes = 1000
    #expect(await code(client(nothing, model: light), picture) == .limit)
    #expect(await code(client(nothing), Prompt(.png([1, 2, 3]))) == .invalidImage)
    #expect(
      await code(client(nothing), Prompt(.jpeg(Pictures.png()))) == .invalidImage)
    #expect(await code(client(nothing), Prompt(turns: [])) == .invalidPrompt)
    #expect(
      await code(
        client(nothing),
        Prompt {
          User("a"); Assistant("b")
        }) == .invalidPrompt)
    var burned = Image(png: Pictures.png())
    burned.burnedInText = .yes
    #expect(
      await code(client(nothing) { $0.burnedInText = .block }, Prompt(.image(burned)))
        == .burnedInText)
    #expect(
      await code(client(nothing) { $0.burnedInText = .blockUnknown }, picture) == .burnedInText)
    var extra = Prompt(.text("?"))
    extra.extra = [JSON.Member("model", "other")]
    #expect(await code(client(nothing), extra) == .invalidPrompt)
    #expect(nothing.sent.isEmpty)
  }

  @Test func `parameters that a model refuses are reported`() async throws {
    var model = ModelProfile(name: "m")
    model.sampling = false
    model.seed = false
    let prompt = Prompt(.text("?")).decoding {
      $0.temperature = 0
      $0.seed = 1
    }
    let transport = ScriptedTransport([.init(body: #"{"choices":[]}"#)])
    let reply = try await client(transport, model: model).reply(to: prompt)
    #expect(reply.warnings.count { $0.code == .parameterDropped } == 2)
    await #expect {
      try await client(transport, model: model) { $0.strictParameters = true }
        .reply(to: prompt)
    } throws: { ($0 as? ClientError)?.code == .unsupported }
  }

  @Test func `a key file that others can read is refused`() async throws {
    let path = NSTemporaryDirectory() + "roentgen-key-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    _ = FileManager.default.createFile(
      atPath: path, contents: Data("\(secret)\n".utf8), attributes: [.posixPermissions: 0o644])
    let ok = ScriptedTransport.Step(body: #"{"choices":[]}"#)
    let transport = ScriptedTransport([ok])
    let client = OpenAICompatible(
      base: .of("https://example.org/v1"), model: ModelProfile(name: "m"), key: .file(path),
      transport: transport)
    await #expect { try await client.reply(to: Prompt(.text("?"))) } throws: {
      ($0 as? ClientError)?.code == .insecure
    }
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    _ = try await client.reply(to: Prompt(.text("?")))
    #expect(transport.sent.first?.headers.contains { $0.value == "Bearer \(secret)" } == true)
  }
}

// What arrives at the other end, by a server that tells what it was sent.

import Foundation
import MLLMClients
import Testing

@Suite struct TransportTests {
  private static func server() async -> LocalServer? {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Support/echo_server.py").path
    return await LocalServer("echo server", anyPython: true) { [script, "\($0)"] }
  }

  @Test(arguments: NamedTransport.all)
  func `bodies of every size arrive whole, with their length`(over: NamedTransport) async throws {
    guard let server = await Self.server() else { return }
    let client = OpenAICompatible(
      base: server.url("/v1"), model: ModelProfile(name: "m"), transport: over.transport)
    let sizes = [(1, 1), (2, 3), (31, 1), (64, 2), (200, 3), (333, 5)]
    for (side, count) in sizes {
      for height in [side, side + 1, side + 2] {
        let images = (0..<count).map {
          Image(png: Pictures.png(width: side, height: height, level: UInt8($0)))
        }
        let prompt = Prompt {
          User {
            "é"; images
          }
        }
        let reply = try await client.reply(to: prompt)
        let told = try JSON(parsing: reply.text)
        let attempt = try client.record(of: prompt, replicate: 0)
        // The skeleton with each digest replaced by the picture's own base64.
        var body = String(decoding: attempt.body, as: UTF8.self)
        for image in images {
          let text = Data(try image.bytes()).base64EncodedString()
          body = body.replacing("sha256:\(try image.digest())", with: text)
        }
        #expect(told["length"]?.integer == body.utf8.count)
        #expect(told["sha256"]?.string == Digest(of: Array(body.utf8)).description)
        #expect(told["headers"]?["content-length"]?.string == String(body.utf8.count))
        #expect(told["headers"]?["transfer-encoding"] == nil)
      }
    }
  }

  @Test(arguments: NamedTransport.all)
  func `a picture in a file is read when it is sent`(over: NamedTransport) async throws {
    guard let server = await Self.server() else { return }
    let path = NSTemporaryDirectory() + "roentgen-\(UUID().uuidString).png"
    let bytes = Pictures.png(width: 400, height: 400, text: "Jane Doe")
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let image = try Image(file: URL(fileURLWithPath: path))
    var options = ClientOptions()
    options.retry = .never
    let client = OpenAICompatible(
      base: server.url("/v1"), model: ModelProfile(name: "m"), transport: over.transport,
      options: options)
    let told = try JSON(parsing: try await client.reply(to: Prompt(.image(image))).text)
    let inMemory = Prompt(.png(Pictures.png(width: 400, height: 400)))
    let same = try JSON(parsing: try await client.reply(to: inMemory).text)
    #expect(told["sha256"] == same["sha256"])
    try FileManager.default.removeItem(atPath: path)
    await #expect { try await client.reply(to: Prompt(.image(image))) } throws: {
      ($0 as? ClientError)?.code == .invalidImage
    }
  }

  @Test(arguments: NamedTransport.all)
  func `a request that is cancelled ends at once`(over: NamedTransport) async throws {
    guard let server = await Self.server() else { return }
    // A port that takes connections and says nothing: the echo server waits for a body's rest.
    let url = server.url("/v1/x")
    let task = Task { () -> ClientError.Code? in
      var request = HTTPRequest(url: url)
      request.headers = [HTTPRequest.Header("Content-Length", "1000000")]
      request.bounds.total = .seconds(30)
      do {
        _ = try await over.transport.send(request)
        return nil
      } catch { return (error as? ClientError)?.code }
    }
    try await Task.sleep(for: .milliseconds(300))
    let clock = ContinuousClock()
    let elapsed = await clock.measure {
      task.cancel()
      _ = await task.value
    }
    #expect(elapsed < .seconds(2))
  }

  @Test(arguments: NamedTransport.all)
  func `nobody at the other end is a transport failure`(over: NamedTransport) async throws {
    let port = try #require(LocalServer.freePort())
    let url = try #require(URL(string: "http://127.0.0.1:\(port)/v1"))
    var options = ClientOptions()
    options.retry = .never
    let client = OpenAICompatible(
      base: url, model: ModelProfile(name: "m"), transport: over.transport, options: options)
    await #expect { try await client.reply(to: Prompt(.text("?"))) } throws: {
      let error = $0 as? ClientError
      return error?.code == .transport && error?.possiblyBilled == false
    }
  }
}

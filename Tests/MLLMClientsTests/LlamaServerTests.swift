// A real server end to end: llama.cpp's, with a random model made in a second.
// Needs ROENTGEN_PYTHON with xllamacpp, gguf and numpy, and the scripts that make the model.

import Foundation
import MLLMClients
import Testing

private enum Look: String, Codable, CaseIterable, Sendable { case normal, abnormal }

private struct Seen: Codable, Sendable {
  var finding: Look
  var sure: Bool
}

@Suite struct LlamaServerTests {
  private static func server() async -> LocalServer? {
    guard let python = LocalServer.python else {
      print("skipped: ROENTGEN_PYTHON is not set; llama.cpp: 1 group of checks did not run")
      return nil
    }
    let folder = NSTemporaryDirectory() + "roentgen-\(UUID().uuidString)-"
    let tools = LocalServer.judges
    guard LocalServer.run(python, ["\(tools)/mk_tinyllm.py", folder + "llm.gguf"]),
      LocalServer.run(python, ["\(tools)/mk_mmproj.py", folder + "mmproj.gguf", "64"])
    else {
      print("skipped: no model could be made; llama.cpp: 1 group of checks did not run")
      return nil
    }
    let server = await LocalServer("llama.cpp", needs: "xllamacpp") {
      ["\(tools)/serve_llamacpp.py", folder + "llm.gguf", folder + "mmproj.gguf", "\($0)"]
    }
    // It takes connections before it has its model.
    for _ in 0..<100 {
      if let health = try? await server?.get("/health"), health["status"] == "ok" { break }
      try? await Task.sleep(for: .milliseconds(100))
    }
    return server
  }

  @Test func `pictures, forms, streams and usage`() async throws {
    guard let server = await Self.server() else { return }
    let model = ModelProfile(name: "tiny")
    let key = APIKey.provided { "k" }
    let chat = OpenAICompatible(base: server.url("/v1"), model: model, key: key)
    let picture = Image(png: Pictures.png(width: 360, height: 360))
    let prompt = Prompt {
      User {
        "Slice 1"; picture; picture; "Is it normal?"
      }
    }
    .decoding {
      $0.maxTokens = 200
      $0.temperature = 0
      $0.seed = 1
    }
    let answer = try await chat.reply(to: prompt.answering(Seen.self))
    #expect(answer.outcome.answer != nil, "\(answer.reply.text)")
    #expect(answer.rule == .strict)
    let without = try await chat.reply(
      to: Prompt(.text("Slice 1Is it normal?")).decoding {
        $0.maxTokens = 1
      })
    #expect((answer.reply.usage.input ?? 0) > (without.usage.input ?? 0))
    #expect((answer.reply.usage.output ?? 0) > 0)

    // Streamed and whole, the same.
    var options = ClientOptions()
    options.streams = true
    let streamed = OpenAICompatible(
      base: server.url("/v1"), model: model, key: key, options: options)
    let again = try await streamed.reply(to: prompt.answering(Seen.self))
    #expect(again.reply.text == answer.reply.text)
    #expect(again.reply.outcome == answer.reply.outcome)
    #expect(again.reply.usage.output == answer.reply.usage.output)

    // A cut answer is told.
    var short = prompt.answering(Seen.self).prompt
    short.decoding.maxTokens = 3
    #expect(try await chat.reply(to: short).outcome.kind == .truncated)

    // Its Messages and Responses interfaces.
    let messages = Anthropic(model, key: key, base: server.url("/v1"))
    let responses = OpenAI(model, key: key, base: server.url("/v1"))
    for client in [messages, responses] as [any PromptClient] {
      let reply = try await client.reply(
        to: prompt.decoding {
          $0.maxTokens = 16
          $0.seed = nil
        })
      #expect((reply.usage.input ?? 0) > 0)
      #expect(reply.stopReason == .maxTokens || reply.stopReason == .finished)
    }

    // Too long for its context: told as such, and not asked again.
    let long = Prompt(.text(String(repeating: "word ", count: 60_000)))
    await #expect { try await chat.reply(to: long) } throws: {
      ($0 as? ClientError)?.code == .contextOverflow
    }
  }
}

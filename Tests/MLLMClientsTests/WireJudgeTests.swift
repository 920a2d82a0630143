// Every request shape that the clients can emit, judged by the vendors' own SDK types.
// Oracle: validate_wire.py over PyPI openai, anthropic, google-genai and Google's protobufs, strict;
// needs ROENTGEN_PYTHON with those packages.

import Foundation
import MLLMClients
import Testing

struct Finding: Codable, Sendable, Hashable, SchemaDescribed {
  enum Side: String, Codable, CaseIterable, Sendable { case left, right, both }
  struct Place: Codable, Sendable, Hashable {
    var lobe: String
    var slices: [Int]
  }

  var finding: String
  var confidence: Double
  var side: Side?
  var place: Place?
  var volumes: [Double]

  static var schemaDetails: [String: JSON] {
    ["confidence": ["minimum": 0, "maximum": 1, "description": "how sure"]]
  }
}

@Suite(.serialized) struct WireJudgeTests {
  /// Prompts of every shape.
  static var prompts: [(name: String, prompt: Prompt)] {
    let png = Image(png: Pictures.png())
    let jpeg = Image(jpeg: Pictures.jpeg(orientation: 6), detail: .high)
    var list: [(String, Prompt)] = []
    list.append(("text", Prompt(.text("Is there a haemorrhage?"))))
    list.append(
      (
        "system",
        Prompt {
          System("You are a radiologist."); User("Well?")
        }
      ))
    list.append(("picture", Prompt(.text("Slice 1"), .image(png))))
    list.append(
      (
        "pictures of two types",
        Prompt {
          User {
            "a\"b\\c\n\u{1}é"; png; "and"; jpeg
          }
        }
      ))
    for detail in [Image.Detail.auto, .low, .high, .original] {
      list.append(("detail \(detail)", Prompt(.image(png.detail(detail)), .text("?"))))
    }
    list.append(
      (
        "shots",
        Prompt {
          System("Answer in JSON.")
          for index in 0..<3 {
            User {
              "Example \(index):"; png
            }
            Assistant("{\"finding\":\"normal\"}")
          }
          User {
            "The patient:"; png
          }
        }
      ))
    list.append(
      (
        "cache hints",
        Prompt {
          System("Long text.").cached(.long)
          User {
            "Example"; png
          }.cached()
          Assistant("yes")
          User("and now?")
        }
      ))
    let remote = Image(remote: .of("https://example.org/a.png"), mediaType: .png)
    list.append(("remote picture", Prompt(.image(remote), .text("?"))))
    list.append(("form", Prompt(.text("?"), .image(png)).answering(Finding.self).prompt))
    list.append(("label", Prompt(.text("?")).answering(oneOf: ["HP", "SSA"])))
    list.append(
      (
        "all parameters",
        Prompt(.text("?")).decoding {
          $0 = Decoding(
            maxTokens: 300, temperature: 0.1, topP: 0.9, seed: 42, stop: ["END"], effort: .low)
        }
      ))
    return list
  }

  @Test func `the vendors' own types accept every request`() async throws {
    let judge = "\(LocalServer.judges)/validate_wire.py"
    guard FileManager.default.isReadableFile(atPath: judge) else {
      print("skipped: no file \(judge) (ROENTGEN_WIRE_TOOLS); 1 group of checks did not run")
      return
    }
    guard
      let server = await LocalServer(
        "validate_wire",
        needs: "openai, anthropic, google.genai, google.ai.generativelanguage_v1beta",
        arguments: { [judge, "\($0)"] })
    else { return }
    let key = APIKey.provided { "k" }
    var judged = 0
    for streams in [false, true] {
      var options = ClientOptions()
      options.retry = .never
      options.streams = streams
      let plain = ModelProfile(name: "gpt-4o")
      let clients: [(String, any PromptClient)] = [
        ("responses", OpenAI(plain, key: key, base: server.url("/v1"), options: options)),
        (
          "chat",
          OpenAI(
            plain, interface: .chatCompletions, key: key, base: server.url("/v1"),
            options: options)
        ),
        (
          "compatible",
          OpenAICompatible(base: server.url("/v1"), model: plain, key: key, options: options)
        ),
        (
          "messages 2023",
          Anthropic(
            ModelProfile(name: "claude-haiku-4-5"), key: key, base: server.url("/v1"),
            options: options)
        ),
        (
          "messages 2026",
          Anthropic(
            ModelProfile(name: "claude-sonnet-5-5"), key: key, version: .v2026,
            base: server.url("/v1"), options: options)
        ),
        (
          "gemini v1beta",
          Gemini(
            ModelProfile(name: "gemini-3.8-flash"), key: key, base: server.url("/v1beta"),
            options: options)
        ),
        (
          "gemini v1",
          Gemini(
            ModelProfile(name: "gemini-2.5-flash"), key: key, base: server.url("/v1"),
            options: options)
        ),
      ]
      for (name, client) in clients {
        for (shape, prompt) in Self.prompts {
          do throws(ClientError) {
            _ = try await client.reply(to: prompt)
          } catch {
            Issue.record("\(name), \(shape): \(error) \(error.vendorMessage ?? "")")
          }
          judged += 1
        }
      }
    }
    print("judged \(judged) requests")
    #expect(judged == 2 * 7 * Self.prompts.count)
  }
}

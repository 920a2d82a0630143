// How the clients bear faults, judged by a chaos server that grades its clients.
// Oracle: PyPI llmock 0.2.2, its strict report; needs ROENTGEN_PYTHON with it.

import Foundation
import MLLMClients
import Testing

@Suite(.serialized) struct ChaosJudgeTests {
  private func clients(_ server: LocalServer, streams: Bool) -> [(String, any PromptClient)] {
    var options = ClientOptions()
    options.streams = streams
    options.retry.base = .milliseconds(200)
    options.bounds.idle = .seconds(1)
    let key = APIKey.provided { "k" }
    return [
      (
        "chat",
        OpenAI(
          ModelProfile(name: "gpt-4o"), interface: .chatCompletions, key: key,
          base: server.url("/v1"), options: options)
      ),
      (
        "responses",
        OpenAI(
          ModelProfile(name: "gpt-4o"), key: key, base: server.url("/v1"), options: options)
      ),
      (
        "messages",
        Anthropic(
          ModelProfile(name: "claude-haiku-4-5"), key: key, base: server.url("/anthropic/v1"),
          options: options)
      ),
      (
        "gemini",
        Gemini(
          ModelProfile(name: "gemini-2.5-flash"), key: key,
          base: server.url("/gemini/v1beta"), options: options)
      ),
    ]
  }

  private static let survivable = [
    #"{"type":"fail","status":429,"retry_after":1,"times":2}"#,
    #"{"type":"fail","status":500,"times":3}"#,
    #"{"type":"fail","status":503,"times":1}"#,
    #"{"type":"fail","status":529,"times":2}"#,
    #"{"type":"fail","status":408,"times":1}"#,
  ]

  private static let streamFaults = [
    #"{"type":"stream_fault","kind":"truncate","after_chunks":2}"#,
    #"{"type":"stream_fault","kind":"disconnect","after_chunks":2}"#,
    #"{"type":"stream_fault","kind":"malformed","after_chunks":1}"#,
    #"{"type":"stream_fault","kind":"stall","after_chunks":1,"stall_seconds":3}"#,
  ]

  @Test func `the chaos server's strict report is clean for four interfaces`() async throws {
    guard
      let server = await LocalServer(
        "llmock", needs: "llmock",
        arguments: {
          [
            "-m", "llmock.cli", "serve", "--port", "\($0)", "--log-level", "error",
            "--stream-chunk-delay-ms", "20",
          ]
        })
    else { return }
    var answered = 0
    var question = 0
    for streams in [false, true] {
      for (name, client) in clients(server, streams: streams) {
        let faults = Self.survivable + (streams ? Self.streamFaults : [])
        for fault in faults {
          _ = try await server.get(
            "/_llmock/scenario", method: "POST", body: #"{"behaviors":[\#(fault)]}"#)
          question += 1
          do throws(ClientError) {
            let reply = try await client.reply(to: Prompt(.text("question \(question)")))
            #expect(!reply.text.isEmpty, "\(name) after \(fault)")
            #expect(reply.evidence.attempts > 1, "\(name) after \(fault)")
            answered += 1
          } catch {
            Issue.record("\(name) after \(fault): \(error)")
          }
        }
        for status in [400, 401, 404, 422] {
          _ = try await server.get(
            "/_llmock/scenario", method: "POST",
            body: #"{"behaviors":[{"type":"fail","status":\#(status)}]}"#)
          question += 1
          await #expect(throws: ClientError.self, "\(name) after \(status)") {
            _ = try await client.reply(to: Prompt(.text("question \(question)")))
          }
        }
      }
    }
    let verdict = try await server.get("/_llmock/verdict")
    #expect(verdict["findings"] == [], "\(verdict)")
    #expect(verdict["passed"] == true)
    print(
      "\(answered) answers through \(verdict["faults_injected"] ?? 0) faults, strict report clean")
  }
}

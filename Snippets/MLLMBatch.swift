// A list of questions at half the price: submitted by one process, collected by another.
// The vendor is played by a transport, the seam to the network; leave it out to ask the real one.

import Foundation
import MLLMClients
import Synchronization

final class PlayedVendor: Transport {
  private let questions = Mutex<[String]>([])

  func send(_ request: HTTPRequest) async throws(ClientError) -> HTTPResponse {
    if let body = try request.body?.joined(), let json = try? JSON(parsing: body) {
      let names = (json["requests"]?.array ?? []).compactMap { $0["custom_id"]?.string }
      questions.withLock { $0 = names }
      return answer(#"{"id":"msgbatch_1","processing_status":"in_progress"}"#)
    }
    guard request.url.path.hasSuffix("/results") else {
      return answer(#"{"id":"msgbatch_1","processing_status":"ended"}"#)
    }
    let message =
      #"{"model":"claude-haiku-4-5","content":[{"type":"text","text":"no haemorrhage"}],"#
      + #""stop_reason":"end_turn","usage":{"input_tokens":900,"output_tokens":5}}"#
    let lines = questions.withLock { $0 }.reversed().map {
      #"{"custom_id":"\#($0)","result":{"type":"succeeded","message":\#(message)}}"#
    }
    return answer(lines.joined(separator: "\n"))
  }

  private func answer(_ text: String) -> HTTPResponse {
    HTTPResponse(
      status: 200, headers: ["content-type": "application/json"], bytes: Array(text.utf8))
  }
}

let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(at: folder) }
let client = Anthropic(
  ModelTable.builtIn.profile("claude-haiku-4-5", vendor: .anthropic), key: .provided { "key" },
  transport: PlayedVendor())
let cases = (1...3).map {
  Case("scan \($0)", Prompt(.text("Is there a haemorrhage in scan \($0)?")))
}

let journal = try Journal(folder.appendingPathComponent("run.jsonl"))
let batch = BatchRun(client, state: folder.appendingPathComponent("batch.json"))
let results = try await batch.finish(cases, into: journal, polling: .milliseconds(10))
for result in results { print(result.name, "→", result.outcome.answer ?? "no answer") }

let summary = JournalSummary(try await journal.records()) { ModelTable.builtIn.price($0, $1) }
print("\(summary.attempts) answers for \(summary.cost) US dollars")

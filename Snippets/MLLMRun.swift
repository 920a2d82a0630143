// Thousands of prompts: journalled, resumed, replayed, re-scored. Offline: the model is a closure.

import Foundation
import MLLMClients

let file = FileManager.default.temporaryDirectory
  .appendingPathComponent("roentgen-\(UUID().uuidString).jsonl")
defer { try? FileManager.default.removeItem(at: file) }

let client = InProcess("a closure") { prompt, replicate in
  prompt.text.contains("7") ? "I'm sorry, but I can't help with that." : "normal"
}
let cases = (0..<20).flatMap { index in
  Case.repeated("case \(index)", Prompt(.text("Tile \(index)?")), times: 2)
}

let journal = try Journal(file)
let runner = Runner(client, journal: journal, concurrency: 4)
var counts: [OutcomeKind: Int] = [:]
for try await result in runner.results(of: cases) {
  counts[result.outcome.kind, default: 0] += 1
}
print(
  "first run:", counts.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key) \($0.value)" })

let again = try await runner.allResults(of: cases)
print("second run, from the journal:", again.count { $0.fromJournal }, "of", again.count)

let recorded = Recorded(journal, as: client)
print("replayed:", try await recorded.reply(to: cases[0].prompt).text)

let summary = JournalSummary(try await journal.records()) { ModelTable.current.price($0, $1) }
print("refused:", summary.outcomes[.refused] ?? 0, "cost:", summary.cost)

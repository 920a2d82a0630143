import ArgumentParser
import Foundation
import MLLMClients

struct JournalCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "journal", abstract: "Show, filter, re-score, merge and cost a run's journal.",
    discussion: """
      EXAMPLES
        roentgen journal run.jsonl                          counts, tokens, cost, latency
        roentgen journal run.jsonl --list --outcome refused what was refused
        roentgen journal run.jsonl --rescore                read every reply again, offline
        roentgen journal all.jsonl --merge a.jsonl --merge b.jsonl
      """)

  @Argument(help: "The journal.")
  var file: String

  @Flag(help: "One line a record: outcome, case, model, tokens, text.")
  var list = false

  @Option(
    help: "Only records of this outcome: answered, refused, blocked, truncated, malformed, failed.")
  var outcome: String?

  @Option(help: "Only cases whose name holds this.")
  var name: String?

  @Flag(help: "Read every recorded reply again and tell where the outcome changes.")
  var rescore = false

  @Option(help: "A shard to merge into the journal; may be repeated.")
  var merge: [String] = []

  @Option(help: "A JSON table of models and prices to use instead of the built-in one.")
  var models: String?

  func validate() throws {
    if let outcome, OutcomeKind(rawValue: outcome) == nil {
      throw ValidationError(
        "--outcome \(outcome): one of \(OutcomeKind.allCases.map(\.rawValue).joined(separator: ", "))."
      )
    }
  }

  func run() async throws {
    do {
      try await show()
    } catch let error as ClientError {
      throw Failure.exit(Failure.dataError, "\(error)")
    }
  }

  private func show() async throws {
    guard !merge.isEmpty || FileManager.default.fileExists(atPath: file) else {
      throw ClientError(.journal, "\(file) does not exist")
    }
    if let models { ModelTable.current = try ModelTable(contentsOf: URL(fileURLWithPath: models)) }
    if !merge.isEmpty {
      let journal = try Journal(URL(fileURLWithPath: file))
      if journal.repairedBytes > 0 {
        print("repaired: \(journal.repairedBytes) torn bytes cut off")
      }
      let found = try await journal.merge(merge.map { URL(fileURLWithPath: $0) })
      print("merged: \(found.written) records, \(found.duplicates) duplicates")
      for conflict in found.conflicts {
        print(
          "conflict: \(conflict.name) \(conflict.key) in \(conflict.shards.joined(separator: ", "))"
        )
      }
    }
    let records = try Journal.records(in: URL(fileURLWithPath: file)).filter { record in
      (outcome == nil || record.outcome.rawValue == outcome)
        && (name.map { record.name.contains($0) } ?? true)
    }
    if rescore {
      try rescore(records)
    } else if list {
      for record in records { print(Self.line(record)) }
    } else {
      summarise(records)
    }
  }

  private static func line(_ record: JournalRecord) -> String {
    let text = (try? record.reply().text) ?? record.error ?? ""
    let short = text.split(whereSeparator: \.isNewline).joined(separator: " ").prefix(100)
    let tokens = "\(record.usage.input ?? 0)+\(record.usage.output ?? 0)"
    return [
      record.outcome.rawValue, record.name, "#\(record.replicate)",
      record.answeredBy ?? record.model, tokens, String(short),
    ].joined(separator: "\t")
  }

  private func rescore(_ records: [JournalRecord]) throws {
    var changed = 0
    var read = 0
    for record in records where record.outcome != .failed {
      let now: OutcomeKind
      do throws(ClientError) {
        now = try record.reply().outcome.kind
      } catch {
        now = .failed
      }
      read += 1
      if now != record.outcome {
        changed += 1
        print("\(record.name) #\(record.replicate): \(record.outcome.rawValue) → \(now.rawValue)")
      }
    }
    print("\(read) replies read again, \(changed) outcomes changed")
  }

  private func summarise(_ records: [JournalRecord]) {
    let table = ModelTable.current
    let summary = JournalSummary(records) { table.price($0, $1) }
    print("attempts    \(summary.attempts)")
    for kind in OutcomeKind.allCases {
      if let count = summary.outcomes[kind] {
        print(kind.rawValue.padding(toLength: 12, withPad: " ", startingAt: 0) + "\(count)")
      }
    }
    let usage = summary.usage
    print("tokens in   \(usage.input ?? 0), of them \(usage.cacheRead ?? 0) from the cache")
    print("tokens out  \(usage.output ?? 0), of them \(usage.reasoning ?? 0) thoughts")
    print("cost        \(summary.cost) US dollars (prices of \(table.date))")
    if summary.saved != 0 {
      print("saved       \(summary.saved) US dollars by the vendors' caches")
    }
    if summary.unpriced > 0 {
      print("unpriced    \(summary.unpriced) replies: their cost is unknown")
    }
    if summary.possiblyBilled > 0 {
      print("unseen      \(summary.possiblyBilled) failed attempts may have been charged")
    }
    let sorted = summary.latencies.sorted()
    if !sorted.isEmpty {
      let median = sorted[sorted.count / 2]
      print("latency     median \(median) s, longest \(sorted[sorted.count - 1]) s")
    }
  }
}

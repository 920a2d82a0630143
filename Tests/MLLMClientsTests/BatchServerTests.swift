// The three batch interfaces end to end, against a server in a process of its own, the run killed
// in between. The server is Support/batch_server.py; it needs Python 3 and nothing else.

import Foundation
import MLLMClients
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

private enum Vendor: String, CaseIterable, Codable, Sendable {
  case openai, anthropic, gemini
}

private func cases(_ count: Int) -> [Case] {
  (0..<count).map { Case("c\($0)", Prompt(.text("case \($0)"))) }
}

private func temporary(_ name: String) -> String {
  NSTemporaryDirectory() + "roentgen-\(UUID().uuidString)-\(name)"
}

/// A run through a vendor's interface at the local server.
private func makeRun(
  _ vendor: Vendor, port: Int, state: String, perBatch: Int? = nil
) -> (BatchRun, any PromptClient) {
  guard let root = URL(string: "http://127.0.0.1:\(port)/\(vendor.rawValue)") else {
    preconditionFailure("no address")
  }
  let key = APIKey.provided { "k" }
  let file = URL(fileURLWithPath: state)
  var options = ClientOptions()
  options.retry.base = .milliseconds(10)
  switch vendor {
  case .openai:
    let client = OpenAI(
      ModelTable.builtIn.profile("gpt-4o", vendor: .openAI), key: key,
      base: root.appendingPathComponent("v1"), options: options)
    return (BatchRun(client, state: file, perBatch: perBatch), client)
  case .anthropic:
    let client = Anthropic(
      ModelTable.builtIn.profile("claude-haiku-4-5", vendor: .anthropic), key: key,
      base: root.appendingPathComponent("v1"), options: options)
    return (BatchRun(client, state: file, perBatch: perBatch), client)
  case .gemini:
    let client = Gemini(
      ModelTable.builtIn.profile("gemini-3.8-flash", vendor: .gemini), key: key,
      base: root.appendingPathComponent("v1beta"), options: options)
    return (BatchRun(client, state: file, perBatch: perBatch), client)
  }
}

@Suite(.serialized) struct BatchServerTests {
  private static func server(log: String, stall: Int = 0) async -> LocalServer? {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Support/batch_server.py").path
    return await LocalServer("batch server", anyPython: true) {
      [script, "\($0)", log, "\(stall)"]
    }
  }

  /// How often each question was submitted.
  private static func submissions(_ log: String) -> [Int: Int] {
    let text = String(decoding: FileManager.default.contents(atPath: log) ?? Data(), as: UTF8.self)
    var counts: [Int: Int] = [:]
    for line in text.split(separator: "\n") {
      if let number = Int(line.split(separator: " ")[1]) { counts[number, default: 0] += 1 }
    }
    return counts
  }

  /// What the server does with question N: refused for ever, or answered, at a second try or not.
  private static func expect(_ results: [CaseResult], log: String, count: Int) {
    #expect(results.map(\.name) == cases(count).map(\.name))
    let counts = submissions(log)
    #expect(counts.count == count)
    for (number, result) in results.enumerated() {
      if number % 11 == 6 {
        #expect(result.outcome.kind == .failed, "\(number)")
        #expect(counts[number] == 1, "\(number) is asked again in vain")
      } else {
        #expect(result.outcome == .answered("answer \(number)"), "\(number)")
        #expect(counts[number] == ([3, 5].contains(number % 7) ? 2 : 1), "\(number)")
      }
    }
  }

  @Test(arguments: [(Vendor.openai, 40), (.anthropic, 40), (.gemini, 40), (.gemini, 520)])
  fileprivate func `a list is submitted, the failed asked again, results come in any order`(
    vendor: Vendor, count: Int
  ) async throws {
    let log = temporary("log")
    guard let server = await Self.server(log: log) else { return }
    let (run, client) = makeRun(vendor, port: server.port, state: temporary("state"))
    let journal = try Journal(URL(fileURLWithPath: temporary("journal")))
    for _ in 0..<2 {
      let results = try await run.finish(
        cases(count), into: journal, polling: .milliseconds(1))
      Self.expect(results, log: log, count: count)
    }
    // Collected twice, written once; the price is a batch's.
    let records = try await journal.records()
    #expect(records.count == count)
    let summary = JournalSummary(records) { ModelTable.builtIn.price($0, $1) }
    let answered = Decimal(records.count { $0.outcome == .answered })
    let each = client.model.price?.cost(of: Usage(uncachedInput: 100, output: 10), batched: true)
    #expect(each.map { summary.cost == $0 * answered } == true)
    // What batches answered, a run without them does not ask.
    let rest = try await Runner(client, journal: journal).allResults(
      of: cases(count).filter { Int($0.name.dropFirst()).map { $0 % 11 != 6 } ?? false })
    #expect(rest.allSatisfy { $0.fromJournal })
  }

  @Test(arguments: Vendor.allCases)
  fileprivate func `killed between submitting and collecting, another process goes on`(
    vendor: Vendor
  ) async throws {
    let log = temporary("log")
    let state = temporary("state")
    let path = temporary("journal")
    guard let server = await Self.server(log: log) else { return }
    let port = server.port
    await #expect(processExitsWith: .signal(SIGKILL)) {
      [vendor = vendor as Vendor, port = port as Int, state = state as String] in
      let (run, _) = makeRun(vendor, port: port, state: state)
      try await run.submit(cases(20))
      raise(SIGKILL)
    }
    await #expect(processExitsWith: .signal(SIGKILL)) {
      [vendor = vendor as Vendor, port = port as Int, state = state as String] in
      let (run, _) = makeRun(vendor, port: port, state: state)
      let polls = Counter()
      _ = try await run.finish(cases(20), polling: .milliseconds(1)) { _ in
        Task {
          await polls.add()
          if await polls.count == 3 { raise(SIGKILL) }
        }
      }
      try await Task.sleep(for: .seconds(1))
      raise(SIGKILL)
    }
    let (run, _) = makeRun(vendor, port: port, state: state)
    let journal = try Journal(URL(fileURLWithPath: path))
    let results = try await run.finish(cases(20), into: journal, polling: .milliseconds(1))
    Self.expect(results, log: log, count: 20)
  }

  @Test func `killed while submitting, what is not known is not submitted again unasked`()
    async throws
  {
    let log = temporary("log")
    let state = temporary("state")
    // The first creation is turned away; the third, the second batch's, is never answered.
    guard let server = await Self.server(log: log, stall: 3) else { return }
    let port = server.port
    await #expect(processExitsWith: .signal(SIGKILL)) {
      [port = port as Int, state = state as String] in
      let (run, _) = makeRun(.anthropic, port: port, state: state, perBatch: 5)
      Task {
        try await Task.sleep(for: .seconds(2))
        raise(SIGKILL)
      }
      try await run.submit(cases(15))
    }
    let (run, _) = makeRun(.anthropic, port: port, state: state, perBatch: 5)
    #expect(try run.state().parts.map(\.status) == [.running, .submitting])
    await #expect { try await run.submit(cases(15)) } throws: {
      ($0 as? ClientError)?.code == .batch
    }
    #expect(Self.submissions(log).values.reduce(0, +) == 10)
    // The user has looked, and the vendor is not to be believed to have it.
    try run.forgetUnsure()
    let results = try await run.finish(cases(15), polling: .milliseconds(1))
    #expect(results.count == 15)
    let counts = Self.submissions(log)
    #expect((0..<5).allSatisfy { counts[$0] == ([3, 5].contains($0 % 7) ? 2 : 1) })
    #expect(counts[7] == 2)
  }

  @Test func `two at one state file are refused`() async throws {
    let log = temporary("log")
    let state = temporary("state")
    guard let server = await Self.server(log: log) else { return }
    let (run, _) = makeRun(.openai, port: server.port, state: state)
    let holder = try Journal(URL(fileURLWithPath: state + ".lock"))
    await #expect { try await run.submit(cases(2)) } throws: {
      ($0 as? ClientError)?.code == .batch
    }
    withExtendedLifetime(holder) {}
  }
}

// Thousands of requests to a server that resets, stalls, lies, floods and cuts, in seeded order.
// The server is Support/fault_server.py; it needs Python 3 and nothing else.

import Foundation
import MLLMClients
import Synchronization
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The number of questions; more with ROENTGEN_SLOW=1.
private let questions = ProcessInfo.processInfo.environment["ROENTGEN_SLOW"] == "1" ? 10_000 : 2_000

private func temporary(_ name: String) -> String {
  NSTemporaryDirectory() + "roentgen-\(UUID().uuidString)-\(name)"
}

private func cases(_ count: Int) -> [Case] {
  (0..<count).map { index in
    Case("c\(index)", Prompt(.text("case \(index)")).decoding { $0.maxTokens = 10 })
  }
}

private func hardened(
  port: Int, price: Price? = nil, over transport: any Transport = URLSessionTransport.shared
) -> OpenAICompatible {
  var options = ClientOptions()
  options.bounds = HTTPRequest.Bounds(
    idle: .seconds(1), total: .seconds(3), responseBytes: 1 << 20)
  options.retry = RetryPolicy(
    attempts: 40, base: .milliseconds(1), longest: .milliseconds(20), sameFailure: 40,
    malformed: 40)
  options.streams = true
  var model = ModelProfile(name: "m", price: price)
  model.maxOutput = 10
  guard let base = URL(string: "http://127.0.0.1:\(port)/v1") else {
    preconditionFailure("no address")
  }
  return OpenAICompatible(base: base, model: model, transport: transport, options: options)
}

@Suite(.serialized) struct FaultServerTests {
  private static func server(seed: Int, log: String, rate: Double) async -> LocalServer? {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Support/fault_server.py").path
    return await LocalServer("fault server", anyPython: true) {
      [script, "\($0)", "\(seed)", log, "\(rate)"]
    }
  }

  /// Each line: the case, the fault, whether a good reply was delivered.
  private static func lines(_ log: String) -> [(name: String, fault: String, delivered: Bool)] {
    let text = String(decoding: FileManager.default.contents(atPath: log) ?? Data(), as: UTF8.self)
    return text.split(separator: "\n").map { line in
      let parts = line.split(separator: " ")
      return ("c\(parts[0])", String(parts[1]), parts[2] == "1")
    }
  }

  @Test(arguments: NamedTransport.all)
  func `no question is lost, and none is asked again after its answer`(
    over: NamedTransport
  ) async throws {
    let log = temporary("log")
    let path = temporary("journal")
    guard let server = await Self.server(seed: 1, log: log, rate: 0.5) else { return }
    let journal = try Journal(URL(fileURLWithPath: path))
    let client = hardened(port: server.port, over: over.transport)
    let runner = Runner(client, journal: journal, concurrency: 32)
    let results = try await runner.allResults(of: cases(questions))
    #expect(results.count == questions)
    var wrong = 0
    for result in results {
      let number = result.name.dropFirst()
      if result.outcome != .answered("answer \(number)") {
        wrong += 1
        print("\(result.name): \(result.outcome)")
      }
    }
    #expect(wrong == 0)
    // After the journal has an answer, the server sees the case no more.
    var answered: Set<String> = []
    for record in try await journal.records() {
      #expect(!answered.contains(record.name), "\(record.name) was asked after its answer")
      if record.outcome == .answered { answered.insert(record.name) }
    }
    #expect(answered.count == questions)
    let lines = Self.lines(log)
    let faults = Set(lines.map(\.fault))
    #expect(faults.count > 25, "only \(faults.sorted())")
    print(
      "\(lines.count) requests, \(lines.count { !$0.delivered }) faults of \(faults.count) kinds")
  }

  @Test func `a run killed in the middle resumes and asks nothing twice`() async throws {
    let log = temporary("log")
    let path = temporary("journal")
    guard let server = await Self.server(seed: 2, log: log, rate: 0.3) else { return }
    let port = server.port
    let count = 600
    for kill in [150, 200] {
      await #expect(processExitsWith: .signal(SIGKILL)) {
        [path = path as String, port = port as Int, count = count as Int, kill = kill as Int] in
        let journal = try Journal(URL(fileURLWithPath: path))
        let runner = Runner(hardened(port: port), journal: journal, concurrency: 16)
        var fresh = 0
        for try await result in runner.results(of: cases(count)) where !result.fromJournal {
          fresh += 1
          if fresh == kill { raise(SIGKILL) }
        }
      }
    }
    let journal = try Journal(URL(fileURLWithPath: path))
    let before = await journal.keys([.answered]).count
    #expect(before >= 350)
    let runner = Runner(hardened(port: port), journal: journal, concurrency: 16)
    let results = try await runner.allResults(of: cases(count))
    #expect(results.count { $0.fromJournal } == before)
    #expect(results.allSatisfy { $0.outcome.kind == .answered })
    // A reply that was on its way when the process died may be asked for again; one on disk never.
    let delivered = Dictionary(grouping: Self.lines(log).filter(\.delivered), by: \.name)
    #expect(delivered.count == count)
    let twice = delivered.values.count { $0.count > 1 }
    #expect(twice <= 2 * 16, "\(twice) questions were answered twice")
    var answers: [String: Int] = [:]
    for record in try await journal.records() where record.outcome == .answered {
      answers[record.name, default: 0] += 1
    }
    #expect(answers.values.allSatisfy { $0 == 1 })
  }

  @Test(arguments: NamedTransport.all)
  func `what is spent never passes the budget`(over: NamedTransport) async throws {
    let log = temporary("log")
    guard let server = await Self.server(seed: 3, log: log, rate: 0.4) else { return }
    // 100 input tokens and 10 output tokens a reply: 120 millionths of a dollar.
    let price = Price(input: 1, output: 2)
    let budget = Budget(limit: Decimal(30) / 1000)
    let runner = Runner(
      hardened(port: server.port, price: price, over: over.transport), concurrency: 16,
      budget: budget)
    let results = try await runner.allResults(of: cases(1000))
    let delivered = Self.lines(log).count { $0.delivered }
    let truth = Decimal(delivered) * (Decimal(120) / 1_000_000)
    #expect(truth <= budget.limit)
    #expect(await budget.spent <= budget.limit)
    #expect(results.count == 1000)
    #expect(results.contains { $0.outcome.kind == .answered })
    let stopped = results.count {
      if case .failure(let error) = $0.result { error.code == .budget } else { false }
    }
    #expect(stopped > 0)
    #expect(results.allSatisfy { $0.outcome.kind == .answered || $0.outcome.kind == .failed })
    print(
      "\(delivered) replies for \(truth) of \(budget.limit) dollars, \(stopped) cases not asked")
  }
}

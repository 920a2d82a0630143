import Foundation
import MLLMClients
import Testing

private func temporary() -> URL {
  URL(fileURLWithPath: NSTemporaryDirectory() + "roentgen-\(UUID().uuidString).jsonl")
}

private func echo() -> InProcess {
  InProcess("echo") { prompt, replicate in "\(prompt.text) \(replicate)" }
}

private func cases(_ count: Int) -> [Case] {
  (0..<count).map { Case("c\($0)", Prompt(.text("question \($0)"), .png(Pictures.png()))) }
}

@Suite struct JournalTests {
  @Test func `a run resumes without asking, and replays without a client`() async throws {
    let url = temporary()
    let calls = Counter()
    let client = InProcess("echo") { prompt, _ in
      await calls.add()
      return "answer to \(prompt.text)"
    }
    do {
      let journal = try Journal(url)
      let results = try await Runner(client, journal: journal).allResults(of: cases(50))
      #expect(results.allSatisfy { !$0.fromJournal && $0.outcome.kind == .answered })
    }
    let journal = try Journal(url)
    let again = try await Runner(client, journal: journal).allResults(of: cases(60))
    #expect(again.count { $0.fromJournal } == 50)
    #expect(await calls.count == 60)
    #expect(again[3].outcome == .answered("answer to question 3"))
    let recorded = Recorded(journal, as: client)
    #expect(try await recorded.reply(to: cases(4)[3].prompt).text == "answer to question 3")
    await #expect { try await recorded.reply(to: Prompt(.text("new"))) } throws: {
      ($0 as? ClientError)?.code == .notRecorded
    }
    #expect(await calls.count == 60)
    // One picture, stored once.
    let files = try FileManager.default.contentsOfDirectory(atPath: url.path + ".pictures")
    #expect(files == ["\(Digest(of: Pictures.png())).png"])
  }

  @Test func `a torn last line is cut off, wherever it was torn`() async throws {
    let url = temporary()
    do {
      let journal = try Journal(url)
      _ = try await Runner(echo(), journal: journal).allResults(of: cases(3))
    }
    let whole = try Data(contentsOf: url)
    let last = try #require(whole.dropLast().lastIndex(of: 0x0A)) + 1
    for cut in stride(from: last + 1, to: whole.count, by: 37) {
      try whole.prefix(cut).write(to: url)
      do {
        let journal = try Journal(url)
        #expect(await journal.count == 2)
        #expect(journal.repairedBytes == cut - last)
      }
      #expect(try Data(contentsOf: url).count == last)
    }
    // A last line that lacks its end alone is whole.
    try whole.dropLast().write(to: url)
    #expect(await (try Journal(url)).count == 3)
    #expect(try Data(contentsOf: url) == whole)
  }

  @Test func `a broken line in the middle is told, not skipped`() async throws {
    let url = temporary()
    do {
      let journal = try Journal(url)
      _ = try await Runner(echo(), journal: journal).allResults(of: cases(3))
    }
    var bytes = try Data(contentsOf: url)
    bytes[10] = 0x00
    try bytes.write(to: url)
    #expect { try Journal(url) } throws: {
      let error = $0 as? ClientError
      return error?.code == .journal && error?.detail.contains("line 1 at byte 0") == true
    }
  }

  @Test(arguments: ["shopping: milk", "{\"patients\": 3}", "{\"v\":2}", "x"])
  func `a file that is no journal is left as it is`(text: String) throws {
    let url = temporary()
    try Data(text.utf8).write(to: url)
    #expect { try Journal(url) } throws: { ($0 as? ClientError)?.code == .journal }
    #expect { try Journal.records(in: url) } throws: { ($0 as? ClientError)?.code == .journal }
    #expect(try Data(contentsOf: url) == Data(text.utf8))
  }

  @Test func `a journal in use can be read, its torn line left alone`() async throws {
    let url = temporary()
    let journal = try Journal(url)
    _ = try await Runner(echo(), journal: journal).allResults(of: cases(3))
    #expect(try Journal.records(in: url).map(\.name).sorted() == ["c0", "c1", "c2"])
    let whole = try Data(contentsOf: url)
    try whole.dropLast(40).write(to: url)
    #expect(try Journal.records(in: url).count == 2)
    #expect(try Data(contentsOf: url).count == whole.count - 40)
    withExtendedLifetime(journal) {}
  }

  @Test func `a shard that is not there is told, not made`() async throws {
    let journal = try Journal(temporary())
    let missing = temporary()
    await #expect { try await journal.merge([missing]) } throws: {
      ($0 as? ClientError)?.code == .journal
    }
    #expect(!FileManager.default.fileExists(atPath: missing.path))
  }

  @Test func `a run is estimated before it begins`() async throws {
    let journal = try Journal(temporary())
    let price = Price(input: 1, output: 2)
    let client = OpenAICompatible(
      base: .of("http://127.0.0.1/v1"), model: ModelProfile(name: "m", price: price),
      transport: CannedTransport(
        bytes: Array(#"{"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]}"#.utf8)))
    let all = cases(5).map { Case($0.name, $0.prompt.decoding { $0.maxTokens = 100 }) }
    let runner = Runner(client, journal: journal)
    let before = try await runner.estimate(of: all)
    #expect(before.cases == 5 && before.outputTokens == 500 && before.inputTokens > 8000)
    let cost = Decimal(before.inputTokens + 2 * before.outputTokens) / 1_000_000
    #expect(before.cost == cost)
    _ = try await runner.allResults(of: all.prefix(2).map { $0 })
    let after = try await runner.estimate(of: all)
    #expect(after.cases == 3 && after.answered == 2)
  }

  @Test func `two at one journal are refused`() throws {
    let url = temporary()
    let first = try Journal(url)
    #expect { try Journal(url) } throws: { ($0 as? ClientError)?.code == .journal }
    withExtendedLifetime(first) {}
  }

  @Test func `shards merge, and contradictions are found`() async throws {
    let one = temporary()
    let two = temporary()
    func write(_ url: URL, _ range: Range<Int>, _ answer: String) async throws {
      let client = InProcess("m") { prompt, _ in "\(answer) \(prompt.text)" }
      let journal = try Journal(url)
      _ = try await Runner(client, journal: journal).allResults(of: Array(cases(10)[range]))
    }
    try await write(one, 0..<6, "yes")
    try await write(two, 5..<10, "no")
    let all = try Journal(temporary())
    let merge = try await all.merge([one, two])
    #expect(merge.written == 11)
    #expect(merge.conflicts.map(\.name) == ["c5"])
    let again = try await all.merge([one])
    #expect(again.written == 0 && again.duplicates == 6)
    // Plain concatenation is a journal too.
    let joined = temporary()
    try (Data(contentsOf: one) + Data(contentsOf: two)).write(to: joined)
    #expect(await (try Journal(joined)).count == 10)
  }

  @Test func `repeats are questions of their own`() async throws {
    let journal = try Journal(temporary())
    let prompt = Prompt(.text("?")).decoding { $0.seed = 7 }
    let repeats = Case.repeated("a", prompt, times: 3)
    #expect(repeats.map(\.prompt.decoding.seed) == [7, 8, 9])
    let plain = Case.repeated("b", Prompt(.text("?")), times: 3)
    let results = try await Runner(echo(), journal: journal).allResults(of: plain)
    #expect(results.map { $0.outcome.answer } == ["? 0", "? 1", "? 2"])
    #expect(await journal.count == 3)
  }

  @Test func `failures are asked again, refusals by policy`() async throws {
    let url = temporary()
    let calls = Counter()
    let client = InProcess("m") { prompt, _ in
      await calls.add()
      if prompt.text.hasSuffix("0") { throw ClientError(.server, "down") }
      return "I'm sorry, but I can't help with that."
    }
    let journal = try Journal(url)
    _ = try await Runner(client, journal: journal).allResults(of: cases(2))
    var runner = Runner(client, journal: journal)
    _ = try await runner.allResults(of: cases(2))
    #expect(await calls.count == 3)
    runner.settled = [.answered]
    _ = try await runner.allResults(of: cases(2))
    #expect(await calls.count == 5)
  }

  @Test func `cancelling leaves nothing running`() async throws {
    let running = Counter()
    let client = InProcess("slow") { _, _ in
      await running.add()
      do {
        try await Task.sleep(for: .seconds(60))
      } catch {
        await running.add(-1)
        throw error
      }
      return "late"
    }
    let task = Task {
      try await Runner(client, concurrency: 4).allResults(of: cases(100)).count
    }
    try await Task.sleep(for: .milliseconds(200))
    task.cancel()
    _ = try? await task.value
    // On a busy machine the last of them may still be on its way out.
    for _ in 0..<500 where await running.count > 0 { try await Task.sleep(for: .milliseconds(10)) }
    #expect(await running.count == 0)
  }

  @Test func `deadlines end cases and runs`() async throws {
    let client = OpenAICompatible(
      base: .of("http://127.0.0.1/v1"), model: ModelProfile(name: "m"),
      transport: ScriptedTransport(
        Array(repeating: .init(status: 503, body: "{}"), count: 10)))
    let runner = Runner(client, concurrency: 1, whole: .milliseconds(1))
    let results = try await runner.allResults(of: cases(3))
    #expect(results.count == 3)
    #expect(results.allSatisfy { $0.outcome.kind == .failed })
  }
}

actor Counter {
  private(set) var count = 0
  func add(_ amount: Int = 1) { count += amount }
}

// Thousands of prompts in, replies out: bounded, journalled, resumable.

import Foundation

/// One question of a run.
public struct Case: Sendable {
  /// The caller's name for it, unique within the run; never sent.
  public let name: String
  public let prompt: Prompt
  /// Which repeat of the question this is, from 0.
  public let replicate: Int

  public init(_ name: String, _ prompt: Prompt, replicate: Int = 0) {
    precondition(replicate >= 0, "replicate \(replicate)")
    self.name = name
    self.prompt = prompt
    self.replicate = replicate
  }

  /// The same question a number of times, for test–retest agreement. Where the prompt has a seed,
  /// each repeat has the next one.
  public static func repeated(_ name: String, _ prompt: Prompt, times: Int) -> [Case] {
    precondition(times > 0, "\(times) repeats")
    return (0..<times).map { index in
      Case(name, prompt.decoding { $0.seed = $0.seed.map { $0 + index } }, replicate: index)
    }
  }
}

/// What became of a case.
public struct CaseResult: Sendable {
  public let name: String
  public let replicate: Int
  public let result: Result<Reply, ClientError>
  /// Whether the reply was in the journal already.
  public let fromJournal: Bool

  /// What became of it, failures included.
  public var outcome: Outcome<String> {
    switch result {
    case .success(let reply): reply.outcome
    case .failure(let error): .failed(error)
    }
  }
}

/// Asks many questions.
///
/// Prompts are taken from their sequence as they are sent, so a lazy sequence of pictures in files
/// needs no more memory than the requests under way.
public struct Runner: Sendable {
  public let client: any PromptClient
  /// Where every attempt is written, and what a run resumes from.
  public var journal: Journal?
  /// The most requests at a time.
  public var concurrency: Int
  /// Holds requests to the vendor's rates; shared by runs that share a key. Without one, a run
  /// makes its own, which learns from what the vendor says.
  public var governor: RateGovernor?
  /// What the run may cost.
  public var budget: Budget?
  /// How long one case may take, its repeats after failures included.
  public var perCase: Duration?
  /// How long the run may take.
  public var whole: Duration?
  /// Is told when a case has to wait, for a progress line: `c17: parked for 340 s after …`.
  public var onWait: (@Sendable (_ name: String, _ replicate: Int, CallWait) -> Void)?
  /// Recorded outcomes that are not asked again.
  public var settled: Set<OutcomeKind> = [.answered, .refused, .blocked, .truncated, .malformed]

  public init(
    _ client: any PromptClient, journal: Journal? = nil, concurrency: Int = 8,
    governor: RateGovernor? = nil, budget: Budget? = nil, perCase: Duration? = nil,
    whole: Duration? = nil
  ) {
    precondition(concurrency > 0, "concurrency \(concurrency)")
    self.client = client
    self.journal = journal
    self.concurrency = concurrency
    self.governor = governor
    self.budget = budget
    self.perCase = perCase
    self.whole = whole
  }

  /// The results, in the order in which they come.
  ///
  /// The sequence throws when the journal can't be written; a spent budget and a passed deadline
  /// end it with the cases left over failed as such. Ending the iteration or cancelling its task
  /// cancels what is under way.
  public func results(
    of cases: some Sequence<Case> & Sendable
  ) -> AsyncThrowingStream<CaseResult, any Error> {
    AsyncThrowingStream { continuation in
      let work = Task {
        do {
          try await run(cases) { continuation.yield($0) }
          continuation.finish()
        } catch {
          continuation.finish(throwing: error)
        }
      }
      continuation.onTermination = { _ in
        work.cancel()
        if let budget { Task { await budget.wake() } }
      }
    }
  }

  /// All results, in the order of the cases.
  public func allResults(
    of cases: some Sequence<Case> & Sendable
  ) async throws -> [CaseResult] {
    let order = Array(cases)
    var found: [Slot: CaseResult] = [:]
    for try await result in results(of: order) {
      found[Slot(name: result.name, replicate: result.replicate)] = result
    }
    return order.compactMap { found[Slot(name: $0.name, replicate: $0.replicate)] }
  }

  private struct Slot: Hashable {
    let name: String
    let replicate: Int
  }

  private func run(
    _ cases: some Sequence<Case>, yield: @escaping @Sendable (CaseResult) -> Void
  ) async throws {
    let end = whole.map { ContinuousClock.now + $0 }
    let stop = StopFlag()
    let governor = governor ?? RateGovernor(RateGovernor.Rates(concurrency: concurrency))
    try await withThrowingTaskGroup(of: CaseResult.self) { group in
      var iterator = cases.makeIterator()
      var running = 0
      func start(_ item: Case) {
        group.addTask {
          try await self.result(of: item, end: end, stop: stop, governor: governor)
        }
        running += 1
      }
      while running < concurrency, let item = iterator.next() { start(item) }
      while running > 0, let result = try await group.next() {
        running -= 1
        yield(result)
        if !Task.isCancelled, let item = iterator.next() { start(item) }
      }
    }
  }

  /// What became of one case. Throws only what ends the run.
  private func result(
    of item: Case, end: ContinuousClock.Instant?, stop: StopFlag, governor: RateGovernor
  ) async throws -> CaseResult {
    func done(_ result: Result<Reply, ClientError>, fromJournal: Bool = false) -> CaseResult {
      CaseResult(
        name: item.name, replicate: item.replicate, result: result, fromJournal: fromJournal)
    }
    do throws(ClientError) {
      if let journal {
        let key = try client.record(of: item.prompt, replicate: item.replicate).key
        if let record = try await journal.record(for: key, outcomes: settled) {
          return done(.success(try record.reply(format: item.prompt.format)), fromJournal: true)
        }
      }
      if let reason = await stop.reason { throw reason }
      let now = ContinuousClock.now
      if let end, now >= end { throw ClientError(.timeout, "the run's time is over") }
      return done(.success(try await ask(item, end: end, now: now, governor: governor)))
    } catch {
      if error.code == .journal { throw error }
      if error.code == .budget { await stop.set(error) }
      return done(.failure(error))
    }
  }

  private func ask(
    _ item: Case, end: ContinuousClock.Instant?, now: ContinuousClock.Instant,
    governor: RateGovernor
  ) async throws(ClientError) -> Reply {
    var call = Call(replicate: item.replicate)
    call.governor = governor
    if let onWait { call.onWait = { onWait(item.name, item.replicate, $0) } }
    call.deadline = [perCase.map { now + $0 }, end].compactMap { $0 }.min()
    let journal = journal
    let name = item.name
    let format = item.prompt.format
    let estimate = Estimate(of: item.prompt, model: client.model)
    let ledger = Ledger(budget: budget, model: client.model, estimate: estimate)
    if budget != nil {
      call.onSend = { (_: Int) async throws(ClientError) in try await ledger.open() }
    }
    if journal != nil || budget != nil {
      call.onAttempt = { (attempt: Attempt) async throws(ClientError) in
        await ledger.book(attempt)
        try await journal?.append(attempt, name: name, format: format)
      }
    }
    do throws(ClientError) {
      let reply = try await client.reply(to: item.prompt, call: call)
      await ledger.close()
      return reply
    } catch {
      await ledger.close()
      throw error
    }
  }
}

/// Why no new request may begin.
private actor StopFlag {
  private(set) var reason: ClientError?
  func set(_ error: ClientError) { reason = reason ?? error }
}

/// One case's dealings with the budget: a reservation for each attempt.
private actor Ledger {
  private let budget: Budget?
  private let model: ModelProfile
  private let estimate: Estimate
  private var reservation: Decimal?

  init(budget: Budget?, model: ModelProfile, estimate: Estimate) {
    self.budget = budget
    self.model = model
    self.estimate = estimate
  }

  func open() async throws(ClientError) {
    if reservation == nil { reservation = try await budget?.reserve(estimate, model: model.name) }
  }

  /// Books what an attempt has cost; one that may have been charged unseen costs what was reserved.
  func book(_ attempt: Attempt) async {
    guard let budget, let held = reservation else { return }
    reservation = nil
    switch attempt.result {
    case .success(let reply):
      await budget.settle(held, cost: model.price?.cost(of: reply.usage), isReply: true)
    case .failure(let error):
      await budget.settle(held, cost: error.possiblyBilled ? nil : 0)
    }
  }

  func close() async {
    if let budget, let held = reservation { await budget.settle(held, cost: 0) }
    reservation = nil
  }
}

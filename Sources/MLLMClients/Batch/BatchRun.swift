// The same prompts at half the price: submitted together, collected within a day.

public import Foundation

/// Asks many questions through a vendor's batch interface.
///
/// What was submitted is in a file before and after every step, so the process may end in between
/// and another may go on: `submit`, then `poll` until it is settled, then `collect`, then
/// `retryFailed` for what a second try may mend; or all of it by `finish`, which may be called
/// again after a crash. Two processes at one state file are refused.
public struct BatchRun: Sendable {
  private let service: any BatchService
  private let client: any PromptClient
  private let core: RemoteClient
  private let file: URL
  private let perBatch: Int?

  /// A run through OpenAI's Batch interface.
  ///
  /// - `file`: Where the state is kept.
  /// - `perBatch`: The most requests in one batch; by default the vendor's limit. Smaller batches
  ///   keep within a limit on tokens that wait.
  public init(_ client: OpenAI, state file: URL, perBatch: Int? = nil) {
    let endpoint = "/v1/" + client.core.wire.path(model: client.model, stream: false)
    self.init(
      client, core: client.core, service: OpenAIBatch(core: client.core, endpoint: endpoint),
      file: file, perBatch: perBatch)
  }

  /// A run through OpenAI's Batch interface at another host; see the initialiser for OpenAI.
  ///
  /// - Throws: `ClientError` with `.unsupported` where the dialect names no `batchEndpoint`, as
  ///   most servers have no batches.
  public init(
    _ client: OpenAICompatible, state file: URL, perBatch: Int? = nil
  ) throws(ClientError) {
    guard let endpoint = client.dialect.batchEndpoint else {
      throw ClientError(
        .unsupported, "the host is not known to have batches: its dialect names no batchEndpoint")
    }
    self.init(
      client, core: client.core, service: OpenAIBatch(core: client.core, endpoint: endpoint),
      file: file, perBatch: perBatch)
  }

  /// A run through Anthropic's Message Batches; see the initialiser for OpenAI.
  public init(_ client: Anthropic, state file: URL, perBatch: Int? = nil) {
    self.init(
      client, core: client.core, service: AnthropicBatch(core: client.core), file: file,
      perBatch: perBatch)
  }

  /// A run through Gemini's batch mode; see the initialiser for OpenAI.
  public init(_ client: Gemini, state file: URL, perBatch: Int? = nil) {
    self.init(
      client, core: client.core, service: GeminiBatch(core: client.core), file: file,
      perBatch: perBatch)
  }

  private init(
    _ client: any PromptClient, core: RemoteClient, service: any BatchService, file: URL,
    perBatch: Int?
  ) {
    precondition(perBatch.map { $0 > 0 } ?? true, "batches of \(perBatch ?? 0)")
    self.perBatch = perBatch
    self.client = client
    self.core = core
    self.service = service
    self.file = file
  }

  /// Keeps others from the state file, until it is let go.
  private func lock() throws(ClientError) -> JournalFile {
    do throws(ClientError) {
      return try JournalFile(path: file.path + ".lock")
    } catch {
      throw ClientError(.batch, "\(file.lastPathComponent) is in use: \(error.detail)")
    }
  }

  /// Where the run stands.
  public func state() throws(ClientError) -> BatchState { try BatchState.load(file) }

  /// Submits the cases that have not been submitted, in as many batches as the vendor's limits
  /// want.
  ///
  /// - Throws: `ClientError` with `.batch` when an earlier submission was cut off and it is not
  ///   known whether the vendor has it: look there, then `forgetUnsure()`.
  @discardableResult
  public func submit(_ cases: [Case]) async throws(ClientError) -> BatchState {
    let lock = try lock()
    defer { withExtendedLifetime(lock) {} }
    var state = try BatchState.load(file)
    if state.parts.contains(where: { $0.status == .submitting }) {
      throw ClientError(.batch, "a submission was cut off; the vendor may have it")
    }
    let fresh = try requests(for: cases).filter { state.items[$0.key] == nil }
    try await submit(fresh, round: 0, state: &state)
    return state
  }

  /// Forgets submissions that were cut off, so that their cases are submitted again.
  public func forgetUnsure() throws(ClientError) {
    let lock = try lock()
    defer { withExtendedLifetime(lock) {} }
    var state = try BatchState.load(file)
    for part in state.parts where part.status == .submitting {
      for key in part.keys { state.items[key] = nil }
    }
    state.parts.removeAll { $0.status == .submitting }
    try state.save(file)
  }

  /// Asks the vendor how the batches stand.
  @discardableResult
  public func poll() async throws(ClientError) -> BatchState {
    let lock = try lock()
    defer { withExtendedLifetime(lock) {} }
    var state = try BatchState.load(file)
    for index in state.parts.indices where state.parts[index].status == .running {
      try await service.refresh(&state.parts[index])
      try state.save(file)
    }
    return state
  }

  /// The results that are there. Cases without one are absent while a batch with them runs, and
  /// failed once it has ended without them.
  ///
  /// - `journal`: Where the replies are written, once each, so that a run can go on without batches.
  public func collect(
    _ cases: [Case], into journal: Journal? = nil
  ) async throws(ClientError) -> [CaseResult] {
    let found = try await found(in: try BatchState.load(file))
    var results: [CaseResult] = []
    for request in try requests(for: cases) {
      guard let result = found[request.key] else { continue }
      results.append(try await settle(request, result, journal: journal))
    }
    return results
  }

  /// What each key came to, the last round's word last.
  private func found(
    in state: BatchState
  ) async throws(ClientError) -> [String: Result<JSON, ClientError>] {
    var found: [String: Result<JSON, ClientError>] = [:]
    for part in state.parts.sorted(by: { $0.round < $1.round }) {
      switch part.status {
      case .ended:
        var told: Set<String> = []
        for (key, result) in try await service.results(of: part) where part.keys.contains(key) {
          // A reply is never lost to a later failure.
          if case .success? = found[key], case .failure = result { continue }
          found[key] = result
          told.insert(key)
        }
        for key in part.keys where !told.contains(key) {
          if case .success? = found[key] { continue }
          found[key] = .failure(ClientError(.batch, "the batch ended without it"))
        }
      case .failed:
        let error = ClientError(.batch, part.error ?? "the batch failed")
        for key in part.keys where found[key] == nil { found[key] = .failure(error) }
      // Asked again, and no word yet: what an earlier round said counts no more.
      case .submitting, .running: for key in part.keys { found[key] = nil }
      }
    }
    return found
  }

  /// Submits again what ended without a reply for a reason that may pass: expired, lost, server
  /// errors. What is under way is not submitted a second time.
  ///
  /// - Returns: How many were submitted.
  public func retryFailed(_ cases: [Case], rounds: Int = 2) async throws(ClientError) -> Int {
    let lock = try lock()
    defer { withExtendedLifetime(lock) {} }
    var state = try BatchState.load(file)
    if state.parts.contains(where: { $0.status == .submitting }) {
      throw ClientError(.batch, "a submission was cut off; the vendor may have it")
    }
    let found = try await found(in: state)
    let again = try requests(for: cases).filter { request in
      guard case .failure(let error)? = found[request.key] else { return false }
      let tries = state.parts.count { $0.round > 0 && $0.keys.contains(request.key) }
      return tries < rounds && (error.code == .batch || RetryPolicy().mayRetry(error))
    }
    let round = (state.parts.map(\.round).max() ?? 0) + 1
    try await submit(again, round: round, state: &state)
    return again.count
  }

  /// Submits, polls until all is settled, retries what may be mended, and collects. Called again
  /// after the process ended, it goes on where the state file says.
  ///
  /// - Parameters:
  ///   - cases: The same list on every call.
  ///   - journal: Where the replies are written, once each.
  ///   - pause: The time between two polls.
  ///   - rounds: How often a failed case is submitted again.
  ///   - progress: Is told how the batches stand after every poll.
  /// - Returns: One result a case, in their order.
  public func finish(
    _ cases: [Case], into journal: Journal? = nil, polling pause: Duration = .seconds(60),
    rounds: Int = 2, progress: (@Sendable (BatchState) -> Void)? = nil
  ) async throws(ClientError) -> [CaseResult] {
    try await submit(cases)
    while true {
      var state = try await poll()
      progress?(state)
      while !state.isSettled {
        do {
          try await Task.sleep(for: pause)
        } catch {
          throw ClientError(.cancelled, "cancelled while a batch ran; its state is kept")
        }
        state = try await poll()
        progress?(state)
      }
      if try await retryFailed(cases, rounds: rounds) == 0 { break }
    }
    return try await collect(cases, into: journal)
  }

  private func requests(for cases: [Case]) throws(ClientError) -> [BatchRequest] {
    var seen: Set<String> = []
    var requests: [BatchRequest] = []
    for item in cases {
      let plan = try core.plan(item.prompt, stream: false)
      let record = try core.record(of: item.prompt, replicate: item.replicate)
      let key = String(record.key.description.prefix(40))
      guard seen.insert(key).inserted else {
        throw ClientError(.batch, "\(item.name) asks what another case of the batch asks")
      }
      requests.append(BatchRequest(key: key, item: item, body: plan.body, record: record))
    }
    return requests
  }

  private func submit(
    _ requests: [BatchRequest], round: Int, state: inout BatchState
  ) async throws(ClientError) {
    var limits = service.limits
    limits.requests = min(limits.requests, perBatch ?? .max)
    for part in limits.split(requests) {
      let index = state.parts.count
      state.parts.append(
        BatchState.Part(
          status: .submitting, id: nil, keys: part.map(\.key), results: [], vendorStatus: nil,
          error: nil, round: round))
      for request in part {
        state.items[request.key] = BatchState.Item(
          name: request.item.name, replicate: request.item.replicate)
      }
      try state.save(file)
      do throws(ClientError) {
        state.parts[index].id = try await service.submit(part)
        state.parts[index].status = .running
      } catch {
        // A refusal is certain; a broken connection or a broken server leaves it open.
        if Self.isRefusal(error) {
          state.parts.remove(at: index)
          for request in part where round == 0 { state.items[request.key] = nil }
          try state.save(file)
        }
        throw error
      }
      try state.save(file)
    }
  }

  /// Whether the vendor certainly has no batch.
  private static func isRefusal(_ error: ClientError) -> Bool {
    if let status = error.status { return status < 500 || status == 503 || status == 529 }
    return error.isUnsent || [.missingKey, .insecure, .invalidImage].contains(error.code)
  }

  private func settle(
    _ request: BatchRequest, _ result: Result<JSON, ClientError>, journal: Journal?
  ) async throws(ClientError) -> CaseResult {
    var settled: Result<Reply, ClientError>
    do throws(ClientError) {
      let json = try result.get()
      let decoded = try core.wire.decode(json)
      if let failure = decoded.failure { throw failure }
      var reply = decoded.reply(format: request.item.prompt.format)
      reply.evidence = Reply.Evidence(
        key: request.record.key, request: request.record.body, response: json.bytes,
        contentType: "application/json", status: 200, time: Date())
      settled = .success(reply)
    } catch {
      settled = .failure(error)
    }
    if let journal {
      var outcome = OutcomeKind.failed
      if case .success(let reply) = settled { outcome = reply.outcome.kind }
      // Collected before: the journal has it.
      let known = try await journal.record(for: request.record.key, outcomes: [outcome])
      if known == nil {
        try await journal.append(
          Attempt(number: 1, result: settled, record: request.record), name: request.item.name,
          format: request.item.prompt.format, batched: true)
      }
    }
    return CaseResult(
      name: request.item.name, replicate: request.item.replicate, result: settled,
      fromJournal: false)
  }
}

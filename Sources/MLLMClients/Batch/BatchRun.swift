// The same prompts at half the price: submitted together, collected within a day.

public import Foundation

/// Asks many questions through a vendor's batch interface.
///
/// What was submitted is in a file before and after every step, so the process may end in between
/// and another may go on: `submit`, then `poll` until it is settled, then `collect`.
public struct BatchRun: Sendable {
  private let service: any BatchService
  private let client: any PromptClient
  private let core: RemoteClient
  private let file: URL

  /// A run through OpenAI's Batch interface.
  public init(_ client: OpenAI, state file: URL) {
    self.init(client, core: client.core, service: OpenAIBatch(core: client.core), file: file)
  }

  /// A run through Anthropic's Message Batches.
  public init(_ client: Anthropic, state file: URL) {
    self.init(client, core: client.core, service: AnthropicBatch(core: client.core), file: file)
  }

  /// A run through Gemini's batch mode.
  public init(_ client: Gemini, state file: URL) {
    self.init(client, core: client.core, service: GeminiBatch(core: client.core), file: file)
  }

  private init(
    _ client: any PromptClient, core: RemoteClient, service: any BatchService, file: URL
  ) {
    self.client = client
    self.core = core
    self.service = service
    self.file = file
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
    var state = try BatchState.load(file)
    for index in state.parts.indices where state.parts[index].status == .running {
      try await service.refresh(&state.parts[index])
      try state.save(file)
    }
    return state
  }

  /// The results that are there. Cases without one are absent while their batch runs, and failed
  /// once it has ended without them.
  ///
  /// - `journal`: Where the replies are written, so that a run can go on without batches.
  public func collect(
    _ cases: [Case], into journal: Journal? = nil
  ) async throws(ClientError) -> [CaseResult] {
    let state = try BatchState.load(file)
    var found: [String: Result<JSON, ClientError>] = [:]
    for part in state.parts.sorted(by: { $0.round < $1.round }) {
      switch part.status {
      case .ended:
        for (key, result) in try await service.results(of: part) { found[key] = result }
        for key in part.keys where found[key] == nil {
          found[key] = .failure(ClientError(.batch, "the batch ended without it"))
        }
      case .failed:
        let error = ClientError(.batch, part.error ?? "the batch failed")
        for key in part.keys where found[key] == nil { found[key] = .failure(error) }
      case .submitting, .running: break
      }
    }
    var results: [CaseResult] = []
    for request in try requests(for: cases) {
      guard let result = found[request.key] else { continue }
      results.append(try await settle(request, result, journal: journal))
    }
    return results
  }

  /// Submits again what ended without a reply for a reason that may pass: expired, lost, server
  /// errors.
  ///
  /// - Returns: How many were submitted.
  public func retryFailed(_ cases: [Case], rounds: Int = 2) async throws(ClientError) -> Int {
    var state = try BatchState.load(file)
    let results = try await collect(cases)
    let failed = results.filter { result in
      guard case .failure(let error) = result.result else { return false }
      return error.code == .batch || RetryPolicy().mayRetry(error)
    }
    let names = Set(failed.map { "\($0.name)\0\($0.replicate)" })
    let round = (state.parts.map(\.round).max() ?? 0) + 1
    guard round <= rounds else { return 0 }
    let again = try requests(for: cases).filter {
      names.contains("\($0.item.name)\0\($0.item.replicate)")
    }
    try await submit(again, round: round, state: &state)
    return again.count
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
    for part in service.limits.split(requests) {
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
        // A refusal is certain; a broken connection leaves it open.
        if error.status != nil {
          state.parts.remove(at: index)
          for request in part { state.items[request.key] = nil }
          try state.save(file)
        }
        throw error
      }
      try state.save(file)
    }
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
      try await journal.append(
        Attempt(number: 1, result: settled, record: request.record), name: request.item.name,
        format: request.item.prompt.format)
    }
    return CaseResult(
      name: request.item.name, replicate: request.item.replicate, result: settled,
      fromJournal: false)
  }
}

/// One request of a batch.
struct BatchRequest: Sendable {
  /// What the vendor is told as its name: a hash, never a patient's or a file's name.
  let key: String
  let item: Case
  let body: RequestBody
  let record: RequestRecord
}

/// A vendor's batch interface.
protocol BatchService: Sendable {
  var limits: BatchLimits { get }
  /// Submits, and returns the vendor's name for the batch.
  func submit(_ requests: [BatchRequest]) async throws(ClientError) -> String
  func refresh(_ part: inout BatchState.Part) async throws(ClientError)
  /// Each request's whole reply, or why there is none.
  func results(
    of part: BatchState.Part
  ) async throws(ClientError) -> [(String, Result<JSON, ClientError>)]
}

/// The most that one batch may hold.
struct BatchLimits: Sendable {
  var requests: Int
  var bytes: Int

  /// Cuts a list into parts within the limits, in order.
  func split(_ all: [BatchRequest]) -> [[BatchRequest]] {
    var parts: [[BatchRequest]] = []
    var part: [BatchRequest] = []
    var size = 0
    for request in all {
      let bytes = request.body.count + 256
      if !part.isEmpty, part.count == requests || size + bytes > self.bytes {
        parts.append(part)
        part = []
        size = 0
      }
      part.append(request)
      size += bytes
    }
    if !part.isEmpty { parts.append(part) }
    return parts
  }
}

extension RequestBody {
  /// Bodies one after the other, text between them.
  static func joined(_ parts: [BodyPart]) throws(ClientError) -> RequestBody {
    var pieces: [Piece] = []
    for part in parts {
      switch part {
      case .text(let text): pieces.append(.bytes(Array(text.utf8)))
      case .body(let body): pieces += body.pieces
      }
    }
    return try RequestBody(pieces: pieces)
  }

  enum BodyPart {
    case text(String)
    case body(RequestBody)
  }
}

extension RemoteClient {
  /// The same address and key, for requests that are no prompts.
  var service: JSONService {
    JSONService(
      base: base, headers: headers, key: key, keyPlacement: keyPlacement, transport: transport,
      options: options)
  }
}

// Shards of a run into one journal, checked for answers that contradict each other.

public import Foundation

/// What a merge found.
public struct JournalMerge: Sendable, Hashable {
  /// Two shards answered the same question differently.
  public struct Conflict: Sendable, Hashable {
    public let key: Digest
    public let name: String
    /// The shards' file names.
    public let shards: [String]
  }

  /// Records written.
  public let written: Int
  /// Records that another shard, or the journal itself, held byte for byte.
  public let duplicates: Int
  /// Contradictions. Both records are kept; the last one counts on resuming.
  public let conflicts: [Conflict]
}

extension Journal {
  /// Adds the records of shards, such as an array job leaves, and tells where they contradict each
  /// other. Shards' pictures are copied.
  ///
  /// Plain concatenation of the files gives a journal as well; this checks it.
  /// - Throws: `ClientError` with `.journal` when a shard can't be read or is in use.
  public func merge(_ shards: [URL]) async throws(ClientError) -> JournalMerge {
    // All are looked at before anything is written.
    for url in shards { _ = try Self.records(in: url) }
    var answers: [Digest: (response: [UInt8], shard: String, name: String)] = [:]
    var lines: Set<Digest> = []
    for record in try records() {
      lines.insert(Digest(of: record.line))
      if record.outcome != .failed {
        answers[record.key] = (record.response, "the journal", record.name)
      }
    }
    var written = 0
    var duplicates = 0
    var conflicts: [JournalMerge.Conflict] = []
    for url in shards {
      let shard = try Journal(url)
      let name = url.lastPathComponent
      for record in try await shard.records() {
        guard lines.insert(Digest(of: record.line)).inserted else {
          duplicates += 1
          continue
        }
        if record.outcome != .failed {
          if let other = answers[record.key], other.response != record.response {
            conflicts.append(
              JournalMerge.Conflict(
                key: record.key, name: record.name, shards: [other.shard, name]))
          }
          answers[record.key] = (record.response, name, record.name)
        }
        try await append(record)
        written += 1
      }
      try copyPictures(of: url)
    }
    return JournalMerge(written: written, duplicates: duplicates, conflicts: conflicts)
  }
}

/// What a journal's replies have used and cost.
public struct JournalSummary: Sendable {
  public private(set) var outcomes: [OutcomeKind: Int] = [:]
  public private(set) var attempts = 0
  public private(set) var usage = Usage()
  /// US dollars of the replies whose price is known.
  public private(set) var cost: Decimal = 0
  /// US dollars that the vendors' prompt caches have saved.
  public private(set) var saved: Decimal = 0
  /// Replies whose price or tokens are not known: the cost is more than it says.
  public private(set) var unpriced = 0
  /// Failed attempts that may have been charged.
  public private(set) var possiblyBilled = 0
  /// Seconds, of attempts that brought a reply.
  public private(set) var latencies: [Double] = []

  /// Sums up records.
  ///
  /// - `price`: What a model costs, given its name and interface.
  public init(_ records: [JournalRecord], price: (String, API) -> Price?) {
    for record in records {
      attempts += 1
      if record.possiblyBilled { possiblyBilled += 1 }
      outcomes[record.outcome, default: 0] += 1
      guard record.outcome != .failed else { continue }
      usage = usage + record.usage
      latencies.append(record.latency)
      let rate = price(record.model, record.api)
      if let spent = rate?.cost(of: record.usage, batched: record.batched) {
        cost += spent
        saved += rate?.saving(by: record.usage, batched: record.batched) ?? 0
      } else if record.api != .inProcess {
        unpriced += 1
      }
    }
  }
}

extension ModelTable {
  /// What a model costs, told from the interface that it was asked by.
  public func price(_ model: String, _ api: API) -> Price? {
    let vendor: Vendor? =
      switch api {
      case .openAIChat, .openAIResponses: .openAI
      case .anthropicMessages: .anthropic
      case .gemini: .gemini
      default: nil
      }
    return vendor.flatMap { profile(model, vendor: $0).price }
  }
}

// What a run will take, before it begins.

public import Foundation

/// What a run will take at most, before anything is sent.
public struct RunEstimate: Sendable, Hashable {
  /// Cases to be asked.
  public private(set) var cases = 0
  /// Cases that the journal answers already.
  public private(set) var answered = 0
  public private(set) var inputTokens = 0
  /// The most that the prompts allow.
  public private(set) var outputTokens = 0
  /// US dollars at most, each case asked once; nil when the price is not known.
  public private(set) var cost: Decimal? = 0

  mutating func add(_ estimate: Estimate) {
    cases += 1
    inputTokens += estimate.inputTokens
    outputTokens += estimate.outputTokens
    cost = cost.flatMap { sum in estimate.cost.map { sum + $0 } }
  }

  mutating func addAnswered() { answered += 1 }
}

extension Runner {
  /// What a run of these cases will take at most; what the journal answers takes nothing.
  ///
  /// - Throws: `ClientError` for a case that can't be sent: the same that the run would tell.
  public func estimate(of cases: some Sequence<Case>) async throws(ClientError) -> RunEstimate {
    var estimate = RunEstimate()
    for item in cases {
      if let journal {
        let key = try client.record(of: item.prompt, replicate: item.replicate).key
        if try await journal.record(for: key, outcomes: settled) != nil {
          estimate.addAnswered()
          continue
        }
      }
      estimate.add(Estimate(of: item.prompt, model: client.model))
    }
    return estimate
  }
}

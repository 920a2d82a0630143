// Which examples are shown with which query, in which order: chosen once, saved, reused.
// Source for choice and interleaving: D. Ferber et al., "In-context learning enables multimodal
// large language models to classify cancer pathology images", Nat. Commun. 15, 10104 (2024).

public import Foundation

/// Shots for queries: names in the order in which they are shown.
public struct ShotPlan: Sendable, Hashable, Codable {
  public let policy: ShotPolicy
  /// For each query's name, the shots' names.
  public let shots: [String: [String]]

  /// Chooses shots for queries.
  ///
  /// - `queries`: What is to be asked about; only name, group and features are used.
  /// - `pool`: What to choose from. An example of the query's own name is never chosen.
  /// - Throws: `ClientError` with `.invalidPrompt` when a label has fewer examples left than asked
  ///   for, naming the label and both numbers.
  /// - Precondition: Names are unique within the pool; features have one length.
  /// - Complexity: O(*queries* · *pool* · *features*).
  public init(
    for queries: [ShotExample], from pool: [ShotExample], policy: ShotPolicy
  ) throws(ClientError) {
    precondition(Set(pool.map(\.name)).count == pool.count, "names repeat in the pool")
    self.policy = policy
    var shots: [String: [String]] = [:]
    for (index, query) in queries.enumerated() {
      shots[query.name] = try Self.choose(for: query, index: index, from: pool, policy: policy)
    }
    self.shots = shots
  }

  /// The examples for a query, in the order in which they are shown.
  ///
  /// - Throws: `ClientError` with `.invalidPrompt` when the plan does not know the query or the pool
  ///   lacks an example.
  public func examples(
    for query: String, from pool: [ShotExample]
  ) throws(ClientError) -> [ShotExample] {
    guard let names = shots[query] else {
      throw ClientError(.invalidPrompt, "the plan has no shots for \(query)")
    }
    let byName = Dictionary(uniqueKeysWithValues: pool.map { ($0.name, $0) })
    var found: [ShotExample] = []
    for name in names {
      guard let example = byName[name] else {
        throw ClientError(.invalidPrompt, "the pool has no example \(name)")
      }
      found.append(example)
    }
    return found
  }

  /// The most shots a label, up to `count`, with which a request keeps a model's picture limit.
  ///
  /// - `labels`: The number of labels.
  /// - `images`: The most pictures of a request, the query's included; nil is no limit.
  /// - `perQuery`: Pictures of the query itself.
  public static func fittingCount(
    _ count: Int, labels: Int, images: Int?, perQuery: Int = 1
  ) -> Int {
    precondition(labels > 0, "\(labels) labels")
    guard let images else { return count }
    return max(0, min(count, (images - perQuery) / labels))
  }

  public func save(to url: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    try encoder.encode(self).write(to: url, options: .atomic)
  }

  public init(contentsOf url: URL) throws {
    self = try JSONDecoder().decode(ShotPlan.self, from: Data(contentsOf: url))
  }

  private static func choose(
    for query: ShotExample, index: Int, from pool: [ShotExample], policy: ShotPolicy
  ) throws(ClientError) -> [String] {
    let allowed = pool.filter { example in
      example.name != query.name
        && !(policy.excludesGroup && query.group != nil && example.group == query.group)
    }
    let labels = Array(Set(pool.map(\.label))).sorted()
    switch policy.choice {
    case .nearestPerLabel(let similarity):
      let ranked = rank(allowed, like: query, by: similarity)
      return try arrange(ranked, labels: labels, policy: policy)
    case .balanced(let seed):
      return try arrange(
        shuffled(allowed, seed: seed, index: index), labels: labels, policy: policy)
    case .nearest(let similarity):
      let ranked = rank(allowed, like: query, by: similarity)
      return try take(ranked, count: policy.count, what: "in all", order: policy.order)
    case .random(let seed):
      return try take(
        shuffled(allowed, seed: seed, index: index), count: policy.count, what: "in all",
        order: .mostSimilarFirst)
    }
  }

  /// The most similar first; equally similar ones in the pool's order.
  private static func rank(
    _ pool: [ShotExample], like query: ShotExample, by similarity: Similarity
  ) -> [ShotExample] {
    pool.enumerated()
      .map { (similarity(query.features, $0.element.features), $0.offset, $0.element) }
      .sorted { ($0.0, $1.1) > ($1.0, $0.1) }
      .map(\.2)
  }

  private static func take(
    _ pool: [ShotExample], count: Int, what: String, order: ShotPolicy.Order
  ) throws(ClientError) -> [String] {
    guard pool.count >= count else {
      throw ClientError(.invalidPrompt, "\(pool.count) examples \(what), \(count) wanted")
    }
    let names = pool.prefix(count).map(\.name)
    return order == .mostSimilarFirst ? names : names.reversed()
  }

  /// Takes from each label, then by rank in turn, or label by label.
  private static func arrange(
    _ ranked: [ShotExample], labels: [String], policy: ShotPolicy
  ) throws(ClientError) -> [String] {
    var columns: [[String]] = []
    for label in labels {
      columns.append(
        try take(
          ranked.filter { $0.label == label }, count: policy.count, what: "of \(label)",
          order: policy.order))
    }
    guard policy.interleaved else { return columns.flatMap { $0 } }
    return (0..<policy.count).flatMap { rank in columns.map { $0[rank] } }
  }

  /// A fair shuffle that depends on the seed and the query alone.
  private static func shuffled(
    _ pool: [ShotExample], seed: UInt64, index: Int
  ) -> [ShotExample] {
    var generator = SplitMix64(state: seed &+ UInt64(index) &* 0x9E37_79B9_7F4A_7C15)
    return pool.shuffled(using: &generator)
  }
}

/// Source: S. Vigna, splitmix64.c, public domain, https://prng.di.unimi.it/splitmix64.c
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}

// Do classes separate in an embedding: silhouette and nearest-neighbour accuracy.
// Source: Rousseeuw 1987; Cover & Hart 1967.

/// How far two embeddings are.
public enum EmbeddingDistance: String, Hashable, Sendable, Codable, CaseIterable {
  case euclidean
  /// 1 − cosine similarity; zero vectors are at distance 1 from everything.
  case cosine

  func callAsFunction(_ a: [Double], _ b: [Double]) -> Double {
    var (dot, aa, bb, dd) = (0.0, 0.0, 0.0, 0.0)
    for k in a.indices {
      dot += a[k] * b[k]
      aa += a[k] * a[k]
      bb += b[k] * b[k]
      dd += (a[k] - b[k]) * (a[k] - b[k])
    }
    switch self {
    case .euclidean: return dd.squareRoot()
    case .cosine: return aa > 0 && bb > 0 ? 1 - dot / (aa * bb).squareRoot() : 1
    }
  }
}

/// Measures of separation.
public enum Separation {
  private static func check(
    _ data: [[Double]], _ labels: [some Hashable]
  ) throws(EvaluationError) {
    try requireEqualCounts(data.count, labels.count, "points and labels")
    let width = data.first?.count ?? 0
    for (i, row) in data.enumerated() {
      try requireEqualCounts(row.count, width, "data[\(i)] and data[0]")
      try requireFinite(row, "data[\(i)]")
    }
  }

  /// The mean silhouette; points alone in their class count 0. Undefined below two classes.
  ///
  /// - Complexity: O(n² · dimensions).
  public static func silhouette<Label: Hashable>(
    _ data: [[Double]], labels: [Label], distance: EmbeddingDistance = .euclidean
  ) throws(EvaluationError) -> Score {
    try check(data, labels)
    var index: [Label: Int] = [:]
    let classes = labels.map { label -> Int in
      if let known = index[label] { return known }
      index[label] = index.count
      return index.count - 1
    }
    let k = index.count
    var sizes = [Int](repeating: 0, count: k)
    for c in classes { sizes[c] += 1 }
    let signature = "silhouette|\(distance.rawValue)|classes:\(k)|v:\(Definitions.version)"
    guard k > 1 else {
      return Score(
        "silhouette", .undefined(data.isEmpty ? .noCases : .singleClass), count: data.count,
        signature: signature)
    }
    var sum = CompensatedSum()
    var totals = [Double](repeating: 0, count: k)
    for i in data.indices {
      for c in totals.indices { totals[c] = 0 }
      for j in data.indices where j != i { totals[classes[j]] += distance(data[i], data[j]) }
      let own = classes[i]
      guard sizes[own] > 1 else { continue }
      let a = totals[own] / Double(sizes[own] - 1)
      var b = Double.infinity
      for c in 0..<k where c != own { b = min(b, totals[c] / Double(sizes[c])) }
      let scale = max(a, b)
      if scale > 0 { sum.add((b - a) / scale) }
    }
    return Score(
      "silhouette", .value(sum.value / Double(data.count)), count: data.count,
      signature: signature)
  }

  /// Leave-one-out accuracy of a vote among the k nearest; ties of votes go to the nearer class.
  ///
  /// - `groups`: Points of a query's own group (its patient) are no neighbours of it.
  /// - Precondition: `k > 0`.
  public static func nearestNeighbourAccuracy<Label: Hashable>(
    _ data: [[Double]], labels: [Label], k: Int, groups: [some Hashable] = [Int](),
    distance: EmbeddingDistance = .cosine
  ) throws(EvaluationError) -> Score {
    precondition(k > 0, "\(k) neighbours")
    try check(data, labels)
    if !groups.isEmpty { try requireEqualCounts(data.count, groups.count, "points and groups") }
    var hits = 0
    var counted = 0
    var undefined: [UndefinedCase] = []
    for i in data.indices {
      var near: [(Double, Int)] = []
      for j in data.indices where j != i && (groups.isEmpty || groups[j] != groups[i]) {
        near.append((distance(data[i], data[j]), j))
      }
      near.sort { $0.0 < $1.0 || ($0.0 == $1.0 && $0.1 < $1.1) }
      guard !near.isEmpty else {
        undefined.append(UndefinedCase("point \(i)", .noCases))
        continue
      }
      var votes: [Label: (Int, Int)] = [:]
      for (rank, (_, j)) in near.prefix(k).enumerated() {
        let old = votes[labels[j]] ?? (0, rank)
        votes[labels[j]] = (old.0 + 1, old.1)
      }
      let best = votes.max { a, b in
        a.value.0 < b.value.0 || (a.value.0 == b.value.0 && a.value.1 > b.value.1)
      }
      counted += 1
      if best?.key == labels[i] { hits += 1 }
    }
    let score = Proportion(hits, of: counted).score("\(k)-NN accuracy")
    return Score(
      score.name, score.value, count: counted, interval: score.interval,
      signature: "\(k)-NN accuracy|\(distance.rawValue)|leave one out"
        + "\(groups.isEmpty ? "" : "|groups apart")|v:\(Definitions.version)",
      undefined: undefined)
  }
}

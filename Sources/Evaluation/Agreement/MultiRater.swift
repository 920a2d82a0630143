// More than two raters: Fleiss, Randolph, Krippendorff, Gwet.
// Source: Fleiss 1971; Randolph 2005; Krippendorff 2011; Gwet 2008, 2014.

/// Agreement of several raters over nominal categories, from counts.
public enum MultiRaterAgreement {
  /// Fleiss' kappa.
  ///
  /// - Parameter counts: `[item][category]`, the raters that chose it; every item has the same
  ///   number of raters, at least two.
  /// - Throws: ``EvaluationError`` for ragged or negative counts or unequal raters.
  public static func fleissKappa(_ counts: [[Int]]) throws(EvaluationError) -> Score {
    let (observed, shares, n) = try table(counts)
    let expected = shares.map { $0 * $0 }.compensatedSum()
    return score("Fleiss' kappa", observed, expected, n)
  }

  /// Randolph's free-marginal kappa.
  public static func randolphKappa(_ counts: [[Int]]) throws(EvaluationError) -> Score {
    let (observed, shares, n) = try table(counts)
    return score("Randolph's kappa", observed, 1 / Double(max(shares.count, 1)), n)
  }

  private static func score(
    _ name: String, _ observed: Double, _ expected: Double, _ n: Int
  ) -> Score {
    Score(
      name,
      n == 0
        ? .undefined(.noCases)
        : 1 - expected < 1e-15
          ? .undefined(.singleClass) : .value((observed - expected) / (1 - expected)), count: n,
      signature: "\(name)|v:\(Definitions.version)")
  }

  private static func table(
    _ counts: [[Int]]
  ) throws(EvaluationError) -> (observed: Double, shares: [Double], items: Int) {
    let width = counts.first?.count ?? 0
    let raters = counts.first?.reduce(0, +) ?? 0
    var sums = [Double](repeating: 0, count: width)
    var agreement = CompensatedSum()
    for (i, row) in counts.enumerated() {
      try requireEqualCounts(row.count, width, "counts[\(i)] and counts[0]")
      guard row.allSatisfy({ $0 >= 0 && $0 < 1 << 31 }), row.reduce(0, +) == raters, raters > 1
      else {
        throw EvaluationError(.range, "counts[\(i)] is \(row), expected \(max(raters, 2)) raters")
      }
      for (k, c) in row.enumerated() {
        sums[k] += Double(c)
        agreement.add(Double(c) * Double(c - 1))
      }
    }
    let n = Double(max(counts.count, 1))
    let m = Double(max(raters, 2))
    return (agreement.value / (n * m * (m - 1)), sums.map { $0 / (n * m) }, counts.count)
  }

  /// Gwet's AC1 (identity weights) or AC2 (linear or quadratic) for any number of raters with
  /// missing ratings.
  ///
  /// - `ratings`: `[rater][item]`, a category index below `categories` or `nil`.
  public static func gwet(
    _ ratings: [[Int?]], categories k: Int, weights: KappaWeights = .unweighted
  ) throws(EvaluationError) -> Score {
    let items = ratings.first?.count ?? 0
    var counts = [[Double]](repeating: Array(repeating: 0, count: k), count: items)
    for (r, row) in ratings.enumerated() {
      try requireEqualCounts(row.count, items, "ratings[\(r)] and ratings[0]")
      for (i, rating) in row.enumerated() {
        guard let rating else { continue }
        guard rating >= 0, rating < k else {
          throw EvaluationError(
            .unknownLabel, "ratings[\(r)][\(i)] is \(rating) of \(k) categories")
        }
        counts[i][rating] += 1
      }
    }
    let span = Double(max(k - 1, 1))
    func weight(_ a: Int, _ b: Int) -> Double {
      let d = abs(Double(a - b)) / span
      return weights == .unweighted ? (a == b ? 1 : 0) : weights == .linear ? 1 - d : 1 - d * d
    }
    var observed = CompensatedSum()
    var rated = 0
    var paired = 0
    var shares = [Double](repeating: 0, count: k)
    for row in counts {
      let n = row.compensatedSum()
      guard n > 0 else { continue }
      rated += 1
      for c in 0..<k { shares[c] += row[c] / n }
      guard n > 1 else { continue }
      paired += 1
      var sum = 0.0
      for a in 0..<k where row[a] > 0 {
        var star = 0.0
        for b in 0..<k where row[b] > 0 { star += weight(a, b) * row[b] }
        sum += row[a] * (star - 1)
      }
      observed.add(sum / (n * (n - 1)))
    }
    let name = weights == .unweighted ? "Gwet's AC1" : "Gwet's AC2 (\(weights.rawValue))"
    let signature = "\(name)|categories:\(k)|v:\(Definitions.version)"
    guard paired > 0, k > 1 else {
      return Score(
        name, .undefined(k > 1 ? .noCases : .singleClass), count: paired, signature: signature)
    }
    var total = Double(k)
    if weights != .unweighted {
      total = 0
      for a in 0..<k { for b in 0..<k { total += weight(a, b) } }
    }
    let chance =
      total / (Double(k) * Double(k - 1))
      * shares.map { $0 / Double(rated) * (1 - $0 / Double(rated)) }.compensatedSum()
    return Score(
      name,
      .ratio(observed.value / Double(paired) - chance, 1 - chance, otherwise: .singleClass),
      count: paired, signature: signature)
  }
}

/// Krippendorff's alpha.
public enum KrippendorffAlpha {
  /// How ratings differ.
  public enum Level: String, Hashable, Sendable, Codable, CaseIterable {
    case nominal, ordinal, interval, ratio
  }

  /// Alpha of ratings with missing values.
  ///
  /// - `ratings`: `[rater][unit]`, `nil` for missing.
  /// - Throws: ``EvaluationError`` for ragged rows or numbers that are not finite.
  /// - Returns: Undefined when only one value occurs; n is the units with at least two ratings.
  /// - Complexity: By counts: O(ratings + v²) for v distinct values (nominal and interval: O(v)).
  public static func alpha(_ ratings: [[Double?]], level: Level) throws(EvaluationError) -> Score {
    let units = ratings.first?.count ?? 0
    var columns = [[Double]](repeating: [], count: units)
    for (r, row) in ratings.enumerated() {
      try requireEqualCounts(row.count, units, "ratings[\(r)] and ratings[0]")
      for (u, x) in row.enumerated() {
        guard let x else { continue }
        guard x.isFinite else { throw EvaluationError(.notFinite, "ratings[\(r)][\(u)] is \(x)") }
        columns[u].append(x)
      }
    }
    columns.removeAll { $0.count < 2 }
    let values = Set(columns.joined()).sorted()
    let name = "Krippendorff's alpha (\(level.rawValue))"
    let signature = "\(name)|v:\(Definitions.version)"
    guard values.count > 1 else {
      return Score(
        name, .undefined(columns.isEmpty ? .noCases : .singleClass), count: columns.count,
        signature: signature)
    }
    let index = Dictionary(uniqueKeysWithValues: values.enumerated().map { ($1, $0) })
    var totals = [Double](repeating: 0, count: values.count)
    for column in columns { for x in column { totals[index[x] ?? 0] += 1 } }
    let n = totals.compensatedSum()
    // Positions that turn the ordinal difference into one of numbers.
    var before = 0.0
    let ranks = totals.map { t -> Double in
      defer { before += t }
      return before + t / 2
    }
    func difference(_ a: Int, _ b: Int) -> Double {
      if a == b { return 0 }
      switch level {
      case .nominal: return 1
      case .ordinal: return (ranks[a] - ranks[b]) * (ranks[a] - ranks[b])
      case .interval: return (values[a] - values[b]) * (values[a] - values[b])
      case .ratio:
        let d = (values[a] - values[b]) / (values[a] + values[b])
        return d.isFinite ? d * d : 0
      }
    }
    /// Σ over ordered pairs of weighted values of the difference.
    func pairs(_ counts: [(Int, Double)]) -> Double {
      switch level {
      case .nominal:
        let m = counts.map(\.1).compensatedSum()
        return m * m - counts.map { $0.1 * $0.1 }.compensatedSum()
      case .ordinal, .interval:
        let at = level == .interval ? values : ranks
        let m = counts.map(\.1).compensatedSum()
        let centre = counts.map { $0.1 * at[$0.0] }.compensatedSum() / m
        return 2 * m
          * counts.map { $0.1 * (at[$0.0] - centre) * (at[$0.0] - centre) }
          .compensatedSum()
      case .ratio:
        var sum = CompensatedSum()
        for (a, x) in counts { for (b, y) in counts { sum.add(x * y * difference(a, b)) } }
        return sum.value
      }
    }
    var observed = CompensatedSum()
    for column in columns {
      var counts: [Int: Double] = [:]
      for x in column { counts[index[x] ?? 0, default: 0] += 1 }
      observed.add(
        pairs(counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
          / Double(column.count - 1))
    }
    let expected = pairs(totals.indices.map { ($0, totals[$0]) }) / (n - 1)
    return Score(
      name, MetricValue.ratio(observed.value, expected, otherwise: .constant).map { 1 - $0 },
      count: columns.count, signature: signature)
  }
}

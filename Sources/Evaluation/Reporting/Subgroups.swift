// The same score in every stratum, and the cases that failed worst.

/// A score in each value of a metadata column.
public struct SubgroupTable: Hashable, Sendable, Codable {
  /// One stratum.
  public struct Row: Hashable, Sendable, Codable {
    public let value: String
    public let score: Score
  }

  public let column: String
  public let overall: Score
  /// In descending order of cases, then by name.
  public let rows: [Row]
  /// The largest difference between strata with a value.
  public let range: MetricValue

  /// - `values`: One metadata value a case; an empty one is the stratum "(missing)".
  /// - `minimumCases`: Smaller strata are pooled under "(other)".
  /// - `score`: The score of some cases, given by their indices.
  /// - Complexity: One call of `score` a stratum.
  public init(
    column: String, values: [String], minimumCases: Int = 1, score: ([Int]) -> Score
  ) {
    self.column = column
    var groups: [String: [Int]] = [:]
    for (i, v) in values.enumerated() { groups[v.isEmpty ? "(missing)" : v, default: []].append(i) }
    var pooled: [Int] = []
    for (name, members) in groups where members.count < minimumCases {
      pooled += members
      groups[name] = nil
    }
    if !pooled.isEmpty { groups["(other)", default: []] += pooled.sorted() }
    overall = score(Array(values.indices))
    rows = groups.sorted { a, b in
      a.value.count > b.value.count || (a.value.count == b.value.count && a.key < b.key)
    }.map { Row(value: $0.key, score: score($0.value)) }
    let defined = rows.compactMap { $0.score.double }.filter(\.isFinite)
    if let low = defined.min(), let high = defined.max() {
      range = .value(high - low)
    } else {
      range = .undefined(.noCases)
    }
  }

  /// The strata as a table with a line for all cases.
  public var table: Table {
    Table(
      title: "\(overall.name) by \(column)", columns: [column, "n", overall.name, "undefined"],
      rows: ([Row(value: "all", score: overall)] + rows).map {
        [
          .text($0.value), .integer($0.score.count), .score($0.score),
          .integer($0.score.undefined.count),
        ]
      }, notes: [overall.signature])
  }
}

/// Cases in order of how badly they went.
public struct Failures: Hashable, Sendable, Codable {
  /// One case.
  public struct Entry: Hashable, Sendable, Codable {
    public let name: String
    public let value: MetricValue
    public let note: String
  }

  public let entries: [Entry]
  public let metric: String

  /// - `cases`: Name, value and a note each.
  /// - `higherIsBetter`: For Dice; not for HD95.
  /// - `limit`: At most so many; undefined values come first: they are failures to explain.
  public init(
    metric: String, _ cases: [(name: String, value: MetricValue, note: String)],
    higherIsBetter: Bool, limit: Int = 20
  ) {
    self.metric = metric
    func badness(_ v: MetricValue) -> Double {
      v.double.map { higherIsBetter ? -$0 : $0 } ?? .infinity
    }
    let order = cases.indices.sorted { a, b in
      let (x, y) = (badness(cases[a].value), badness(cases[b].value))
      let (u, v) = (cases[a].value.double == nil, cases[b].value.double == nil)
      if u != v { return u }
      return x > y || (x == y && a < b)
    }
    entries = order.prefix(max(limit, 0)).map {
      Entry(name: cases[$0].name, value: cases[$0].value, note: cases[$0].note)
    }
  }

  /// The entries as a table.
  public var table: Table {
    Table(
      title: "Worst cases by \(metric)", columns: ["case", metric, "note"],
      rows: entries.map { [.text($0.name), .metric($0.value), .text($0.note)] })
  }
}

/// A mean over cases that says what became of undefined and infinite values.
public struct Aggregate: Hashable, Sendable, Codable {
  /// What an undefined or infinite case contributes.
  public enum Policy: Hashable, Sendable, Codable {
    /// It leaves the mean and is counted.
    case exclude
    /// It contributes this value (such as the image diagonal for HD95, 0 for Dice).
    case replace(Double)
  }

  public let mean: Score
  public let median: MetricValue
  public let standardDeviation: MetricValue
  public let used: Int
  public let undefined: Int
  public let infinite: Int

  /// - `bootstrap`: Gives the mean an interval; with `clusters` whole clusters are drawn.
  public init(
    _ name: String, _ values: [MetricValue], whenUndefined: Policy = .exclude,
    whenInfinite: Policy = .exclude, clusters: [some Hashable] = [Int](),
    bootstrap: Bootstrap? = nil
  ) throws(EvaluationError) {
    if !clusters.isEmpty {
      try requireEqualCounts(values.count, clusters.count, "values and clusters")
    }
    var numbers: [Double] = []
    var kept: [Int] = []
    var (undefined, infinite) = (0, 0)
    var cases: [UndefinedCase] = []
    for (i, value) in values.enumerated() {
      var x: Double?
      switch value {
      case .undefined(let why):
        undefined += 1
        cases.append(UndefinedCase("case \(i)", why))
        if case .replace(let r) = whenUndefined { x = r }
      case .value(let v) where v.isInfinite:
        infinite += 1
        if case .replace(let r) = whenInfinite { x = r }
      case .value(let v): x = v
      }
      if let x {
        numbers.append(x)
        kept.append(i)
      }
    }
    var interval: Interval?
    if let bootstrap {
      let groups = clusters.isEmpty ? [] : kept.map { AnyHashable(clusters[$0]) }
      interval = try bootstrap.mean(of: numbers, clusters: groups).interval
    }
    mean = Score(
      "mean \(name)", numbers.mean().map { .value($0) } ?? .undefined(.noCases),
      count: numbers.count, interval: interval,
      signature: "mean \(name)|undefined:\(whenUndefined)|infinite:\(whenInfinite)"
        + "|v:\(Definitions.version)", undefined: cases)
    median = MetricValue(
      Bootstrap.quantile(0.5, ofSorted: numbers.sorted()), otherwise: .noCases)
    standardDeviation = numbers.standardDeviation().map { .value($0) } ?? .undefined(.tooFewCases)
    used = numbers.count
    self.undefined = undefined
    self.infinite = infinite
  }
}

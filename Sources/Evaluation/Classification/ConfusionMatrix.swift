// Counts of (truth, prediction) over an explicit class list; everything else is derived from it.

/// A confusion matrix: rows are the truth, columns the prediction, both in the order of
/// `classes`.
///
/// Cells are stored sparsely, so a million classes cost memory in proportion to the cases, not
/// to the square of the classes. Cases without an answer are kept per row of the truth.
public struct ConfusionMatrix: Hashable, Sendable, Codable {
  /// A non-empty cell.
  public struct Cell: Hashable, Sendable, Codable {
    public let truth: Int
    public let prediction: Int
    public var count: Int
  }

  /// The classes, in order. Classes that never occur stay in every average.
  public let classes: [String]
  /// Non-empty cells by row, then column.
  public let cells: [Cell]
  /// Cases without an answer by row; they count as wrong (`NonAnswerPolicy.wrong`).
  public let withheld: [Int]
  /// How the cases ended, before the policy was applied.
  public let outcomes: OutcomeCounts
  /// How cases without an answer were counted.
  public let policy: NonAnswerPolicy
  /// For the cluster bootstrap: each cluster's cells (prediction −1 is no answer).
  let clusterCells: [[Cell]]

  /// Counts outcomes against the truth.
  ///
  /// - `classes`: All classes, in order, without repeats. A class that is absent from the data
  ///   stays in macro averages: the list, not the data, defines the metric.
  /// - `policy`: How cases without an answer count.
  /// - `clusters`: One value a case (the patient); intervals then resample clusters.
  /// - Throws: ``EvaluationError`` for unequal counts, an unknown label, a bad class list.
  /// - Complexity: O(n + *classes*) expected.
  public init<Label: Hashable & Sendable>(
    truth: [Label], outcomes: [Outcome<Label>], classes: [Label],
    policy: NonAnswerPolicy = .wrong, clusters: [some Hashable]
  ) throws(EvaluationError) {
    try requireEqualCounts(truth.count, outcomes.count, "truth and outcomes")
    try requireEqualCounts(truth.count, clusters.count, "truth and clusters")
    var identifiers: [AnyHashable: Int] = [:]
    let numbers = clusters.map { cluster in
      let next = identifiers.count
      let key = AnyHashable(cluster)
      if let known = identifiers[key] { return known }
      identifiers[key] = next
      return next
    }
    try self.init(
      truth: truth, outcomes: outcomes, classes: classes, policy: policy, clusterOf: numbers,
      clusterCount: identifiers.count)
  }

  /// Counts outcomes against the truth, every case its own cluster.
  public init<Label: Hashable & Sendable>(
    truth: [Label], outcomes: [Outcome<Label>], classes: [Label], policy: NonAnswerPolicy = .wrong
  ) throws(EvaluationError) {
    try requireEqualCounts(truth.count, outcomes.count, "truth and outcomes")
    try self.init(
      truth: truth, outcomes: outcomes, classes: classes, policy: policy, clusterOf: nil,
      clusterCount: 0)
  }

  /// Counts predictions that all are answers.
  public init<Label: Hashable & Sendable>(
    truth: [Label], predictions: [Label], classes: [Label]
  ) throws(EvaluationError) {
    try requireEqualCounts(truth.count, predictions.count, "truth and predictions")
    try self.init(truth: truth, outcomes: predictions.map { .answered($0) }, classes: classes)
  }

  /// A matrix that was counted before, `counts[truth][prediction]`.
  public init(counts: [[Int]], classes: [String]? = nil) throws(EvaluationError) {
    let names = classes ?? counts.indices.map { String($0) }
    try requireEqualCounts(counts.count, names.count, "rows and classes")
    try Self.check(names)
    var cells: [Cell] = []
    var total = 0
    for (row, line) in counts.enumerated() {
      try requireEqualCounts(line.count, counts.count, "columns of row \(row) and rows")
      for (column, count) in line.enumerated() where count != 0 {
        guard count > 0 else {
          throw EvaluationError(.range, "count [\(row)][\(column)] is \(count)")
        }
        let (sum, overflow) = total.addingReportingOverflow(count)
        guard !overflow else { throw EvaluationError(.range, "the counts overflow") }
        total = sum
        cells.append(Cell(truth: row, prediction: column, count: count))
      }
    }
    var outcomes = OutcomeCounts()
    outcomes.answered = total
    self.init(
      classes: names, cells: cells, withheld: Array(repeating: 0, count: names.count),
      outcomes: outcomes, policy: .wrong, clusterCells: [])
  }

  init(
    classes: [String], cells: [Cell], withheld: [Int], outcomes: OutcomeCounts,
    policy: NonAnswerPolicy, clusterCells: [[Cell]]
  ) {
    self.classes = classes
    self.cells = cells
    self.withheld = withheld
    self.outcomes = outcomes
    self.policy = policy
    self.clusterCells = clusterCells
  }

  private static func check(_ names: [some Hashable]) throws(EvaluationError) {
    guard !names.isEmpty else { throw EvaluationError(.classList, "no classes") }
    var seen = Set<AnyHashable>()
    for name in names where !seen.insert(AnyHashable(name)).inserted {
      throw EvaluationError(.classList, "\(name) occurs twice")
    }
  }

  private init<Label: Hashable & Sendable>(
    truth: [Label], outcomes: [Outcome<Label>], classes: [Label], policy: NonAnswerPolicy,
    clusterOf: [Int]?, clusterCount: Int
  ) throws(EvaluationError) {
    guard !classes.isEmpty else { throw EvaluationError(.classList, "no classes") }
    var index: [Label: Int] = [:]
    index.reserveCapacity(classes.count)
    for (position, label) in classes.enumerated() {
      guard index.updateValue(position, forKey: label) == nil else {
        throw EvaluationError(.classList, "\(label) occurs twice")
      }
    }
    var rows: [Int] = []
    rows.reserveCapacity(truth.count)
    var support = [Int](repeating: 0, count: classes.count)
    for (position, label) in truth.enumerated() {
      guard let row = index[label] else {
        throw EvaluationError(.unknownLabel, "truth[\(position)] is \(label)")
      }
      rows.append(row)
      support[row] += 1
    }
    // The two most frequent classes of the truth decide the worst case.
    let ranked = support.indices.sorted {
      support[$0] > support[$1] || (support[$0] == support[$1] && $0 < $1)
    }
    var counts = OutcomeCounts()
    var withheld = [Int](repeating: 0, count: classes.count)
    var keys: [(Int, Int, Int)] = []
    keys.reserveCapacity(truth.count)
    for (position, outcome) in outcomes.enumerated() {
      let row = rows[position]
      let cluster = clusterOf?[position] ?? 0
      switch outcome {
      case .answered(let label):
        counts.answered += 1
        guard let column = index[label] else {
          throw EvaluationError(.unknownLabel, "prediction[\(position)] is \(label)")
        }
        keys.append((row, column, cluster))
      case .missing(let why):
        counts.add(why)
        switch policy {
        case .excluded: continue
        case .bestCase: keys.append((row, row, cluster))
        case .worstCase where classes.count > 1:
          keys.append((row, ranked[0] == row ? ranked[1] : ranked[0], cluster))
        case .worstCase, .wrong:
          withheld[row] += 1
          keys.append((row, -1, cluster))
        }
      }
    }
    let cells = Self.tally(keys.lazy.filter { $0.1 >= 0 }.map { ($0.0, $0.1) })
    var clusterCells: [[Cell]] = []
    if clusterOf != nil {
      var groups = [[(Int, Int)]](repeating: [], count: clusterCount)
      for key in keys { groups[key.2].append((key.0, key.1)) }
      clusterCells = groups.map { Self.tally($0) }
    }
    self.init(
      classes: classes.map { String(describing: $0) }, cells: cells, withheld: withheld,
      outcomes: counts, policy: policy, clusterCells: clusterCells)
  }

  private static func tally(_ pairs: some Sequence<(Int, Int)>) -> [Cell] {
    var cells: [Cell] = []
    for (row, column) in pairs.sorted(by: { $0.0 < $1.0 || ($0.0 == $1.0 && $0.1 < $1.1) }) {
      if let last = cells.last, last.truth == row, last.prediction == column {
        cells[cells.count - 1].count += 1
      } else {
        cells.append(Cell(truth: row, prediction: column, count: 1))
      }
    }
    return cells
  }

  /// The count at a row and a column. O(log cells).
  public subscript(truth row: Int, prediction column: Int) -> Int {
    var low = 0
    var high = cells.count
    while low < high {
      let middle = (low + high) / 2
      let cell = cells[middle]
      if cell.truth < row || (cell.truth == row && cell.prediction < column) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    guard low < cells.count, cells[low].truth == row, cells[low].prediction == column else {
      return 0
    }
    return cells[low].count
  }

  /// All counts, `[truth][prediction]`: quadratic in the classes, for tables and figures.
  public var counts: [[Int]] {
    var table = [[Int]](
      repeating: [Int](repeating: 0, count: classes.count), count: classes.count)
    for cell in cells { table[cell.truth][cell.prediction] += cell.count }
    return table
  }

  /// The marginal sums from which most metrics follow.
  var marginals: Marginals {
    var result = Marginals(classes: classes.count)
    for cell in cells { result.add(cell, times: cell.count) }
    for (row, count) in withheld.enumerated() where count > 0 {
      result.add(Cell(truth: row, prediction: -1, count: 1), times: count)
    }
    return result
  }

  /// Cases that were scored.
  public var count: Int { cells.reduce(0) { $0 + $1.count } + withheld.reduce(0, +) }

  /// The part of every signature that says how cases were counted.
  var signaturePart: String {
    let unanswered = outcomes.missing == 0 ? "" : "|missing:\(policy.rawValue)"
    return "|classes:\(classes.count)\(unanswered)|v:\(Definitions.version)"
  }
}

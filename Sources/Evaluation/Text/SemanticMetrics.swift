// Matching over given embeddings, given graphs and given labels.
// Source: Zhang et al. 2020 (BERTScore); Jain et al. 2021, Delbrouck et al. 2022 (RadGraph F1);
// Smit et al. 2020 (CheXbert).

/// BERTScore's greedy matching over token embeddings that the caller computed.
public enum BERTScore {
  /// Precision, recall and F1.
  public struct Value: Hashable, Sendable, Codable {
    public let precision: MetricValue
    public let recall: MetricValue
    public let f1: MetricValue
  }

  /// - `candidate, reference`: `[token][dimension]`.
  /// - `candidateWeights, referenceWeights`: Idf weights; equal when `nil`.
  /// - Throws: ``EvaluationError`` for unequal dimensions or counts of weights.
  /// - Complexity: O(*tokens* · *tokens* · *dimensions*).
  public static func match(
    candidate: [[Double]], reference: [[Double]], candidateWeights: [Double]? = nil,
    referenceWeights: [Double]? = nil
  ) throws(EvaluationError) -> Value {
    let width = candidate.first?.count ?? reference.first?.count ?? 0
    for (i, v) in (candidate + reference).enumerated() {
      try requireEqualCounts(v.count, width, "dimensions of embedding \(i) and of the first")
      try requireFinite(v, "embedding \(i)")
    }
    let cw = candidateWeights ?? Array(repeating: 1, count: candidate.count)
    let rw = referenceWeights ?? Array(repeating: 1, count: reference.count)
    try requireEqualCounts(cw.count, candidate.count, "weights and candidate tokens")
    try requireEqualCounts(rw.count, reference.count, "weights and reference tokens")
    func unit(_ v: [Double]) -> [Double] {
      let length = v.map { $0 * $0 }.compensatedSum().squareRoot()
      return length > 0 ? v.map { $0 / length } : v
    }
    let c = candidate.map(unit)
    let r = reference.map(unit)
    var bestC = [Double](repeating: -.infinity, count: c.count)
    var bestR = [Double](repeating: -.infinity, count: r.count)
    for i in c.indices {
      for j in r.indices {
        var dot = 0.0
        for k in 0..<width { dot += c[i][k] * r[j][k] }
        bestC[i] = max(bestC[i], dot)
        bestR[j] = max(bestR[j], dot)
      }
    }
    guard !c.isEmpty, !r.isEmpty else {
      return Value(
        precision: .undefined(.oneEmpty), recall: .undefined(.oneEmpty), f1: .undefined(.oneEmpty))
    }
    let p = MetricValue.ratio(
      zip(bestC, cw).map { $0 * $1 }.compensatedSum(), cw.compensatedSum())
    let q = MetricValue.ratio(
      zip(bestR, rw).map { $0 * $1 }.compensatedSum(), rw.compensatedSum())
    var f = MetricValue.undefined(.zeroDenominator)
    if case .value(let x) = p, case .value(let y) = q { f = .ratio(2 * x * y, x + y) }
    return Value(precision: p, recall: q, f1: f)
  }
}

/// A report's graph of entities and relations.
public struct ReportGraph: Hashable, Sendable, Codable {
  /// An entity such as "effusion", `"Observation::definitely present"`.
  public struct Entity: Hashable, Sendable, Codable {
    public let tokens: String
    public let label: String
    /// Kind and the key of the target entity.
    public let relations: [Relation]

    public init(tokens: String, label: String, relations: [Relation] = []) {
      self.tokens = tokens
      self.label = label
      self.relations = relations
    }
  }

  public struct Relation: Hashable, Sendable, Codable {
    public let kind: String
    public let target: String

    public init(_ kind: String, to target: String) {
      self.kind = kind
      self.target = target
    }
  }

  public let entities: [String: Entity]

  public init(entities: [String: Entity]) { self.entities = entities }

  /// What must agree for an entity to count.
  public enum Match: String, Hashable, Sendable, Codable, CaseIterable {
    /// Tokens and label.
    case simple
    /// And whether it has relations.
    case partial
    /// And every relation with its target's tokens.
    case complete
  }

  private func facts(_ match: Match) -> Set<[String]> {
    var out = Set<[String]>()
    for e in entities.values {
      let base = [e.tokens.lowercased(), e.label]
      switch match {
      case .simple: out.insert(base)
      case .partial: out.insert(e.relations.isEmpty ? base : base + ["related"])
      case .complete:
        if e.relations.isEmpty { out.insert(base) }
        for r in e.relations {
          out.insert(base + [r.kind, entities[r.target]?.tokens.lowercased() ?? "∅"])
        }
      }
    }
    return out
  }

  /// RadGraph F1 with set semantics; an empty graph on either side scores 0.
  public func f1(against reference: ReportGraph, _ match: Match) -> Double {
    let (h, r) = (facts(match), reference.facts(match))
    guard !h.isEmpty, !r.isEmpty else { return 0 }
    let both = Double(h.intersection(r).count)
    let (p, q) = (both / Double(h.count), both / Double(r.count))
    return p + q > 0 ? 2 * p * q / (p + q) : 0
  }
}

/// The four states of a finding in a report.
public enum FindingState: Int, Hashable, Sendable, Codable, CaseIterable {
  case blank = 0
  case positive = 1
  case negative = 2
  case uncertain = 3

  /// CheXbert's "rrg" reading: uncertain counts as positive.
  public var countsAsPositive: Bool { self == .positive || self == .uncertain }
}

/// F1 of findings read from reports: micro, macro, weighted, over all or some labels.
public struct FindingF1: Hashable, Sendable, Codable {
  public let all: MultilabelReport
  /// CheXbert's five competition labels, or those given.
  public let five: MultilabelReport

  /// The five labels that are reported separately.
  public static let fiveLabels = [
    "Cardiomegaly", "Edema", "Consolidation", "Atelectasis", "Pleural Effusion",
  ]

  /// - Parameters: `[report][label]`.
  /// - Throws: ``EvaluationError`` for unequal shapes or a label of `five` that is not listed.
  public init(
    reference: [[FindingState]], hypothesis: [[FindingState]], labels: [String],
    five: [String] = FindingF1.fiveLabels
  ) throws(EvaluationError) {
    let t = reference.map { $0.map(\.countsAsPositive) }
    let p = hypothesis.map { $0.map(\.countsAsPositive) }
    all = try MultilabelReport(truth: t, predictions: p, labels: labels)
    var columns: [Int] = []
    for name in five {
      guard let i = labels.firstIndex(of: name) else {
        throw EvaluationError(.unknownLabel, "\(name) is not among the labels")
      }
      columns.append(i)
    }
    self.five = try MultilabelReport(
      truth: t.map { row in columns.map { row[$0] } },
      predictions: p.map { row in columns.map { row[$0] } }, labels: five)
  }
}

// Corpus and sentence BLEU with sacreBLEU's options and signature.
// Source: Papineni et al. 2002; Post 2018; Chen & Cherry 2014 for the smoothings.

/// BLEU's options.
public struct BLEU: Hashable, Sendable, Codable {
  /// What happens to a precision of zero.
  public enum Smoothing: Hashable, Sendable, Codable {
    case none
    /// Each zero precision halves again: 1 / (2ᵏ · total).
    case exp
    /// Zero counts become this value.
    case floor(Double)
    /// Added to matches and totals of orders above one.
    case addK(Double)

    var label: String {
      switch self {
      case .none: "none"
      case .exp: "exp"
      case .floor(let v): "floor[\(formatted(v, digits: 6))]"
      case .addK(let v): "add-k[\(formatted(v, digits: 6))]"
      }
    }
  }

  public var tokeniser: Tokeniser
  public var smoothing: Smoothing
  public var lowercase: Bool
  public var order: Int
  /// Orders without any n-gram leave the mean (for sentences).
  public var effectiveOrder: Bool

  /// - Precondition: `order` is at least 1.
  public init(
    tokeniser: Tokeniser = .mteval13a, smoothing: Smoothing = .exp, lowercase: Bool = false,
    order: Int = 4, effectiveOrder: Bool = false
  ) {
    precondition(order >= 1, "order \(order)")
    self.tokeniser = tokeniser
    self.smoothing = smoothing
    self.lowercase = lowercase
    self.order = order
    self.effectiveOrder = effectiveOrder
  }

  /// Matches and totals of a corpus.
  public struct Statistics: Hashable, Sendable, Codable {
    public var matches: [Int]
    public var totals: [Int]
    public var hypothesisLength: Int
    public var referenceLength: Int

    public init(matches: [Int], totals: [Int], hypothesisLength: Int, referenceLength: Int) {
      self.matches = matches
      self.totals = totals
      self.hypothesisLength = hypothesisLength
      self.referenceLength = referenceLength
    }

    static func + (a: Statistics, b: Statistics) -> Statistics {
      Statistics(
        matches: zip(a.matches, b.matches).map { $0 + $1 },
        totals: zip(a.totals, b.totals).map { $0 + $1 },
        hypothesisLength: a.hypothesisLength + b.hypothesisLength,
        referenceLength: a.referenceLength + b.referenceLength)
    }

    /// e^(1 − reference / hypothesis) below the reference's length, else 1.
    public var brevityPenalty: Double {
      BLEU.brevityPenalty(hypothesis: hypothesisLength, reference: referenceLength)
    }
  }

  /// The score of a corpus.
  public struct Result: Hashable, Sendable, Codable {
    /// 0…100.
    public let score: Score
    /// 0…100, smoothed where the score is.
    public let precisions: [Double]
    public let statistics: Statistics
  }

  static func brevityPenalty(hypothesis: Int, reference: Int) -> Double {
    if hypothesis >= reference { return 1 }
    return hypothesis == 0 ? 0 : exp(1 - Double(reference) / Double(hypothesis))
  }

  /// The brevity penalty against the reference of closest length (the shorter of two).
  public static func brevityPenalty(hypothesis: Int, references: [Int]) -> Double {
    brevityPenalty(hypothesis: hypothesis, reference: closest(hypothesis, references))
  }

  private static func closest(_ length: Int, _ references: [Int]) -> Int {
    references.min { (abs($0 - length), $0) < (abs($1 - length), $1) } ?? 0
  }

  /// The score of given statistics.
  public func score(_ s: Statistics, segments: Int = 1, references: Int? = nil) -> Result {
    var precisions = [Double](repeating: 0, count: s.matches.count)
    var used = s.matches.count
    var value = 0.0
    if s.matches.contains(where: { $0 > 0 }) {
      var halving = 1.0
      for n in s.matches.indices {
        var (match, total) = (Double(s.matches[n]), Double(s.totals[n]))
        if case .addK(let k) = smoothing, n > 0 {
          match += k
          total += k
        }
        if total == 0 { break }
        if effectiveOrder { used = n + 1 }
        if match == 0 {
          switch smoothing {
          case .exp:
            halving *= 2
            precisions[n] = 100 / (halving * total)
          case .floor(let v): precisions[n] = 100 * v / total
          default: break
          }
        } else {
          precisions[n] = 100 * match / total
        }
      }
      let logs = precisions.prefix(used).map { $0 == 0 ? -9_999_999_999 : log($0) }
      value = s.brevityPenalty * exp(logs.reduce(0, +) / Double(used))
    }
    let refs = references.map { "nrefs:\($0)|" } ?? ""
    return Result(
      score: Score(
        "BLEU-\(order)", segments == 0 ? .undefined(.noCases) : .value(value), count: segments,
        signature: "BLEU|\(refs)case:\(lowercase ? "lc" : "mixed")|eff:"
          + "\(effectiveOrder ? "yes" : "no")|tok:\(tokeniser.rawValue)|smooth:"
          + "\(smoothing.label)|order:\(order)|sacreBLEU 2|v:\(Definitions.version)"),
      precisions: precisions, statistics: s)
  }

  /// Corpus BLEU of texts.
  ///
  /// - `references`: `[segment][reference]`.
  /// - Throws: ``EvaluationError`` for unequal counts or a segment without reference.
  /// - Complexity: O(tokens · log tokens of a segment).
  public func corpus(
    _ hypotheses: [String], references: [[String]]
  ) throws(EvaluationError) -> Result {
    try requireEqualCounts(hypotheses.count, references.count, "hypotheses and references")
    let segments = try segmentStatistics(texts: hypotheses, references)
    let counts = Set(references.map(\.count))
    return total(segments, references: counts.count == 1 ? counts.first : nil)
  }

  /// Corpus BLEU of tokens.
  public func corpus(
    tokens hypotheses: [[String]], references: [[[String]]]
  ) throws(EvaluationError) -> Result {
    try requireEqualCounts(hypotheses.count, references.count, "hypotheses and references")
    return total(try segmentStatistics(hypotheses, references), references: nil)
  }

  private func total(_ segments: [Statistics], references: Int?) -> Result {
    let zero = [Int](repeating: 0, count: order)
    let sum = segments.reduce(
      Statistics(matches: zero, totals: zero, hypothesisLength: 0, referenceLength: 0), +)
    return score(sum, segments: segments.count, references: references)
  }

  /// BLEU of each segment with effective order.
  public func sentences(
    _ hypotheses: [String], references: [[String]]
  ) throws(EvaluationError) -> [Double] {
    try requireEqualCounts(hypotheses.count, references.count, "hypotheses and references")
    var options = self
    options.effectiveOrder = true
    return try segmentStatistics(texts: hypotheses, references)
      .map { options.score($0).score.value.orNaN }
  }

  /// Matches and totals of each segment of texts.
  private func segmentStatistics(
    texts hypotheses: [String], _ references: [[String]]
  ) throws(EvaluationError) -> [Statistics] {
    var reader = ByteTokeniser(tokeniser, lowercase: lowercase)
    return try segmentStatistics(hypotheses, references) { reader.ids($0) }
  }

  /// Matches and totals of each segment of tokens.
  func segmentStatistics(
    _ hypotheses: [[String]], _ references: [[[String]]]
  ) throws(EvaluationError) -> [Statistics] {
    var vocabulary = Vocabulary()
    return try segmentStatistics(hypotheses, references) { vocabulary.ids($0) }
  }

  private func segmentStatistics<Segment>(
    _ hypotheses: [Segment], _ references: [[Segment]], _ ids: (Segment) -> [Int32]
  ) throws(EvaluationError) -> [Statistics] {
    var local = LocalSymbols()
    var out: [Statistics] = []
    out.reserveCapacity(hypotheses.count)
    for (s, hypothesis) in hypotheses.enumerated() {
      guard !references[s].isEmpty else {
        throw EvaluationError(.shape, "segment \(s) has no reference")
      }
      let h = ids(hypothesis)
      let rs = references[s].map { ids($0) }
      local.begin()
      let hs = local.map(h)
      let rls = rs.map { local.map($0) }
      let matches: [Int]
      if order <= 4, local.used < 1 << 16, rls.count == 1 {
        let a = NGramList(hs, bits: 16, width: 4)
        let b = NGramList(rls[0], bits: 16, width: 4)
        matches = (1...order).map { a.matches(b, order: $0) }
      } else {
        matches = (1...order).map { n in Self.clipped(h, rs, n) }
      }
      out.append(
        Statistics(
          matches: matches, totals: (1...order).map { max(0, h.count - $0 + 1) },
          hypothesisLength: h.count, referenceLength: Self.closest(h.count, rs.map(\.count))))
    }
    return out
  }

  /// Matches of order n, clipped to the largest count in any reference.
  static func clipped(_ h: [Int32], _ rs: [[Int32]], _ n: Int) -> Int {
    var limits: [ArraySlice<Int32>: Int] = [:]
    for r in rs {
      for (gram, count) in ngramCounts(r, n) { limits[gram] = max(limits[gram] ?? 0, count) }
    }
    return ngramCounts(h, n).reduce(0) { $0 + min($1.value, limits[$1.key] ?? 0) }
  }

  /// Modified n-gram precision (Papineni et al. 2002): matches over n-grams of the hypothesis.
  public static func modifiedPrecision(
    _ hypothesis: [String], references: [[String]], order n: Int
  ) -> (matches: Int, total: Int) {
    var vocabulary = Vocabulary()
    let h = vocabulary.ids(hypothesis)
    let rs = references.map { vocabulary.ids($0) }
    return (clipped(h, rs, n), max(0, hypothesis.count - n + 1))
  }
}

/// NLTK's sentence BLEU with Chen and Cherry's smoothing methods: other numbers than
/// sacreBLEU's, kept so that papers that used them can be checked.
public enum ChenCherrySmoothing: Int, Hashable, Sendable, Codable, CaseIterable {
  /// Zero precisions become the smallest positive number.
  case none = 0
  /// Zero matches become 0.1.
  case epsilon = 1
  /// One is added to matches and totals above order one.
  case addOne = 2
  /// NIST's geometric sequence.
  case geometric = 3
  /// Shorter hypotheses are smoothed less.
  case lengthScaled = 4

  /// The score of tokens, 0…1, with equal weights over `order`.
  public func sentence(_ hypothesis: [String], references: [[String]], order: Int = 4) -> Double {
    let parts = (1...max(order, 1)).map {
      BLEU.modifiedPrecision(hypothesis, references: references, order: $0)
    }
    guard let first = parts.first, first.matches > 0 else { return 0 }
    var step = 1.0
    let logs = parts.enumerated().map { i, part -> Double in
      let (m, t) = (Double(part.matches), Double(max(part.total, 1)))
      switch self {
      case .addOne: return log(i == 0 ? m / t : (m + 1) / (t + 1))
      case _ where part.matches > 0: return log(m / t)
      case .none: return log(2.225_073_858_507_201_4e-308)
      case .epsilon: return log(0.1 / t)
      case .geometric:
        defer { step += 1 }
        return log(1 / (pow(2, step) * t))
      case .lengthScaled:
        guard hypothesis.count > 1 else { return log(2.225_073_858_507_201_4e-308) }
        defer { step += 1 }
        return log(1 / (pow(2, step) * 5 / log(Double(hypothesis.count))) / t)
      }
    }
    return BLEU.brevityPenalty(hypothesis: hypothesis.count, references: references.map(\.count))
      * exp(logs.reduce(0) { $0 + $1 / Double(logs.count) })
  }
}

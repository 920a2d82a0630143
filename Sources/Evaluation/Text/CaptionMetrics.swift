// The caption metrics: CIDEr-D, ROUGE-L with β, corpus BLEU-1…4, METEOR with exact and stem.
// Source: Vedantam et al. 2015; Lin 2004; Banerjee & Lavie 2005; pycocoevalcap's conventions.

/// Metrics over already tokenised texts (see ``Tokeniser/pennTreebank``).
public enum CaptionMetrics {
  /// A corpus value and the value of each text.
  public struct Result: Hashable, Sendable, Codable {
    public let score: Score
    public let each: [Double]
  }

  private static func check(
    _ hypotheses: [[String]], _ references: [[[String]]]
  ) throws(EvaluationError) {
    try requireEqualCounts(hypotheses.count, references.count, "hypotheses and references")
    for (i, r) in references.enumerated() where r.isEmpty {
      throw EvaluationError(.shape, "segment \(i) has no reference")
    }
  }

  /// CIDEr-D: n = 1…4, Gaussian length penalty, counts clipped, ×10; document frequencies of the
  /// given references.
  ///
  /// - Complexity: O(n-grams), by sorting them in passes over memory.
  public static func ciderD(
    _ hypotheses: [[String]], references: [[[String]]], sigma: Double = 6
  ) throws(EvaluationError) -> Result {
    try check(hypotheses, references)
    let each = ConsensusScorer(hypotheses, references).scores(sigma: sigma)
    return result("CIDEr-D", each, "n:4|sigma:\(sigma)|×10|df:references")
  }

  private static func result(_ name: String, _ each: [Double], _ options: String) -> Result {
    Result(
      score: Score(
        name, each.mean().map { .value($0) } ?? .undefined(.noCases), count: each.count,
        signature: "\(name)|\(options)|v:\(Definitions.version)"), each: each)
  }

  /// ROUGE-L with β (recall weighs more), best precision and best recall over references.
  public static func rougeL(
    _ hypotheses: [[String]], references: [[[String]]], beta: Double = 1.2
  ) throws(EvaluationError) -> Result {
    try check(hypotheses, references)
    var vocabulary = Vocabulary()
    var lcs = BitLCS()
    let each = hypotheses.indices.map { i -> Double in
      let h = vocabulary.ids(hypotheses[i])
      var (p, r) = (0.0, 0.0)
      for reference in references[i] {
        let x = vocabulary.ids(reference)
        let l = Double(lcs.length(h, x))
        if !h.isEmpty { p = max(p, l / Double(h.count)) }
        if !x.isEmpty { r = max(r, l / Double(x.count)) }
      }
      return p > 0 && r > 0 ? (1 + beta * beta) * p * r / (r + beta * beta * p) : 0
    }
    return result("ROUGE-L (captions)", each, "beta:\(beta)|max over references")
  }

  /// Corpus BLEU-1…4 as the caption evaluation computes them: closest reference length, tiny
  /// constants instead of smoothing; 0…1.
  public static func bleu(
    _ hypotheses: [[String]], references: [[[String]]]
  ) throws(EvaluationError) -> [Score] {
    try check(hypotheses, references)
    let segments = try BLEU(tokeniser: .none).segmentStatistics(hypotheses, references)
    let zero = [0, 0, 0, 0]
    let s = segments.reduce(
      BLEU.Statistics(matches: zero, totals: zero, hypothesisLength: 0, referenceLength: 0), +)
    let (small, tiny) = (1e-9, 1e-15)
    let ratio = (Double(s.hypothesisLength) + tiny) / (Double(s.referenceLength) + small)
    var product = 1.0
    return (0..<4).map { n in
      product *= (Double(s.matches[n]) + tiny) / (Double(s.totals[n]) + small)
      var value = pow(product, 1 / Double(n + 1))
      if ratio < 1 { value *= exp(1 - 1 / ratio) }
      return Score(
        "BLEU-\(n + 1) (captions)", .value(value), count: hypotheses.count,
        signature: "BLEU-\(n + 1)|captions|closest|v:\(Definitions.version)")
    }
  }

  /// METEOR with exact and stem matches only (its own name: METEOR 1.5 also matches paraphrases).
  ///
  /// - Returns: The best value over references, 0…1.
  public static func meteorExactStem(
    _ hypothesis: [String], references: [[String]], alpha: Double = 0.9, beta: Double = 3,
    gamma: Double = 0.5, stems: Bool = true
  ) -> Double {
    references.map { reference in
      let pairs = align(
        hypothesis.map { $0.lowercased() }, reference.map { $0.lowercased() }, stems)
      guard !pairs.isEmpty else { return 0 }
      let m = Double(pairs.count)
      let p = m / Double(hypothesis.count)
      let r = m / Double(reference.count)
      let mean = p * r / (alpha * p + (1 - alpha) * r)
      var chunks = 1.0
      for (a, b) in zip(pairs, pairs.dropFirst()) where !(b.0 == a.0 + 1 && b.1 == a.1 + 1) {
        chunks += 1
      }
      return mean * (1 - gamma * pow(chunks / m, beta))
    }.max() ?? 0
  }

  /// Greedy alignment from the end: exact words first, then stems.
  private static func align(_ h: [String], _ r: [String], _ stems: Bool) -> [(Int, Int)] {
    var left = Array(h.enumerated())
    var right = Array(r.enumerated())
    var pairs: [(Int, Int)] = []
    func stage(_ key: (String) -> String) {
      var places: [String: [Int]] = [:]
      for (j, word) in right { places[key(word), default: []].append(j) }
      var taken = Set<Int>()
      var rest: [(offset: Int, element: String)] = []
      for (i, word) in left.reversed() {
        if let j = places[key(word)]?.popLast() {
          pairs.append((i, j))
          taken.insert(j)
        } else {
          rest.append((i, word))
        }
      }
      left = rest.reversed()
      right.removeAll { taken.contains($0.offset) }
    }
    stage { $0 }
    if stems { stage { PorterStemmer.stem($0) } }
    return pairs.sorted { $0.0 < $1.0 }
  }
}

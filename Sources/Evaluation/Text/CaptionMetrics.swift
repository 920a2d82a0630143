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
  /// - Complexity: O(n-grams) expected.
  public static func ciderD(
    _ hypotheses: [[String]], references: [[[String]]], sigma: Double = 6
  ) throws(EvaluationError) -> Result {
    try check(hypotheses, references)
    var grams = GramNumbers()
    let hs = hypotheses.map { grams.counted($0) }
    let rs = references.map { $0.map { grams.counted($0) } }
    var frequency = [Double](repeating: 0, count: grams.count)
    var stamp = [Int](repeating: -1, count: grams.count)
    for (i, set) in rs.enumerated() {
      for reference in set {
        for entry in reference.entries where stamp[entry.gram] != i {
          stamp[entry.gram] = i
          frequency[entry.gram] += 1
        }
      }
    }
    let logCount = log(Double(max(references.count, 1)))
    let weights = frequency.map { logCount - log(max(1, $0)) }
    func norms(_ t: GramNumbers.Text) -> [Double] {
      var squares = [0.0, 0, 0, 0]
      for e in t.entries {
        let v = Double(e.count) * weights[e.gram]
        squares[e.order] += v * v
      }
      return squares.map { $0.squareRoot() }
    }
    var place = [Int](repeating: -1, count: grams.count)
    let each = hs.indices.map { i -> Double in
      let h = hs[i]
      let hn = norms(h)
      for (k, e) in h.entries.enumerated() { place[e.gram] = k }
      var total = 0.0
      for r in rs[i] {
        let rn = norms(r)
        var dots = [0.0, 0, 0, 0]
        for e in r.entries where place[e.gram] >= 0 {
          let w = weights[e.gram]
          let x = Double(h.entries[place[e.gram]].count) * w
          let y = Double(e.count) * w
          dots[e.order] += min(x, y) * y
        }
        let delta = Double(h.bigrams - r.bigrams)
        let penalty = exp(-delta * delta / (2 * sigma * sigma))
        for n in 0..<4 {
          let scale = hn[n] * rn[n]
          total += (scale != 0 ? dots[n] / scale : dots[n]) * penalty
        }
      }
      for e in h.entries { place[e.gram] = -1 }
      return total / 4 / Double(rs[i].count) * 10
    }
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

/// Numbers for n-grams of orders 1…4 over a corpus, by extension of the shorter one.
struct GramNumbers {
  struct Entry {
    let gram: Int
    let order: Int
    var count: Int
  }

  struct Text {
    var entries: [Entry]
    /// The number of bigrams: what the reference implementation takes for the length.
    var bigrams: Int
  }

  private var vocabulary = Vocabulary()
  private var numbers: [UInt64: Int] = [:]

  var count: Int { numbers.count }

  mutating func counted(_ tokens: [String]) -> Text {
    let ids = vocabulary.ids(tokens)
    var flat: [(gram: Int, order: Int)] = []
    flat.reserveCapacity(4 * ids.count)
    for i in ids.indices {
      // The number of the prefix and the next token name the longer n-gram.
      var prefix: UInt64 = 0
      for n in 0..<min(4, ids.count - i) {
        let key = prefix << 32 | UInt64(UInt32(bitPattern: ids[i + n]))
        let number: Int
        if let known = numbers[key] {
          number = known
        } else {
          number = numbers.count
          numbers[key] = number
        }
        flat.append((number, n))
        prefix = UInt64(number) + 1
      }
    }
    flat.sort { $0.gram < $1.gram }
    var entries: [Entry] = []
    for (gram, order) in flat {
      if let last = entries.last, last.gram == gram {
        entries[entries.count - 1].count += 1
      } else {
        entries.append(Entry(gram: gram, order: order, count: 1))
      }
    }
    return Text(entries: entries, bigrams: max(0, ids.count - 1))
  }
}

// Character n-gram F-score, with words as chrF++.
// Source: Popović 2015, 2017; options and edge cases as sacreBLEU 2 has them.

/// chrF's options; `wordOrder` 2 gives chrF++.
public struct ChrF: Hashable, Sendable, Codable {
  public var characterOrder: Int
  public var wordOrder: Int
  /// The weight of recall.
  public var beta: Double
  public var lowercase: Bool
  /// Tiny values instead of leaving orders without n-grams out.
  public var epsilonSmoothing: Bool

  /// - Precondition: Orders are not negative and not both zero.
  public init(
    characterOrder: Int = 6, wordOrder: Int = 0, beta: Double = 2, lowercase: Bool = false,
    epsilonSmoothing: Bool = false
  ) {
    precondition(
      characterOrder >= 0 && wordOrder >= 0 && characterOrder + wordOrder > 0,
      "orders \(characterOrder) and \(wordOrder)")
    self.characterOrder = characterOrder
    self.wordOrder = wordOrder
    self.beta = beta
    self.lowercase = lowercase
    self.epsilonSmoothing = epsilonSmoothing
  }

  /// chrF++.
  public static let plusPlus = ChrF(wordOrder: 2)

  /// Hypothesis n-grams, reference n-grams, matches, by order.
  private struct Counts {
    var hypothesis: [Int]
    var reference: [Int]
    var matches: [Int]

    init(_ n: Int) {
      hypothesis = Array(repeating: 0, count: n)
      reference = hypothesis
      matches = hypothesis
    }

    mutating func add(_ o: Counts) {
      for i in matches.indices {
        hypothesis[i] += o.hypothesis[i]
        reference[i] += o.reference[i]
        matches[i] += o.matches[i]
      }
    }
  }

  /// The corpus score, 0…100; of several references the one that fits best counts.
  ///
  /// - Throws: ``EvaluationError`` for unequal counts or a segment without reference.
  /// - Complexity: O(n log n) for n characters of a segment.
  public func corpus(
    _ hypotheses: [String], references: [[String]]
  ) throws(EvaluationError) -> Score {
    try requireEqualCounts(hypotheses.count, references.count, "hypotheses and references")
    var total = Counts(characterOrder + wordOrder)
    var vocabulary = Vocabulary()
    var local = LocalSymbols()
    for (s, hypothesis) in hypotheses.enumerated() {
      guard !references[s].isEmpty else {
        throw EvaluationError(.shape, "segment \(s) has no reference")
      }
      var best: (Double, Counts)?
      for reference in references[s] {
        let counts = self.counts(hypothesis, reference, &vocabulary, &local)
        let f = score(counts)
        if best.map({ f > $0.0 }) ?? true { best = (f, counts) }
      }
      if let best { total.add(best.1) }
    }
    return Score(
      wordOrder > 0 ? "chrF\(formatted(beta, digits: 3))++" : "chrF\(formatted(beta, digits: 3))",
      hypotheses.isEmpty ? .undefined(.noCases) : .value(score(total)), count: hypotheses.count,
      signature: "chrF|case:\(lowercase ? "lc" : "mixed")|eff:\(epsilonSmoothing ? "no" : "yes")"
        + "|nc:\(characterOrder)|nw:\(wordOrder)|beta:\(beta)|space:no|sacreBLEU 2"
        + "|v:\(Definitions.version)")
  }

  private func counts(
    _ hypothesis: String, _ reference: String, _ vocabulary: inout Vocabulary,
    _ local: inout LocalSymbols
  ) -> Counts {
    let h = lowercase ? hypothesis.lowercased() : hypothesis
    let r = lowercase ? reference.lowercased() : reference
    var out = Counts(characterOrder + wordOrder)
    func put(_ slot: Int, _ a: Int, _ b: Int, _ n: Int, _ matches: Int) {
      let (x, y) = (max(0, a - n + 1), max(0, b - n + 1))
      out.hypothesis[slot] = y > 0 ? x : 0
      out.reference[slot] = y
      out.matches[slot] = matches
    }
    func compare(_ a: [Int32], _ b: [Int32], bits: Int, orders: Int, from slot: Int) {
      guard orders > 0 else { return }
      local.begin()
      let (x, y) = (local.map(a), local.map(b))
      if orders * bits <= 64, local.used < 1 << UInt32(bits) {
        let (p, q) = (
          NGramList(x, bits: bits, width: orders), NGramList(y, bits: bits, width: orders)
        )
        for n in 1...orders {
          put(slot + n - 1, a.count, b.count, n, p.matches(q, order: n))
        }
      } else {
        for n in 1...orders {
          put(slot + n - 1, a.count, b.count, n, BLEU.clipped(a, [b], n))
        }
      }
    }
    func characters(_ text: String) -> [Int32] {
      text.unicodeScalars.compactMap {
        $0.value < 128
          ? ($0.value == 32 || ($0.value >= 9 && $0.value <= 13)
            || ($0.value >= 28 && $0.value <= 31)
            ? nil : Int32($0.value))
          : $0.properties.isWhitespace ? nil : Int32($0.value)
      }
    }
    compare(
      characters(h), characters(r), bits: characterOrder > 0 ? 64 / characterOrder : 1,
      orders: characterOrder, from: 0)
    if wordOrder > 0 {
      compare(
        vocabulary.ids(Self.words(h)), vocabulary.ids(Self.words(r)),
        bits: 64 / wordOrder > 31
          ? 31 : 64 / wordOrder, orders: wordOrder, from: characterOrder)
    }
    return out
  }

  /// Words with one leading or trailing ASCII punctuation mark set apart.
  private static func words(_ text: String) -> [String] {
    func isMark(_ s: Unicode.Scalar) -> Bool {
      switch s.value {
      case 33...47, 58...64, 91...96, 123...126: true
      default: false
      }
    }
    return Tokeniser.split(Array(text.unicodeScalars)).flatMap { word -> [String] in
      let scalars = Array(word.unicodeScalars)
      guard scalars.count > 1, let first = scalars.first, let last = scalars.last else {
        return [word]
      }
      func join(_ s: ArraySlice<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: s)
        return String(view)
      }
      if isMark(last) { return [join(scalars.dropLast()), String(last)] }
      if isMark(first) { return [String(first), join(scalars.dropFirst())] }
      return [word]
    }
  }

  private func score(_ c: Counts) -> Double {
    let tiny = 1e-16
    let factor = beta * beta
    var sum = 0.0
    var (precision, recall) = (0.0, 0.0)
    var orders = 0
    for i in c.matches.indices {
      let p = c.hypothesis[i] > 0 ? Double(c.matches[i]) / Double(c.hypothesis[i]) : tiny
      let r = c.reference[i] > 0 ? Double(c.matches[i]) / Double(c.reference[i]) : tiny
      let denominator = factor * p + r
      sum += denominator > 0 ? (1 + factor) * p * r / denominator : tiny
      if c.hypothesis[i] > 0, c.reference[i] > 0 {
        precision += p
        recall += r
        orders += 1
      }
    }
    if epsilonSmoothing { return 100 * sum / Double(c.matches.count) }
    guard orders > 0, precision + recall > 0 else { return 0 }
    precision /= Double(orders)
    recall /= Double(orders)
    return 100 * (1 + factor) * precision * recall / (factor * precision + recall)
  }
}

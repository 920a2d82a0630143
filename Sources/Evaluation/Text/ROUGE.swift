// ROUGE-N, ROUGE-L and ROUGE-Lsum as rouge-score computes them, with a bit-parallel LCS.
// Source: Lin 2004; Hyyrö 2004 (bit-parallel longest common subsequence).

/// ROUGE's options.
public struct ROUGE: Hashable, Sendable, Codable {
  /// Porter stems of tokens longer than three letters.
  public var stemmer: Bool

  public init(stemmer: Bool = false) { self.stemmer = stemmer }

  /// Precision, recall and F of one pair, 0…1.
  public struct Value: Hashable, Sendable, Codable {
    public let precision: Double
    public let recall: Double
    public let f: Double

    init(_ hits: Int, _ predicted: Int, _ expected: Int) {
      precision = Double(hits) / Double(max(predicted, 1))
      recall = Double(hits) / Double(max(expected, 1))
      f = precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0
    }
  }

  /// Values of one pair.
  public struct Result: Hashable, Sendable, Codable {
    public let rouge1: Value
    public let rouge2: Value
    /// Line breaks are white space.
    public let rougeL: Value
    /// Lines are sentences: union LCS (only meaningful when sentences stand on lines).
    public let rougeLsum: Value
  }

  /// Values of pairs. Tokens are lower-case runs of a–z and 0–9.
  ///
  /// - Throws: ``EvaluationError`` for unequal counts.
  /// - Complexity: O(n · m / 64) a pair for ROUGE-L.
  public func values(
    _ predictions: [String], targets: [String]
  ) throws(EvaluationError) -> [Result] {
    try requireEqualCounts(predictions.count, targets.count, "predictions and targets")
    var table = TokenTable(stemmer: stemmer)
    var lcs = BitLCS()
    var out: [Result] = []
    out.reserveCapacity(predictions.count)
    for (p, t) in zip(predictions, targets) {
      let a = table.lines(p)
      let b = table.lines(t)
      let (x, y) = (Array(a.joined()), Array(b.joined()))
      let l = lcs.length(x, y)
      out.append(
        Result(
          rouge1: overlap(x, y, 1), rouge2: overlap(x, y, 2),
          rougeL: x.isEmpty || y.isEmpty ? Value(0, 1, 1) : Value(l, x.count, y.count),
          rougeLsum: a.count == 1 && b.count == 1
            ? (x.isEmpty || y.isEmpty ? Value(0, 1, 1) : Value(l, x.count, y.count))
            : summary(a, b)))
    }
    return out
  }

  /// One pair.
  public func value(_ prediction: String, target: String) throws(EvaluationError) -> Result {
    let all = try values([prediction], targets: [target])
    return all[0]
  }

  /// Mean F over pairs as scores named ROUGE-1, -2, -L, -Lsum.
  public func corpus(_ predictions: [String], targets: [String]) throws(EvaluationError) -> [Score]
  {
    let all = try values(predictions, targets: targets)
    func mean(_ name: String, _ pick: (Result) -> Value) -> Score {
      Score(
        name, all.map { pick($0).f }.mean().map { .value($0) } ?? .undefined(.noCases),
        count: all.count,
        signature: "\(name)|F mean|tok:rouge-score|stem:\(stemmer ? "porter" : "no")"
          + "|v:\(Definitions.version)")
    }
    return [
      mean("ROUGE-1") { $0.rouge1 }, mean("ROUGE-2") { $0.rouge2 }, mean("ROUGE-L") { $0.rougeL },
      mean("ROUGE-Lsum") { $0.rougeLsum },
    ]
  }

  private func overlap(_ a: [Int32], _ b: [Int32], _ n: Int) -> Value {
    func grams(_ x: [Int32]) -> [UInt64] {
      guard x.count >= n else { return [] }
      var keys =
        n == 1
        ? x.map { UInt64(UInt32(bitPattern: $0)) }
        : (0..<(x.count - 1)).map {
          UInt64(UInt32(bitPattern: x[$0])) << 32 | UInt64(UInt32(bitPattern: x[$0 + 1]))
        }
      keys.sort()
      return keys
    }
    let (x, y) = (grams(a), grams(b))
    var (i, j, hits) = (0, 0, 0)
    while i < x.count, j < y.count {
      if x[i] == y[j] {
        hits += 1
        i += 1
        j += 1
      } else if x[i] < y[j] {
        i += 1
      } else {
        j += 1
      }
    }
    return Value(hits, x.count, y.count)
  }

  /// Union LCS over the target's sentences, hits clipped to token counts.
  private func summary(_ prediction: [[Int32]], _ target: [[Int32]]) -> Value {
    let p = prediction.filter { !$0.isEmpty }
    let t = target.filter { !$0.isEmpty }
    let (n, m) = (p.reduce(0) { $0 + $1.count }, t.reduce(0) { $0 + $1.count })
    guard n > 0, m > 0 else { return Value(0, 1, 1) }
    func counts(_ s: [[Int32]]) -> [Int32: Int] {
      s.joined().reduce(into: [:]) { $0[$1, default: 0] += 1 }
    }
    var left = counts(t)
    var right = counts(p)
    var hits = 0
    for sentence in t {
      var covered = [Bool](repeating: false, count: sentence.count)
      for candidate in p {
        for index in Self.lcsIndices(sentence, candidate) { covered[index] = true }
      }
      for (index, token) in sentence.enumerated() where covered[index] {
        guard let a = left[token], let b = right[token], a > 0, b > 0 else { continue }
        hits += 1
        left[token] = a - 1
        right[token] = b - 1
      }
    }
    return Value(hits, n, m)
  }

  /// The places in `a` of one longest common subsequence with `b`.
  static func lcsIndices(_ a: [Int32], _ b: [Int32]) -> [Int] {
    let width = b.count + 1
    var table = [Int32](repeating: 0, count: (a.count + 1) * width)
    for i in 1...max(a.count, 1) where i <= a.count {
      for j in 1...max(b.count, 1) where j <= b.count {
        table[i * width + j] =
          a[i - 1] == b[j - 1]
          ? table[(i - 1) * width + j - 1] + 1
          : max(table[(i - 1) * width + j], table[i * width + j - 1])
      }
    }
    var out: [Int] = []
    var (i, j) = (a.count, b.count)
    while i > 0, j > 0 {
      if a[i - 1] == b[j - 1] {
        out.append(i - 1)
        i -= 1
        j -= 1
      } else if table[i * width + j - 1] > table[(i - 1) * width + j] {
        j -= 1
      } else {
        i -= 1
      }
    }
    return out.reversed()
  }
}

/// Numbers for ROUGE tokens straight from bytes, stems cached.
struct TokenTable {
  private let stemmer: Bool
  private var index: [[UInt8]: Int32] = [:]
  private var stems: [String: Int32] = [:]

  init(stemmer: Bool) { self.stemmer = stemmer }

  /// Token numbers of each line.
  mutating func lines(_ text: String) -> [[Int32]] {
    var out: [[Int32]] = [[]]
    var word: [UInt8] = []
    // Non-ASCII letters fold first: İ and K lower to ASCII letters.
    let source = text.utf8.allSatisfy { $0 < 128 } ? text : text.lowercased()
    for b in source.utf8 {
      let c = b >= 65 && b <= 90 ? b + 32 : b
      if (c >= 97 && c <= 122) || (c >= 48 && c <= 57) {
        word.append(c)
        continue
      }
      if !word.isEmpty {
        out[out.count - 1].append(id(word))
        word.removeAll(keepingCapacity: true)
      }
      if c == 10 { out.append([]) }
    }
    if !word.isEmpty { out[out.count - 1].append(id(word)) }
    return out
  }

  private mutating func id(_ word: [UInt8]) -> Int32 {
    if let known = index[word] { return known }
    let next: Int32
    if stemmer {
      let text = String(decoding: word, as: UTF8.self)
      let stem = word.count > 3 ? PorterStemmer.stem(text) : text
      next = stems[stem] ?? Int32(truncatingIfNeeded: stems.count)
      stems[stem] = next
    } else {
      next = Int32(truncatingIfNeeded: index.count)
    }
    index[word] = next
    return next
  }
}

/// The length of the longest common subsequence, 64 places at a time.
struct BitLCS {
  private var masks: [Int32: [UInt64]] = [:]

  mutating func length(_ a: [Int32], _ b: [Int32]) -> Int {
    if a.isEmpty || b.isEmpty { return 0 }
    masks.removeAll(keepingCapacity: true)
    let words = (a.count + 63) / 64
    if words == 1 {
      var single: [Int32: UInt64] = [:]
      single.reserveCapacity(a.count)
      for (i, token) in a.enumerated() { single[token, default: 0] |= 1 << UInt64(i) }
      var v = ~UInt64(0)
      for token in b {
        guard let mask = single[token] else { continue }
        let u = v & mask
        v = (v &+ u) | (v & ~mask)
      }
      let used = a.count == 64 ? ~UInt64(0) : (1 << UInt64(a.count)) - 1
      return (~v & used).nonzeroBitCount
    }
    for (i, token) in a.enumerated() {
      masks[token, default: Array(repeating: 0, count: words)][i / 64] |= 1 << UInt64(i % 64)
    }
    var v = [UInt64](repeating: ~0, count: words)
    for token in b {
      guard let mask = masks[token] else { continue }
      var carry: UInt64 = 0
      for w in 0..<words {
        let u = v[w] & mask[w]
        let (s1, o1) = v[w].addingReportingOverflow(u)
        let (s2, o2) = s1.addingReportingOverflow(carry)
        carry = o1 || o2 ? 1 : 0
        v[w] = s2 | (v[w] & ~mask[w])
      }
    }
    var total = 0
    for w in 0..<words {
      let rest = a.count - 64 * w
      let used = rest >= 64 ? ~UInt64(0) : (1 << UInt64(rest)) - 1
      total += (~v[w] & used).nonzeroBitCount
    }
    return total
  }
}

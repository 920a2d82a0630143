// The fast paths against their plain definitions, on random input.
import Evaluation
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

struct FastPathTests {
  @Test(arguments: [Tokeniser.mteval13a, .none])
  func `tokens cut on bytes are the tokeniser's`(tokeniser: Tokeniser) {
    var generator = SeededGenerator(seed: 31)
    // Pieces that the rules are about: stops beside digits, hyphens, markup, wide characters.
    let pieces = [
      "a", "B", "7", "42", ".", ",", "-", "..", "'", " ", "  ", "\t", "\n", "-\n", "&", "&quot;",
      "&amp;lt;", "<", "<skipped>", "<s", ">", "(", "]", "%", "é", "e\u{301}", "中", "，",
      "\u{A0}", "\u{3000}", "\u{2028}", "\u{1C}", "\u{85}", "Â", "â", "3.2", "x-ray", "😀",
    ]
    for _ in 0..<600 {
      let text = (0..<Int.random(in: 0..<14, using: &generator))
        .map { _ in pieces[Int.random(in: 0..<pieces.count, using: &generator)] }.joined()
      var fast = ByteTokeniser(tokeniser)
      var numbers: [[UInt8]: Int32] = [:]
      var trimmed = text
      while let last = trimmed.unicodeScalars.last,
        last.properties.isWhitespace || (0x1C...0x1F).contains(last.value)
      {
        trimmed.unicodeScalars.removeLast()
      }
      var want: [Int32] = []
      for token in tokeniser(trimmed) {
        let number = numbers[Array(token.utf8)] ?? Int32(numbers.count)
        numbers[Array(token.utf8)] = number
        want.append(number)
      }
      #expect(fast.ids(text) == want, "\(text.debugDescription)")
    }
  }

  // sacrebleu.corpus_bleu: 100 for each of these.
  @Test(arguments: [
    ("the cat sat on-\n", "the cat sat on-"),
    ("no\u{1C}left effusion seen .", "no left effusion seen."),
    ("3.2 cm, left-\nsided , 4-5 &amp;lt; 7", "3.2 cm , leftsided, 4 - 5 < 7"),
  ])
  func `texts that 13a makes equal score full marks`(hypothesis: String, reference: String) throws {
    let score = try BLEU().corpus([hypothesis], references: [[reference]]).score.value.orNaN
    #expect(abs(score - 100) < 1e-9)
  }

  @Test func `tokens of any length keep their numbers as the table grows`() {
    var fast = ByteTokeniser(.none)
    let words = (0..<3000).map { String(repeating: "ab\($0)", count: $0 % 13 + 1) }
    let text = words.joined(separator: " ")
    #expect(fast.ids(text) == (0..<3000).map { Int32($0) })
    #expect(fast.ids(text) == (0..<3000).map { Int32($0) })
  }

  /// CIDEr-D by dictionaries of token lists, as its paper writes it.
  private func plainCIDEr(_ h: [[String]], _ r: [[[String]]], sigma: Double) -> [Double] {
    func counts(_ t: [String], _ n: Int) -> [[String]: Double] {
      var out: [[String]: Double] = [:]
      for i in 0..<max(0, t.count - n + 1) { out[Array(t[i..<(i + n)]), default: 0] += 1 }
      return out
    }
    var total = [Double](repeating: 0, count: h.count)
    for n in 1...4 {
      var frequency: [[String]: Double] = [:]
      for set in r {
        for gram in Set(set.flatMap { counts($0, n).keys }) { frequency[gram, default: 0] += 1 }
      }
      func vector(_ t: [String]) -> [[String]: Double] {
        counts(t, n).reduce(into: [:]) { out, pair in
          out[pair.key] =
            pair.value * (log(Double(r.count)) - log(max(1, frequency[pair.key] ?? 0)))
        }
      }
      func norm(_ v: [[String]: Double]) -> Double {
        v.values.reduce(0) { $0 + $1 * $1 }.squareRoot()
      }
      for i in h.indices {
        let a = vector(h[i])
        for reference in r[i] {
          let b = vector(reference)
          var sum = b.reduce(0.0) { $0 + min(a[$1.key] ?? 0, $1.value) * $1.value }
          if norm(a) * norm(b) != 0 { sum /= norm(a) * norm(b) }
          let delta = Double(max(0, h[i].count - 1) - max(0, reference.count - 1))
          total[i] +=
            sum * exp(-delta * delta / (2 * sigma * sigma)) / 4 / Double(r[i].count) * 10
        }
      }
    }
    return total
  }

  @Test func `CIDEr by sorting is CIDEr by dictionaries`() throws {
    var generator = SeededGenerator(seed: 32)
    func text() -> [String] {
      (0..<Int.random(in: 0..<9, using: &generator)).map { _ in
        ["no", "left", "right", "effusion", "small"][Int.random(in: 0..<5, using: &generator)]
      }
    }
    for images in [1, 2, 40] {
      let h = (0..<images).map { _ in text() }
      let r = (0..<images).map { i in (0...(i % 3)).map { _ in text() } }
      let got = try CaptionMetrics.ciderD(h, references: r)
      for (g, w) in zip(got.each, plainCIDEr(h, r, sigma: 6)) { #expect(abs(g - w) < 1e-9) }
    }
    #expect(try CaptionMetrics.ciderD([], references: []).score.double == nil)
  }

  @Test func `forces of pairs in vectors are those of one pair at a time`() {
    var generator = SeededGenerator(seed: 33)
    for n in [1, 2, 3, 5, 8, 33] {
      var p = [Float](repeating: 0, count: n * n)
      for i in 0..<n {
        for j in 0..<n where j != i {
          p[i * n + j] = Float.random(in: 0..<1, using: &generator) / Float(n)
        }
      }
      let forces = PairForces(conditional: p, count: n)
      let points = (0..<n).map { _ in
        SIMD2(
          Double.random(in: -3..<3, using: &generator), Double.random(in: -3..<3, using: &generator)
        )
      }
      let (a, b) = (forces.forces(at: points), forces.referenceForces(at: points))
      #expect(abs(a.normaliser - b.normaliser) <= 1e-5 * b.normaliser + 1e-30)
      for i in 0..<n {
        for gap in [a.attraction[i] - b.attraction[i], a.repulsion[i] - b.repulsion[i]] {
          #expect(abs(gap.x) < 1e-4 && abs(gap.y) < 1e-4)
        }
      }
    }
  }

  // Masks whose surfaces are near, far apart along each axis, and in rows of several words.
  @Test(
    arguments: [
      ([6, 7, 200], [2.0, 1, 0.3]), ([3, 60, 150], [0.5, 1, 1]), ([40, 5, 70], [1, 3, 0.1]),
      ([70, 150], [1, 0.2]), ([2, 2, 64], [1, 1, 1]), ([1, 3, 129], [9, 1, 1]),
    ] as [([Int], [Double])])
  func `distances between sparse and distant surfaces are those of brute force`(
    shape: [Int], spacing: [Double]
  ) throws {
    var generator = SeededGenerator(seed: 34)
    let n = shape.reduce(1, *)
    func place(_ i: Int) -> [Double] {
      var rest = i
      var out: [Double] = []
      for (extent, step) in zip(shape, spacing).reversed() {
        out.append(Double(rest % extent) * step)
        rest /= extent
      }
      return out
    }
    for (p, r) in [(1, 1), (40, 1), (1, 40), (60, 60)] {
      func scattered(_ count: Int) throws -> (Mask, [Int]) {
        var voxels = [UInt8](repeating: 0, count: n)
        for _ in 0..<count { voxels[Int.random(in: 0..<n, using: &generator)] = 1 }
        // Sparse voxels have no inner ones: every one of them is boundary.
        return (
          try Mask(voxels, shape: shape, spacing: spacing),
          voxels.indices.filter { voxels[$0] != 0 }
        )
      }
      let (a, inA) = try scattered(p)
      let (b, inB) = try scattered(r)
      let got = try BoundaryDistances(prediction: a, reference: b).predictionToReference
      guard got.count == inA.count,
        try BoundaryDistances(prediction: b, reference: a)
          .predictionToReference.count == inB.count
      else { continue }
      var want: [Double] = []
      for i in inA {
        var nearest = Double.infinity
        for j in inB {
          var sum = 0.0
          for (x, y) in zip(place(i), place(j)) { sum += (x - y) * (x - y) }
          nearest = min(nearest, sum)
        }
        want.append(nearest.squareRoot())
      }
      want.sort()
      for (g, w) in zip(got, want) { #expect(abs(g - w) < 1e-9) }
    }
  }
}

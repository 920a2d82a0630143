// TER: insertions, deletions, substitutions and block shifts over the reference's length.
// Source: Snover et al. 2006; limits and ranking of shifts as Tercom and sacreBLEU have them.

/// Translation edit rate.
public enum TranslationEditRate {
  private static let largestShift = 10
  private static let farthestShift = 50
  private static let mostCandidates = 1000

  /// The corpus rate in percent (0 is identical, above 100 is possible); lower case, split at
  /// white space; of several references the fewest edits over the mean length.
  ///
  /// - Throws: ``EvaluationError`` for unequal counts or a segment without reference.
  /// - Complexity: O(candidates · n · m) a segment, at most 1000 candidates and their rounds.
  public static func corpus(
    _ hypotheses: [String], references: [[String]]
  ) throws(EvaluationError) -> Score {
    try requireEqualCounts(hypotheses.count, references.count, "hypotheses and references")
    var edits = 0.0
    var length = 0.0
    var vocabulary = Vocabulary()
    for (i, hypothesis) in hypotheses.enumerated() {
      guard !references[i].isEmpty else {
        throw EvaluationError(.shape, "segment \(i) has no reference")
      }
      let h = vocabulary.ids(Tokeniser.none(hypothesis, lowercase: true))
      var best = Int.max
      var total = 0
      for reference in references[i] {
        let r = vocabulary.ids(Tokeniser.none(reference, lowercase: true))
        best = min(best, self.edits(h, r))
        total += r.count
      }
      edits += Double(best)
      length += Double(total) / Double(references[i].count)
    }
    return Score(
      "TER",
      length > 0 ? .value(100 * edits / length) : edits > 0 ? .value(100) : .undefined(.noCases),
      count: hypotheses.count, signature: "TER|case:lc|tok:tercom|norm:no|v:\(Definitions.version)")
  }

  /// Edits and shifts from hypothesis to reference.
  static func edits(_ hypothesis: [Int32], _ reference: [Int32]) -> Int {
    guard !reference.isEmpty else { return hypothesis.isEmpty ? 0 : hypothesis.count }
    var words = hypothesis
    var shifts = 0
    var checked = 0
    while true {
      let (gain, shifted) = bestShift(words, reference, &checked)
      if checked >= mostCandidates || gain <= 0 { break }
      shifts += 1
      words = shifted
    }
    return distance(words, reference).cost + shifts
  }

  private enum Step { case same, change, insert, delete }

  /// Levenshtein distance; the path prefers diagonal, then deletion, then insertion.
  private static func distance(
    _ h: [Int32], _ r: [Int32], path wanted: Bool = false
  ) -> (cost: Int, path: [Step]) {
    let width = r.count + 1
    var costs = [Int](repeating: 0, count: width * (h.count + 1))
    var steps = [Step](repeating: .insert, count: wanted ? costs.count : 0)
    for j in 0..<width { costs[j] = j }
    for i in 0..<h.count {
      let row = (i + 1) * width
      costs[row] = i + 1
      if wanted { steps[row] = .delete }
      for j in 1..<max(width, 1) where j < width {
        let same = h[i] == r[j - 1]
        var best = costs[row - width + j - 1] + (same ? 0 : 1)
        var step: Step = same ? .same : .change
        if costs[row - width + j] + 1 < best {
          best = costs[row - width + j] + 1
          step = .delete
        }
        if costs[row + j - 1] + 1 < best {
          best = costs[row + j - 1] + 1
          step = .insert
        }
        costs[row + j] = best
        if wanted { steps[row + j] = step }
      }
    }
    var path: [Step] = []
    if wanted {
      var (i, j) = (h.count, r.count)
      while i > 0 || j > 0 {
        let step: Step = i == 0 ? .insert : j == 0 ? .delete : steps[i * width + j]
        path.append(step)
        switch step {
        case .same, .change: (i, j) = (i - 1, j - 1)
        case .delete: i -= 1
        case .insert: j -= 1
        }
      }
      path.reverse()
    }
    return (costs[costs.count - 1], path)
  }

  private static func bestShift(
    _ h: [Int32], _ r: [Int32], _ checked: inout Int
  ) -> (gain: Int, words: [Int32]) {
    let (before, path) = distance(h, r, path: true)
    // Where each reference place lies in the hypothesis, and which places are wrong.
    var align = [Int](repeating: -1, count: r.count)
    var wrongH: [Int] = []
    var wrongR: [Int] = []
    for step in path {
      switch step {
      case .same, .change:
        align[wrongR.count] = wrongH.count
        wrongH.append(step == .same ? 0 : 1)
        wrongR.append(step == .same ? 0 : 1)
      case .delete: wrongH.append(1)
      case .insert:
        align[wrongR.count] = wrongH.count - 1
        wrongR.append(1)
      }
    }
    var best: (gain: Int, length: Int, from: Int, to: Int, words: [Int32])?
    for start in h.indices {
      for target in r.indices where abs(target - start) <= farthestShift {
        var length = 0
        while length < largestShift, start + length < h.count, target + length < r.count,
          h[start + length] == r[target + length]
        {
          length += 1
          if wrongH[start..<(start + length)].allSatisfy({ $0 == 0 }) { continue }
          if wrongR[target..<(target + length)].allSatisfy({ $0 == 0 }) { continue }
          if align[target] >= start, align[target] < start + length { continue }
          var previous = -1
          for offset in -1..<length {
            let place = target + offset
            if place >= r.count { break }
            let index = place == -1 ? 0 : align[place] + 1
            if index == previous { continue }
            previous = index
            let words = shifted(h, start, length, index)
            let gain = before - distance(words, r).cost
            checked += 1
            let better =
              best.map { b in
                (gain, length, -start, -index) > (b.gain, b.length, -b.from, -b.to)
              } ?? true
            if better { best = (gain, length, start, index, words) }
          }
          if checked >= mostCandidates { break }
        }
        if checked >= mostCandidates { break }
      }
      if checked >= mostCandidates { break }
    }
    return best.map { ($0.gain, $0.words) } ?? (0, h)
  }

  private static func shifted(_ h: [Int32], _ start: Int, _ length: Int, _ target: Int) -> [Int32] {
    let block = h[start..<(start + length)]
    if target < start {
      return Array(h[..<target] + block + h[target..<start] + h[(start + length)...])
    }
    if target > start + length {
      return Array(h[..<start] + h[(start + length)..<target] + block + h[target...])
    }
    let end = min(length + target, h.count)
    return Array(h[..<start] + h[(start + length)..<end] + block + h[end...])
  }
}

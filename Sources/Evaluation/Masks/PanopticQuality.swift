// Instances matched by IoU: recognition, segmentation and panoptic quality.
// Source: Kirillov et al. 2019; below IoU ½ a maximum matching is needed.

/// Instance ids of two label maps, matched.
public struct PanopticQuality: Hashable, Sendable, Codable {
  /// A matched pair of ids.
  public struct Match: Hashable, Sendable, Codable {
    public let prediction: Int
    public let reference: Int
    public let iou: Double
  }

  public let matches: [Match]
  public let falsePositives: Int
  public let falseNegatives: Int
  public let threshold: Double

  /// Matches the instances of two label maps; 0 is background.
  ///
  /// - `threshold`: A match needs IoU strictly above it. From ½ on matches are unique;
  ///   below, the matching has as many pairs as possible and among those the largest total IoU.
  /// - Throws: ``EvaluationError`` for unequal counts.
  /// - Complexity: One pass, plus a matching cubic in the instances below ½.
  public init(
    prediction: [Int], reference: [Int], threshold: Double = 0.5
  ) throws(EvaluationError) {
    try requireEqualCounts(prediction.count, reference.count, "prediction and reference voxels")
    struct Pair: Hashable {
      let p: Int
      let r: Int
    }
    var pairs: [Pair: Int] = [:]
    var sizesP: [Int: Int] = [:]
    var sizesR: [Int: Int] = [:]
    var i = 0
    while i < prediction.count {
      let (p, r) = (prediction[i], reference[i])
      var j = i + 1
      while j < prediction.count, prediction[j] == p, reference[j] == r { j += 1 }
      if p != 0 { sizesP[p, default: 0] += j - i }
      if r != 0 { sizesR[r, default: 0] += j - i }
      if p != 0, r != 0 { pairs[Pair(p: p, r: r), default: 0] += j - i }
      i = j
    }
    let candidates = pairs.compactMap { pair, both -> Match? in
      let union = (sizesP[pair.p] ?? 0) + (sizesR[pair.r] ?? 0) - both
      let iou = Double(both) / Double(union)
      return iou > threshold ? Match(prediction: pair.p, reference: pair.r, iou: iou) : nil
    }.sorted { ($0.reference, $0.prediction) < ($1.reference, $1.prediction) }
    if threshold >= 0.5 {
      matches = candidates
    } else {
      let rows = Set(candidates.map(\.reference)).sorted()
      let columns = Set(candidates.map(\.prediction)).sorted()
      var gains = [[Double]](
        repeating: Array(repeating: 0, count: columns.count), count: rows.count)
      var byPair: [Pair: Match] = [:]
      let rowIndex = Dictionary(uniqueKeysWithValues: rows.enumerated().map { ($1, $0) })
      let columnIndex = Dictionary(uniqueKeysWithValues: columns.enumerated().map { ($1, $0) })
      for m in candidates {
        guard let a = rowIndex[m.reference], let b = columnIndex[m.prediction] else { continue }
        gains[a][b] = 1000 + m.iou
        byPair[Pair(p: m.prediction, r: m.reference)] = m
      }
      matches = Assignment.maximising(gains).compactMap { a, b in
        byPair[Pair(p: columns[b], r: rows[a])]
      }
    }
    falsePositives = sizesP.count - matches.count
    falseNegatives = sizesR.count - matches.count
    self.threshold = threshold
  }

  public var truePositives: Int { matches.count }

  private func score(_ name: String, _ value: MetricValue) -> Score {
    Score(
      name, value, count: truePositives + falseNegatives,
      signature: "\(name)|IoU>\(threshold)|v:\(Definitions.version)")
  }

  /// Σ IoU / (TP + ½ FP + ½ FN).
  public var panopticQuality: Score {
    score(
      "PQ",
      .ratio(
        matches.map(\.iou).compensatedSum(),
        Double(truePositives) + 0.5 * Double(falsePositives + falseNegatives),
        otherwise: .bothEmpty))
  }

  /// The mean IoU of matches.
  public var segmentationQuality: Score {
    score("SQ", .ratio(matches.map(\.iou).compensatedSum(), Double(truePositives)))
  }

  /// TP / (TP + ½ FP + ½ FN).
  public var recognitionQuality: Score {
    score(
      "RQ",
      .ratio(
        Double(truePositives),
        Double(truePositives) + 0.5 * Double(falsePositives + falseNegatives),
        otherwise: .bothEmpty))
  }
}

/// The assignment problem (Kuhn 1955; Jonker & Volgenant 1987, shortest augmenting paths).
enum Assignment {
  /// Pairs (row, column) of largest total gain; only pairs with a positive gain are returned.
  static func maximising(_ gains: [[Double]]) -> [(Int, Int)] {
    let rows = gains.count
    let columns = gains.first?.count ?? 0
    guard rows > 0, columns > 0 else { return [] }
    let n = max(rows, columns)
    func cost(_ i: Int, _ j: Int) -> Double { i < rows && j < columns ? -gains[i][j] : 0 }
    var u = [Double](repeating: 0, count: n + 1)
    var v = u
    var match = [Int](repeating: 0, count: n + 1)
    var way = match
    for i in 1...n {
      match[0] = i
      var j0 = 0
      var least = [Double](repeating: .infinity, count: n + 1)
      var used = [Bool](repeating: false, count: n + 1)
      repeat {
        used[j0] = true
        let i0 = match[j0]
        var delta = Double.infinity
        var j1 = 0
        for j in 1...n where !used[j] {
          let reduced = cost(i0 - 1, j - 1) - u[i0] - v[j]
          if reduced < least[j] {
            least[j] = reduced
            way[j] = j0
          }
          if least[j] < delta {
            delta = least[j]
            j1 = j
          }
        }
        for j in 0...n {
          if used[j] {
            u[match[j]] += delta
            v[j] -= delta
          } else {
            least[j] -= delta
          }
        }
        j0 = j1
      } while match[j0] != 0
      repeat {
        let j1 = way[j0]
        match[j0] = match[j1]
        j0 = j1
      } while j0 != 0
    }
    return (1...n).compactMap { j in
      let i = match[j] - 1
      return i < rows && j - 1 < columns && gains[i][j - 1] > 0 ? (i, j - 1) : nil
    }.sorted { $0.0 < $1.0 }
  }
}

// Dice, IoU and their relatives from one pass over two masks.
// Source: Dice 1945; Jaccard 1912; Taha & Hanbury 2015.

/// What an overlap metric is when both masks are empty.
public enum EmptyMaskPolicy: String, Hashable, Sendable, Codable, CaseIterable {
  /// Undefined: there was nothing to find and nothing was found.
  case undefined
  /// Perfect: 1 for overlaps, 0 for distances.
  case perfect
}

/// The voxel counts of a prediction against a reference.
public struct Overlap: Hashable, Sendable, Codable {
  public let truePositives: Int
  public let falsePositives: Int
  public let falseNegatives: Int
  public let trueNegatives: Int
  public let voxelVolume: Double
  public let policy: EmptyMaskPolicy

  /// - Throws: ``EvaluationError`` when shapes or spacings differ.
  /// - Complexity: One pass.
  public init(
    prediction: Mask, reference: Mask, whenBothEmpty policy: EmptyMaskPolicy = .undefined
  ) throws(EvaluationError) {
    try prediction.requireSameGrid(reference)
    let c = MaskScan.counts(prediction.voxels, reference.voxels)
    self.init(
      truePositives: c.both, falsePositives: c.first - c.both, falseNegatives: c.second - c.both,
      trueNegatives: prediction.voxels.count - c.first - c.second + c.both,
      voxelVolume: prediction.voxelVolume, whenBothEmpty: policy)
  }

  /// From counts. `voxelVolume` in mm³.
  public init(
    truePositives: Int, falsePositives: Int, falseNegatives: Int, trueNegatives: Int = 0,
    voxelVolume: Double = 1, whenBothEmpty policy: EmptyMaskPolicy = .undefined
  ) {
    self.truePositives = truePositives
    self.falsePositives = falsePositives
    self.falseNegatives = falseNegatives
    self.trueNegatives = trueNegatives
    self.voxelVolume = voxelVolume
    self.policy = policy
  }

  /// Voxels of the prediction.
  public var predicted: Int { truePositives + falsePositives }
  /// Voxels of the reference.
  public var expected: Int { truePositives + falseNegatives }
  public var predictedVolume: Double { Double(predicted) * voxelVolume }
  public var referenceVolume: Double { Double(expected) * voxelVolume }

  private func score(_ name: String, _ numerator: Double, _ denominator: Double) -> Score {
    var value = MetricValue.ratio(numerator, denominator)
    if predicted == 0, expected == 0 {
      value = policy == .perfect ? .value(1) : .undefined(.bothEmpty)
    }
    return Score(
      name, value, count: 1,
      signature: "\(name)|both empty:\(policy.rawValue)|v:\(Definitions.version)")
  }

  private var tp: Double { Double(truePositives) }

  /// 2TP / (2TP + FP + FN); 0 when one mask is empty.
  public var dice: Score {
    score("Dice", 2 * tp, 2 * tp + Double(falsePositives + falseNegatives))
  }
  /// TP / (TP + FP + FN).
  public var iou: Score { score("IoU", tp, tp + Double(falsePositives + falseNegatives)) }
  /// TP / (TP + FP); undefined for an empty prediction.
  public var precision: Score { score("precision", tp, Double(predicted)) }
  /// TP / (TP + FN); undefined for an empty reference.
  public var recall: Score { score("recall", tp, Double(expected)) }
  /// TN / (TN + FP) over all voxels.
  public var specificity: Score {
    Score(
      "voxel specificity", .ratio(trueNegatives, trueNegatives + falsePositives), count: 1,
      signature: "voxel specificity|v:\(Definitions.version)")
  }
  /// 1 − |FN − FP| / (2TP + FP + FN): compares sizes, not places.
  public var volumetricSimilarity: Score {
    let sum = 2 * tp + Double(falsePositives + falseNegatives)
    return score("volumetric similarity", sum - Double(abs(falseNegatives - falsePositives)), sum)
  }
  /// |predicted − reference| / reference.
  public var absoluteVolumeDifferenceRatio: Score {
    Score(
      "absolute volume difference ratio", .ratio(abs(predicted - expected), expected), count: 1,
      signature: "absolute volume difference ratio|v:\(Definitions.version)")
  }
  /// (1 + β²) P R / (β² P + R) in counts.
  public func fBeta(_ beta: Double) -> Score {
    let b2 = beta * beta
    return score(
      "F\(formatted(beta, digits: 4))", (1 + b2) * tp,
      (1 + b2) * tp + b2 * Double(falseNegatives) + Double(falsePositives))
  }
}

enum MaskScan {
  /// Voxels of the first, of the second and of both, eight at a time.
  static func counts(_ a: [UInt8], _ b: [UInt8]) -> (first: Int, second: Int, both: Int) {
    var (first, second, both) = (0, 0, 0)
    unsafe a.withUnsafeBytes { x in
      unsafe b.withUnsafeBytes { y in
        let n = x.count
        var i = 0
        while i + 8 <= n {
          let p = unsafe x.loadUnaligned(fromByteOffset: i, as: UInt64.self)
          let q = unsafe y.loadUnaligned(fromByteOffset: i, as: UInt64.self)
          if p | q != 0 {
            first += p.nonzeroBitCount
            second += q.nonzeroBitCount
            both += (p & q).nonzeroBitCount
          }
          i += 8
        }
        while i < n {
          first += Int(unsafe x[i])
          second += Int(unsafe y[i])
          both += Int(unsafe x[i] & y[i])
          i += 1
        }
      }
    }
    return (first, second, both)
  }

  /// The tight box of non-zero voxels of `a | b`; `nil` when there are none.
  static func bounds(_ a: [UInt8], _ b: [UInt8], _ g: Grid) -> VoxelBox? {
    var low = (Int.max, Int.max, Int.max)
    var high = (-1, -1, -1)
    unsafe a.withUnsafeBytes { x in
      unsafe b.withUnsafeBytes { y in
        for i in 0..<g.d0 {
          for j in 0..<g.d1 {
            let base = (i * g.d1 + j) * g.d2
            var k = 0
            var found = false
            func word(_ at: Int) -> UInt64 {
              let p = unsafe x.loadUnaligned(fromByteOffset: base + at, as: UInt64.self)
              let q = unsafe y.loadUnaligned(fromByteOffset: base + at, as: UInt64.self)
              return UInt64(littleEndian: p | q)
            }
            func byte(_ at: Int) -> UInt8 { unsafe x[base + at] | y[base + at] }
            while k < g.d2 {
              if k + 8 <= g.d2 {
                let w = word(k)
                if w == 0 {
                  k += 8
                  continue
                }
                k += w.trailingZeroBitCount / 8
                found = true
                break
              }
              if byte(k) != 0 {
                found = true
                break
              }
              k += 1
            }
            if !found { continue }
            if k < low.2 { low.2 = k }
            // From the end, only as far as the box already reaches.
            var e = g.d2 - 1
            while e > high.2 {
              if e - 7 > high.2, e >= 7 {
                let w = word(e - 7)
                if w == 0 {
                  e -= 8
                  continue
                }
                e -= w.leadingZeroBitCount / 8
                break
              }
              if byte(e) != 0 { break }
              e -= 1
            }
            if e > high.2 { high.2 = e }
            if i < low.0 { low.0 = i }
            if i > high.0 { high.0 = i }
            if j < low.1 { low.1 = j }
            if j > high.1 { high.1 = j }
          }
        }
      }
    }
    guard high.0 >= 0 else { return nil }
    return VoxelBox(low: low, high: (high.0 + 1, high.1 + 1, high.2 + 1))
  }
}

// In which order an epoch shows the samples.

/// The order of the samples in each epoch, a pure function of seed and epoch.
public struct Sampler: Sendable {
  private enum Kind: Sendable {
    case sequential
    case shuffled
    case weighted([Double], count: Int)
  }

  private let kind: Kind

  /// From the first to the last.
  public static let sequential = Sampler(kind: .sequential)
  /// Each once, in an order that changes with the epoch.
  public static let shuffled = Sampler(kind: .shuffled)

  /// With replacement, each sample as likely as its weight.
  ///
  /// - Parameters:
  ///   - weights: One for each sample, not negative, at least one positive.
  ///   - count: Samples an epoch; as many as there are weights when nil.
  public static func weighted(_ weights: [Double], count: Int? = nil) -> Sampler {
    precondition(
      weights.allSatisfy { $0 >= 0 && $0.isFinite } && weights.contains { $0 > 0 },
      "sampler weights must be finite, not negative, and not all 0")
    return Sampler(kind: .weighted(weights, count: count ?? weights.count))
  }

  /// With replacement, every class as likely as any other.
  public static func balanced(classes: [Int]) -> Sampler {
    var counts: [Int: Int] = [:]
    for label in classes { counts[label, default: 0] += 1 }
    return weighted(classes.map { 1 / Double(counts[$0] ?? 1) })
  }

  /// The samples of an epoch, in order.
  public func order(count: Int, seed: UInt64, epoch: Int) -> [Int] {
    var draws = SeededDraws(seed: seed, 0x0DE5, UInt64(epoch))
    switch kind {
    case .sequential: return Array(0..<count)
    case .shuffled: return draws.order(count)
    case .weighted(let weights, let size):
      precondition(weights.count == count, "\(weights.count) weights for \(count) samples")
      var sums: [Double] = []
      var total = 0.0
      for weight in weights {
        total += weight
        sums.append(total)
      }
      return (0..<size).map { _ in
        let target = Double(draws.next() >> 11) * 0x1p-53 * total
        var low = 0
        var high = count - 1
        while low < high {
          let middle = (low + high) / 2
          if sums[middle] > target { high = middle } else { low = middle + 1 }
        }
        return low
      }
    }
  }
}

/// Weights for a loss so that every class counts alike: `n / (classes · count of the class)`,
/// scikit-learn's `class_weight="balanced"`. A class without samples gets 0.
public func balancedClassWeights(_ labels: [Int], classes: Int) -> [Float] {
  var counts = [Int](repeating: 0, count: classes)
  for label in labels {
    precondition(label >= 0 && label < classes, "label \(label) of \(classes) classes")
    counts[label] += 1
  }
  return counts.map { $0 == 0 ? 0 : Float(labels.count) / Float(classes * $0) }
}

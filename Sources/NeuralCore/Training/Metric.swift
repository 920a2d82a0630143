// What a run reports beside the loss.

/// A number that says how good a network's outputs are, added up over batches.
public struct Metric: Sendable {
  public let name: String
  /// Whether a larger value is a better one.
  public let isHigherBetter: Bool
  let measure: @Sendable (_ output: Tensor, _ target: Tensor) -> (sum: Double, count: Int)

  /// A metric from its sum over one batch and the count that the sum is divided by in the end.
  public init(
    _ name: String, isHigherBetter: Bool = true,
    measure: @escaping @Sendable (_ output: Tensor, _ target: Tensor) -> (sum: Double, count: Int)
  ) {
    self.name = name
    self.isHigherBetter = isHigherBetter
    self.measure = measure
  }

  /// The share of samples whose largest logit is the target's: outputs `[batch, class]`, targets
  /// class indices. The first of equal logits counts.
  public static let accuracy = Metric("accuracy") { output, target in
    let logits = output.scalars
    let labels = target.scalars
    let classes = output.shape[output.rank - 1]
    var right = 0
    for (row, label) in labels.enumerated() {
      var best = row * classes
      for index in row * classes..<(row + 1) * classes where logits[index] > logits[best] {
        best = index
      }
      if best - row * classes == Int(label) { right += 1 }
    }
    return (Double(right), labels.count)
  }

  /// The share of labels on the right side of 0.5: outputs are logits, targets 0 or 1, of equal
  /// shape.
  public static let labelAccuracy = Metric("label accuracy") { output, target in
    var right = 0
    let logits = output.scalars
    for (logit, label) in zip(logits, target.scalars) where (logit > 0) == (label > 0.5) {
      right += 1
    }
    return (Double(right), logits.count)
  }

  /// The mean Dice of masks at 0.5 over pictures and channels: `2·|A∩B| / (|A| + |B|)`, 1 where
  /// both are empty. Outputs are logits `[batch, channel, …]`, targets 0 or 1 of the same shape.
  public static let dice = Metric("Dice") { output, target in
    let planes = output.shape[0] * output.shape[1]
    let logits = output.scalars
    let labels = target.scalars
    let size = planes == 0 ? 0 : logits.count / planes
    var sum = 0.0
    for plane in 0..<planes {
      var both = 0
      var either = 0
      for index in plane * size..<(plane + 1) * size {
        let predicted = logits[index] > 0
        let real = labels[index] > 0.5
        both += predicted && real ? 2 : 0
        either += (predicted ? 1 : 0) + (real ? 1 : 0)
      }
      sum += either == 0 ? 1 : Double(both) / Double(either)
    }
    return (sum, planes)
  }
}

// Losses for masks, and for pairs.

extension Loss {
  /// One minus the Dice of `sigmoid(output)` and the target, the mean over samples and channels:
  /// `1 − (2·Σpt + s) / (Σp + Σt + s)`, with squares in the denominator where `squares` is set
  /// (Milletari et al., arXiv 1606.04797; MONAI's `DiceLoss`).
  ///
  /// - `smoothing`: `s`, which makes the loss of an empty mask defined.
  public static func dice(smoothing: Float = 1e-5, squares: Bool = false) -> Loss {
    Loss("Dice") { output, target in
      overlap(output.sigmoid(), output.like(target), smoothing, squares)
    }
  }

  /// Cross-entropy plus the Dice of `softmax(output)` against class indices `[batch, …]`.
  public static func diceAndCrossEntropy(smoothing: Float = 1e-5) -> Loss {
    let entropy = crossEntropy()
    return Loss("Dice + cross-entropy") { output, target in
      let classes = output.shape[1]
      let order = [0, output.shape.count - 1] + Array(1..<output.shape.count - 1)
      let rows = output.classesLast().softmax()
      let shape = [output.shape[0]] + Array(output.shape.dropFirst(2)) + [classes]
      var hot = [Float](repeating: 0, count: target.count * classes)
      for (place, label) in target.scalars.enumerated() {
        precondition(label >= 0 && Int(label) < classes, "Dice: target \(label) of \(classes)")
        hot[place * classes + Int(label)] = 1
      }
      let truth = Tensor(hot, shape: shape).converted(to: output.value.elementType)
      let dice = overlap(
        rows.reshaped(shape).permuted(order), output.constant(truth.permuted(order)), smoothing,
        false)
      return dice + entropy(output, target)
    }
  }

  /// Binary cross-entropy plus ``dice(smoothing:squares:)``, MedSAM's loss.
  public static func diceAndBinaryCrossEntropy(squares: Bool = true) -> Loss {
    sum([(1, dice(squares: squares)), (1, binaryCrossEntropy())])
  }

  private static func overlap(
    _ p: Variable, _ t: Variable, _ smoothing: Float, _ squares: Bool
  ) -> Variable {
    let axes = Array(2..<p.shape.count)
    let both = (p * t).sum(axes: axes) * 2 + smoothing
    let each =
      squares
      ? p.squared().sum(axes: axes) + t.squared().sum(axes: axes)
      : p.sum(axes: axes) + t.sum(axes: axes)
    return (1 - both / (each + smoothing)).mean()
  }

  /// Cross-entropy both ways over the similarities of pairs: row `i` belongs to column `i`
  /// (CLIP's loss, arXiv 2103.00020). The target is not read.
  public static let contrastive = Loss("contrastive") { scores, _ in
    precondition(
      scores.shape.count == 2 && scores.shape[0] == scores.shape[1], "contrastive: \(scores.shape)")
    let pairs = Tensor(of: (0..<scores.shape[0]).map { Int64($0) }, shape: [scores.shape[0]])
    let entropy = crossEntropy()
    return (entropy(scores, pairs) + entropy(scores.transposed(), pairs)) / 2
  }
}

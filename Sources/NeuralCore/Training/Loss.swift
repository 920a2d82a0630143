// What training makes small.

/// A loss: from a network's output and the target to one number, the smaller the better.
///
/// ```swift
/// let loss = Loss.crossEntropy(smoothing: 0.1)
/// let soft = Loss("soft") { output, target in (output - Variable(target)).squared().mean() }
/// ```
public struct Loss: Sendable {
  public let name: String
  private let compute: @Sendable (Variable, Tensor) -> Variable

  public init(_ name: String, _ compute: @escaping @Sendable (Variable, Tensor) -> Variable) {
    self.name = name
    self.compute = compute
  }

  public func callAsFunction(_ output: Variable, _ target: Tensor) -> Variable {
    compute(output, target)
  }

  /// The sum of losses, each with a factor.
  public static func sum(_ parts: [(factor: Float, loss: Loss)]) -> Loss {
    precondition(!parts.isEmpty, "a sum of no losses")
    return Loss(parts.map(\.loss.name).joined(separator: " + ")) { output, target in
      let terms = parts.map { $0.loss(output, target) * $0.factor }
      return terms.dropFirst().reduce(terms[0]) { $0 + $1 }
    }
  }
}

extension Loss {
  /// Cross-entropy of logits, as PyTorch's `CrossEntropyLoss`.
  ///
  /// Outputs are `[batch, class]` or `[batch, class, …]`; targets are class indices `[batch]` or
  /// `[batch, …]`, or probabilities of the output's shape. With `weights` the mean is the
  /// weighted one over samples.
  ///
  /// - Parameters:
  ///   - weights: One for each class.
  ///   - smoothing: The share of the target that is spread evenly over all classes.
  ///   - ignoring: A class index whose samples do not count.
  public static func crossEntropy(
    weights: [Float]? = nil, smoothing: Float = 0, ignoring: Int? = nil
  ) -> Loss {
    precondition(smoothing >= 0 && smoothing < 1, "a label smoothing of \(smoothing)")
    return Loss("cross-entropy") { output, target in
      precondition(output.shape.count > 1, "cross-entropy: output \(output.shape)")
      let classes = output.shape[1]
      precondition(
        weights == nil || weights?.count == classes,
        "cross-entropy: \(weights?.count ?? 0) weights for \(classes) classes")
      if target.shape != output.shape, output.value.elementType == .float32 {
        return output.crossEntropy(target, weights, smoothing, ignoring: ignoring)
      }
      let flat = output.classesLast()
      let logs = flat.logSoftmax()
      // Everything about the target is a constant matrix that the logarithms are weighed with.
      let (matrix, total) =
        target.shape == output.shape
        ? probabilityMatrix(output.constant(target).classesLast().value, weights, smoothing)
        : indexMatrix(target, rows: flat.shape[0], classes, weights, smoothing, ignoring)
      let share = matrix.converted(to: flat.value.elementType)
      return -(logs * output.constant(share)).sum() / total
    }
  }

  private static func indexMatrix(
    _ target: Tensor, rows: Int, _ classes: Int, _ weights: [Float]?, _ smoothing: Float,
    _ ignored: Int?
  ) -> (matrix: Tensor, total: Float) {
    let labels = target.scalars
    precondition(labels.count == rows, "cross-entropy: \(labels.count) targets for \(rows) outputs")
    var matrix = [Float](repeating: 0, count: rows * classes)
    var total: Double = 0
    for (row, label) in labels.enumerated() {
      let label = Int(label)
      if label == ignored { continue }
      precondition(label >= 0 && label < classes, "cross-entropy: target \(label) of \(classes)")
      let own = weights?[label] ?? 1
      total += Double(own)
      matrix[row * classes + label] += own * (1 - smoothing)
      if smoothing > 0 {
        for index in 0..<classes {
          matrix[row * classes + index] += smoothing / Float(classes) * (weights?[index] ?? 1)
        }
      }
    }
    return (Tensor(matrix, shape: [rows, classes]), total == 0 ? 1 : Float(total))
  }

  private static func probabilityMatrix(_ target: Tensor, _ weights: [Float]?, _ smoothing: Float)
    -> (matrix: Tensor, total: Float)
  {
    let classes = target.shape[1]
    var matrix = target.converted(to: .float32)
    if smoothing > 0 { matrix = matrix * (1 - smoothing) + smoothing / Float(classes) }
    if let weights { matrix = matrix * Tensor(weights, shape: [1, classes]) }
    return (matrix, Float(max(target.shape[0], 1)))
  }

  /// Binary cross-entropy of logits, the mean over all elements, as PyTorch's
  /// `BCEWithLogitsLoss`; targets are 0 to 1 in the output's shape.
  ///
  /// - Parameters:
  ///   - weights: A factor for each class, along the last axis.
  ///   - positiveWeights: A factor for the positive term of each class, along the last axis.
  public static func binaryCrossEntropy(
    weights: [Float]? = nil, positiveWeights: [Float]? = nil
  ) -> Loss {
    Loss("binary cross-entropy") { output, target in
      let target = output.constant(target.converted(to: output.value.elementType))
      precondition(
        target.shape == output.shape, "BCE: output \(output.shape), target \(target.shape)")
      func row(_ values: [Float]) -> Variable {
        output.constant(
          Tensor(values, shape: [values.count]).converted(to: output.value.elementType))
      }
      // −log σ(x) = softplus(−x); −log(1 − σ(x)) = softplus(x) = x + softplus(−x).
      let low = (-output).softplus()
      var losses = (1 - target) * output
      if let positiveWeights {
        losses = losses + ((row(positiveWeights) - 1) * target + 1) * low
      } else {
        losses = losses + low
      }
      if let weights { losses = losses * row(weights) }
      return losses.mean()
    }
  }

  /// Binary cross-entropy in which easy elements count less: `α·(1 − p)^γ · BCE` (Lin et al.,
  /// arXiv 1708.02002), the mean over all elements.
  public static func focal(gamma: Float = 2, alpha: Float? = 0.25) -> Loss {
    Loss("focal") { output, target in
      let y = output.constant(target.converted(to: output.value.elementType))
      precondition(y.shape == output.shape, "focal: output \(output.shape), target \(y.shape)")
      let p = output.sigmoid()
      let losses = (-output).softplus() + (1 - y) * output
      let miss = p + y - p * y * 2
      var result = losses * miss.power(gamma)
      if let alpha { result = result * (y * alpha + (1 - y) * (1 - alpha)) }
      return result.mean()
    }
  }

  /// The mean of squared differences.
  public static let meanSquaredError = Loss("mean squared error") { output, target in
    (output - output.like(target)).squared().mean()
  }

  /// Squared near the target and linear beyond `delta` (PyTorch's `HuberLoss`).
  public static func huber(delta: Float = 1) -> Loss {
    Loss("Huber") { output, target in
      let distance = (output - output.like(target)).absolute()
      // ½·q² + δ·(|d| − q) with q = min(|d|, δ) is both branches in one.
      let near = distance.clamped(0, delta)
      return (near.squared() * 0.5 + (distance - near) * delta).mean()
    }
  }

  /// One minus the cosine of the angle to the target, the mean over samples.
  public static let cosine = Loss("cosine") { output, target in
    let target = output.like(target)
    let product = (output * target).sum(axes: [-1])
    let norms = (output.squared().sum(axes: [-1]) * target.squared().sum(axes: [-1])).squareRoot()
    return (1 - product / norms.clamped(1e-8, .greatestFiniteMagnitude)).mean()
  }
}

extension Variable {
  /// A target as a constant of this value's type.
  func like(_ target: Tensor) -> Variable {
    precondition(target.shape == shape, "loss: output \(shape), target \(target.shape)")
    return constant(target.converted(to: value.elementType))
  }

  /// `[batch, class, …]` as `[batch · …, class]`.
  func classesLast() -> Variable {
    if shape.count == 2 { return self }
    precondition(shape.count > 2, "cross-entropy: output \(shape) has no class axis")
    let order = [0] + Array(2..<shape.count) + [1]
    return permuted(order).reshaped([-1, shape[1]])
  }
}

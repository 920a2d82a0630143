// Norms of gradients and averages of weights.

extension Gradients {
  /// The Euclidean norm over all gradients.
  public var norm: Double {
    var sum = 0.0
    // In the order of the parameters, so that the bits do not depend on a dictionary's order.
    for (_, gradient) in byParameter.sorted(by: { $0.key < $1.key }) {
      sum += Double(gradient.sumOfSquares().scalar)
    }
    return sum.squareRoot()
  }

  /// The gradients, scaled down to a norm where theirs is larger (PyTorch's `clip_grad_norm_`).
  public func clipped(norm limit: Float) -> Gradients {
    precondition(limit > 0, "a gradient norm of at most \(limit)")
    let factor = Float(Double(limit) / (norm + 1e-6))
    return factor < 1 ? scaled(by: factor) : self
  }
}

extension Module {
  /// Moves every tensor towards another network's: `decay · self + (1 − decay) · other`.
  /// Statistics are taken over as they are.
  public mutating func average(with other: Self, decay: Float) {
    let tensors = other.tensors
    updateParameters { name, parameter in
      guard let new = tensors[name] else { return }
      parameter.value = parameter.isStatistic ? new : parameter.value * decay + new * (1 - decay)
    }
  }
}

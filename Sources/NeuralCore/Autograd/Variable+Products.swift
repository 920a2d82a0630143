// Products of matrices.

extension Variable {
  /// The product over the last two axes; leading axes broadcast.
  ///
  /// - Precondition: Both have at least two axes.
  public func matmul(_ other: Variable) -> Variable {
    precondition(
      shape.count >= 2 && other.shape.count >= 2, "matmul: \(shape) by \(other.shape)")
    let isMixed = isMixed || other.isMixed
    return recording(value.matmul(other.value, isMixed: isMixed), with: [other]) { g in
      // A matrix on the right that all rows share: one product over all of them.
      let isShared = other.shape.count == 2 && shape.count > 2
      let left =
        isTracked ? g.matmul(other.value.transposed(), isMixed: isMixed).summed(to: shape) : nil
      if !other.isTracked { return [left, nil] }
      if isShared {
        let rows = value.reshaped([-1, shape[shape.count - 1]])
        return [
          left, rows.transposed().matmul(g.reshaped([-1, g.shape[g.rank - 1]]), isMixed: isMixed),
        ]
      }
      return [left, value.transposed().matmul(g, isMixed: isMixed).summed(to: other.shape)]
    }
  }

  /// `x·wᵀ + b`: a fully connected layer.
  ///
  /// - Parameters:
  ///   - weight: `[outputs, inputs]`.
  ///   - bias: `[outputs]`.
  /// - Returns: `[…, outputs]` for a value of shape `[…, inputs]`.
  public func linear(_ weight: Variable, bias: Variable? = nil) -> Variable {
    let isMixed = isMixed
    let result = value.linear(weight.value, bias: bias?.value, isMixed: isMixed)
    return recording(result, with: [weight] + (bias.map { [$0] } ?? [])) { g in
      let flat = g.reshaped([-1, weight.shape[0]])
      let input = isTracked ? flat.matmul(weight.value, isMixed: isMixed).reshaped(shape) : nil
      let product =
        weight.isTracked
        ? flat.transposed().matmul(value.reshaped([-1, weight.shape[1]]), isMixed: isMixed) : nil
      guard let bias else { return [input, product] }
      return [input, product, bias.isTracked ? flat.sum(axes: [0]) : nil]
    }
  }
}

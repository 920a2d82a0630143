// Normalisation and its gradients.

extension Variable {
  /// The last axis to mean 0 and variance 1, then scaled and shifted.
  public func layerNormalized(_ scale: Variable, _ shift: Variable?, epsilon: Float) -> Variable {
    rowNormalized(scale, shift, epsilon: epsilon, rms: false)
  }

  /// The last axis divided by its root mean square, then scaled.
  public func rootMeanSquareNormalized(_ scale: Variable, epsilon: Float) -> Variable {
    rowNormalized(scale, nil, epsilon: epsilon, rms: true)
  }

  private func rowNormalized(
    _ scale: Variable, _ shift: Variable?, epsilon: Float, rms: Bool
  ) -> Variable {
    guard isTracked || scale.isTracked || shift?.isTracked == true else {
      let result =
        rms
        ? value.rmsNorm(scale: scale.value, epsilon: epsilon)
        : value.layerNorm(scale: scale.value, shift: shift?.value, epsilon: epsilon)
      return constant(result)
    }
    let norm = value.layerNormForTraining(
      scale: scale.value, shift: shift?.value, epsilon: epsilon, rms: rms)
    return recording(norm.output, with: [scale] + (shift.map { [$0] } ?? [])) { g in
      let gradients = Tensor.layerNormGradient(
        input: value, scale: scale.value, norm: norm, gradient: g, rms: rms)
      return [gradients.input, gradients.scale] + (shift == nil ? [] : [gradients.shift])
    }
  }

  /// Each channel of `[batch, channel, …]` to mean 0 and variance 1 over the batch, then scaled
  /// and shifted.
  ///
  /// - Returns: The result, and the batch's mean and population variance of each channel.
  public func batchNormalized(_ scale: Variable, _ shift: Variable, epsilon: Float)
    -> (result: Variable, mean: Tensor, variance: Tensor)
  {
    let norm = value.batchNormForTraining(
      scale: scale.value, shift: shift.value, epsilon: epsilon)
    let result = recording(norm.output, with: [scale, shift]) { g in
      let gradients = Tensor.batchNormGradient(
        input: value, scale: scale.value, mean: norm.mean, variance: norm.variance, gradient: g,
        epsilon: epsilon)
      return [gradients.input, gradients.scale, gradients.shift]
    }
    return (result, norm.mean, norm.variance)
  }

  /// Batch normalisation with statistics that are fixed, as in inference.
  public func batchNormalized(
    _ scale: Variable, _ shift: Variable, mean: Tensor, variance: Tensor, epsilon: Float,
    relu: Bool = false
  ) -> Variable {
    let inverse = (variance + epsilon).reciprocalSquareRoot()
    let factor = scale.value * inverse
    let offset = shift.value - mean * factor
    guard isTracked || scale.isTracked || shift.isTracked else {
      return constant(value.channelAffine(scale: factor, shift: offset, relu: relu))
    }
    let result = recording(
      value.channelAffine(scale: factor, shift: offset), with: [scale, shift]
    ) { g in
      let axes = (0..<g.rank).filter { $0 != 1 }
      let flat = Tensor.zeros([g.shape[1]], g.elementType)
      let sum = g.sum(axes: axes)
      let product = (g * value).sum(axes: axes)
      return [
        isTracked ? g.channelAffine(scale: factor, shift: flat) : nil,
        (product - mean * sum) * inverse, sum,
      ]
    }
    return relu ? result.relu() : result
  }
}

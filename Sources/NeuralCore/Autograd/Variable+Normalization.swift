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
  /// and shifted; then, in the same pass, a residual added and ReLU.
  ///
  /// - Parameters:
  ///   - scale: γ, `[channel]`.
  ///   - shift: β, `[channel]`.
  ///   - epsilon: Added to the variance.
  ///   - residual: Added after the shift, of this value's shape.
  ///   - relu: Whether max(·, 0) comes last.
  /// - Returns: The result, and the batch's mean and population variance of each channel.
  public func batchNormalized(
    _ scale: Variable, _ shift: Variable, epsilon: Float, adding residual: Variable? = nil,
    relu: Bool = false
  ) -> (result: Variable, mean: Tensor, variance: Tensor) {
    precondition(
      shape.count >= 2 && residual.map { $0.shape == shape } ?? true,
      "batchNormalized: \(shape), residual \(residual?.shape ?? [])")
    guard value.elementType == .float32 else {
      return batchNormalizedInParts(scale, shift, epsilon, residual, relu)
    }
    let input = value.contiguous()
    let norm = FusedNorm(
      batch: shape[0], channels: shape[1], inner: Shape.count(Array(shape.dropFirst(2))),
      epsilon: epsilon, scale: scale.value, shift: shift.value, isActivated: relu)
    let output = norm.run(input, adding: residual?.value)
    let others = [scale, shift] + (residual.map { [$0] } ?? [])
    let hasResidual = residual != nil
    let result = recording(output, with: others) { g in
      let found = norm.gradients(
        input: input, result: hasResidual && relu ? output : nil, gradient: g)
      return [found.input, found.scale, found.shift]
        + (hasResidual ? [relu ? found.residual : g] : [])
    }
    return (result, norm.mean, norm.variance)
  }

  /// The same operator by operator, for other types than `float32`.
  private func batchNormalizedInParts(
    _ scale: Variable, _ shift: Variable, _ epsilon: Float, _ residual: Variable?, _ relu: Bool
  ) -> (result: Variable, mean: Tensor, variance: Tensor) {
    let norm = value.batchNormForTraining(
      scale: scale.value, shift: shift.value, epsilon: epsilon)
    var result = recording(norm.output, with: [scale, shift]) { g in
      let gradients = Tensor.batchNormGradient(
        input: value, scale: scale.value, mean: norm.mean, variance: norm.variance, gradient: g,
        epsilon: epsilon)
      return [gradients.input, gradients.scale, gradients.shift]
    }
    if let residual { result = result + residual }
    return (relu ? result.relu() : result, norm.mean, norm.variance)
  }

  /// Each channel of each sample of `[batch, channel, …]` to mean 0 and variance 1 (Ulyanov et al.,
  /// arXiv 1607.08022), then below zero times a learned slope.
  ///
  /// - `slope`: One, or one for each channel.
  public func instanceNormalized(slope: Variable, epsilon: Float) -> Variable {
    precondition(
      shape.count >= 2 && (slope.value.count == 1 || slope.value.count == shape[1]),
      "instanceNormalized: \(shape), slope \(slope.shape)")
    guard value.elementType == .float32 else {
      let rows = reshaped([shape[0], shape[1], -1])
      let ones = constant(Tensor.ones([rows.shape[2]]).converted(to: value.elementType))
      return rows.layerNormalized(ones, nil, epsilon: epsilon).reshaped(shape)
        .parametricReLU(slope: slope)
    }
    let input = value.contiguous()
    let norm = FusedNorm(
      batch: 1, channels: shape[0] * shape[1], inner: Shape.count(Array(shape.dropFirst(2))),
      epsilon: epsilon, isActivated: true, slope: slope.value)
    return recording(norm.run(input), with: [slope]) { g in
      let found = norm.gradients(input: input, result: nil, gradient: g)
      let own = found.slope.reshaped([-1, slope.value.count]).sum(axes: [0])
      return [
        found.input,
        slope.value.count == 1 ? own.sum().reshaped(slope.shape) : own.reshaped(slope.shape),
      ]
    }
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

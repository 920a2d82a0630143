// Convolutions and their gradients.

extension Variable {
  /// The cross-correlation with each filter over one, two or three axes, as PyTorch's `conv1d`,
  /// `conv2d` and `conv3d`.
  ///
  /// - Parameters:
  ///   - weight: `[filter, channel / groups, taps…]`.
  ///   - bias: `[filter]`.
  ///   - geometry: Stride, padding, dilation and groups.
  /// - Returns: `[batch, filter, …]` for a value `[batch, channel, …]`.
  public func convolution(
    _ weight: Variable, bias: Variable? = nil, _ geometry: ConvolutionGeometry
  ) -> Variable {
    if isMixed,
      let product = MixedPointwise(image: value, filters: weight.value, geometry)
    {
      return pointwise(product, weight, bias)
    }
    let algorithm = tape?.convolutions ?? .automatic
    let layer = PreparedConvolution(
      filters: weight.value, bias: bias?.value, geometry, algorithm: algorithm)
    let result = layer(value, residual: nil, activation: .none, turns: tape == nil)
    return recording(result, with: [weight] + (bias.map { [$0] } ?? [])) { g in
      let flow =
        isTracked
        ? Tensor.convolutionInputGradient(
          g, filters: weight.value, imageShape: shape, geometry, algorithm: algorithm) : nil
      let own =
        weight.isTracked
        ? Tensor.convolutionWeightGradient(
          g, image: value, filterShape: weight.shape, geometry, algorithm: algorithm) : nil
      guard let bias else { return [flow, own] }
      return [flow, own, bias.isTracked ? Tensor.convolutionBiasGradient(g) : nil]
    }
  }

  private func pointwise(
    _ product: MixedPointwise, _ weight: Variable, _ bias: Variable?
  ) -> Variable {
    let result = product.output(value, weight.value, bias: bias?.value)
    return recording(result, with: [weight] + (bias.map { [$0] } ?? [])) { g in
      let flow = isTracked ? product.inputGradient(g, weight.value) : nil
      let own = weight.isTracked ? product.weightGradient(g, value, shape: weight.shape) : nil
      guard let bias else { return [flow, own] }
      return [flow, own, bias.isTracked ? Tensor.convolutionBiasGradient(g) : nil]
    }
  }

  /// The cross-correlation with the settings of each axis.
  public func convolution(
    _ weight: Variable, bias: Variable? = nil, stride: [Int], padding: [Int], dilation: [Int],
    groups: Int = 1
  ) -> Variable {
    convolution(
      weight, bias: bias,
      ConvolutionGeometry(stride: stride, padding: padding, dilation: dilation, groups: groups))
  }

  /// The transposed convolution over one, two or three axes, as PyTorch's `conv_transpose2d`.
  ///
  /// - `weight`: `[channel, filter, taps…]`.
  /// - `outputPadding`: Places added at the end of each axis, which settle the size where a
  ///   stride leaves it open.
  /// - Returns: `[batch, filter, …]` with axes of `(size − 1)·stride − 2·padding + taps +
  ///   outputPadding`.
  public func transposedConvolution(
    _ weight: Variable, bias: Variable? = nil, stride: [Int], padding: [Int], outputPadding: [Int]
  ) -> Variable {
    let geometry = ConvolutionGeometry(stride: stride, padding: padding)
    let result = value.transposedConvolution(
      weight.value, bias: bias?.value, geometry, outputPadding: outputPadding)
    return recording(result, with: [weight] + (bias.map { [$0] } ?? [])) { g in
      // The convolution that this one is the gradient of; it may leave places at the end unread.
      var forward = geometry
      forward.after = zip(padding, outputPadding).map { max($0 - $1, 0) }
      let read = zip(padding, outputPadding).map { max($1 - $0, 0) }
      var seen = g
      for (axis, unread) in read.enumerated() where unread > 0 {
        seen = seen.sliced(axis: axis + 2, 0..<seen.shape[axis + 2] - unread)
      }
      let flow = isTracked ? seen.convolution(weight.value, forward) : nil
      let own =
        weight.isTracked
        ? Tensor.convolutionWeightGradient(value, image: seen, filterShape: weight.shape, forward)
        : nil
      guard let bias else { return [flow, own] }
      return [flow, own, bias.isTracked ? Tensor.convolutionBiasGradient(g) : nil]
    }
  }
}

// Norms over channels: batch, instance and group norm.

import CNeuralKernels

extension Tensor {
  private func channelSizes(_ name: StaticString) -> (batch: Int, channels: Int, inner: Int) {
    precondition(rank >= 2, "\(name): \(shape) has no channel axis")
    return (shape[0], shape[1], Shape.count(Array(shape.dropFirst(2))))
  }

  private func alongChannels(_ values: Tensor) -> Tensor {
    values.reshaped([1, shape[1]] + [Int](repeating: 1, count: rank - 2))
  }

  /// x · `scale`[channel] + `shift`[channel] for `[batch, channel, …]`, optionally then max(·, 0).
  public func channelAffine(scale: Tensor, shift: Tensor, relu: Bool = false) -> Tensor {
    let (batch, channels, inner) = channelSizes("channelAffine")
    precondition(
      scale.shape == [channels] && shift.shape == [channels],
      "channelAffine: \(shape), scale \(scale.shape), shift \(shift.shape)")
    guard elementType == .float32 else {
      let result = self * alongChannels(scale) + alongChannels(shift)
      return relu ? result.relu() : result
    }
    let input = contiguous()
    let scale = scale.contiguous()
    let shift = shift.contiguous()
    let result = Tensor(uninitialized: shape)
    unsafe nk_channel_affine(
      input.floats, scale.floats, shift.floats, result.floats, batch, channels, inner,
      relu ? 1 : 0)
    withExtendedLifetime((input.storage, scale.storage, shift.storage)) {}
    return result
  }

  /// Batch norm with the moments of training (Ioffe 2015), for inference.
  ///
  /// - Parameters: All of shape `[channel]`; `self` is `[batch, channel, …]`.
  public func batchNorm(
    scale: Tensor, shift: Tensor, mean: Tensor, variance: Tensor, epsilon: Float = 1e-5
  ) -> Tensor {
    let factor = scale / (variance + epsilon).squareRoot()
    return channelAffine(scale: factor, shift: shift - mean * factor)
  }

  /// The mean and the population variance of each channel of `[batch, channel, …]`.
  public func channelMoments() -> (mean: Tensor, variance: Tensor) {
    let (batch, channels, inner) = channelSizes("channelMoments")
    guard elementType == .float32 else {
      let axes = (0..<rank).filter { $0 != 1 }
      return (mean(axes: axes), variance(axes: axes))
    }
    let input = contiguous()
    let mean = Tensor(uninitialized: [channels])
    let variance = Tensor(uninitialized: [channels])
    unsafe nk_channel_moments(input.floats, mean.floats, variance.floats, batch, channels, inner)
    withExtendedLifetime(input.storage) {}
    return (mean, variance)
  }

  /// A batch norm with the batch's own moments, and those moments.
  public func batchNormForTraining(
    scale: Tensor, shift: Tensor, epsilon: Float = 1e-5
  ) -> (output: Tensor, mean: Tensor, variance: Tensor) {
    let (mean, variance) = channelMoments()
    let output = batchNorm(
      scale: scale, shift: shift, mean: mean, variance: variance, epsilon: epsilon)
    return (output, mean, variance)
  }

  /// The gradients of a batch norm with the batch's own moments.
  ///
  /// - Returns: The gradients of the input, of γ and of β.
  public static func batchNormGradient(
    input: Tensor, scale: Tensor, mean: Tensor, variance: Tensor, gradient: Tensor,
    epsilon: Float = 1e-5
  ) -> (input: Tensor, scale: Tensor, shift: Tensor) {
    precondition(
      input.shape == gradient.shape, "batchNormGradient: \(input.shape) and \(gradient.shape)")
    let (batch, channels, inner) = input.channelSizes("batchNormGradient")
    let inverse = (variance + epsilon).reciprocalSquareRoot()
    let count = Float(batch * inner)
    guard input.elementType == .float32 else {
      let axes = (0..<input.rank).filter { $0 != 1 }
      let normal = (input - input.alongChannels(mean)) * input.alongChannels(inverse)
      let dshift = gradient.sum(axes: axes)
      let dscale = (gradient * normal).sum(axes: axes)
      let level = input.alongChannels(dshift / count)
      let dx =
        (gradient - level - normal * input.alongChannels(dscale / count))
        * input.alongChannels(scale * inverse)
      return (dx, dscale, dshift)
    }
    let x = input.contiguous()
    let dy = gradient.contiguous()
    let dshift = Tensor(uninitialized: [channels])
    let products = Tensor(uninitialized: [channels])
    let mean = mean.contiguous()
    unsafe nk_channel_products(
      x.floats, mean.floats, dy.floats, dshift.floats, products.floats, batch, channels, inner)
    // Σ dy·x̂ = Σ dy·(x − mean)·inverse; dx = a·dy + b·x + c.
    let dscale = products * inverse
    let a = scale * inverse
    let b = -(a * inverse * dscale / count)
    let c = -(a * dshift / count) - b * mean
    let dx = Tensor(uninitialized: x.shape)
    unsafe nk_channel_combine(
      dy.floats, x.floats, a.floats, b.floats, c.floats, dx.floats, batch, channels, inner)
    withExtendedLifetime((x.storage, mean.storage, dy.storage, a.storage, b.storage, c.storage)) {}
    return (dx, dscale, dshift)
  }

  /// Each group of channels of each sample to mean 0 and variance 1 (Wu 2018), then scaled and
  /// shifted per channel.
  ///
  /// - Precondition: `groups` divides the channels.
  public func groupNorm(
    groups: Int, scale: Tensor? = nil, shift: Tensor? = nil, epsilon: Float = 1e-5
  ) -> Tensor {
    let (batch, channels, _) = channelSizes("groupNorm")
    precondition(
      groups > 0 && channels % groups == 0, "groupNorm: \(groups) groups of \(shape)")
    if count == 0 { return self }
    let normal = reshaped([batch, groups, -1]).layerNorm(epsilon: epsilon).reshaped(shape)
    if scale == nil && shift == nil { return normal }
    return normal.channelAffine(
      scale: scale ?? Tensor.ones([channels], elementType),
      shift: shift ?? Tensor.zeros([channels], elementType))
  }

  /// Each channel of each sample to mean 0 and variance 1 (Ulyanov 2016), then scaled and shifted.
  public func instanceNorm(
    scale: Tensor? = nil, shift: Tensor? = nil, epsilon: Float = 1e-5
  ) -> Tensor {
    let (_, channels, _) = channelSizes("instanceNorm")
    return groupNorm(groups: channels, scale: scale, shift: shift, epsilon: epsilon)
  }
}

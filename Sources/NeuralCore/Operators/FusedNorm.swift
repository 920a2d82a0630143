// A norm of channels and the activation after it in one pass, with what its gradient needs.

import CNeuralKernels

/// A norm over batch and places of each channel, a scale and a shift, then a factor below zero; the
/// kernels of training for `float32`.
struct FusedNorm {
  let batch, channels, inner: Int
  let epsilon: Float
  let scale, shift: Tensor?
  /// Whether an activation follows: ReLU without `slope`.
  let isActivated: Bool
  /// Factors below zero, which repeat over the channels.
  let slope: Tensor?
  /// Each channel's mean and population variance, once ``run(_:adding:)`` has filled them.
  let mean, variance: Tensor

  init(
    batch: Int, channels: Int, inner: Int, epsilon: Float, scale: Tensor? = nil,
    shift: Tensor? = nil, isActivated: Bool = false, slope: Tensor? = nil
  ) {
    precondition(
      scale.map { $0.count == channels } ?? true && shift.map { $0.count == channels } ?? true
        && slope.map { $0.count > 0 && channels % $0.count == 0 } ?? true,
      "a norm of \(channels) channels: scale \(scale?.shape ?? []), shift \(shift?.shape ?? []), "
        + "slope \(slope?.shape ?? [])")
    (self.batch, self.channels, self.inner, self.epsilon) = (batch, channels, inner, epsilon)
    self.scale = scale?.contiguous()
    self.shift = shift?.contiguous()
    self.slope = slope?.contiguous()
    self.isActivated = isActivated
    mean = Tensor(uninitialized: [channels])
    variance = Tensor(uninitialized: [channels])
  }

  private func description() -> nk_channel_norm {
    unsafe nk_channel_norm(
      batch: batch, channels: channels, inner: inner, epsilon: epsilon,
      scale: scale.map { unsafe UnsafePointer($0.floats) },
      shift: shift.map { unsafe UnsafePointer($0.floats) }, activation: isActivated ? 1 : 0,
      slope: slope.map { unsafe UnsafePointer($0.floats) }, slopes: slope?.count ?? 1,
      mean: mean.floats, variance: variance.floats)
  }

  /// The result for a contiguous `x`, with `residual` added before the activation.
  func run(_ x: Tensor, adding residual: Tensor? = nil) -> Tensor {
    let result = Tensor(uninitialized: x.shape)
    if x.count == 0 { return result }
    var norm = unsafe description()
    let residual = residual?.contiguous()
    unsafe nk_channel_norm_run(&norm, x.floats, residual?.floats, result.floats)
    withExtendedLifetime((self, x.storage, residual?.storage)) {}
    return result
  }

  struct Gradients {
    let input, scale, shift, slope: Tensor
    let residual: Tensor?
  }

  /// The gradients. `y`, the result, is needed where a residual was added.
  func gradients(input x: Tensor, result y: Tensor?, gradient: Tensor) -> Gradients {
    let dy = gradient.contiguous()
    let dx = Tensor(uninitialized: x.shape)
    let residual = y.map { Tensor(uninitialized: $0.shape) }
    let (dscale, dshift, dslope) = (
      Tensor(uninitialized: [channels]), Tensor(uninitialized: [channels]),
      isActivated ? Tensor(uninitialized: [channels]) : Tensor.zeros([channels])
    )
    var norm = unsafe description()
    var targets = unsafe nk_channel_gradients(
      scale: dscale.floats, shift: dshift.floats, slope: isActivated ? dslope.floats : nil,
      residual: residual?.floats)
    unsafe nk_channel_norm_gradient(&norm, x.floats, y?.floats, dy.floats, dx.floats, &targets)
    withExtendedLifetime((self, x.storage, y?.storage, dy.storage, dscale.storage, dshift.storage))
    {}
    withExtendedLifetime(dslope.storage) {}
    return Gradients(
      input: dx, scale: dscale, shift: dshift, slope: dslope, residual: residual)
  }
}

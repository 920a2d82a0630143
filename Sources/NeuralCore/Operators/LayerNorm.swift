// Norms of rows: layer norm and RMS norm.

import CNeuralKernels

extension Tensor {
  /// The last `axes` axes of each row to mean 0 and variance 1, then scaled and shifted (Ba 2016).
  ///
  /// - `scale`: γ, of the shape of the last axes.
  /// - `shift`: β, of the same shape.
  /// - `epsilon`: Added to the variance.
  public func layerNorm(
    scale: Tensor? = nil, shift: Tensor? = nil, axes: Int = 1, epsilon: Float = 1e-5
  ) -> Tensor {
    rowNorm("layerNorm", scale, shift, axes, epsilon, rms: false, keeping: false).output
  }

  /// The last `axes` axes of each row divided by their root mean square, then scaled (Zhang 2019).
  public func rmsNorm(scale: Tensor? = nil, axes: Int = 1, epsilon: Float = 1e-5) -> Tensor {
    rowNorm("rmsNorm", scale, nil, axes, epsilon, rms: true, keeping: false).output
  }

  /// A norm of rows and what its gradient needs.
  public struct RowNorm: Sendable {
    /// The normalised, scaled and shifted rows.
    public let output: Tensor
    /// The mean of each row (0 for RMS norm), and 1/√(variance + ε).
    public let mean: Tensor
    /// The factor that each row was multiplied with.
    public let inverse: Tensor
  }

  /// `layerNorm` or `rmsNorm` together with the moments that its gradient needs.
  public func layerNormForTraining(
    scale: Tensor? = nil, shift: Tensor? = nil, axes: Int = 1, epsilon: Float = 1e-5,
    rms: Bool = false
  ) -> RowNorm {
    rowNorm("layerNorm", scale, shift, axes, epsilon, rms: rms, keeping: true)
  }

  private func rowNorm(
    _ name: StaticString, _ scale: Tensor?, _ shift: Tensor?, _ axes: Int, _ epsilon: Float,
    rms: Bool, keeping: Bool
  ) -> RowNorm {
    precondition(axes > 0 && axes <= rank, "\(name): \(axes) axes of \(shape)")
    let tail = Array(shape.suffix(axes))
    precondition(
      (scale == nil || scale?.shape == tail) && (shift == nil || shift?.shape == tail),
      "\(name): \(shape), scale \(scale?.shape ?? []), shift \(shift?.shape ?? [])")
    let length = Shape.count(tail)
    let rows = Shape.count(Array(shape.dropLast(axes)))
    if elementType == .float16 || elementType == .bfloat16 {
      let wide = converted(to: .float32).rowNorm(
        name, scale?.converted(to: .float32), shift?.converted(to: .float32), axes, epsilon,
        rms: rms, keeping: keeping)
      return RowNorm(
        output: wide.output.converted(to: elementType), mean: wide.mean, inverse: wide.inverse)
    }
    guard elementType == .float32 else {
      precondition(elementType == .float64, "\(name): \(elementType)")
      let flat = reshaped([rows, length])
      let mean = rms ? Tensor.zeros([rows, 1], .float64) : flat.mean(axes: [1], keepingAxes: true)
      let centred = flat - mean
      let inverse = (centred.squared().mean(axes: [1], keepingAxes: true) + epsilon)
        .reciprocalSquareRoot()
      var output = (centred * inverse).reshaped(shape)
      if let scale { output = output * scale }
      if let shift { output = output + shift }
      return RowNorm(
        output: output, mean: mean.squeezed(axis: 1), inverse: inverse.squeezed(axis: 1))
    }
    let input = contiguous()
    let scale = scale?.contiguous()
    let shift = shift?.contiguous()
    let result = Tensor(uninitialized: shape)
    let mean = Tensor(uninitialized: [keeping ? rows : 0])
    let inverse = Tensor(uninitialized: [keeping ? rows : 0])
    if count > 0 {
      unsafe nk_layer_norm(
        input.floats, scale.map { unsafe UnsafePointer($0.floats) },
        shift.map { unsafe UnsafePointer($0.floats) }, result.floats,
        keeping ? mean.floats : nil, keeping ? inverse.floats : nil, rows, length, epsilon,
        rms ? 1 : 0)
    }
    withExtendedLifetime((input.storage, scale?.storage, shift?.storage)) {}
    return RowNorm(output: result, mean: mean, inverse: inverse)
  }

  /// The gradients of a norm of rows.
  ///
  /// - `input`: What was normalised.
  /// - `scale`: γ as given to the norm.
  /// - `norm`: What `layerNormForTraining` returned.
  /// - `gradient`: The gradient of its output.
  /// - Returns: The gradients of the input, of γ and of β; the last two in the shape of the last
  ///   `axes` axes.
  public static func layerNormGradient(
    input: Tensor, scale: Tensor?, norm: RowNorm, gradient: Tensor, axes: Int = 1,
    rms: Bool = false
  ) -> (input: Tensor, scale: Tensor, shift: Tensor) {
    let tail = Array(input.shape.suffix(axes))
    let length = Shape.count(tail)
    let rows = Shape.count(Array(input.shape.dropLast(axes)))
    precondition(
      gradient.shape == input.shape && norm.mean.count == rows,
      "layerNormGradient: \(input.shape), gradient \(gradient.shape), moments \(norm.mean.shape)")
    guard input.elementType == .float32 else {
      let inverse = norm.inverse.reshaped([rows, 1])
      let normal = (input.reshaped([rows, length]) - norm.mean.reshaped([rows, 1])) * inverse
      let dy = gradient.reshaped([rows, length])
      let g = scale.map { dy * $0.reshaped([length]) } ?? dy
      let along = (g * normal).mean(axes: [1], keepingAxes: true)
      var dx = g - normal * along
      if !rms { dx = dx - g.mean(axes: [1], keepingAxes: true) }
      return (
        (dx * inverse).reshaped(input.shape), (dy * normal).sum(axes: [0]).reshaped(tail),
        dy.sum(axes: [0]).reshaped(tail)
      )
    }
    let x = input.contiguous()
    let dy = gradient.contiguous()
    let scale = scale?.contiguous()
    let dx = Tensor(uninitialized: input.shape)
    let dscale = Tensor.zeros(tail)
    let dshift = Tensor.zeros(tail)
    if x.count > 0 {
      let mean = unsafe norm.mean.floats
      let inverse = unsafe norm.inverse.floats
      unsafe nk_layer_norm_gradient(
        x.floats, scale.map { unsafe UnsafePointer($0.floats) }, dy.floats, mean, inverse,
        dx.floats, rows, length, rms ? 1 : 0)
      unsafe nk_layer_norm_weight_gradient(
        x.floats, dy.floats, mean, inverse, dscale.floats, dshift.floats, rows, length)
    }
    withExtendedLifetime((x.storage, dy.storage, scale?.storage, norm)) {}
    return (dx, dscale, dshift)
  }
}

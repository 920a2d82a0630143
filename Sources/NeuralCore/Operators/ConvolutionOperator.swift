// Convolution in one, two and three dimensions.

import CNeuralKernels

extension Tensor {
  /// The cross-correlation of an image with filters, as PyTorch's `conv1d`, `conv2d` and `conv3d`.
  ///
  /// - `filters`: `[filter, channel / groups, …taps]`.
  /// - `bias`: `[filter]`, added to each output.
  /// - `geometry`: Stride, padding, dilation and groups.
  /// - `residual`: Added after the bias, of the result's shape.
  /// - `activation`: Applied last.
  /// - Returns: `[batch, filter, …]` for `self` of shape `[batch, channel, …]`.
  /// - Precondition: The groups divide channels and filters, and the shapes agree.
  /// - Complexity: O(*outputs* · *channels / groups* · *taps*).
  public func convolution(
    _ filters: Tensor, bias: Tensor? = nil, _ geometry: ConvolutionGeometry,
    residual: Tensor? = nil, activation: Activation = .none,
    algorithm: ConvolutionAlgorithm = .automatic
  ) -> Tensor {
    PreparedConvolution(
      filters: filters, bias: bias, geometry, activation: activation, algorithm: algorithm
    )(self, residual: residual)
  }

  /// `convolution` along one image axis: `self` is `[batch, channel, length]`.
  public func conv1d(
    _ filters: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
    groups: Int = 1, activation: Activation = .none
  ) -> Tensor {
    convolution(
      filters, bias: bias,
      ConvolutionGeometry(
        axes: 1, stride: stride, padding: padding, dilation: dilation, groups: groups),
      activation: activation)
  }

  /// `convolution` along two image axes: `self` is `[batch, channel, height, width]`.
  public func conv2d(
    _ filters: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
    groups: Int = 1, activation: Activation = .none
  ) -> Tensor {
    convolution(
      filters, bias: bias,
      ConvolutionGeometry(
        axes: 2, stride: stride, padding: padding, dilation: dilation, groups: groups),
      activation: activation)
  }

  /// `convolution` along three image axes: `self` is `[batch, channel, depth, height, width]`.
  public func conv3d(
    _ filters: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
    groups: Int = 1, activation: Activation = .none
  ) -> Tensor {
    convolution(
      filters, bias: bias,
      ConvolutionGeometry(
        axes: 3, stride: stride, padding: padding, dilation: dilation, groups: groups),
      activation: activation)
  }
}

/// A convolution whose filters are packed once and used for many images.
///
/// Filters are packed at the first use, for the shape they then meet; a later image of another
/// shape that asks for another algorithm packs again.
public struct PreparedConvolution: Sendable {
  /// `[filter, channel / groups, …taps]`.
  public let filters: Tensor
  /// `[filter]`.
  public let bias: Tensor?
  public let geometry: ConvolutionGeometry
  public let activation: Activation
  public let algorithm: ConvolutionAlgorithm
  private let packs = PackedFilters()

  /// - Precondition: As many tap axes as the geometry has, and a bias for each filter.
  public init(
    filters: Tensor, bias: Tensor? = nil, _ geometry: ConvolutionGeometry,
    activation: Activation = .none, algorithm: ConvolutionAlgorithm = .automatic
  ) {
    precondition(
      filters.rank == geometry.stride.count + 2 && filters.shape[0] % geometry.groups == 0
        && (bias == nil || bias?.shape == [filters.shape[0]]),
      "convolution: filters \(filters.shape), bias \(bias?.shape ?? []), geometry \(geometry)")
    self.filters = filters
    self.bias = bias
    self.geometry = geometry
    self.activation = activation
    self.algorithm = algorithm
  }

  private func outputShape(for x: Tensor) -> [Int] {
    precondition(
      x.rank == filters.rank && x.elementType == filters.elementType
        && x.shape[1] == filters.shape[1] * geometry.groups,
      "convolution: \(x.elementType) \(x.shape) with filters \(filters.elementType) "
        + "\(filters.shape) in \(geometry.groups) groups")
    let image = Array(x.shape.dropFirst(2))
    return [x.shape[0], filters.shape[0]]
      + geometry.outputSize(image: image, kernel: Array(filters.shape.dropFirst(2)))
  }

  /// The convolution of `x`, plus `residual`, through the activation.
  public func callAsFunction(_ x: Tensor, residual: Tensor? = nil) -> Tensor {
    let shape = outputShape(for: x)
    if x.elementType == .float16 || x.elementType == .bfloat16 {
      return PreparedConvolution(
        filters: filters.converted(to: .float32), bias: bias?.converted(to: .float32), geometry,
        activation: activation, algorithm: algorithm
      )(x.converted(to: .float32), residual: residual?.converted(to: .float32))
      .converted(to: x.elementType)
    }
    precondition(
      residual == nil || residual?.shape == shape,
      "convolution: residual \(residual?.shape ?? []) for a result of \(shape)")
    guard x.elementType == .float32 else {
      precondition(x.elementType == .float64, "convolution: \(x.elementType)")
      var result = Reference.convolution(x, filters, geometry, outputShape: shape)
      if let bias {
        result = result + bias.reshaped([-1] + [Int](repeating: 1, count: x.rank - 2))
      }
      if let residual { result = result + residual }
      return activation.applied(to: result)
    }
    let result = Tensor(uninitialized: shape)
    if result.count == 0 { return result }
    var description = geometry.kernelDescription(
      image: Array(x.shape.dropFirst(2)), filters: filters.shape,
      output: Array(shape.dropFirst(2)), batch: shape[0], channels: x.shape[1])
    let chosen = algorithm.kernel(description)
    let packed = packs.filters(chosen, description, filters)
    let input = x.contiguous()
    let bias = bias?.contiguous()
    let residual = residual?.contiguous()
    var epilogue = unsafe nk_epilogue(
      column_bias: nil, row_bias: bias.map { unsafe UnsafePointer($0.floats) },
      residual: residual.map { unsafe UnsafePointer($0.floats) }, activation: activation.kernel,
      p: activation.p, q: activation.q)
    let plain = bias == nil && residual == nil && activation == .none
    let done = unsafe withUnsafePointer(to: &epilogue) { epilogue in
      unsafe nk_conv_run(
        &description, chosen, input.floats, packed.floats, result.floats, plain ? nil : epilogue)
    }
    withExtendedLifetime((input.storage, packed.storage, bias?.storage, residual?.storage)) {}
    precondition(done == 1, "convolution: out of memory for \(x.shape) with \(filters.shape)")
    return result
  }
}

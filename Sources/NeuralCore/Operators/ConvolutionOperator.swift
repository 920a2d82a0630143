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
  /// What each filter is multiplied with as it is packed: a batch norm that was folded in.
  let scale: Tensor?
  let packs = PackedFilters()

  /// - Precondition: As many tap axes as the geometry has, and a bias for each filter.
  public init(
    filters: Tensor, bias: Tensor? = nil, _ geometry: ConvolutionGeometry,
    activation: Activation = .none, algorithm: ConvolutionAlgorithm = .automatic
  ) {
    self.init(
      filters: filters, scale: nil, bias: bias, geometry, activation: activation,
      algorithm: algorithm)
  }

  /// The same with a factor for each filter.
  init(
    filters: Tensor, scale: Tensor?, bias: Tensor?, _ geometry: ConvolutionGeometry,
    activation: Activation = .none, algorithm: ConvolutionAlgorithm = .automatic
  ) {
    precondition(
      filters.rank == geometry.stride.count + 2 && filters.shape[0] % geometry.groups == 0
        && (bias == nil || bias?.shape == [filters.shape[0]]),
      "convolution: filters \(filters.shape), bias \(bias?.shape ?? []), geometry \(geometry)")
    self.filters = filters
    self.scale = scale
    self.bias = bias?.contiguous()
    self.geometry = geometry
    self.activation = activation
    self.algorithm = algorithm
  }

  private func outputShape(for x: Tensor, _ geometry: ConvolutionGeometry) -> [Int] {
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
    callAsFunction(x, residual: residual, activation: activation)
  }

  /// Whether the products of a pixel outweigh moving its channels to and fro.
  private var isWorthTurning: Bool {
    geometry.groups == 1 && filters.shape[0] >= 16
      && filters.count > 160 * (filters.shape[0] + filters.shape[1])
  }

  /// The factor of each filter multiplied into the filters.
  private var scaledFilters: Tensor {
    guard let scale else { return filters }
    return filters * scale.reshaped([-1] + [Int](repeating: 1, count: filters.rank - 1))
  }

  /// The same with another activation or other margins, on which packed filters do not depend.
  ///
  /// - `turns`: Whether an image of the usual layout may go there and back; training keeps it, so that
  ///   its sums are those that its gradients were tested with.
  func callAsFunction(
    _ x: Tensor, residual: Tensor?, activation: Activation, geometry: ConvolutionGeometry? = nil,
    channelsLast: Bool = false, turns: Bool = true
  ) -> Tensor {
    let geometry = geometry ?? self.geometry
    let shape = outputShape(for: x, geometry)
    if x.elementType == .float16 || x.elementType == .bfloat16 {
      return PreparedConvolution(
        filters: scaledFilters.converted(to: .float32), bias: bias?.converted(to: .float32),
        geometry, activation: activation, algorithm: algorithm
      )(x.converted(to: .float32), residual: residual?.converted(to: .float32))
      .converted(to: x.elementType)
    }
    precondition(
      residual == nil || residual?.shape == shape,
      "convolution: residual \(residual?.shape ?? []) for a result of \(shape)")
    guard x.elementType == .float32 else {
      precondition(x.elementType == .float64, "convolution: \(x.elementType)")
      var result = Reference.convolution(x, scaledFilters, geometry, outputShape: shape)
      if let bias {
        result = result + bias.reshaped([-1] + [Int](repeating: 1, count: x.rank - 2))
      }
      if let residual { result = result + residual }
      return activation.applied(to: result)
    }
    var description = geometry.kernelDescription(
      image: Array(x.shape.dropFirst(2)), filters: filters.shape,
      output: Array(shape.dropFirst(2)), batch: shape[0], channels: x.shape[1])
    let isPossible = unsafe nk_channels_possible(&description) == 1
    let staysLast = isPossible && (channelsLast || x.isOnlyChannelsLast)
    // From the usual layout it pays to go to the other and back where pixels have enough products.
    let isLast = staysLast || turns && isPossible && algorithm == .automatic && isWorthTurning
    let result = isLast ? Tensor(channelsLast: shape) : Tensor(uninitialized: shape)
    if result.count == 0 { return result }
    let input = isLast ? x.channelsLast() : x.contiguous()
    let residual = isLast ? residual?.channelsLast() : residual?.contiguous()
    var epilogue = unsafe nk_epilogue(
      column_bias: nil, row_bias: bias.map { unsafe UnsafePointer($0.floats) },
      residual: residual.map { unsafe UnsafePointer($0.floats) }, activation: activation.kernel,
      p: activation.p, q: activation.q)
    let plain = bias == nil && residual == nil && activation == .none
    // Infinities spread over Winograd's tiles; then the direct sum keeps them where they belong.
    var done: Int32 = 2
    for chosen in [algorithm.kernel(description, isLast), NK_CONV_DIRECT] where done == 2 {
      let packed = packs.filters(chosen, description, isLast, scale: scale) { filters }
      done = unsafe withUnsafePointer(to: &epilogue) { epilogue in
        let end = unsafe plain ? nil : epilogue
        if isLast {
          return unsafe nk_channels_conv_run(
            &description, chosen, input.floats, packed.floats, result.floats, end)
        }
        return unsafe nk_conv_run(
          &description, chosen, input.floats, packed.floats, result.floats, end)
      }
      withExtendedLifetime(packed.storage) {}
    }
    withExtendedLifetime((input.storage, bias?.storage, residual?.storage)) {}
    precondition(done == 1, "convolution: out of memory for \(x.shape) with \(filters.shape)")
    return staysLast || !isLast ? result : result.contiguous()
  }
}

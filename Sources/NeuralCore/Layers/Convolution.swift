// Convolutions with weights.

/// A convolution over one, two or three axes.
public struct Convolution: Layer {
  /// `[filter, channel / groups, taps…]`
  public var weight: Parameter
  /// `[filter]`
  public var bias: Parameter?
  public let stride, padding, dilation: [Int]
  public let groups: Int
  private let prepared = Derived<PreparedConvolution>()

  /// - `taps`: The filter's size along each axis; its count settles how many axes there are.
  /// - `padding`: Zeros on both sides of each axis; "same" for odd taps when nil.
  public init(
    _ channels: Int, _ filters: Int, taps: [Int], stride: [Int]? = nil, padding: [Int]? = nil,
    dilation: [Int]? = nil, groups: Int = 1, hasBias: Bool = true, start: Initializer = .linear,
    draws: inout SeededDraws
  ) {
    precondition(
      (1...3).contains(taps.count) && taps.allSatisfy { $0 > 0 } && groups > 0
        && channels % groups == 0 && filters % groups == 0,
      "Convolution: \(channels) to \(filters) channels, taps \(taps), groups \(groups)")
    let ones = [Int](repeating: 1, count: taps.count)
    self.stride = stride ?? ones
    self.dilation = dilation ?? ones
    self.padding = padding ?? zip(taps, self.dilation).map { ($0 - 1) * $1 / 2 }
    self.groups = groups
    weight = Parameter(start.tensor([filters, channels / groups] + taps, &draws))
    let inputs = channels / groups * taps.reduce(1, *)
    bias = hasBias ? Parameter(start.bias(filters, inputs: inputs, &draws)) : nil
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("weight", &weight)
    visitor("bias", &bias)
  }

  public func callAsFunction(_ input: Variable) -> Variable {
    if input.tape == nil, input.value.elementType == weight.value.elementType {
      return Variable(
        inference(
          input.value, norm: nil, activation: .none, residual: nil, channelsLast: false))
    }
    return input.convolution(
      input.using(weight), bias: bias.map { input.using($0) }, stride: stride, padding: padding,
      dilation: dilation, groups: groups)
  }

  /// The convolution, then batch norm, a residual and an activation.
  ///
  /// In inference this is one operator: the norm is folded into the filters, which are packed once,
  /// and the rest is applied to each tile while it is in cache. The result then has its channels
  /// innermost in memory (``Tensor/channelsLast()``), where the layer's own call keeps the layout.
  public func callAsFunction(
    _ input: Variable, norm: BatchNorm?, activation: Activation = .none,
    residual: Variable? = nil
  ) -> Variable {
    callAsFunction(input, norm: norm, activation: activation, residual: residual, geometry: nil)
  }

  /// The convolution of two images joined along their channels, then batch norm and an activation: what
  /// a U-Net does with what it kept and what it enlarged. In inference the two need not be joined in
  /// memory.
  ///
  /// - Precondition: Shapes that differ in the channels alone.
  public func callAsFunction(
    _ first: Variable, beside second: Variable, norm: BatchNorm?, activation: Activation = .none
  ) -> Variable {
    let values = [first.value, second.value]
    guard first.tape == nil, second.tape == nil,
      values.allSatisfy({ $0.elementType == weight.value.elementType })
    else {
      return self(
        Variable.concatenated([first, second], axis: 1), norm: norm, activation: activation)
    }
    precondition(
      values[0].rank == values[1].rank && values[0].rank > 1
        && values[0].shape[1] + values[1].shape[1] == weight.value.shape[1] * groups,
      "Convolution: \(values[0].shape) beside \(values[1].shape), weight \(weight.value.shape)")
    return Variable(
      layer(norm).joining(values[0], values[1], activation: activation, channelsLast: true))
  }

  /// The same with other margins than the layer's own.
  func callAsFunction(
    _ input: Variable, norm: BatchNorm?, activation: Activation, residual: Variable?,
    geometry: ConvolutionGeometry?
  ) -> Variable {
    if input.tape == nil, input.value.elementType == weight.value.elementType {
      return Variable(
        inference(
          input.value, norm: norm, activation: activation, residual: residual?.value,
          geometry: geometry))
    }
    let plain =
      geometry
      ?? ConvolutionGeometry(stride: stride, padding: padding, dilation: dilation, groups: groups)
    var result = input.convolution(
      input.using(weight), bias: bias.map { input.using($0) }, plain)
    if let norm {
      // The norm adds and cuts off in its own pass, where that is all there is.
      if activation == .relu { return norm(result, adding: residual, relu: true) }
      result = norm(result)
    }
    if let residual { result = result + residual }
    return result.activated(activation)
  }

  /// One operator on packed filters.
  func inference(
    _ x: Tensor, norm: BatchNorm?, activation: Activation, residual: Tensor?,
    geometry other: ConvolutionGeometry? = nil, channelsLast: Bool = true
  ) -> Tensor {
    layer(norm)(
      x, residual: residual, activation: activation, geometry: other, channelsLast: channelsLast)
  }

  /// The packed layer; the sources of what was prepared settle whether it still holds.
  private func layer(_ norm: BatchNorm?) -> PreparedConvolution {
    let parameters = [weight.value] + (bias.map { [$0.value] } ?? []) + (norm?.parameters ?? [])
    return prepared.value(from: parameters) {
      let geometry = ConvolutionGeometry(
        stride: stride, padding: padding, dilation: dilation, groups: groups)
      guard let norm else {
        return PreparedConvolution(filters: weight.value, bias: bias?.value, geometry)
      }
      let (scale, shift) = norm.affine
      let moved = bias.map { $0.value * scale + shift } ?? shift
      return PreparedConvolution(filters: weight.value, scale: scale, bias: moved, geometry)
    }
  }
}

/// A transposed convolution over two or three axes: the gradient of a convolution, used to
/// enlarge.
public struct TransposedConvolution: Layer {
  /// `[channel, filter, taps…]`, PyTorch's order for transposed convolutions.
  public var weight: Parameter
  /// `[filter]`
  public var bias: Parameter?
  public let stride, padding, outputPadding: [Int]
  private let prepared = Derived<PreparedEnlargement>()

  public init(
    _ channels: Int, _ filters: Int, taps: [Int], stride: [Int], padding: [Int]? = nil,
    outputPadding: [Int]? = nil, hasBias: Bool = true, draws: inout SeededDraws
  ) {
    precondition(
      (1...3).contains(taps.count) && stride.count == taps.count,
      "TransposedConvolution: taps \(taps), stride \(stride)")
    let zeros = [Int](repeating: 0, count: taps.count)
    self.stride = stride
    self.padding = padding ?? zeros
    self.outputPadding = outputPadding ?? zeros
    weight = Parameter(Initializer.linear.tensor([channels, filters] + taps, &draws))
    let inputs = filters * taps.reduce(1, *)
    bias = hasBias ? Parameter(Initializer.linear.bias(filters, inputs: inputs, &draws)) : nil
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("weight", &weight)
    visitor("bias", &bias)
  }

  public func callAsFunction(_ input: Variable) -> Variable {
    // Taps that do not overlap, on channels that are innermost: one product for each.
    let isDisjoint =
      stride == Array(weight.value.shape.dropFirst(2))
      && (padding + outputPadding).allSatisfy { $0 == 0 }
    if isDisjoint, input.tape == nil, input.value.elementType == .float32,
      input.value.isOnlyChannelsLast
    {
      let layer = prepared.value(from: [weight.value] + (bias.map { [$0.value] } ?? [])) {
        PreparedEnlargement(filters: weight.value, bias: bias?.value)
      }
      return Variable(layer(input.value))
    }
    return input.transposedConvolution(
      input.using(weight), bias: bias.map { input.using($0) }, stride: stride, padding: padding,
      outputPadding: outputPadding)
  }
}

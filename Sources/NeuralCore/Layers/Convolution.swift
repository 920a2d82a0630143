// Convolutions with weights.

/// A convolution over one, two or three axes.
public struct Convolution: Layer {
  /// `[filter, channel / groups, taps…]`
  public var weight: Parameter
  /// `[filter]`
  public var bias: Parameter?
  public let stride, padding, dilation: [Int]
  public let groups: Int

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
    input.convolution(
      input.using(weight), bias: bias.map { input.using($0) }, stride: stride, padding: padding,
      dilation: dilation, groups: groups)
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
    input.transposedConvolution(
      input.using(weight), bias: bias.map { input.using($0) }, stride: stride, padding: padding,
      outputPadding: outputPadding)
  }
}

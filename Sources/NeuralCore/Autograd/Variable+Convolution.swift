// Convolutions and their gradients.

extension Variable {
  /// The cross-correlation with each filter over one, two or three axes, as PyTorch's `conv1d`,
  /// `conv2d` and `conv3d`.
  ///
  /// - Parameters:
  ///   - weight: `[filter, channel / groups, taps…]`.
  ///   - bias: `[filter]`.
  ///   - padding: Zeros on both sides of each axis.
  /// - Returns: `[batch, filter, …]` for a value `[batch, channel, …]`.
  public func convolution(
    _ weight: Variable, bias: Variable? = nil, stride: [Int], padding: [Int], dilation: [Int],
    groups: Int = 1
  ) -> Variable {
    let windows = ConvolutionWindows(
      input: shape, weight: weight.shape, stride: stride, padding: padding, dilation: dilation,
      groups: groups)
    let input = value.contiguous()
    let result = windows.forward(input, weight.value, bias?.value)
    return recording(result, with: [weight] + (bias.map { [$0] } ?? [])) { g in
      let g = g.contiguous()
      let flow = isTracked ? windows.inputGradient(g, weight.value) : nil
      let own = weight.isTracked ? windows.weightGradient(input, g, shape: weight.shape) : nil
      guard let bias else { return [flow, own] }
      let axes = (0..<g.rank).filter { $0 != 1 }
      return [flow, own, bias.isTracked ? g.sum(axes: axes) : nil]
    }
  }

  /// The transposed convolution over one, two or three axes, as PyTorch's `conv_transpose2d`.
  ///
  /// - Parameters:
  ///   - weight: `[channel, filter, taps…]`.
  ///   - outputPadding: Places added at the end of each axis, which settle the size where a
  ///     stride leaves it open.
  /// - Returns: `[batch, filter, …]` with axes of `(size − 1)·stride − 2·padding + taps +
  ///   outputPadding`.
  public func transposedConvolution(
    _ weight: Variable, bias: Variable? = nil, stride: [Int], padding: [Int], outputPadding: [Int]
  ) -> Variable {
    precondition(
      shape.count == weight.shape.count && shape[1] == weight.shape[0],
      "transposedConvolution: input \(shape), weight \(weight.shape)")
    let sizes = stride.indices.map { axis in
      (shape[axis + 2] - 1) * stride[axis] - 2 * padding[axis] + weight.shape[axis + 2]
        + outputPadding[axis]
    }
    // The convolution that this one is the gradient of.
    let windows = ConvolutionWindows(
      input: [shape[0], weight.shape[1]] + sizes, weight: weight.shape, stride: stride,
      padding: padding, dilation: [Int](repeating: 1, count: stride.count), groups: 1)
    precondition(
      windows.outputShape == shape,
      "transposedConvolution: input \(shape), stride \(stride), outputPadding \(outputPadding)")
    let input = value.contiguous()
    var result = windows.inputGradient(input, weight.value)
    if let bias {
      result = result + bias.value.reshaped([-1] + [Int](repeating: 1, count: stride.count))
    }
    return recording(result, with: [weight] + (bias.map { [$0] } ?? [])) { g in
      let g = g.contiguous()
      let flow = isTracked ? windows.forward(g, weight.value, nil) : nil
      let own = weight.isTracked ? windows.weightGradient(g, input, shape: weight.shape) : nil
      guard let bias else { return [flow, own] }
      let axes = (0..<g.rank).filter { $0 != 1 }
      return [flow, own, bias.isTracked ? g.sum(axes: axes) : nil]
    }
  }
}

extension ConvolutionWindows {
  private func parts() -> [Range<Int>] {
    Swift.stride(from: 0, to: batch, by: picturesAtOnce).map {
      $0..<min($0 + picturesAtOnce, batch)
    }
  }

  /// `[filter, channel · tap]` of each group.
  private func matrices(_ weight: Tensor) -> [Tensor] {
    weight.reshaped([groups, filters / groups, channels / groups * tapCount]).split(
      axis: 0, parts: groups
    ).map { $0.squeezed(axis: 0) }
  }

  /// One group's channels of some pictures, `[filter, picture · place]`.
  private func rows(_ g: Tensor, _ pictures: Range<Int>, _ group: Int) -> Tensor {
    let own = filters / groups
    return g.reshaped([batch, filters, places]).sliced(axis: 0, pictures)
      .sliced(axis: 1, group * own..<(group + 1) * own).permuted([1, 0, 2])
      .reshaped([own, pictures.count * places])
  }

  func forward(_ x: Tensor, _ weight: Tensor, _ bias: Tensor?) -> Tensor {
    let matrices = matrices(weight)
    var pieces: [Tensor] = []
    for pictures in parts() {
      var own: [Tensor] = []
      for group in 0..<groups {
        let product = matrices[group].matmul(columns(of: x, pictures: pictures, group: group))
        own.append(
          product.reshaped([filters / groups, pictures.count, places]).permuted([1, 0, 2]))
      }
      pieces.append(own.count == 1 ? own[0] : Tensor.concatenated(own, axis: 1))
    }
    let whole = pieces.count == 1 ? pieces[0] : Tensor.concatenated(pieces, axis: 0)
    let result = whole.reshaped(outputShape)
    guard let bias else { return result }
    return result + bias.reshaped([filters] + [Int](repeating: 1, count: outputShape.count - 2))
  }

  func inputGradient(_ g: Tensor, _ weight: Tensor) -> Tensor {
    let matrices = matrices(weight)
    let rank = outputShape.count - 2
    var result = Tensor.zeros([batch, channels] + size.suffix(rank), g.elementType)
    for pictures in parts() {
      for group in 0..<groups {
        let columns = matrices[group].transposed().matmul(rows(g, pictures, group))
        sum(columns, into: &result, pictures: pictures, group: group)
      }
    }
    return result
  }

  func weightGradient(_ x: Tensor, _ g: Tensor, shape: [Int]) -> Tensor {
    var sums: [Tensor] = []
    for group in 0..<groups {
      var sum: Tensor?
      for pictures in parts() {
        let columns = columns(of: x, pictures: pictures, group: group)
        let product = rows(g, pictures, group).matmul(columns.transposed())
        sum = sum.map { $0 + product } ?? product
      }
      sums.append(sum ?? Tensor.zeros([filters / groups, channels / groups * tapCount]))
    }
    return Tensor.concatenated(sums, axis: 0).reshaped(shape)
  }
}

// The gradients of a convolution, and transposed convolution, which is the first of them.

import CNeuralKernels

extension Tensor {
  /// The gradient of a convolution's image.
  ///
  /// - `gradient`: The gradient of the convolution's result, `[batch, filter, …]`.
  /// - `filters`: The convolution's filters, `[filter, channel / groups, …taps]`.
  /// - `imageShape`: The shape of its image, `[batch, channel, …]`.
  /// - `algorithm`: `.direct` keeps every sum in the order of the taps.
  /// - Returns: A tensor of `imageShape`.
  public static func convolutionInputGradient(
    _ gradient: Tensor, filters: Tensor, imageShape: [Int], _ geometry: ConvolutionGeometry,
    algorithm: ConvolutionAlgorithm = .automatic
  ) -> Tensor {
    let image = Array(imageShape.dropFirst(2))
    let kernel = Array(filters.shape.dropFirst(2))
    let output = geometry.outputSize(image: image, kernel: kernel)
    precondition(
      gradient.shape == [imageShape[0], filters.shape[0]] + output
        && imageShape[1] == filters.shape[1] * geometry.groups,
      "convolutionInputGradient: gradient \(gradient.shape), filters \(filters.shape), "
        + "image \(imageShape)")
    if gradient.elementType == .float16 || gradient.elementType == .bfloat16 {
      return convolutionInputGradient(
        gradient.converted(to: .float32), filters: filters.converted(to: .float32),
        imageShape: imageShape, geometry, algorithm: algorithm
      ).converted(to: gradient.elementType)
    }
    guard gradient.elementType == .float32 else {
      return Reference.convolutionInputGradient(gradient, filters, imageShape, geometry)
    }
    let result = Tensor(uninitialized: imageShape)
    if gradient.count == 0 { return Tensor.zeros(imageShape) }
    var description = geometry.kernelDescription(
      image: image, filters: filters.shape, output: output, batch: imageShape[0],
      channels: imageShape[1])
    let dy = gradient.contiguous()
    let weights = filters.contiguous()
    let done = unsafe nk_conv_input_gradient(
      &description, algorithm.most, weights.floats, dy.floats, result.floats)
    withExtendedLifetime((dy.storage, weights.storage)) {}
    precondition(done == 1, "convolutionInputGradient: out of memory for \(imageShape)")
    return result
  }

  /// The gradient of a convolution's filters.
  ///
  /// - `gradient`: The gradient of the convolution's result, `[batch, filter, …]`.
  /// - `image`: Its image, `[batch, channel, …]`.
  /// - `filterShape`: The shape of its filters, `[filter, channel / groups, …taps]`.
  /// - `algorithm`: `.direct` sums over pixels; otherwise Winograd's domain is used where it is faster.
  /// - Returns: A tensor of `filterShape`, summed in an order that the shapes alone settle.
  public static func convolutionWeightGradient(
    _ gradient: Tensor, image: Tensor, filterShape: [Int], _ geometry: ConvolutionGeometry,
    algorithm: ConvolutionAlgorithm = .automatic
  ) -> Tensor {
    let size = Array(image.shape.dropFirst(2))
    let output = geometry.outputSize(image: size, kernel: Array(filterShape.dropFirst(2)))
    precondition(
      gradient.shape == [image.shape[0], filterShape[0]] + output
        && image.shape[1] == filterShape[1] * geometry.groups,
      "convolutionWeightGradient: gradient \(gradient.shape), filters \(filterShape), "
        + "image \(image.shape)")
    guard gradient.elementType == .float32 else {
      return Reference.convolutionWeightGradient(gradient, image, filterShape, geometry)
    }
    let result = Tensor(uninitialized: filterShape)
    if result.count == 0 { return result }
    var description = geometry.kernelDescription(
      image: size, filters: filterShape, output: output, batch: image.shape[0],
      channels: image.shape[1])
    let x = image.contiguous()
    let dy = gradient.contiguous()
    let done = unsafe nk_conv_weight_gradient(
      &description, algorithm.most, x.floats, dy.floats, result.floats)
    withExtendedLifetime((x.storage, dy.storage)) {}
    precondition(done == 1, "convolutionWeightGradient: out of memory for \(image.shape)")
    return result
  }

  /// The gradient of a convolution's bias: sums over batch and pixels.
  public static func convolutionBiasGradient(_ gradient: Tensor) -> Tensor {
    gradient.sum(axes: (0..<gradient.rank).filter { $0 != 1 })
  }

  /// Transposed convolution, as PyTorch's `conv_transpose1d`, `2d` and `3d`.
  ///
  /// - `filters`: `[channel, filter / groups, …taps]`.
  /// - `bias`: `[filter]`.
  /// - `geometry`: Stride, dilation and groups; its padding is cut from the result.
  /// - `outputPadding`: Added to the end of each image axis of the result; empty for none.
  /// - Returns: `[batch, filter, …]` with
  ///   (size − 1) · stride − before − after + dilation · (taps − 1) + outputPadding + 1 along each
  ///   image axis.
  public func transposedConvolution(
    _ filters: Tensor, bias: Tensor? = nil, _ geometry: ConvolutionGeometry,
    outputPadding: [Int] = [], activation: Activation = .none
  ) -> Tensor {
    let axes = geometry.stride.count
    let extra = outputPadding.isEmpty ? [Int](repeating: 0, count: axes) : outputPadding
    precondition(
      rank == axes + 2 && filters.rank == rank && shape[1] == filters.shape[0]
        && shape[1] % geometry.groups == 0 && extra.count == axes
        && elementType == filters.elementType,
      "transposedConvolution: \(shape) with filters \(filters.shape), geometry \(geometry)")
    let size = (0..<axes).map { axis -> Int in
      let steps = (shape[axis + 2] - 1) * geometry.stride[axis]
      let reach = geometry.dilation[axis] * (filters.shape[axis + 2] - 1) + 1
      return steps + reach + extra[axis] - geometry.before[axis] - geometry.after[axis]
    }
    precondition(
      size.allSatisfy { $0 >= 0 }, "transposedConvolution: \(shape) becomes \(size)")
    let outputs = filters.shape[1] * geometry.groups
    if size.contains(0) { return Tensor.zeros([shape[0], outputs] + size, elementType) }
    // The convolution that this transposes reads all of the result, so its margin after is what
    // makes its output as large as `self`.
    var forward = geometry
    forward.after = (0..<axes).map { geometry.after[$0] - extra[$0] }
    var result = Tensor.convolutionInputGradient(
      self, filters: filters, imageShape: [shape[0], outputs] + size, forward)
    if let bias {
      precondition(bias.shape == [outputs], "transposedConvolution: bias \(bias.shape)")
      result += bias.reshaped([outputs] + [Int](repeating: 1, count: axes))
    }
    return activation.applied(to: result)
  }
}

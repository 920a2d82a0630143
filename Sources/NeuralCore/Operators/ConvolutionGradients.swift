// The gradients of a convolution, and transposed convolution, which is the first of them.

import CNeuralKernels

extension Tensor {
  /// The gradient of a convolution's image.
  ///
  /// - `gradient`: The gradient of the convolution's result, `[batch, filter, …]`.
  /// - `filters`: The convolution's filters, `[filter, channel / groups, …taps]`.
  /// - `imageShape`: The shape of its image, `[batch, channel, …]`.
  /// - Returns: A tensor of `imageShape`.
  public static func convolutionInputGradient(
    _ gradient: Tensor, filters: Tensor, imageShape: [Int], _ geometry: ConvolutionGeometry
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
        imageShape: imageShape, geometry
      ).converted(to: gradient.elementType)
    }
    guard gradient.elementType == .float32 else {
      return Reference.convolutionInputGradient(gradient, filters, imageShape, geometry)
    }
    // With stride 1 it is a convolution again, with the filters turned round.
    if geometry.stride.allSatisfy({ $0 == 1 }), gradient.count > 0 {
      return turned(gradient, filters, image: image, kernel: kernel, geometry)
    }
    let result = Tensor(uninitialized: imageShape)
    if gradient.count == 0 { return Tensor.zeros(imageShape) }
    var description = geometry.kernelDescription(
      image: image, filters: filters.shape, output: output, batch: imageShape[0],
      channels: imageShape[1])
    let dy = gradient.contiguous()
    let weights = filters.contiguous()
    let done = unsafe nk_conv_input_gradient(
      &description, weights.floats, dy.floats, result.floats)
    withExtendedLifetime((dy.storage, weights.storage)) {}
    precondition(done == 1, "convolutionInputGradient: out of memory for \(imageShape)")
    return result
  }

  private static func turned(
    _ gradient: Tensor, _ filters: Tensor, image: [Int], kernel: [Int],
    _ geometry: ConvolutionGeometry
  ) -> Tensor {
    let groups = geometry.groups
    let perGroup = filters.shape[0] / groups
    let channels = filters.shape[1]
    let taps = Array(2..<filters.rank)
    let back = filters.flipped(axes: taps).reshaped([groups, perGroup, channels] + kernel)
      .transposed(1, 2).reshaped([groups * channels, perGroup] + kernel)
    let result = Tensor(uninitialized: [gradient.shape[0], groups * channels] + image)
    if result.count == 0 { return result }
    var description = geometry.kernelDescription(
      image: Array(gradient.shape.dropFirst(2)), filters: back.shape, output: image,
      batch: gradient.shape[0], channels: gradient.shape[1])
    // Before the first tap lie (taps − 1)·dilation − padding zeros; fewer than none crops.
    let margin = kernel.indices.map {
      (kernel[$0] - 1) * geometry.dilation[$0] - geometry.before[$0]
    }
    let all = [Int](repeating: 0, count: 3 - margin.count) + margin
    description.before = (all[0], all[1], all[2])
    let chosen = ConvolutionAlgorithm.automatic.kernel(description)
    let packs = PackedFilters()
    let dy = gradient.contiguous()
    var done: Int32 = 2
    for algorithm in [chosen, NK_CONV_DIRECT] where done == 2 {
      let packed = packs.filters(algorithm, description) { back }
      done = unsafe nk_conv_run(
        &description, algorithm, dy.floats, packed.floats, result.floats, nil)
      withExtendedLifetime(packed.storage) {}
    }
    withExtendedLifetime(dy.storage) {}
    precondition(done == 1, "convolutionInputGradient: out of memory for \(result.shape)")
    return result
  }

  /// The gradient of a convolution's filters.
  ///
  /// - `gradient`: The gradient of the convolution's result, `[batch, filter, …]`.
  /// - `image`: Its image, `[batch, channel, …]`.
  /// - `filterShape`: The shape of its filters, `[filter, channel / groups, …taps]`.
  /// - Returns: A tensor of `filterShape`, summed over batch and pixels in ascending order.
  public static func convolutionWeightGradient(
    _ gradient: Tensor, image: Tensor, filterShape: [Int], _ geometry: ConvolutionGeometry
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
    let done = unsafe nk_conv_weight_gradient(&description, x.floats, dy.floats, result.floats)
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
      size.allSatisfy { $0 > 0 }, "transposedConvolution: \(shape) becomes \(size)")
    // The convolution that this transposes reads all of the result, so its margin after is what
    // makes its output as large as `self`.
    var forward = geometry
    forward.after = (0..<axes).map { geometry.after[$0] - extra[$0] }
    let outputs = filters.shape[1] * geometry.groups
    var result = Tensor.convolutionInputGradient(
      self, filters: filters, imageShape: [shape[0], outputs] + size, forward)
    if let bias {
      precondition(bias.shape == [outputs], "transposedConvolution: bias \(bias.shape)")
      result += bias.reshaped([outputs] + [Int](repeating: 1, count: axes))
    }
    return activation.applied(to: result)
  }
}

// A convolution of two images joined along their channels, without joining them.

import CNeuralKernels

extension PreparedConvolution {
  /// The convolution of `first` and `second` joined along the channels, through `activation`.
  ///
  /// Where both have their channels innermost and Winograd's way is taken, tiles are read from the two
  /// images as they lie; elsewhere they are joined in memory first. The numbers are the same.
  func joining(
    _ first: Tensor, _ second: Tensor, activation: Activation, channelsLast: Bool
  ) -> Tensor {
    apart(first, second, activation: activation)
      ?? callAsFunction(
        Tensor.concatenated([first, second], axis: 1), residual: nil, activation: activation,
        channelsLast: channelsLast)
  }

  /// Nil where the images have to be joined in memory.
  private func apart(_ first: Tensor, _ second: Tensor, activation: Activation) -> Tensor? {
    guard first.rank == filters.rank, second.rank == first.rank, geometry.groups == 1,
      [first, second, filters].allSatisfy({ $0.elementType == .float32 }),
      first.isOnlyChannelsLast, second.isOnlyChannelsLast, first.shape[1] % 16 == 0,
      first.shape[1] + second.shape[1] == filters.shape[1], first.shape[0] == second.shape[0],
      first.shape.dropFirst(2) == second.shape.dropFirst(2)
    else { return nil }
    let image = Array(first.shape.dropFirst(2))
    let output = geometry.outputSize(image: image, kernel: Array(filters.shape.dropFirst(2)))
    var description = geometry.kernelDescription(
      image: image, filters: filters.shape, output: output, batch: first.shape[0],
      channels: filters.shape[1])
    guard unsafe nk_channels_possible(&description) == 1,
      algorithm.kernel(description, true) == NK_CONV_WINOGRAD
    else { return nil }
    let result = Tensor(channelsLast: [first.shape[0], filters.shape[0]] + output)
    if result.count == 0 { return result }
    let packed = packs.filters(NK_CONV_WINOGRAD, description, true, scale: scale) { filters }
    var epilogue = unsafe nk_epilogue(
      column_bias: nil, row_bias: bias.map { unsafe UnsafePointer($0.floats) }, residual: nil,
      activation: activation.kernel, p: activation.p, q: activation.q)
    let plain = bias == nil && activation == .none
    let (one, two) = (first.channelsLast(), second.channelsLast())
    let done = unsafe withUnsafePointer(to: &epilogue) { epilogue in
      unsafe nk_channels_joined_run(
        &description, one.floats, first.shape[1], two.floats, packed.floats, result.floats,
        plain ? nil : epilogue)
    }
    withExtendedLifetime((one.storage, two.storage, packed.storage, bias?.storage)) {}
    precondition(
      done != 0, "convolution: out of memory for \(first.shape) beside \(second.shape)")
    // Infinities would spread over Winograd's tiles: the direct sum has to take them.
    return done == 1 ? result : nil
  }
}

// Images whose channels lie next to each other in memory.

import CNeuralKernels

extension Tensor {
  /// `[batch, channel, …]` as it stands to its readers, with the channels of a pixel next to each other
  /// in memory: the layout that convolutions are fastest on, as PyTorch's `channels_last`.
  ///
  /// The values, the shape and what any operator makes of them are the same. Convolutions, pooling
  /// and joining along the channels keep the layout; other operators go back to the usual one.
  ///
  /// - Precondition: At least three axes.
  public func channelsLast() -> Tensor {
    precondition(rank >= 3, "channelsLast: \(shape)")
    if isChannelsLast { return self }
    let result = Tensor(channelsLast: shape, elementType)
    if result.count == 0 { return result }
    guard elementType == .float32 else {
      StridedCopy.run(from: self, to: result)
      return result
    }
    let source = contiguous()
    unsafe nk_channels_last(
      source.floats, result.floats, shape[0], shape[1], Shape.count(Array(shape.dropFirst(2))))
    withExtendedLifetime(source.storage) {}
    return result
  }

  /// Back to the usual layout.
  func channelsFirst() -> Tensor {
    let result = Tensor(uninitialized: shape)
    // The same turn with the parts of channels and pixels exchanged.
    unsafe nk_channels_last(
      floats, result.floats, shape[0], Shape.count(Array(shape.dropFirst(2))), shape[1])
    return result
  }

  /// Whether the channels of a pixel are neighbours in memory, and pixels follow one another.
  public var isChannelsLast: Bool {
    rank >= 3 && Shape.isContiguous(pixelFirst.shape, pixelFirst.strides)
  }

  /// Whether the layout is not the usual one at the same time, as where there is one channel.
  var isOnlyChannelsLast: Bool { isChannelsLast && !isContiguous }

  /// The view `[batch, …, channel]`.
  var pixelFirst: Tensor { permuted([0] + Array(2..<rank) + [1]) }

  /// A tensor of `[batch, channel, …]` with arbitrary content and channels innermost.
  init(channelsLast shape: [Int], _ elementType: ElementType = .float32) {
    let count = Shape.count(shape)
    let inner = Shape.strides([shape[0]] + Array(shape.dropFirst(2)) + [shape[1]])
    self.init(
      storage: TensorStorage(byteCount: count * elementType.byteCount), elementType: elementType,
      shape: shape, strides: [inner[0], 1] + Array(inner[1..<(inner.count - 1)]), offset: 0)
  }
}

// Activations of 8 bits.

import CNeuralKernels

/// The line from bytes to numbers: number = (byte − zero) · scale.
public struct ByteScale: Sendable, Hashable {
  public let scale: Float
  /// The byte that stands for 0; 0 where no number is negative.
  public let zero: UInt8

  /// The line that covers `range` and 0 with 256 steps.
  public init(covering range: ClosedRange<Float>) {
    let low = Swift.min(range.lowerBound, 0)
    let high = Swift.max(range.upperBound, 0)
    let step = (high - low) / 255
    scale = step > 0 && step.isFinite ? step : 1
    zero = UInt8(Swift.max(0, Swift.min(255, (-low / scale).rounded())))
  }

  /// The line that covers every finite element of a tensor.
  public init(covering values: Tensor) {
    let numbers = values.scalars.filter(\.isFinite)
    self.init(covering: Swift.min(numbers.min() ?? 0, 0)...Swift.max(numbers.max() ?? 0, 0))
  }
}

/// Pictures or feature maps of bytes, channels innermost.
public struct ByteImage: Sendable {
  /// `[batch, height, width, channels]`, `uint8`; channels filled up to a multiple of 4.
  let bytes: Tensor
  public let line: ByteScale
  /// The channels that mean something.
  public let channels: Int

  init(bytes: Tensor, line: ByteScale, channels: Int) {
    self.bytes = bytes
    self.line = line
    self.channels = channels
  }

  /// `[batch, channel, height, width]` rounded to the nearest byte, ties to even; what lies beyond
  /// the line's range is clamped, and NaN becomes the range's lower end.
  ///
  /// - Precondition: Four axes, `float32`.
  public init(_ values: Tensor, _ line: ByteScale) {
    precondition(
      values.rank == 4 && values.elementType == .float32,
      "ByteImage: \(values.elementType) \(values.shape)")
    let shape = values.shape
    let padded = (shape[1] + 3) / 4 * 4
    let source = values.contiguous()
    bytes = Tensor(uninitialized: [shape[0], shape[2], shape[3], padded], .uint8)
    self.line = line
    channels = shape[1]
    unsafe nk_int8_from_planes(
      source.floats, bytes.byteStart, shape[0], shape[1], padded, shape[2] * shape[3],
      1 / line.scale, Float(line.zero))
    withExtendedLifetime(source.storage) {}
  }

  /// `[batch, channel, height, width]` as `float32`.
  public var values: Tensor {
    let numbers = (bytes.converted(to: .float32) - Float(line.zero)) * line.scale
    return numbers.permuted([0, 3, 1, 2]).sliced(axis: 1, 0..<channels).contiguous()
  }

  /// The largest of each window; the margin never wins.
  public func maxPooled(size: Int, stride: Int, padding: Int) -> ByteImage {
    let image = [bytes.shape[1], bytes.shape[2]]
    let output = PoolingGeometry(axes: 2, size: size, stride: stride, padding: padding)
      .outputSize(image: image)
    let width = bytes.shape[3]
    var window = nk_int8_conv(
      batch: bytes.shape[0], channels: width, filters: width, in: (image[0], image[1]),
      out: (output[0], output[1]), kernel: (size, size), stride: (stride, stride),
      before: (padding, padding), dilation: (1, 1), zero: 0)
    let result = Tensor(uninitialized: [bytes.shape[0]] + output + [width], .uint8)
    unsafe nk_int8_max_pool(&window, bytes.byteStart, result.byteStart)
    withExtendedLifetime(bytes.storage) {}
    return ByteImage(bytes: result, line: line, channels: channels)
  }

  /// The mean over the picture, `[batch, channel]`.
  public var mean: Tensor {
    let batch = bytes.shape[0]
    let pixels = bytes.shape[1] * bytes.shape[2]
    let width = bytes.shape[3]
    var sums = [Int64](repeating: 0, count: batch * width)
    unsafe nk_int8_sum(bytes.byteStart, &sums, batch, pixels, width)
    withExtendedLifetime(bytes.storage) {}
    let means = sums.map {
      (Float($0) / Float(Swift.max(pixels, 1)) - Float(line.zero)) * line.scale
    }
    return Tensor(means, shape: [batch, width]).sliced(axis: 1, 0..<channels)
  }
}

extension Tensor {
  /// The first byte of a contiguous tensor.
  var byteStart: UnsafeMutablePointer<UInt8> {
    unsafe storage.base.advanced(by: offset * elementType.byteCount)
      .assumingMemoryBound(to: UInt8.self)
  }
}

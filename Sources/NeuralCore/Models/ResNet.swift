// Residual networks.
// Source: He et al., "Deep Residual Learning for Image Recognition", arXiv 1512.03385, with the
// stride in the 3×3 convolution of a bottleneck, as torchvision's `resnet.py` has it.

/// A residual network for pictures.
///
/// ```swift
/// let network = ResNet(.resNet18(classes: 5), seed: 1)
/// let logits = network(pictures)     // [batch, 3, 224, 224] to [batch, 5]
/// ```
/// Parameters carry torchvision's names, so its files load without a table.
public struct ResNet: Layer {
  /// The shape of a residual network.
  public struct Configuration: Sendable, Hashable {
    /// How many blocks each stage has; every stage after the first halves the picture.
    public var blocks: [Int]
    /// The channels of the first stage; each further stage has twice as many.
    public var width: Int
    /// Whether blocks are bottlenecks (1×1, 3×3, 1×1 with four times the channels at the end).
    public var isBottleneck: Bool
    /// The input's channels.
    public var channels: Int
    /// The outputs; 0 gives pooled features instead.
    public var classes: Int
    /// Whether the first layers reduce the picture to a quarter (7×7 with stride 2, then max
    /// pooling). Without it a 3×3 convolution keeps the size: for pictures below about 64².
    public var hasLargeStem: Bool
    /// Dropout before the last layer.
    public var dropout: Float

    public init(
      blocks: [Int], width: Int = 64, isBottleneck: Bool = false, channels: Int = 3,
      classes: Int = 1000, hasLargeStem: Bool = true, dropout: Float = 0
    ) {
      precondition(
        !blocks.isEmpty && blocks.allSatisfy { $0 > 0 } && width > 0 && channels > 0
          && classes >= 0, "ResNet: blocks \(blocks), width \(width)")
      self.blocks = blocks
      self.width = width
      self.isBottleneck = isBottleneck
      self.channels = channels
      self.classes = classes
      self.hasLargeStem = hasLargeStem
      self.dropout = dropout
    }

    /// 11.7 M parameters with 1,000 classes.
    public static func resNet18(channels: Int = 3, classes: Int = 1000) -> Configuration {
      Configuration(blocks: [2, 2, 2, 2], channels: channels, classes: classes)
    }

    /// 21.8 M parameters with 1,000 classes.
    public static func resNet34(channels: Int = 3, classes: Int = 1000) -> Configuration {
      Configuration(blocks: [3, 4, 6, 3], channels: channels, classes: classes)
    }

    /// 25.6 M parameters with 1,000 classes.
    public static func resNet50(channels: Int = 3, classes: Int = 1000) -> Configuration {
      Configuration(blocks: [3, 4, 6, 3], isBottleneck: true, channels: channels, classes: classes)
    }

    /// A small network for small pictures: one block a stage, no large stem.
    public static func small(channels: Int = 3, classes: Int, width: Int = 16) -> Configuration {
      Configuration(
        blocks: [1, 1, 1], width: width, channels: channels, classes: classes, hasLargeStem: false)
    }
  }

  public let configuration: Configuration
  public var conv1: Convolution
  public var bn1: BatchNorm
  /// The stages, outermost first.
  public var stages: [[ResidualBlock]]
  /// The last layer; nil when the network gives features.
  public var fc: Linear?

  /// A network with first weights from a seed (He's normal distribution).
  public init(_ configuration: Configuration, seed: UInt64 = 0) {
    var draws = SeededDraws(seed: seed, 0x4E57)
    self.configuration = configuration
    let stem = configuration.hasLargeStem
    conv1 = Convolution(
      configuration.channels, configuration.width, taps: stem ? [7, 7] : [3, 3],
      stride: stem ? [2, 2] : [1, 1], hasBias: false, start: .heNormal, draws: &draws)
    bn1 = BatchNorm(configuration.width)
    stages = []
    var channels = configuration.width
    for (index, count) in configuration.blocks.enumerated() {
      let width = configuration.width << index
      let outputs = width * (configuration.isBottleneck ? 4 : 1)
      var stage: [ResidualBlock] = []
      for block in 0..<count {
        stage.append(
          ResidualBlock(
            channels, width, outputs, stride: block == 0 && index > 0 ? 2 : 1,
            isBottleneck: configuration.isBottleneck, draws: &draws))
        channels = outputs
      }
      stages.append(stage)
    }
    fc = configuration.classes > 0 ? Linear(channels, configuration.classes, draws: &draws) : nil
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("conv1", &conv1)
    visitor("bn1", &bn1)
    for index in stages.indices { visitor("layer\(index + 1)", &stages[index]) }
    visitor("fc", &fc)
  }

  /// - Returns: `[batch, classes]`, or `[batch, features]` without a last layer, for pictures
  ///   `[batch, channels, height, width]`.
  public func callAsFunction(_ input: Variable) -> Variable {
    let pooled = features(input)
    return fc.map { $0(pooled.dropout(configuration.dropout)) } ?? pooled
  }

  /// The mean of the last stage over the picture: `[batch, features]`.
  public func features(_ input: Variable) -> Variable {
    featureMaps(input)[stages.count - 1].mean(axes: [2, 3])
  }

  /// The output of each stage: `[batch, channels, height, width]`, outermost first.
  public func featureMaps(_ input: Variable) -> [Variable] {
    precondition(
      input.shape.count == 4 && input.shape[1] == configuration.channels,
      "ResNet: input \(input.shape), \(configuration.channels) channels expected")
    var x = conv1(input, norm: bn1, activation: .relu)
    if configuration.hasLargeStem {
      x = x.maxPooled(window: [3, 3], stride: [2, 2], padding: [1, 1])
    }
    var maps: [Variable] = []
    for stage in stages {
      for block in stage { x = block(x) }
      maps.append(x)
    }
    return maps
  }
}

/// A residual block: two 3×3 convolutions, or a bottleneck of 1×1, 3×3 and 1×1.
public struct ResidualBlock: Layer {
  public var convolutions: [Convolution]
  public var norms: [BatchNorm]
  /// The projection of the input where its shape differs from the output's.
  public var downsample: Convolution?
  public var downsampleNorm: BatchNorm?

  init(
    _ inputs: Int, _ width: Int, _ outputs: Int, stride: Int, isBottleneck: Bool,
    draws: inout SeededDraws
  ) {
    func conv(_ from: Int, _ to: Int, _ taps: Int, _ stride: Int, _ draws: inout SeededDraws)
      -> Convolution
    {
      Convolution(
        from, to, taps: [taps, taps], stride: [stride, stride], hasBias: false, start: .heNormal,
        draws: &draws)
    }
    convolutions =
      isBottleneck
      ? [
        conv(inputs, width, 1, 1, &draws), conv(width, width, 3, stride, &draws),
        conv(width, outputs, 1, 1, &draws),
      ]
      : [conv(inputs, width, 3, stride, &draws), conv(width, outputs, 3, 1, &draws)]
    norms = convolutions.map { BatchNorm($0.weight.value.shape[0]) }
    if stride != 1 || inputs != outputs {
      downsample = conv(inputs, outputs, 1, stride, &draws)
      downsampleNorm = BatchNorm(outputs)
    }
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    for index in convolutions.indices {
      visitor("conv\(index + 1)", &convolutions[index])
      visitor("bn\(index + 1)", &norms[index])
    }
    visitor("downsample.0", &downsample)
    visitor("downsample.1", &downsampleNorm)
  }

  public func callAsFunction(_ input: Variable) -> Variable {
    var x = input
    let last = convolutions.count - 1
    for index in 0..<last {
      x = convolutions[index](x, norm: norms[index], activation: .relu)
    }
    let shortcut = downsample.map { $0(input, norm: downsampleNorm) } ?? input
    return convolutions[last](x, norm: norms[last], activation: .relu, residual: shortcut)
  }
}

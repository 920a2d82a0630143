// A U-Net whose skips pass through gates.
// Source: Oktay et al., "Attention U-Net", arXiv 1804.03999; names and order as MONAI's
// `AttentionUnet`.

/// An attention U-Net in two or three dimensions.
///
/// ```swift
/// let network = AttentionUNet(.init(axes: 3, classes: 2))
/// let logits = network(volumes)      // [batch, 1, depth, height, width] to [batch, 2, …]
/// ```
/// On the way up, what comes from below decides at each place how much of the skip is let through.
public struct AttentionUNet: Layer {
  public typealias Configuration = UNet.Configuration

  public let configuration: Configuration
  var head: UNetPair
  public var levels: [AttentionUNetLevel]
  var final: Convolution

  /// `residualUnits` of the configuration is not read; `seed` draws the first weights.
  public init(_ configuration: Configuration, seed: UInt64 = 0) {
    let c = configuration
    var draws = SeededDraws(seed: seed, 0xA77)
    self.configuration = c
    let ones = [Int](repeating: 1, count: c.axes)
    head = UNetPair(c.channels, c.widths[0], stride: ones, draws: &draws)
    levels = (0..<c.strides.count).map { level in
      AttentionUNetLevel(
        c.widths[level], c.widths[level + 1], stride: ones.map { $0 * c.strides[level] },
        draws: &draws)
    }
    final = Convolution(c.widths[0], c.classes, taps: ones, draws: &draws)
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("model.0", &head)
    var prefix = "model.1"
    for index in levels.indices {
      visitor(prefix, &levels[index])
      let isLast = index == levels.count - 1
      visitor(isLast ? "\(prefix).submodule" : "\(prefix).submodule.0", &levels[index].down)
      prefix += ".submodule.1"
    }
    visitor("model.2.conv", &final)
  }

  /// - Returns: Logits `[batch, classes, …]` of the input's size.
  /// - Precondition: Every axis divides by the product of the strides.
  public func callAsFunction(_ input: Variable) -> Variable {
    let total = configuration.strides.reduce(1, *)
    precondition(
      input.shape.count == configuration.axes + 2 && input.shape[1] == configuration.channels
        && input.shape.dropFirst(2).allSatisfy { $0 % total == 0 },
      "AttentionUNet: input \(input.shape), \(configuration.channels) channels, "
        + "axes of whole \(total)")
    return final(through(0, head(input)))
  }

  private func through(_ index: Int, _ x: Variable) -> Variable {
    if index == levels.count { return x }
    let level = levels[index]
    return level(x, below: through(index + 1, level.down(x)))
  }
}

/// Two convolutions with batch norm and ReLU.
struct UNetPair: Layer {
  var first, second: Convolution
  var firstNorm, secondNorm: BatchNorm

  init(_ inputs: Int, _ outputs: Int, stride: [Int], draws: inout SeededDraws) {
    let taps = stride.map { _ in 3 }
    first = Convolution(inputs, outputs, taps: taps, stride: stride, draws: &draws)
    second = Convolution(outputs, outputs, taps: taps, draws: &draws)
    firstNorm = BatchNorm(outputs)
    secondNorm = BatchNorm(outputs)
  }

  mutating func visit(_ visitor: ParameterVisitor) {
    visitor("conv.0.conv", &first)
    visitor("conv.0.adn.N", &firstNorm)
    visitor("conv.1.conv", &second)
    visitor("conv.1.adn.N", &secondNorm)
  }

  func callAsFunction(_ input: Variable) -> Variable {
    second(
      first(input, norm: firstNorm, activation: .relu), norm: secondNorm, activation: .relu)
  }
}

/// One level of an attention U-Net.
public struct AttentionUNetLevel: Module {
  /// The step to the level below.
  var down: UNetPair
  var fromBelow, fromSkip, gate: Convolution
  var belowNorm, skipNorm, gateNorm: BatchNorm
  var up: TransposedConvolution
  var upNorm: BatchNorm
  var merge: Convolution
  /// The slope below zero after the merge.
  var slope: Parameter

  init(_ width: Int, _ below: Int, stride: [Int], draws: inout SeededDraws) {
    let ones = stride.map { _ in 1 }
    let taps = stride.map { _ in 3 }
    let inner = max(width / 2, 1)
    down = UNetPair(width, below, stride: stride, draws: &draws)
    fromBelow = Convolution(width, inner, taps: ones, draws: &draws)
    fromSkip = Convolution(width, inner, taps: ones, draws: &draws)
    gate = Convolution(inner, 1, taps: ones, draws: &draws)
    belowNorm = BatchNorm(inner)
    skipNorm = BatchNorm(inner)
    gateNorm = BatchNorm(1)
    up = TransposedConvolution(
      below, width, taps: taps, stride: stride, padding: ones,
      outputPadding: stride.map { $0 - 1 }, draws: &draws)
    upNorm = BatchNorm(width)
    merge = Convolution(2 * width, width, taps: taps, draws: &draws)
    slope = Parameter(Tensor([0.25], shape: [1]))
  }

  /// The step down is shown by the network, which knows its name.
  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("attention.W_g.0.conv", &fromBelow)
    visitor("attention.W_g.1", &belowNorm)
    visitor("attention.W_x.0.conv", &fromSkip)
    visitor("attention.W_x.1", &skipNorm)
    visitor("attention.psi.0.conv", &gate)
    visitor("attention.psi.1", &gateNorm)
    visitor("upconv.up.conv", &up)
    visitor("upconv.up.adn.N", &upNorm)
    visitor("merge.conv", &merge)
    visitor("merge.adn.A.weight", &slope)
  }

  func callAsFunction(_ skip: Variable, below: Variable) -> Variable {
    let risen = upNorm(up(below), relu: true)
    let seen = fromSkip(
      skip, norm: skipNorm, activation: .relu, residual: fromBelow(risen, norm: belowNorm))
    let passed = skip * gate(seen, norm: gateNorm, activation: .sigmoid)
    let merged = merge(passed, beside: risen, norm: nil)
    return merged.instanceNormalized(slope: merged.using(slope), epsilon: 1e-5)
  }
}

// U-Nets over pictures and volumes.
// Source: Ronneberger et al., arXiv 1505.04597, with residual units as Kerfoot et al., "Left-
// Ventricle Quantification Using Residual U-Net", 2019. Names and order as MONAI's `UNet`.

/// A U-Net in two or three dimensions, plain or residual.
///
/// ```swift
/// let network = UNet(.init(axes: 3, channels: 1, classes: 2))
/// let logits = network(volumes)      // [batch, 1, depth, height, width] to [batch, 2, …]
/// ```
public struct UNet: Layer {
  /// The shape of a U-Net.
  public struct Configuration: Sendable, Hashable {
    /// 2 for pictures, 3 for volumes.
    public var axes: Int
    public var channels: Int
    public var classes: Int
    /// The channels of each level, outermost first.
    public var widths: [Int]
    /// The step from each level to the next; one fewer than there are widths.
    public var strides: [Int]
    /// Convolutions in each residual unit; 0 for plain convolutions.
    public var residualUnits: Int

    public init(
      axes: Int = 2, channels: Int = 1, classes: Int, widths: [Int] = [16, 32, 64, 128],
      strides: [Int]? = nil, residualUnits: Int = 2
    ) {
      self.axes = axes
      self.channels = channels
      self.classes = classes
      self.widths = widths
      self.strides = strides ?? [Int](repeating: 2, count: max(widths.count - 1, 0))
      self.residualUnits = residualUnits
      precondition(
        (2...3).contains(axes) && widths.count >= 2 && self.strides.count == widths.count - 1
          && residualUnits >= 0, "UNet: axes \(axes), widths \(widths), strides \(self.strides)")
    }
  }

  public let configuration: Configuration
  /// The way down, outermost first; the last is the bottom.
  public var down: [UNetUnit]
  /// The way up, outermost first.
  public var up: [UNetUnit]
  /// The unit after each step up, in residual nets.
  public var refine: [UNetUnit]

  public init(_ configuration: Configuration, seed: UInt64 = 0) {
    var draws = SeededDraws(seed: seed, 0x0E7)
    let c = configuration
    self.configuration = c
    let ones = [Int](repeating: 1, count: c.axes)
    var inputs = c.channels
    down = []
    for (level, width) in c.widths.enumerated() {
      let isBottom = level == c.widths.count - 1
      let stride = isBottom ? ones : ones.map { $0 * c.strides[level] }
      down.append(
        UNetUnit(
          inputs, width, stride: stride, count: c.residualUnits, endsPlain: false, draws: &draws))
      inputs = width
    }
    up = []
    refine = []
    for level in 0..<c.widths.count - 1 {
      let isTop = level == 0
      let isLowest = level == c.widths.count - 2
      let outputs = isTop ? c.classes : c.widths[level - 1]
      let from = c.widths[level] + (isLowest ? c.widths[level + 1] : c.widths[level])
      up.append(
        UNetUnit(
          enlarging: from, outputs, stride: ones.map { $0 * c.strides[level] },
          endsPlain: isTop && c.residualUnits == 0, draws: &draws))
      if c.residualUnits > 0 {
        refine.append(
          UNetUnit(outputs, outputs, stride: ones, count: 1, endsPlain: isTop, draws: &draws))
      }
    }
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    var prefix = "model"
    for level in up.indices {
      visitor("\(prefix).0", &down[level])
      visitor(refine.isEmpty ? "\(prefix).2" : "\(prefix).2.0", &up[level])
      if !refine.isEmpty { visitor("\(prefix).2.1", &refine[level]) }
      prefix += ".1.submodule"
    }
    visitor(prefix, &down[down.count - 1])
  }

  /// - Returns: Logits `[batch, classes, …]` of the input's size.
  /// - Precondition: Every axis divides by the product of the strides.
  public func callAsFunction(_ input: Variable) -> Variable {
    let total = configuration.strides.reduce(1, *)
    precondition(
      input.shape.count == configuration.axes + 2 && input.shape[1] == configuration.channels
        && input.shape.dropFirst(2).allSatisfy { $0 % total == 0 },
      "UNet: input \(input.shape), \(configuration.channels) channels and axes of whole \(total)")
    var skips: [Variable] = []
    var x = input
    for unit in down {
      x = unit(x)
      skips.append(x)
    }
    for level in up.indices.reversed() {
      x = up[level](Variable.concatenated([skips[level], x], axis: 1))
      if !refine.isEmpty { x = refine[level](x) }
    }
    return x
  }
}

/// Convolutions with instance norm and a learned leak, around which the input may be added.
public struct UNetUnit: Layer {
  var convolutions: [Convolution] = []
  var enlarging: TransposedConvolution?
  /// The slope below zero after each convolution; the last may have none.
  var slopes: [Parameter] = []
  var shortcut: Convolution?
  let isResidual: Bool

  init(
    _ inputs: Int, _ outputs: Int, stride: [Int], count: Int, endsPlain: Bool,
    draws: inout SeededDraws
  ) {
    isResidual = count > 0
    let taps = stride.map { _ in 3 }
    for index in 0..<max(count, 1) {
      convolutions.append(
        Convolution(
          index == 0 ? inputs : outputs, outputs, taps: taps,
          stride: index == 0 ? stride : stride.map { _ in 1 }, draws: &draws))
      if !(endsPlain && index == max(count, 1) - 1) {
        slopes.append(Parameter(Tensor([0.25], shape: [1])))
      }
    }
    let steps = stride.contains { $0 != 1 }
    if isResidual, steps || inputs != outputs {
      shortcut = Convolution(
        inputs, outputs, taps: steps ? taps : stride.map { _ in 1 }, stride: stride, draws: &draws)
    }
  }

  init(
    enlarging inputs: Int, _ outputs: Int, stride: [Int], endsPlain: Bool,
    draws: inout SeededDraws
  ) {
    isResidual = false
    enlarging = TransposedConvolution(
      inputs, outputs, taps: stride.map { _ in 3 }, stride: stride, padding: stride.map { _ in 1 },
      outputPadding: stride.map { $0 - 1 }, draws: &draws)
    if !endsPlain { slopes = [Parameter(Tensor([0.25], shape: [1]))] }
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("conv", &enlarging)
    for index in convolutions.indices {
      visitor(isResidual ? "conv.unit\(index).conv" : "conv", &convolutions[index])
    }
    for index in slopes.indices {
      visitor(isResidual ? "conv.unit\(index).adn.A.weight" : "adn.A.weight", &slopes[index])
    }
    visitor("residual", &shortcut)
  }

  public func callAsFunction(_ input: Variable) -> Variable {
    var x = input
    if let enlarging { x = finish(enlarging(x), 0) }
    for (index, convolution) in convolutions.enumerated() { x = finish(convolution(x), index) }
    if !isResidual { return x }
    return x + (shortcut.map { $0(input) } ?? input)
  }

  private func finish(_ x: Variable, _ index: Int) -> Variable {
    guard index < slopes.count else { return x }
    return x.instanceNormalized(slope: x.using(slopes[index]), epsilon: 1e-5)
  }
}

// A small U-Net for brain extraction from T1-weighted MR.
// Source: the graph that PyPI's `deepbrain` 0.1 ships (MIT), whose weights load.

/// A three-dimensional U-Net that marks the brain in a T1-weighted scan of the head.
///
/// ```swift
/// var network = BrainUNet()
/// try network.load(Weights(tensorFlowGraph: "graph.pb"), names: BrainUNet.names)
/// let probabilities = network(scan).sigmoid()   // [1, 1, 128, 128, 128], values of 0…1
/// ```
/// The weights were trained on scans resampled to 128³ and divided by their largest value. Any size
/// works whose axes 8 divides.
public struct BrainUNet: Layer {
  /// Two convolutions a level on the way down, one a level on the way up, one to the logits.
  public var down, up: [Convolution]
  public var rise: [TransposedConvolution]
  public var final: Convolution
  public let dropout: Float

  /// A network with first weights from a seed; `widths` are the channels of the levels.
  public init(widths: [Int] = [8, 16, 32], dropout: Float = 0.3, seed: UInt64 = 0) {
    precondition(!widths.isEmpty && widths.allSatisfy { $0 > 0 }, "BrainUNet: widths \(widths)")
    var draws = SeededDraws(seed: seed, 0xB2A)
    down = []
    up = []
    rise = []
    var inputs = 1
    for width in widths {
      down.append(Convolution(inputs, width, taps: [3, 3, 3], start: .heNormal, draws: &draws))
      down.append(Convolution(width, width, taps: [3, 3, 3], start: .heNormal, draws: &draws))
      inputs = width
    }
    for width in widths.reversed() {
      rise.append(
        TransposedConvolution(
          inputs, width, taps: [3, 3, 3], stride: [2, 2, 2], hasBias: false, draws: &draws))
      up.append(Convolution(2 * width, width, taps: [3, 3, 3], start: .heNormal, draws: &draws))
      inputs = width
    }
    final = Convolution(inputs, 1, taps: [1, 1, 1], draws: &draws)
    self.dropout = dropout
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("down", &down)
    visitor("rise", &rise)
    visitor("up", &up)
    visitor("final", &final)
  }

  /// - Returns: Logits of the input's shape, `[batch, 1, depth, height, width]`.
  public func callAsFunction(_ input: Variable) -> Variable {
    let levels = rise.count
    precondition(
      input.shape.count == 5 && input.shape[1] == 1
        && input.shape.dropFirst(2).allSatisfy { $0 > 0 && $0 % (1 << levels) == 0 },
      "BrainUNet: input \(input.shape), one channel and axes of whole \(1 << levels)")
    var skips: [Variable] = []
    var x = input
    for level in 0..<levels {
      x = down[2 * level + 1](
        down[2 * level](x, norm: nil, activation: .relu), norm: nil, activation: .relu)
      skips.append(x)
      x = x.maxPooled(window: [2, 2, 2], stride: [2, 2, 2]).dropout(dropout)
    }
    for (step, skip) in skips.reversed().enumerated() {
      // The last place of each axis leans out of the picture, as with TensorFlow's "same".
      var risen = rise[step](x)
      for axis in 2..<5 { risen = risen.sliced(axis: axis, 0..<skip.shape[axis]) }
      x = up[step](risen, beside: skip, norm: nil, activation: .relu).dropout(dropout)
    }
    return final(x)
  }

  /// From the names of `deepbrain`'s graph. Its taps come before its channels: see
  /// ``Weights/init(tensorFlowGraph:)``.
  public static let names = NameMap(
    zip(["conv3d"] + (1...9).map { "conv3d_\($0)" }, places).flatMap { name, place in
      [("\(name)/kernel", "\(place).weight"), ("\(name)/bias", "\(place).bias")]
    }
      + ["conv3d_transpose", "conv3d_transpose_1", "conv3d_transpose_2"].enumerated().map {
        ("\($0.element)/kernel", "rise.\($0.offset).weight")
      })

  private static let places =
    (0..<6).map { "down.\($0)" } + (0..<3).map { "up.\($0)" } + ["final"]
}

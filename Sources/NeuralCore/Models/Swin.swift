// Swin transformers: attention in windows that shift.
// Source: Liu et al., arXiv 2103.14030; names as timm's `swin_transformer.py`.

/// A Swin transformer for pictures; one of MedCLIP's towers is a ``Configuration/tiny(classes:)``.
public struct Swin: Layer {
  /// The shape of a Swin transformer.
  public struct Configuration: Sendable, Hashable {
    public var imageSize = 224
    public var patchSize = 4
    public var channels = 3
    /// The outputs; 0 gives features instead.
    public var classes = 1000
    /// The width of the first stage; each further stage has twice as much.
    public var width = 96
    public var depths = [2, 2, 6, 2]
    public var heads = [3, 6, 12, 24]
    public var window = 7

    public init() {}

    /// Swin-T: width 96, depths 2, 2, 6, 2, window 7.
    public static func tiny(classes: Int = 1000) -> Configuration {
      var shape = Configuration()
      shape.classes = classes
      return shape
    }
  }

  public let configuration: Configuration
  public var projection: Convolution
  public var projectionNorm: LayerNorm
  public var stages: [SwinStage]
  public var norm: LayerNorm
  public var head: Linear?

  public init(_ configuration: Configuration = .tiny(), seed: UInt64 = 0) {
    let c = configuration
    precondition(
      c.depths.count == c.heads.count && c.imageSize % (c.patchSize << (c.depths.count - 1)) == 0,
      "Swin: picture \(c.imageSize), patch \(c.patchSize), depths \(c.depths)")
    var draws = SeededDraws(seed: seed, 0x5317)
    self.configuration = c
    let patch = [c.patchSize, c.patchSize]
    projection = Convolution(
      c.channels, c.width, taps: patch, stride: patch, padding: [0, 0], draws: &draws)
    projectionNorm = LayerNorm(c.width, epsilon: 1e-5)
    stages = []
    for (index, depth) in c.depths.enumerated() {
      stages.append(
        SwinStage(
          width: c.width << index, depth: depth, heads: c.heads[index],
          side: (c.imageSize / c.patchSize) >> index, window: c.window, isFirst: index == 0,
          draws: &draws))
    }
    let last = c.width << (c.depths.count - 1)
    norm = LayerNorm(last, epsilon: 1e-5)
    head = c.classes > 0 ? Linear(last, c.classes, draws: &draws) : nil
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("patch_embed.proj", &projection)
    visitor("patch_embed.norm", &projectionNorm)
    visitor("layers", &stages)
    visitor("norm", &norm)
    visitor("head.fc", &head)
  }

  /// - Returns: `[batch, classes]`, or `[batch, width]` without a head.
  public func callAsFunction(_ input: Variable) -> Variable {
    let pooled = features(input)
    return head.map { $0(pooled) } ?? pooled
  }

  /// The mean over the picture after the last norm, `[batch, width]`.
  public func features(_ input: Variable) -> Variable {
    precondition(
      Array(input.shape.dropFirst())
        == [configuration.channels, configuration.imageSize, configuration.imageSize],
      "Swin: input \(input.shape)")
    // [batch, row, column, channel] from here on.
    var x = projectionNorm(projection(input).permuted([0, 2, 3, 1]))
    for stage in stages { x = stage(x) }
    return norm(x).mean(axes: [1, 2])
  }
}

/// A stage: joins of 2×2 places, except in the first, then blocks.
public struct SwinStage: Layer {
  public var reduction: Linear?
  public var reductionNorm: LayerNorm?
  public var blocks: [SwinBlock]

  init(
    width: Int, depth: Int, heads: Int, side: Int, window: Int, isFirst: Bool,
    draws: inout SeededDraws
  ) {
    if !isFirst {
      reductionNorm = LayerNorm(2 * width, epsilon: 1e-5)
      reduction = Linear(2 * width, width, hasBias: false, draws: &draws)
    }
    let own = min(window, side)
    blocks = (0..<depth).map { index in
      SwinBlock(
        width: width, heads: heads, side: side, window: own,
        shift: index % 2 == 1 && side > window ? window / 2 : 0, draws: &draws)
    }
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("downsample.reduction", &reduction)
    visitor("downsample.norm", &reductionNorm)
    visitor("blocks", &blocks)
  }

  public func callAsFunction(_ input: Variable) -> Variable {
    var x = input
    if let reduction, let reductionNorm {
      let (batch, height, width, channels) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
      // The four places of a square as channels: column first, then row, as timm joins them.
      let joined = x.reshaped([batch, height / 2, 2, width / 2, 2, channels])
        .permuted([0, 1, 3, 4, 2, 5]).reshaped([batch, height / 2, width / 2, 4 * channels])
      x = reduction(reductionNorm(joined))
    }
    for block in blocks { x = block(x) }
    return x
  }
}

/// A block: attention inside windows, then a perceptron.
public struct SwinBlock: Layer {
  public var norm1, norm2: LayerNorm
  public var qkv, proj: Linear
  /// `[(2 · window − 1)², heads]`
  public var biasTable: Parameter
  public var mlp: FeedForward
  let heads, side, window, shift: Int

  init(
    width: Int, heads: Int, side: Int, window: Int, shift: Int, draws: inout SeededDraws
  ) {
    precondition(side % window == 0, "Swin: a side of \(side) in windows of \(window)")
    let start = Initializer.truncatedNormal(deviation: 0.02)
    norm1 = LayerNorm(width, epsilon: 1e-5)
    norm2 = LayerNorm(width, epsilon: 1e-5)
    qkv = Linear(width, 3 * width, start: start, draws: &draws)
    proj = Linear(width, width, start: start, draws: &draws)
    let reach = 2 * window - 1
    biasTable = Parameter(start.tensor([reach * reach, heads], &draws), decays: false)
    mlp = FeedForward(width: width, hidden: 4 * width, draws: &draws)
    self.heads = heads
    self.side = side
    self.window = window
    self.shift = shift
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("norm1", &norm1)
    visitor("attn.relative_position_bias_table", &biasTable)
    visitor("attn.qkv", &qkv)
    visitor("attn.proj", &proj)
    visitor("norm2", &norm2)
    visitor("mlp", &mlp)
  }

  public func callAsFunction(_ input: Variable) -> Variable {
    let x = input + attend(norm1(input))
    return x + mlp(norm2(x))
  }

  private func attend(_ input: Variable) -> Variable {
    let (batch, width) = (input.shape[0], input.shape[3])
    let (count, area) = (side / window, window * window)
    var x = input
    if shift > 0 { x = x.rolled(axes: [1, 2], by: [-shift, -shift]) }
    x = x.reshaped([batch, count, window, count, window, width]).permuted([0, 1, 3, 2, 4, 5])
      .reshaped([batch * count * count, area, width])
    let parts = qkv(x).reshaped([x.shape[0], area, 3, heads, width / heads])
      .permuted([2, 0, 3, 1, 4]).unstacked()
    var bias = input.using(biasTable).rows(places).reshaped([area, area, heads])
      .permuted([2, 0, 1]).reshaped([1, heads, area, area])
    if shift > 0 {
      // [batch · windows, …] = [batch, windows, …]: the mask differs by window.
      let spread = (bias.reshaped([1, 1, heads, area, area]) + input.constant(mask))
        .broadcast(to: [batch, count * count, heads, area, area])
      bias = spread.reshaped([batch * count * count, heads, area, area])
    }
    x = proj(parts[0].attention(keys: parts[1], values: parts[2], bias: bias).joiningHeads())
    x = x.reshaped([batch, count, count, window, window, width]).permuted([0, 1, 3, 2, 4, 5])
      .reshaped([batch, side, side, width])
    return shift > 0 ? x.rolled(axes: [1, 2], by: [shift, shift]) : x
  }

  /// For each pair of places in a window, the row of the table that their distance has.
  private var places: [Int] {
    let reach = 2 * window - 1
    return (0..<window * window).flatMap { a in
      (0..<window * window).map { b in
        (a / window - b / window + window - 1) * reach + a % window - b % window + window - 1
      }
    }
  }

  /// −100 between places that the shift brought together from different ends of the picture:
  /// `[1, windows, 1, area, area]`.
  private var mask: Tensor {
    func region(_ place: Int) -> Int { place < side - window ? 0 : place < side - shift ? 1 : 2 }
    let (count, area) = (side / window, window * window)
    var values = [Float](repeating: 0, count: count * count * area * area)
    for tile in 0..<count * count {
      func own(_ place: Int) -> Int {
        region(tile / count * window + place / window) * 3
          + region(tile % count * window + place % window)
      }
      for a in 0..<area {
        for b in 0..<area where own(a) != own(b) {
          values[(tile * area + a) * area + b] = -100
        }
      }
    }
    return Tensor(values, shape: [1, count * count, 1, area, area])
  }
}

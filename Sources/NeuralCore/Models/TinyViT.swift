// TinyViT: convolutions at first, then attention in windows.
// Source: Wu et al., arXiv 2207.10666; names as timm's `tiny_vit.py`.

/// A TinyViT for pictures.
///
/// ```swift
/// let network = TinyViT(.vit21M(classes: 8), seed: 1)
/// let logits = network(pictures)     // [batch, 3, 224, 224] to [batch, 8]
/// ```
/// Any size works: windows are filled up with zeros where they do not fit.
public struct TinyViT: Layer {
  /// The shape of a TinyViT.
  public struct Configuration: Sendable, Hashable {
    public var channels = 3
    /// The outputs; 0 gives features instead.
    public var classes = 1000
    /// The channels of each stage; each stage after the first halves the picture.
    public var widths = [96, 192, 384, 576]
    public var depths = [2, 2, 6, 2]
    /// Heads and window sides of each stage; the first stage has none.
    public var heads = [3, 6, 12, 18]
    public var windows = [7, 7, 14, 7]
    public var pathDropout: Float = 0

    public init() {}

    /// TinyViT-21M: 21.2 M parameters with 1,000 classes, for 224² (at 384² timm uses windows of
    /// 12, 24 and 12).
    public static func vit21M(classes: Int = 1000) -> Configuration {
      var shape = Configuration()
      shape.classes = classes
      return shape
    }
  }

  public let configuration: Configuration
  var stem1, stem2: TinyViTConvolution
  var convolutions: [TinyViTInverted]
  public var stages: [TinyViTStage]
  var norm: LayerNorm
  public var head: Linear?

  public init(_ configuration: Configuration = .vit21M(), seed: UInt64 = 0) {
    let c = configuration
    precondition(
      c.widths.count >= 2 && c.depths.count == c.widths.count && c.heads.count == c.widths.count
        && c.windows.count == c.widths.count, "TinyViT: widths \(c.widths), depths \(c.depths)")
    var draws = SeededDraws(seed: seed, 0x717)
    self.configuration = c
    stem1 = TinyViTConvolution(c.channels, c.widths[0] / 2, taps: 3, stride: 2, draws: &draws)
    stem2 = TinyViTConvolution(c.widths[0] / 2, c.widths[0], taps: 3, stride: 2, draws: &draws)
    let total = c.depths.reduce(0, +)
    func rate(_ block: Int) -> Float { c.pathDropout * Float(block) / Float(max(total - 1, 1)) }
    convolutions = (0..<c.depths[0]).map {
      TinyViTInverted(c.widths[0], pathDropout: rate($0), draws: &draws)
    }
    stages = []
    var block = c.depths[0]
    for index in 1..<c.widths.count {
      let start = block
      stages.append(
        TinyViTStage(
          c.widths[index - 1], c.widths[index], depth: c.depths[index], heads: c.heads[index],
          window: c.windows[index], pathDropout: { rate(start + $0) }, draws: &draws))
      block += c.depths[index]
    }
    let last = c.widths[c.widths.count - 1]
    norm = LayerNorm(last, epsilon: 1e-5)
    head = c.classes > 0 ? Linear(last, c.classes, draws: &draws) : nil
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("patch_embed.conv1", &stem1)
    visitor("patch_embed.conv2", &stem2)
    visitor("stages.0.blocks", &convolutions)
    for index in stages.indices { visitor("stages.\(index + 1)", &stages[index]) }
    visitor("head.norm", &norm)
    visitor("head.fc", &head)
  }

  /// - Returns: `[batch, classes]`, or `[batch, width]` without a head.
  public func callAsFunction(_ input: Variable) -> Variable {
    let pooled = features(input)
    return head.map { $0(pooled) } ?? pooled
  }

  /// The normalised mean over the picture, `[batch, width]`.
  public func features(_ input: Variable) -> Variable {
    precondition(
      input.shape.count == 4 && input.shape[1] == configuration.channels,
      "TinyViT: input \(input.shape), \(configuration.channels) channels expected")
    var x = stem2(stem1(input).gelu())
    for block in convolutions { x = block(x) }
    for stage in stages { x = stage(x) }
    return norm(x.mean(axes: [2, 3]))
  }
}

/// A convolution and its batch norm.
struct TinyViTConvolution: Layer {
  var convolution: Convolution
  var norm: BatchNorm

  init(
    _ channels: Int, _ filters: Int, taps: Int = 1, stride: Int = 1, groups: Int = 1,
    draws: inout SeededDraws
  ) {
    convolution = Convolution(
      channels, filters, taps: [taps, taps], stride: [stride, stride], groups: groups,
      hasBias: false, start: .heNormal, draws: &draws)
    norm = BatchNorm(filters)
  }

  mutating func visit(_ visitor: ParameterVisitor) {
    visitor("conv", &convolution)
    visitor("bn", &norm)
  }

  func callAsFunction(_ input: Variable) -> Variable { norm(convolution(input)) }
}

/// An inverted bottleneck: wide inside, each channel filtered by itself.
struct TinyViTInverted: Layer {
  var widen, filter, narrow: TinyViTConvolution
  let pathDropout: Float

  init(_ width: Int, pathDropout: Float, draws: inout SeededDraws) {
    widen = TinyViTConvolution(width, 4 * width, draws: &draws)
    filter = TinyViTConvolution(4 * width, 4 * width, taps: 3, groups: 4 * width, draws: &draws)
    narrow = TinyViTConvolution(4 * width, width, draws: &draws)
    self.pathDropout = pathDropout
  }

  mutating func visit(_ visitor: ParameterVisitor) {
    visitor("conv1", &widen)
    visitor("conv2", &filter)
    visitor("conv3", &narrow)
  }

  func callAsFunction(_ input: Variable) -> Variable {
    let branch = narrow(filter(widen(input).gelu()).gelu())
    return (input + branch.droppingPaths(pathDropout)).gelu()
  }
}

/// A step to half the picture, then blocks with attention.
public struct TinyViTStage: Layer {
  var merge1, merge2, merge3: TinyViTConvolution
  public var blocks: [TinyViTBlock]

  init(
    _ inputs: Int, _ width: Int, depth: Int, heads: Int, window: Int,
    pathDropout: (Int) -> Float, draws: inout SeededDraws
  ) {
    merge1 = TinyViTConvolution(inputs, width, draws: &draws)
    merge2 = TinyViTConvolution(width, width, taps: 3, stride: 2, groups: width, draws: &draws)
    merge3 = TinyViTConvolution(width, width, draws: &draws)
    blocks = (0..<depth).map {
      TinyViTBlock(width, heads: heads, window: window, pathDropout: pathDropout($0), draws: &draws)
    }
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("downsample.conv1", &merge1)
    visitor("downsample.conv2", &merge2)
    visitor("downsample.conv3", &merge3)
    visitor("blocks", &blocks)
  }

  public func callAsFunction(_ input: Variable) -> Variable {
    var x = merge3(merge2(merge1(input).gelu()).gelu())
    for block in blocks { x = block(x) }
    return x
  }
}

/// A block over `[batch, channel, row, column]`: attention in windows, a filter for each channel, a
/// perceptron.
public struct TinyViTBlock: Layer {
  public var norm, hiddenNorm: LayerNorm
  public var qkv, proj: Linear
  /// How strongly places lean to each other by their distance, `[heads, window²]`.
  public var leanings: Parameter
  var filter: TinyViTConvolution
  public var fc1, fc2: Linear
  let heads, window: Int
  let pathDropout: Float

  init(_ width: Int, heads: Int, window: Int, pathDropout: Float, draws: inout SeededDraws) {
    precondition(width % heads == 0, "TinyViT: \(heads) heads of width \(width)")
    let start = Initializer.truncatedNormal(deviation: 0.02)
    norm = LayerNorm(width, epsilon: 1e-5)
    hiddenNorm = LayerNorm(width, epsilon: 1e-5)
    qkv = Linear(width, 3 * width, start: start, draws: &draws)
    proj = Linear(width, width, start: start, draws: &draws)
    leanings = Parameter(Tensor.zeros([heads, window * window]), decays: false)
    filter = TinyViTConvolution(width, width, taps: 3, groups: width, draws: &draws)
    fc1 = Linear(width, 4 * width, start: start, draws: &draws)
    fc2 = Linear(4 * width, width, start: start, draws: &draws)
    self.heads = heads
    self.window = window
    self.pathDropout = pathDropout
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("attn.attention_biases", &leanings)
    visitor("attn.norm", &norm)
    visitor("attn.qkv", &qkv)
    visitor("attn.proj", &proj)
    visitor("local_conv", &filter)
    visitor("mlp.norm", &hiddenNorm)
    visitor("mlp.fc1", &fc1)
    visitor("mlp.fc2", &fc2)
  }

  public func callAsFunction(_ input: Variable) -> Variable {
    let mixed = input.permuted([0, 2, 3, 1]).inWindows(window, attend).permuted([0, 3, 1, 2])
    let x = filter(input + mixed.droppingPaths(pathDropout)).permuted([0, 2, 3, 1])
    let hidden = fc2(fc1(hiddenNorm(x)).gelu())
    return (x + hidden.droppingPaths(pathDropout)).permuted([0, 3, 1, 2])
  }

  /// Attention among the places of each window `[windows, side, side, width]`.
  private func attend(_ x: Variable) -> Variable {
    let (count, area, width) = (x.shape[0], window * window, x.shape[3])
    let each = width / heads
    // Query, key and value of a head lie side by side.
    let projected = qkv(norm(x)).reshaped([count, area, heads, 3, each])
      .permuted([3, 0, 2, 1, 4]).unstacked()
    let bias = x.using(leanings).transposed().rows(distances).reshaped([area, area, heads])
      .permuted([2, 0, 1]).reshaped([1, heads, area, area])
    let mixed = projected[0].attention(keys: projected[1], values: projected[2], bias: bias)
    return proj(mixed.joiningHeads()).reshaped([count, window, window, width])
  }

  /// For each pair of places of a window the column of the table. Distances are numbered as they are
  /// first met from the first place, which is row by row.
  private var distances: [Int] {
    (0..<window * window).flatMap { a in
      (0..<window * window).map { b in
        abs(a / window - b / window) * window + abs(a % window - b % window)
      }
    }
  }
}

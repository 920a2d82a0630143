// Vision transformers.
// Source: Dosovitskiy et al., arXiv 2010.11929; registers from Darcet et al., arXiv 2309.16588;
// layer scale from Touvron et al., arXiv 2103.17239. Names and order of operations as timm's
// `vision_transformer.py`.

/// A vision transformer for pictures.
///
/// ```swift
/// let network = ViT(.small(patch: 16, classes: 5), seed: 1)
/// let logits = network(pictures)     // [batch, 3, 224, 224] to [batch, 5]
/// ```
/// Parameters carry timm's names; ``ViT/transformersNames`` maps those of `transformers`.
public struct ViT: Layer {
  /// How tokens become one vector.
  public enum Pooling: Sendable, Hashable {
    /// The class token.
    case classToken
    /// The mean of the patch tokens.
    case mean
  }

  /// The shape of a vision transformer.
  public struct Configuration: Sendable, Hashable {
    /// The side of the square picture, in pixels.
    public var imageSize: Int
    /// The side of a patch, in pixels.
    public var patchSize: Int
    public var channels = 3
    /// The outputs; 0 gives features instead.
    public var classes = 1000
    public var width: Int
    public var depth: Int
    public var heads: Int
    /// The width of the hidden layer over the width of a token.
    public var hiddenRatio = 4.0
    /// Tokens beside the patches that belong to nothing.
    public var registers = 0
    /// The first value of the learned scale of each branch; nil leaves the scale out.
    public var layerScale: Float?
    public var pooling = Pooling.classToken
    public var hasClassToken = true
    public var epsilon: Float = 1e-6
    public var dropout: Float = 0
    /// The probability with which the last block's branches are dropped; blocks before it have
    /// proportionally less.
    public var pathDropout: Float = 0
    /// Whether positions are added to the patches alone and not to class token and registers.
    public var positionsSkipPrefix = false
    /// The deviation of the blocks' first weights. 0.02 suits widths from 192 up; narrow networks
    /// trained from scratch learn faster with about 1/√width.
    public var deviation: Float = 0.02

    public init(imageSize: Int = 224, patchSize: Int = 16, width: Int, depth: Int, heads: Int) {
      precondition(
        patchSize > 0 && imageSize >= patchSize && imageSize % patchSize == 0 && depth > 0
          && heads > 0 && width % heads == 0,
        "ViT: picture \(imageSize), patch \(patchSize), width \(width), heads \(heads)")
      self.imageSize = imageSize
      self.patchSize = patchSize
      self.width = width
      self.depth = depth
      self.heads = heads
    }

    private init(
      _ width: Int, _ depth: Int, _ heads: Int, _ patch: Int, _ size: Int, _ classes: Int
    ) {
      self.init(imageSize: size, patchSize: patch, width: width, depth: depth, heads: heads)
      self.classes = classes
    }

    /// ViT-Ti: width 192, 12 blocks, 3 heads.
    public static func tiny(patch: Int = 16, size: Int = 224, classes: Int = 1000) -> Configuration
    {
      Configuration(192, 12, 3, patch, size, classes)
    }

    /// ViT-S: width 384, 12 blocks, 6 heads.
    public static func small(patch: Int = 16, size: Int = 224, classes: Int = 1000) -> Configuration
    {
      Configuration(384, 12, 6, patch, size, classes)
    }

    /// ViT-B: width 768, 12 blocks, 12 heads.
    public static func base(patch: Int = 16, size: Int = 224, classes: Int = 1000) -> Configuration
    {
      Configuration(768, 12, 12, patch, size, classes)
    }

    /// ViT-L: width 1024, 24 blocks, 16 heads.
    public static func large(patch: Int = 16, size: Int = 224, classes: Int = 1000) -> Configuration
    {
      Configuration(1024, 24, 16, patch, size, classes)
    }

    /// Phikon (Filiot et al., 2023): ViT-B/16 whose class token is the feature; its file's names are those
    /// of ``ViT/transformersNames``.
    public static let phikon: Configuration = {
      var shape = base(classes: 0)
      shape.epsilon = 1e-12
      return shape
    }()

    /// UNI (Chen et al., 2024): ViT-L/16 with layer scale whose class token is the feature; its file
    /// has timm's names, which are this network's own.
    public static let uni: Configuration = {
      var shape = large(classes: 0)
      shape.layerScale = 1e-5
      return shape
    }()

    /// Tokens before the patches.
    var prefix: Int { (hasClassToken ? 1 : 0) + registers }
    var patches: Int { (imageSize / patchSize) * (imageSize / patchSize) }
  }

  public let configuration: Configuration
  public var projection: Convolution
  public var classToken, registerTokens: Parameter?
  /// `[1, tokens, width]`
  public var positions: Parameter
  public var blocks: [TransformerBlock]
  public var norm: LayerNorm
  public var head: Linear?

  /// A network with first weights from a seed (normal, deviation 0.02, cut at ±2).
  public init(_ configuration: Configuration, seed: UInt64 = 0) {
    var draws = SeededDraws(seed: seed, 0x517)
    let c = configuration
    self.configuration = c
    projection = Convolution(
      c.channels, c.width, taps: [c.patchSize, c.patchSize], stride: [c.patchSize, c.patchSize],
      padding: [0, 0], draws: &draws)
    func tokens(_ count: Int, _ deviation: Float, _ draws: inout SeededDraws) -> Parameter {
      Parameter(
        Initializer.truncatedNormal(deviation: deviation).tensor([1, count, c.width], &draws),
        decays: false)
    }
    classToken = c.hasClassToken ? tokens(1, 1e-6, &draws) : nil
    registerTokens = c.registers > 0 ? tokens(c.registers, 1e-6, &draws) : nil
    positions = tokens(
      c.patches + (c.positionsSkipPrefix ? 0 : c.prefix), c.deviation, &draws)
    blocks = (0..<c.depth).map { index in
      TransformerBlock(
        width: c.width, heads: c.heads, hidden: Int(Double(c.width) * c.hiddenRatio),
        layerScale: c.layerScale, epsilon: c.epsilon, dropout: c.dropout, deviation: c.deviation,
        pathDropout: c.pathDropout * Float(index) / Float(max(c.depth - 1, 1)), draws: &draws)
    }
    norm = LayerNorm(c.width, epsilon: c.epsilon)
    head = c.classes > 0 ? Linear(c.width, c.classes, draws: &draws) : nil
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("cls_token", &classToken)
    visitor("reg_token", &registerTokens)
    visitor("pos_embed", &positions)
    visitor("patch_embed.proj", &projection)
    visitor("blocks", &blocks)
    visitor(configuration.pooling == .mean ? "fc_norm" : "norm", &norm)
    visitor("head", &head)
  }

  /// - Returns: `[batch, classes]`, or `[batch, width]` without a head, for pictures
  ///   `[batch, channels, size, size]`.
  public func callAsFunction(_ input: Variable) -> Variable {
    let features = features(input)
    return head.map { $0(features.dropout(configuration.dropout)) } ?? features
  }

  /// The vector that the head sees: `[batch, width]`.
  public func features(_ input: Variable) -> Variable {
    switch configuration.pooling {
    case .classToken:
      precondition(configuration.hasClassToken, "ViT: pooling by a class token that is absent")
      return norm(encoded(input).selected(axis: 1, 0))
    case .mean:
      let tokens = encoded(input)
      return norm(tokens.sliced(axis: 1, configuration.prefix..<tokens.shape[1]).mean(axes: [1]))
    }
  }

  /// The tokens after the last norm: `[batch, prefix + patches, width]`.
  public func tokens(_ input: Variable) -> Variable { norm(encoded(input)) }

  private func encoded(_ input: Variable) -> Variable {
    let c = configuration
    precondition(
      input.shape.count == 4
        && Array(input.shape.dropFirst()) == [c.channels, c.imageSize, c.imageSize],
      "ViT: input \(input.shape), [batch, \(c.channels), \(c.imageSize), \(c.imageSize)] expected")
    let batch = input.shape[0]
    var x = projection(input).flattened(from: 2).transposed(1, 2)
    let positions = input.using(positions)
    let prefix = [classToken, registerTokens].compactMap { $0 }.map {
      input.using($0).broadcast(to: [batch, $0.value.shape[1], c.width])
    }
    if c.positionsSkipPrefix { x = x + positions }
    if !prefix.isEmpty { x = Variable.concatenated(prefix + [x], axis: 1) }
    if !c.positionsSkipPrefix { x = x + positions }
    x = x.dropout(c.dropout)
    for block in blocks { x = block(x) }
    return x
  }

  /// From the names that `transformers` gives a `ViTModel` or a classifier on it (Phikon's files).
  public static let transformersNames = NameMap(
    transformersRows("") + transformersRows("vit.") + [("classifier.*", "head.*")])

  private static func transformersRows(_ root: String) -> [(String, String)] {
    let layer = "\(root)encoder.layer.{i}"
    let attention = "\(layer).attention.attention"
    return [
      ("\(root)embeddings.cls_token", "cls_token"),
      ("\(root)embeddings.position_embeddings", "pos_embed"),
      ("\(root)embeddings.patch_embeddings.projection.*", "patch_embed.proj.*"),
      ("\(attention).query.*", "blocks.{i}.attn.qkv.*#0/3"),
      ("\(attention).key.*", "blocks.{i}.attn.qkv.*#1/3"),
      ("\(attention).value.*", "blocks.{i}.attn.qkv.*#2/3"),
      ("\(layer).attention.output.dense.*", "blocks.{i}.attn.proj.*"),
      ("\(layer).layernorm_before.*", "blocks.{i}.norm1.*"),
      ("\(layer).layernorm_after.*", "blocks.{i}.norm2.*"),
      ("\(layer).intermediate.dense.*", "blocks.{i}.mlp.fc1.*"),
      ("\(layer).output.dense.*", "blocks.{i}.mlp.fc2.*"),
      // The names inside the library since version 5.
      ("\(root)layers.{i}.attention.q_proj.*", "blocks.{i}.attn.qkv.*#0/3"),
      ("\(root)layers.{i}.attention.k_proj.*", "blocks.{i}.attn.qkv.*#1/3"),
      ("\(root)layers.{i}.attention.v_proj.*", "blocks.{i}.attn.qkv.*#2/3"),
      ("\(root)layers.{i}.attention.o_proj.*", "blocks.{i}.attn.proj.*"),
      ("\(root)layers.{i}.layernorm_before.*", "blocks.{i}.norm1.*"),
      ("\(root)layers.{i}.layernorm_after.*", "blocks.{i}.norm2.*"),
      ("\(root)layers.{i}.mlp.*", "blocks.{i}.mlp.*"),
      ("\(root)layernorm.*", "norm.*"),
      ("\(root)pooler.*", ""),
    ]
  }
}

/// A pre-norm transformer block, as timm's `Block`.
public struct TransformerBlock: Layer {
  public var norm1, norm2: LayerNorm
  public var attention: SelfAttention
  public var mlp: FeedForward
  /// The learned scale of each branch, `[width]`.
  public var scale1, scale2: Parameter?
  public let pathDropout: Float

  public init(
    width: Int, heads: Int, hidden: Int, layerScale: Float? = nil, epsilon: Float = 1e-6,
    dropout: Float = 0, deviation: Float = 0.02, pathDropout: Float = 0,
    draws: inout SeededDraws
  ) {
    norm1 = LayerNorm(width, epsilon: epsilon)
    norm2 = LayerNorm(width, epsilon: epsilon)
    attention = SelfAttention(
      width: width, heads: heads, dropout: dropout, deviation: deviation, draws: &draws)
    mlp = FeedForward(
      width: width, hidden: hidden, dropout: dropout, deviation: deviation, draws: &draws)
    scale1 = layerScale.map { Parameter(Tensor(repeating: $0, shape: [width])) }
    scale2 = layerScale.map { Parameter(Tensor(repeating: $0, shape: [width])) }
    self.pathDropout = pathDropout
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("norm1", &norm1)
    visitor("attn", &attention)
    visitor("ls1.gamma", &scale1)
    visitor("norm2", &norm2)
    visitor("mlp", &mlp)
    visitor("ls2.gamma", &scale2)
  }

  public func callAsFunction(_ input: Variable) -> Variable {
    func scaled(_ branch: Variable, _ scale: Parameter?) -> Variable {
      (scale.map { branch * branch.using($0) } ?? branch).droppingPaths(pathDropout)
    }
    let x: Variable
    if scale1 == nil, pathDropout == 0 || input.tape == nil {
      x = attention(norm1(input), bias: nil, residual: input)
    } else {
      x = input + scaled(attention(norm1(input)), scale1)
    }
    if scale2 == nil, pathDropout == 0 || input.tape == nil {
      return mlp(norm2(x), residual: x)
    }
    return x + scaled(mlp(norm2(x)), scale2)
  }
}

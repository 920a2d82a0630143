// CLIP: pictures and texts in one space.
// Source: Radford et al., arXiv 2103.00020; names as `transformers`' `CLIPModel`.

/// CLIP's two towers.
///
/// ```swift
/// var clip = CLIP(.baseB32)
/// try clip.load(Weights(contentsOf: path), names: CLIP.names)
/// let scores = clip.similarities(images: pictures, texts: rows)
/// ```
public struct CLIP: Module {
  /// The shape of one tower.
  public struct Tower: Sendable, Hashable {
    public var width, depth, heads, hidden: Int
    public var activation = CLIPActivation.quickGELU
    public var epsilon: Float = 1e-5

    public init(width: Int, depth: Int, heads: Int, hidden: Int? = nil) {
      self.width = width
      self.depth = depth
      self.heads = heads
      self.hidden = hidden ?? 4 * width
    }
  }

  /// The activation of a tower's perceptrons.
  public enum CLIPActivation: Sendable, Hashable { case quickGELU, gelu, geluTanh }

  /// The shape of both towers.
  public struct Configuration: Sendable, Hashable {
    public var vision = Tower(width: 768, depth: 12, heads: 12)
    public var text = Tower(width: 512, depth: 12, heads: 8)
    public var imageSize = 224
    public var patchSize = 32
    public var vocabulary = 49_408
    public var positions = 77
    /// The width of the common space.
    public var width = 512
    /// The id that ends a text; its first place in a row gives the text's vector.
    public var end = 49_407

    public init() {}

    /// ViT-B/32 with a text tower of width 512.
    public static let baseB32 = Configuration()
  }

  public let configuration: Configuration
  public var classToken: Parameter
  public var patches: Convolution
  public var imagePositions: Parameter
  public var before, after: LayerNorm
  public var visionLayers: [CLIPLayer]
  public var words, textPositions: Parameter
  public var textLayers: [CLIPLayer]
  public var final: LayerNorm
  public var imageProjection, textProjection: Linear
  /// The logarithm of the factor on similarities.
  public var scale: Parameter

  public init(_ configuration: Configuration = .baseB32, seed: UInt64 = 0) {
    var draws = SeededDraws(seed: seed, 0xC11)
    let c = configuration
    self.configuration = c
    let start = Initializer.truncatedNormal(deviation: 0.02)
    let side = c.imageSize / c.patchSize
    classToken = Parameter(
      start.tensor([1, c.vision.width], &draws).reshaped([c.vision.width]), decays: false)
    patches = Convolution(
      c.channels, c.vision.width, taps: [c.patchSize, c.patchSize],
      stride: [c.patchSize, c.patchSize], padding: [0, 0], hasBias: false, draws: &draws)
    imagePositions = Parameter(
      start.tensor([side * side + 1, c.vision.width], &draws), decays: false)
    before = LayerNorm(c.vision.width, epsilon: 1e-5)
    after = LayerNorm(c.vision.width, epsilon: 1e-5)
    visionLayers = (0..<c.vision.depth).map { _ in CLIPLayer(c.vision, draws: &draws) }
    words = Parameter(start.tensor([c.vocabulary, c.text.width], &draws), decays: false)
    textPositions = Parameter(start.tensor([c.positions, c.text.width], &draws), decays: false)
    textLayers = (0..<c.text.depth).map { _ in CLIPLayer(c.text, draws: &draws) }
    final = LayerNorm(c.text.width, epsilon: 1e-5)
    imageProjection = Linear(c.vision.width, c.width, hasBias: false, start: start, draws: &draws)
    textProjection = Linear(c.text.width, c.width, hasBias: false, start: start, draws: &draws)
    scale = Parameter(Tensor(2.6592))
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("vision_model.embeddings.class_embedding", &classToken)
    visitor("vision_model.embeddings.patch_embedding", &patches)
    visitor("vision_model.embeddings.position_embedding.weight", &imagePositions)
    visitor("vision_model.pre_layrnorm", &before)
    visitor("vision_model.encoder.layers", &visionLayers)
    visitor("vision_model.post_layernorm", &after)
    visitor("text_model.embeddings.token_embedding.weight", &words)
    visitor("text_model.embeddings.position_embedding.weight", &textPositions)
    visitor("text_model.encoder.layers", &textLayers)
    visitor("text_model.final_layer_norm", &final)
    visitor("visual_projection", &imageProjection)
    visitor("text_projection", &textProjection)
    visitor("logit_scale", &scale)
  }

  /// From files that also carry position ids.
  public static let names = NameMap([
    ("vision_model.embeddings.position_ids", ""), ("text_model.embeddings.position_ids", ""),
  ])

  /// The vectors of pictures `[batch, 3, size, size]`, in the common space: `[batch, width]`.
  public func encode(images: Variable) -> Variable {
    let c = configuration
    precondition(
      Array(images.shape.dropFirst()) == [c.channels, c.imageSize, c.imageSize],
      "CLIP: pictures \(images.shape)")
    let batch = images.shape[0]
    let tokens = patches(images).flattened(from: 2).transposed(1, 2)
    let first = images.using(classToken).broadcast(to: [batch, 1, c.vision.width])
    var x = Variable.concatenated([first, tokens], axis: 1) + images.using(imagePositions)
    x = before(x)
    for layer in visionLayers { x = layer(x, mask: nil) }
    return imageProjection(after(x.selected(axis: 1, 0)))
  }

  /// The vectors of texts, in the common space: `[batch, width]`.
  ///
  /// - `texts`: Rows of ids of equal length, as ``ByteLevelBPE/encodeForCLIP(_:length:)``
  ///   gives them.
  public func encode(texts: [[Int]], on tape: Tape? = nil) -> Variable {
    let length = texts.first?.count ?? 0
    precondition(
      length > 0 && length <= configuration.positions && texts.allSatisfy { $0.count == length },
      "CLIP: rows of \(texts.map(\.count)) tokens")
    let root = Variable(value: Tensor.zeros([]), tape: tape, node: nil)
    let embedded = root.using(words).rows(texts.flatMap { $0 })
      .reshaped([texts.count, length, configuration.text.width])
    var x = embedded + root.using(textPositions).sliced(axis: 0, 0..<length)
    var mask = [Float](repeating: 0, count: length * length)
    for row in 0..<length {
      for column in row + 1..<max(length, row + 1) { mask[row * length + column] = -.infinity }
    }
    let bias = root.constant(Tensor(mask, shape: [length, length]))
    for layer in textLayers { x = layer(x, mask: bias) }
    let states = final(x)
    let picked = texts.enumerated().map { row, ids in
      let end = ids.firstIndex(of: configuration.end) ?? length - 1
      return states.sliced(axis: 0, row..<row + 1).selected(axis: 1, end)
    }
    return textProjection(Variable.concatenated(picked, axis: 0))
  }

  /// How well each picture fits each text: `[image, text]`, cosines times the learned factor.
  public func similarities(images: Variable, texts: [[Int]]) -> Variable {
    let pictures = encode(images: images).unit()
    let words = encode(texts: texts, on: images.tape).unit()
    return pictures.matmul(words.transposed()) * images.using(scale).exp()
  }
}

extension CLIP.Configuration {
  var channels: Int { 3 }
}

extension Variable {
  /// Rows of length 1.
  public func unit() -> Variable {
    self / squared().sum(axes: [-1], keepingAxes: true).squareRoot()
  }
}

/// A pre-norm layer with separate query, key and value.
public struct CLIPLayer: Module {
  public var query, key, value, output: Linear
  public var norm1, norm2: LayerNorm
  public var fc1, fc2: Linear
  let tower: CLIP.Tower

  init(_ tower: CLIP.Tower, draws: inout SeededDraws) {
    let start = Initializer.truncatedNormal(deviation: 0.02)
    let width = tower.width
    query = Linear(width, width, start: start, draws: &draws)
    key = Linear(width, width, start: start, draws: &draws)
    value = Linear(width, width, start: start, draws: &draws)
    output = Linear(width, width, start: start, draws: &draws)
    norm1 = LayerNorm(width, epsilon: tower.epsilon)
    norm2 = LayerNorm(width, epsilon: tower.epsilon)
    fc1 = Linear(width, tower.hidden, start: start, draws: &draws)
    fc2 = Linear(tower.hidden, width, start: start, draws: &draws)
    self.tower = tower
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("self_attn.q_proj", &query)
    visitor("self_attn.k_proj", &key)
    visitor("self_attn.v_proj", &value)
    visitor("self_attn.out_proj", &output)
    visitor("layer_norm1", &norm1)
    visitor("mlp.fc1", &fc1)
    visitor("mlp.fc2", &fc2)
    visitor("layer_norm2", &norm2)
  }

  func callAsFunction(_ input: Variable, mask: Variable?) -> Variable {
    let normal = norm1(input)
    let mixed = query(normal).splitIntoHeads(tower.heads).attention(
      keys: key(normal).splitIntoHeads(tower.heads),
      values: value(normal).splitIntoHeads(tower.heads), bias: mask)
    let x = input + output(mixed.joiningHeads())
    let hidden = fc1(norm2(x))
    switch tower.activation {
    case .quickGELU: return x + fc2(hidden.quickGELU())
    case .gelu: return x + fc2(hidden.gelu())
    case .geluTanh: return x + fc2(hidden.geluTanh())
    }
  }
}

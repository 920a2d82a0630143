// A vision-language model: a vision transformer whose patches become tokens of a decoder.
// Sources: Laurençon et al., "Idefics3", arXiv 2408.12637; Marafioti et al., "SmolVLM", arXiv
// 2504.05299; SigLIP, arXiv 2303.15343. Names as `transformers`' `SmolVLMForConditionalGeneration`.

/// A decoder that sees pictures among its tokens, in the way of Idefics3 and SmolVLM.
///
/// ```swift
/// var model = VisionLanguageModel(.smolVLM256M)
/// try model.load(Weights(contentsOf: path), names: VisionLanguageModel.names)
/// let features = model.features(of: pictures)       // [batch, tokens, width]
/// let answer = model.generate(after: prompt, showing: features, limit: 100)
/// ```
/// A prompt holds the id ``Configuration/imageToken`` once for each token of each picture, 64 of them
/// a picture of SmolVLM-256M. Pictures are `[batch, 3, 512, 512]`, values of −1…1.
public struct VisionLanguageModel: Module {
  /// The shape of a model.
  public struct Configuration: Sendable, Hashable {
    public var vision: CLIP.Tower
    public var imageSize = 512
    public var patchSize = 16
    /// How many patches along each side of a square become one token.
    public var shuffle = 4
    public var decoder: Decoder.Configuration
    /// The id that stands for a part of a picture.
    public var imageToken: Int

    public init(vision: CLIP.Tower, decoder: Decoder.Configuration, imageToken: Int) {
      self.vision = vision
      self.decoder = decoder
      self.imageToken = imageToken
    }

    /// SmolVLM-256M: a SigLIP base of 12 layers and a Llama-shaped decoder of 30.
    public static let smolVLM256M: Configuration = {
      var tower = CLIP.Tower(width: 768, depth: 12, heads: 12)
      tower.activation = .geluTanh
      tower.epsilon = 1e-6
      var decoder = Decoder.Configuration(
        vocabulary: 49_280, width: 576, depth: 30, heads: 9, keyHeads: 3, hidden: 1_536)
      decoder.rotaryBase = 100_000
      return Configuration(vision: tower, decoder: decoder, imageToken: 49_190)
    }()

    /// Patches along a side.
    var grid: Int { imageSize / patchSize }
    /// Tokens of one picture.
    public var imageTokens: Int { grid * grid / (shuffle * shuffle) }
  }

  public let configuration: Configuration
  public var patches: Convolution
  /// `[grid², width]`
  public var positions: Parameter
  public var visionLayers: [CLIPLayer]
  public var visionNorm: LayerNorm
  /// From `shuffle²` patches to one token.
  public var connector: Linear
  public var decoder: Decoder

  public init(_ configuration: Configuration, seed: UInt64 = 0) {
    let c = configuration
    precondition(
      c.imageSize % c.patchSize == 0 && c.grid % c.shuffle == 0,
      "VisionLanguageModel: picture \(c.imageSize), patch \(c.patchSize), shuffle \(c.shuffle)")
    var draws = SeededDraws(seed: seed, 0x51A)
    self.configuration = c
    let patch = [c.patchSize, c.patchSize]
    let start = Initializer.truncatedNormal(deviation: 0.02)
    patches = Convolution(
      3, c.vision.width, taps: patch, stride: patch, padding: [0, 0], draws: &draws)
    positions = Parameter(
      start.tensor([c.grid * c.grid, c.vision.width], &draws), decays: false)
    visionLayers = (0..<c.vision.depth).map { _ in CLIPLayer(c.vision, draws: &draws) }
    visionNorm = LayerNorm(c.vision.width, epsilon: c.vision.epsilon)
    connector = Linear(
      c.vision.width * c.shuffle * c.shuffle, c.decoder.width, hasBias: false, start: start,
      draws: &draws)
    decoder = Decoder(c.decoder, seed: seed)
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("model.vision_model.embeddings.patch_embedding", &patches)
    visitor("model.vision_model.embeddings.position_embedding.weight", &positions)
    visitor("model.vision_model.encoder.layers", &visionLayers)
    visitor("model.vision_model.post_layernorm", &visionNorm)
    visitor("model.connector.modality_projection.proj", &connector)
    visitor("decoder", &decoder)
  }

  /// From `transformers`' files.
  public static let names = NameMap([
    ("model.text_model.*", "decoder.model.*"), ("lm_head.*", "decoder.lm_head.*"),
  ])

  /// From files whose output reuses the embedding's table but is stored beside it.
  public static let tiedNames = names.preceded(by: [("lm_head.*", "")])

  /// The tokens of pictures `[batch, 3, size, size]`: `[batch, imageTokens, decoder width]`.
  public func features(of pictures: Variable) -> Variable {
    let c = configuration
    precondition(
      Array(pictures.shape.dropFirst()) == [3, c.imageSize, c.imageSize],
      "VisionLanguageModel: pictures \(pictures.shape)")
    let (batch, grid, width) = (pictures.shape[0], c.grid, c.vision.width)
    var x = patches(pictures).flattened(from: 2).transposed(1, 2)
    x = x + pictures.using(positions).rows(places)
    for layer in visionLayers { x = layer(x, mask: nil) }
    x = visionNorm(x)
    // Squares of patches side by side: columns first, then rows.
    let (s, few) = (c.shuffle, grid / c.shuffle)
    x = x.reshaped([batch, grid, few, s * width]).permuted([0, 2, 1, 3])
      .reshaped([batch, few, few, s * s * width]).permuted([0, 2, 1, 3])
    return connector(x.reshaped([batch, few * few, s * s * width]))
  }

  /// The row of positions that each patch takes.
  ///
  /// The reference finds it by comparing fractions of the side in float32, which for some counts of
  /// patches moves a patch to its neighbour's row; trained weights have seen just that.
  private var places: [Int] {
    let grid = configuration.grid
    let step = 1 / Double(grid)
    let bounds = (0..<max(Int(((1 - step) / step).rounded(.up)), 0)).map {
      Float(step + Double($0) * step)
    }
    let buckets = (0..<grid).map { index in
      let fraction = min(Float(index) * (1 / Float(grid)), 1 - 1e-6)
      return bounds.count { $0 <= fraction }
    }
    return buckets.flatMap { row in buckets.map { row * grid + $0 } }
  }

  /// The vectors of a prompt in which pictures' tokens stand for ``Configuration/imageToken``:
  /// `[1, token, width]`.
  ///
  /// - Precondition: The prompt holds as many image tokens as `features` has rows.
  func embed(_ ids: [Int], _ features: Variable?, _ root: Variable) -> Variable {
    let width = configuration.decoder.width
    let shown = features?.reshaped([-1, width])
    let wanted = ids.count { $0 == configuration.imageToken }
    precondition(
      wanted == shown?.shape[0] ?? 0,
      "VisionLanguageModel: \(wanted) image tokens for \(shown?.shape[0] ?? 0) rows of features")
    let words = decoder.embed(ids, root)
    guard let shown else { return words.reshaped([1, ids.count, width]) }
    var parts: [Variable] = []
    var (start, used) = (0, 0)
    while start < ids.count {
      let isImage = ids[start] == configuration.imageToken
      var end = start
      while end < ids.count, (ids[end] == configuration.imageToken) == isImage { end += 1 }
      parts.append(
        isImage
          ? shown.sliced(axis: 0, used..<used + end - start) : words.sliced(axis: 0, start..<end))
      if isImage { used += end - start }
      start = end
    }
    return Variable.concatenated(parts, axis: 0).reshaped([1, ids.count, width])
  }

  /// The logits of the token after each, `[1, token, vocabulary]`.
  public func callAsFunction(_ ids: [Int], showing features: Variable?) -> Variable {
    let root = features.map { $0.constant(Tensor.zeros([])) } ?? Variable(Tensor.zeros([]))
    var cache = KeyValueCache(depth: 0)
    return decoder.logits(decoder.states(embed(ids, features, root), &cache))
  }

  /// Continues a prompt with pictures in it.
  ///
  /// - Parameters:
  ///   - prompt: Ids, ``Configuration/imageToken`` where pictures are.
  ///   - features: What ``features(of:)`` gave, in the order of the pictures.
  ///   - sampling: How tokens are chosen.
  ///   - limit: How many tokens to write at most.
  ///   - stops: Tokens that end the text.
  ///   - isAllowed: Which tokens may come next; nil allows all.
  public func generate(
    after prompt: [Int], showing features: Tensor?, _ sampling: Decoder.Sampling = .greedy,
    limit: Int, stops: Set<Int> = [],
    allowing isAllowed: ((_ written: [Int], _ candidate: Int) -> Bool)? = nil
  ) -> [Int] {
    let root = Variable(Tensor.zeros([]))
    var session = decoder.session(sampling)
    return session.generate(
      afterVectors: embed(prompt, features.map { Variable($0) }, root).value, limit: limit,
      stops: stops, allowing: isAllowed)
  }
}

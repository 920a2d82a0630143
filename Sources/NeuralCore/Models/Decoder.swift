// Decoders: Llama's and Gemma 3's transformer over text, token after token.
// Sources: Touvron et al., arXiv 2302.13971; grouped queries from Ainslie et al., arXiv
// 2305.13245; rotary positions from Su et al., arXiv 2104.09864; Gemma 3, arXiv 2503.19786.
// Names as `transformers`' `LlamaForCausalLM` and `Gemma3ForCausalLM`.

/// A causal language model.
///
/// ```swift
/// let file = try GGUF(contentsOf: "model.gguf")
/// let model = try Decoder(file)
/// let tokenizer = try SentencePiece(file)
/// var session = model.session()
/// let ids = session.generate(after: tokenizer.encode("The liver is"), limit: 50)
/// print(tokenizer.decode(ids))
/// ```
public struct Decoder: Module {
  /// The shape of a decoder.
  public struct Configuration: Sendable, Hashable {
    public var vocabulary: Int
    public var width: Int
    public var depth: Int
    /// Heads of queries, and of keys and values.
    public var heads, keyHeads: Int
    /// The width of one head.
    public var headWidth: Int
    public var hidden: Int
    public var epsilon: Float = 1e-5
    public var rotaryBase = 10_000.0
    /// How low frequencies are stretched for long texts (Llama 3.1), where they are.
    public var rotaryScaling: RotaryScaling?
    public var activation = Activation.silu
    /// Whether the output reuses the embedding's table.
    public var isTied = false
    /// Gemma 3's differences: four norms a layer, norms of queries and keys, embeddings times
    /// √width, norm weights around 0, and layers that see a window.
    public var isGemma = false
    /// How far layers that see a window look back, and which layer of each group sees all.
    public var window: Int?
    public var windowPattern = 6
    /// The rotary base of layers that see a window.
    public var localRotaryBase = 10_000.0
    /// What is added to a norm's weight: 1 in Gemma's safetensors files, 0 in GGUF.
    public var normOffset: Float = 0

    public init(
      vocabulary: Int, width: Int, depth: Int, heads: Int, keyHeads: Int? = nil,
      headWidth: Int? = nil, hidden: Int
    ) {
      self.vocabulary = vocabulary
      self.width = width
      self.depth = depth
      self.heads = heads
      self.keyHeads = keyHeads ?? heads
      self.headWidth = headWidth ?? width / max(heads, 1)
      self.hidden = hidden
      precondition(
        heads > 0 && self.keyHeads > 0 && heads % self.keyHeads == 0 && self.headWidth % 2 == 0,
        "Decoder: \(heads) heads over \(self.keyHeads) key heads of width \(self.headWidth)")
    }
  }

  public let configuration: Configuration
  /// `[vocabulary, width]`
  public var embedding: Parameter
  public var layers: [DecoderLayer]
  public var norm: RMSNorm
  public var head: Linear?

  /// A decoder with first weights from a seed.
  public init(_ configuration: Configuration, seed: UInt64 = 0) {
    var draws = SeededDraws(seed: seed, 0xDEC0)
    self.init(configuration, start: .truncatedNormal(deviation: 0.02), &draws)
  }

  init(_ configuration: Configuration, start: Initializer, _ draws: inout SeededDraws) {
    let c = configuration
    self.configuration = c
    embedding = Parameter(start.tensor([c.vocabulary, c.width], &draws), decays: false)
    layers = (0..<c.depth).map { DecoderLayer(c, index: $0, start: start, draws: &draws) }
    norm = RMSNorm(c.width, epsilon: c.epsilon, offset: c.normOffset)
    head =
      c.isTied ? nil : Linear(c.width, c.vocabulary, hasBias: false, start: start, draws: &draws)
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("model.embed_tokens.weight", &embedding)
    visitor("model.layers", &layers)
    visitor("model.norm", &norm)
    visitor("lm_head", &head)
  }

  /// The logits of the token after each: `[batch, token, vocabulary]`.
  ///
  /// - Precondition: Rows of equal length, ids within the vocabulary.
  public func callAsFunction(_ ids: [[Int]], on tape: Tape? = nil) -> Variable {
    let length = ids.first?.count ?? 0
    precondition(
      length > 0 && ids.allSatisfy { $0.count == length }, "Decoder: rows \(ids.map(\.count))")
    let root = Variable(value: Tensor.zeros([]), tape: tape, node: nil)
    let x = embed(ids.flatMap { $0 }, root).reshaped([ids.count, length, configuration.width])
    var cache = KeyValueCache(depth: 0)
    return logits(states(x, &cache))
  }

  /// The vectors of some tokens, `[token, width]`.
  func embed(_ ids: [Int], _ root: Variable) -> Variable {
    let rows =
      embedding.quantized.map { root.constant($0.rows(ids)) } ?? root.using(embedding).rows(ids)
    return configuration.isGemma ? rows * Float(configuration.width).squareRoot() : rows
  }

  /// The states after the last norm, of tokens that follow those in the cache.
  func states(_ embedded: Variable, _ cache: inout KeyValueCache) -> Variable {
    var x = embedded
    for (index, layer) in layers.enumerated() { x = layer(x, index, &cache) }
    cache.length += embedded.shape[1]
    return norm(x)
  }

  /// The scores of every token of the vocabulary, from states after the last norm.
  func logits(_ states: Variable) -> Variable {
    if let head { return head(states) }
    if let matrix = embedding.quantized { return states.linear(matrix, bias: nil) }
    return states.linear(states.using(embedding))
  }
}

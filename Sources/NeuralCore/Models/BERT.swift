// BERT: a bidirectional transformer over text.
// Source: Devlin et al., arXiv 1810.04805; names as `transformers`' `BertModel`.

/// A BERT encoder.
///
/// ```swift
/// var encoder = BERT(.base)
/// try encoder.load(Weights(contentsOf: path), names: BERT.names)
/// let vectors = encoder.sentenceEmbeddings(tokenizer.encode(reports))   // [reports, width]
/// ```
public struct BERT: Module {
  /// The shape of an encoder.
  public struct Configuration: Sendable, Hashable {
    public var vocabulary = 30_522
    public var positions = 512
    public var width = 768
    public var depth = 12
    public var heads = 12
    public var hidden = 3_072
    public var epsilon: Float = 1e-12

    public init() {}

    /// BERT base: 12 layers of width 768. Bio_ClinicalBERT has this shape with 28,996 pieces.
    public static let base = Configuration()

    /// The shape of `all-MiniLM-L6-v2`.
    public static let miniLM: Configuration = {
      var shape = Configuration()
      shape.width = 384
      shape.depth = 6
      shape.hidden = 1_536
      return shape
    }()
  }

  public let configuration: Configuration
  /// `[vocabulary, width]`, `[positions, width]`, `[2, width]`
  public var words, positions, segments: Parameter
  public var norm: LayerNorm
  public var layers: [BERTLayer]
  /// The layer over the first token, where the file has one.
  public var pooler: Linear?

  public init(_ configuration: Configuration = .base, hasPooler: Bool = true, seed: UInt64 = 0) {
    var draws = SeededDraws(seed: seed, 0xBE27)
    let c = configuration
    self.configuration = c
    func table(_ rows: Int, _ draws: inout SeededDraws) -> Parameter {
      Parameter(
        Initializer.truncatedNormal(deviation: 0.02).tensor([rows, c.width], &draws), decays: false)
    }
    words = table(c.vocabulary, &draws)
    positions = table(c.positions, &draws)
    segments = table(2, &draws)
    norm = LayerNorm(c.width, epsilon: c.epsilon)
    layers = (0..<c.depth).map { _ in
      BERTLayer(width: c.width, heads: c.heads, hidden: c.hidden, epsilon: c.epsilon, draws: &draws)
    }
    pooler = hasPooler ? Linear(c.width, c.width, draws: &draws) : nil
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("embeddings.word_embeddings.weight", &words)
    visitor("embeddings.position_embeddings.weight", &positions)
    visitor("embeddings.token_type_embeddings.weight", &segments)
    visitor("embeddings.LayerNorm", &norm)
    visitor("encoder.layer", &layers)
    visitor("pooler.dense", &pooler)
  }

  /// From files that put "bert." before every name and carry heads or position ids.
  public static let names = NameMap([
    ("embeddings.position_ids", ""), ("bert.embeddings.position_ids", ""), ("cls.*", ""),
    ("bert.*", "*"),
  ])

  /// The hidden states: the embeddings, then the output of each layer; each
  /// `[batch, token, width]`.
  ///
  /// - `mask`: `[batch, token]`, 1 for tokens and 0 for padding; nil sees everything.
  /// - Precondition: No more tokens than positions, and ids within the vocabulary.
  public func hiddenStates(_ ids: [[Int]], mask: [[Int]]? = nil, on tape: Tape? = nil)
    -> [Variable]
  {
    let length = ids.first?.count ?? 0
    precondition(
      !ids.isEmpty && length > 0 && length <= configuration.positions
        && ids.allSatisfy { $0.count == length },
      "BERT: \(ids.count) rows of \(ids.map(\.count)) tokens, \(configuration.positions) positions")
    let root = Variable(value: Tensor.zeros([]), tape: tape, node: nil)
    let embedded = root.using(words).rows(ids.flatMap { $0 })
      .reshaped([ids.count, length, configuration.width])
    let places = root.using(positions).sliced(axis: 0, 0..<length)
    let segment = root.using(segments).selected(axis: 0, 0)
    var x = norm(embedded + places + segment)
    var states = [x]
    let bias = mask.map { mask in
      Variable(
        Tensor(
          mask.flatMap { $0 }.map { $0 == 0 ? -Float.greatestFiniteMagnitude : 0 },
          shape: [ids.count, 1, 1, length]))
    }
    for layer in layers {
      x = layer(x, bias: bias)
      states.append(x)
    }
    return states
  }

  /// The last layer's output, `[batch, token, width]`.
  public func callAsFunction(_ ids: [[Int]], mask: [[Int]]? = nil, on tape: Tape? = nil)
    -> Variable
  {
    let states = hiddenStates(ids, mask: mask, on: tape)
    return states[states.count - 1]
  }

  /// The mean of the tokens' vectors, divided by its length: `[text, width]`.
  public func sentenceEmbeddings(_ texts: [WordPiece.Encoding]) -> Tensor {
    let mask = texts.map(\.mask)
    let states = callAsFunction(texts.map(\.ids), mask: mask).value
    let weights = Tensor(
      mask.flatMap { $0.map { Float($0) } }, shape: [texts.count, mask[0].count, 1])
    let sums = (states * weights).sum(axes: [1])
    let means = sums / weights.sum(axes: [1]).maximum(Tensor(1e-9))
    let lengths = means.squared().sum(axes: [1], keepingAxes: true).squareRoot()
    return means / lengths.maximum(Tensor(1e-12))
  }

  /// `tanh` of the pooler over the first token, `[batch, width]`.
  ///
  /// - Precondition: The network has a pooler.
  public func pooled(_ states: Variable) -> Variable {
    guard let pooler else { preconditionFailure("BERT: this network has no pooler") }
    return pooler(states.selected(axis: 1, 0)).tanh()
  }
}

/// A post-norm transformer layer with separate query, key and value.
public struct BERTLayer: Layer {
  public var query, key, value, output: Linear
  public var attentionNorm: LayerNorm
  public var intermediate, final: Linear
  public var finalNorm: LayerNorm
  public let heads: Int

  init(width: Int, heads: Int, hidden: Int, epsilon: Float, draws: inout SeededDraws) {
    let start = Initializer.truncatedNormal(deviation: 0.02)
    query = Linear(width, width, start: start, draws: &draws)
    key = Linear(width, width, start: start, draws: &draws)
    value = Linear(width, width, start: start, draws: &draws)
    output = Linear(width, width, start: start, draws: &draws)
    attentionNorm = LayerNorm(width, epsilon: epsilon)
    intermediate = Linear(width, hidden, start: start, draws: &draws)
    final = Linear(hidden, width, start: start, draws: &draws)
    finalNorm = LayerNorm(width, epsilon: epsilon)
    self.heads = heads
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("attention.self.query", &query)
    visitor("attention.self.key", &key)
    visitor("attention.self.value", &value)
    visitor("attention.output.dense", &output)
    visitor("attention.output.LayerNorm", &attentionNorm)
    visitor("intermediate.dense", &intermediate)
    visitor("output.dense", &final)
    visitor("output.LayerNorm", &finalNorm)
  }

  public func callAsFunction(_ input: Variable) -> Variable { callAsFunction(input, bias: nil) }

  /// The layer with a bias on the attention's scores, such as −∞ for padding.
  public func callAsFunction(_ input: Variable, bias: Variable?) -> Variable {
    let mixed = query(input).splitIntoHeads(heads).attention(
      keys: key(input).splitIntoHeads(heads), values: value(input).splitIntoHeads(heads),
      bias: bias
    ).joiningHeads()
    let x = attentionNorm(input + output(mixed))
    return finalNorm(x + final(intermediate(x).gelu()))
  }
}

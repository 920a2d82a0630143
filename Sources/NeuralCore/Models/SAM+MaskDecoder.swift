// SAM's mask decoder: prompts and picture look at each other, then each mask token becomes a mask.
// Source: Kirillov et al., arXiv 2304.02643, appendix A.

/// SAM's mask decoder.
public struct SAMMaskDecoder: Module {
  /// `[1, embedding]` and `[masks + 1, embedding]`
  public var qualityToken, maskTokens: Parameter
  public var layers: [SAMTwoWayLayer]
  var finalAttention: SAMAttention
  var finalNorm: LayerNorm
  var enlarge1, enlarge2: TransposedConvolution
  var enlargeNorm: ChannelNorm
  /// From each mask token to the weights of its mask.
  var hyper: [SAMPerceptron]
  var quality: SAMPerceptron
  let c: SAM.Configuration

  init(_ c: SAM.Configuration, draws: inout SeededDraws) {
    self.c = c
    let width = c.embedding
    let start = Initializer.truncatedNormal(deviation: 1)
    qualityToken = Parameter(start.tensor([1, width], &draws), decays: false)
    maskTokens = Parameter(start.tensor([c.maskCount + 1, width], &draws), decays: false)
    layers = (0..<c.decoderDepth).map { SAMTwoWayLayer(c, isFirst: $0 == 0, draws: &draws) }
    finalAttention = SAMAttention(c, reduction: c.attentionReduction, draws: &draws)
    finalNorm = LayerNorm(width, epsilon: 1e-5)
    enlarge1 = TransposedConvolution(
      width, width / 4, taps: [2, 2], stride: [2, 2], draws: &draws)
    enlarge2 = TransposedConvolution(
      width / 4, width / 8, taps: [2, 2], stride: [2, 2], draws: &draws)
    enlargeNorm = ChannelNorm(width / 4)
    hyper = (0...c.maskCount).map { _ in
      SAMPerceptron(width, hidden: width, width / 8, depth: 3, draws: &draws)
    }
    quality = SAMPerceptron(
      width, hidden: c.qualityHidden, c.maskCount + 1, depth: c.qualityDepth, draws: &draws)
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("iou_token.weight", &qualityToken)
    visitor("mask_tokens.weight", &maskTokens)
    visitor("transformer.layers", &layers)
    visitor("transformer.final_attn_token_to_image", &finalAttention)
    visitor("transformer.layer_norm_final_attn", &finalNorm)
    visitor("upscale_conv1", &enlarge1)
    visitor("upscale_layer_norm", &enlargeNorm)
    visitor("upscale_conv2", &enlarge2)
    visitor("output_hypernetworks_mlps", &hyper)
    visitor("iou_prediction_head", &quality)
  }

  func callAsFunction(
    _ embedding: Variable, positions: Variable, sparse: Variable, dense: Variable,
    severalMasks: Bool
  ) -> (masks: Variable, quality: Variable) {
    let (count, width, grid) = (sparse.shape[0], c.embedding, c.grid)
    let own = Variable.concatenated(
      [sparse.using(qualityToken), sparse.using(maskTokens)], axis: 0)
    let tokens = Variable.concatenated(
      [
        own.reshaped([1, c.maskCount + 2, width]).broadcast(to: [count, c.maskCount + 2, width]),
        sparse,
      ], axis: 1)
    func rows(_ picture: Variable) -> Variable { picture.flattened(from: 2).transposed(1, 2) }
    var picture = rows((embedding + dense).broadcast(to: [count, width, grid, grid]))
    let places = rows(positions)
    var queries = tokens
    for layer in layers { (queries, picture) = layer(queries, picture, tokens, places) }
    queries = finalNorm(
      queries + finalAttention(queries + tokens, keys: picture + places, values: picture))
    let canvas = picture.transposed(1, 2).reshaped([count, width, grid, grid])
    let fine = enlarge2(enlargeNorm(enlarge1(canvas)).gelu()).gelu()
    let chosen = severalMasks ? 1...c.maskCount : 0...0
    let weights = Variable.concatenated(
      chosen.map { hyper[$0](queries.sliced(axis: 1, $0 + 1..<$0 + 2)) }, axis: 1)
    let masks = weights.matmul(fine.flattened(from: 2))
      .reshaped([count, chosen.count, 4 * grid, 4 * grid])
    let guess = quality(queries.selected(axis: 1, 0))
    return (masks, guess.sliced(axis: 1, chosen.lowerBound..<chosen.upperBound + 1))
  }
}

/// A layer in which tokens look at each other and at the picture, and the picture at the tokens.
public struct SAMTwoWayLayer: Module {
  public var own, toPicture, toTokens: SAMAttention
  public var norm1, norm2, norm3, norm4: LayerNorm
  public var fc1, fc2: Linear
  /// The first layer's tokens are their own positions and replace what they were.
  let isFirst: Bool

  init(_ c: SAM.Configuration, isFirst: Bool, draws: inout SeededDraws) {
    own = SAMAttention(c, reduction: 1, draws: &draws)
    toPicture = SAMAttention(c, reduction: c.attentionReduction, draws: &draws)
    toTokens = SAMAttention(c, reduction: c.attentionReduction, draws: &draws)
    norm1 = LayerNorm(c.embedding)
    norm2 = LayerNorm(c.embedding)
    norm3 = LayerNorm(c.embedding)
    norm4 = LayerNorm(c.embedding)
    fc1 = Linear(c.embedding, c.decoderHidden, draws: &draws)
    fc2 = Linear(c.decoderHidden, c.embedding, draws: &draws)
    self.isFirst = isFirst
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("self_attn", &own)
    visitor("layer_norm1", &norm1)
    visitor("cross_attn_token_to_image", &toPicture)
    visitor("layer_norm2", &norm2)
    visitor("mlp.lin1", &fc1)
    visitor("mlp.lin2", &fc2)
    visitor("layer_norm3", &norm3)
    visitor("layer_norm4", &norm4)
    visitor("cross_attn_image_to_token", &toTokens)
  }

  func callAsFunction(
    _ tokens: Variable, _ picture: Variable, _ positions: Variable, _ places: Variable
  ) -> (Variable, Variable) {
    var x = tokens
    if isFirst {
      x = norm1(own(x, keys: x, values: x))
    } else {
      let placed = x + positions
      x = norm1(x + own(placed, keys: placed, values: x))
    }
    x = norm2(x + toPicture(x + positions, keys: picture + places, values: picture))
    x = norm3(x + fc2(fc1(x).relu()))
    let seen = toTokens(picture + places, keys: x + positions, values: x)
    return (x, norm4(picture + seen))
  }
}

/// Attention that is narrower inside than its inputs.
public struct SAMAttention: Module {
  public var query, key, value, output: Linear
  let heads: Int

  init(_ c: SAM.Configuration, reduction: Int, draws: inout SeededDraws) {
    let inner = c.embedding / reduction
    precondition(inner % c.decoderHeads == 0, "SAM: \(c.decoderHeads) heads of width \(inner)")
    query = Linear(c.embedding, inner, draws: &draws)
    key = Linear(c.embedding, inner, draws: &draws)
    value = Linear(c.embedding, inner, draws: &draws)
    output = Linear(inner, c.embedding, draws: &draws)
    heads = c.decoderHeads
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("q_proj", &query)
    visitor("k_proj", &key)
    visitor("v_proj", &value)
    visitor("out_proj", &output)
  }

  func callAsFunction(_ queries: Variable, keys: Variable, values: Variable) -> Variable {
    output(
      query(queries).splitIntoHeads(heads).attention(
        keys: key(keys).splitIntoHeads(heads), values: value(values).splitIntoHeads(heads)
      ).joiningHeads())
  }
}

/// Fully connected layers with ReLU between them.
struct SAMPerceptron: Layer {
  var first, last: Linear
  var middle: [Linear]

  init(_ inputs: Int, hidden: Int, _ outputs: Int, depth: Int, draws: inout SeededDraws) {
    precondition(depth >= 2, "SAM: a perceptron of \(depth) layers")
    first = Linear(inputs, hidden, draws: &draws)
    middle = (0..<depth - 2).map { _ in Linear(hidden, hidden, draws: &draws) }
    last = Linear(hidden, outputs, draws: &draws)
  }

  mutating func visit(_ visitor: ParameterVisitor) {
    visitor("proj_in", &first)
    visitor("layers", &middle)
    visitor("proj_out", &last)
  }

  func callAsFunction(_ input: Variable) -> Variable {
    var x = first(input).relu()
    for layer in middle { x = layer(x).relu() }
    return last(x)
  }
}

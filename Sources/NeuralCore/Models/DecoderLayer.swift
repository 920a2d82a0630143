// One layer of a decoder.

/// A layer of a decoder: attention over what came before, then a gated perceptron.
public struct DecoderLayer: Module {
  public var query, key, value, output: Linear
  public var gate, up, down: Linear
  public var inputNorm, attentionNorm: RMSNorm
  /// Gemma 3's further norms.
  public var queryNorm, keyNorm, beforeNorm, afterNorm: RMSNorm?
  let configuration: Decoder.Configuration
  let rotary: Rotary
  /// How far back this layer sees; nil for all.
  let window: Int?

  init(
    _ c: Decoder.Configuration, index: Int, start: Initializer, draws: inout SeededDraws
  ) {
    func linear(_ inputs: Int, _ outputs: Int, _ draws: inout SeededDraws) -> Linear {
      Linear(inputs, outputs, hasBias: false, start: start, draws: &draws)
    }
    configuration = c
    query = linear(c.width, c.heads * c.headWidth, &draws)
    key = linear(c.width, c.keyHeads * c.headWidth, &draws)
    value = linear(c.width, c.keyHeads * c.headWidth, &draws)
    output = linear(c.heads * c.headWidth, c.width, &draws)
    gate = linear(c.width, c.hidden, &draws)
    up = linear(c.width, c.hidden, &draws)
    down = linear(c.hidden, c.width, &draws)
    func norm(_ width: Int) -> RMSNorm { RMSNorm(width, epsilon: c.epsilon, offset: c.normOffset) }
    inputNorm = norm(c.width)
    attentionNorm = norm(c.width)
    queryNorm = c.isGemma ? norm(c.headWidth) : nil
    keyNorm = c.isGemma ? norm(c.headWidth) : nil
    beforeNorm = c.isGemma ? norm(c.width) : nil
    afterNorm = c.isGemma ? norm(c.width) : nil
    let isLocal = c.window != nil && (index + 1) % c.windowPattern != 0
    window = isLocal ? c.window : nil
    rotary = Rotary(
      width: c.headWidth, base: isLocal ? c.localRotaryBase : c.rotaryBase,
      scaling: isLocal ? nil : c.rotaryScaling)
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("self_attn.q_proj", &query)
    visitor("self_attn.k_proj", &key)
    visitor("self_attn.v_proj", &value)
    visitor("self_attn.o_proj", &output)
    visitor("self_attn.q_norm", &queryNorm)
    visitor("self_attn.k_norm", &keyNorm)
    visitor("mlp.gate_proj", &gate)
    visitor("mlp.up_proj", &up)
    visitor("mlp.down_proj", &down)
    visitor("input_layernorm", &inputNorm)
    visitor("post_attention_layernorm", &attentionNorm)
    visitor("pre_feedforward_layernorm", &beforeNorm)
    visitor("post_feedforward_layernorm", &afterNorm)
  }

  /// - Parameter input: `[batch, token, width]`, tokens that follow those in the cache.
  func callAsFunction(_ input: Variable, _ index: Int, _ cache: inout KeyValueCache) -> Variable {
    let mixed = attend(inputNorm(input), index, &cache)
    guard let beforeNorm, let afterNorm else {
      let x = input + mixed
      return x + perceptron(attentionNorm(x))
    }
    let x = input + attentionNorm(mixed)
    return x + afterNorm(perceptron(beforeNorm(x)))
  }

  private func perceptron(_ x: Variable) -> Variable {
    let opened = gate(x)
    if configuration.activation == .geluTanh, down.weight.quantized != nil {
      return down(Variable(DecoderLayer.tabulatedGELU(opened.value)) * up(x))
    }
    return down(opened.activated(configuration.activation) * up(x))
  }

  /// GELU as ggml's table gives it, which files quantised for ggml are run with: between −10 and 10
  /// from a float16 to a float16, 0 below and the number itself above.
  private static func tabulatedGELU(_ x: Tensor) -> Tensor {
    func rounded(_ x: Tensor) -> Tensor { x.converted(to: .float16).converted(to: .float32) }
    let inside = rounded(rounded(x.clamped(-10, 10)).geluTanh())
    return x.greater(than: Tensor(9.999_999)).selecting(x, otherwise: inside)
  }

  private func attend(_ x: Variable, _ index: Int, _ cache: inout KeyValueCache) -> Variable {
    let c = configuration
    let (batch, tokens, past) = (x.shape[0], x.shape[1], cache.length)
    func heads(_ projected: Variable, _ count: Int, _ norm: RMSNorm?) -> Variable {
      let split = projected.reshaped([batch, tokens, count, c.headWidth])
      return (norm.map { $0(split) } ?? split).permuted([0, 2, 1, 3])
    }
    let queries = rotary(heads(query(x), c.heads, queryNorm), from: past)
    let ownKeys = rotary(heads(key(x), c.keyHeads, keyNorm), from: past)
    let (keys, values) = cache.extend(index, ownKeys, heads(value(x), c.keyHeads, nil))
    let seen = keys.shape[2]
    // Query heads that share a key head are rows of one product.
    let group = c.heads / c.keyHeads
    let rows = queries.reshaped([batch, c.keyHeads, group * tokens, c.headWidth])
    var scores = (rows * (1 / Float(c.headWidth).squareRoot())).matmul(keys.transposed())
    if tokens > 1 || window != nil {
      scores = scores.reshaped([batch, c.keyHeads, group, tokens, seen])
      scores = (scores + x.constant(mask(tokens, seen))).reshaped([
        batch, c.keyHeads, group * tokens, seen,
      ])
    }
    let mixed = scores.softmax().matmul(values)
      .reshaped([batch, c.heads, tokens, c.headWidth]).joiningHeads()
    return output(mixed)
  }

  /// 0 for what a token may see and −∞ for what it may not.
  private func mask(_ tokens: Int, _ seen: Int) -> Tensor {
    var values = [Float](repeating: 0, count: tokens * seen)
    for token in 0..<tokens {
      let place = seen - tokens + token
      for other in 0..<seen where other > place || place - other >= window ?? .max {
        values[token * seen + other] = -.infinity
      }
    }
    return Tensor(values, shape: [tokens, seen])
  }
}

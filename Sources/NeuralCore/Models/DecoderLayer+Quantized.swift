// Gemma's layer with a quantised file's matrices, in ggml's arithmetic.
//
// A file quantised for ggml was judged by its makers with ggml's numbers, and those are part of what it
// computes: vectors are quantised to 8 bits before each product, keys and values are float16, GELU
// goes from float16 to float16. A last bit that differs flips a level of the next quantisation now and
// then, and such flips grow from layer to layer to several tenths of a logit. So near is not
// enough: the steps here round where llama.cpp rounds and add in its order (x86-64 with AVX2, its default
// float16 cache with flash attention), and the logits are the same bits.
// Source: ggml's documentation and CPU backend; every step was compared bit for bit with tensors that
// llama.cpp gave on a real file.

import CNeuralKernels

extension DecoderLayer {
  /// Whether this layer's steps can take ggml's arithmetic: Gemma's layer whose matrices are all quantised.
  var followsGGML: Bool {
    [query, key, value, output, gate, up, down].allSatisfy { $0.weight.quantized != nil }
      && configuration.isGemma && configuration.activation == .geluTanh
      && configuration.rotaryScaling == nil && configuration.normOffset == 0
      && configuration.headWidth % 32 == 0 && configuration.headWidth <= Int(nk_half_width)
  }

  /// One step.
  ///
  /// - Parameters:
  ///   - x: `[token, width]`, tokens that follow those in the cache.
  ///   - index: Which layer this is.
  ///   - cache: What was seen; float16.
  ///   - keepsLast: Whether only the last token is wanted, which the perceptron then sees alone.
  func inGGMLArithmetic(
    _ x: Tensor, _ index: Int, _ cache: inout KeyValueCache, keepsLast: Bool
  ) -> Tensor {
    guard let beforeNorm, let afterNorm, let queryNorm, let keyNorm else {
      preconditionFailure("layer \(index) has no norms behind its projections, which Gemma 3 has")
    }
    let c = configuration
    let (tokens, past) = (x.shape[0], cache.length)
    let seen = inputNorm.inGGMLArithmetic(x)
    func heads(_ projection: Linear, _ count: Int) -> Tensor {
      projection.quantizedProduct(seen).reshaped([tokens, count, c.headWidth])
    }
    let base = Float(window == nil ? c.rotaryBase : c.localRotaryBase)
    let queries =
      queryNorm.inGGMLArithmetic(heads(query, c.heads)).turned(from: past, base: base)
      * (1 / Float(c.headWidth).squareRoot())
    let ownKeys = keyNorm.inGGMLArithmetic(heads(key, c.keyHeads)).turned(from: past, base: base)
    let (keys, values) = cache.extendHalf(
      index, ownKeys.transposed(0, 1), heads(value, c.keyHeads).transposed(0, 1))
    let mixed = attend(queries.contiguous(), keys, values, past)
    var residual = x
    var projected = output.quantizedProduct(mixed.reshaped([tokens, c.heads * c.headWidth]))
    if keepsLast, tokens > 1 {
      residual = residual.sliced(axis: 0, tokens - 1..<tokens).contiguous()
      projected = projected.sliced(axis: 0, tokens - 1..<tokens).contiguous()
    }
    let middle = attentionNorm.inGGMLArithmetic(projected) + residual
    let opened = beforeNorm.inGGMLArithmetic(middle)
    let gated = gate.quantizedProduct(opened).gatedGELU(up.quantizedProduct(opened))
    return afterNorm.inGGMLArithmetic(down.quantizedProduct(gated)) + middle
  }

  /// Queries `[token, head, width]` over keys and values `[head, token, width]` of float16.
  private func attend(_ queries: Tensor, _ keys: Tensor, _ values: Tensor, _ past: Int) -> Tensor {
    let c = configuration
    let result = Tensor(uninitialized: queries.shape)
    precondition(
      keys.strides[1] == c.headWidth && keys.strides == values.strides,
      "keys \(keys.strides), values \(values.strides)")
    var shape = nk_half_attention(
      heads: c.heads, key_heads: c.keyHeads, width: c.headWidth, tokens: queries.shape[0],
      past: past, window: window ?? 0, head_stride: keys.strides[0])
    unsafe nk_half_attend(
      &shape, queries.floats, keys.halves, values.halves, result.floats)
    withExtendedLifetime((queries.storage, keys.storage, values.storage, result.storage)) {}
    return result
  }
}

extension RMSNorm {
  /// Each row over the root of its mean square, times the weight; the mean is summed in float64.
  func inGGMLArithmetic(_ x: Tensor) -> Tensor {
    let (input, scale) = (x.contiguous(), weight.value.contiguous())
    let count = scale.count
    precondition(
      x.shape.last == count && offset == 0, "RMSNorm: \(x.shape) by \(scale.shape), \(offset)")
    let result = Tensor(uninitialized: x.shape)
    unsafe nk_decoder_norm(
      x.count / count, count, input.floats, scale.floats, epsilon, result.floats)
    withExtendedLifetime((input.storage, scale.storage, result.storage)) {}
    return result
  }
}

extension Linear {
  /// The product with the quantised matrix.
  fileprivate func quantizedProduct(_ x: Tensor) -> Tensor {
    guard let matrix = weight.quantized else { return x.matmul(weight.value.transposed()) }
    return matrix.product(x)
  }
}

extension Tensor {
  /// Where a contiguous `float16` tensor begins.
  fileprivate var halves: UnsafePointer<UInt16> {
    unsafe UnsafePointer((storage.base + offset * 2).assumingMemoryBound(to: UInt16.self))
  }

  /// `[token, head, width]` with its pairs turned by angles that grow with the position.
  fileprivate func turned(from position: Int, base: Float) -> Tensor {
    let input = contiguous()
    let result = Tensor(uninitialized: shape)
    unsafe nk_decoder_turn(
      shape[0], shape[1], shape[2], position, base, input.floats, result.floats)
    withExtendedLifetime((input.storage, result.storage)) {}
    return result
  }

  /// GELU of these numbers, from float16 to float16, times others.
  fileprivate func gatedGELU(_ other: Tensor) -> Tensor {
    let (input, gates) = (contiguous(), other.contiguous())
    precondition(shape == other.shape, "gated: \(shape) and \(other.shape)")
    let result = Tensor(uninitialized: shape)
    unsafe nk_decoder_gated_gelu(count, input.floats, gates.floats, result.floats)
    withExtendedLifetime((input.storage, gates.storage, result.storage)) {}
    return result
  }
}

extension Decoder {
  /// Whether sessions take ggml's arithmetic: Gemma whose matrices are all quantised.
  var followsGGML: Bool {
    head == nil && embedding.quantized != nil && layers.allSatisfy(\.followsGGML)
  }

  /// The scores of the token that follows, `[vocabulary]`, from embedded tokens `[token, width]`.
  ///
  /// Long texts pass by in parts of 512 tokens, llama.cpp's default.
  func scoresInGGMLArithmetic(_ embedded: Tensor, _ cache: inout KeyValueCache) -> Tensor {
    let count = embedded.shape[0]
    var x = embedded
    for start in stride(from: 0, to: count, by: 512) {
      x = embedded.sliced(axis: 0, start..<min(start + 512, count)).contiguous()
      let tokens = x.shape[0]
      for (index, layer) in layers.enumerated() {
        x = layer.inGGMLArithmetic(x, index, &cache, keepsLast: index == layers.count - 1)
      }
      cache.length += tokens
    }
    let last = norm.inGGMLArithmetic(x)
    let scores = embedding.quantized?.product(last) ?? last
    return scores.reshaped([configuration.vocabulary])
  }
}

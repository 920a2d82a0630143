// Attention and its gradient, with memory linear in the count of keys.
// Sources: Vaswani et al., arXiv 1706.03762; the gradient from the kept logarithm of each row's sum
// after Dao et al., "FlashAttention", arXiv 2205.14135.

import CNeuralKernels

extension Variable {
  /// `softmax(q·kᵀ·scale + bias)·v`, scaled dot-product attention.
  ///
  /// Without a gradient, and for long rows with one, no matrix of scores is kept: the backward pass
  /// works them out again, some queries at a time.
  ///
  /// - Parameters:
  ///   - keys: `[batch, head, keys, width]`.
  ///   - values: `[batch, head, keys, width]`.
  ///   - bias: Added to the scores; broadcasts to `[batch, head, queries, keys]`. Forbidden
  ///     pairs are −∞.
  ///   - scale: 1/√width when nil.
  /// - Returns: `[batch, head, queries, width]` for queries of that shape.
  public func attention(
    keys: Variable, values: Variable, bias: Variable? = nil, scale: Float? = nil
  ) -> Variable {
    let factor = scale ?? 1 / Float(shape[shape.count - 1]).squareRoot()
    let isFloat = value.elementType == .float32 && shape.count == 4
    let isTraced = isTracked || keys.isTracked || values.isTracked || bias?.isTracked ?? false
    if isFloat, !isTraced {
      return constant(
        value.attention(
          keys: keys.value, values: values.value, bias: bias?.value, scale: factor))
    }
    if isFloat, shape[2] * keys.shape[2] >= Variable.longAttention {
      return attentionOfLongRows(keys, values, bias, factor)
    }
    var scores = (self * factor).matmul(keys.transposed())
    if let bias { scores = scores + bias }
    return scores.softmax().matmul(values)
  }

  /// Pairs of a query and a key from which on scores are worked out twice instead of kept.
  package static let longAttention = 1 << 15

  private func attentionOfLongRows(
    _ keys: Variable, _ values: Variable, _ bias: Variable?, _ scale: Float
  ) -> Variable {
    let problem = LongAttention(
      queries: value, keys: keys.value, values: values.value, bias: bias?.value, scale: scale)
    let (result, logSums) = problem.run()
    let others = [keys, values] + (bias.map { [$0] } ?? [])
    let wantsBias = bias?.isTracked ?? false
    return recording(result, with: others) { gradient in
      let found = problem.gradients(
        of: result, logSums: logSums, gradient: gradient, wantsBias: wantsBias)
      let first: [Tensor?] = [found.queries, found.keys, found.values]
      return bias == nil ? first : first + [found.bias]
    }
  }
}

/// One attention without a matrix of all scores.
private struct LongAttention {
  let queries, keys, values: Tensor
  let bias: Tensor?
  let scale: Float

  /// The result, and the logarithm of each query's sum of exponentials `[batch, head, queries, 1]`.
  func run() -> (result: Tensor, logSums: Tensor) {
    let (q, k, v) = (queries.contiguous(), keys.contiguous(), values.contiguous())
    let target = [q.shape[0], q.shape[1], q.shape[2], k.shape[2]]
    precondition(
      k.shape[0] == target[0] && k.shape[1] == target[1] && k.shape[3] == q.shape[3]
        && v.shape.dropLast() == k.shape.dropLast()
        && bias.map { Shape.broadcast($0.shape, target) == target } ?? true,
      "attention: queries \(q.shape), keys \(k.shape), values \(v.shape), "
        + "bias \(bias?.shape ?? [])")
    let result = Tensor(uninitialized: Array(target[..<3]) + [v.shape[3]])
    let logSums = Tensor(uninitialized: Array(target[..<3]) + [1])
    if result.count == 0 { return (result, logSums) }
    let wide = bias?.broadcast(to: target)
    var problem = unsafe nk_attention(
      batch: target[0], heads: target[1], key_heads: target[1], queries: target[2],
      keys: target[3], width: q.shape[3], value_width: v.shape[3], scale: scale, causal: 0,
      bias: wide.map { unsafe UnsafePointer($0.floats) },
      bias_strides: wide.map { ($0.strides[0], $0.strides[1], $0.strides[2], $0.strides[3]) }
        ?? (0, 0, 0, 0))
    func heads(_ x: Tensor) -> nk_heads {
      unsafe nk_heads(
        values: UnsafePointer(x.floats), batch_stride: x.strides[0], head_stride: x.strides[1],
        row_stride: x.strides[2])
    }
    let done = unsafe nk_attention_run(
      &problem, heads(q), heads(k), heads(v), result.floats, logSums.floats)
    withExtendedLifetime((q.storage, k.storage, v.storage, wide?.storage)) {}
    precondition(done == 1, "attention: out of memory for \(q.shape) and \(k.shape)")
    return (result, logSums)
  }

  func gradients(of result: Tensor, logSums: Tensor, gradient: Tensor, wantsBias: Bool)
    -> (queries: Tensor, keys: Tensor, values: Tensor, bias: Tensor?)
  {
    let shape = queries.shape
    let (count, seen) = (shape[2], keys.shape[2])
    // Some queries at a time: about four million scores.
    let block = max(1, min(count, (1 << 22) / max(shape[0] * shape[1] * seen, 1)))
    let sums = (gradient * result).sum(axes: [3], keepingAxes: true)
    let turnedKeys = keys.transposed()
    let turnedValues = values.transposed()
    var keyGradient = Tensor.zeros(keys.shape)
    var valueGradient = Tensor.zeros(values.shape)
    var queryParts: [Tensor] = []
    var biasParts: [Tensor] = []
    var biasSum: Tensor?
    for start in stride(from: 0, to: count, by: block) {
      let range = start..<min(start + block, count)
      func rows(_ x: Tensor) -> Tensor { x.sliced(axis: 2, range) }
      let own = rows(queries) * scale
      var scores = own.matmul(turnedKeys)
      let repeats = bias.map { $0.rank < 2 || $0.shape[$0.rank - 2] == 1 } ?? true
      if let bias {
        scores = scores + (repeats ? bias : bias.sliced(axis: bias.rank - 2, range))
      }
      // A query that saw nothing has a sum of −∞ and weights of 0.
      let weights = (scores - rows(logSums).maximum(Tensor(-3e38))).exp()
      let flow = rows(gradient)
      valueGradient = valueGradient + weights.transposed().matmul(flow)
      let slopes = weights * (flow.matmul(turnedValues) - rows(sums))
      queryParts.append(slopes.matmul(keys) * scale)
      keyGradient = keyGradient + slopes.transposed().matmul(own)
      guard wantsBias, let bias else { continue }
      if repeats {
        let part = slopes.summed(to: bias.shape)
        biasSum = biasSum.map { $0 + part } ?? part
      } else {
        var part = bias.shape
        part[bias.rank - 2] = range.count
        biasParts.append(slopes.summed(to: part))
      }
    }
    if let bias, !biasParts.isEmpty {
      biasSum = Tensor.concatenated(biasParts, axis: bias.rank - 2)
    }
    return (Tensor.concatenated(queryParts, axis: 2), keyGradient, valueGradient, biasSum)
  }
}

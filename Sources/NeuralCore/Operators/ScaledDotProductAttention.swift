// Attention.

import CNeuralKernels

extension Tensor {
  /// softmax(scale · q·kᵀ + bias)·v with memory linear in the count of keys.
  ///
  /// - Parameters:
  ///   - keys: `[batch, key head, keys, width]`; the key heads divide the heads, and each serves
  ///     neighbouring heads (grouped-query attention).
  ///   - values: `[batch, key head, keys, value width]`.
  ///   - bias: Added to the scores; broadcasts to `[batch, head, queries, keys]`. −∞ hides a key.
  ///   - causal: Whether query i sees keys up to i + keys − queries only: with keys kept from
  ///     earlier calls, the last query sees all.
  ///   - scale: 1/√width when left out.
  /// - Returns: `[batch, head, queries, value width]` for `self` of shape
  ///   `[batch, head, queries, width]`. A query that sees no key gives zeros.
  /// - Complexity: O(*batch* · *head* · *queries* · *keys* · *width*).
  public func attention(
    keys: Tensor, values: Tensor, bias: Tensor? = nil, causal: Bool = false, scale: Float? = nil
  ) -> Tensor {
    precondition(
      rank == 4 && keys.rank == 4 && values.rank == 4 && shape[0] == keys.shape[0]
        && keys.shape[0] == values.shape[0] && keys.shape[1] == values.shape[1]
        && keys.shape[2] == values.shape[2] && shape[3] == keys.shape[3]
        && (keys.shape[1] == 0 || shape[1] % keys.shape[1] == 0),
      "attention: queries \(shape), keys \(keys.shape), values \(values.shape)")
    let target = [shape[0], shape[1], shape[2], keys.shape[2]]
    precondition(
      bias.map { Shape.broadcast($0.shape, target) == target } ?? true,
      "attention: bias \(bias?.shape ?? []) for scores \(target)")
    let factor = scale ?? 1 / Float(shape[3]).squareRoot()
    if elementType != .float32 {
      return attentionByParts(keys, values, bias, causal, factor)
    }
    let result = Tensor(uninitialized: [shape[0], shape[1], shape[2], values.shape[3]])
    if result.count == 0 { return result }
    let q = unitColumns(), k = keys.unitColumns(), v = values.unitColumns()
    let wide = bias?.converted(to: .float32).broadcast(to: target)
    var problem = unsafe nk_attention(
      batch: shape[0], heads: shape[1], key_heads: keys.shape[1], queries: shape[2],
      keys: keys.shape[2], width: shape[3], value_width: values.shape[3], scale: factor,
      causal: causal ? 1 : 0, bias: wide.map { unsafe UnsafePointer($0.floats) },
      bias_strides: wide.map { ($0.strides[0], $0.strides[1], $0.strides[2], $0.strides[3]) }
        ?? (0, 0, 0, 0))
    let done = unsafe nk_attention_run(
      &problem, q.heads(), k.heads(), v.heads(), result.floats, nil)
    withExtendedLifetime((q.storage, k.storage, v.storage, wide?.storage)) {}
    precondition(done == 1, "attention: out of memory for \(shape) and \(keys.shape)")
    return result
  }

  /// The same from whole matrices of scores, in the element type of the queries.
  private func attentionByParts(
    _ keys: Tensor, _ values: Tensor, _ bias: Tensor?, _ causal: Bool, _ scale: Float
  ) -> Tensor {
    let groups = shape[1] / keys.shape[1]
    func spread(_ x: Tensor) -> Tensor {
      let wide = x.expanded(axis: 2)
        .broadcast(to: [x.shape[0], x.shape[1], groups, x.shape[2], x.shape[3]])
      return wide.reshaped([x.shape[0], x.shape[1] * groups, x.shape[2], x.shape[3]])
    }
    var scores = (self * scale).matmul(spread(keys).transposed())
    if let bias { scores = scores + bias.converted(to: elementType) }
    if causal {
      scores = scores + Tensor.causalBias(shape[2], keys.shape[2]).converted(to: elementType)
    }
    let weights = scores.softmax()
    let hidden = weights.isNaN().and(scores.isNaN().not())
    let clean = hidden.selecting(Tensor(0).converted(to: elementType), otherwise: weights)
    return clean.matmul(spread(values))
  }

  /// 0 where query i may see key j, j ≤ i + keys − queries, and −∞ elsewhere.
  public static func causalBias(_ queries: Int, _ keys: Int) -> Tensor {
    Tensor(
      (0..<queries).flatMap { i in
        (0..<keys).map { j in j <= i + keys - queries ? 0 : -Float.infinity }
      }, shape: [queries, keys])
  }

  /// `self` with neighbouring columns next to each other.
  private func unitColumns() -> Tensor {
    strides[3] == 1 || shape[3] == 1 ? self : contiguous()
  }

  private func heads() -> nk_heads {
    unsafe nk_heads(
      values: UnsafePointer(floats), batch_stride: strides[0], head_stride: strides[1],
      row_stride: strides[2])
  }
}

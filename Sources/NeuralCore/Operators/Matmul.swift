// Products of matrices.

import CNeuralKernels

extension Tensor {
  /// The matrix product over the last two axes, with NumPy's rules for the others.
  ///
  /// Operands may be views: a transposed operand costs nothing more.
  ///
  /// - Parameter other: `[…, k, n]`, or `[k]`, which stands for a column.
  /// - Returns: `[…, m, n]` for `self` of shape `[…, m, k]`; an operand with one axis loses its
  ///   axis in the result.
  /// Products of `bfloat16` are summed in float32 and rounded once; those of `float16` are taken in
  /// float32.
  ///
  /// - Precondition: Equal k, leading axes that broadcast, floating point.
  /// - Complexity: O(*batch* · *m* · *n* · *k*).
  public func matmul(_ other: Tensor) -> Tensor {
    precondition(
      rank > 0 && other.rank > 0 && elementType == other.elementType,
      "matmul: \(elementType) \(shape) by \(other.elementType) \(other.shape)")
    if rank == 1 { return expanded(axis: 0).matmul(other).squeezed(axis: other.rank == 1 ? 0 : -2) }
    if other.rank == 1 { return matmul(other.expanded(axis: 1)).squeezed(axis: -1) }
    let m = shape[rank - 2], k = shape[rank - 1], n = other.shape[other.rank - 1]
    guard other.shape[other.rank - 2] == k,
      let lead = Shape.broadcast(Array(shape.dropLast(2)), Array(other.shape.dropLast(2)))
    else { preconditionFailure("matmul: \(shape) by \(other.shape)") }
    switch elementType {
    case .float32: break
    case .float64: return Reference.matmul(self, other, lead: lead, m: m, n: n, k: k)
    case .bfloat16: return halfProduct(other, lead: lead, m: m, n: n, k: k)
    case .float16:
      return converted(to: .float32).matmul(other.converted(to: .float32))
        .converted(to: elementType)
    default: preconditionFailure("matmul: floating point needed, found \(elementType)")
    }
    let result = Tensor(uninitialized: lead + [m, n])
    if result.count == 0 { return result }
    // One matrix on the right: the rows of every batch are rows of one product.
    if rank > 2, isContiguous, other.shape.dropLast(2).allSatisfy({ $0 == 1 }) {
      let rows = result.count / n
      Gemm.run(reshaped([rows, k]), other.lastTwoAxes(), into: result, m: rows, n: n, k: k)
      return result
    }
    let a = broadcast(to: lead + [m, k])
    let b = other.broadcast(to: lead + [k, n])
    if lead.isEmpty || lead.allSatisfy({ $0 == 1 }) {
      Gemm.run(a.lastTwoAxes(), b.lastTwoAxes(), into: result, m: m, n: n, k: k)
    } else {
      Gemm.runBatch(a, b, lead: lead, into: result, m: m, n: n, k: k)
    }
    return result
  }

  /// Products of bfloat16 matrices, one after another.
  private func halfProduct(_ other: Tensor, lead: [Int], m: Int, n: Int, k: Int) -> Tensor {
    let count = Shape.count(lead)
    let result = Tensor(uninitialized: [count, m, n], .bfloat16)
    if result.count > 0 {
      let isShared = rank > 2 && isContiguous && other.shape.dropLast(2).allSatisfy { $0 == 1 }
      let a =
        isShared
        ? reshaped([1, count * m, k]) : broadcast(to: lead + [m, k]).reshaped([count, m, k])
      let b =
        isShared
        ? other.reshaped([1, k, n]) : other.broadcast(to: lead + [k, n]).reshaped([count, k, n])
      let rows = a.shape[1]
      for index in 0..<a.shape[0] {
        let left = a.selected(axis: 0, index)
        let right = b.selected(axis: 0, index)
        let done = unsafe nk_bgemm_rounded(
          rows, n, k, Gemm.half(left), Gemm.half(right),
          result.storage.base + index * rows * n * ElementType.bfloat16.byteCount)
        precondition(done == 1, "matmul: out of memory while packing \(shape) by \(other.shape)")
      }
      withExtendedLifetime((a.storage, b.storage)) {}
    }
    return result.reshaped(lead + [m, n])
  }

  /// The first matrix of a stack, as a view.
  fileprivate func lastTwoAxes() -> Tensor {
    var view = self
    while view.rank > 2 { view = view.selected(axis: 0, 0) }
    return view
  }

  /// x·wᵀ + b: a fully connected layer.
  ///
  /// - Parameters:
  ///   - weight: `[outputs, inputs]`.
  ///   - bias: `[outputs]`.
  ///   - activation: Applied to each sum while it is in cache.
  /// - Returns: `[…, outputs]` for `self` of shape `[…, inputs]`.
  public func linear(
    _ weight: Tensor, bias: Tensor? = nil, activation: Activation = .none
  ) -> Tensor {
    precondition(
      rank > 0 && weight.rank == 2 && weight.shape[1] == shape[rank - 1]
        && (bias == nil || bias?.shape == [weight.shape[0]]),
      "linear: \(shape) by weight \(weight.shape), bias \(bias?.shape ?? [])")
    let n = weight.shape[0], k = weight.shape[1]
    if elementType == .float32, weight.elementType == .bfloat16 {
      return PreparedLinear(weight: weight, bias: bias, activation: activation)(self)
    }
    guard elementType == .float32 && weight.elementType == .float32 else {
      var result = matmul(weight.transposed())
      if let bias { result = result + bias }
      return activation.applied(to: result)
    }
    let input = contiguous()
    let result = Tensor(uninitialized: shape.dropLast() + [n])
    if result.count == 0 { return result }
    Gemm.run(
      input.reshaped([result.count / n, k]), weight.transposed(), into: result,
      m: result.count / n, n: n, k: k, columnBias: bias, activation: activation)
    return result
  }
}

/// Calls of the `float32` matrix kernel.
enum Gemm {
  static func matrix(_ x: Tensor) -> nk_matrix {
    unsafe nk_matrix(
      values: UnsafePointer(x.floats), row_stride: x.strides[0], column_stride: x.strides[1])
  }

  /// A matrix of `float32` or `bfloat16`.
  static func half(_ x: Tensor) -> nk_half_matrix {
    unsafe nk_half_matrix(
      values: UnsafeRawPointer(x.storage.base + x.offset * x.elementType.byteCount),
      row_stride: x.strides[0], column_stride: x.strides[1],
      is_bf16: x.elementType == .bfloat16 ? 1 : 0)
  }

  static func run(
    _ a: Tensor, _ b: Tensor, into c: Tensor, m: Int, n: Int, k: Int, columnBias: Tensor? = nil,
    rowBias: Tensor? = nil, activation: Activation = .none
  ) {
    let columnBias = columnBias?.contiguous()
    let rowBias = rowBias?.contiguous()
    var epilogue = unsafe nk_epilogue(
      column_bias: columnBias.map { unsafe UnsafePointer($0.floats) },
      row_bias: rowBias.map { unsafe UnsafePointer($0.floats) }, residual: nil,
      activation: activation.kernel, p: activation.p, q: activation.q)
    let plain = columnBias == nil && rowBias == nil && activation == .none
    let done = unsafe withUnsafePointer(to: &epilogue) { pointer in
      unsafe nk_sgemm(m, n, k, matrix(a), matrix(b), c.floats, n, 0, plain ? nil : pointer)
    }
    withExtendedLifetime((a.storage, b.storage, columnBias?.storage, rowBias?.storage)) {}
    precondition(done == 1, "matmul: out of memory while packing \(a.shape) by \(b.shape)")
  }

  static func runBatch(
    _ a: Tensor, _ b: Tensor, lead: [Int], into c: Tensor, m: Int, n: Int, k: Int
  ) {
    func offsets(_ x: Tensor) -> [Int] {
      var offsets = [0]
      for axis in lead.indices {
        offsets = offsets.flatMap { base in (0..<lead[axis]).map { base + $0 * x.strides[axis] } }
      }
      return offsets
    }
    let rank = lead.count
    let left = unsafe nk_matrix(
      values: UnsafePointer(a.floats), row_stride: a.strides[rank],
      column_stride: a.strides[rank + 1])
    let right = unsafe nk_matrix(
      values: UnsafePointer(b.floats), row_stride: b.strides[rank],
      column_stride: b.strides[rank + 1])
    let done = unsafe nk_sgemm_batch(
      Shape.count(lead), offsets(a), offsets(b), m * n, m, n, k, left, right, c.floats, n)
    withExtendedLifetime((a.storage, b.storage)) {}
    precondition(done == 1, "matmul: out of memory while packing \(a.shape) by \(b.shape)")
  }
}

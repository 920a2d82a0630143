// Products of `float32` tensors in mixed precision: operands rounded to bfloat16, sums in float32.

import CNeuralKernels

/// How the products of a training pass are computed.
public enum Precision: Sendable, Hashable {
  /// Everything in `float32`.
  case float32
  /// Products of fully connected layers, of matrices and of 1×1 convolutions round their operands to
  /// bfloat16 and sum in `float32`, forwards and backwards. Weights, activations, gradients, norms,
  /// losses and the optimiser's state stay `float32`, so nothing has to be scaled.
  case bfloat16Mixed

  /// Whether this machine (and the instruction set in use) has a dot product of bfloat16. Elsewhere
  /// ``bfloat16Mixed`` gives the same numbers to rounding, more slowly than ``float32``.
  public static var isBfloat16Fast: Bool { nk_bgemm_is_fast() == 1 }
}

extension Tensor {
  /// c (+)= a·b for matrices with any strides.
  fileprivate static func mix(
    _ a: nk_half_matrix, _ b: nk_half_matrix, into c: UnsafeMutablePointer<Float>, m: Int, n: Int,
    k: Int,
    accumulating: Bool = false, columnBias: Tensor? = nil, rowBias: Tensor? = nil
  ) {
    let columnBias = columnBias?.contiguous()
    let rowBias = rowBias?.contiguous()
    var epilogue = unsafe nk_epilogue(
      column_bias: columnBias.map { unsafe UnsafePointer($0.floats) },
      row_bias: rowBias.map { unsafe UnsafePointer($0.floats) }, residual: nil,
      activation: NK_NO_ACTIVATION, p: 0, q: 0)
    let plain = columnBias == nil && rowBias == nil
    let done = unsafe withUnsafePointer(to: &epilogue) { epilogue in
      unsafe nk_bgemm(m, n, k, a, b, c, n, accumulating ? 1 : 0, plain ? nil : epilogue)
    }
    withExtendedLifetime((columnBias?.storage, rowBias?.storage)) {}
    precondition(done == 1, "a mixed product: out of memory for \(m) × \(n) × \(k)")
  }

  /// The product of two matrices, or of a stack of matrices by one, with operands in bfloat16; `float32`
  /// where that is asked for, and for other shapes and types.
  func matmul(_ other: Tensor, isMixed: Bool) -> Tensor {
    guard isMixed, elementType == .float32, other.elementType == .float32, other.rank == 2,
      rank >= 2, rank == 2 || isContiguous
    else { return matmul(other) }
    let k = shape[rank - 1], n = other.shape[1]
    precondition(other.shape[0] == k, "matmul: \(shape) by \(other.shape)")
    let result = Tensor(uninitialized: shape.dropLast() + [n])
    if result.count == 0 { return result }
    let left = rank == 2 ? self : reshaped([-1, k])
    unsafe Tensor.mix(
      Gemm.half(left), Gemm.half(other), into: result.floats, m: left.shape[0], n: n, k: k)
    withExtendedLifetime((left.storage, other.storage)) {}
    return result
  }

  /// x·wᵀ + b with operands in bfloat16, where `isMixed`.
  func linear(_ weight: Tensor, bias: Tensor?, isMixed: Bool) -> Tensor {
    guard isMixed, elementType == .float32, weight.elementType == .float32, rank > 0,
      weight.rank == 2, weight.shape[1] == shape[rank - 1], count > 0
    else { return linear(weight, bias: bias) }
    let input = contiguous().reshaped([-1, shape[rank - 1]])
    let result = Tensor(uninitialized: shape.dropLast() + [weight.shape[0]])
    unsafe Tensor.mix(
      Gemm.half(input), Gemm.half(weight.transposed()), into: result.floats,
      m: input.shape[0], n: weight.shape[0], k: weight.shape[1], columnBias: bias)
    withExtendedLifetime((input.storage, weight.storage)) {}
    return result
  }
}

/// A 1×1 convolution as products of matrices in mixed precision.
struct MixedPointwise {
  let batch, channels, filters, places: Int
  private let image: [Int]

  /// Nil where the convolution is no such product.
  init?(image: Tensor, filters: Tensor, _ geometry: ConvolutionGeometry) {
    let taps = filters.shape.dropFirst(2)
    guard image.elementType == .float32, filters.elementType == .float32, image.count > 0,
      filters.count > 0, taps.allSatisfy({ $0 == 1 }), geometry.groups == 1,
      geometry.stride.allSatisfy({ $0 == 1 }),
      (geometry.before + geometry.after).allSatisfy({ $0 == 0 }),
      image.rank == filters.rank, image.shape[1] == filters.shape[1]
    else { return nil }
    (batch, channels, self.filters) = (image.shape[0], image.shape[1], filters.shape[0])
    self.image = Array(image.shape.dropFirst(2))
    places = Shape.count(self.image)
  }

  private func matrix(_ x: UnsafeMutablePointer<Float>, _ row: Int, _ column: Int) -> nk_half_matrix
  {
    unsafe nk_half_matrix(
      values: UnsafeRawPointer(x), row_stride: row, column_stride: column, is_bf16: 0)
  }

  func output(_ x: Tensor, _ weight: Tensor, bias: Tensor?) -> Tensor {
    let (x, weight) = (x.contiguous(), weight.contiguous())
    let result = Tensor(uninitialized: [batch, filters] + image)
    for sample in 0..<batch {
      unsafe Tensor.mix(
        matrix(weight.floats, channels, 1),
        matrix(x.floats + sample * channels * places, places, 1),
        into: result.floats + sample * filters * places, m: filters, n: places, k: channels,
        rowBias: bias)
    }
    withExtendedLifetime((x.storage, weight.storage)) {}
    return result
  }

  func inputGradient(_ gradient: Tensor, _ weight: Tensor) -> Tensor {
    let (dy, weight) = (gradient.contiguous(), weight.contiguous())
    let result = Tensor(uninitialized: [batch, channels] + image)
    for sample in 0..<batch {
      unsafe Tensor.mix(
        matrix(weight.floats, 1, channels),
        matrix(dy.floats + sample * filters * places, places, 1),
        into: result.floats + sample * channels * places, m: channels, n: places, k: filters)
    }
    withExtendedLifetime((dy.storage, weight.storage)) {}
    return result
  }

  func weightGradient(_ gradient: Tensor, _ x: Tensor, shape: [Int]) -> Tensor {
    let (dy, x) = (gradient.contiguous(), x.contiguous())
    let result = Tensor(uninitialized: shape)
    for sample in 0..<batch {
      unsafe Tensor.mix(
        matrix(dy.floats + sample * filters * places, places, 1),
        matrix(x.floats + sample * channels * places, 1, places), into: result.floats,
        m: filters, n: channels, k: places, accumulating: sample > 0)
    }
    withExtendedLifetime((dy.storage, x.storage)) {}
    return result
  }
}

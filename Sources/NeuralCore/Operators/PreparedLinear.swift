// A fully connected layer whose weights are packed once.

import CNeuralKernels

/// x·wᵀ + b through an activation, with the weights in the order that the kernel reads them.
///
/// The packed order is the same for every instruction set. Weights of `bfloat16` are multiplied in
/// bfloat16 with sums in float32: see ``Module/storeMatrices(as:)``.
public struct PreparedLinear: Sendable {
  /// The sizes of a row of the input and of the result.
  public let inputs: Int
  public let outputs: Int
  public let bias: Tensor?
  public let activation: Activation
  private let packed: Tensor
  /// The weights' type, `float32` or `bfloat16`.
  public let precision: ElementType

  /// - `weight`: `[outputs, inputs]`, `float32` or `bfloat16`.
  /// - `bias`: `[outputs]`.
  public init(weight: Tensor, bias: Tensor? = nil, activation: Activation = .none) {
    precondition(
      weight.rank == 2 && (weight.elementType == .float32 || weight.elementType == .bfloat16)
        && (bias == nil || bias?.shape == [weight.shape[0]]),
      "PreparedLinear: weight \(weight.elementType) \(weight.shape), bias \(bias?.shape ?? [])")
    outputs = weight.shape[0]
    inputs = weight.shape[1]
    self.bias = bias?.contiguous()
    self.activation = activation
    precision = weight.elementType
    let isHalf = precision == .bfloat16
    let bytes =
      isHalf ? nk_bgemm_packed_size(outputs, inputs) : nk_sgemm_packed_size(outputs, inputs)
    packed = Tensor(uninitialized: [bytes / 4])
    if isHalf {
      unsafe nk_bgemm_pack(outputs, inputs, Gemm.half(weight.transposed()), packed.floats)
    } else {
      unsafe nk_sgemm_pack(outputs, inputs, Gemm.matrix(weight.transposed()), packed.floats)
    }
    withExtendedLifetime(weight.storage) {}
  }

  /// The layer applied to the last axis, plus `residual`, which has the result's shape.
  public func callAsFunction(_ x: Tensor, residual: Tensor? = nil) -> Tensor {
    callAsFunction(x, residual: residual, activation: activation)
  }

  func callAsFunction(_ x: Tensor, residual: Tensor?, activation: Activation) -> Tensor {
    let shape = x.shape.dropLast() + [outputs]
    precondition(
      x.rank > 0 && x.shape[x.rank - 1] == inputs && x.elementType == .float32
        && (residual == nil || residual?.shape == Array(shape)),
      "PreparedLinear: \(x.elementType) \(x.shape) for \(inputs) inputs, "
        + "residual \(residual?.shape ?? [])")
    let result = Tensor(uninitialized: Array(shape))
    if result.count == 0 { return result }
    let rows = result.count / outputs
    let input = x.contiguous()
    let residual = residual?.contiguous()
    var epilogue = unsafe nk_epilogue(
      column_bias: bias.map { unsafe UnsafePointer($0.floats) }, row_bias: nil,
      residual: residual.map { unsafe UnsafePointer($0.floats) }, activation: activation.kernel,
      p: activation.p, q: activation.q)
    let plain = bias == nil && residual == nil && activation == .none
    let left = unsafe nk_matrix(
      values: UnsafePointer(input.floats), row_stride: inputs, column_stride: 1)
    let done = unsafe withUnsafePointer(to: &epilogue) { epilogue in
      if precision == .bfloat16 {
        return unsafe nk_bgemm_packed(
          rows, outputs, inputs, Gemm.half(input.reshaped([rows, inputs])), packed.floats,
          result.floats, outputs, plain ? nil : epilogue)
      }
      return unsafe nk_sgemm_packed(
        rows, outputs, inputs, left, packed.floats, result.floats, outputs, 0,
        plain ? nil : epilogue)
    }
    withExtendedLifetime((input.storage, packed.storage, bias?.storage, residual?.storage)) {}
    precondition(done == 1, "PreparedLinear: out of memory for \(x.shape)")
    return result
  }
}

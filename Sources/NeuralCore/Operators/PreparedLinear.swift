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
    // In float32 it is a convolution of one tap, whose rows are read from where they lie.
    var description = Self.rows(1, inputs, outputs)
    let bytes =
      unsafe isHalf
      ? nk_bgemm_packed_size(outputs, inputs)
      : nk_channels_packed_size(&description, NK_CONV_DIRECT)
    packed = Tensor(uninitialized: [bytes / 4])
    if isHalf {
      unsafe nk_bgemm_pack(outputs, inputs, Gemm.half(weight.transposed()), packed.floats)
    } else {
      let source = weight.contiguous()
      unsafe nk_channels_pack(&description, NK_CONV_DIRECT, source.floats, nil, packed.floats)
      withExtendedLifetime(source.storage) {}
    }
    withExtendedLifetime(weight.storage) {}
  }

  private static func rows(_ count: Int, _ inputs: Int, _ outputs: Int) -> nk_conv {
    nk_conv(
      batch: 1, channels: inputs, filters: outputs, groups: 1, in: (1, 1, count),
      out: (1, 1, count), kernel: (1, 1, 1), stride: (1, 1, 1), before: (0, 0, 0),
      dilation: (1, 1, 1))
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
    var description = Self.rows(rows, inputs, outputs)
    if precision == .float32 {
      unsafe epilogue.row_bias = epilogue.column_bias
      unsafe epilogue.column_bias = nil
    }
    let done = unsafe withUnsafePointer(to: &epilogue) { epilogue in
      if precision == .bfloat16 {
        return unsafe nk_bgemm_packed(
          rows, outputs, inputs, Gemm.half(input.reshaped([rows, inputs])), packed.floats,
          result.floats, outputs, plain ? nil : epilogue)
      }
      return unsafe nk_channels_conv_run(
        &description, NK_CONV_DIRECT, input.floats, packed.floats, result.floats,
        plain ? nil : epilogue)
    }
    withExtendedLifetime((input.storage, packed.storage, bias?.storage, residual?.storage)) {}
    precondition(done == 1, "PreparedLinear: out of memory for \(x.shape)")
    return result
  }
}

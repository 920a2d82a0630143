// Softmax and its logarithm.

import CNeuralKernels

extension Tensor {
  /// e^(x − max) / Σ along an axis. A row of −∞ gives NaN, as PyTorch does.
  public func softmax(axis: Int = -1) -> Tensor { softmax(axis, logarithm: false) }

  /// ln softmax along an axis, without the loss that taking the logarithm would bring.
  public func logSoftmax(axis: Int = -1) -> Tensor { softmax(axis, logarithm: true) }

  private func softmax(_ axis: Int, logarithm: Bool) -> Tensor {
    if rank == 0 { return reshaped([1]).softmax(0, logarithm: logarithm).reshaped([]) }
    let axis = Shape.axis(axis, rank: rank, "softmax")
    if axis != rank - 1 {
      return transposed(axis, -1).softmax(-1, logarithm: logarithm).transposed(axis, -1)
        .contiguous()
    }
    switch elementType {
    case .float32:
      let input = contiguous()
      let result = Tensor(uninitialized: shape)
      if count == 0 { return result }
      let length = shape[axis]
      unsafe nk_softmax(
        input.floats, result.floats, count / length, length, logarithm ? 1 : 0)
      withExtendedLifetime(input.storage) {}
      return result
    case .float64:
      let shifted = self - max(axes: [axis], keepingAxes: true)
      let sums = shifted.exp().sum(axes: [axis], keepingAxes: true)
      return logarithm ? shifted - sums.log() : shifted.exp() / sums
    default:
      return converted(to: .float32).softmax(axis, logarithm: logarithm).converted(to: elementType)
    }
  }

  /// The gradient of a softmax's input.
  ///
  /// - `output`: What `softmax` (or, with `logarithm`, `logSoftmax`) returned.
  /// - `gradient`: The gradient of that output, of its shape.
  public static func softmaxGradient(
    output: Tensor, gradient: Tensor, axis: Int = -1, logarithm: Bool = false
  ) -> Tensor {
    precondition(
      output.shape == gradient.shape, "softmaxGradient: \(output.shape) and \(gradient.shape)")
    let axis = Shape.axis(axis, rank: output.rank, "softmaxGradient")
    if axis != output.rank - 1 {
      return softmaxGradient(
        output: output.transposed(axis, -1), gradient: gradient.transposed(axis, -1),
        logarithm: logarithm
      ).transposed(axis, -1).contiguous()
    }
    guard output.elementType == .float32 else {
      if logarithm {
        return gradient - output.exp() * gradient.sum(axes: [axis], keepingAxes: true)
      }
      return output * (gradient - (output * gradient).sum(axes: [axis], keepingAxes: true))
    }
    let y = output.contiguous()
    let dy = gradient.contiguous()
    let result = Tensor(uninitialized: y.shape)
    if result.count == 0 { return result }
    let length = y.shape[axis]
    unsafe nk_softmax_gradient(
      y.floats, dy.floats, result.floats, y.count / length, length, logarithm ? 1 : 0)
    withExtendedLifetime((y.storage, dy.storage)) {}
    return result
  }
}

// Pooling and its gradients.

import CNeuralKernels

extension Variable {
  /// The largest element of each window of `[batch, channel, …]`, over one to three axes; the
  /// first of equal ones receives the gradient, as in PyTorch. Padding never wins.
  public func maxPooled(window: [Int], stride: [Int], padding: [Int]? = nil) -> Variable {
    if value.elementType == .float32, value.count > 0 {
      let geometry = PoolingGeometry(size: window, stride: stride, padding: padding)
      if !isTracked { return constant(value.maxPooled(geometry)) }
      let (result, winners) = value.maxPooledWithIndices(geometry)
      let shape = shape
      return recording(result) { g in [g.scatteredToPlanes(winners, shape)] }
    }
    let windows = PoolingWindows(
      image: Array(shape.dropFirst(2)), taps: window, stride: stride,
      padding: padding ?? window.map { _ in 0 })
    let input = value.contiguous()
    let outputShape = Array(shape[..<2]) + windows.outputImage
    let count = outputShape.reduce(1, *)
    var winners = [Int](repeating: 0, count: count)
    let result: Tensor
    if value.elementType == .float64 {
      result = windows.largest(input, of: Double.self, outputShape, &winners)
    } else {
      result = windows.largest(input, of: Float.self, outputShape, &winners)
    }
    let shape = shape
    return recording(result) { g in
      if g.elementType == .float64 { return [g.scattered(of: Double.self, winners, shape)] }
      return [g.scattered(of: Float.self, winners, shape)]
    }
  }

  /// The mean of each window; padding counts as zeros, as PyTorch's default.
  public func averagePooled(window: [Int], stride: [Int], padding: [Int]? = nil) -> Variable {
    let planes = shape[0] * shape[1]
    let single = reshaped([planes, 1] + Array(shape.dropFirst(2)))
    let size = window.reduce(1, *)
    let ones = Tensor(repeating: 1 / Float(size), shape: [1, 1] + window, value.elementType)
    let pooled = single.convolution(
      constant(ones), stride: stride, padding: padding ?? window.map { _ in 0 },
      dilation: window.map { _ in 1 })
    return pooled.reshaped(Array(shape[..<2]) + Array(pooled.shape[2...]))
  }
}

extension PoolingWindows {
  /// The largest element of each window and where it lies.
  fileprivate func largest<Element: TensorElement & BinaryFloatingPoint>(
    _ x: Tensor, of: Element.Type, _ shape: [Int], _ winners: inout [Int]
  ) -> Tensor {
    var values = [Element](repeating: 0, count: winners.count)
    unsafe x.withUnsafeElements(of: Element.self) { input in
      for index in winners.indices {
        let start = index / places * plane
        let place = index % places
        let z = place / (output[1] * output[2]) * stride[0] - padding[0]
        let y = place / output[2] % output[1] * stride[1] - padding[1]
        let x = place % output[2] * stride[2] - padding[2]
        var best = -1
        for a in max(z, 0)..<min(z + taps[0], size[0]) {
          for b in max(y, 0)..<min(y + taps[1], size[1]) {
            for c in max(x, 0)..<min(x + taps[2], size[2]) {
              let at = start + (a * size[1] + b) * size[2] + c
              if unsafe best < 0 || input[at] > input[best]
                || (input[at].isNaN && !input[best].isNaN)
              {
                best = at
              }
            }
          }
        }
        unsafe values[index] = input[best]
        winners[index] = best
      }
    }
    return Tensor(of: values, shape: shape)
  }
}

extension Tensor {
  /// Each element added to a place of its plane in a tensor of zeros.
  fileprivate func scatteredToPlanes(_ places: Tensor, _ shape: [Int]) -> Tensor {
    let result = Tensor(uninitialized: shape)
    let gradient = contiguous()
    let planes = shape[0] * shape[1]
    let index = unsafe places.storage.base.assumingMemoryBound(to: Int64.self)
    unsafe nk_pool_scatter(
      gradient.floats, index, result.floats, planes, count / planes, result.count / planes)
    withExtendedLifetime((gradient.storage, places.storage)) {}
    return result
  }

  /// Each element added to a place of a tensor of zeros.
  fileprivate func scattered<Element: TensorElement & BinaryFloatingPoint>(
    of: Element.Type, _ places: [Int], _ shape: [Int]
  ) -> Tensor {
    var result = Tensor.zeros(shape, elementType)
    unsafe result.withUnsafeMutableElements(of: Element.self) { out in
      unsafe withUnsafeElements(of: Element.self) { values in
        for (index, place) in places.enumerated() { unsafe out[place] += values[index] }
      }
    }
    return result
  }
}

// The slopes of activation functions, from the kernels for float32 and from their formulas for
// float64.

import CNeuralKernels

extension Tensor {
  private func slope(
    _ kernel: nk_binary_op, _ gradient: Tensor, _ formula: (Tensor, Tensor) -> Tensor
  ) -> Tensor {
    guard elementType == .float32, gradient.elementType == .float32 else {
      return formula(self, gradient)
    }
    let input = contiguous()
    let gradient = gradient.broadcast(to: shape).contiguous()
    let result = Tensor(uninitialized: shape)
    if count == 0 { return result }
    let flat = [count]
    unsafe nk_binary(kernel, input.floats, [1], gradient.floats, [1], result.floats, flat, 1)
    withExtendedLifetime((input.storage, gradient.storage)) {}
    return result
  }

  /// The gradient through ReLU, from its output (or its input: the sign is the same).
  func reluGradient(_ gradient: Tensor) -> Tensor {
    slope(NK_RELU_GRADIENT, gradient) { y, g in
      g * y.isPositive
    }
  }

  /// The gradient through GELU, from its input: Φ(x) + x·φ(x).
  func geluGradient(_ gradient: Tensor) -> Tensor {
    slope(NK_GELU_GRADIENT, gradient) { x, g in
      let half = ((x * 0.707_106_781_186_547_6).errorFunction() + 1) * 0.5
      let density = (x.squared() * -0.5).exp() * 0.398_942_280_401_432_7
      return g * (half + x * density)
    }
  }

  /// The gradient through GELU's `tanh` form, from its input.
  func geluTanhGradient(_ gradient: Tensor) -> Tensor {
    slope(NK_GELU_TANH_GRADIENT, gradient) { x, g in
      let inner = (x + x * x.squared() * 0.044_715) * 0.797_884_560_802_865_4
      let bend = inner.tanh()
      let rise = (x.squared() * 0.134_145 + 1) * 0.797_884_560_802_865_4
      return g * ((bend + 1) * 0.5 + x * 0.5 * (1 - bend.squared()) * rise)
    }
  }

  /// The gradient through SiLU, from its input.
  func siluGradient(_ gradient: Tensor) -> Tensor {
    slope(NK_SILU_GRADIENT, gradient) { x, g in
      let s = x.sigmoid()
      return g * s * (1 + x * (1 - s))
    }
  }
}

extension Tensor {
  /// 1 where an element is above zero and 0 elsewhere, in this tensor's type.
  var isPositive: Tensor {
    greater(than: Tensor(0).converted(to: elementType)).converted(to: elementType)
  }
}

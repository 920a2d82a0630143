// The activation that a product or a convolution applies while its result is in cache.

import CNeuralKernels

/// A function applied to each element of a fused operator's result.
public enum Activation: Sendable, Hashable {
  case none, relu, gelu, geluTanh, silu, sigmoid, tanh, hardSwish
  case leakyReLU(slope: Float)
  case clamp(Float, Float)

  /// max(0, min(6, x)).
  public static let relu6 = Activation.clamp(0, 6)

  var kernel: nk_activation {
    switch self {
    case .none: NK_NO_ACTIVATION
    case .relu: NK_ACT_RELU
    case .gelu: NK_ACT_GELU
    case .geluTanh: NK_ACT_GELU_TANH
    case .silu: NK_ACT_SILU
    case .sigmoid: NK_ACT_SIGMOID
    case .tanh: NK_ACT_TANH
    case .hardSwish: NK_ACT_HARD_SWISH
    case .leakyReLU: NK_ACT_LEAKY_RELU
    case .clamp: NK_ACT_CLAMP
    }
  }

  var p: Float {
    switch self {
    case .leakyReLU(let slope): slope
    case .clamp(let low, _): low
    default: 0
    }
  }

  var q: Float {
    if case .clamp(_, let high) = self { return high }
    return 0
  }

  /// The function on its own.
  public func applied(to x: Tensor) -> Tensor {
    switch self {
    case .none: x
    case .relu: x.relu()
    case .gelu: x.gelu()
    case .geluTanh: x.geluTanh()
    case .silu: x.silu()
    case .sigmoid: x.sigmoid()
    case .tanh: x.tanh()
    case .hardSwish: x.hardSwish()
    case .leakyReLU(let slope): x.leakyReLU(slope: slope)
    case .clamp(let low, let high): x.clamped(low, high)
    }
  }
}

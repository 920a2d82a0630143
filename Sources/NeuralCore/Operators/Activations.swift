// Activation functions.

import CNeuralKernels

extension Tensor {
  /// Swift.max(x, 0).
  public func relu() -> Tensor { unary("relu", NK_RELU) { $0 < 0 ? 0 : $0 } }

  /// x, or `slope`·x below zero.
  public func leakyReLU(slope: Float = 0.01) -> Tensor {
    unary("leakyReLU", NK_LEAKY_RELU, slope) { $0 < 0 ? $0 * Double(slope) : $0 }
  }

  /// x, or `slope`·x below zero, with a slope that broadcasts to `self`.
  ///
  /// - Parameter slope: For a slope per channel of `[batch, channel, …]`, of shape
  ///   `[channel, 1, …]`.
  public func parametricReLU(slope: Tensor) -> Tensor {
    binary("parametricReLU", NK_PRELU, slope) { $0 < 0 ? $0 * $1 : $0 }
  }

  /// x, or `alpha`·(eˣ − 1) below zero (Clevert 2015).
  public func elu(alpha: Float = 1) -> Tensor {
    unary("elu", NK_ELU, alpha) { $0 < 0 ? Double(alpha) * Scalar.expm1($0) : $0 }
  }

  /// The self-normalising ELU (Klambauer 2017), with the paper's constants by default.
  public func selu(alpha: Float = 1.673_263_2, gamma: Float = 1.050_701) -> Tensor {
    unary("selu", NK_SELU, alpha, gamma) { x in
      Double(gamma) * (x <= 0 ? Double(alpha) * Scalar.expm1(x) : x)
    }
  }

  /// x, or `alpha`·(e^(x/`alpha`) − 1) below zero.
  public func celu(alpha: Float = 1) -> Tensor {
    unary("celu", NK_CELU, alpha) { x in
      x < 0 ? Double(alpha) * Scalar.expm1(x / Double(alpha)) : x
    }
  }

  /// x·Φ(x) with the normal distribution's Φ (Hendrycks 2016).
  public func gelu() -> Tensor { unary("gelu", NK_GELU, reference: Scalar.gelu) }

  /// The tanh approximation of `gelu()`.
  public func geluTanh() -> Tensor { unary("geluTanh", NK_GELU_TANH, reference: Scalar.geluTanh) }

  /// x·σ(x), also called Swish-1.
  public func silu() -> Tensor {
    unary("silu", NK_SILU) { $0 * Scalar.sigmoid($0) }
  }

  /// x·σ(`beta`·x).
  public func swish(beta: Float = 1) -> Tensor {
    unary("swish", NK_SWISH, beta) { $0 * Scalar.sigmoid(Double(beta) * $0) }
  }

  /// Swift.max(0, Swift.min(1, `slope`·x + `offset`)); PyTorch's slope is 1/6, ONNX's default 0.2.
  public func hardSigmoid(slope: Float = 1 / 6, offset: Float = 0.5) -> Tensor {
    unary("hardSigmoid", NK_HARD_SIGMOID, slope, offset) {
      Swift.max(0, Swift.min(1, Double(slope) * $0 + Double(offset)))
    }
  }

  /// x·Swift.max(0, Swift.min(1, x/6 + ½)) (Howard 2019).
  public func hardSwish() -> Tensor {
    unary("hardSwish", NK_HARD_SWISH) { $0 * Swift.max(0, Swift.min(1, $0 / 6 + 0.5)) }
  }

  /// 1/(1 + e⁻ˣ).
  public func sigmoid() -> Tensor { unary("sigmoid", NK_SIGMOID, reference: Scalar.sigmoid) }

  /// The hyperbolic tangent.
  public func tanh() -> Tensor { unary("tanh", NK_TANH) { hyperbolicTangent($0) } }

  /// ln(1 + eˣ) without overflow.
  public func softplus() -> Tensor { unary("softplus", NK_SOFTPLUS, reference: Scalar.softplus) }

  /// x/(1 + |x|).
  public func softsign() -> Tensor { unary("softsign", NK_SOFTSIGN) { $0 / (1 + abs($0)) } }

  /// x·tanh(ln(1 + eˣ)) (Misra 2019).
  public func mish() -> Tensor {
    unary("mish", NK_MISH) { $0 * hyperbolicTangent(Scalar.softplus($0)) }
  }

  /// x where it exceeds `threshold`, else 0.
  public func thresholdedReLU(threshold: Float = 1) -> Tensor {
    unary("thresholdedReLU", NK_THRESHOLDED_RELU, threshold) { $0 > Double(threshold) ? $0 : 0 }
  }

  /// 0 within ±`lambda`, beyond it x moved toward zero by `bias`.
  public func shrunk(lambda: Float = 0.5, bias: Float = 0) -> Tensor {
    unary("shrunk", NK_SHRINK, lambda, bias) { x in
      x < -Double(lambda)
        ? x + Double(bias) : x > Double(lambda) ? x - Double(bias) : x.isNaN ? x : 0
    }
  }
}

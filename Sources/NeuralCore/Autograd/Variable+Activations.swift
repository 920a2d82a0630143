// Activation functions and their slopes.

extension Variable {
  /// max(x, 0); the slope at 0 is 0.
  public func relu() -> Variable {
    let result = value.relu()
    return recording(result) { g in [result.reluGradient(g)] }
  }

  /// x, or `slope`·x below zero.
  public func leakyReLU(slope: Float = 0.01) -> Variable {
    recording(value.leakyReLU(slope: slope)) { [value] g in
      let steps = value.isPositive
      return [g * (steps * (1 - slope) + slope)]
    }
  }

  /// x, or a learned slope times x below zero; one slope, or one for each channel of
  /// `[batch, channel, …]`.
  public func parametricReLU(slope: Variable) -> Variable {
    let tail = [Int](repeating: 1, count: slope.value.count == 1 ? 0 : shape.count - 2)
    let spread = slope.value.reshaped([slope.value.count] + tail)
    return recording(value.parametricReLU(slope: spread), with: [slope]) { g in
      let isBelow = (-value).isPositive
      let below = g * isBelow
      let input = isTracked ? g - below + below * spread : nil
      let own = slope.isTracked ? (below * value).summed(to: spread.shape) : nil
      return [input, own?.reshaped(slope.shape)]
    }
  }

  /// x·Φ(x) (Hendrycks and Gimpel, arXiv 1606.08415).
  public func gelu() -> Variable {
    recording(value.gelu()) { [value] g in [value.geluGradient(g)] }
  }

  /// GELU by its `tanh` approximation.
  public func geluTanh() -> Variable {
    recording(value.geluTanh()) { [value] g in [value.geluTanhGradient(g)] }
  }

  /// x·σ(x).
  public func silu() -> Variable {
    recording(value.silu()) { [value] g in [value.siluGradient(g)] }
  }

  /// x·σ(1.702·x), CLIP's `quick_gelu`.
  public func quickGELU() -> Variable { self * (self * 1.702).sigmoid() }

  /// 1 / (1 + e⁻ˣ).
  public func sigmoid() -> Variable {
    let result = value.sigmoid()
    return recording(result) { g in [g * result * (1 - result)] }
  }

  /// The hyperbolic tangent.
  public func tanh() -> Variable {
    let result = value.tanh()
    return recording(result) { g in [g * (1 - result.squared())] }
  }

  /// log(1 + eˣ).
  public func softplus() -> Variable {
    recording(value.softplus()) { [value] g in [g * value.sigmoid()] }
  }

  /// An activation chosen by name.
  public func activated(_ activation: Activation) -> Variable {
    switch activation {
    case .none: self
    case .relu: relu()
    case .gelu: gelu()
    case .geluTanh: geluTanh()
    case .silu: silu()
    case .sigmoid: sigmoid()
    case .tanh: tanh()
    case .hardSwish: self * (self + 3).clamped(0, 6) / 6
    case .leakyReLU(let slope): leakyReLU(slope: slope)
    case .clamp(let low, let high): clamped(low, high)
    }
  }

  /// eˣ over its sum along the last axis.
  public func softmax() -> Variable {
    let result = value.softmax()
    return recording(result) { g in [Tensor.softmaxGradient(output: result, gradient: g)] }
  }

  /// The logarithm of ``softmax()``.
  public func logSoftmax() -> Variable {
    let result = value.logSoftmax()
    return recording(result) { g in
      [Tensor.softmaxGradient(output: result, gradient: g, logarithm: true)]
    }
  }

  /// Elements set to 0 with probability `rate` and the others scaled up, in training; otherwise
  /// the value itself.
  public func dropout(_ rate: Float) -> Variable {
    dropping(rate, shape)
  }

  /// Whole samples set to 0 with probability `rate` and the others scaled up, in training:
  /// stochastic depth (Huang et al., arXiv 1603.09382).
  public func droppingPaths(_ rate: Float) -> Variable {
    dropping(rate, [shape[0]] + [Int](repeating: 1, count: shape.count - 1))
  }

  private func dropping(_ rate: Float, _ maskShape: [Int]) -> Variable {
    precondition(rate >= 0 && rate < 1, "a dropout rate of \(rate)")
    guard let tape, tape.isTraining, rate > 0 else { return self }
    var draws = SeededDraws(seed: tape.seed, 0xD409, tape.nextDraw())
    let keep = 1 / (1 - rate)
    let mask = Tensor(
      (0..<Shape.count(maskShape)).map { _ in draws.unit() < rate ? 0 : keep }, shape: maskShape
    ).converted(to: value.elementType)
    return recording(value * mask) { g in [g * mask] }
  }
}

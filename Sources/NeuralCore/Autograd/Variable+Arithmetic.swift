// Sums, products and their gradients.

extension Tensor {
  /// The sum over the axes that broadcasting repeated: the gradient of a broadcast.
  func summed(to target: [Int]) -> Tensor {
    if shape == target { return self }
    let lead = rank - target.count
    var result = self
    if lead > 0 { result = result.sum(axes: Array(0..<lead)) }
    let repeated = target.indices.filter { target[$0] == 1 && result.shape[$0] != 1 }
    if !repeated.isEmpty { result = result.sum(axes: repeated, keepingAxes: true) }
    return result.reshaped(target)
  }
}

extension Variable {
  /// The sum, with NumPy's broadcasting.
  public static func + (a: Variable, b: Variable) -> Variable {
    let (left, right) = (a.shape, b.shape)
    return a.recording(a.value + b.value, with: [b]) { g in
      [a.isTracked ? g.summed(to: left) : nil, b.isTracked ? g.summed(to: right) : nil]
    }
  }

  /// The difference, with NumPy's broadcasting.
  public static func - (a: Variable, b: Variable) -> Variable {
    let (left, right) = (a.shape, b.shape)
    return a.recording(a.value - b.value, with: [b]) { g in
      [a.isTracked ? g.summed(to: left) : nil, b.isTracked ? (-g).summed(to: right) : nil]
    }
  }

  /// The product element by element, with NumPy's broadcasting.
  public static func * (a: Variable, b: Variable) -> Variable {
    a.recording(a.value * b.value, with: [b]) { g in
      [
        a.isTracked ? (g * b.value).summed(to: a.shape) : nil,
        b.isTracked ? (g * a.value).summed(to: b.shape) : nil,
      ]
    }
  }

  /// The quotient element by element, with NumPy's broadcasting.
  public static func / (a: Variable, b: Variable) -> Variable {
    let quotient = a.value / b.value
    return a.recording(quotient, with: [b]) { g in
      let part = g / b.value
      return [
        a.isTracked ? part.summed(to: a.shape) : nil,
        b.isTracked ? (-(part * quotient)).summed(to: b.shape) : nil,
      ]
    }
  }

  public static func + (a: Variable, b: Float) -> Variable { a.recording(a.value + b) { [$0] } }
  public static func - (a: Variable, b: Float) -> Variable { a + -b }
  public static func - (a: Float, b: Variable) -> Variable {
    b.recording(a - b.value) { [-$0] }
  }
  public static func * (a: Variable, b: Float) -> Variable {
    a.recording(a.value * b) { [$0 * b] }
  }
  public static func / (a: Variable, b: Float) -> Variable {
    a.recording(a.value / b) { [$0 / b] }
  }
  public static prefix func - (a: Variable) -> Variable { a.recording(-a.value) { [-$0] } }

  /// Each element squared.
  public func squared() -> Variable {
    recording(value.squared()) { [value] g in [g * value * 2] }
  }

  /// The square root of each element. The gradient at 0 is infinite.
  public func squareRoot() -> Variable {
    let root = value.squareRoot()
    return recording(root) { g in [g / (root * 2)] }
  }

  /// e to each element.
  public func exp() -> Variable {
    let result = value.exp()
    return recording(result) { g in [g * result] }
  }

  /// The natural logarithm of each element.
  public func log() -> Variable {
    recording(value.log()) { [value] g in [g / value] }
  }

  /// The magnitude of each element; the gradient at 0 is 0.
  public func absolute() -> Variable {
    recording(value.absolute()) { [value] g in [g * value.sign()] }
  }

  /// Each element raised to a fixed power.
  public func power(_ exponent: Float) -> Variable {
    recording(value.power(exponent)) { [value] g in
      [g * value.power(exponent - 1) * exponent]
    }
  }

  /// Each element kept within bounds; the gradient is 0 outside them, as PyTorch's `clamp`.
  public func clamped(_ low: Float, _ high: Float) -> Variable {
    recording(value.clamped(low, high)) { [value] g in
      let (low, high) = (
        Tensor(low).converted(to: value.elementType), Tensor(high).converted(to: value.elementType)
      )
      let inside = value.greaterOrEqual(to: low).and(value.lessOrEqual(to: high))
        .converted(to: value.elementType)
      return [g * inside]
    }
  }

  /// The sum over some axes, or over all.
  public func sum(axes: [Int]? = nil, keepingAxes: Bool = false) -> Variable {
    let shape = shape
    return recording(value.sum(axes: axes, keepingAxes: keepingAxes)) { g in
      [g.spread(over: shape, axes: axes)]
    }
  }

  /// The mean over some axes, or over all.
  public func mean(axes: [Int]? = nil, keepingAxes: Bool = false) -> Variable {
    let sum = sum(axes: axes, keepingAxes: keepingAxes)
    return sum / (Float(value.count) / Float(max(sum.value.count, 1)))
  }
}

extension Tensor {
  /// The gradient of a sum over `axes` of a tensor of this shape: the same number everywhere.
  func spread(over shape: [Int], axes: [Int]?) -> Tensor {
    var kept = shape
    for axis in Shape.axes(axes, rank: shape.count) { kept[axis] = 1 }
    return reshaped(kept).broadcast(to: shape)
  }
}

// Functions of two numbers, with NumPy's broadcasting.

import CNeuralKernels

extension Tensor {
  /// Both operands stretched to the shape they share.
  func broadcastPair(_ name: StaticString, _ other: Tensor) -> (Tensor, Tensor, [Int]) {
    guard let target = Shape.broadcast(shape, other.shape) else {
      preconditionFailure("\(name): shapes \(shape) and \(other.shape) do not broadcast")
    }
    precondition(
      elementType == other.elementType,
      "\(name): \(elementType) \(shape) with \(other.elementType) \(other.shape)")
    return (broadcast(to: target), other.broadcast(to: target), target)
  }

  func binary(
    _ name: StaticString, _ operation: nk_binary_op, _ other: Tensor,
    reference: (Double, Double) -> Double
  ) -> Tensor {
    switch elementType {
    case .float32:
      let (a, b, target) = broadcastPair(name, other)
      let result = Tensor(uninitialized: target)
      if result.count == 0 { return result }
      unsafe nk_binary(
        operation, a.floats, a.strides, b.floats, b.strides, result.floats, target, target.count)
      withExtendedLifetime((a.storage, b.storage)) {}
      return result
    case .float64:
      return zipElements(name, other, of: Double.self, to: Double.self, reference)
    case .float16, .bfloat16:
      return converted(to: .float32)
        .binary(name, operation, other.converted(to: .float32), reference: reference)
        .converted(to: elementType)
    case .int8, .uint8, .int32, .int64, .bool:
      preconditionFailure("\(name): floating point needed, found \(elementType) \(shape)")
    }
  }

  /// Each pair of broadcast elements through a function.
  package func zipElements<A: TensorElement, B: TensorElement>(
    _ name: StaticString, _ other: Tensor, of source: A.Type, to target: B.Type,
    _ function: (A, A) -> B
  ) -> Tensor {
    let (a, b, shape) = broadcastPair(name, other)
    let result = Tensor(uninitialized: shape, B.elementType)
    let output = unsafe result.mutableElements(of: target)
    unsafe a.withUnsafeElements(of: source) { left in
      unsafe b.withUnsafeElements(of: source) { right in
        for index in 0..<output.count {
          unsafe output[index] = function(left[index], right[index])
        }
      }
    }
    return result
  }

  /// Floating point through `real`, integers through a function of two 64-bit integers whose
  /// result is cut to the type's width.
  private func arithmetic(
    _ name: StaticString, _ operation: nk_binary_op, _ other: Tensor,
    real: (Double, Double) -> Double, integer: (Int64, Int64) -> Int64
  ) -> Tensor {
    switch elementType {
    case .int64: return zipElements(name, other, of: Int64.self, to: Int64.self, integer)
    case .int32:
      return zipElements(name, other, of: Int32.self, to: Int32.self) {
        Int32(truncatingIfNeeded: integer(Int64($0), Int64($1)))
      }
    case .int8:
      return zipElements(name, other, of: Int8.self, to: Int8.self) {
        Int8(truncatingIfNeeded: integer(Int64($0), Int64($1)))
      }
    case .uint8:
      return zipElements(name, other, of: UInt8.self, to: UInt8.self) {
        UInt8(truncatingIfNeeded: integer(Int64($0), Int64($1)))
      }
    default: return binary(name, operation, other, reference: real)
    }
  }

  /// Sums of broadcast elements; integers wrap.
  public static func + (a: Tensor, b: Tensor) -> Tensor {
    a.arithmetic("add", NK_ADD, b, real: +, integer: &+)
  }
  /// Differences of broadcast elements; integers wrap.
  public static func - (a: Tensor, b: Tensor) -> Tensor {
    a.arithmetic("subtract", NK_SUBTRACT, b, real: -, integer: &-)
  }
  /// Products of broadcast elements; integers wrap.
  public static func * (a: Tensor, b: Tensor) -> Tensor {
    a.arithmetic("multiply", NK_MULTIPLY, b, real: *, integer: &*)
  }
  /// Quotients of broadcast elements; integers round toward zero.
  ///
  /// - Precondition: No integer divisor is zero.
  public static func / (a: Tensor, b: Tensor) -> Tensor {
    a.arithmetic("divide", NK_DIVIDE, b, real: /) { x, y in
      precondition(y != 0, "divide: an integer divisor is 0 in shape \(b.shape)")
      return x.dividedReportingOverflow(by: y).partialValue
    }
  }

  /// The larger of broadcast elements; NaN when either is.
  public func maximum(_ other: Tensor) -> Tensor {
    arithmetic(
      "maximum", NK_MAXIMUM, other, real: { $0 > $1 || $0.isNaN ? $0 : $1 }
    ) { Swift.max($0, $1) }
  }
  /// The smaller of broadcast elements; NaN when either is.
  public func minimum(_ other: Tensor) -> Tensor {
    arithmetic(
      "minimum", NK_MINIMUM, other, real: { $0 < $1 || $0.isNaN ? $0 : $1 }
    ) { Swift.min($0, $1) }
  }
  /// Powers of broadcast elements, as C's `pow`.
  public func power(_ exponent: Tensor) -> Tensor {
    binary("power", NK_POWER, exponent, reference: NeuralCore.power)
  }
  /// Each element to one power.
  public func power(_ exponent: Float) -> Tensor {
    exponent == 2 ? squared() : power(Tensor(exponent).converted(to: elementType))
  }
  /// The angle of (x: `other`, y: `self`) in radians, −π…π.
  public func arcTangent(over other: Tensor) -> Tensor {
    binary("arcTangent", NK_ATAN2, other, reference: NeuralCore.arcTangent)
  }
  /// The remainder with the sign of the dividend, as C's `fmod` and `%`.
  public func remainder(dividingBy other: Tensor) -> Tensor {
    arithmetic("remainder", NK_REMAINDER, other, real: remainderTowardZero) { x, y in
      precondition(y != 0, "remainder: an integer divisor is 0 in shape \(other.shape)")
      return x.remainderReportingOverflow(dividingBy: y).partialValue
    }
  }

  // With one number.

  private func like(_ value: Float) -> Tensor { Tensor(value).converted(to: elementType) }

  public static func + (a: Tensor, b: Float) -> Tensor { a + a.like(b) }
  public static func + (a: Float, b: Tensor) -> Tensor { b.like(a) + b }
  public static func - (a: Tensor, b: Float) -> Tensor { a - a.like(b) }
  public static func - (a: Float, b: Tensor) -> Tensor { b.like(a) - b }
  public static func * (a: Tensor, b: Float) -> Tensor { a * a.like(b) }
  public static func * (a: Float, b: Tensor) -> Tensor { b.like(a) * b }
  public static func / (a: Tensor, b: Float) -> Tensor { a / a.like(b) }
  public static func / (a: Float, b: Tensor) -> Tensor { b.like(a) / b }

  // In place where the memory is this tensor's alone.

  private static func update(
    _ a: inout Tensor, _ b: Tensor, _ operation: nk_binary_op, _ general: (Tensor, Tensor) -> Tensor
  ) {
    guard a.elementType == .float32, b.elementType == .float32,
      Shape.broadcast(a.shape, b.shape) == a.shape
    else {
      a = general(a, b)
      return
    }
    a.makeWritable()
    if a.count == 0 { return }
    let right = b.broadcast(to: a.shape)
    let values = unsafe a.floats
    unsafe nk_binary(
      operation, values, a.strides, right.floats, right.strides, values, a.shape, a.rank)
    withExtendedLifetime(right.storage) {}
  }

  public static func += (a: inout Tensor, b: Tensor) { update(&a, b, NK_ADD, +) }
  public static func -= (a: inout Tensor, b: Tensor) { update(&a, b, NK_SUBTRACT, -) }
  public static func *= (a: inout Tensor, b: Tensor) { update(&a, b, NK_MULTIPLY, *) }
  public static func /= (a: inout Tensor, b: Tensor) { update(&a, b, NK_DIVIDE, /) }
  public static func += (a: inout Tensor, b: Float) { a += a.like(b) }
  public static func -= (a: inout Tensor, b: Float) { a -= a.like(b) }
  public static func *= (a: inout Tensor, b: Float) { a *= a.like(b) }
  public static func /= (a: inout Tensor, b: Float) { a /= a.like(b) }
}

// Functions of one number, applied to every element.

import CNeuralKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension Tensor {
  /// Runs a kernel on `float32`, the reference on `float64`; 16-bit types pass through `float32`.
  func unary(
    _ name: StaticString, _ operation: nk_unary_op, _ p: Float = 0, _ q: Float = 0,
    reference: (Double) -> Double
  ) -> Tensor {
    switch elementType {
    case .float32:
      let input = contiguous()
      let result = Tensor(uninitialized: shape)
      unsafe nk_unary(operation, p, q, input.floats, result.floats, count)
      withExtendedLifetime(input.storage) {}
      return result
    case .float64: return mapElements(of: Double.self, to: Double.self, reference)
    case .float16, .bfloat16:
      return converted(to: .float32).unary(name, operation, p, q, reference: reference)
        .converted(to: elementType)
    case .int8, .uint8, .int32, .int64, .bool:
      preconditionFailure("\(name): floating point needed, found \(elementType) \(shape)")
    }
  }

  /// −x; integers too, wrapping.
  public static prefix func - (x: Tensor) -> Tensor {
    switch x.elementType {
    case .int8: return x.mapElements(of: Int8.self, to: Int8.self) { 0 &- $0 }
    case .int32: return x.mapElements(of: Int32.self, to: Int32.self) { 0 &- $0 }
    case .int64: return x.mapElements(of: Int64.self, to: Int64.self) { 0 &- $0 }
    default: return x.unary("negate", NK_NEGATE) { -$0 }
    }
  }

  /// |x|; integers too, wrapping.
  public func absolute() -> Tensor {
    switch elementType {
    case .uint8: return self
    case .int8: return mapElements(of: Int8.self, to: Int8.self) { $0 < 0 ? 0 &- $0 : $0 }
    case .int32: return mapElements(of: Int32.self, to: Int32.self) { $0 < 0 ? 0 &- $0 : $0 }
    case .int64: return mapElements(of: Int64.self, to: Int64.self) { $0 < 0 ? 0 &- $0 : $0 }
    default: return unary("absolute", NK_ABS) { abs($0) }
    }
  }

  /// x².
  public func squared() -> Tensor { unary("squared", NK_SQUARE) { $0 * $0 } }
  /// √x; NaN below zero.
  public func squareRoot() -> Tensor { unary("squareRoot", NK_SQRT) { $0.squareRoot() } }
  /// 1/√x.
  public func reciprocalSquareRoot() -> Tensor {
    unary("reciprocalSquareRoot", NK_RSQRT) { 1 / $0.squareRoot() }
  }
  /// 1/x.
  public func reciprocal() -> Tensor { unary("reciprocal", NK_RECIPROCAL) { 1 / $0 } }
  /// −1, 0 or 1; NaN stays.
  public func sign() -> Tensor {
    switch elementType {
    case .int32: mapElements(of: Int32.self, to: Int32.self) { $0.signum() }
    case .int64: mapElements(of: Int64.self, to: Int64.self) { $0.signum() }
    default: unary("sign", NK_SIGN) { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 }
    }
  }
  /// The largest integer not above x.
  public func floor() -> Tensor { unary("floor", NK_FLOOR) { $0.rounded(.down) } }
  /// The smallest integer not below x.
  public func ceil() -> Tensor { unary("ceil", NK_CEIL) { $0.rounded(.up) } }
  /// The nearest integer, ties to even.
  public func rounded() -> Tensor {
    unary("rounded", NK_ROUND) { $0.rounded(.toNearestOrEven) }
  }
  /// x without its fraction.
  public func truncated() -> Tensor { unary("truncated", NK_TRUNC) { $0.rounded(.towardZero) } }

  /// eˣ.
  public func exp() -> Tensor { unary("exp", NK_EXP) { exponential($0) } }
  /// eˣ − 1, exact near 0.
  public func expMinusOne() -> Tensor { unary("expMinusOne", NK_EXPM1) { expm1($0) } }
  /// The natural logarithm; −∞ at 0, NaN below.
  public func log() -> Tensor { unary("log", NK_LOG) { logarithm($0) } }
  /// ln(1 + x), exact near 0.
  public func logOnePlus() -> Tensor { unary("logOnePlus", NK_LOG1P) { log1p($0) } }
  /// The error function.
  public func errorFunction() -> Tensor { unary("errorFunction", NK_ERF) { erf($0) } }

  /// The sine of radians.
  public func sin() -> Tensor { unary("sin", NK_SIN) { sine($0) } }
  /// The cosine of radians.
  public func cos() -> Tensor { unary("cos", NK_COS) { cosine($0) } }
  /// The tangent of radians.
  public func tan() -> Tensor { unary("tan", NK_TAN) { tangent($0) } }
  /// The arc sine in radians; NaN outside −1…1.
  public func asin() -> Tensor { unary("asin", NK_ASIN) { arcSine($0) } }
  /// The arc cosine in radians; NaN outside −1…1.
  public func acos() -> Tensor { unary("acos", NK_ACOS) { arcCosine($0) } }
  /// The arc tangent in radians.
  public func atan() -> Tensor { unary("atan", NK_ATAN) { NeuralCore.arcTangent($0) } }
  /// The hyperbolic sine.
  public func sinh() -> Tensor { unary("sinh", NK_SINH) { hyperbolicSine($0) } }
  /// The hyperbolic cosine.
  public func cosh() -> Tensor { unary("cosh", NK_COSH) { hyperbolicCosine($0) } }
  /// The inverse hyperbolic sine.
  public func asinh() -> Tensor { unary("asinh", NK_ASINH) { inverseHyperbolicSine($0) } }
  /// The inverse hyperbolic cosine; NaN below 1.
  public func acosh() -> Tensor { unary("acosh", NK_ACOSH) { inverseHyperbolicCosine($0) } }
  /// The inverse hyperbolic tangent; NaN outside −1…1.
  public func atanh() -> Tensor { unary("atanh", NK_ATANH) { inverseHyperbolicTangent($0) } }

  /// Elements below `low` become `low`, above `high` become `high`; NaN stays.
  public func clamped(_ low: Float, _ high: Float) -> Tensor {
    unary("clamped", NK_CLAMP, low, high) { x in
      x < Double(low) ? Swift.min(Double(low), Double(high)) : x > Double(high) ? Double(high) : x
    }
  }

  /// `self` · `scale` + `shift`.
  public func scaled(by scale: Float, plus shift: Float = 0) -> Tensor {
    unary("scaled", NK_SCALE_SHIFT, scale, shift) { $0 * Double(scale) + Double(shift) }
  }
}

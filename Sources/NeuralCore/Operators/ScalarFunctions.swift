// libm in double precision, under names that no method of `Tensor` hides.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Functions of one `Double`, as the references use them.
enum Scalar {
  static func expm1(_ x: Double) -> Double { exponentialMinusOne(x) }

  static func sigmoid(_ x: Double) -> Double {
    x < 0 ? exponential(x) / (1 + exponential(x)) : 1 / (1 + exponential(-x))
  }

  /// ln(1 + eˣ) without overflow.
  static func softplus(_ x: Double) -> Double {
    max(x, 0) + log1p(exponential(-abs(x)))
  }

  static func gelu(_ x: Double) -> Double {
    0.5 * x * (1 + erf(x * 0.5.squareRoot()))
  }

  static func geluTanh(_ x: Double) -> Double {
    0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
  }
}

func exponential(_ x: Double) -> Double { exp(x) }
func logarithm(_ x: Double) -> Double { log(x) }
func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }
func hyperbolicTangent(_ x: Float) -> Float { tanhf(x) }
func sine(_ x: Double) -> Double { sin(x) }
func cosine(_ x: Double) -> Double { cos(x) }
func tangent(_ x: Double) -> Double { tan(x) }
func arcSine(_ x: Double) -> Double { asin(x) }
func arcCosine(_ x: Double) -> Double { acos(x) }
func arcTangent(_ x: Double) -> Double { atan(x) }
func arcTangent(_ y: Double, _ x: Double) -> Double { atan2(y, x) }
func hyperbolicSine(_ x: Double) -> Double { sinh(x) }
func hyperbolicCosine(_ x: Double) -> Double { cosh(x) }
func inverseHyperbolicSine(_ x: Double) -> Double { asinh(x) }
func inverseHyperbolicCosine(_ x: Double) -> Double { acosh(x) }
func inverseHyperbolicTangent(_ x: Double) -> Double { atanh(x) }
func power(_ x: Double, _ y: Double) -> Double { pow(x, y) }
func remainderTowardZero(_ x: Double, _ y: Double) -> Double { fmod(x, y) }
func exponentialMinusOne(_ x: Double) -> Double { expm1(x) }

// Distribution functions and quantiles that tests and intervals need.
// Source: Abramowitz & Stegun 1964, chapters 6, 26; Press et al., Numerical Recipes, chapter 6.

/// The natural logarithm of Γ(x) for `x > 0`, to about 1e-15 relative.
func logGamma(_ x: Double) -> Double {
  guard x > 0 else { return .nan }
  var z = x
  var shift = 0.0
  if z < 15 {
    var product = 1.0
    while z < 15 {
      product *= z
      z += 1
    }
    shift = log(product)
  }
  let r = 1 / z
  let r2 = r * r
  let series =
    r
    * (1.0 / 12
      - r2
      * (1.0 / 360
        - r2 * (1.0 / 1260 - r2 * (1.0 / 1680 - r2 * (1.0 / 1188 - r2 * 691.0 / 360360)))))
  return (z - 0.5) * log(z) - z + 0.918_938_533_204_672_741_78 + series - shift
}

/// The standard normal distribution.
public enum Normal {
  /// P(Z ≤ z).
  public static func cumulative(_ z: Double) -> Double {
    0.5 * erfc(-z * 0.707_106_781_186_547_524)
  }

  /// P(|Z| ≥ |z|).
  public static func twoSided(_ z: Double) -> Double { erfc(abs(z) * 0.707_106_781_186_547_524) }

  /// The z with P(Z ≤ z) = p; infinite at 0 and 1, NaN outside.
  public static func quantile(_ p: Double) -> Double {
    guard p > 0, p < 1 else { return p == 0 ? -.infinity : p == 1 ? .infinity : .nan }
    let tail = min(p, 1 - p)
    let t = (-2 * log(tail)).squareRoot()
    // Abramowitz & Stegun 26.2.23 as the start, then Halley's steps to the last digit.
    var z =
      t - (2.515517 + t * (0.802853 + t * 0.010328))
      / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
    for _ in 0..<4 {
      let density = exp(-0.5 * z * z) * 0.398_942_280_401_432_678
      guard density > 0 else { break }
      let e = (0.5 * erfc(z * 0.707_106_781_186_547_524) - tail) / density
      z += e / (1 + 0.5 * z * e)
    }
    return p < 0.5 ? -z : z
  }
}

/// The regularised incomplete beta function I_x(a, b).
func incompleteBeta(_ a: Double, _ b: Double, _ x: Double) -> Double {
  guard x > 0 else { return 0 }
  guard x < 1 else { return 1 }
  let front = exp(
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * log(x) + b * log1p(-x))
  if x < (a + 1) / (a + b + 2) { return front * betaFraction(a, b, x) / a }
  return 1 - front * betaFraction(b, a, 1 - x) / b
}

private func betaFraction(_ a: Double, _ b: Double, _ x: Double) -> Double {
  let tiny = 1e-300
  var c = 1.0
  var d = 1 - (a + b) * x / (a + 1)
  if abs(d) < tiny { d = tiny }
  d = 1 / d
  var h = d
  var m = 1.0
  while m < 100_000 {
    var term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 + term * d
    if abs(d) < tiny { d = tiny }
    c = 1 + term / c
    if abs(c) < tiny { c = tiny }
    d = 1 / d
    h *= d * c
    term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 + term * d
    if abs(d) < tiny { d = tiny }
    c = 1 + term / c
    if abs(c) < tiny { c = tiny }
    d = 1 / d
    let delta = d * c
    h *= delta
    if abs(delta - 1) < 1e-16 { break }
    m += 1
  }
  return h
}

/// The x with I_x(a, b) = p, by bisection on the bracket and Newton's steps inside it.
func betaQuantile(_ p: Double, _ a: Double, _ b: Double) -> Double {
  guard p > 0 else { return 0 }
  guard p < 1 else { return 1 }
  var low = 0.0
  var high = 1.0
  var x = a / (a + b)
  let scale = logGamma(a + b) - logGamma(a) - logGamma(b)
  for _ in 0..<200 {
    let error = incompleteBeta(a, b, x) - p
    if error == 0 { return x }
    if error > 0 { high = x } else { low = x }
    let density = exp(scale + (a - 1) * log(x) + (b - 1) * log1p(-x))
    var next = x - error / density
    if !(next > low && next < high) { next = 0.5 * (low + high) }
    if abs(next - x) <= 1e-16 * x { return next }
    x = next
    if high - low <= 1e-16 * high { break }
  }
  return x
}

/// The regularised lower incomplete gamma function P(a, x).
func incompleteGamma(_ a: Double, _ x: Double) -> Double {
  guard x > 0 else { return 0 }
  if x < a + 1 {
    var term = 1 / a
    var sum = term
    var n = a
    for _ in 0..<100_000 {
      n += 1
      term *= x / n
      sum += term
      if term < sum * 1e-17 { break }
    }
    return sum * exp(a * log(x) - x - logGamma(a))
  }
  return 1 - upperGamma(a, x)
}

private func upperGamma(_ a: Double, _ x: Double) -> Double {
  let tiny = 1e-300
  var b = x + 1 - a
  var c = 1 / tiny
  var d = 1 / b
  var h = d
  var i = 1.0
  while i < 100_000 {
    let an = -i * (i - a)
    b += 2
    d = an * d + b
    if abs(d) < tiny { d = tiny }
    c = b + an / c
    if abs(c) < tiny { c = tiny }
    d = 1 / d
    let delta = d * c
    h *= delta
    if abs(delta - 1) < 1e-16 { break }
    i += 1
  }
  return exp(a * log(x) - x - logGamma(a)) * h
}

/// The χ² distribution.
public enum ChiSquared {
  /// P(X ≥ x) with `df` degrees of freedom.
  public static func upperTail(_ x: Double, df: Double) -> Double {
    guard x > 0 else { return 1 }
    let half = x / 2
    return half < df / 2 + 1 ? 1 - incompleteGamma(df / 2, half) : upperGamma(df / 2, half)
  }
}

/// Student's t distribution.
public enum StudentT {
  /// P(T ≤ t) with `df` degrees of freedom.
  public static func cumulative(_ t: Double, df: Double) -> Double {
    let tail = 0.5 * incompleteBeta(df / 2, 0.5, df / (df + t * t))
    return t > 0 ? 1 - tail : tail
  }

  /// P(|T| ≥ |t|).
  public static func twoSided(_ t: Double, df: Double) -> Double {
    incompleteBeta(df / 2, 0.5, df / (df + t * t))
  }

  /// The t with P(T ≤ t) = p.
  public static func quantile(_ p: Double, df: Double) -> Double {
    guard p != 0.5 else { return 0 }
    let tail = min(p, 1 - p)
    let x = betaQuantile(2 * tail, df / 2, 0.5)
    let t = (df * (1 - x) / x).squareRoot()
    return p < 0.5 ? -t : t
  }
}

/// The F distribution.
public enum FisherF {
  /// P(F ≥ f).
  public static func upperTail(_ f: Double, _ df1: Double, _ df2: Double) -> Double {
    guard f > 0 else { return 1 }
    return incompleteBeta(df2 / 2, df1 / 2, df2 / (df2 + df1 * f))
  }

  /// The f with P(F ≤ f) = p.
  public static func quantile(_ p: Double, _ df1: Double, _ df2: Double) -> Double {
    let x = betaQuantile(1 - p, df2 / 2, df1 / 2)
    return df2 * (1 - x) / (df1 * x)
  }
}

/// The binomial distribution.
public enum Binomial {
  /// P(X ≤ k) for n trials with probability p.
  public static func cumulative(_ k: Int, n: Int, p: Double) -> Double {
    if k < 0 { return 0 }
    if k >= n { return 1 }
    return incompleteBeta(Double(n - k), Double(k + 1), 1 - p)
  }

  /// P(X = k).
  public static func probability(_ k: Int, n: Int, p: Double) -> Double {
    guard k >= 0, k <= n else { return 0 }
    if p <= 0 { return k == 0 ? 1 : 0 }
    if p >= 1 { return k == n ? 1 : 0 }
    return exp(
      logGamma(Double(n + 1)) - logGamma(Double(k + 1)) - logGamma(Double(n - k + 1))
        + Double(k) * log(p) + Double(n - k) * log1p(-p))
  }
}

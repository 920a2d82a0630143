// Random binomial numbers, for drawing a resampled confusion matrix at once.
// Source: Hörmann 1993, "The generation of binomial random variates", algorithm BTRS; inversion
// below a mean of 10.

extension SeededGenerator {
  /// A binomial number: successes among `n` trials with probability `p`.
  mutating func binomial(_ n: Int, _ p: Double) -> Int {
    if n <= 0 || p <= 0 { return 0 }
    if p >= 1 { return n }
    if p > 0.5 { return n - binomial(n, 1 - p) }
    let mean = Double(n) * p
    return mean < 10 ? binomialByInversion(n, p) : binomialByRejection(n, p)
  }

  private mutating func binomialByInversion(_ n: Int, _ p: Double) -> Int {
    let odds = p / (1 - p)
    let start = exp(Double(n) * log1p(-p))
    while true {
      var probability = start
      var u = uniform()
      var k = 0
      while u > probability, k <= n {
        u -= probability
        k += 1
        probability *= odds * Double(n - k + 1) / Double(k)
      }
      if k <= n { return k }
    }
  }

  private mutating func binomialByRejection(_ n: Int, _ p: Double) -> Int {
    let count = Double(n)
    let spread = (count * p * (1 - p)).squareRoot()
    let b = 1.15 + 2.53 * spread
    let a = -0.0873 + 0.0248 * b + 0.01 * p
    let c = count * p + 0.5
    let vr = 0.92 - 4.2 / b
    let alpha = (2.83 + 5.1 / b) * spread
    let logOdds = log(p / (1 - p))
    let mode = ((count + 1) * p).rounded(.down)
    let h = Self.logFactorial(mode) + Self.logFactorial(count - mode)
    while true {
      let u = uniform() - 0.5
      var v = uniform()
      let us = 0.5 - abs(u)
      let k = ((2 * a / us + b) * u + c).rounded(.down)
      if k < 0 || k > count { continue }
      if us >= 0.07, v <= vr { return Int(k) }
      v = log(v * alpha / (a / (us * us) + b))
      let bound = h - Self.logFactorial(k) - Self.logFactorial(count - k) + (k - mode) * logOdds
      if v <= bound { return Int(k) }
    }
  }

  private static func logFactorial(_ k: Double) -> Double {
    if k < 10 { return logGamma(k + 1) }
    let z = k + 1
    let r = 1 / z
    let r2 = r * r
    return (z - 0.5) * log(z) - z + 0.918_938_533_204_672_741_78
      + r * (1.0 / 12 - r2 * (1.0 / 360 - r2 * (1.0 / 1260 - r2 / 1680)))
  }
}

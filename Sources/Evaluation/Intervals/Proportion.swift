// A share of a count, and its intervals.
// Source: Wilson 1927; Clopper & Pearson 1934; Newcombe 1998; Brown, Cai & DasGupta 2001.

/// `successes` out of `trials`.
public struct Proportion: Hashable, Sendable, Codable {
  public let successes: Int
  public let trials: Int

  /// - Precondition: `0 ≤ successes ≤ trials`.
  public init(_ successes: Int, of trials: Int) {
    precondition(
      successes >= 0 && successes <= trials, "\(successes) successes of \(trials) trials")
    self.successes = successes
    self.trials = trials
  }

  /// The share; undefined without trials.
  public var value: MetricValue {
    trials == 0 ? .undefined(.noCases) : .ratio(successes, trials)
  }

  /// The share as a score with its Wilson interval.
  public func score(_ name: String, confidence: Double = 0.95) -> Score {
    Score(
      name, value, count: trials, interval: wilson(confidence: confidence),
      signature: "\(name)|ci:Wilson|v:\(Definitions.version)")
  }

  /// Wilson's score interval, the default everywhere; `nil` without trials.
  public func wilson(confidence: Double = 0.95) -> Interval? {
    guard trials > 0 else { return nil }
    let z = Normal.quantile(0.5 + confidence / 2)
    let n = Double(trials)
    let p = Double(successes) / n
    let centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    let half = z * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot() / (1 + z * z / n)
    return Interval(
      successes == 0 ? 0 : max(0, centre - half), successes == trials ? 1 : min(1, centre + half),
      confidence: confidence, method: "Wilson")
  }

  /// Wilson's interval with continuity correction, as R's `prop.test` computes it.
  public func wilsonContinuityCorrected(confidence: Double = 0.95) -> Interval? {
    guard trials > 0 else { return nil }
    let z = Normal.quantile(0.5 + confidence / 2)
    let n = Double(trials)
    let p = Double(successes) / n
    let correction = min(0.5, abs(Double(successes) - n * 0.5))
    let z22n = z * z / (2 * n)
    let up = p + correction / n
    let down = p - correction / n
    let high =
      up >= 1
      ? 1 : (up + z22n + z * (up * (1 - up) / n + z22n / (2 * n)).squareRoot()) / (1 + 2 * z22n)
    let low =
      down <= 0
      ? 0
      : (down + z22n - z * (down * (1 - down) / n + z22n / (2 * n)).squareRoot()) / (1 + 2 * z22n)
    return Interval(
      max(0, low), min(1, high), confidence: confidence, method: "Wilson, continuity-corrected")
  }

  /// Clopper and Pearson's exact interval.
  public func clopperPearson(confidence: Double = 0.95) -> Interval? {
    guard trials > 0 else { return nil }
    let tail = (1 - confidence) / 2
    let k = Double(successes)
    let n = Double(trials)
    return Interval(
      successes == 0 ? 0 : betaQuantile(tail, k, n - k + 1),
      successes == trials ? 1 : betaQuantile(1 - tail, k + 1, n - k),
      confidence: confidence, method: "Clopper–Pearson")
  }

  /// Jeffreys' equal-tailed interval.
  public func jeffreys(confidence: Double = 0.95) -> Interval? {
    guard trials > 0 else { return nil }
    let tail = (1 - confidence) / 2
    let a = Double(successes) + 0.5
    let b = Double(trials - successes) + 0.5
    return Interval(
      betaQuantile(tail, a, b), betaQuantile(1 - tail, a, b), confidence: confidence,
      method: "Jeffreys")
  }

  /// Agresti and Coull's interval.
  public func agrestiCoull(confidence: Double = 0.95) -> Interval? {
    guard trials > 0 else { return nil }
    let z = Normal.quantile(0.5 + confidence / 2)
    let n = Double(trials) + z * z
    let p = (Double(successes) + z * z / 2) / n
    let half = z * (p * (1 - p) / n).squareRoot()
    return Interval(
      max(0, p - half), min(1, p + half), confidence: confidence, method: "Agresti–Coull")
  }
}

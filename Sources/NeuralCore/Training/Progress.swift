// How far a run is.

/// Where a training run stands, after a step.
public struct TrainingProgress: Sendable, CustomStringConvertible {
  /// The current epoch, counted from 1, and how many there are.
  public let epoch, epochs: Int
  /// Optimiser steps taken and to take in the whole run.
  public let step, steps: Int
  /// The mean loss of this epoch so far.
  public let loss: Double
  /// The name and mean of the metric on this epoch's training batches, where one was asked for.
  public let metric: (name: String, value: Double)?
  /// Samples a second in this epoch.
  public let samplesPerSecond: Double
  /// Seconds left at this speed.
  public let secondsLeft: Double

  public var description: String {
    var text = "epoch \(epoch)/\(epochs) · step \(step)/\(steps) · loss \(short(loss))"
    if let metric { text += " · \(metric.name) \(short(metric.value))" }
    let left = Int(secondsLeft.isFinite ? secondsLeft.rounded(.up) : 0)
    text += " · \(Int(samplesPerSecond.isFinite ? samplesPerSecond : 0)) images/s"
    text += " · \(left / 60):\(left % 60 < 10 ? "0" : "")\(left % 60) left"
    return text
  }
}

/// Four decimals.
func short(_ value: Double) -> String {
  guard value.isFinite, abs(value) < 1e12 else { return "\(value)" }
  let parts = Int((abs(value) * 10_000).rounded())
  let fraction = String(parts % 10_000)
  let sign = value < 0 && parts > 0 ? "-" : ""
  return "\(sign)\(parts / 10_000)." + String(repeating: "0", count: 4 - fraction.count) + fraction
}

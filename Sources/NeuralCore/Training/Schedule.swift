// How the learning rate changes during a run.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The learning rate's factor at each step of a run, 1 being the optimiser's own rate.
///
/// ```swift
/// let schedule = Schedule.cosine(to: 0.01).warmedUp(steps: 100)
/// schedule.factor(at: 50, of: 1_000)  // 0.5: half-way through the warm-up
/// ```
public struct Schedule: Sendable, Hashable {
  private enum Shape: Hashable, Sendable {
    case constant
    case step(every: Int, factor: Double)
    case cosine(floor: Double)
    case linear(floor: Double)
    case oneCycle(rise: Double, start: Double, end: Double)
  }

  private let shape: Shape
  private var warmUp = 0

  private init(_ shape: Shape) { self.shape = shape }

  /// The same rate from the first step to the last.
  public static let constant = Schedule(.constant)

  /// Times `factor` after every `every` steps (PyTorch's `StepLR`, in steps).
  ///
  /// - Precondition: `every` is positive.
  public static func step(every: Int, factor: Double = 0.1) -> Schedule {
    precondition(every > 0, "a schedule that steps every \(every) steps")
    return Schedule(.step(every: every, factor: factor))
  }

  /// Half a cosine from 1 to `floor` (Loshchilov and Hutter, arXiv 1608.03983, without restarts).
  public static func cosine(to floor: Double = 0) -> Schedule { Schedule(.cosine(floor: floor)) }

  /// A straight line from 1 to `floor`.
  public static func linear(to floor: Double = 0) -> Schedule { Schedule(.linear(floor: floor)) }

  /// Up from `start` to 1 over the fraction `rise` of the run, then down to `end`, both by half
  /// cosines (Smith and Topin, arXiv 1708.07120; PyTorch's `OneCycleLR`).
  public static func oneCycle(rise: Double = 0.3, start: Double = 0.04, end: Double = 4e-6)
    -> Schedule
  {
    Schedule(.oneCycle(rise: rise, start: start, end: end))
  }

  /// The same schedule after a linear warm-up: the factor of step `i` is `(i + 1) / steps` until
  /// the schedule begins, which then runs over the steps that are left.
  public func warmedUp(steps: Int) -> Schedule {
    precondition(steps >= 0, "a warm-up of \(steps) steps")
    var copy = self
    copy.warmUp = steps
    return copy
  }

  /// The factor at a step counted from 0, of a run of `total` steps.
  public func factor(at step: Int, of total: Int) -> Double {
    if step < warmUp { return Double(step + 1) / Double(warmUp) }
    let step = step - warmUp
    let total = max(total - warmUp, 1)
    let part = min(Double(step) / Double(total), 1)
    switch shape {
    case .constant: return 1
    case .step(let every, let factor): return pow(factor, Double(step / every))
    case .cosine(let floor): return floor + (1 - floor) * (1 + cos(Double.pi * part)) / 2
    case .linear(let floor): return 1 + (floor - 1) * part
    case .oneCycle(let rise, let start, let end):
      let last = Double(max(total - 1, 1))
      let top = max(rise * Double(total) - 1, 0)
      let at = Double(step)
      if at <= top, top > 0 { return Schedule.halfCosine(start, 1, at / top) }
      return Schedule.halfCosine(1, end, min((at - top) / max(last - top, 1), 1))
    }
  }

  private static func halfCosine(_ from: Double, _ to: Double, _ part: Double) -> Double {
    to + (from - to) * (1 + cos(Double.pi * part)) / 2
  }
}

/// Lowers the rate when a metric stops improving (PyTorch's `ReduceLROnPlateau`).
public struct PlateauSchedule: Sendable, Hashable {
  /// What the rate is multiplied with.
  public let factor: Double
  /// Epochs without improvement before the rate is lowered.
  public let patience: Int
  /// How much better, relatively, counts as an improvement.
  public let threshold: Double

  public init(factor: Double = 0.1, patience: Int = 10, threshold: Double = 1e-4) {
    precondition(factor > 0 && factor < 1, "a plateau factor of \(factor)")
    self.factor = factor
    self.patience = patience
    self.threshold = threshold
  }

  /// The factor after epochs whose losses were `losses`, lower being better.
  public func factor(after losses: [Double]) -> Double {
    var best = Double.infinity
    var bad = 0
    var result = 1.0
    for loss in losses {
      // Relative to the magnitude, so that a negative loss must fall too.
      let bar = best.isFinite ? best - threshold * abs(best) : best
      if loss < bar {
        best = loss
        bad = 0
      } else {
        bad += 1
      }
      if bad > patience {
        result *= factor
        bad = 0
      }
    }
    return result
  }
}

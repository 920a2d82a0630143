// A metric's result: value, n, interval, definition, undefined cases.

/// An interval for a value, with the method that made it.
public struct Interval: Hashable, Sendable, Codable, CustomStringConvertible {
  /// The lower end. Infinite ends are possible (likelihood ratios).
  public let lower: MetricValue
  /// The upper end.
  public let upper: MetricValue
  /// The nominal coverage, such as 0.95.
  public let confidence: Double
  /// How it was made: `"Wilson"`, `"BCa bootstrap, 10000 resamples of 96 clusters, seed 7"`.
  public let method: String

  public init(_ lower: Double, _ upper: Double, confidence: Double, method: String) {
    self.lower = MetricValue(lower, otherwise: .constant)
    self.upper = MetricValue(upper, otherwise: .constant)
    self.confidence = confidence
    self.method = method
  }

  /// Both ends as numbers, NaN where undefined.
  public var bounds: (lower: Double, upper: Double) { (lower.orNaN, upper.orNaN) }

  public var description: String {
    let (low, high) = bounds
    return "\(formatted(confidence * 100, digits: 3)) % CI \(formatted(low, digits: 3))–"
      + "\(formatted(high, digits: 3)), \(method)"
  }
}

/// Something that had no value while a score was computed, and why.
public struct UndefinedCase: Hashable, Sendable, Codable, CustomStringConvertible {
  /// What was undefined: `"precision of STR"`, `"case 17"`.
  public let item: String
  public let reason: Undefined

  public init(_ item: String, _ reason: Undefined) {
    self.item = item
    self.reason = reason
  }

  public var description: String { "\(item): \(reason)" }
}

/// A metric with the number of cases it rests on, its definition and what was undefined on the
/// way.
public struct Score: Hashable, Sendable, Codable, CustomStringConvertible {
  /// The metric's name, such as `"macro-F1"`.
  public let name: String
  /// The value, or why there is none.
  public let value: MetricValue
  /// How many cases the value rests on.
  public let count: Int
  /// An interval, where asked for.
  public var interval: Interval?
  /// The definition and its options: `"macro-F1|classes:6|zero_division:0"`.
  public let signature: String
  /// Parts that were undefined (and how many they are is `undefined.count`).
  public let undefined: [UndefinedCase]

  public init(
    _ name: String, _ value: MetricValue, count: Int, interval: Interval? = nil,
    signature: String, undefined: [UndefinedCase] = []
  ) {
    self.name = name
    self.value = value
    self.count = count
    self.interval = interval
    self.signature = signature
    self.undefined = undefined
  }

  /// The number, `nil` when undefined.
  // Not inlined: Swift 6.3.1's optimiser stops with an ownership error where it is.
  @inline(never)
  public var double: Double? { value.double }

  /// The same score with an interval.
  public func with(_ interval: Interval?) -> Score {
    var copy = self
    copy.interval = interval
    return copy
  }

  public var description: String {
    var text = "\(name) \(value) ("
    if let interval { text += "\(interval), " }
    text += "n = \(count)"
    if !undefined.isEmpty { text += ", \(undefined.count) undefined" }
    return text + ")"
  }
}

/// The version of the definitions, part of every signature that leaves the module.
public enum Definitions {
  public static let version = "1"
}

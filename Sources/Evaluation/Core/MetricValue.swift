// A number or the reason why there is none.

/// Why a metric has no value.
public struct Undefined: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible {
  public let rawValue: String
  public init(rawValue: String) { self.rawValue = rawValue }
  public var description: String { rawValue }

  /// There was nothing to measure.
  public static let noCases = Undefined(rawValue: "no cases")
  /// A ratio with denominator zero.
  public static let zeroDenominator = Undefined(rawValue: "zero denominator")
  /// Only one class occurs where two are needed.
  public static let singleClass = Undefined(rawValue: "single class")
  /// No positive case.
  public static let noPositives = Undefined(rawValue: "no positives")
  /// Reference and prediction are both empty.
  public static let bothEmpty = Undefined(rawValue: "both empty")
  /// One of two masks is empty.
  public static let oneEmpty = Undefined(rawValue: "one empty")
  /// No variation in the data.
  public static let constant = Undefined(rawValue: "constant")
  /// Too few cases for the estimate.
  public static let tooFewCases = Undefined(rawValue: "too few cases")
  /// No ground truth in that cell (COCO's −1).
  public static let noGroundTruth = Undefined(rawValue: "no ground truth")
  /// A matrix that must be inverted is singular.
  public static let singular = Undefined(rawValue: "singular")
}

/// The value of a metric: a number (which may be infinite, for distances) or undefined with a
/// reason. Undefined is a third state; it is never a number and enters no mean silently.
///
/// Encoded as a number, as `"inf"` / `"-inf"`, or as `{"undefined": reason}`.
public enum MetricValue: Hashable, Sendable {
  case value(Double)
  case undefined(Undefined)

  /// The number, `nil` when undefined.
  public var double: Double? {
    if case .value(let x) = self { x } else { nil }
  }

  /// The number, NaN when undefined: for plots and arrays of plain numbers.
  public var orNaN: Double { double ?? .nan }

  /// The reason, `nil` when there is a number.
  public var reason: Undefined? {
    if case .undefined(let why) = self { why } else { nil }
  }

  /// A quotient, undefined when the denominator is zero.
  public static func ratio(
    _ numerator: Double, _ denominator: Double, otherwise reason: Undefined = .zeroDenominator
  ) -> MetricValue {
    denominator == 0 ? .undefined(reason) : .value(numerator / denominator)
  }

  static func ratio(_ numerator: Int, _ denominator: Int) -> MetricValue {
    ratio(Double(numerator), Double(denominator))
  }

  /// The value of a finite or infinite number; NaN becomes undefined with `reason`.
  init(_ x: Double, otherwise reason: Undefined = .zeroDenominator) {
    self = x.isNaN ? .undefined(reason) : .value(x)
  }

  func map(_ transform: (Double) -> Double) -> MetricValue {
    if case .value(let x) = self { MetricValue(transform(x)) } else { self }
  }
}

extension MetricValue: CustomStringConvertible {
  public var description: String {
    switch self {
    case .value(let x): formatted(x, digits: 4)
    case .undefined(let why): "undefined (\(why))"
    }
  }
}

extension MetricValue: Codable {
  private enum Keys: String, CodingKey { case undefined }

  public init(from decoder: any Decoder) throws {
    if let container = try? decoder.container(keyedBy: Keys.self),
      let reason = try? container.decode(Undefined.self, forKey: .undefined)
    {
      self = .undefined(reason)
      return
    }
    let container = try decoder.singleValueContainer()
    if let text = try? container.decode(String.self) {
      switch text {
      case "inf": self = .value(.infinity)
      case "-inf": self = .value(-.infinity)
      default:
        throw DecodingError.dataCorruptedError(
          in: container, debugDescription: "\"\(text)\" is no metric value")
      }
    } else {
      self = .value(try container.decode(Double.self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .undefined(let why):
      var container = encoder.container(keyedBy: Keys.self)
      try container.encode(why, forKey: .undefined)
    case .value(let x):
      var container = encoder.singleValueContainer()
      if x.isFinite {
        try container.encode(x)
      } else {
        try container.encode(x > 0 ? "inf" : "-inf")
      }
    }
  }
}

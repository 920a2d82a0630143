// What can be wrong with the numbers and labels that a caller was handed.

/// A failure of the input, in one line: what was found and what was expected.
public struct EvaluationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kind of failure. A struct with statics, so that a new kind breaks nobody's `switch`.
  public struct Code: RawRepresentable, Hashable, Sendable {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Two inputs that must have the same count or shape differ.
    public static let shape = Code(rawValue: "shape")
    /// A label that is not in the class list.
    public static let unknownLabel = Code(rawValue: "unknown label")
    /// A class list with a repeated class, or an empty one.
    public static let classList = Code(rawValue: "class list")
    /// NaN, or an infinity where a finite number is needed.
    public static let notFinite = Code(rawValue: "not finite")
    /// A number outside its range (a probability of 1.2, a negative count).
    public static let range = Code(rawValue: "range")
    /// Text that does not follow its format.
    public static let format = Code(rawValue: "format")
    /// More work than the operation accepts.
    public static let size = Code(rawValue: "size")
  }

  /// The kind of failure.
  public let code: Code
  /// What was found and what was expected.
  public let detail: String

  public init(_ code: Code, _ detail: String) {
    self.code = code
    self.detail = detail
  }

  public var description: String { "\(code.rawValue): \(detail)" }
}

func requireEqualCounts(_ a: Int, _ b: Int, _ what: String) throws(EvaluationError) {
  guard a == b else { throw EvaluationError(.shape, "\(what): \(a) and \(b)") }
}

func requireFinite(_ values: some Sequence<Double>, _ what: String) throws(EvaluationError) {
  for (index, value) in values.enumerated() where !value.isFinite {
    throw EvaluationError(.notFinite, "\(what)[\(index)] is \(value)")
  }
}

func requireProbabilities(_ values: some Sequence<Double>, _ what: String) throws(EvaluationError) {
  for (index, value) in values.enumerated() where !(value >= 0 && value <= 1) {
    throw EvaluationError(.range, "\(what)[\(index)] is \(value), expected 0…1")
  }
}

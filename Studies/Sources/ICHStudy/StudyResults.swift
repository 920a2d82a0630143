/// A number with its interval, its count and its definition; `value` is nil where it is undefined.
public struct Estimate: Sendable, Hashable, Codable {
  public var value: Double?
  public var low: Double?
  public var high: Double?
  /// The cases that entered it.
  public var n: Int
  /// What was computed, with the conventions that move it.
  public var definition: String

  public init(
    _ value: Double?, low: Double? = nil, high: Double? = nil, n: Int, definition: String
  ) {
    self.value = value.flatMap { $0.isFinite ? $0 : nil }
    self.low = low
    self.high = high
    self.n = n
    self.definition = definition
  }

  /// Such as `0.81 (0.74–0.87)`, or a dash.
  public var text: String {
    guard let value else { return "–" }
    guard let low, let high else { return decimal(value) }
    return "\(decimal(value)) (\(decimal(low))–\(decimal(high)))"
  }
}

/// A number with two decimals, and a real minus sign.
func decimal(_ value: Double, places: Int = 2) -> String {
  guard value.isFinite else { return "–" }
  var scale = 1.0
  for _ in 0..<places { scale *= 10 }
  let scaled = (abs(value) * scale).rounded()
  guard scaled < 1e15 else { return "\(value)" }
  let whole = Int(scaled) / Int(scale)
  let digits = String(Int(scaled) % Int(scale))
  let sign = value < 0 && scaled > 0 ? "−" : ""
  return places == 0
    ? "\(sign)\(whole)"
    : "\(sign)\(whole).\(String(repeating: "0", count: places - digits.count))\(digits)"
}

/// Everything that a run found; the same for the same settings, on any count of threads.
public struct StudyResults: Sendable, Codable {
  public var study = "ICH: zero-shot multimodal models against trained networks on head CT"
  public var version: String
  public var settings: StudyOptions
  public var cohort: Cohort
  public var arms: [ArmResult]
  public var comparisons: [Comparison]
  /// What a reader must know before trusting the numbers.
  public var notes: [String]

  public struct Cohort: Sendable, Hashable, Codable {
    public var source: String
    public var heads: Int
    public var slices: Int
    public var trainingHeads: Int
    public var tuningHeads: Int
    public var testHeads: Int
    public var testSlices: Int
    public var testSlicesWithBlood: Int
    /// Test slices with each kind, by abbreviation.
    public var testSlicesBySubtype: [String: Int]
    public var splitRule: String
  }

  /// A paired test between two arms on the same slices.
  public struct Comparison: Sendable, Hashable, Codable {
    public var first: String
    public var second: String
    public var measure: String
    public var difference: Double?
    public var low: Double?
    public var high: Double?
    public var p: Double?
    public var adjustedP: Double?
    public var n: Int
    public var definition: String
  }
}

/// One arm's scores.
public struct ArmResult: Sendable, Codable {
  public var name: String
  /// What reads: rules, a trained network or a language model.
  public var kind: String
  /// Nil where the arm ran; else why it did not.
  public var notRun: String?
  /// How many readings ended in each way.
  public var outcomes: [String: Int] = [:]
  public var presence: [String: Estimate] = [:]
  /// Rows: truth without and with blood; columns: the reading without, with, and no answer.
  public var presenceMatrix: [[Int]] = []
  /// False positive rate and sensitivity, from (0, 0) to (1, 1).
  public var roc: [[Double]] = []
  public var subtypes: [String: Estimate] = [:]
  /// By abbreviation: precision, recall, F1 and the counts behind them.
  public var perSubtype: [String: [String: Estimate]] = [:]
  /// One-vs-rest counts by abbreviation: true positive, false positive, false negative, true negative.
  public var perSubtypeCounts: [String: [Int]] = [:]
  public var side: [String: Estimate] = [:]
  public var volume: [String: Estimate] = [:]
  /// Reference and reading in millilitres, a pair a slice with blood in either.
  public var volumePairs: [[Double]] = []
  public var headVolume: [String: Estimate] = [:]
  public var headVolumePairs: [[Double]] = []

  public init(name: String, kind: String, notRun: String? = nil) {
    self.name = name
    self.kind = kind
    self.notRun = notRun
  }
}

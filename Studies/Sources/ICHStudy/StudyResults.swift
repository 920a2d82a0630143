public import Evaluation

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
    /// First minus second, with the patient bootstrap's interval.
    public var difference: Score
    public var test: TestResult
    /// Holm's adjustment over all comparisons of the run.
    public var adjustedP: Double?
  }
}

/// One arm's scores; a measure that the data or the arm cannot give is not there.
public struct ArmResult: Sendable, Codable {
  public var name: String
  /// What reads: rules, a trained network or a language model.
  public var kind: String
  /// Nil where the arm ran; else why it did not.
  public var notRun: String?
  /// How many readings ended in each way.
  public var outcomes: [String: Int] = [:]
  public var presence: [Score] = []
  public var presenceMatrix: ConfusionMatrix?
  public var subtypes: [Score] = []
  /// One a kind, by abbreviation.
  public var perSubtype: [String: BinaryDiagnostics] = [:]
  public var side: [Score] = []
  public var sideMatrix: ConfusionMatrix?
  /// Millilitres in each slice with blood in truth or reading.
  public var sliceVolume: BlandAltman?
  /// Millilitres in each head.
  public var headVolume: BlandAltman?
  /// Agreement between repeats of the same questions.
  public var repeatability: [Score] = []

  public init(name: String, kind: String, notRun: String? = nil) {
    self.name = name
    self.kind = kind
    self.notRun = notRun
  }
}

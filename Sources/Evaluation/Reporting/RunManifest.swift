// What a run knows about itself: the facts that reporting guidelines ask for.

/// Facts of a run, as far as they are known. Everything is optional: what is missing is marked in
/// the checklists, never guessed.
public struct RunManifest: Hashable, Sendable, Codable {
  /// One arm of the comparison.
  public struct Arm: Hashable, Sendable, Codable {
    public var name: String
    public var modelIdentifier: String?
    public var vendor: String?
    /// The date of the queries, ISO 8601.
    public var queryDate: String?
    public var temperature: Double?
    public var topP: Double?
    public var seed: Int?
    public var maximumTokens: Int?
    public var repetitions: Int?
    public var promptText: String?
    /// A hash of everything that was sent.
    public var promptHash: String?
    /// `"one conversation a case"`, `"all questions in one conversation"`.
    public var sessionHandling: String?
    public var promptWasTestedOn: String?
    public var examplesPerPrompt: Int?
    public var trainingData: String?
    /// Whether test cases can have been in the training data.
    public var testDataIndependence: String?
    public var codeAvailability: String?

    public init(name: String) { self.name = name }
  }

  public var title: String?
  public var studyDesign: String?
  public var dataSource: String?
  public var dataAccess: String?
  public var licence: String?
  public var ethics: String?
  public var eligibility: String?
  public var collectionDates: String?
  public var referenceStandard: String?
  public var annotators: String?
  public var annotatorAgreement: String?
  public var partition: String?
  public var partitionLevel: String?
  public var preprocessing: String?
  public var sampleSize: String?
  public var cases: Int?
  public var patients: Int?
  public var demographics: String?
  public var primaryOutcome: String?
  public var nonAnswerHandling: String?
  public var outcomes: OutcomeCounts?
  public var missingData: String?
  public var statisticalMethods: String?
  public var intervalMethod: String?
  public var multiplicity: String?
  public var subgroups: String?
  public var failureAnalysis: String?
  public var robustness: String?
  public var externalTesting: String?
  public var software: String?
  public var hardware: String?
  public var codeAvailability: String?
  public var limitations: String?
  public var intendedUse: String?
  public var registration: String?
  public var funding: String?
  public var arms: [Arm]

  public init(arms: [Arm] = []) { self.arms = arms }

  /// Text of a fact over all arms: `"arm: value"` each; `nil` when no arm knows it.
  func each(_ pick: (Arm) -> String?) -> String? {
    let known = arms.compactMap { arm in pick(arm).map { "\(arm.name): \($0)" } }
    return known.isEmpty ? nil : known.joined(separator: "; ")
  }
}

/// What a run of study 1 is asked to do; stored with it, so that a run can be repeated.
public struct StudyOptions: Sendable, Hashable, Codable {
  /// Seed of the phantoms, the split, the networks and the bootstrap.
  public var seed: UInt64 = 2505
  /// Heads to generate; ignored where `data` is given.
  public var heads = 90
  /// A folder of real data instead of phantoms.
  public var data: String?
  /// A manifest in or beside the data folder; nil to look for one.
  public var manifest: String?
  /// Side of the square picture that the networks see, in pixels.
  public var networkSide = 64
  /// Passes over the training slices.
  public var epochs = 14
  /// Slices of each test head that every arm reads; 0 for all.
  public var slicesPerHead = 8
  /// The share of patients held out for the test, and for tuning.
  public var testShare = 0.27
  public var tuningShare = 0.13
  /// The paper's split: slices at random, whatever their patient. Leaks; for comparison only.
  public var splitBySlice = false
  /// Bootstrap replicates.
  public var replicates = 2_000
  /// The language models to ask, as `vendor:model`.
  public var models: [String] = []
  /// An OpenAI-compatible server for the models without a vendor.
  public var endpoint: String?
  /// The most that the run may spend on language models, in US dollars.
  public var budget: Double = 5
  /// Asks each question this often, for test–retest agreement.
  public var repeats = 1

  public init() {}
}

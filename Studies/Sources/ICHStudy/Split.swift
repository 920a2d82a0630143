import Phantoms

/// Which patients train, tune and test: no patient is in two of them.
public struct Split: Sendable, Hashable, Codable {
  public var training: [String]
  public var tuning: [String]
  public var test: [String]

  /// Deals patients out, keeping the share of patients with blood about equal in the three parts.
  ///
  /// - Parameters:
  ///   - patients: each with whether it bleeds anywhere; the order does not matter.
  ///   - seed: the same seed and patients give the same split.
  public init(
    _ patients: [(id: String, bleeds: Bool)], testShare: Double, tuningShare: Double, seed: UInt64
  ) {
    var random = PhantomRandom(seed: seed, stream: 0x5EED)
    training = []
    tuning = []
    test = []
    for bleeds in [true, false] {
      let group = patients.filter { $0.bleeds == bleeds }.map(\.id).sorted()
      let shuffled = group.shuffled(using: &random)
      let tests = Int((Double(shuffled.count) * testShare).rounded())
      let tunes = Int((Double(shuffled.count) * tuningShare).rounded())
      test += shuffled.prefix(tests)
      tuning += shuffled.dropFirst(tests).prefix(tunes)
      training += shuffled.dropFirst(tests + tunes)
    }
    training.sort()
    tuning.sort()
    test.sort()
  }
}

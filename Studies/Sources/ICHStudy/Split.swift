import Phantoms

/// Which patients train, tune and test: no patient is in two of them.
public struct Split: Sendable, Hashable, Codable {
  public var training: [String]
  public var tuning: [String]
  public var test: [String]

  /// Deals patients out so that each part has its share of every stratum, as near as whole patients
  /// allow.
  ///
  /// The patients are laid in a row, stratum by stratum and shuffled within each; the test set takes
  /// them at even distances along the row, the tuning set likewise from what is left.
  ///
  /// - Parameters:
  ///   - patients: each with what it is to be balanced by, such as its kinds of bleed; the order does
  ///     not matter.
  ///   - seed: the same seed and patients give the same split.
  public init(
    _ patients: [(id: String, stratum: String)], testShare: Double, tuningShare: Double,
    seed: UInt64
  ) {
    var random = PhantomRandom(seed: seed, stream: 0x5EED)
    let strata = Dictionary(grouping: patients, by: \.stratum).sorted { $0.key < $1.key }
    var row: [String] = []
    for stratum in strata {
      row += stratum.value.map(\.id).sorted().shuffled(using: &random)
    }
    let (test, others) = Self.deal(row, testShare)
    let share = testShare < 1 ? tuningShare / (1 - testShare) : 0
    let (tuning, training) = Self.deal(others, share)
    self.training = training.sorted()
    self.tuning = tuning.sorted()
    self.test = test.sorted()
  }

  /// The members at even distances that make up a share of a row, and the others.
  private static func deal(_ row: [String], _ share: Double) -> (taken: [String], left: [String]) {
    let wanted = min(row.count, Int((Double(row.count) * share).rounded()))
    var taken: [String] = []
    var left: [String] = []
    for (place, member) in row.enumerated() {
      // Of `wanted` marks at the middles of equal stretches, how many lie up to here.
      let before = (2 * place * wanted + row.count) / (2 * max(1, row.count))
      let after = (2 * (place + 1) * wanted + row.count) / (2 * max(1, row.count))
      if after > before { taken.append(member) } else { left.append(member) }
    }
    return (taken, left)
  }
}

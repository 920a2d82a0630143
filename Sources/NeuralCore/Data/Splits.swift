// Splits into folds that keep a patient on one side.

/// A split of samples into training and held-out ones.
public struct Fold: Sendable, Hashable {
  /// Samples to train with, ascending.
  public let training: [Int]
  /// Samples held out, ascending.
  public let heldOut: [Int]

  public init(training: [Int], heldOut: [Int]) {
    self.training = training
    self.heldOut = heldOut
  }

  /// The groups (patients) with samples on both sides: what a fair split has none of.
  public func leaks<Group: Hashable & Comparable>(_ groups: [Group]) -> [Group] {
    let inside = Set(training.map { groups[$0] })
    return Set(heldOut.map { groups[$0] }).intersection(inside).sorted()
  }
}

/// Ways to divide samples.
public enum Splits {
  /// `folds` parts of nearly equal size, each held out once, after a seeded shuffle.
  ///
  /// - Precondition: 2 ≤ `folds` ≤ `count`.
  public static func kFold(count: Int, folds: Int, seed: UInt64) -> [Fold] {
    precondition(folds >= 2 && folds <= count, "\(folds) folds of \(count) samples")
    var draws = SeededDraws(seed: seed, 0xF01D)
    let order = draws.order(count)
    return folded(
      count: count, parts: order.enumerated().map { ($0.offset % folds, $0.element) }, folds)
  }

  /// Folds with nearly equal counts of each class.
  public static func stratified(classes: [Int], folds: Int, seed: UInt64) -> [Fold] {
    precondition(folds >= 2 && folds <= classes.count, "\(folds) folds of \(classes.count) samples")
    var draws = SeededDraws(seed: seed, 0x57A7)
    var order = draws.order(classes.count)
    order.sort { (classes[$0], 0) < (classes[$1], 0) }
    return folded(
      count: classes.count, parts: order.enumerated().map { ($0.offset % folds, $0.element) }, folds
    )
  }

  /// Folds in which all samples of a group (a patient) stay together.
  ///
  /// Groups are dealt largest first to the fold with the fewest samples; the seed breaks ties
  /// between groups of equal size.
  ///
  /// - Precondition: 2 ≤ `folds` ≤ the count of distinct groups.
  public static func grouped<Group: Hashable & Comparable>(
    by groups: [Group], folds: Int, seed: UInt64
  ) -> [Fold] {
    var members: [Group: [Int]] = [:]
    for (index, group) in groups.enumerated() { members[group, default: []].append(index) }
    precondition(folds >= 2 && folds <= members.count, "\(folds) folds of \(members.count) groups")
    var draws = SeededDraws(seed: seed, 0x6209)
    let names = members.keys.sorted()
    let shuffled = draws.order(names.count).map { names[$0] }
    // `sort` is stable, so groups of equal size keep the shuffled order.
    let ordered = shuffled.sorted { (members[$0]?.count ?? 0) > (members[$1]?.count ?? 0) }
    var sizes = [Int](repeating: 0, count: folds)
    var parts: [(Int, Int)] = []
    for group in ordered {
      let smallest = sizes.indices.min { (sizes[$0], $0) < (sizes[$1], $1) } ?? 0
      let own = members[group] ?? []
      sizes[smallest] += own.count
      parts += own.map { (smallest, $0) }
    }
    return folded(count: groups.count, parts: parts, folds)
  }

  /// One split with about `fraction` of the samples held out.
  ///
  /// Samples of one patient may fall on both sides: see ``grouped(by:folds:seed:)`` for those.
  public static func random(count: Int, heldOut fraction: Double, seed: UInt64) -> Fold {
    precondition(fraction > 0 && fraction < 1, "a held-out fraction of \(fraction)")
    var draws = SeededDraws(seed: seed, 0x4A1F)
    let order = draws.order(count)
    let size = Int((Double(count) * fraction).rounded())
    return Fold(training: order[size...].sorted(), heldOut: order[..<size].sorted())
  }

  private static func folded(count: Int, parts: [(fold: Int, index: Int)], _ folds: Int) -> [Fold] {
    var fold = [Int](repeating: 0, count: count)
    for part in parts { fold[part.index] = part.fold }
    return (0..<folds).map { own in
      Fold(
        training: fold.indices.filter { fold[$0] != own },
        heldOut: fold.indices.filter { fold[$0] == own })
    }
  }
}

// Identifiers as consecutive numbers.

/// Numbers 0… for identifiers, in their ascending order.
struct IDIndex {
  /// Ascending, each once.
  let ids: [Int]
  /// Numbers by distance from the lowest identifier, −1 where there is none; empty when the
  /// identifiers lie too far apart.
  private let table: [Int32]
  private let sparse: [Int: Int32]

  init(_ all: [Int]) {
    let lowest = all.min() ?? 0
    let (span, overflow) = (all.max() ?? 0).subtractingReportingOverflow(lowest)
    guard !overflow, span < 4 * all.count + 1024 else {
      ids = Set(all).sorted()
      table = []
      sparse = Dictionary(uniqueKeysWithValues: zip(ids, 0...))
      return
    }
    var table = [Int32](repeating: -1, count: span + 1)
    for id in all { table[id - lowest] = 0 }
    var ids: [Int] = []
    for slot in table.indices where table[slot] == 0 {
      table[slot] = Int32(truncatingIfNeeded: ids.count)
      ids.append(lowest + slot)
    }
    self.ids = ids
    self.table = table
    sparse = [:]
  }

  /// The number of an identifier, −1 when it has none.
  @inline(__always)
  func number(_ id: Int) -> Int {
    guard !table.isEmpty, let lowest = ids.first else { return Int(sparse[id] ?? -1) }
    let (slot, overflow) = id.subtractingReportingOverflow(lowest)
    return !overflow && slot >= 0 && slot < table.count ? Int(table[slot]) : -1
  }
}

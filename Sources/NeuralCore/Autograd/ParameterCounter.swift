// Numbers that no two parameters share.

import Synchronization

enum ParameterCounter {
  private static let last = Atomic<Int>(0)

  static func next() -> Int { last.add(1, ordering: .relaxed).newValue }
}

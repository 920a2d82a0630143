// Independent pieces of work on all cores.

internal import Dispatch
internal import Synchronization

/// Runs independent pieces of work side by side.
enum Parallel {
  /// Calls `body` for every index below `count`, from as many threads as the machine has cores.
  ///
  /// Every index is called whatever happens to the others; the error of the lowest failing index is
  /// thrown, so that the outcome does not depend on the threads.
  static func forEach(
    _ count: Int, isSerial: Bool, _ body: @Sendable (Int) throws(VolumeError) -> Void
  ) throws(VolumeError) {
    guard count > 1, !isSerial else {
      for index in 0..<count { try body(index) }
      return
    }
    let lowest = Mutex<(index: Int, error: VolumeError)?>(nil)
    DispatchQueue.concurrentPerform(iterations: count) { index in
      do throws(VolumeError) {
        try body(index)
      } catch {
        lowest.withLock { known in
          if known.map({ index < $0.index }) ?? true { known = (index, error) }
        }
      }
    }
    if let first = lowest.withLock({ $0 }) { throw first.error }
  }
}

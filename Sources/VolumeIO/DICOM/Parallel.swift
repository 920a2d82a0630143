// Independent pieces of work on all cores.

internal import Dispatch

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
    let failures = Failures()
    DispatchQueue.concurrentPerform(iterations: count) { index in
      do throws(VolumeError) {
        try body(index)
      } catch {
        failures.add(error, index)
      }
    }
    if let first = failures.first { throw first }
  }

  private final class Failures: Sendable {
    private let queue = DispatchQueue(label: "VolumeIO.failures")
    private nonisolated(unsafe) var lowest: (index: Int, error: VolumeError)?

    func add(_ error: VolumeError, _ index: Int) {
      queue.sync {
        if let there = unsafe lowest, there.index < index { return }
        unsafe lowest = (index, error)
      }
    }

    var first: VolumeError? { queue.sync { unsafe lowest?.error } }
  }
}

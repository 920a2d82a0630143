// The planes of the last frame, for the next one of the same size.

internal import Synchronization

/// Memory of planes that is used again.
///
/// The slices of a series have one size: taking fresh memory for each costs a fifth of the time, most of
/// it in the system's page faults. At most one array of each type is kept, of `mostSamples` at most.
struct JPEGSparePlanes<Sample: JPEGSample>: ~Copyable, Sendable {
  private let kept = Mutex<[Sample]>([])

  private static var mostSamples: Int { 1 << 22 }

  /// So many zeros.
  func take(_ count: Int) -> [Sample] {
    var samples = kept.withLock { kept in
      let samples = kept.count == count ? kept : []
      if !samples.isEmpty { kept = [] }
      return samples
    }
    guard samples.count == count else { return [Sample](repeating: 0, count: count) }
    var all = samples.mutableSpan
    all.update(repeating: 0)
    return samples
  }

  /// Keeps memory that nobody needs any more.
  func keep(_ samples: consuming [Sample]) {
    guard samples.count <= Self.mostSamples else { return }
    kept.withLock { [samples] in $0 = samples }
  }
}

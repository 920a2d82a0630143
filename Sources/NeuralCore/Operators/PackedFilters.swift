// Filters packed at their first use and kept.

import CNeuralKernels
import Synchronization

/// Packed filters, one set for each algorithm that has been used.
final class PackedFilters: Sendable {
  private struct Key: Hashable {
    let algorithm: UInt32
    let instructionSet: String
  }

  private let kept = Mutex<[Key: Tensor]>([:])

  /// The filters as `algorithm` reads them.
  func filters(_ algorithm: nk_conv_algorithm, _ description: nk_conv, _ filters: Tensor) -> Tensor
  {
    let key = Key(algorithm: algorithm.rawValue, instructionSet: Threads.instructionSet)
    return kept.withLock { kept in
      if let found = kept[key] { return found }
      var description = description
      let bytes = unsafe nk_conv_packed_size(&description, algorithm)
      let source = filters.contiguous()
      let packed = Tensor(uninitialized: [bytes / 4])
      unsafe nk_conv_pack(&description, algorithm, source.floats, packed.floats)
      withExtendedLifetime(source.storage) {}
      kept[key] = packed
      return packed
    }
  }
}

// Filters packed at their first use and kept.

import CNeuralKernels
import Synchronization

/// Packed filters, one set for each algorithm that has been used.
final class PackedFilters: Sendable {
  private struct Key: Hashable {
    let algorithm: UInt32
    let isLast: Bool
    /// The name's address: each instruction set has one.
    let instructionSet: UInt
  }

  private let kept = Mutex<[Key: Tensor]>([:])

  /// The filters as `algorithm` reads them.
  func filters(
    _ algorithm: nk_conv_algorithm, _ description: nk_conv, _ isLast: Bool = false,
    _ filters: () -> Tensor
  ) -> Tensor {
    // With channels innermost the order is the same for every instruction set.
    let key = Key(
      algorithm: algorithm.rawValue, isLast: isLast,
      instructionSet: isLast ? 0 : unsafe UInt(bitPattern: nk_isa()))
    return kept.withLock { kept in
      if let found = kept[key] { return found }
      var description = description
      let bytes =
        unsafe isLast
        ? nk_channels_packed_size(&description, algorithm)
        : nk_conv_packed_size(&description, algorithm)
      let packed = Tensor(uninitialized: [bytes / 4])
      Threads.whole {
        let source = filters().contiguous()
        if isLast {
          unsafe nk_channels_pack(&description, algorithm, source.floats, packed.floats)
        } else {
          unsafe nk_conv_pack(&description, algorithm, source.floats, packed.floats)
        }
        withExtendedLifetime(source.storage) {}
      }
      kept[key] = packed
      return packed
    }
  }
}

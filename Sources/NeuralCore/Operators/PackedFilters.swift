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

  /// The filters as `algorithm` reads them, each times its `scale`.
  func filters(
    _ algorithm: nk_conv_algorithm, _ description: nk_conv, _ isLast: Bool = false,
    scale: Tensor? = nil, _ filters: () -> Tensor
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
        var source = filters().contiguous()
        let scale = scale?.contiguous()
        if isLast {
          unsafe nk_channels_pack(
            &description, algorithm, source.floats,
            scale.map { unsafe UnsafePointer($0.floats) }, packed.floats)
        } else {
          if let scale {
            source = source * scale.reshaped([-1] + [Int](repeating: 1, count: source.rank - 1))
          }
          unsafe nk_conv_pack(&description, algorithm, source.floats, packed.floats)
        }
        withExtendedLifetime((source.storage, scale?.storage)) {}
      }
      kept[key] = packed
      return packed
    }
  }
}

// What the tensors' memory is doing.

import CNeuralKernels

/// The memory that tensors and kernels live in.
///
/// Freed blocks are kept and handed out again: a forward pass that repeats with the same shapes asks
/// the system for nothing.
public enum Arena {
  /// Bytes in use now.
  public static var bytesInUse: Int { nk_arena_read().live }
  /// The most bytes in use at once since the last ``resetPeak()``.
  public static var peakBytes: Int { nk_arena_read().peak }
  /// Bytes that are kept for reuse.
  public static var idleBytes: Int { nk_arena_read().idle }
  /// How many blocks the system has been asked for so far.
  public static var systemBlocks: Int { nk_arena_read().system_blocks }

  /// Sets ``peakBytes`` to ``bytesInUse``.
  public static func resetPeak() { nk_arena_reset_peak() }
  /// Gives every block that is kept for reuse back to the system.
  public static func trim() { nk_arena_trim() }
}

// The bytes behind a tensor: counted by reference, taken from the arena and given back to it.

import CNeuralKernels

/// The bytes that one or more tensors look at.
///
/// Bytes are written only while exactly one tensor holds the storage (copy on write), which is
/// what makes sharing it between threads sound.
@safe package final class TensorStorage: Sendable {
  /// The first byte; aligned to 64 when the arena made it.
  nonisolated(unsafe) package let base: UnsafeMutableRawPointer
  package let byteCount: Int
  /// Keeps memory alive that is not the arena's, such as a mapped file.
  private let owner: (any AnyObject & Sendable)?

  /// Memory of the arena whose content is arbitrary.
  package init(byteCount: Int) {
    precondition(byteCount >= 0, "storage of \(byteCount) bytes")
    guard let base = unsafe nk_arena_take(byteCount) else {
      preconditionFailure("out of memory: \(byteCount) bytes for a tensor")
    }
    unsafe self.base = base
    self.byteCount = byteCount
    owner = nil
  }

  /// Read-only memory that `owner` keeps alive: a mapped file, another library's buffer.
  package init(
    readOnly base: UnsafeRawPointer, byteCount: Int, owner: any AnyObject & Sendable
  ) {
    unsafe self.base = UnsafeMutableRawPointer(mutating: base)
    self.byteCount = byteCount
    self.owner = owner
  }

  /// Whether the bytes may be written in place.
  package var isWritable: Bool { owner == nil }

  deinit {
    if owner == nil { unsafe nk_arena_give(base, byteCount) }
  }
}

extension Tensor {
  /// Gives memory that no tensor uses back to the system. Otherwise it is kept for the next tensors:
  /// as much as was ever in use at once.
  public static func releaseIdleMemory() { nk_arena_trim() }
}

// What a layer works out from its parameters for inference and keeps.

import Synchronization

/// A value made from tensors, kept until one of them changes.
///
/// The tensors are held, so writing to one of them copies it (copy on write): the same storage means
/// the same numbers. Copies of a layer share what is kept.
final class Derived<Value: Sendable>: Sendable {
  private let kept = Mutex<(sources: [Tensor], value: Value)?>(nil)

  /// The value for `sources`, made now where they are not those of the last call.
  func value(from sources: [Tensor], _ make: () -> Value) -> Value {
    let found = kept.withLock { kept -> Value? in
      guard let kept, kept.sources.elementsEqual(sources, by: { $0.isSameView(as: $1) }) else {
        return nil
      }
      return kept.value
    }
    if let found { return found }
    let made = Threads.whole(make)
    kept.withLock { $0 = (sources, made) }
    return made
  }
}

extension Tensor {
  /// Whether both look at the same elements of the same memory.
  fileprivate func isSameView(as other: Tensor) -> Bool {
    storage === other.storage && offset == other.offset && shape == other.shape
      && strides == other.strides && elementType == other.elementType
  }
}

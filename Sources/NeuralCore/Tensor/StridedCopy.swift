// Copies between views of any strides.

import CNeuralKernels

enum StridedCopy {
  /// Copies every element of `source` to the same index of `target`.
  ///
  /// - Precondition: Equal shapes and element types; nobody else looks at `target`.
  static func run(from source: Tensor, to target: Tensor) {
    precondition(
      source.shape == target.shape && source.elementType == target.elementType,
      "copy: \(source.shape) \(source.elementType) to \(target.shape) \(target.elementType)")
    if source.count == 0 { return }
    let size = source.elementType.byteCount
    unsafe nk_copy(
      target.storage.base + target.offset * size, target.strides,
      source.storage.base + source.offset * size, source.strides,
      source.shape, source.rank, size)
    withExtendedLifetime((source.storage, target.storage)) {}
  }
}

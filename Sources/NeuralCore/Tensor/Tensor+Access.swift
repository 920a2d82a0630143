// Reading and writing elements.

extension Tensor {
  /// The elements as `Float`, in order, whatever type is stored.
  public var scalars: [Float] {
    let values = converted(to: .float32)
    return values.array(of: Float.self)
  }

  /// The elements in order, as the type that is stored.
  ///
  /// - Precondition: `Element` is the stored type.
  public func array<Element: TensorElement>(of type: Element.Type = Element.self) -> [Element] {
    unsafe withUnsafeElements(of: type) { unsafe Array($0) }
  }

  /// The only element, as `Float`.
  ///
  /// - Precondition: There is exactly one.
  public var scalar: Float {
    precondition(count == 1, "scalar: shape \(shape) holds \(count) elements")
    return scalars[0]
  }

  /// One `float32` element.
  ///
  /// - Precondition: One index for every axis, each within it; the type is `float32`.
  /// - Complexity: O(rank); the first write after a copy copies all elements.
  public subscript(index: Int...) -> Float {
    get {
      let at = position(of: index)
      precondition(elementType == .float32, "subscript: \(elementType)")
      return unsafe storage.base.load(fromByteOffset: 4 * at, as: Float.self)
    }
    set {
      precondition(elementType == .float32, "subscript: \(elementType)")
      makeWritable()
      let at = position(of: index)
      unsafe storage.base.storeBytes(of: newValue, toByteOffset: 4 * at, as: Float.self)
    }
  }

  private func position(of index: [Int]) -> Int {
    precondition(index.count == rank, "subscript: \(index) of shape \(shape)")
    var at = offset
    for axis in 0..<rank {
      precondition(
        index[axis] >= 0 && index[axis] < shape[axis], "subscript: \(index) of shape \(shape)")
      at += index[axis] * strides[axis]
    }
    return at
  }

  /// The same elements, one after another in memory: `self` when they already are.
  public func contiguous() -> Tensor {
    if isContiguous { return self }
    return isChannelsLast && elementType == .float32 ? channelsFirst() : copied()
  }

  /// A copy with memory of its own, contiguous.
  package func copied() -> Tensor {
    let result = Tensor(uninitialized: shape, elementType)
    StridedCopy.run(from: self, to: result)
    return result
  }

  /// Makes the storage contiguous and this tensor's alone.
  package mutating func makeWritable() {
    if !isKnownUniquelyReferenced(&storage) || !storage.isWritable || !isContiguous
      || Shape.strides(shape) != strides
    {
      self = copied()
    }
  }

  /// The elements in memory, in order; a copy is made first when they do not lie so.
  package func withUnsafeElements<Element: TensorElement, Result>(
    of type: Element.Type, _ body: (UnsafeBufferPointer<Element>) throws -> Result
  ) rethrows -> Result {
    precondition(
      Element.elementType == elementType, "elements of \(elementType) read as \(type)")
    let dense = contiguous()
    return try withExtendedLifetime(dense.storage) {
      let start = unsafe (dense.storage.base + dense.offset * elementType.byteCount)
        .assumingMemoryBound(to: Element.self)
      return try unsafe body(UnsafeBufferPointer(start: start, count: dense.count))
    }
  }

  /// The `float32` elements in memory, in order.
  package func withUnsafeFloats<Result>(
    _ body: (UnsafeBufferPointer<Float>) throws -> Result
  ) rethrows -> Result {
    try unsafe withUnsafeElements(of: Float.self, body)
  }

  /// The elements in memory, to be written; made this tensor's alone first.
  package mutating func withUnsafeMutableElements<Element: TensorElement, Result>(
    of type: Element.Type, _ body: (UnsafeMutableBufferPointer<Element>) throws -> Result
  ) rethrows -> Result {
    precondition(
      Element.elementType == elementType, "elements of \(elementType) written as \(type)")
    makeWritable()
    return try unsafe body(mutableElements(of: type))
  }

  /// The `float32` elements in memory, to be written.
  package mutating func withUnsafeMutableFloats<Result>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws -> Result
  ) rethrows -> Result {
    try unsafe withUnsafeMutableElements(of: Float.self, body)
  }

  /// The bytes of the elements in order.
  package func withUnsafeBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    let dense = contiguous()
    return try withExtendedLifetime(dense.storage) {
      let size = elementType.byteCount
      return try unsafe body(
        UnsafeRawBufferPointer(
          start: dense.storage.base + dense.offset * size, count: dense.count * size))
    }
  }

  /// The elements of a fresh, contiguous tensor that nobody else holds yet.
  func mutableElements<Element: TensorElement>(
    of type: Element.Type
  ) -> UnsafeMutableBufferPointer<Element> {
    unsafe UnsafeMutableBufferPointer(
      start: (storage.base + offset * MemoryLayout<Element>.stride)
        .assumingMemoryBound(to: Element.self), count: count)
  }

  /// Where a contiguous `float32` tensor begins.
  var floats: UnsafeMutablePointer<Float> {
    unsafe (storage.base + offset * 4).assumingMemoryBound(to: Float.self)
  }
}

// An array with axes.

/// An array of numbers with any count of axes: a value that is copied when written.
///
/// Elements lie with the last axis fastest. Slices, transposes, broadcasts and most reshapes are
/// views: they share memory with what they were made from until one of the two is written.
///
/// ```swift
/// let x = Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3])
/// let y = (x * 2 + 1).matmul(x.transposed())
/// ```
///
/// A shape that an operator cannot take is the caller's mistake and traps with the shapes and the
/// operator's name.
public struct Tensor: Sendable {
  package var storage: TensorStorage
  /// The type of the elements.
  public let elementType: ElementType
  /// The count of elements along each axis; empty for a scalar.
  public let shape: [Int]
  /// The distance in elements between neighbours along each axis; 0 where broadcast.
  package let strides: [Int]
  /// The element of the storage at index zero of every axis.
  package let offset: Int

  package init(
    storage: TensorStorage, elementType: ElementType, shape: [Int], strides: [Int], offset: Int
  ) {
    self.storage = storage
    self.elementType = elementType
    self.shape = shape
    self.strides = strides
    self.offset = offset
  }

  /// A tensor with arbitrary content that the caller will fill.
  package init(uninitialized shape: [Int], _ elementType: ElementType = .float32) {
    let count = Shape.count(shape)
    self.init(
      storage: TensorStorage(byteCount: count * elementType.byteCount), elementType: elementType,
      shape: shape, strides: Shape.strides(shape), offset: 0)
  }

  /// A tensor over memory that `owner` keeps alive and nobody writes.
  ///
  /// - Precondition: `base` is aligned for `elementType` and holds as many elements as `shape`.
  package init(
    readOnly base: UnsafeRawPointer, _ elementType: ElementType, shape: [Int],
    owner: any AnyObject & Sendable
  ) {
    let bytes = Shape.count(shape) * elementType.byteCount
    self.init(
      storage: unsafe TensorStorage(readOnly: base, byteCount: bytes, owner: owner),
      elementType: elementType, shape: shape, strides: Shape.strides(shape), offset: 0)
  }

  /// Numbers with a shape, the last axis fastest.
  ///
  /// - Precondition: `values` holds the product of `shape`.
  public init(_ values: [Float], shape: [Int]) {
    self.init(of: values, shape: shape)
  }

  /// Elements of any stored type with a shape, the last axis fastest.
  ///
  /// - Precondition: `values` holds the product of `shape`.
  public init<Element: TensorElement>(of values: [Element], shape: [Int]) {
    precondition(
      values.count == Shape.count(shape), "Tensor: \(values.count) values for shape \(shape)")
    self.init(uninitialized: shape, Element.elementType)
    unsafe values.withUnsafeBytes { source in
      if let from = source.baseAddress, source.count > 0 {
        unsafe storage.base.copyMemory(from: from, byteCount: source.count)
      }
    }
  }

  /// 16-bit patterns of `float16` or `bfloat16` numbers.
  ///
  /// - Precondition: `type` is one of the two, and `bits` holds the product of `shape`.
  public init(bits: [UInt16], _ type: ElementType, shape: [Int]) {
    precondition(type == .float16 || type == .bfloat16, "Tensor(bits:): \(type)")
    precondition(
      bits.count == Shape.count(shape), "Tensor: \(bits.count) values for shape \(shape)")
    self.init(uninitialized: shape, type)
    unsafe bits.withUnsafeBytes { source in
      if let from = source.baseAddress, source.count > 0 {
        unsafe storage.base.copyMemory(from: from, byteCount: source.count)
      }
    }
  }

  /// One number, without axes.
  public init(_ value: Float) {
    self.init([value], shape: [])
  }

  /// The count of axes.
  public var rank: Int { shape.count }

  /// The count of elements.
  public var count: Int { Shape.count(shape) }

  /// Whether the elements lie one after another, the last axis fastest.
  public var isContiguous: Bool { Shape.isContiguous(shape, strides) }
}

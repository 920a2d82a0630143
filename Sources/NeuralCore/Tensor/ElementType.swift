// What one element of a tensor is, and the Swift types that stand for it.

/// The stored type of a tensor's elements.
///
/// `float32` is the type that every operator takes. `float64` is taken by the arithmetic,
/// the reductions and the reference operators, so that gradients can be checked against finite
/// differences. `float16`, `bfloat16` and `int8` are for storage and for the paths that say so;
/// integers and booleans are indices, labels and masks.
public enum ElementType: String, Sendable, Hashable, CaseIterable {
  case float32, float64, float16, bfloat16, int8, uint8, int32, int64, bool

  /// Bytes of one element.
  public var byteCount: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .float16, .bfloat16: 2
    case .int8, .uint8, .bool: 1
    }
  }

  /// Whether the type is a binary floating-point format.
  public var isFloatingPoint: Bool {
    switch self {
    case .float32, .float64, .float16, .bfloat16: true
    case .int8, .uint8, .int32, .int64, .bool: false
    }
  }
}

/// A Swift type whose values a tensor can hold as they are.
public protocol TensorElement: BitwiseCopyable, Sendable {
  /// The tensor type that stores this Swift type.
  static var elementType: ElementType { get }
}

extension Float: TensorElement { public static var elementType: ElementType { .float32 } }
extension Double: TensorElement { public static var elementType: ElementType { .float64 } }
extension Int8: TensorElement { public static var elementType: ElementType { .int8 } }
extension UInt8: TensorElement { public static var elementType: ElementType { .uint8 } }
extension Int32: TensorElement { public static var elementType: ElementType { .int32 } }
extension Int64: TensorElement { public static var elementType: ElementType { .int64 } }
extension Bool: TensorElement { public static var elementType: ElementType { .bool } }

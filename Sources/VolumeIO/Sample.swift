/// A number that a volume can store: the ten types of `SampleType`.
public protocol Sample: Numeric, Comparable, Hashable, Sendable, BitwiseCopyable {
  /// The case of `SampleType` that names this type.
  static var sampleType: SampleType { get }

  /// The value as a double; 64-bit integers beyond 2⁵³ round.
  var doubleValue: Double { get }

  /// The value as a float; integers beyond 2²⁴ round.
  var floatValue: Float { get }

  /// The nearest value of this type: halves go to even, values out of range to the ends, NaN of an
  /// integer type to 0.
  init(nearest value: Double)

  /// The bits of the value: an integer's extended to 64 by its sign, a floating-point number's own.
  var bits: UInt64 { get }

  /// The value with its bytes in the other order.
  var swapped: Self { get }

  /// The array in its case of `Samples`.
  static func samples(_ array: [Self]) -> Samples
}

extension Sample where Self: FixedWidthInteger {
  @inlinable public var doubleValue: Double { Double(self) }
  @inlinable public var floatValue: Float { Float(self) }
  @inlinable public var swapped: Self { byteSwapped }
  @inlinable public var bits: UInt64 { UInt64(truncatingIfNeeded: self) }

  public init(nearest value: Double) {
    guard !value.isNaN else {
      self = 0
      return
    }
    let rounded = value.rounded(.toNearestOrEven)
    if rounded <= Double(Self.min) {
      self = .min
    } else if rounded >= Double(Self.max) {
      self = .max
    } else {
      self = Self(rounded)
    }
  }
}

extension UInt8: Sample {
  public static var sampleType: SampleType { .uint8 }
  public static func samples(_ array: [Self]) -> Samples { .uint8(array) }
}

extension Int8: Sample {
  public static var sampleType: SampleType { .int8 }
  public static func samples(_ array: [Self]) -> Samples { .int8(array) }
}

extension UInt16: Sample {
  public static var sampleType: SampleType { .uint16 }
  public static func samples(_ array: [Self]) -> Samples { .uint16(array) }
}

extension Int16: Sample {
  public static var sampleType: SampleType { .int16 }
  public static func samples(_ array: [Self]) -> Samples { .int16(array) }
}

extension UInt32: Sample {
  public static var sampleType: SampleType { .uint32 }
  public static func samples(_ array: [Self]) -> Samples { .uint32(array) }
}

extension Int32: Sample {
  public static var sampleType: SampleType { .int32 }
  public static func samples(_ array: [Self]) -> Samples { .int32(array) }
}

extension UInt64: Sample {
  public static var sampleType: SampleType { .uint64 }
  public static func samples(_ array: [Self]) -> Samples { .uint64(array) }
}

extension Int64: Sample {
  public static var sampleType: SampleType { .int64 }
  public static func samples(_ array: [Self]) -> Samples { .int64(array) }
}

extension Float: Sample {
  public static var sampleType: SampleType { .float32 }
  public static func samples(_ array: [Self]) -> Samples { .float32(array) }
  @inlinable public var doubleValue: Double { Double(self) }
  @inlinable public var floatValue: Float { self }
  @inlinable public var swapped: Self { Float(bitPattern: bitPattern.byteSwapped) }
  @inlinable public var bits: UInt64 { UInt64(bitPattern) }
  public init(nearest value: Double) { self = Float(value) }
}

extension Double: Sample {
  public static var sampleType: SampleType { .float64 }
  public static func samples(_ array: [Self]) -> Samples { .float64(array) }
  @inlinable public var doubleValue: Double { self }
  @inlinable public var floatValue: Float { Float(self) }
  @inlinable public var swapped: Self { Double(bitPattern: bitPattern.byteSwapped) }
  @inlinable public var bits: UInt64 { bitPattern }
  public init(nearest value: Double) { self = value }
}

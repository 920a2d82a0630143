internal import VolumeIO

/// A type in which a volume stores its samples.
protocol StoredSample: SIMDScalar, Codable, Hashable, Sendable {
  var asDouble: Double { get }
  /// Every bit pattern's count of table entries, 256 or 65,536; nil for wider types.
  static var tableSize: Int? { get }
  /// The bit pattern as an index of such a table.
  var tableIndex: Int { get }
  static func stored(tableIndex: Int) -> Self
  /// Levels of a slice, top row first, in place of what `levels` held.
  static func levels(
    of samples: [Self], at layout: SliceLayout, shader: Shader, volume: Volume,
    into levels: inout [UInt8])
  /// Red, green and blue of a slice, interleaved, in place of what `levels` held.
  static func colors(
    of samples: [Self], at layout: SliceLayout, shaders: [Shader], volume: Volume,
    into levels: inout [UInt8])
}

/// A stored type so narrow that a table holds the level of each of its values.
protocol TableSample: StoredSample, FixedWidthInteger {}

extension StoredSample {
  static var tableSize: Int? { nil }
  var tableIndex: Int { 0 }
}

extension UInt8: TableSample {
  @inline(__always) var asDouble: Double { Double(self) }
  static var tableSize: Int? { 256 }
  @inline(__always) var tableIndex: Int { Int(self) }
  static func stored(tableIndex: Int) -> UInt8 { UInt8(truncatingIfNeeded: tableIndex) }
}

extension Int8: TableSample {
  @inline(__always) var asDouble: Double { Double(self) }
  static var tableSize: Int? { 256 }
  @inline(__always) var tableIndex: Int { Int(UInt8(bitPattern: self)) }
  static func stored(tableIndex: Int) -> Int8 { Int8(truncatingIfNeeded: tableIndex) }
}

extension UInt16: TableSample {
  @inline(__always) var asDouble: Double { Double(self) }
  static var tableSize: Int? { 65_536 }
  @inline(__always) var tableIndex: Int { Int(self) }
  static func stored(tableIndex: Int) -> UInt16 { UInt16(truncatingIfNeeded: tableIndex) }
}

extension Int16: TableSample {
  @inline(__always) var asDouble: Double { Double(self) }
  static var tableSize: Int? { 65_536 }
  @inline(__always) var tableIndex: Int { Int(UInt16(bitPattern: self)) }
  static func stored(tableIndex: Int) -> Int16 { Int16(truncatingIfNeeded: tableIndex) }
}

extension UInt32: StoredSample {
  @inline(__always) var asDouble: Double { Double(self) }
  static func stored(tableIndex: Int) -> UInt32 { UInt32(truncatingIfNeeded: tableIndex) }
}

extension Int32: StoredSample {
  @inline(__always) var asDouble: Double { Double(self) }
  static func stored(tableIndex: Int) -> Int32 { Int32(truncatingIfNeeded: tableIndex) }
}

extension UInt64: StoredSample {
  @inline(__always) var asDouble: Double { Double(self) }
  static func stored(tableIndex: Int) -> UInt64 { UInt64(truncatingIfNeeded: tableIndex) }
}

extension Int64: StoredSample {
  @inline(__always) var asDouble: Double { Double(self) }
  static func stored(tableIndex: Int) -> Int64 { Int64(tableIndex) }
}

extension Float: StoredSample {
  @inline(__always) var asDouble: Double { Double(self) }
  static func stored(tableIndex: Int) -> Float { Float(tableIndex) }
}

extension Double: StoredSample {
  @inline(__always) var asDouble: Double { self }
  static func stored(tableIndex: Int) -> Double { Double(tableIndex) }
}

/// Work on stored samples of any type, to be run once with the type known.
protocol SampleVisitor {
  associatedtype Result
  mutating func visit<Sample: StoredSample>(_ samples: [Sample]) throws(WindowingError) -> Result
}

extension Samples {
  /// Runs the visitor's code with the samples in their stored type.
  func accept<V: SampleVisitor>(_ visitor: inout V) throws(WindowingError) -> V.Result {
    switch self {
    case .uint8(let s): try visitor.visit(s)
    case .int8(let s): try visitor.visit(s)
    case .uint16(let s): try visitor.visit(s)
    case .int16(let s): try visitor.visit(s)
    case .uint32(let s): try visitor.visit(s)
    case .int32(let s): try visitor.visit(s)
    case .uint64(let s): try visitor.visit(s)
    case .int64(let s): try visitor.visit(s)
    case .float32(let s): try visitor.visit(s)
    case .float64(let s): try visitor.visit(s)
    }
  }
}

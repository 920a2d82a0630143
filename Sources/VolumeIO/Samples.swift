/// Stored samples in their own type, before any rescale.
public enum Samples: Sendable, Hashable {
  case uint8([UInt8])
  case int8([Int8])
  case uint16([UInt16])
  case int16([Int16])
  case uint32([UInt32])
  case int32([Int32])
  case uint64([UInt64])
  case int64([Int64])
  case float32([Float])
  case float64([Double])

  /// The number of stored values.
  public var count: Int {
    switch self {
    case .uint8(let s): s.count
    case .int8(let s): s.count
    case .uint16(let s): s.count
    case .int16(let s): s.count
    case .uint32(let s): s.count
    case .int32(let s): s.count
    case .uint64(let s): s.count
    case .int64(let s): s.count
    case .float32(let s): s.count
    case .float64(let s): s.count
    }
  }

  public var type: SampleType {
    switch self {
    case .uint8: .uint8
    case .int8: .int8
    case .uint16: .uint16
    case .int16: .int16
    case .uint32: .uint32
    case .int32: .int32
    case .uint64: .uint64
    case .int64: .int64
    case .float32: .float32
    case .float64: .float64
    }
  }
}

/// The type of a stored sample.
public enum SampleType: String, Sendable, Hashable, Codable, CaseIterable {
  case uint8, int8, uint16, int16, uint32, int32, uint64, int64, float32, float64

  /// Bytes a sample.
  public var size: Int {
    switch self {
    case .uint8, .int8: 1
    case .uint16, .int16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    }
  }

  public var isFloatingPoint: Bool { self == .float32 || self == .float64 }
}

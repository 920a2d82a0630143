// NIfTI's and Analyze's codes for the type of a voxel.
// Source: nifti1.h, https://nifti.nimh.nih.gov/pub/dist/src/niftilib/nifti1.h, field `datatype`.

/// The type of a voxel in a NIfTI file.
public struct NIfTIDataType: Sendable, Hashable, RawRepresentable, CustomStringConvertible {
  /// The `DT_…` code.
  public let rawValue: Int

  public init(rawValue: Int) { self.rawValue = rawValue }

  public static let binary = NIfTIDataType(rawValue: 1)
  public static let uint8 = NIfTIDataType(rawValue: 2)
  public static let int16 = NIfTIDataType(rawValue: 4)
  public static let int32 = NIfTIDataType(rawValue: 8)
  public static let float32 = NIfTIDataType(rawValue: 16)
  public static let complex64 = NIfTIDataType(rawValue: 32)
  public static let float64 = NIfTIDataType(rawValue: 64)
  public static let rgb24 = NIfTIDataType(rawValue: 128)
  public static let int8 = NIfTIDataType(rawValue: 256)
  public static let uint16 = NIfTIDataType(rawValue: 512)
  public static let uint32 = NIfTIDataType(rawValue: 768)
  public static let int64 = NIfTIDataType(rawValue: 1024)
  public static let uint64 = NIfTIDataType(rawValue: 1280)
  public static let float128 = NIfTIDataType(rawValue: 1536)
  public static let complex128 = NIfTIDataType(rawValue: 1792)
  public static let complex256 = NIfTIDataType(rawValue: 2048)
  public static let rgba32 = NIfTIDataType(rawValue: 2304)

  /// How the voxel decodes; nil for a code that the standard does not list.
  package var layout: (encoding: SampleEncoding, components: Int, kind: Volume.Components)? {
    switch self {
    case .binary: (.bits, 1, .scalar)
    case .uint8: (.stored(.uint8), 1, .scalar)
    case .int16: (.stored(.int16), 1, .scalar)
    case .int32: (.stored(.int32), 1, .scalar)
    case .float32: (.stored(.float32), 1, .scalar)
    case .complex64: (.stored(.float32), 2, .complex)
    case .float64: (.stored(.float64), 1, .scalar)
    case .rgb24: (.stored(.uint8), 3, .rgb)
    case .int8: (.stored(.int8), 1, .scalar)
    case .uint16: (.stored(.uint16), 1, .scalar)
    case .uint32: (.stored(.uint32), 1, .scalar)
    case .int64: (.stored(.int64), 1, .scalar)
    case .uint64: (.stored(.uint64), 1, .scalar)
    case .float128: (.binary128, 1, .scalar)
    case .complex128: (.stored(.float64), 2, .complex)
    case .complex256: (.binary128, 2, .complex)
    case .rgba32: (.stored(.uint8), 4, .rgba)
    default: nil
    }
  }

  /// The code for a volume's samples; nil for vectors, which NIfTI stores along a fifth axis.
  package init?(_ type: SampleType, _ kind: Volume.Components, _ components: Int) {
    switch (kind, type, components) {
    case (.rgb, .uint8, 3): self = .rgb24
    case (.rgba, .uint8, 4): self = .rgba32
    case (.complex, .float32, 2): self = .complex64
    case (.complex, .float64, 2): self = .complex128
    case (_, _, 1):
      switch type {
      case .uint8: self = .uint8
      case .int8: self = .int8
      case .uint16: self = .uint16
      case .int16: self = .int16
      case .uint32: self = .uint32
      case .int32: self = .int32
      case .uint64: self = .uint64
      case .int64: self = .int64
      case .float32: self = .float32
      case .float64: self = .float64
      }
    default: return nil
    }
  }

  public var description: String { "datatype \(rawValue)" }
}

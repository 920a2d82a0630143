// Value representations: PS3.5, section 6.2.

/// The two-letter type of a data element's value.
public struct DICOMVR: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
  /// The first letter in the high byte, the second in the low one.
  public let rawValue: UInt16

  public init(rawValue: UInt16) { self.rawValue = rawValue }

  init(_ first: UInt8, _ second: UInt8) { rawValue = UInt16(first) << 8 | UInt16(second) }

  public var description: String {
    String(decoding: [UInt8(rawValue >> 8), UInt8(truncatingIfNeeded: rawValue)], as: UTF8.self)
  }

  public static let AE = DICOMVR(rawValue: 0x4145)
  public static let AS = DICOMVR(rawValue: 0x4153)
  public static let AT = DICOMVR(rawValue: 0x4154)
  public static let CS = DICOMVR(rawValue: 0x4353)
  public static let DA = DICOMVR(rawValue: 0x4441)
  public static let DS = DICOMVR(rawValue: 0x4453)
  public static let DT = DICOMVR(rawValue: 0x4454)
  public static let FD = DICOMVR(rawValue: 0x4644)
  public static let FL = DICOMVR(rawValue: 0x464C)
  public static let IS = DICOMVR(rawValue: 0x4953)
  public static let LO = DICOMVR(rawValue: 0x4C4F)
  public static let LT = DICOMVR(rawValue: 0x4C54)
  public static let OB = DICOMVR(rawValue: 0x4F42)
  public static let OD = DICOMVR(rawValue: 0x4F44)
  public static let OF = DICOMVR(rawValue: 0x4F46)
  public static let OL = DICOMVR(rawValue: 0x4F4C)
  public static let OV = DICOMVR(rawValue: 0x4F56)
  public static let OW = DICOMVR(rawValue: 0x4F57)
  public static let PN = DICOMVR(rawValue: 0x504E)
  public static let SH = DICOMVR(rawValue: 0x5348)
  public static let SL = DICOMVR(rawValue: 0x534C)
  public static let SQ = DICOMVR(rawValue: 0x5351)
  public static let SS = DICOMVR(rawValue: 0x5353)
  public static let ST = DICOMVR(rawValue: 0x5354)
  public static let SV = DICOMVR(rawValue: 0x5356)
  public static let TM = DICOMVR(rawValue: 0x544D)
  public static let UC = DICOMVR(rawValue: 0x5543)
  public static let UI = DICOMVR(rawValue: 0x5549)
  public static let UL = DICOMVR(rawValue: 0x554C)
  public static let UN = DICOMVR(rawValue: 0x554E)
  public static let UR = DICOMVR(rawValue: 0x5552)
  public static let US = DICOMVR(rawValue: 0x5553)
  public static let UT = DICOMVR(rawValue: 0x5554)
  public static let UV = DICOMVR(rawValue: 0x5556)

  /// The dictionary's choices: US or SS; OB or OW; US, SS or OW.
  static let XS = DICOMVR(rawValue: 0x5853)
  static let OX = DICOMVR(rawValue: 0x4F58)
  static let XO = DICOMVR(rawValue: 0x584F)

  /// Whether the two letters are one of the standard's.
  package var isKnown: Bool {
    switch self {
    case .AE, .AS, .AT, .CS, .DA, .DS, .DT, .FD, .FL, .IS, .LO, .LT, .OB, .OD, .OF, .OL, .OV,
      .OW, .PN, .SH, .SL, .SQ, .SS, .ST, .SV, .TM, .UC, .UI, .UL, .UN, .UR, .US, .UT, .UV:
      true
    default: false
    }
  }

  /// Whether an explicit header holds two reserved bytes and a 32-bit length (PS3.5, table 7.1-1).
  package var hasLongLength: Bool {
    switch self {
    case .OB, .OD, .OF, .OL, .OV, .OW, .SQ, .SV, .UC, .UN, .UR, .UT, .UV: true
    default: false
    }
  }

  /// Bytes of one number of a binary representation; 1 for text and unknown bytes.
  package var unit: Int {
    switch self {
    case .US, .SS, .OW, .AT: 2
    case .UL, .SL, .FL, .OF, .OL: 4
    case .FD, .OD, .OV, .SV, .UV: 8
    default: 1
    }
  }

  /// Whether values are text in the characters that (0008,0005) names.
  package var usesCharacterSet: Bool {
    switch self {
    case .LO, .LT, .PN, .SH, .ST, .UC, .UT: true
    default: false
    }
  }

  /// Whether values are text of any kind.
  package var isText: Bool {
    switch self {
    case .AE, .AS, .CS, .DA, .DS, .DT, .IS, .LO, .LT, .PN, .SH, .ST, .TM, .UC, .UI, .UR, .UT: true
    default: false
    }
  }

  /// Whether a backslash separates values.
  package var isMultivalued: Bool {
    switch self {
    case .LT, .ST, .UT, .UR: false
    default: isText
    }
  }
}

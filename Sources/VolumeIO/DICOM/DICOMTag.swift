// Tags of data elements: PS3.5, section 7.1; names from PS3.6.

/// The group and element numbers of a data element.
public struct DICOMTag: RawRepresentable, Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The group in the high 16 bits, the element in the low ones.
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public init(_ group: UInt16, _ element: UInt16) {
    rawValue = UInt32(group) << 16 | UInt32(element)
  }

  /// The tag of a keyword of PS3.6, such as `SliceThickness`; nil where the standard has none such.
  public init?(keyword: String) {
    guard let tag = DICOMDictionary.tag(of: keyword) else { return nil }
    self = tag
  }

  public var group: UInt16 { UInt16(rawValue >> 16) }
  public var element: UInt16 { UInt16(truncatingIfNeeded: rawValue) }

  /// Odd groups belong to vendors.
  public var isPrivate: Bool { group & 1 == 1 }

  /// The keyword of a standard element; nil for private ones.
  public var keyword: String? { DICOMDictionary.keyword(of: self) }

  public static func < (a: DICOMTag, b: DICOMTag) -> Bool { a.rawValue < b.rawValue }

  /// `(0028,0010) Rows`, or the numbers alone where the dictionary has no name.
  public var description: String {
    let number = "(\(Self.hex(group)),\(Self.hex(element)))"
    return keyword.map { number + " " + $0 } ?? number
  }

  private static func hex(_ value: UInt16) -> String {
    let digits = String(value, radix: 16, uppercase: true)
    return String(repeating: "0", count: 4 - digits.count) + digits
  }
}

extension DICOMTag {
  static let item = DICOMTag(0xFFFE, 0xE000)
  static let itemEnd = DICOMTag(0xFFFE, 0xE00D)
  static let sequenceEnd = DICOMTag(0xFFFE, 0xE0DD)

  public static let transferSyntaxUID = DICOMTag(0x0002, 0x0010)
  public static let specificCharacterSet = DICOMTag(0x0008, 0x0005)
  public static let imageType = DICOMTag(0x0008, 0x0008)
  public static let sopClassUID = DICOMTag(0x0008, 0x0016)
  public static let sopInstanceUID = DICOMTag(0x0008, 0x0018)
  public static let acquisitionTime = DICOMTag(0x0008, 0x0032)
  public static let contentTime = DICOMTag(0x0008, 0x0033)
  public static let modality = DICOMTag(0x0008, 0x0060)
  public static let studyDescription = DICOMTag(0x0008, 0x1030)
  public static let seriesDescription = DICOMTag(0x0008, 0x103E)
  public static let referencedSOPInstanceUID = DICOMTag(0x0008, 0x1155)
  public static let patientName = DICOMTag(0x0010, 0x0010)
  public static let patientID = DICOMTag(0x0010, 0x0020)
  public static let sliceThickness = DICOMTag(0x0018, 0x0050)
  public static let repetitionTime = DICOMTag(0x0018, 0x0080)
  public static let echoTime = DICOMTag(0x0018, 0x0081)
  public static let echoNumbers = DICOMTag(0x0018, 0x0086)
  public static let spacingBetweenSlices = DICOMTag(0x0018, 0x0088)
  public static let triggerTime = DICOMTag(0x0018, 0x1060)
  public static let gantryDetectorTilt = DICOMTag(0x0018, 0x1120)
  public static let imagerPixelSpacing = DICOMTag(0x0018, 0x1164)
  public static let diffusionBValue = DICOMTag(0x0018, 0x9087)
  public static let effectiveEchoTime = DICOMTag(0x0018, 0x9082)
  public static let studyInstanceUID = DICOMTag(0x0020, 0x000D)
  public static let seriesInstanceUID = DICOMTag(0x0020, 0x000E)
  public static let seriesNumber = DICOMTag(0x0020, 0x0011)
  public static let acquisitionNumber = DICOMTag(0x0020, 0x0012)
  public static let instanceNumber = DICOMTag(0x0020, 0x0013)
  public static let imagePosition = DICOMTag(0x0020, 0x0032)
  public static let imageOrientation = DICOMTag(0x0020, 0x0037)
  public static let frameOfReferenceUID = DICOMTag(0x0020, 0x0052)
  public static let temporalPosition = DICOMTag(0x0020, 0x0100)
  public static let sliceLocation = DICOMTag(0x0020, 0x1041)
  public static let stackID = DICOMTag(0x0020, 0x9056)
  public static let inStackPosition = DICOMTag(0x0020, 0x9057)
  public static let temporalPositionIndex = DICOMTag(0x0020, 0x9128)
  public static let dimensionIndexValues = DICOMTag(0x0020, 0x9157)
  public static let frameContentSequence = DICOMTag(0x0020, 0x9111)
  public static let planePositionSequence = DICOMTag(0x0020, 0x9113)
  public static let planeOrientationSequence = DICOMTag(0x0020, 0x9116)
  public static let samplesPerPixel = DICOMTag(0x0028, 0x0002)
  public static let photometricInterpretation = DICOMTag(0x0028, 0x0004)
  public static let planarConfiguration = DICOMTag(0x0028, 0x0006)
  public static let numberOfFrames = DICOMTag(0x0028, 0x0008)
  public static let rows = DICOMTag(0x0028, 0x0010)
  public static let columns = DICOMTag(0x0028, 0x0011)
  public static let pixelSpacing = DICOMTag(0x0028, 0x0030)
  public static let bitsAllocated = DICOMTag(0x0028, 0x0100)
  public static let bitsStored = DICOMTag(0x0028, 0x0101)
  public static let highBit = DICOMTag(0x0028, 0x0102)
  public static let pixelRepresentation = DICOMTag(0x0028, 0x0103)
  public static let pixelPaddingValue = DICOMTag(0x0028, 0x0120)
  public static let pixelPaddingRangeLimit = DICOMTag(0x0028, 0x0121)
  public static let burnedInAnnotation = DICOMTag(0x0028, 0x0301)
  public static let windowCenter = DICOMTag(0x0028, 0x1050)
  public static let windowWidth = DICOMTag(0x0028, 0x1051)
  public static let rescaleIntercept = DICOMTag(0x0028, 0x1052)
  public static let rescaleSlope = DICOMTag(0x0028, 0x1053)
  public static let rescaleType = DICOMTag(0x0028, 0x1054)
  public static let windowExplanation = DICOMTag(0x0028, 0x1055)
  public static let voiLUTFunction = DICOMTag(0x0028, 0x1056)
  public static let modalityLUTSequence = DICOMTag(0x0028, 0x3000)
  public static let lutDescriptor = DICOMTag(0x0028, 0x3002)
  public static let lutExplanation = DICOMTag(0x0028, 0x3003)
  public static let lutData = DICOMTag(0x0028, 0x3006)
  public static let voiLUTSequence = DICOMTag(0x0028, 0x3010)
  public static let pixelMeasuresSequence = DICOMTag(0x0028, 0x9110)
  public static let frameVOILUTSequence = DICOMTag(0x0028, 0x9132)
  public static let pixelTransformationSequence = DICOMTag(0x0028, 0x9145)
  public static let realWorldValueMappingSequence = DICOMTag(0x0040, 0x9096)
  public static let gridFrameOffsetVector = DICOMTag(0x3004, 0x000C)
  public static let sharedFunctionalGroups = DICOMTag(0x5200, 0x9229)
  public static let perFrameFunctionalGroups = DICOMTag(0x5200, 0x9230)
  public static let floatPixelData = DICOMTag(0x7FE0, 0x0008)
  public static let doublePixelData = DICOMTag(0x7FE0, 0x0009)
  public static let pixelData = DICOMTag(0x7FE0, 0x0010)
}

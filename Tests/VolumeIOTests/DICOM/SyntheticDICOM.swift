import VolumeIO

/// Small files made byte by byte.
enum SyntheticDICOM {
  /// An explicit little-endian element.
  static func element(_ tag: DICOMTag, _ vr: String, _ value: [UInt8]) -> [UInt8] {
    var bytes = le(tag.group) + le(tag.element) + Array(vr.utf8)
    let padded = value.count % 2 == 1 ? value + [vr == "UI" || vr == "OB" ? 0 : 0x20] : value
    if ["OB", "OW", "SQ", "UN", "OF", "UT"].contains(vr) {
      bytes += [0, 0] + le32(padded.count)
    } else {
      bytes += le(UInt16(padded.count))
    }
    return bytes + padded
  }

  static func text(_ tag: DICOMTag, _ vr: String, _ value: String) -> [UInt8] {
    element(tag, vr, Array(value.utf8))
  }

  static func us(_ tag: DICOMTag, _ value: UInt16) -> [UInt8] { element(tag, "US", le(value)) }

  static func le(_ value: UInt16) -> [UInt8] { [UInt8(value & 255), UInt8(value >> 8)] }

  static func le32(_ value: Int) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  static func part10(_ body: [UInt8], _ syntax: TransferSyntax = .explicitLittle) -> [UInt8] {
    [UInt8](repeating: 0, count: 128) + Array("DICM".utf8)
      + text(.transferSyntaxUID, "UI", syntax.rawValue) + body
  }

  /// What a slice may differ in.
  struct Slice {
    var z = 0.0
    var position: String?
    var slope = "1"
    var intercept = "0"
    var samples: [UInt16] = [0, 1, 2, 3]
    var bitsStored: UInt16 = 16
    var highBit: UInt16?
    var isSigned = false
    var photometric = "MONOCHROME2"
    var instance = 1
    var series = "1.2.3"
    var further: [UInt8] = []
    /// Elements between groups 0018 and 0028, in ascending order.
    var middle: [UInt8] = []
  }

  /// A CT slice of 2 × 2 pixels.
  static func slice(_ s: Slice) -> [UInt8] {
    var body = text(.sopClassUID, "UI", "1.2.840.10008.5.1.4.1.1.2")
    body += text(.sopInstanceUID, "UI", "1.2.3.4.\(s.instance)")
    body += text(.modality, "CS", "CT")
    body += s.middle
    body += text(.studyInstanceUID, "UI", "1.2") + text(.seriesInstanceUID, "UI", s.series)
    body += text(.instanceNumber, "IS", "\(s.instance)")
    body += text(.imagePosition, "DS", s.position ?? "0\\0\\\(s.z)")
    body += text(.imageOrientation, "DS", "1\\0\\0\\0\\1\\0")
    body += us(.samplesPerPixel, 1) + text(.photometricInterpretation, "CS", s.photometric)
    body += us(.rows, 2) + us(.columns, 2) + text(.pixelSpacing, "DS", "0.5\\0.25")
    body += us(.bitsAllocated, 16) + us(.bitsStored, s.bitsStored)
    body += us(.highBit, s.highBit ?? s.bitsStored - 1)
    body += us(.pixelRepresentation, s.isSigned ? 1 : 0)
    body += text(.rescaleIntercept, "DS", s.intercept) + text(.rescaleSlope, "DS", s.slope)
    body += s.further
    body += element(.pixelData, "OW", s.samples.flatMap(le))
    return part10(body)
  }

  static func series(_ slices: [Slice]) -> DICOMFolder {
    DICOMFolder(
      members: slices.enumerated().map { index, slice in
        var one = slice
        one.instance = index + 1
        return (path: "case/\(index)", bytes: Self.slice(one))
      })
  }
}

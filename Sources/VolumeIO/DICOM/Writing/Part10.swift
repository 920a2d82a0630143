// The file around a data set: preamble, meta information, body (PS3.10, section 7).

/// How a written file's data set is laid down.
public enum DICOMEncoding: Sendable, Hashable {
  /// Explicit VR little endian.
  case explicitLittle
  /// The same, deflated.
  case deflated

  var transferSyntax: TransferSyntax {
    switch self {
    case .explicitLittle: .explicitLittle
    case .deflated: .deflated
    }
  }
}

enum Part10 {
  /// Names this implementation in files that it writes (a UID under 2.25 of its own).
  static let implementation = DICOMUID(seed: "Roentgen VolumeIO")("implementation class")

  /// The bytes of a file.
  ///
  /// - Parameters:
  ///   - body: Elements laid down as explicit VR little endian, pixels included.
  ///   - syntax: What the meta information names; `deflated` deflates `body`.
  static func bytes(
    _ body: [UInt8], sopClass: String, sopInstance: String, _ syntax: TransferSyntax
  ) throws(VolumeError) -> [UInt8] {
    var meta = DICOMDataSet()
    meta[DICOMTag(0x0002, 0x0001)] = DICOMElement(
      DICOMTag(0x0002, 0x0001), .OB, .bytes([0, 1]))
    meta.set(DICOMTag(0x0002, 0x0002), .UI, sopClass)
    meta.set(DICOMTag(0x0002, 0x0003), .UI, sopInstance)
    meta.set(.transferSyntaxUID, .UI, syntax.rawValue)
    meta.set(DICOMTag(0x0002, 0x0012), .UI, implementation)
    meta.set(DICOMTag(0x0002, 0x0013), .SH, "ROENTGEN")
    let group = DataSetEncoder.bytes(of: meta)
    var file = DataSetEncoder()
    file.append([UInt8](repeating: 0, count: 128))
    file.append("DICM".utf8)
    let count = UInt32(truncatingIfNeeded: group.count)
    file.add(
      DICOMElement(
        DICOMTag(0x0002, 0x0000), .UL,
        .bytes([0, 8, 16, 24].map { UInt8(truncatingIfNeeded: count >> $0) }[...])))
    file.append(group)
    if syntax == .deflated {
      var packed = try Deflate.compress(body.span, .raw)
      if packed.count % 2 == 1 { packed.append(0) }
      file.append(packed)
    } else {
      file.append(body)
    }
    return file.bytes
  }
}

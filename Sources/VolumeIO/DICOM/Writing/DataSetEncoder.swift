// From data sets to bytes: explicit VR little endian (PS3.5, section 7 and annex A.2).

/// Lays down elements as explicit VR little endian.
struct DataSetEncoder {
  private(set) var bytes: [UInt8] = []

  /// All elements of a data set, ascending; sequences and items with their lengths.
  static func bytes(of set: DICOMDataSet) -> [UInt8] {
    var encoder = DataSetEncoder()
    encoder.add(set)
    return encoder.bytes
  }

  mutating func add(_ set: DICOMDataSet) {
    for element in set.elements { add(element) }
  }

  mutating func add(_ element: DICOMElement) {
    switch element.value {
    case .bytes(let value):
      let isOdd = value.count % 2 == 1
      head(element.tag, element.vr, value.count + (isOdd ? 1 : 0))
      bytes.append(contentsOf: value)
      if isOdd { bytes.append(element.vr.isText && element.vr != .UI ? 0x20 : 0) }
    case .items(let items):
      var inner = DataSetEncoder()
      for item in items {
        let body = Self.bytes(of: item)
        inner.tag(.item)
        inner.u32(body.count)
        inner.bytes.append(contentsOf: body)
      }
      head(element.tag, .SQ, inner.bytes.count)
      bytes.append(contentsOf: inner.bytes)
    }
  }

  /// Tag, VR and length. A value too long for a 16-bit length goes as UN (PS3.5, 6.2.2).
  mutating func head(_ tag: DICOMTag, _ vr: DICOMVR, _ length: Int) {
    precondition(length < 0xFFFF_FFFF, "a value of \(length) bytes is too long for DICOM")
    let known: DICOMVR
    switch vr {
    case .XS: known = .US
    case .OX, .XO: known = .OW
    default: known = vr.hasLongLength || length <= 0xFFFE ? vr : .UN
    }
    self.tag(tag)
    bytes.append(UInt8(known.rawValue >> 8))
    bytes.append(UInt8(truncatingIfNeeded: known.rawValue))
    if known.hasLongLength {
      u16(0)
      u32(length)
    } else {
      u16(length)
    }
  }

  /// Tag and VR of a value that ends with a delimiter.
  mutating func head(_ tag: DICOMTag, _ vr: DICOMVR, length: Int?) {
    guard length == nil else { return head(tag, vr, length ?? 0) }
    self.tag(tag)
    bytes.append(UInt8(vr.rawValue >> 8))
    bytes.append(UInt8(truncatingIfNeeded: vr.rawValue))
    u16(0)
    u32(0xFFFF_FFFF)
  }

  /// A fragment, padded to even length.
  mutating func item(_ content: [UInt8]) {
    tag(.item)
    u32(content.count + content.count % 2)
    bytes.append(contentsOf: content)
    if content.count % 2 == 1 { bytes.append(0) }
  }

  mutating func sequenceEnd() {
    tag(.sequenceEnd)
    u32(0)
  }

  private mutating func tag(_ tag: DICOMTag) {
    u16(Int(tag.group))
    u16(Int(tag.element))
  }

  private mutating func u16(_ value: Int) {
    bytes.append(UInt8(truncatingIfNeeded: value))
    bytes.append(UInt8(truncatingIfNeeded: value >> 8))
  }

  private mutating func u32(_ value: Int) {
    u16(value)
    u16(value >> 16)
  }

  /// Appends bytes that are already laid down.
  mutating func append(_ more: some Collection<UInt8>) { bytes.append(contentsOf: more) }
}

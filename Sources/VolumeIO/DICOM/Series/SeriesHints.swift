// What a file says about showing its samples, and harmless facts about the acquisition.

/// Display hints, padding, palette and facts of a series, from its first file.
struct SeriesHints {
  var display = DisplayHints()
  /// Stored values that mark voxels outside the field of view.
  var padding: ClosedRange<Int>?
  var palette: Palette?
  /// Facts without identifiers, by keyword.
  var metadata: [String: String] = [:]

  /// Elements that describe the machine's settings, never the patient.
  private static let facts = [
    "ImageType", "SliceThickness", "KVP", "RepetitionTime", "EchoTime", "InversionTime",
    "FlipAngle", "MagneticFieldStrength", "ConvolutionKernel", "GantryDetectorTilt",
    "RescaleType", "Units", "PatientPosition", "BurnedInAnnotation", "LossyImageCompression",
  ]

  init(_ series: DICOMSeries) throws(VolumeError) {
    let header = series.headers[0]
    do throws(VolumeError) {
      let file = try header.open()
      let set = file.dataSet
      read(set, isSigned: header.isSigned)
      let shared = set.item(.sharedFunctionalGroups) ?? DICOMDataSet()
      let frames = set.items(.perFrameFunctionalGroups)
      let frame = series.order.slices.first?.frame ?? 0
      let own = frame < frames.count ? frames[frame] : DICOMDataSet()
      let groups = FunctionalGroups(own: own, shared: shared)
      if let voi = groups[.frameVOILUTSequence] { windows(voi) }
      if let mapping = file.realWorldValueMappings(frame: frame).first {
        metadata["RealWorldValueUnit"] = mapping.unit
        metadata["RealWorldValueLabel"] = mapping.label
      }
      if header.photometric == "PALETTE COLOR" { palette = Palette(set) }
    } catch {
      throw error.naming(header.path)
    }
  }

  private mutating func read(_ set: DICOMDataSet, isSigned: Bool) {
    windows(set)
    display.voiLUTs = set.items(.voiLUTSequence).compactMap {
      Self.table($0, isSigned: isSigned)
    }
    display.modalityLUT = set.item(.modalityLUTSequence).flatMap {
      Self.table($0, isSigned: isSigned)
    }
    if let value = Self.stored(set, .pixelPaddingValue, isSigned) {
      let limit = Self.stored(set, .pixelPaddingRangeLimit, isSigned) ?? value
      padding = min(value, limit)...max(value, limit)
    }
    for keyword in Self.facts {
      guard let tag = DICOMTag(keyword: keyword), let element = set[tag], element.vr.isText else {
        continue
      }
      let values = set.strings(tag)
      if !values.isEmpty { metadata[keyword] = values.joined(separator: "\\") }
    }
  }

  private mutating func windows(_ set: DICOMDataSet) {
    let centers = set.doubles(.windowCenter)
    let widths = set.doubles(.windowWidth)
    let names = set.strings(.windowExplanation)
    guard !centers.isEmpty, centers.count == widths.count else { return }
    display.windows = centers.indices.map { index in
      .init(
        center: centers[index], width: widths[index],
        explanation: index < names.count && !names[index].isEmpty ? names[index] : nil)
    }
    if let name = set.string(.voiLUTFunction) {
      display.function = DisplayHints.Function(rawValue: name) ?? .linear
    }
  }

  /// A stored value under US or SS, its sign by the pixels' own.
  private static func stored(_ set: DICOMDataSet, _ tag: DICOMTag, _ isSigned: Bool) -> Int? {
    guard let element = set[tag], element.bytes.count >= 2 else { return set.int(tag) }
    guard element.vr == .US || element.vr == .SS || element.vr == .OW || element.vr == .UN else {
      return element.integers?.first
    }
    let p = element.bytes.startIndex
    let word = UInt16(element.bytes[p + 1]) << 8 | UInt16(element.bytes[p])
    return isSigned ? Int(Int16(bitPattern: word)) : Int(word)
  }

  /// A look-up table item: descriptor (entries, first mapped, bits) and data, PS3.3 C.11.1.1.
  static func table(_ item: DICOMDataSet, isSigned: Bool) -> DisplayHints.LookupTable? {
    guard let descriptor = item[.lutDescriptor], descriptor.bytes.count >= 6,
      let data = item[.lutData]
    else { return nil }
    let words = DICOMElement(descriptor.tag, .US, descriptor.value).integers ?? []
    guard words.count >= 3 else { return nil }
    let count = words[0] == 0 ? 65_536 : words[0]
    let first = isSigned && words[1] > 32_767 ? words[1] - 65_536 : words[1]
    let bits = words[2]
    guard (1...16).contains(bits) else { return nil }
    guard let values = entries(data.bytes, count) else { return nil }
    return DisplayHints.LookupTable(
      firstMapped: first, bits: bits, values: values, explanation: item.string(.lutExplanation))
  }

  /// Entries of 16 bits each, or of 8 where the bytes suffice for no more.
  static func entries(_ bytes: ArraySlice<UInt8>, _ count: Int) -> [UInt16]? {
    if bytes.count >= 2 * count {
      let start = bytes.startIndex
      return (0..<count).map {
        UInt16(bytes[start + 2 * $0 + 1]) << 8 | UInt16(bytes[start + 2 * $0])
      }
    }
    guard bytes.count >= count else { return nil }
    return bytes.prefix(count).map { UInt16($0) }
  }
}

// From stored values to a measured quantity with its unit: PS3.3 C.7.6.16.2.11.

/// One item of a Real World Value Mapping Sequence.
///
/// Enhanced MR and CT images and parametric maps have such mappings in their functional groups, other
/// images beside their pixels.
public struct RealWorldValueMapping: Sendable, Hashable {
  /// The mapping's short name (0040,9210), and what it means (0028,3003).
  public var label: String
  public var explanation: String
  /// The unit, as a rule in UCUM, such as `um2/s` or `[hnsf'U]`.
  public var unit: String
  /// The stored values that the mapping is for; nil where it does not say.
  public var range: ClosedRange<Double>?
  /// A line; nil where a table maps.
  public var rescale: Rescale?
  /// The values of the stored values from `range.lowerBound` on; empty where a line maps.
  public var table: [Double]

  /// - Returns: nil for an item that has neither a line nor a table that its range fits.
  init?(_ item: DICOMDataSet, isSigned: Bool) {
    label = item.string(DICOMTag(0x0040, 0x9210)) ?? ""
    explanation = item.string(.lutExplanation) ?? ""
    let code = item.item(DICOMTag(0x0040, 0x08EA))
    unit = code?.string(DICOMTag(0x0008, 0x0100)) ?? ""
    let first = Self.bound(item, DICOMTag(0x0040, 0x9216), DICOMTag(0x0040, 0x9214), isSigned)
    let last = Self.bound(item, DICOMTag(0x0040, 0x9211), DICOMTag(0x0040, 0x9213), isSigned)
    if let first, let last, first <= last { range = first...last }
    table = item.doubles(DICOMTag(0x0040, 0x9212))
    if let slope = item.double(DICOMTag(0x0040, 0x9225)), slope.isFinite, slope != 0 {
      let intercept = item.double(DICOMTag(0x0040, 0x9224)) ?? 0
      guard intercept.isFinite else { return nil }
      rescale = Rescale(slope: slope, intercept: intercept)
      table = []
    } else {
      guard let range, !table.isEmpty,
        range.upperBound - range.lowerBound + 1 == Double(table.count)
      else { return nil }
    }
  }

  /// The quantity that a stored value stands for; nil outside the mapping's range.
  public func value(of stored: Double) -> Double? {
    if let range, !range.contains(stored) { return nil }
    if let rescale { return stored * rescale.slope + rescale.intercept }
    guard let range else { return nil }
    let place = Int((stored - range.lowerBound).rounded())
    return table.indices.contains(place) ? table[place] : nil
  }

  /// A bound under US or SS, by the pixels' sign, or as a double.
  private static func bound(
    _ item: DICOMDataSet, _ whole: DICOMTag, _ real: DICOMTag, _ isSigned: Bool
  ) -> Double? {
    if let value = item.double(real), value.isFinite { return value }
    guard let element = item[whole], let value = element.integers?.first else { return nil }
    // Writers name US for either sign.
    return Double(isSigned && element.vr == .US && value > 32_767 ? value - 65_536 : value)
  }

  /// The mappings that functional groups, or a data set itself, hold.
  static func all(_ set: DICOMDataSet, isSigned: Bool) -> [RealWorldValueMapping] {
    set.items(.realWorldValueMappingSequence).compactMap {
      RealWorldValueMapping($0, isSigned: isSigned)
    }
  }
}

extension DICOMFile {
  /// What the stored values of a frame stand for; empty where the file does not say.
  ///
  /// - Parameter frame: Counted from 0; a file without functional groups has one answer for all.
  public func realWorldValueMappings(frame: Int = 0) -> [RealWorldValueMapping] {
    let isSigned = dataSet.int(DICOMTag(0x0028, 0x0103)) == 1
    let frames = dataSet.items(.perFrameFunctionalGroups)
    for set in [
      frames.indices.contains(frame) ? frames[frame] : DICOMDataSet(),
      dataSet.item(.sharedFunctionalGroups) ?? DICOMDataSet(), dataSet,
    ] {
      let found = RealWorldValueMapping.all(set, isSigned: isSigned)
      if !found.isEmpty { return found }
    }
    return []
  }
}

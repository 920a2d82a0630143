// The basic application level confidentiality profile: PS3.15, annex E.

/// What the profile does with an element.
enum ConfidentialityProfile {
  enum Action: Sendable {
    case keep, remove, empty, replace, rename
  }

  private static let actions: [UInt32: Action] = {
    var map: [UInt32: Action] = [:]
    for (text, action) in [
      (removed, Action.remove), (emptied, .empty), (replaced, .replace), (renamed, .rename),
    ] {
      let words = text.withUTF8Buffer { unsafe String(decoding: $0, as: UTF8.self) }
      var group: UInt32 = 0
      for word in words.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
        if word.hasSuffix(":") {
          group = (UInt32(word.dropLast(), radix: 16) ?? 0) << 16
        } else if let element = UInt32(word, radix: 16) {
          map[group | element] = action
        }
      }
    }
    return map
  }()

  /// The profile's action for an element, before options.
  static func action(_ element: DICOMElement) -> Action {
    let tag = element.tag
    if tag.isPrivate || tag.element == 0 { return .remove }
    let high = tag.rawValue >> 24
    // Curves, overlay data and overlay comments.
    if high == 0x50 { return .remove }
    if high == 0x60, tag.element == 0x3000 || tag.element == 0x4000 { return .remove }
    if let listed = actions[tag.rawValue] { return listed }
    // UIDs that are not the standard's own are renamed wherever they stand.
    if element.vr == .UI { return .rename }
    return .keep
  }

  /// Facts of the patient's body that research needs (option 113108).
  static let patientCharacteristics: Set<DICOMTag> = [
    DICOMTag(0x0010, 0x0040), DICOMTag(0x0010, 0x1010), DICOMTag(0x0010, 0x1020),
    DICOMTag(0x0010, 0x1030), DICOMTag(0x0010, 0x2110), DICOMTag(0x0010, 0x2160),
    DICOMTag(0x0010, 0x21A0), DICOMTag(0x0010, 0x21C0), DICOMTag(0x0010, 0x2203),
    DICOMTag(0x0038, 0x0500), DICOMTag(0x0040, 0x0012),
  ]

  /// Free text that the option “clean descriptors” (113105) keeps, cleaned.
  static let descriptors: Set<DICOMTag> = [
    DICOMTag(0x0008, 0x1030), DICOMTag(0x0008, 0x103E), DICOMTag(0x0018, 0x1030),
    DICOMTag(0x0018, 0x1400), DICOMTag(0x0018, 0x9424), DICOMTag(0x0018, 0x0010),
    DICOMTag(0x0020, 0x4000), DICOMTag(0x0032, 0x1060), DICOMTag(0x0040, 0x0254),
    DICOMTag(0x0040, 0x0007), DICOMTag(0x0008, 0x2111), DICOMTag(0x0028, 0x4000),
  ]

  /// What names the machine (option 113109).
  static let deviceIdentity: Set<DICOMTag> = [
    DICOMTag(0x0008, 0x1010), DICOMTag(0x0018, 0x1000), DICOMTag(0x0018, 0x1002),
    DICOMTag(0x0018, 0x1008), DICOMTag(0x0018, 0x700A), DICOMTag(0x0050, 0x0020),
    DICOMTag(0x0018, 0x1003), DICOMTag(0x0018, 0x1005), DICOMTag(0x0018, 0x1007),
  ]

  /// What names the hospital (option 113112).
  static let institutionIdentity: Set<DICOMTag> = [
    DICOMTag(0x0008, 0x0080), DICOMTag(0x0008, 0x0081), DICOMTag(0x0008, 0x0082),
    DICOMTag(0x0008, 0x1040), DICOMTag(0x0008, 0x1041),
  ]
}

// One file's way through the profile.

struct DeidentificationWork {
  private let maker: DICOMDeidentifier
  private let options: DICOMDeidentifier.Options
  private let oldPatient: String
  private let days: Int
  /// Words of names and identifiers, upper case: no descriptor keeps them.
  private var identifying: Set<String> = []
  var report = DICOMDeidentification()

  init(_ maker: DICOMDeidentifier, _ set: DICOMDataSet) {
    self.maker = maker
    options = maker.options
    oldPatient = set.string(.patientID) ?? ""
    let digest = SHA256.hmac(key: maker.key, Array("days/\(oldPatient)".utf8))
    days = 1 + (Int(digest[0]) << 8 | Int(digest[1])) % 3650
    if options.cleansDescriptors { gather(set) }
  }

  private mutating func gather(_ set: DICOMDataSet) {
    for element in set.elements {
      for item in element.items { gather(item) }
      let isIdentifier = ConfidentialityProfile.action(element) != .keep
      guard element.vr == .PN || (isIdentifier && element.vr.isText),
        !ConfidentialityProfile.descriptors.contains(element.tag)
      else { continue }
      for text in set.strings(element.tag) { identifying.formUnion(Self.words(text)) }
    }
  }

  private static func words(_ text: String) -> [String] {
    text.uppercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
      .filter { $0.count > 2 }
  }

  private mutating func add(_ path: String, _ action: DICOMDeidentification.Action) {
    report.changes.append(.init(path: path, action: action))
  }

  /// A data set without what identifies.
  mutating func cleaned(_ set: DICOMDataSet, path: String) -> DICOMDataSet {
    var result: [DICOMElement] = []
    for element in set.elements {
      let place = path + Self.number(element.tag)
      if let kept = cleaned(element, set, place) { result.append(kept) }
    }
    return DICOMDataSet(result, characterSet: set.characterSet)
  }

  private static func number(_ tag: DICOMTag) -> String {
    String(tag.description.prefix(11))
  }

  private mutating func cleaned(
    _ element: DICOMElement, _ set: DICOMDataSet, _ path: String
  ) -> DICOMElement? {
    if isKept(element.tag) { return descended(element, path) }
    let action = ConfidentialityProfile.action(element)
    if action != .keep, action != .rename, [.DA, .DT, .TM].contains(element.vr),
      options.dates != .remove
    {
      return options.dates == .keep ? element : shifted(element, path)
    }
    if options.cleansDescriptors, ConfidentialityProfile.descriptors.contains(element.tag),
      element.vr.isText
    {
      return described(element, set, path)
    }
    switch action {
    case .keep:
      if options.dates == .shift, element.vr == .DA || element.vr == .DT {
        return shifted(element, path)
      }
      return descended(element, path)
    case .remove:
      add(path, .removed)
      return nil
    case .empty:
      if element.tag == .patientID || element.tag == .patientName { return replaced(element, path) }
      if !element.isEmpty { add(path, .emptied) }
      return DICOMElement(element.tag, element.vr, element.vr == .SQ ? .items([]) : .bytes([]))
    case .replace: return replaced(element, path)
    case .rename: return renamed(element, set, path)
    }
  }

  private func isKept(_ tag: DICOMTag) -> Bool {
    (options.keepsPatientCharacteristics
      && ConfidentialityProfile.patientCharacteristics.contains(tag))
      || (options.keepsDeviceIdentity && ConfidentialityProfile.deviceIdentity.contains(tag))
      || (options.keepsInstitutionIdentity
        && ConfidentialityProfile.institutionIdentity.contains(tag))
  }

  private mutating func descended(_ element: DICOMElement, _ path: String) -> DICOMElement {
    guard case .items(let items) = element.value else { return element }
    var cleanedItems: [DICOMDataSet] = []
    for (index, item) in items.enumerated() {
      cleanedItems.append(cleaned(item, path: "\(path)[\(index + 1)] "))
    }
    return DICOMElement(element.tag, element.vr, .items(cleanedItems))
  }

  /// A value that says nothing, of the element's own kind.
  private mutating func replaced(_ element: DICOMElement, _ path: String) -> DICOMElement {
    add(path, .replaced)
    var text: String?
    switch element.tag {
    case .patientID, .patientName: text = patient
    default:
      switch element.vr {
      case .DA: text = "19000101"
      case .DT: text = "19000101000000"
      case .TM: text = "000000"
      case .AS: text = "000Y"
      case .IS, .DS: text = "0"
      case .UI: text = maker.uid("replaced/\(element.tag.rawValue)")
      case .UR: text = "urn:removed"
      case .AE, .CS, .LO, .LT, .PN, .SH, .ST, .UC, .UT: text = "REMOVED"
      default: text = nil
      }
    }
    if let text {
      var bytes = Array(text.utf8)
      if bytes.count % 2 == 1 { bytes.append(element.vr == .UI ? 0 : 0x20) }
      return DICOMElement(element.tag, element.vr, .bytes(bytes[...]))
    }
    if case .items = element.value { return DICOMElement(element.tag, .SQ, .items([])) }
    let zeros = [UInt8](repeating: 0, count: min(element.bytes.count, 8))
    return DICOMElement(element.tag, element.vr, .bytes(zeros[...]))
  }

  private var patient: String {
    if let given = options.patientID { return given }
    let digest = SHA256.hmac(key: maker.key, Array("patient/\(oldPatient)".utf8))
    let digits = digest.prefix(6).map { byte in
      let text = String(byte, radix: 16, uppercase: true)
      return text.utf8.count < 2 ? "0" + text : text
    }
    return "P" + digits.joined()
  }

  private mutating func renamed(
    _ element: DICOMElement, _ set: DICOMDataSet, _ path: String
  ) -> DICOMElement {
    guard element.vr == .UI, !options.keepsUIDs else { return descended(element, path) }
    let old = set.strings(element.tag)
    // The standard's own UIDs name classes and syntaxes, not objects.
    let new = old.map { $0.isEmpty || $0.hasPrefix("1.2.840.10008.") ? $0 : maker.uid("uid/\($0)") }
    guard new != old else { return element }
    add(path, .renamed)
    var bytes = Array(new.joined(separator: "\\").utf8)
    if bytes.count % 2 == 1 { bytes.append(0) }
    return DICOMElement(element.tag, .UI, .bytes(bytes[...]))
  }

  private mutating func shifted(_ element: DICOMElement, _ path: String) -> DICOMElement {
    guard element.vr != .TM else { return element }
    var bytes: [UInt8] = []
    for part in DecimalText.parts(of: element.bytes) {
      if !bytes.isEmpty { bytes.append(0x5C) }
      bytes += CalendarDay.shifted(Array(element.bytes[part]), by: -days)
    }
    guard bytes != Array(element.bytes) else { return element }
    add(path, .shifted)
    if bytes.count % 2 == 1 { bytes.append(0x20) }
    return DICOMElement(element.tag, element.vr, .bytes(bytes[...]))
  }

  private mutating func described(
    _ element: DICOMElement, _ set: DICOMDataSet, _ path: String
  ) -> DICOMElement {
    let old = set.strings(element.tag).joined(separator: " ")
    let kept = old.split(separator: " ").filter { word in
      let parts = Self.words(String(word))
      return word.allSatisfy(\.isASCII) && !word.contains(where: \.isNumber) && !word.contains("^")
        && parts.allSatisfy { !identifying.contains($0) }
    }
    let text = kept.joined(separator: " ")
    if text != old { add(path, .cleaned) }
    var bytes = Array(text.utf8)
    if bytes.count % 2 == 1 { bytes.append(0x20) }
    return DICOMElement(element.tag, element.vr, .bytes(bytes[...]))
  }

  /// Says in the file what was done to it: PS3.15 E.1.1.
  mutating func note(_ set: inout DICOMDataSet) {
    var codes = [("113100", "Basic Application Confidentiality Profile")]
    if options.cleansDescriptors { codes.append(("113105", "Clean Descriptors Option")) }
    if options.dates == .keep {
      codes.append(("113106", "Retain Longitudinal Temporal Information Full Dates Option"))
    }
    if options.dates == .shift {
      codes.append(("113107", "Retain Longitudinal Temporal Information Modified Dates Option"))
    }
    if options.keepsPatientCharacteristics {
      codes.append(("113108", "Retain Patient Characteristics Option"))
    }
    if options.keepsDeviceIdentity { codes.append(("113109", "Retain Device Identity Option")) }
    if options.keepsUIDs { codes.append(("113110", "Retain UIDs Option")) }
    if options.keepsInstitutionIdentity {
      codes.append(("113112", "Retain Institution Identity Option"))
    }
    set.set(DICOMTag(0x0012, 0x0062), .CS, "YES")
    set.set(DICOMTag(0x0012, 0x0063), .LO, "PS3.15 basic profile by Roentgen")
    set.set(
      DICOMTag(0x0012, 0x0064),
      codes.map { code, meaning in
        var item = DICOMDataSet()
        item.set(DICOMTag(0x0008, 0x0100), .SH, code)
        item.set(DICOMTag(0x0008, 0x0102), .SH, "DCM")
        item.set(DICOMTag(0x0008, 0x0104), .LO, meaning)
        return item
      })
    let state =
      switch options.dates {
      case .remove: "REMOVED"
      case .shift: "MODIFIED"
      case .keep: "UNMODIFIED"
      }
    set.set(DICOMTag(0x0028, 0x0303), .CS, state)
    add("(0012,0062)", .added)
    add("(0012,0063)", .added)
    add("(0012,0064)", .added)
    add("(0028,0303)", .added)
  }
}

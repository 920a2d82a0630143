// De-identification: PS3.15, annex E, basic profile with options.

/// Removes what identifies a patient from DICOM files.
///
/// The same key gives the same new UIDs and the same shift of a patient's dates in every file, so that
/// series and follow-ups stay together; without the key neither can be undone.
public struct DICOMDeidentifier: Sendable {
  /// The profile's options. All are off by default: what they keep is then removed.
  public struct Options: Sendable, Hashable {
    /// What becomes of dates.
    public enum Dates: Sendable, Hashable {
      /// As the basic profile says: emptied, removed or replaced.
      case remove
      /// Moved into the past by 1 to 3650 days, the same for all files of one patient; times of day
      /// stay (option 113107).
      case shift
      /// Kept as they are (option 113106).
      case keep
    }

    public var dates = Dates.remove
    /// Keep UIDs as they are (option 113110).
    public var keepsUIDs = false
    /// Keep descriptions such as the series', without words that may identify (option 113105): words
    /// with digits, and words that also stand in a name or an identifier of the file.
    public var cleansDescriptors = false
    /// Keep sex, age, size, weight and the like (option 113108).
    public var keepsPatientCharacteristics = false
    /// Keep the machine's identity (option 113109).
    public var keepsDeviceIdentity = false
    /// Keep the hospital's identity (option 113112).
    public var keepsInstitutionIdentity = false
    /// The new patient identifier; nil for one made of the key and the old one.
    public var patientID: String?

    public init() {}
  }

  public var options: Options
  let uid: DICOMUID
  let key: [UInt8]

  /// - `key`: A secret. Who has it can tell which old identifier became which new one.
  public init(key: String, options: Options = Options()) {
    self.key = SHA256.digest(Array("deidentify/\(key)".utf8))
    self.uid = DICOMUID(seed: key)
    self.options = options
  }

  /// The de-identified bytes of a file, and what was changed.
  ///
  /// Private elements, curves and overlay data are removed. Pixels are copied as they are: see
  /// the report's warnings for names burned into them.
  /// - Throws: What reading the file throws; `unsupported` for a DICOMDIR.
  public func deidentify(
    _ file: DICOMFile
  ) throws(VolumeError) -> (bytes: [UInt8], report: DICOMDeidentification) {
    guard file.dataSet[DICOMTag(0x0004, 0x1220)] == nil else {
      throw VolumeError(.unsupported, "a DICOMDIR is made anew, not de-identified", file: file.name)
    }
    var work = DeidentificationWork(self, file.dataSet)
    var set = work.cleaned(file.dataSet, path: "")
    work.note(&set)
    work.report.warnings = Self.warnings(file.dataSet)
    // Offset tables are made anew with the fragments.
    set[DICOMTag(0x7FE0, 0x0001)] = nil
    set[DICOMTag(0x7FE0, 0x0002)] = nil
    let instance = set.string(.sopInstanceUID) ?? uid("instance of no name")
    var body = DataSetEncoder()
    body.add(set)
    let syntax = try CopiedPixels.append(file, to: &body)
    let bytes = try Part10.bytes(
      body.bytes, sopClass: set.string(.sopClassUID) ?? "", sopInstance: instance, syntax)
    return (bytes, work.report)
  }

  /// Reads, de-identifies and writes one file.
  public func deidentify(
    _ input: String, to output: String
  ) throws(VolumeError) -> DICOMDeidentification {
    let (bytes, report) = try deidentify(DICOMFile(contentsOf: input))
    try OutputFile.write(bytes.span, to: output, isSynced: false)
    return report
  }

  /// Pictures that likely show names: PS3.15 E.3.1.
  private static func warnings(_ set: DICOMDataSet) -> [DICOMDiagnostic] {
    let said = set.string(.burnedInAnnotation)?.uppercased()
    if said == "NO" { return [] }
    if said == "YES" { return [.init(.burnedIn, "the file says that text is burned in")] }
    let modality = set.string(.modality) ?? ""
    let kinds = set.strings(.imageType)
    if ["US", "SC", "OT", "ES", "XC", "GM", "DOC", "IVUS", "KO"].contains(modality)
      || kinds.contains(where: {
        $0.contains("SCREEN") || $0.contains("CAPTURE") || $0.hasSuffix("INFO")
      })
      || set.string(.sopClassUID)?.hasPrefix("1.2.840.10008.5.1.4.1.1.7") == true
      || (["CT", "MR", "PT"].contains(modality) && set.int(.samplesPerPixel) == 3)
    {
      return [.init(.burnedIn, "pictures of this kind often show names; look at the pixels")]
    }
    return []
  }
}

/// What was done to one file: tags and actions, never values.
public struct DICOMDeidentification: Sendable, Hashable, CustomStringConvertible {
  public enum Action: String, Sendable, Hashable, Codable {
    case removed, emptied, replaced, renamed, shifted, cleaned, added
  }

  public struct Change: Sendable, Hashable, CustomStringConvertible {
    /// The element, with the sequences it stands in: `(0040,0275)[1] (0040,0007)`.
    public let path: String
    public let action: Action

    public var description: String { "\(path): \(action.rawValue)" }
  }

  public var changes: [Change] = []
  /// Where names may remain in the pixels.
  public var warnings: [DICOMDiagnostic] = []

  public init() {}

  /// `37 changes: 12 emptied, 20 removed, 5 renamed`.
  public var description: String {
    var counts: [String: Int] = [:]
    for change in changes { counts[change.action.rawValue, default: 0] += 1 }
    let list = counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
    let tail = warnings.isEmpty ? "" : "; " + warnings.map(\.description).joined(separator: "; ")
    return "\(changes.count) changes: " + list.joined(separator: ", ") + tail
  }
}

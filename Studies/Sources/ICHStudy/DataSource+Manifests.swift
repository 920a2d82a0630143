import Foundation
import Phantoms
import VolumeIO

extension DataSource {
  /// BHSD and others in the Medical Decathlon's layout. Cases without a label map have no truth here
  /// and are left out, with a note.
  init(decathlon manifest: DatasetManifest, file: String) throws {
    name = manifest.name ?? file
    heads = []
    notes = []
    var unlabelled = 0
    for one in manifest.training + manifest.validation + manifest.test {
      guard let label = one.label, let image = one.images.first else {
        unlabelled += 1
        continue
      }
      heads.append(
        Head(
          patient: Self.stem(image),
          content: .scan(image: try manifest.path(of: image), mask: try manifest.path(of: label))))
    }
    if unlabelled > 0 {
      notes.append("\(unlabelled) cases of \(file) have no label map and were left out.")
    }
  }

  /// A table of scans (`image,mask`), of labelled slices (`file,label`) or of RSNA's labels
  /// (`ID,Label`).
  init(table: Table, file: String, root: URL) throws {
    name = root.lastPathComponent
    heads = []
    notes = []
    let names = Dictionary(
      table.columns.map { ($0.lowercased(), $0) }, uniquingKeysWith: { first, _ in first })
    func column(_ candidates: String...) -> [String]? {
      candidates.lazy.compactMap { names[$0] }.first.flatMap { table[$0] }
    }
    if let images = column("image"), let masks = column("mask", "segmentation") {
      let patients = column("patient", "case", "id")
      for (i, (image, mask)) in zip(images, masks).enumerated() {
        heads.append(
          Head(
            patient: patients?[i] ?? Self.stem(image),
            content: .scan(
              image: try Self.existing(image, root, file),
              mask: try Self.existing(mask, root, file))))
      }
    } else if let ids = column("id"), let labels = column("label"), names["file"] == nil {
      try readRSNA(ids, labels, file: file, root: root)
    } else if let files = column("file", "path", "filename", "image"),
      let labels = column("label", "hemorrhage", "haemorrhage", "any")
    {
      let patients = column("patient", "case")
      var slices: [String: [Slice]] = [:]
      for (i, (path, label)) in zip(files, labels).enumerated() {
        let truth = SliceTruth(haemorrhage: try Self.truth(label, file, line: i + 2))
        slices[patients?[i] ?? Self.stem(path), default: []].append(
          Slice(path: try Self.existing(path, root, file), truth: truth))
      }
      heads = slices.map { Head(patient: $0.key, content: .slices($0.value)) }
      if patients == nil {
        notes.append(
          "\(file) does not tell patients apart: each slice counts as a patient of its own, so "
            + "slices of one patient may be in training and test.")
      }
    } else {
      throw StudyError(
        .data,
        "\(file): columns \(table.columns.prefix(8).joined(separator: ", ")); expected "
          + "file,label · image,mask · ID,Label")
    }
  }

  /// RSNA 2019: `ID_12ab_epidural,0` for each slice and kind, and `…_any`; one DICOM a slice.
  private mutating func readRSNA(
    _ ids: [String], _ labels: [String], file: String, root: URL
  ) throws {
    var found: [String: Set<HaemorrhageSubtype>] = [:]
    var any: [String: Bool] = [:]
    for (i, (id, label)) in zip(ids, labels).enumerated() {
      guard let cut = id.lastIndex(of: "_") else {
        throw StudyError(.data, "\(file), line \(i + 2): \(id) is no ID_slice_kind")
      }
      let slice = String(id[..<cut])
      let kind = String(id[id.index(after: cut)...])
      let positive = try Self.truth(label, file, line: i + 2)
      if kind == "any" {
        any[slice] = positive
      } else if let subtype = HaemorrhageSubtype.allCases.first(where: { $0.name == kind }) {
        if positive { found[slice, default: []].insert(subtype) }
      } else {
        throw StudyError(.data, "\(file), line \(i + 2): \(kind) is no kind of haemorrhage")
      }
    }
    for slice in Set(any.keys).union(found.keys).sorted() {
      let subtypes = found[slice] ?? []
      let truth = SliceTruth(haemorrhage: any[slice] ?? !subtypes.isEmpty, subtypes: subtypes)
      heads.append(
        Head(
          patient: slice,
          content: .slices([
            Slice(path: try Self.existing(slice + ".dcm", root, file), truth: truth)
          ])))
    }
    notes.append(
      "RSNA's labels name slices, not patients: each slice counts as a patient of its own here; "
        + "add a manifest with a patient column to keep patients apart.")
  }

  /// A path of the manifest, inside its folder, that is there.
  private static func existing(_ path: String, _ root: URL, _ file: String) throws -> String {
    let parts = path.split(separator: "/")
    guard !path.hasPrefix("/"), !parts.contains("..") else {
      throw StudyError(.data, "\(file): \(path) leads out of the folder")
    }
    let url = root.appendingPathComponent(path)
    guard FileManager.default.fileExists(atPath: url.path) else {
      throw StudyError(.data, "\(file): \(path) is not there")
    }
    return url.path
  }

  private static func truth(_ label: String, _ file: String, line: Int) throws -> Bool {
    switch label.lowercased().trimmingCharacters(in: .whitespaces) {
    case "1", "true", "yes", "positive", "hemorrhage", "haemorrhage", "bleed", "ich": return true
    case "0", "false", "no", "negative", "normal", "none", "no hemorrhage", "no haemorrhage",
      "no_hemorrhage":
      return false
    default:
      throw StudyError(
        .data, "\(file), line \(line): label '\(label)'; expected 0 or 1, or hemorrhage or normal")
    }
  }

  /// A file's name without folder and endings: `imagesTr/ID_1_ID_2.nii.gz` is `ID_1_ID_2`.
  static func stem(_ path: String) -> String {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    return name.split(separator: ".").first.map(String.init) ?? name
  }
}

import Foundation
import Phantoms
import VolumeIO

/// Where a study's heads come from, and what is known of each.
public struct DataSource: Sendable {
  /// One patient: a scan with a mask, or slices with labels.
  public struct Head: Sendable, Hashable {
    /// The patient's name in this study; a file's or folder's stem.
    public var patient: String
    public var content: Content
  }

  public enum Content: Sendable, Hashable {
    /// A volume and its mask of BHSD's labels.
    case scan(image: String, mask: String)
    /// Pictures or single DICOM slices, each with its labels.
    case slices([Slice])
  }

  /// A slice that has a file of its own.
  public struct Slice: Sendable, Hashable {
    public var path: String
    public var truth: SliceTruth
  }

  /// What the report calls the data.
  public var name: String
  public var heads: [Head]
  /// What a reader must know of the data, such as that patients are not told apart.
  public var notes: [String]

  /// Finds the manifest of a folder and reads it.
  ///
  /// - Parameters:
  ///   - folder: Holds `dataset.json`, or one CSV or JSON manifest.
  ///   - manifest: The manifest's path, where the name does not tell it.
  /// - Throws: `StudyError.Code.data` where no manifest is found, it names no cases, a column is
  ///   missing or a file it names is not there.
  public init(folder: String, manifest: String? = nil) throws {
    let root = URL(fileURLWithPath: folder, isDirectory: true)
    let kind = try? FileManager.default.attributesOfItem(
      atPath: root.resolvingSymlinksInPath().path)
    guard kind?[.type] as? FileAttributeType == .typeDirectory else {
      throw StudyError(.data, "\(root.lastPathComponent): no such folder")
    }
    let path = try manifest ?? Self.manifest(in: root)
    let file = URL(fileURLWithPath: path).lastPathComponent
    switch path.lowercased().split(separator: ".").last {
    case "json":
      if let table = try Self.records(json: path) {
        try self.init(table: table, file: file, root: root)
      } else {
        try self.init(decathlon: DatasetManifest(contentsOf: path), file: file)
      }
    case "jsonl", "ndjson":
      try self.init(
        table: Self.table(try JSONLines.read(contentsOf: path), file), file: file, root: root)
    default:
      let separator: Unicode.Scalar = path.lowercased().hasSuffix(".tsv") ? "\t" : ","
      try self.init(
        table: Table(contentsOf: path, separator: separator), file: file, root: root)
    }
    guard !heads.isEmpty else {
      throw StudyError(.data, "\(file): names no case with a reference standard")
    }
    heads.sort { $0.patient < $1.patient }
  }

  /// The one file that can be a manifest.
  private static func manifest(in root: URL) throws -> String {
    let names = try FileManager.default.contentsOfDirectory(atPath: root.path).sorted()
    if names.contains("dataset.json") { return root.appendingPathComponent("dataset.json").path }
    let candidates = names.filter { name in
      ["csv", "tsv", "json", "jsonl", "ndjson"].contains(
        name.lowercased().split(separator: ".").last.map(String.init) ?? "")
    }
    guard let only = candidates.first else {
      throw StudyError(
        .data,
        "\(root.lastPathComponent): no manifest among its \(names.count) entries; expected "
          + "dataset.json, or a CSV or JSON file with the columns file,label · image,mask · ID,Label"
      )
    }
    guard candidates.count == 1 else {
      throw StudyError(
        .data,
        "\(root.lastPathComponent): \(candidates.count) files could be the manifest "
          + "(\(candidates.prefix(3).joined(separator: ", "))); name one with --manifest")
    }
    return root.appendingPathComponent(only).path
  }

  /// A list of objects as a table; nil for an object, which is a `dataset.json`.
  private static func records(json path: String) throws -> Table? {
    let value = try JSONValue(parsing: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
    guard let list = value.array else { return nil }
    return try table(list, URL(fileURLWithPath: path).lastPathComponent)
  }

  private static func table(_ list: [JSONValue], _ file: String) throws -> Table {
    var columns: [String] = []
    for item in list {
      guard let members = item.members else {
        throw StudyError(.data, "\(file): an entry is no object")
      }
      for member in members where !columns.contains(member.name) { columns.append(member.name) }
    }
    return Table(
      columns: columns,
      rows: list.map { item in
        columns.map { name in
          guard let value = item[name] else { return "" }
          return value.string ?? value.description
        }
      })
  }
}

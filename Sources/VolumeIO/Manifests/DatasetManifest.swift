// The `dataset.json` of the Medical Segmentation Decathlon, of nnU-Net and of MONAI's data lists.
// Source: http://medicaldecathlon.com; nnU-Net's documentation/dataset_format.md.

/// What a data set's `dataset.json` says: its channels, its labels and its cases.
public struct DatasetManifest: Sendable, Hashable {
  /// One case: the paths of its images (one a channel, or one file of several), and of its label map.
  public struct Case: Sendable, Hashable {
    public var images: [String]
    public var label: String?

    public init(images: [String], label: String? = nil) {
      self.images = images
      self.label = label
    }
  }

  public var name: String?
  /// The names of the channels by their number: `modality`, or nnU-Net's `channel_names`.
  public var modalities: [Int: String]
  /// The names of the labels by their value.
  public var labels: [Int: String]
  public var training: [Case]
  public var validation: [Case]
  public var test: [Case]
  /// The folder that the paths are relative to.
  public var folder: String

  /// Reads a `dataset.json`.
  ///
  /// Cases are strings, or objects with `image` (a string or a list) and `label`; entries that are no
  /// case are an error. Paths stay as written: `path(of:)` resolves them.
  public init(contentsOf path: String) throws(VolumeError) {
    let file = try InputFile(path)
    do throws(VolumeError) {
      let json = try JSONValue(parsing: try file.readAll(limit: 1 << 28))
      try self.init(json, folder: Folder.parent(of: path))
    } catch {
      throw error.naming(file.name)
    }
  }

  /// - `folder`: The folder that the paths in the manifest are relative to.
  public init(_ json: JSONValue, folder: String) throws(VolumeError) {
    guard json.members != nil else {
      throw VolumeError(.malformed, "no object", field: "dataset.json")
    }
    self.folder = folder
    name = json["name"]?.string
    modalities = try Self.names(json["modality"] ?? json["channel_names"], "modality")
    labels = try Self.names(json["labels"], "labels")
    training = try Self.cases(json["training"], "training")
    validation = try Self.cases(json["validation"], "validation")
    test = try Self.cases(json["test"], "test")
  }

  /// The path of a file that the manifest names, inside the manifest's folder.
  ///
  /// - Throws: `escapesFolder` for a path that leads out of it; `file` where nothing is there.
  public func path(of named: String) throws(VolumeError) -> String {
    try Folder.path(named, inside: folder)
  }

  /// `{"0": "CT"}` or `{"background": 0}`; labels of several values (regions) take the first.
  private static func names(
    _ json: JSONValue?, _ field: String
  ) throws(VolumeError) -> [Int: String] {
    guard let json else { return [:] }
    if let list = json.array {
      return Dictionary(
        uniqueKeysWithValues: list.enumerated().compactMap { index, value in
          value.string.map { (index, $0) }
        })
    }
    guard let members = json.members else {
      throw VolumeError(.malformed, "neither an object nor a list", field: field)
    }
    var names: [Int: String] = [:]
    for member in members {
      let first = member.value.array?.first ?? member.value
      if let key = Int(member.name), let name = member.value.string {
        names[key] = name
      } else if let value = first.number, let key = Int(exactly: value) {
        names[key] = member.name
      } else if let text = first.string, let key = Int(text) {
        names[key] = member.name
      } else if member.name != "ignore" {
        throw VolumeError(.malformed, "no number for a name", field: field)
      }
    }
    return names
  }

  private static func cases(
    _ json: JSONValue?, _ field: String
  ) throws(VolumeError) -> [Case] {
    guard let json else { return [] }
    guard let list = json.array else {
      throw VolumeError(.malformed, "no list of cases", field: field)
    }
    var cases: [Case] = []
    for (index, entry) in list.enumerated() {
      if let path = entry.string {
        cases.append(Case(images: [path]))
      } else if let image = entry["image"] {
        let images = image.string.map { [$0] } ?? image.array?.compactMap(\.string) ?? []
        guard !images.isEmpty else {
          throw VolumeError(.malformed, "a case without image", field: "\(field)[\(index)]")
        }
        let label = entry["label"]?.string ?? entry["label"]?.array?.first?.string
        cases.append(Case(images: images, label: label))
      } else {
        throw VolumeError(.malformed, "neither a path nor a case", field: "\(field)[\(index)]")
      }
    }
    return cases
  }
}

// Finding the series of a folder tree in one pass over headers.

/// What a folder tree holds of DICOM.
public struct DICOMFolder: Sendable {
  /// The volumes, localisers after the others, larger ones first.
  public let series: [DICOMSeries]
  /// Paths of DICOM files without pixels, such as reports and plans.
  public let others: [String]
  /// DICOM files that could not be scanned, and why.
  public let failures: [(path: String, error: VolumeError)]

  /// The deepest nesting of folders that is followed.
  public static let deepest = 32
  /// The most files that one search looks at.
  public static let mostFiles = 4_000_000

  /// Scans a file, a folder tree, or what a DICOMDIR lists; pixels are not read.
  ///
  /// Files that are no DICOM, `DICOMDIR` and hidden files are passed over.
  /// - Throws: `file` where the path cannot be listed; `limit` for trees beyond `mostFiles`.
  /// - Complexity: O(*files*); one or two reads of a few kilobytes a file.
  public init(_ path: String) throws(VolumeError) {
    var paths: [String] = []
    var failures: [(path: String, error: VolumeError)] = []
    switch PathKind(path) {
    case .folder: try Self.list(path, 0, &paths)
    case .file where Self.isDirectory(path): (paths, failures) = try Self.files(ofDirectory: path)
    case .file: paths = [path]
    default: throw VolumeError(.file, "nothing is there to read").naming(path)
    }
    self.init(scanning: paths, failures)
  }

  /// Scans files in memory, such as the members of an archive; `path` names each.
  public init(members: [(path: String, bytes: [UInt8])]) {
    var headers: [SliceHeader] = []
    var failures: [(path: String, error: VolumeError)] = []
    for member in members {
      do throws(VolumeError) {
        var header = try HeaderScan.header(of: member.bytes, path: member.path)
        header.memory = member.bytes
        headers.append(header)
      } catch {
        if error.code != .unknownFormat { failures.append((member.path, error)) }
      }
    }
    self.init(headers, failures) { (header) throws(VolumeError) in try header.open() }
  }

  /// Scans the given files.
  public init(files: [String]) { self.init(scanning: files) }

  private init(
    scanning paths: [String], _ earlier: [(path: String, error: VolumeError)] = []
  ) {
    var headers: [SliceHeader] = []
    var failures = earlier
    for path in paths {
      do throws(VolumeError) {
        headers.append(try HeaderScan.header(of: path))
      } catch {
        if error.code != .unknownFormat { failures.append((path, error)) }
      }
    }
    self.init(headers, failures) { (header) throws(VolumeError) in
      try header.open()
    }
  }

  init(
    _ headers: [SliceHeader], _ earlier: [(path: String, error: VolumeError)],
    _ open: (SliceHeader) throws(VolumeError) -> DICOMFile
  ) {
    var failures = earlier
    var others: [String] = []
    var grouping = SeriesGrouping(headers)
    let (names, merged) = SeriesGrouping.seriesNames(headers)
    for (index, header) in headers.enumerated() {
      guard header.pixels != nil else {
        others.append(header.path)
        continue
      }
      guard header.layout != nil else {
        // The full reader says what is wrong.
        do throws(VolumeError) {
          _ = try open(header).pixelLayout()
          failures.append((header.path, VolumeError(.malformed, "pixels without a size")))
        } catch {
          failures.append((header.path, error))
        }
        continue
      }
      do throws(VolumeError) {
        let slices = try DICOMSlice.slices(of: header, at: index) { () throws(VolumeError) in
          try open(header)
        }
        grouping.add(slices, of: index, series: names[index])
      } catch {
        failures.append((header.path, error.naming(header.path)))
      }
    }
    let found = grouping.volumes().map { order in
      DICOMSeries(headers, order, isMerged: merged.contains(names[order.slices[0].file]))
    }
    series = found.enumerated().sorted { a, b in
      let left = (a.element.isLocalizer ? 1 : 0, -a.element.order.slices.count, a.offset)
      let right = (b.element.isLocalizer ? 1 : 0, -b.element.order.slices.count, b.offset)
      return left < right
    }.map(\.element)
    self.others = others
    self.failures = failures
  }

  private static func list(
    _ folder: String, _ depth: Int, _ paths: inout [String]
  ) throws(VolumeError) {
    guard depth < deepest else {
      throw VolumeError(.limit, "folders nest deeper than \(deepest)").naming(folder)
    }
    for name in try Folder.names(in: folder) where !name.hasPrefix(".") {
      let path = folder.hasSuffix("/") ? folder + name : folder + "/" + name
      switch PathKind(path) {
      case .folder: try list(path, depth + 1, &paths)
      case .file where name != "DICOMDIR":
        guard paths.count < mostFiles else {
          throw VolumeError(.limit, "more than \(mostFiles) files").naming(folder)
        }
        paths.append(path)
      default: continue
      }
    }
  }
}

extension DICOMSeries {
  /// The volumes of a file or a folder tree, as `DICOMFolder` finds them.
  ///
  /// - Throws: The first failure where nothing else was found; `unknownFormat` where there is no
  ///   DICOM at all.
  public static func find(in path: String) throws(VolumeError) -> [DICOMSeries] {
    let folder = try DICOMFolder(path)
    if folder.series.isEmpty {
      if let failure = folder.failures.first { throw failure.error }
      if let other = folder.others.first {
        throw VolumeError(.unsupported, "DICOM objects without pixels").naming(other)
      }
      throw VolumeError(.unknownFormat, "no DICOM file").naming(path)
    }
    return folder.series
  }

  /// The one volume that a file or a folder is about.
  ///
  /// That is the only one; or the only one that is no localiser; or the only one of more than one
  /// slice (beside dose reports and other single pictures).
  /// - Throws: `geometry` where several qualify, saying what they are; and as `find(in:)`.
  public static func single(in path: String) throws(VolumeError) -> DICOMSeries {
    try single(of: find(in: path)).get()
  }

  package static func single(of all: [DICOMSeries]) -> Result<DICOMSeries, VolumeError> {
    if let one = principal(of: all) { return .success(one) }
    let slices = all.filter { !$0.isLocalizer }
    let list = (slices.isEmpty ? all : slices).prefix(8).map(\.description)
    return .failure(
      VolumeError(
        .geometry,
        "\(all.count) volumes where one is wanted; choose with DICOMSeries.find: "
          + list.joined(separator: "; ")))
  }

  fileprivate static func principal(of all: [DICOMSeries]) -> DICOMSeries? {
    let slices = all.filter { !$0.isLocalizer }
    let candidates = [all, slices, slices.filter { $0.size.z > 1 }]
    return candidates.first { $0.count == 1 }?.first
  }
}

extension DICOMFolder {
  /// The one volume that the files are about, as ``DICOMSeries/single(in:)`` chooses it; nil where
  /// several qualify.
  public var principalSeries: DICOMSeries? { DICOMSeries.principal(of: series) }
}

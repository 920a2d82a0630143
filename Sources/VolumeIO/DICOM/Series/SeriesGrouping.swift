// From files to volumes: by series, size, kind, orientation; then by position.

/// Sorts the planes of scanned files into volumes.
struct SeriesGrouping {
  private struct Key: Hashable {
    var series: String
    var rows: Int
    var columns: Int
    var samples: Int
    var type: SampleType
    var photometric: String
    var modality: String
    var isLocalizer: Bool
    /// The first three values of the image type: original or derived, primary or secondary, what.
    var imageType: String
    /// The file, where its planes have no place among others.
    var file: Int?
  }

  private struct Group {
    var key: Key
    var orientation: PlaneOrientation?
    var slices: [DICOMSlice]
  }

  private let headers: [SliceHeader]
  private var groups: [Group] = []
  private var byKey: [Key: [Int]] = [:]

  init(_ headers: [SliceHeader]) { self.headers = headers }

  /// Adds the planes of one file.
  ///
  /// - Parameter series: What files of one series share: the series UID, as merged.
  mutating func add(_ slices: [DICOMSlice], of file: Int, series: String) {
    let header = headers[file]
    for slice in slices {
      let isPlaced = slice.position != nil && slice.orientation != nil
      let key = Key(
        series: series, rows: header.rows, columns: header.columns,
        samples: header.samplesPerPixel, type: header.type, photometric: header.photometric,
        modality: header.modality, isLocalizer: header.isLocalizer,
        imageType: slice.imageType.split(separator: "\\").prefix(3).joined(separator: "\\"),
        file: isPlaced && !header.isMosaic && !header.isLocalizer
          && header.modality != "SEG" ? nil : file)
      let index = byKey[key]?.first { index in
        switch (groups[index].orientation, slice.orientation) {
        case (nil, nil): true
        case (let a?, let b?): a.isNear(b)
        default: false
        }
      }
      if let index {
        groups[index].slices.append(slice)
      } else {
        byKey[key, default: []].append(groups.count)
        groups.append(Group(key: key, orientation: slice.orientation, slices: [slice]))
      }
    }
  }

  /// The volumes, largest first within their order of appearance.
  func volumes() -> [SliceOrder] {
    groups.flatMap { group in
      group.key.file == nil
        ? SliceOrder.volumes(group.slices, headers) : [SliceOrder(slices: group.slices)]
    }
  }

  /// The series of each file, by index: its UID, or one name for files of a folder that have a
  /// series UID each but are planes of one stack (as in CHAOS).
  static func seriesNames(_ headers: [SliceHeader]) -> (names: [String], merged: Set<String>) {
    var files: [String: Int] = [:]
    for header in headers { files[header.seriesUID, default: 0] += 1 }
    var names = headers.map(\.seriesUID)
    var stacks: [String: [Int]] = [:]
    for (index, header) in headers.enumerated()
    where files[header.seriesUID] == 1 && header.frames <= 1 && header.position != nil
      && !header.isMosaic
    {
      let folder = Folder.parent(of: header.path)
      let stack =
        "\(folder)\n\(header.studyUID)\n\(header.seriesNumber ?? -1)\n"
        + "\(header.frameOfReferenceUID)\n\(header.imageType.prefix(3))"
      stacks[stack, default: []].append(index)
    }
    var merged: Set<String> = []
    for members in stacks.values where members.count > 2 {
      let name = names[members[0]]
      merged.insert(name)
      for member in members { names[member] = name }
    }
    return (names, merged)
  }
}

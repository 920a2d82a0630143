// DICOMDIR: the list of a medium's files (PS3.3, annex F).

extension DICOMFolder {
  /// The files that a DICOMDIR lists, below the folder that it stands in.
  ///
  /// Names are taken as they are, in lower case, or with `.dcm` behind them, whichever is there: media
  /// copied to other file systems change them.
  /// - Returns: The paths that are there, and one failure for each that is not or that leads out of
  ///   the folder.
  static func files(
    ofDirectory path: String
  ) throws(VolumeError) -> (paths: [String], failures: [(path: String, error: VolumeError)]) {
    let set = try DICOMFile(contentsOf: path, keepsTruncated: true).dataSet
    let folder = Folder.parent(of: path)
    var paths: [String] = []
    var failures: [(path: String, error: VolumeError)] = []
    for record in set.items(DICOMTag(0x0004, 0x1220)) {
      let parts = record.strings(DICOMTag(0x0004, 0x1500)).filter { !$0.isEmpty }
      guard !parts.isEmpty, paths.count < mostFiles else { continue }
      let name = parts.joined(separator: "/")
      var first: VolumeError?
      var found: String?
      for candidate in [name, name.lowercased(), name + ".dcm", name.lowercased() + ".dcm"] {
        do throws(VolumeError) {
          found = try Folder.path(candidate, inside: folder)
          break
        } catch {
          first = first ?? error
        }
      }
      if let found {
        paths.append(found)
      } else if let first {
        failures.append((name, first.naming("DICOMDIR")))
      }
    }
    return (paths, failures)
  }

  /// Whether a path is a DICOMDIR, by its name or its SOP class.
  static func isDirectory(_ path: String) -> Bool {
    if path.split(separator: "/").last?.uppercased() == "DICOMDIR" { return true }
    guard let file = try? InputFile(path), let start = try? file.prefix(512) else { return false }
    var window = ByteWindow(start)
    guard let meta = try? FileStart(&window).meta else { return false }
    return meta.string(DICOMTag(0x0002, 0x0002)) == "1.2.840.10008.1.3.10"
  }
}

// Listing folders, and keeping paths that a file names inside the file's own folder.

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// What stands at a path.
package enum PathKind: Sendable {
  case file, folder, other

  /// The kind of thing at `path`, symbolic links followed; nil where there is nothing.
  package init?(_ path: String) {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFREG: self = .file
    case S_IFDIR: self = .folder
    default: self = .other
    }
  }
}

package enum Folder {
  /// The names in a folder, sorted by their bytes, without `.` and `..`.
  ///
  /// - Throws: `limit` for a folder of more than `limit` names.
  package static func names(in path: String, limit: Int = 1_000_000) throws(VolumeError) -> [String]
  {
    let folder = path.split(separator: "/").last.map(String.init) ?? path
    guard let stream = unsafe opendir(path) else {
      throw .system("could not be listed", folder)
    }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        unsafe tuple.withMemoryRebound(
          to: CChar.self, capacity: MemoryLayout.size(ofValue: tuple.pointee)
        ) { unsafe String(cString: $0) }
      }
      if name == "." || name == ".." { continue }
      guard names.count < limit else {
        throw VolumeError(.limit, "more than \(limit) names in a folder", file: folder)
      }
      names.append(name)
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// The folder that `path` stands in.
  package static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The path of a file that another file names, only if it stays in `folder`.
  ///
  /// - Throws: `escapesFolder` for absolute paths, for `..`, and for symbolic links that lead out;
  ///   `file` where nothing is there.
  package static func path(
    _ named: String, inside folder: String
  ) throws(VolumeError) -> String {
    let parts = named.split(separator: "/", omittingEmptySubsequences: false)
    guard !named.isEmpty, !named.hasPrefix("/"), !parts.contains(".."), !named.contains("\0") else {
      throw VolumeError(.escapesFolder, "a path in the file leads out of its folder")
    }
    let joined = folder + "/" + named
    guard let root = resolved(folder), let target = resolved(joined) else {
      throw .system("could not be found", named)
    }
    guard target == root || target.hasPrefix(root == "/" ? "/" : root + "/") else {
      throw VolumeError(.escapesFolder, "a link in the folder leads out of it")
    }
    return joined
  }

  private static func resolved(_ path: String) -> String? {
    guard let real = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(real) }
    return unsafe String(cString: real)
  }
}

// Making folders, without Foundation.

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

extension Folder {
  /// Makes a folder and those above it that are missing.
  package static func make(_ path: String) throws(VolumeError) {
    if case .folder? = PathKind(path) { return }
    let above = parent(of: path.hasSuffix("/") ? String(path.dropLast()) : path)
    if above != path, PathKind(above) == nil { try make(above) }
    guard unsafe mkdir(path, 0o777) == 0 || errno == EEXIST else {
      throw .system("could not be made", path.split(separator: "/").last.map(String.init) ?? path)
    }
  }
}

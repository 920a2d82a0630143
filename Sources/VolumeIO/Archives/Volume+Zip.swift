// A zip of anything that this module reads.

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

extension ZipArchive {
  /// Unpacks all members into a folder.
  ///
  /// - Parameters:
  ///   - folder: An existing folder.
  ///   - limit: The most bytes of all members together; checked before anything is written.
  /// - Throws: `escapesFolder` for a member whose path is absolute or holds `..`; nothing is written
  ///   then.
  public func unpack(into folder: String, limit: Int = 1 << 36) throws(VolumeError) {
    var total = 0
    for entry in entries {
      let parts = entry.name.split(separator: "/", omittingEmptySubsequences: false)
      guard
        !entry.name.hasPrefix("/"), !parts.contains(".."), !entry.name.contains("\0"),
        !entry.name.contains("\\"), !entry.name.isEmpty
      else {
        throw VolumeError(.escapesFolder, "a member's path leads out of the archive")
      }
      let (sum, overflow) = total.addingReportingOverflow(entry.size)
      guard !overflow, sum <= limit else {
        throw VolumeError(.limit, "members of more than \(limit) bytes")
      }
      total = sum
    }
    for entry in entries {
      var path = folder
      let parts = entry.name.split(separator: "/")
      for part in entry.isFolder ? parts : parts.dropLast() {
        path += "/" + part
        _ = unsafe mkdir(path, 0o755)
      }
      guard !entry.isFolder, let name = parts.last else { continue }
      let bytes = try read(entry, limit: limit)
      try OutputFile.write(bytes.span, to: path + "/" + name)
    }
  }
}

/// A folder that is removed with all it holds when it goes out of use.
package struct TemporaryFolder: ~Copyable {
  package let path: String

  package init() throws(VolumeError) {
    let base = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
    var template = Array("\(base)/volume.XXXXXX".utf8CString)
    let isMade = unsafe template.withUnsafeMutableBufferPointer { buffer in
      unsafe buffer.baseAddress.map { unsafe mkdtemp($0) != nil } ?? false
    }
    guard isMade else { throw .system("could not be created", "a temporary folder") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { Self.remove(path, depth: 0) }

  private static func remove(_ path: String, depth: Int) {
    guard depth < 64 else { return }
    if let names = try? Folder.names(in: path) {
      for name in names {
        let inner = path + "/" + name
        if unsafe unlink(inner) != 0 { remove(inner, depth: depth + 1) }
      }
    }
    _ = unsafe rmdir(path)
  }
}

extension Volume {
  /// Reads the one scan of a zip archive: its only file of a known format, or its only folder of them.
  static func unzipped(
    _ archive: ZipArchive, _ options: ReadOptions
  ) throws(VolumeError) -> Volume {
    let files = archive.entries.filter { entry in
      let name = entry.name.split(separator: "/").last ?? ""
      return !entry.isFolder && !name.hasPrefix(".") && !entry.name.hasPrefix("__MACOSX/")
        && name.uppercased() != "DICOMDIR"
    }
    guard !files.isEmpty else { throw VolumeError(.unknownFormat, "an archive without files") }
    if files.count == 1 {
      let bytes = try archive.read(files[0], limit: options.mostBytes)
      let name = files[0].name.split(separator: "/").last.map(String.init) ?? ""
      return try Volume(bytes: bytes, name: name, options)
    }
    let folder = try TemporaryFolder()
    try archive.unpack(into: folder.path, limit: options.mostBytes)
    return try unpacked(folder.path, options)
  }

  /// Down through folders that hold nothing but one folder.
  private static func unpacked(_ path: String, _ options: ReadOptions) throws(VolumeError) -> Volume
  {
    var path = path
    for _ in 0..<32 {
      let names = try Folder.names(in: path).filter { !$0.hasPrefix(".") && $0 != "__MACOSX" }
      guard names.count == 1, PathKind(path + "/" + names[0]) == .folder else { break }
      path += "/" + names[0]
    }
    // One header beside its data is one scan, not a folder of slices.
    let headers = try Folder.names(in: path).filter { name in
      [".nhdr", ".mhd", ".hdr"].contains { name.lowercased().hasSuffix($0) }
    }
    if headers.count == 1 { return try Volume(contentsOf: path + "/" + headers[0], options) }
    return try Volume(contentsOf: path, options)
  }
}

// Writing a file whole or not at all: to a temporary neighbour, synced, then renamed.

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// A file that appears under its name only when it is complete.
///
/// The bytes go to a temporary file in the same folder; `commit` syncs it to disk and renames it. A
/// writer that is dropped before that leaves nothing behind.
package struct OutputFile: ~Copyable {
  private let path: String
  private let temporary: String
  private let name: String
  private var descriptor: Int32
  private var isCommitted = false
  /// The count of bytes written so far.
  package private(set) var count = 0

  package init(_ path: String) throws(VolumeError) {
    self.path = path
    name = path.split(separator: "/").last.map(String.init) ?? path
    var template = Array("\(path).XXXXXX".utf8CString)
    let opened = unsafe template.withUnsafeMutableBufferPointer { buffer in
      unsafe buffer.baseAddress.map { unsafe mkstemp($0) } ?? -1
    }
    guard opened >= 0 else { throw .system("could not be created", name) }
    temporary = String(
      decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    descriptor = opened
    let mask = umask(0)
    umask(mask)
    _ = fchmod(opened, 0o666 & ~mask)
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    if !isCommitted { unsafe unlink(temporary) }
  }

  /// Appends bytes.
  package mutating func write(_ bytes: Span<UInt8>) throws(VolumeError) {
    let failed: Bool = unsafe bytes.withUnsafeBytes { source in
      var written = 0
      while written < source.count {
        let rest = unsafe UnsafeRawBufferPointer(rebasing: source[written...])
        let put = unsafe Self.put(descriptor, rest)
        if put > 0 {
          written += put
        } else if errno != EINTR {
          return true
        }
      }
      return false
    }
    if failed { throw .system("could not be written", name) }
    count += bytes.count
  }

  private static func put(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    #if canImport(Glibc)
      unsafe Glibc.write(descriptor, bytes.baseAddress, bytes.count)
    #elseif canImport(Musl)
      unsafe Musl.write(descriptor, bytes.baseAddress, bytes.count)
    #else
      unsafe Darwin.write(descriptor, bytes.baseAddress, bytes.count)
    #endif
  }

  /// Puts bytes in the place of others that were written before.
  ///
  /// - Precondition: They lie in what was written.
  package func overwrite(_ bytes: Span<UInt8>, at offset: Int) throws(VolumeError) {
    precondition(
      offset >= 0 && offset + bytes.count <= count,
      "\(bytes.count) bytes at \(offset) of \(count)")
    let put = unsafe bytes.withUnsafeBufferPointer { source in
      unsafe pwrite(descriptor, source.baseAddress, source.count, off_t(offset))
    }
    guard put == bytes.count else { throw .system("could not be written", name) }
  }

  /// Syncs the bytes to disk and gives the file its name, replacing a file that has it.
  package mutating func commit(isSynced: Bool = true) throws(VolumeError) {
    guard !isSynced || fsync(descriptor) == 0 else { throw .system("could not be synced", name) }
    guard close(descriptor) == 0 else {
      descriptor = -1
      throw .system("could not be closed", name)
    }
    descriptor = -1
    guard unsafe rename(temporary, path) == 0 else {
      throw .system("could not be renamed into place", name)
    }
    isCommitted = true
  }

  /// Writes a whole file at once.
  package static func write(
    _ bytes: Span<UInt8>, to path: String, isSynced: Bool = true
  ) throws(VolumeError) {
    var file = try OutputFile(path)
    try file.write(bytes)
    try file.commit(isSynced: isSynced)
  }
}

// Reading regular files by position, and mapped into memory, without Foundation.

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// An open regular file, read by position; safe to read from many threads.
package final class InputFile: Sendable {
  /// The path as it was given.
  package let path: String
  /// The last component of the path, which errors show.
  package let name: String
  /// The count of bytes when the file was opened.
  package let size: Int
  private let descriptor: Int32

  /// - Throws: `file` where the path is no readable regular file; a pipe or a device is refused
  ///   without waiting for it.
  package init(_ path: String) throws(VolumeError) {
    self.path = path
    name = path.split(separator: "/").last.map(String.init) ?? path
    let opened = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard opened >= 0 else { throw .system("could not be opened", name) }
    var status = stat()
    guard unsafe fstat(opened, &status) == 0 else {
      let error = VolumeError.system("could not be examined", name)
      close(opened)
      throw error
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(opened)
      throw VolumeError(.file, "is no regular file", file: name)
    }
    descriptor = opened
    size = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// Fills `target` with the bytes from `offset` on, as far as the file goes.
  ///
  /// - Returns: The count of bytes read; less than `target.count` only at the end of the file.
  package func read(
    at offset: Int, into target: UnsafeMutableRawBufferPointer
  ) throws(VolumeError) -> Int {
    var filled = 0
    while filled < target.count {
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: target[filled...])
      let got = unsafe pread(descriptor, rest.baseAddress, rest.count, off_t(offset + filled))
      if got > 0 {
        filled += got
      } else if got == 0 {
        break
      } else if errno != EINTR {
        throw .system("could not be read", name)
      }
    }
    return filled
  }

  /// The bytes of a range of the file.
  ///
  /// - Throws: `truncated` where the file ends before the range does; nothing is allocated then.
  package func read(_ range: Range<Int>) throws(VolumeError) -> [UInt8] {
    guard range.lowerBound >= 0, range.upperBound <= size else {
      throw VolumeError(
        .truncated, "\(size) bytes where \(range.upperBound) are needed", file: name,
        offset: size)
    }
    var failure: VolumeError?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      unsafe LargePages.advise(UnsafeMutableRawBufferPointer(buffer))
      do throws(VolumeError) {
        count = try unsafe read(at: range.lowerBound, into: UnsafeMutableRawBufferPointer(buffer))
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    guard bytes.count == range.count else {
      throw VolumeError(
        .truncated, "ended while it was read", file: name, offset: range.lowerBound + bytes.count)
    }
    return bytes
  }

  /// The first bytes of the file, at most `count` of them.
  package func prefix(_ count: Int) throws(VolumeError) -> [UInt8] {
    try read(0..<min(count, size))
  }

  /// The whole file.
  ///
  /// - Throws: `limit` for a file of more than `limit` bytes.
  package func readAll(limit: Int = .max) throws(VolumeError) -> [UInt8] {
    guard size <= limit else {
      throw VolumeError(.limit, "\(size) bytes where \(limit) are allowed", file: name)
    }
    return try read(0..<size)
  }

  /// The file mapped into memory.
  ///
  /// Pages are read when they are touched. A file that another process cuts short while it is mapped
  /// ends this process with a bus error (POSIX `mmap`); prefer `read` for files that may change.
  package func mapped() throws(VolumeError) -> MappedFile {
    guard size > 0 else { return unsafe MappedFile(UnsafeRawBufferPointer(start: nil, count: 0)) }
    let address = unsafe mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let address = unsafe address, unsafe address != MAP_FAILED else {
      throw .system("could not be mapped into memory", name)
    }
    return unsafe MappedFile(UnsafeRawBufferPointer(start: address, count: size))
  }
}

/// A file's bytes, mapped into memory for as long as this object lives.
@safe
package final class MappedFile: Sendable {
  // Read-only memory whose address never changes: reading it from many threads is no race. Pointers are
  // not `Sendable`, hence the annotation.
  private nonisolated(unsafe) let buffer: UnsafeRawBufferPointer

  fileprivate init(_ buffer: UnsafeRawBufferPointer) {
    unsafe self.buffer = unsafe buffer
  }

  deinit {
    if let base = unsafe buffer.baseAddress {
      unsafe munmap(UnsafeMutableRawPointer(mutating: base), buffer.count)
    }
  }

  package var count: Int { unsafe buffer.count }

  /// Runs `body` on the bytes.
  package func withBytes<R: ~Copyable, E: Error>(
    _ body: (Span<UInt8>) throws(E) -> R
  ) throws(E) -> R {
    try body(unsafe buffer.assumingMemoryBound(to: UInt8.self).span)
  }
}

extension VolumeError {
  /// A failed system call, with the system's own words for `errno`.
  package static func system(_ what: String, _ file: String) -> VolumeError {
    let code = errno
    let reason = unsafe String(cString: strerror(code))
    return VolumeError(.file, "\(what): \(reason)", file: file)
  }
}

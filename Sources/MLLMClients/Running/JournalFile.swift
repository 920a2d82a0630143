// The file under a journal: locked, appended to, fsynced; its torn last line taken off.
// Sources: POSIX.1-2024 open, write, fsync; flock(2).

import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// An open journal file. Closing unlocks it, and so does the end of the process, however it ends.
final class JournalFile: Sendable {
  private let descriptor: Int32
  let path: String
  private let end: Mutex<Int>

  /// Opens for appending, and locks.
  ///
  /// - Throws: `ClientError` with `.journal` when another process holds the file, or it can't be
  ///   opened.
  init(path: String) throws(ClientError) {
    self.path = path
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Self.failure("can't be opened", path) }
    guard Self.lock(descriptor) else {
      close(descriptor)
      throw Self.failure("is in use by another run", path)
    }
    self.descriptor = descriptor
    end = Mutex(Int(lseek(descriptor, 0, SEEK_END)))
  }

  deinit { close(descriptor) }

  /// Locks, waiting for half a second: a program that this process is just starting has a copy of
  /// every descriptor, and of its lock, for a moment.
  private static func lock(_ descriptor: Int32) -> Bool {
    for _ in 0..<20 {
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
      guard errno == EWOULDBLOCK || errno == EINTR else { return false }
      usleep(25_000)
    }
    return flock(descriptor, LOCK_EX | LOCK_NB) == 0
  }

  var size: Int { end.withLock { $0 } }

  static func failure(_ what: String, _ path: String) -> ClientError {
    let code = errno
    let name = path.split(separator: "/").last.map(String.init) ?? path
    return ClientError(.journal, "\(name) \(what) (errno \(code))")
  }

  /// Reads a part of the file.
  func read(at offset: Int, count: Int) throws(ClientError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let got = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe pread(
          descriptor, buffer.baseAddress.map { unsafe $0 + done }, count - done,
          off_t(offset + done))
      }
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { throw Self.failure("can't be read at byte \(offset + done)", path) }
      done += got
    }
    return bytes
  }

  /// Writes at the end and waits until it is on the disk.
  ///
  /// - Returns: Where the bytes begin.
  func append(_ bytes: [UInt8]) throws(ClientError) -> Int {
    let start = size
    var done = 0
    while done < bytes.count {
      let put = unsafe bytes.withUnsafeBytes { buffer in
        unsafe pwrite(
          descriptor, buffer.baseAddress.map { unsafe $0 + done }, bytes.count - done,
          off_t(start + done))
      }
      if put < 0, errno == EINTR { continue }
      guard put > 0 else {
        let failure = Self.failure("can't be written", path)
        ftruncate(descriptor, off_t(start))
        throw failure
      }
      done += put
    }
    guard fsync(descriptor) == 0 else { throw Self.failure("can't be synced", path) }
    end.withLock { $0 = start + bytes.count }
    return start
  }

  /// Cuts the file.
  func truncate(to size: Int) throws(ClientError) {
    guard ftruncate(descriptor, off_t(size)) == 0, fsync(descriptor) == 0 else {
      throw Self.failure("can't be cut", path)
    }
    end.withLock { $0 = size }
  }
}

// The bytes of a file without reading them all: mapped into memory, or an array in tests.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file mapped read-only. Unmapped when the last user is gone.
///
/// The file must not shrink while it is mapped: the operating system would stop the process.
/// Files that are replaced by renaming (as this library does) are safe.
final class MappedFile: Sendable {
  private let address: UInt
  let count: Int

  init(path: String) throws(NeuralCoreError) {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw MappedFile.failure("cannot open", path) }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw MappedFile.failure("cannot ask the size", path)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw NeuralCoreError(.file, "not a regular file", path: path)
    }
    count = Int(status.st_size)
    guard count > 0 else {
      address = 0
      return
    }
    guard let mapped = unsafe mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0),
      unsafe mapped != UnsafeMutableRawPointer(bitPattern: -1)
    else { throw MappedFile.failure("cannot map", path) }
    address = UInt(bitPattern: mapped)
  }

  deinit {
    if let pointer = unsafe UnsafeMutableRawPointer(bitPattern: address) {
      unsafe munmap(pointer, count)
    }
  }

  var bytes: UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: address), count: count)
  }

  static func failure(_ what: String, _ path: String) -> NeuralCoreError {
    let reason = unsafe String(cString: strerror(errno))
    return NeuralCoreError(.file, "\(what): \(reason)", path: path)
  }
}

/// Bytes that stay where they are until a tensor is read from them.
package enum ByteSource: Sendable {
  case array([UInt8])
  case mapped(Mapping)

  /// Hides the file behind a type that other targets can name.
  package struct Mapping: Sendable {
    let file: MappedFile
  }

  package init(path: String) throws(NeuralCoreError) {
    self = .mapped(Mapping(file: try MappedFile(path: path)))
  }

  package var count: Int {
    switch self {
    case .array(let bytes): bytes.count
    case .mapped(let mapping): mapping.file.count
    }
  }

  /// A copy of some bytes.
  package func bytes(_ start: Int, _ length: Int, of what: String) throws(NeuralCoreError)
    -> [UInt8]
  {
    try check(start, length, of: what)
    switch self {
    case .array(let bytes): return Array(bytes[start..<start + length])
    case .mapped(let mapping):
      let window = unsafe UnsafeRawBufferPointer(
        rebasing: mapping.file.bytes[start..<start + length])
      return unsafe Array(window)
    }
  }

  func check(_ start: Int, _ length: Int, of what: String) throws(NeuralCoreError) {
    guard start >= 0, length >= 0, start <= count, length <= count - start else {
      throw NeuralCoreError(
        .truncated, "\(what) takes \(length) bytes, the file has \(count)", offset: start)
    }
  }

  /// Lends some bytes, bounds already checked.
  func withBytes<Result>(
    _ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Result
  ) -> Result {
    switch self {
    case .array(let bytes):
      return unsafe bytes.withUnsafeBytes { all in
        unsafe body(UnsafeRawBufferPointer(rebasing: all[range]))
      }
    case .mapped(let mapping):
      let file = mapping.file
      return withExtendedLifetime(file) {
        unsafe body(UnsafeRawBufferPointer(rebasing: file.bytes[range]))
      }
    }
  }
}

/// A cursor over bytes that never reads past their end.
struct ByteReader {
  let bytes: [UInt8]
  var at: Int
  let what: String

  init(_ bytes: [UInt8], at: Int = 0, what: String) {
    self.bytes = bytes
    self.at = at
    self.what = what
  }

  mutating func take(_ count: Int) throws(NeuralCoreError) -> ArraySlice<UInt8> {
    guard count >= 0, count <= bytes.count - at else {
      throw NeuralCoreError(
        .truncated, "\(what): \(count) bytes expected, \(bytes.count - at) left", offset: at)
    }
    defer { at += count }
    return bytes[at..<at + count]
  }

  mutating func byte() throws(NeuralCoreError) -> UInt8 {
    let slice = try take(1)
    return slice[slice.startIndex]
  }

  /// A little-endian integer.
  mutating func integer<T: FixedWidthInteger>(_: T.Type = T.self) throws(NeuralCoreError) -> T {
    let slice = try take(T.bitWidth / 8)
    var value: T = 0
    for (shift, byte) in slice.enumerated() {
      value |= T(truncatingIfNeeded: UInt64(byte)) << T(8 * shift)
    }
    return value
  }

  /// A length or count: 64 bits unsigned that must fit what is left of the file.
  mutating func count(_ field: String, upTo limit: Int) throws(NeuralCoreError) -> Int {
    let start = at
    let value = try integer(UInt64.self)
    guard value <= UInt64(limit) else {
      throw NeuralCoreError(
        .limit, "\(what): \(field) is \(value), at most \(limit) is possible", offset: start)
    }
    return Int(value)
  }
}

/// Whether something can be read at a path.
func fileExists(_ path: String) -> Bool { unsafe access(path, R_OK) == 0 }

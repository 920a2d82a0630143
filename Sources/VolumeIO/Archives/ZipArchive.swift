// Zip archives, zip64 among them: stored and deflated members.
// Source: PKWARE APPNOTE.TXT 6.3.10, sections 4.3 and 4.5.3.

/// An open zip archive.
public struct ZipArchive: Sendable {
  /// One member.
  public struct Entry: Sendable, Hashable {
    /// The path in the archive, with `/` between folders.
    public let name: String
    /// Bytes when unpacked, as the archive's directory says.
    public let size: Int
    let compressedSize: Int
    let method: Int
    let crc: UInt32
    let offset: Int
    let isEncrypted: Bool

    public var isFolder: Bool { name.hasSuffix("/") }
  }

  /// The members in the order of the archive's directory.
  public let entries: [Entry]
  private let origin: ByteStream.Origin

  /// The most members that are read.
  public static let mostEntries = 1_000_000

  public init(contentsOf path: String) throws(VolumeError) {
    let file = try InputFile(path)
    do throws(VolumeError) {
      try self.init(.file(file))
    } catch {
      throw error.naming(file.name)
    }
  }

  public init(bytes: [UInt8]) throws(VolumeError) { try self.init(.memory(bytes)) }

  init(_ origin: ByteStream.Origin) throws(VolumeError) {
    self.origin = origin
    let (count, start, length) = try Self.directory(origin)
    guard count <= Self.mostEntries else {
      throw VolumeError(.limit, "\(count) members", field: "central directory")
    }
    let r = ByteReader(try origin.read(start..<start + length), .little, base: start)
    // 46 bytes is the least that a member takes in the directory.
    guard count <= length / 46 else {
      throw VolumeError(
        .malformed, "\(count) members in \(length) bytes", offset: start,
        field: "central directory")
    }
    var entries: [Entry] = []
    var position = 0
    for _ in 0..<count {
      let (entry, next) = try Self.entry(r, position)
      entries.append(entry)
      position = next
    }
    self.entries = entries
  }

  /// The count of members, and where the directory lies.
  private static func directory(
    _ origin: ByteStream.Origin
  ) throws(VolumeError) -> (count: Int, start: Int, length: Int) {
    let from = max(0, origin.count - 65557)
    let tail = try origin.read(from..<origin.count)
    guard tail.count >= 22 else {
      throw VolumeError(.truncated, "\(tail.count) bytes are no archive", offset: 0)
    }
    guard
      let end = stride(from: tail.count - 22, through: 0, by: -1).first(where: {
        tail[$0] == 0x50 && tail[$0 + 1] == 0x4B && tail[$0 + 2] == 5 && tail[$0 + 3] == 6
      })
    else {
      throw VolumeError(.truncated, "no end of the central directory", offset: origin.count)
    }
    let r = ByteReader(tail, .little, base: from)
    var count = try r.int(end + 10, "count of members", as: UInt16.self)
    var length = try r.int(end + 12, "size of directory", as: UInt32.self)
    var start = try r.int(end + 16, "offset of directory", as: UInt32.self)
    if end >= 20, try r.integer(end - 20, "zip64", as: UInt32.self) == 0x0706_4B50 {
      let place = try r.int(end - 20 + 8, "zip64", as: UInt64.self)
      guard place <= origin.count - 56 else {
        throw VolumeError(.truncated, "zip64's directory at \(place)", offset: origin.count)
      }
      let big = ByteReader(try origin.read(place..<place + 56), .little, base: place)
      guard try big.integer(0, "zip64", as: UInt32.self) == 0x0606_4B50 else {
        throw VolumeError(.malformed, "no record of zip64", offset: place, field: "zip64")
      }
      count = try big.int(32, "count of members", as: UInt64.self)
      length = try big.int(40, "size of directory", as: UInt64.self)
      start = try big.int(48, "offset of directory", as: UInt64.self)
    }
    guard start <= origin.count, length <= origin.count - start else {
      throw VolumeError(
        .malformed, "a directory of \(length) bytes at \(start) in \(origin.count)",
        field: "central directory")
    }
    return (count, start, length)
  }

  private static func entry(
    _ r: ByteReader, _ at: Int
  ) throws(VolumeError) -> (Entry, next: Int) {
    guard try r.integer(at, "member", as: UInt32.self) == 0x0201_4B50 else {
      throw VolumeError(
        .malformed, "no signature of a member", offset: r.base + at, field: "central directory")
    }
    let flags = try r.integer(at + 8, "flags", as: UInt16.self)
    let method = try r.int(at + 10, "method", as: UInt16.self)
    let crc = try r.integer(at + 16, "CRC", as: UInt32.self)
    var compressed = try r.int(at + 20, "compressed size", as: UInt32.self)
    var size = try r.int(at + 24, "size", as: UInt32.self)
    let nameLength = try r.int(at + 28, "name", as: UInt16.self)
    let extraLength = try r.int(at + 30, "extra", as: UInt16.self)
    let commentLength = try r.int(at + 32, "comment", as: UInt16.self)
    var offset = try r.int(at + 42, "offset", as: UInt32.self)
    let name = String(
      decoding: try r.slice(at + 46, nameLength, "name"), as: UTF8.self)
    var position = at + 46 + nameLength
    let end = position + extraLength
    while position + 4 <= end {
      let tag = try r.integer(position, "extra", as: UInt16.self)
      let length = try r.int(position + 2, "extra", as: UInt16.self)
      var field = position + 4
      if tag == 1 {
        if size == 0xFFFF_FFFF {
          size = try r.int(field, "zip64 size", as: UInt64.self)
          field += 8
        }
        if compressed == 0xFFFF_FFFF {
          compressed = try r.int(field, "zip64 size", as: UInt64.self)
          field += 8
        }
        if offset == 0xFFFF_FFFF { offset = try r.int(field, "zip64 offset", as: UInt64.self) }
      }
      position += 4 + length
    }
    let entry = Entry(
      name: name, size: size, compressedSize: compressed, method: method, crc: crc,
      offset: offset, isEncrypted: flags & 1 == 1)
    return (entry, end + commentLength)
  }

  /// The unpacked bytes of a member; its CRC-32 is verified.
  ///
  /// - `limit`: The most bytes to unpack.
  /// - Throws: `unsupported` for encryption and for methods other than store and deflate.
  public func read(_ entry: Entry, limit: Int = 1 << 34) throws(VolumeError) -> [UInt8] {
    do throws(VolumeError) {
      return try unpack(entry, limit)
    } catch {
      throw error.naming(entry.name)
    }
  }

  private func unpack(_ entry: Entry, _ limit: Int) throws(VolumeError) -> [UInt8] {
    guard !entry.isEncrypted else { throw VolumeError(.unsupported, "encrypted") }
    guard entry.size <= limit else {
      throw VolumeError(.limit, "\(entry.size) bytes where \(limit) are allowed")
    }
    guard entry.offset <= origin.count - 30 else {
      throw VolumeError(.truncated, "a member at \(entry.offset)", offset: origin.count)
    }
    let r = ByteReader(
      try origin.read(entry.offset..<entry.offset + 30), .little, base: entry.offset)
    guard try r.integer(0, "local header", as: UInt32.self) == 0x0403_4B50 else {
      throw VolumeError(.malformed, "no local header", offset: entry.offset)
    }
    let start =
      entry.offset + 30 + (try r.int(26, "name", as: UInt16.self))
      + (try r.int(28, "extra", as: UInt16.self))
    guard start <= origin.count, entry.compressedSize <= origin.count - start else {
      throw VolumeError(
        .truncated, "\(entry.compressedSize) bytes at \(start)", offset: origin.count)
    }
    guard entry.method == 0 || entry.method == 8 else {
      throw VolumeError(
        .unsupported, "compression method \(entry.method); store and deflate are read")
    }
    guard entry.method == 8 || entry.size == entry.compressedSize else {
      throw VolumeError(
        .malformed, "\(entry.compressedSize) stored bytes for \(entry.size)",
        offset: entry.offset)
    }
    var stream = try ByteStream(
      origin, range: start..<start + entry.compressedSize,
      wrapper: entry.method == 8 ? .raw : nil)
    let bytes = try stream.read(entry.size, "member")
    guard CRC32(bytes.span).value == entry.crc else {
      throw VolumeError(.corrupt, "CRC-32 does not match", offset: entry.offset)
    }
    return bytes
  }
}

// ZIP as PyTorch and NumPy write it: a central directory, members stored or deflated.
// Source: PKWARE APPNOTE 6.3, sections 4.3.7, 4.3.12, 4.3.16 and 4.5.3 (zip64).

/// A zip file's directory; members are read when asked for.
struct ZipArchive {
  struct Member {
    let method: Int
    let packedSize: Int
    let size: Int
    let header: Int
  }

  let source: ByteSource
  private(set) var members: [String: Member] = [:]

  init(_ source: ByteSource) throws(NeuralCoreError) {
    self.source = source
    let directory = try ZipArchive.directory(source)
    var reader = ByteReader(
      try source.bytes(directory.start, directory.length, of: "the zip's directory"), what: "zip")
    for _ in 0..<directory.count {
      guard try reader.integer(UInt32.self) == 0x0201_4B50 else {
        throw NeuralCoreError(
          .malformed, "zip: no directory entry", offset: directory.start + reader.at)
      }
      _ = try reader.take(4)
      let flags = try reader.integer(UInt16.self)
      let method = Int(try reader.integer(UInt16.self))
      _ = try reader.take(8)
      var packed = UInt64(try reader.integer(UInt32.self))
      var size = UInt64(try reader.integer(UInt32.self))
      let nameLength = Int(try reader.integer(UInt16.self))
      let extraLength = Int(try reader.integer(UInt16.self))
      let commentLength = Int(try reader.integer(UInt16.self))
      _ = try reader.take(8)
      var header = UInt64(try reader.integer(UInt32.self))
      let name = String(decoding: try reader.take(nameLength), as: UTF8.self)
      var extra = ByteReader(Array(try reader.take(extraLength)), what: "zip64")
      _ = try reader.take(commentLength)
      while extra.bytes.count - extra.at >= 4 {
        let kind = try extra.integer(UInt16.self)
        let length = Int(try extra.integer(UInt16.self))
        guard kind == 1 else {
          _ = try extra.take(length)
          continue
        }
        if size == 0xFFFF_FFFF { size = try extra.integer() }
        if packed == 0xFFFF_FFFF { packed = try extra.integer() }
        if header == 0xFFFF_FFFF { header = try extra.integer() }
        break
      }
      guard flags & 1 == 0 else {
        throw NeuralCoreError(.unsupported, "zip: \(name) is encrypted")
      }
      guard packed <= UInt64(source.count), header <= UInt64(source.count), size < 1 << 46 else {
        throw NeuralCoreError(.malformed, "zip: \(name) claims \(packed) bytes at \(header)")
      }
      let member = Member(
        method: method, packedSize: Int(packed), size: Int(size), header: Int(header))
      guard members.updateValue(member, forKey: name) == nil else {
        throw NeuralCoreError(.malformed, "zip: the member \(name) stands twice")
      }
    }
  }

  /// Finds the end-of-directory record, which a comment may follow, and zip64's beside it.
  private static func directory(_ source: ByteSource) throws(NeuralCoreError)
    -> (start: Int, length: Int, count: Int)
  {
    let tailLength = min(source.count, 22 + 65_535)
    let tailStart = source.count - tailLength
    let tail = try source.bytes(tailStart, tailLength, of: "the zip's tail")
    guard
      let end = stride(from: tailLength - 22, through: 0, by: -1).first(where: {
        tail[$0] == 0x50 && tail[$0 + 1] == 0x4B && tail[$0 + 2] == 5 && tail[$0 + 3] == 6
      })
    else { throw NeuralCoreError(.truncated, "zip: no end of directory") }
    var reader = ByteReader(tail, at: end + 10, what: "zip")
    var count = UInt64(try reader.integer(UInt16.self))
    var length = UInt64(try reader.integer(UInt32.self))
    var start = UInt64(try reader.integer(UInt32.self))
    if end >= 20, count == 0xFFFF || length == 0xFFFF_FFFF || start == 0xFFFF_FFFF {
      var locator = ByteReader(tail, at: end - 20, what: "zip64")
      if try locator.integer(UInt32.self) == 0x0706_4B50 {
        _ = try locator.take(4)
        let at = try locator.count("record", upTo: source.count)
        var record = ByteReader(
          try source.bytes(at, 56, of: "zip64's record"), at: 32, what: "zip64")
        count = try record.integer()
        length = try record.integer()
        start = try record.integer()
      }
    }
    // A directory entry takes at least 46 bytes.
    guard start <= UInt64(source.count), length <= UInt64(source.count), count <= length / 46 else {
      throw NeuralCoreError(.malformed, "zip: \(count) members in a directory of \(length) bytes")
    }
    return (Int(start), Int(length), Int(count))
  }

  /// Where a member's packed bytes lie in the file.
  func range(_ name: String) throws(NeuralCoreError) -> Range<Int> {
    guard let member = members[name] else {
      throw NeuralCoreError(.malformed, "zip: no member \(name)")
    }
    var reader = ByteReader(
      try source.bytes(member.header, 30, of: "the header of \(name)"), what: "zip")
    guard try reader.integer(UInt32.self) == 0x0403_4B50 else {
      throw NeuralCoreError(.malformed, "zip: no header of \(name)", offset: member.header)
    }
    reader.at = 26
    let skip = Int(try reader.integer(UInt16.self)) + Int(try reader.integer(UInt16.self))
    let start = member.header + 30 + skip
    try source.check(start, member.packedSize, of: name)
    return start..<start + member.packedSize
  }

  /// A member's bytes, expanded.
  func bytes(_ name: String) throws(NeuralCoreError) -> [UInt8] {
    let range = try range(name)
    let packed = try source.bytes(range.lowerBound, range.count, of: name)
    guard let member = members[name] else { return packed }
    switch member.method {
    case 0: return packed
    case 8: return try inflate(packed, size: member.size)
    default:
      throw NeuralCoreError(.unsupported, "zip: \(name) is packed by method \(member.method)")
    }
  }

  /// A member that stays in the file where it is stored, or is expanded where it is packed.
  func slice(_ name: String) throws(NeuralCoreError) -> (source: ByteSource, range: Range<Int>) {
    if members[name]?.method == 0 { return (source, try range(name)) }
    let bytes = try bytes(name)
    return (.array(bytes), 0..<bytes.count)
  }
}

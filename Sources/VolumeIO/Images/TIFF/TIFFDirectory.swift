// TIFF's directories of tags, classic and BigTIFF.
// Source: TIFF Revision 6.0, section 2; "The BigTIFF File Format", AWare Systems.

/// The directories (pages) of a TIFF file.
struct TIFFDirectories: Sendable {
  var reader: ByteReader
  var pages: [TIFFDirectory] = []

  /// - Throws: `limit` beyond 65,536 pages; `malformed` where directories run in a circle.
  init(_ bytes: [UInt8]) throws(VolumeError) {
    guard bytes.count >= 8, bytes[0] == bytes[1], bytes[0] == 0x49 || bytes[0] == 0x4D else {
      throw VolumeError(.unknownFormat, "no TIFF byte order", offset: 0)
    }
    reader = ByteReader(bytes, bytes[0] == 0x49 ? .little : .big)
    let version = try reader.integer(2, "version", as: UInt16.self)
    let isBig = version == 43
    guard isBig || version == 42 else {
      throw VolumeError(.unknownFormat, "version \(version), expected 42 or 43", offset: 2)
    }
    var next =
      isBig
      ? try reader.int(8, "first IFD", as: UInt64.self)
      : try reader.int(4, "first IFD", as: UInt32.self)
    var seen: Set<Int> = []
    while next != 0 {
      guard seen.insert(next).inserted else {
        throw VolumeError(.malformed, "directories in a circle", offset: next, field: "next IFD")
      }
      guard pages.count < 65536 else {
        throw VolumeError(.limit, "more than 65536 pages", offset: next)
      }
      let count =
        isBig
        ? try reader.int(next, "IFD", as: UInt64.self)
        : try reader.int(next, "IFD", as: UInt16.self)
      guard count <= 4096 else {
        throw VolumeError(.limit, "\(count) tags in a directory", offset: next)
      }
      let (head, width) = isBig ? (8, 20) : (2, 12)
      var page = TIFFDirectory()
      for index in 0..<count {
        let place = next + head + index * width
        let tag = try reader.integer(place, "tag", as: UInt16.self)
        page.entries[tag] = try TIFFDirectory.Entry(reader, at: place, isBig: isBig)
      }
      pages.append(page)
      let end = next + head + count * width
      next =
        isBig
        ? try reader.int(end, "next IFD", as: UInt64.self)
        : try reader.int(end, "next IFD", as: UInt32.self)
    }
  }
}

/// The tags of one page.
struct TIFFDirectory: Sendable {
  /// The type, count and place of a tag's values.
  struct Entry: Sendable {
    var type: UInt16
    var count: Int
    var offset: Int

    /// Bytes of a value by its type, 0 for types that the standard does not list.
    static func width(_ type: UInt16) -> Int {
      switch type {
      case 1, 2, 6, 7: 1
      case 3, 8: 2
      case 4, 9, 11, 13: 4
      case 5, 10, 12, 16, 17, 18: 8
      default: 0
      }
    }

    init(_ r: ByteReader, at place: Int, isBig: Bool) throws(VolumeError) {
      type = try r.integer(place + 2, "type", as: UInt16.self)
      count =
        isBig
        ? try r.int(place + 4, "count", as: UInt64.self)
        : try r.int(place + 4, "count", as: UInt32.self)
      let value = place + (isBig ? 12 : 8)
      let (bytes, overflow) = count.multipliedReportingOverflow(by: Self.width(type))
      guard !overflow else {
        throw VolumeError(.malformed, "\(count) values", offset: place, field: "count")
      }
      if bytes <= (isBig ? 8 : 4) {
        offset = value
      } else {
        offset =
          isBig
          ? try r.int(value, "offset", as: UInt64.self)
          : try r.int(value, "offset", as: UInt32.self)
        try r.require(offset, bytes, "tag's values")
      }
    }
  }

  var entries: [UInt16: Entry] = [:]

  /// All values of a tag of whole numbers; nil where the tag is not there.
  func integers(_ tag: UInt16, _ r: ByteReader) throws(VolumeError) -> [Int]? {
    guard let entry = entries[tag] else { return nil }
    let width = TIFFDirectory.Entry.width(entry.type)
    guard width > 0 else {
      throw VolumeError(
        .malformed, "the type \(entry.type)", offset: entry.offset, field: "tag \(tag)")
    }
    try r.require(entry.offset, width * entry.count, "tag \(tag)")
    var values: [Int] = []
    values.reserveCapacity(entry.count)
    for index in 0..<entry.count {
      let place = entry.offset + index * width
      switch entry.type {
      case 1, 6, 7: values.append(Int(r.bytes[place]))
      case 3, 8: values.append(try r.int(place, "tag \(tag)", as: UInt16.self))
      case 4, 9, 13: values.append(try r.int(place, "tag \(tag)", as: UInt32.self))
      case 16, 18: values.append(try r.int(place, "tag \(tag)", as: UInt64.self))
      default:
        throw VolumeError(
          .malformed, "type \(entry.type), expected whole numbers", offset: entry.offset,
          field: "tag \(tag)")
      }
    }
    return values
  }

  func integer(_ tag: UInt16, _ r: ByteReader) throws(VolumeError) -> Int? {
    try integers(tag, r)?.first
  }

  func bytes(_ tag: UInt16, _ r: ByteReader) throws(VolumeError) -> [UInt8]? {
    guard let entry = entries[tag] else { return nil }
    return try r.slice(
      entry.offset, TIFFDirectory.Entry.width(entry.type) * entry.count, "tag \(tag)")
  }

  func text(_ tag: UInt16, _ r: ByteReader) throws(VolumeError) -> String? {
    guard let entry = entries[tag], entry.type == 2 else { return nil }
    return try r.text(entry.offset, entry.count, "tag \(tag)")
  }

  func rational(_ tag: UInt16, _ r: ByteReader) throws(VolumeError) -> Double? {
    guard let entry = entries[tag], entry.type == 5, entry.count > 0 else { return nil }
    let top = try r.integer(entry.offset, "tag \(tag)", as: UInt32.self)
    let bottom = try r.integer(entry.offset + 4, "tag \(tag)", as: UInt32.self)
    return bottom == 0 ? nil : Double(top) / Double(bottom)
  }
}

// The file under an HDF5 reader: reading by address, with the file's own sizes of addresses.
// Source of all files in this folder: HDF5 File Format Specification Version 3.0,
// https://docs.hdfgroup.org/hdf5/develop/_f_m_t3.html; section numbers are that document's.

/// An HDF5 file's bytes by address.
struct HDF5Source: Sendable {
  let origin: ByteStream.Origin
  /// Bytes of an address and of a length.
  var addressSize = 8
  var lengthSize = 8
  /// What addresses count from.
  var base = 0

  /// A block of bytes.
  func block(_ address: Int, _ count: Int, _ field: String) throws(VolumeError) -> HDF5Block {
    let (start, overflow) = address.addingReportingOverflow(base)
    guard !overflow, start >= 0, count >= 0, count <= origin.count,
      start <= origin.count - count
    else {
      throw VolumeError(
        .truncated, "\(count) bytes at \(address) of a file of \(origin.count)",
        offset: origin.count, field: field)
    }
    let bytes = try origin.read(start..<start + count)
    return HDF5Block(
      reader: ByteReader(bytes, .little, base: start), addressSize: addressSize,
      lengthSize: lengthSize)
  }

  /// As much of a block as the file has.
  func upTo(_ address: Int, _ count: Int, _ field: String) throws(VolumeError) -> HDF5Block {
    let left = origin.count - base - address
    return try block(address, max(0, min(count, left)), field)
  }
}

/// Bytes with a cursor.
struct HDF5Block: Sendable {
  let reader: ByteReader
  let addressSize: Int
  let lengthSize: Int
  var position = 0

  init(reader: ByteReader, addressSize: Int, lengthSize: Int) {
    self.reader = reader
    self.addressSize = addressSize
    self.lengthSize = lengthSize
  }

  var left: Int { reader.count - position }

  mutating func skip(_ count: Int) { position += count }

  mutating func byte(_ field: String) throws(VolumeError) -> Int {
    try integer(1, field)
  }

  mutating func two(_ field: String) throws(VolumeError) -> Int { try integer(2, field) }

  mutating func four(_ field: String) throws(VolumeError) -> Int { try integer(4, field) }

  /// An unsigned number of `count` bytes, at most 8.
  mutating func integer(_ count: Int, _ field: String) throws(VolumeError) -> Int {
    try reader.require(position, count, field)
    var value: UInt64 = 0
    for i in 0..<min(count, 8) { value |= UInt64(reader.bytes[position + i]) << UInt64(8 * i) }
    position += count
    guard let int = Int(exactly: value) else {
      throw VolumeError(
        .malformed, "\(value) is beyond what can be addressed",
        offset: reader.base + position - count, field: field)
    }
    return int
  }

  /// An address; nil for the undefined one, all bits set.
  mutating func address(_ field: String) throws(VolumeError) -> Int? {
    try reader.require(position, addressSize, field)
    let isUndefined = reader.bytes[position..<position + addressSize].allSatisfy { $0 == 0xFF }
    if isUndefined {
      position += addressSize
      return nil
    }
    return try integer(addressSize, field)
  }

  mutating func length(_ field: String) throws(VolumeError) -> Int {
    try integer(lengthSize, field)
  }

  /// A length, or nil for all bits set (unlimited).
  mutating func limit(_ field: String) throws(VolumeError) -> Int? {
    try reader.require(position, lengthSize, field)
    if reader.bytes[position..<position + lengthSize].allSatisfy({ $0 == 0xFF }) {
      position += lengthSize
      return nil
    }
    return try integer(lengthSize, field)
  }

  mutating func bytes(_ count: Int, _ field: String) throws(VolumeError) -> [UInt8] {
    let bytes = try reader.slice(position, count, field)
    position += count
    return bytes
  }

  mutating func signature(_ text: String) throws(VolumeError) {
    let found = try bytes(4, text)
    guard found.elementsEqual(text.utf8) else {
      throw VolumeError(
        .malformed, "no signature '\(text)'", offset: reader.base + position - 4, field: text)
    }
  }

  func malformed(_ detail: String, _ field: String) -> VolumeError {
    VolumeError(.malformed, detail, offset: reader.base + position, field: field)
  }
}

// Numbers in bytes, in either order.

/// The order of a number's bytes in a file.
package enum Endian: String, Sendable {
  case little, big

  /// The order of the machine that runs this.
  package static var host: Endian {
    #if _endian(little)
      .little
    #else
      .big
    #endif
  }

  package var opposite: Endian { self == .little ? .big : .little }
}

extension Span where Element == UInt8 {
  /// The integer at a byte offset.
  ///
  /// - Precondition: The integer lies in the span; readers check before they call.
  package func integer<T: FixedWidthInteger>(
    _ offset: Int, _ endian: Endian, as type: T.Type = T.self
  ) -> T {
    var value: T = 0
    let width = T.bitWidth / 8
    for i in 0..<width {
      let byte = T(truncatingIfNeeded: self[offset + i])
      value |= byte << T((endian == .little ? i : width - 1 - i) * 8)
    }
    return value
  }
}

/// Bytes in memory with a byte order: fields by offset, every access checked.
///
/// Errors carry `base` + the offset, so that a block read from the middle of a file reports places in
/// the file.
package struct ByteReader: Sendable {
  package let bytes: [UInt8]
  package var endian: Endian
  /// Where `bytes` begin in the file.
  package let base: Int

  package init(_ bytes: [UInt8], _ endian: Endian, base: Int = 0) {
    self.bytes = bytes
    self.endian = endian
    self.base = base
  }

  package var count: Int { bytes.count }

  /// - Throws: `truncated` unless `length` bytes lie at `offset`.
  package func require(_ offset: Int, _ length: Int, _ field: String) throws(VolumeError) {
    guard offset >= 0, length >= 0, offset <= bytes.count, length <= bytes.count - offset else {
      throw VolumeError(
        .truncated, "\(length) bytes are needed where \(max(0, bytes.count - offset)) are left",
        offset: base + offset, field: field)
    }
  }

  package func integer<T: FixedWidthInteger>(
    _ offset: Int, _ field: String, as type: T.Type = T.self
  ) throws(VolumeError) -> T {
    try require(offset, T.bitWidth / 8, field)
    return bytes.span.integer(offset, endian)
  }

  package func float(_ offset: Int, _ field: String) throws(VolumeError) -> Float {
    Float(bitPattern: try integer(offset, field))
  }

  package func double(_ offset: Int, _ field: String) throws(VolumeError) -> Double {
    Double(bitPattern: try integer(offset, field))
  }

  /// A number of the given type as an `Int`.
  ///
  /// - Throws: `malformed` for an unsigned value that no `Int` holds.
  package func int<T: FixedWidthInteger>(
    _ offset: Int, _ field: String, as type: T.Type
  ) throws(VolumeError) -> Int {
    let value: T = try integer(offset, field)
    guard let int = Int(exactly: value) else {
      throw VolumeError(
        .malformed, "\(value) is beyond what can be addressed", offset: base + offset,
        field: field)
    }
    return int
  }

  package func slice(
    _ offset: Int, _ length: Int, _ field: String
  ) throws(VolumeError) -> [UInt8] {
    try require(offset, length, field)
    return Array(bytes[offset..<offset + length])
  }

  /// Text up to a NUL, invalid UTF-8 repaired, spaces at the end cut off.
  package func text(_ offset: Int, _ length: Int, _ field: String) throws(VolumeError) -> String {
    var part = try slice(offset, length, field)[...]
    if let end = part.firstIndex(of: 0) { part = part[..<end] }
    while let last = part.last, last == 0x20 { part.removeLast() }
    return String(decoding: part, as: UTF8.self)
  }
}

/// Bytes being written, with a byte order.
package struct ByteWriter: Sendable {
  package var bytes: [UInt8] = []
  package let endian: Endian

  package init(_ endian: Endian = .little) { self.endian = endian }

  package mutating func append<T: FixedWidthInteger>(_ value: T) {
    let width = T.bitWidth / 8
    for i in 0..<width {
      let shift = (endian == .little ? i : width - 1 - i) * 8
      bytes.append(UInt8(truncatingIfNeeded: value >> T(shift)))
    }
  }

  package mutating func append(_ value: Float) { append(value.bitPattern) }

  package mutating func append(_ value: Double) { append(value.bitPattern) }

  /// The UTF-8 of `text`, cut or filled with zeros to `length` bytes.
  package mutating func append(_ text: String, length: Int) {
    let utf8 = Array(text.utf8.prefix(length))
    bytes += utf8
    bytes += [UInt8](repeating: 0, count: length - utf8.count)
  }

  package mutating func pad(to count: Int) {
    if count > bytes.count { bytes += [UInt8](repeating: 0, count: count - bytes.count) }
  }
}

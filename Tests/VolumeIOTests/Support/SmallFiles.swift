import VolumeIO

/// Small files of formats that this library does not write, built byte by byte from their
/// specifications.
enum SmallFiles {
  /// 3 × 2 × 2 `Int16` values 0…11, 2 mm, identity axes, as FreeSurfer's MGH.
  static func mgh() -> [UInt8] {
    var w = ByteWriter(.big)
    for value in [1, 3, 2, 2, 1, 4, 0] { w.append(Int32(value)) }
    w.append(Int16(1))
    for value: Float in [2, 2, 2, 1, 0, 0, 0, 1, 0, 0, 0, 1, 10, 20, 30] { w.append(value) }
    w.pad(to: 284)
    for value in 0..<12 { w.append(Int16(value)) }
    return w.bytes
  }

  /// A grey picture of 5 × 4 pixels, interlaced not, filters 0 to 3.
  static func png() throws -> [UInt8] {
    var rows: [UInt8] = []
    for y in 0..<4 { rows += [UInt8(y)] + (0..<5).map { UInt8($0 * 40 + y) } }
    var w = ByteWriter(.big)
    w.bytes = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    var head = ByteWriter(.big)
    head.append(UInt32(5))
    head.append(UInt32(4))
    head.bytes += [8, 0, 0, 0, 0]
    for (type, body) in [
      ("IHDR", head.bytes), ("IDAT", try Deflate.compress(rows.span, .zlib)), ("IEND", []),
    ] {
      let typed = Array(type.utf8) + body
      w.append(UInt32(body.count))
      w.bytes += typed
      w.append(CRC32(typed.span).value)
    }
    return w.bytes
  }

  /// A grey picture of 4 × 3 pixels in two strips of PackBits.
  static func tiff() -> [UInt8] {
    var w = ByteWriter(.little)
    w.bytes = [0x49, 0x49, 42, 0]
    w.append(UInt32(8))
    let strips: [[UInt8]] = [[7, 1, 2, 3, 4, 5, 6, 7, 8], [0xFD, 9]]
    let tags: [(UInt16, UInt16, [Int])] = [
      (256, 3, [4]), (257, 3, [3]), (258, 3, [8]), (259, 3, [32773]), (262, 3, [1]),
      (273, 4, [150, 160]), (277, 3, [1]), (278, 3, [2]), (279, 4, [9, 2]),
    ]
    w.append(UInt16(tags.count))
    var extra = 130
    var behind = ByteWriter(.little)
    for (tag, type, values) in tags {
      w.append(tag)
      w.append(type)
      w.append(UInt32(values.count))
      if values.count == 1 {
        w.append(UInt32(values[0]))
      } else {
        w.append(UInt32(extra))
        for value in values { behind.append(UInt32(value)) }
        extra += 4 * values.count
      }
    }
    w.append(UInt32(0))
    w.pad(to: 130)
    w.bytes += behind.bytes
    w.pad(to: 150)
    w.bytes += strips[0]
    w.pad(to: 160)
    w.bytes += strips[1]
    return w.bytes
  }

  /// One stored member.
  static func zip(_ name: String, _ bytes: [UInt8]) -> [UInt8] {
    var w = ByteWriter(.little)
    let crc = CRC32(bytes.span).value
    func fields(_ w: inout ByteWriter) {
      w.bytes += [20, 0, 0, 0, 0, 0, 0, 0, 0, 0]
      w.append(crc)
      w.append(UInt32(bytes.count))
      w.append(UInt32(bytes.count))
      w.append(UInt16(name.utf8.count))
      w.append(UInt16(0))
    }
    w.append(UInt32(0x0403_4B50))
    fields(&w)
    w.bytes += Array(name.utf8) + bytes
    let start = w.bytes.count
    w.append(UInt32(0x0201_4B50))
    w.bytes += [20, 0]
    fields(&w)
    w.pad(to: w.bytes.count + 14)
    w.bytes += Array(name.utf8)
    let length = w.bytes.count - start
    w.append(UInt32(0x0605_4B50))
    w.bytes += [0, 0, 0, 0, 1, 0, 1, 0]
    w.append(UInt32(length))
    w.append(UInt32(start))
    w.append(UInt16(0))
    return w.bytes
  }

  /// One dataset `x` of 2 × 3 `Int16` values 0…5, contiguous, in a file of superblock 2 whose root group
  /// has its link in the header.
  static func hdf5() -> [UInt8] {
    func message(_ type: UInt8, _ body: [UInt8]) -> [UInt8] {
      [type, UInt8(body.count), 0, 0] + body
    }
    func address(_ value: Int) -> [UInt8] { (0..<8).map { UInt8(value >> (8 * $0) & 255) } }
    func header(_ messages: [UInt8]) -> [UInt8] {
      Array("OHDR".utf8) + [2, 0, UInt8(messages.count)] + messages + [0, 0, 0, 0]
    }
    let (root, dataset, data) = (48, 100, 200)
    var bytes: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A, 2, 8, 8, 0]
    bytes += address(0) + [UInt8](repeating: 255, count: 8) + address(212) + address(root)
    bytes += [0, 0, 0, 0]
    bytes += header(message(6, [1, 0, 1, UInt8(ascii: "x")] + address(dataset)))
    bytes += [UInt8](repeating: 0, count: dataset - bytes.count)
    bytes += header(
      message(1, [2, 2, 0, 1] + address(2) + address(3))
        + message(3, [0x10, 8, 0, 0, 2, 0, 0, 0, 0, 0, 16, 0])
        + message(8, [3, 1] + address(data) + address(12)))
    bytes += [UInt8](repeating: 0, count: data - bytes.count)
    for value in 0..<6 { bytes += [UInt8(value), 0] }
    return bytes
  }
}

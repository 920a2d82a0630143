import VolumeIO

/// HDF5 files of old-style trees (HDF5 File Format Specification III.A.1), sound and not.
extension SmallFiles {
  /// How the tree of a chunked dataset is built.
  enum ChunkTree: String, CaseIterable, Sendable {
    case sound
    /// Both entries of the root lead to the same leaf.
    case sharedChild
    /// Two chunks claim one place.
    case twiceOnePlace
  }

  private static func message(_ type: UInt8, _ body: [UInt8]) -> [UInt8] {
    [type, UInt8(body.count), 0, 0] + body
  }

  private static func little(_ value: Int, _ width: Int = 8) -> [UInt8] {
    (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  private static func header(_ messages: [UInt8]) -> [UInt8] {
    Array("OHDR".utf8) + [2, 0, UInt8(messages.count)] + messages + [0, 0, 0, 0]
  }

  private static func superblock(root: Int, end: Int) -> [UInt8] {
    [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A, 2, 8, 8, 0] + little(0)
      + [UInt8](repeating: 255, count: 8) + little(end) + little(root) + [0, 0, 0, 0]
  }

  private static func node(
    type: UInt8, level: UInt8, keys: [[UInt8]], children: [Int]
  ) -> [UInt8] {
    var bytes = Array("TREE".utf8) + [type, level] + little(children.count, 2)
    bytes += [UInt8](repeating: 255, count: 16)
    for (key, child) in Swift.zip(keys, children) { bytes += key + little(child) }
    return bytes + (keys.last ?? [])
  }

  /// One dataset `x` of 2 × 3 `Int16` values 0…5 in two chunks of one row.
  static func chunkedHDF5(_ tree: ChunkTree) -> [UInt8] {
    let (root, dataset, branch, first, second, data) = (48, 100, 200, 400, 600, 800)
    var bytes = superblock(root: root, end: data + 12)
    func place(_ part: [UInt8], _ address: Int) {
      bytes += [UInt8](repeating: 0, count: max(0, address - bytes.count)) + part
    }
    place(header(message(6, [1, 0, 1, UInt8(ascii: "x")] + little(dataset))), root)
    let layout = message(
      8, [3, 2, 3] + little(branch) + little(1, 4) + little(3, 4) + little(2, 4))
    place(
      header(
        message(1, [2, 2, 0, 1] + little(2) + little(3))
          + message(3, [0x10, 8, 0, 0, 2, 0, 0, 0, 0, 0, 16, 0]) + layout), dataset)
    func key(_ row: Int) -> [UInt8] {
      little(6, 4) + little(0, 4) + little(row) + little(0) + little(0)
    }
    let children = tree == .sharedChild ? [first, first] : [first, second]
    place(node(type: 1, level: 1, keys: [key(0), key(1), key(2)], children: children), branch)
    let leafKeys = [key(0), key(1)]
    place(node(type: 1, level: 0, keys: leafKeys, children: [data]), first)
    let row = tree == .twiceOnePlace ? 0 : 1
    place(node(type: 1, level: 0, keys: [key(row), key(2)], children: [data + 6]), second)
    place((0..<6).flatMap { [UInt8($0), 0] }, data)
    return bytes
  }

  /// One dataset `x` of 2 × 3 `Int16`, at most 2⁶³ − 1 rows, its chunks of two rows in a fixed array.
  static func endlessHDF5() -> [UInt8] {
    let (root, dataset, index) = (48, 100, 400)
    var bytes = superblock(root: root, end: 500)
    bytes += header(message(6, [1, 0, 1, UInt8(ascii: "x")] + little(dataset)))
    bytes += [UInt8](repeating: 0, count: dataset - bytes.count)
    bytes += header(
      message(1, [2, 2, 1, 1] + little(2) + little(3) + little(.max) + little(3))
        + message(3, [0x10, 8, 0, 0, 2, 0, 0, 0, 0, 0, 16, 0])
        + message(
          8,
          [4, 2, 0, 3, 4] + little(2, 4) + little(3, 4) + little(2, 4) + [3, 10]
            + little(index)))
    return bytes + [UInt8](repeating: 0, count: 500 - bytes.count)
  }

  /// A root group whose tree of names is its own child.
  static func circularHDF5() -> [UInt8] {
    let (root, tree, heap) = (48, 100, 200)
    var bytes = superblock(root: root, end: 300)
    bytes += header(message(0x11, little(tree) + little(heap)))
    bytes += [UInt8](repeating: 0, count: tree - bytes.count)
    bytes += node(type: 0, level: 1, keys: [little(0), little(0)], children: [tree])
    bytes += [UInt8](repeating: 0, count: heap - bytes.count)
    bytes += Array("HEAP".utf8) + [0, 0, 0, 0] + little(16) + little(0) + little(240)
    bytes += [UInt8](repeating: 0, count: 300 - bytes.count)
    return bytes
  }
}

// Version 1 B-trees (III.A.1): of old-style groups, and of chunks.

/// Where a chunk stands, how many bytes it has there, and which filters it skipped.
struct HDF5Chunk: Sendable, Hashable {
  /// The index of the chunk's first element along each axis.
  var start: [Int]
  var address: Int
  var bytes: Int
  var mask: Int
}

extension HDF5Source {
  /// The most chunks that a dataset may have.
  static var mostChunks: Int { 1 << 24 }

  /// All chunks under a node.
  func chunks(
    btree1 address: Int, rank: Int, into found: inout [HDF5Chunk], seen: inout Set<Int>,
    depth: Int = 0
  ) throws(VolumeError) {
    guard depth < 32, seen.insert(address).inserted else {
      throw VolumeError(.malformed, "a B-tree too deep, or in a circle", field: "TREE")
    }
    let keySize = 8 + 8 * (rank + 1)
    let head = 8 + 2 * addressSize
    var start = try block(address, head, "TREE")
    try start.signature("TREE")
    guard try start.byte("node type") == 1 else {
      throw start.malformed("a node that is not of chunks", "TREE")
    }
    let level = try start.byte("node level")
    let count = try start.two("entries")
    guard level < 32 - depth else { throw start.malformed("level \(level)", "TREE") }
    var node = try block(address, head + count * (keySize + addressSize), "TREE")
    node.skip(head)
    for _ in 0..<count {
      let bytes = try node.four("chunk size")
      let mask = try node.four("filter mask")
      var offsets: [Int] = []
      for _ in 0..<rank { offsets.append(try node.integer(8, "chunk offset")) }
      node.skip(8)
      guard let child = try node.address("child") else { continue }
      if level == 0 {
        guard found.count < Self.mostChunks else {
          throw VolumeError(.limit, "more than \(Self.mostChunks) chunks", field: "TREE")
        }
        found.append(HDF5Chunk(start: offsets, address: child, bytes: bytes, mask: mask))
      } else {
        let deeper = try block(child, head, "TREE")
        guard Int(deeper.reader.bytes[5]) == level - 1 else {
          throw deeper.malformed("a child of the wrong level", "TREE")
        }
        try chunks(btree1: child, rank: rank, into: &found, seen: &seen, depth: depth + 1)
      }
    }
  }

  /// The members of an old-style group: names and addresses of objects.
  func symbols(
    btree address: Int, heap: Int, into found: inout [(name: String, address: Int)],
    seen: inout Set<Int>, depth: Int = 0
  ) throws(VolumeError) {
    guard depth < 32, seen.insert(address).inserted else {
      throw VolumeError(.malformed, "a B-tree too deep, or in a circle", field: "TREE")
    }
    let head = 8 + 2 * addressSize
    var start = try block(address, head, "TREE")
    try start.signature("TREE")
    guard try start.byte("node type") == 0 else {
      throw start.malformed("a node that is not of a group", "TREE")
    }
    let level = try start.byte("node level")
    let count = try start.two("entries")
    var node = try block(address, head + count * (lengthSize + addressSize), "TREE")
    node.skip(head)
    for _ in 0..<count {
      node.skip(lengthSize)
      guard let child = try node.address("child") else { continue }
      if level > 0 {
        try symbols(btree: child, heap: heap, into: &found, seen: &seen, depth: depth + 1)
      } else if seen.insert(child).inserted {
        try symbols(node: child, heap: heap, into: &found)
      }
    }
  }

  private func symbols(
    node address: Int, heap: Int, into found: inout [(name: String, address: Int)]
  ) throws(VolumeError) {
    var start = try block(address, 8, "SNOD")
    try start.signature("SNOD")
    start.skip(2)
    let count = try start.two("symbols")
    let width = 2 * addressSize + 24
    var node = try block(address + 8, count * width, "SNOD")
    for _ in 0..<count {
      let name = try node.integer(addressSize, "link name")
      let object = try node.address("object header")
      node.skip(24)
      guard let object, found.count < 1_000_000 else { continue }
      found.append((try self.name(name, heap: heap), object))
    }
  }

  /// A name in a local heap (III.D).
  private func name(_ offset: Int, heap: Int) throws(VolumeError) -> String {
    var head = try block(heap, 8 + 2 * lengthSize + addressSize, "HEAP")
    try head.signature("HEAP")
    head.skip(4)
    let size = try head.length("heap size")
    head.skip(lengthSize)
    guard let data = try head.address("heap data"), offset < size else {
      throw head.malformed("a name at \(offset) of \(size)", "HEAP")
    }
    let text = try upTo(data + offset, min(size - offset, 4096), "HEAP")
    return try text.reader.text(0, text.reader.count, "link name")
  }
}

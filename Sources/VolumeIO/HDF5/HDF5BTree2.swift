// Version 2 B-trees (III.A.2).

/// A version 2 B-tree: a list of records of one size.
struct HDF5BTree2 {
  /// All records, each as the bytes that the tree holds.
  private(set) var records: [HDF5Block] = []
  private(set) var type = 0

  private let source: HDF5Source
  private let nodeSize: Int
  private let recordSize: Int
  /// The most records of a node at each level, and of all nodes under it.
  private var most: [(own: Int, total: Int)] = []

  init(_ source: HDF5Source, at address: Int, mostRecords: Int) throws(VolumeError) {
    self.source = source
    var head = try source.block(
      address, 22 + source.addressSize + source.lengthSize, "BTHD")
    try head.signature("BTHD")
    head.skip(1)
    let kind = try head.byte("tree type")
    nodeSize = try head.four("node size")
    recordSize = try head.two("record size")
    let depth = try head.two("depth")
    head.skip(2)
    let root = try head.address("root")
    let count = try head.two("records")
    let total = try head.length("records")
    type = kind
    guard recordSize > 0, nodeSize > 10 + recordSize, depth < 16, total <= mostRecords else {
      throw head.malformed("\(total) records of \(recordSize) in nodes of \(nodeSize)", "BTHD")
    }
    most = [((nodeSize - 10) / recordSize, (nodeSize - 10) / recordSize)]
    for level in stride(from: 1, through: depth, by: 1) {
      let pointer = pointerSize(level)
      let own = (nodeSize - 10 - pointer) / (recordSize + pointer)
      guard own > 0 else { throw head.malformed("nodes of \(nodeSize)", "BTHD") }
      let (product, overflow) = (own + 1).multipliedReportingOverflow(by: most[level - 1].total)
      most.append((own, overflow ? .max / 2 : min(product + own, .max / 4)))
    }
    guard let root, count > 0 else { return }
    try read(root, count, level: depth, mostRecords)
  }

  /// Bytes that hold numbers up to `limit`.
  private static func bytes(for limit: Int) -> Int {
    (limit <= 0 ? 0 : Int.bitWidth - 1 - limit.leadingZeroBitCount) / 8 + 1
  }

  private func pointerSize(_ level: Int) -> Int {
    source.addressSize + Self.bytes(for: most[0].own)
      + (level > 1 ? Self.bytes(for: most[level - 1].total) : 0)
  }

  private mutating func read(
    _ address: Int, _ count: Int, level: Int, _ limit: Int
  ) throws(VolumeError) {
    var node = try source.upTo(address, nodeSize, "B-tree node")
    try node.signature(level == 0 ? "BTLF" : "BTIN")
    node.skip(2)
    guard count <= most[level].own, records.count + count <= limit else {
      throw node.malformed("\(count) records", "B-tree node")
    }
    for _ in 0..<count {
      let bytes = try node.bytes(recordSize, "record")
      records.append(
        HDF5Block(
          reader: ByteReader(bytes, .little, base: node.reader.base + node.position - recordSize),
          addressSize: source.addressSize, lengthSize: source.lengthSize))
    }
    guard level > 0 else { return }
    for _ in 0...count {
      let child = try node.address("child")
      let own = try node.integer(Self.bytes(for: most[0].own), "child records")
      if level > 1 { node.skip(Self.bytes(for: most[level - 1].total)) }
      guard let child else { continue }
      try read(child, own, level: level - 1, limit)
    }
  }
}

// Superblocks (II.A) and groups (III.C, IV.A.2.f, IV.A.2.g).

/// An open HDF5 file.
public struct HDF5File: Sendable {
  let source: HDF5Source
  private let root: Int

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
    var source = HDF5Source(origin: origin)
    // The superblock stands at 0, or behind a block of the user's at 512, 1024 and so on.
    var place = 0
    while true {
      guard place + 8 <= origin.count else {
        throw VolumeError(.unknownFormat, "no HDF5 signature", offset: 0)
      }
      let start = try origin.read(place..<place + 8)
      if start == [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A] { break }
      place = place == 0 ? 512 : place * 2
    }
    source.base = place
    var head = try source.upTo(0, 128, "superblock")
    head.skip(8)
    let version = try head.byte("superblock")
    guard version <= 3 else {
      throw VolumeError(.unsupported, "superblock version \(version)", offset: place + 8)
    }
    if version < 2 { head.skip(4) }
    source.addressSize = try head.byte("size of offsets")
    source.lengthSize = try head.byte("size of lengths")
    guard [2, 4, 8].contains(source.addressSize), [2, 4, 8].contains(source.lengthSize) else {
      throw head.malformed(
        "addresses of \(source.addressSize), lengths of \(source.lengthSize) bytes", "superblock")
    }
    var block = HDF5Block(
      reader: head.reader, addressSize: source.addressSize, lengthSize: source.lengthSize)
    let address: Int?
    if version < 2 {
      block.position = version == 0 ? 24 : 28
      block.skip(4 * source.addressSize + source.addressSize)
      address = try block.address("root group")
    } else {
      block.position = 12
      block.skip(3 * source.addressSize)
      address = try block.address("root group")
    }
    guard let address else { throw head.malformed("no root group", "superblock") }
    self.source = source
    root = address
  }

  /// The path of every dataset, such as `/x` or `/group/y`, in the order of the file.
  ///
  /// Soft and external links are left out.
  public func datasets() throws(VolumeError) -> [String] {
    var found: [String] = []
    var seen: Set<Int> = []
    try walk(root, "", &found, &seen, depth: 0)
    return found
  }

  private func walk(
    _ address: Int, _ path: String, _ found: inout [String], _ seen: inout Set<Int>, depth: Int
  ) throws(VolumeError) {
    guard depth < 64, found.count < 100_000, seen.insert(address).inserted else { return }
    let header = try HDF5ObjectHeader(source, at: address)
    if header.first(8) != nil {
      found.append(path)
      return
    }
    for member in try members(header) {
      try walk(member.address, path + "/" + member.name, &found, &seen, depth: depth + 1)
    }
  }

  /// The dataset at a path.
  ///
  /// - Throws: `file` where there is none.
  public func dataset(_ path: String) throws(VolumeError) -> HDF5Dataset {
    var address = root
    for part in path.split(separator: "/") {
      let header = try HDF5ObjectHeader(source, at: address)
      guard let member = try members(header).last(where: { $0.name == part }) else {
        throw VolumeError(.file, "nothing at '\(path)'", field: "link")
      }
      address = member.address
    }
    return try HDF5Dataset(source, try HDF5ObjectHeader(source, at: address))
  }

  /// The members of a group, old-style or new.
  private func members(
    _ header: HDF5ObjectHeader
  ) throws(VolumeError) -> [(name: String, address: Int)] {
    var found: [(name: String, address: Int)] = []
    for message in header.messages {
      var body = message.block
      switch message.type {
      case 0x11:
        guard let tree = try body.address("B-tree"), let heap = try body.address("heap") else {
          continue
        }
        var seen: Set<Int> = []
        try source.symbols(btree: tree, heap: heap, into: &found, seen: &seen)
      case 6:
        if let link = try Self.link(&body) { found.append(link) }
      case 2: try dense(&body, into: &found)
      default: break
      }
    }
    return found
  }

  /// A hard link; nil for the others.
  private static func link(
    _ body: inout HDF5Block
  ) throws(VolumeError) -> (name: String, address: Int)? {
    body.skip(1)
    let flags = try body.byte("link flags")
    let kind = flags & 8 != 0 ? try body.byte("link type") : 0
    if flags & 4 != 0 { body.skip(8) }
    if flags & 16 != 0 { body.skip(1) }
    let length = try body.integer(1 << (flags & 3), "link name")
    let name = String(decoding: try body.bytes(length, "link name"), as: UTF8.self)
    guard kind == 0, let address = try body.address("link") else { return nil }
    return (name, address)
  }

  /// Links in a fractal heap, listed by a B-tree of their names.
  private func dense(
    _ body: inout HDF5Block, into found: inout [(name: String, address: Int)]
  ) throws(VolumeError) {
    body.skip(1)
    if try body.byte("link info") & 1 != 0 { body.skip(8) }
    guard let heapAddress = try body.address("heap"), let tree = try body.address("B-tree") else {
      return
    }
    let heap = try HDF5FractalHeap(source, at: heapAddress)
    for record in try HDF5BTree2(source, at: tree, mostRecords: 1_000_000).records {
      var record = record
      record.skip(4)
      var object = try heap.object(try record.bytes(record.left, "heap ID"))
      if let link = try Self.link(&object) { found.append(link) }
    }
  }
}

// Fixed and extensible arrays of chunks ("Fixed Array Index" and "Extensible Array Index" of section VII).

/// The entries of a fixed or extensible array: an address for each chunk, in the order of the grid.
struct HDF5ChunkArray {
  /// Number in the grid, address, stored bytes and filter mask of each chunk that was written.
  private(set) var entries: [(number: Int, address: Int, bytes: Int?, mask: Int)] = []
  /// The number of the next chunk.
  private var position = 0
  private let source: HDF5Source
  private var isFiltered = false
  private var entrySize = 0

  private mutating func readEntry(_ block: inout HDF5Block) throws(VolumeError) {
    defer { position += 1 }
    guard let address = try block.address("chunk") else {
      block.skip(entrySize - source.addressSize)
      return
    }
    guard isFiltered else {
      entries.append((position, address, nil, 0))
      return
    }
    let bytes = try block.integer(entrySize - source.addressSize - 4, "chunk size")
    entries.append((position, address, bytes, try block.four("filter mask")))
  }

  private mutating func readHead(_ head: inout HDF5Block) throws(VolumeError) {
    head.skip(1)
    isFiltered = try head.byte("client") == 1
    entrySize = try head.byte("entry size")
    let least = source.addressSize + (isFiltered ? 5 : 0)
    guard entrySize >= least, entrySize <= least + 7 else {
      throw head.malformed("entries of \(entrySize) bytes", "chunk array")
    }
  }

  private mutating func readElements(
    _ address: Int, _ count: Int, _ limit: Int
  ) throws(VolumeError) {
    let count = min(count, limit - position)
    guard count > 0 else { return }
    var block = try source.block(address, count * entrySize, "chunk array")
    for _ in 0..<count { try readEntry(&block) }
  }

  /// A fixed array of `limit` chunks.
  init(_ source: HDF5Source, fixed address: Int, limit: Int) throws(VolumeError) {
    self.source = source
    var head = try source.block(address, 8 + source.lengthSize + source.addressSize, "FAHD")
    try head.signature("FAHD")
    try readHead(&head)
    let pageBits = try head.byte("page bits")
    let count = try head.length("entries")
    guard pageBits < 32, let data = try head.address("data block") else { return }
    let start = data + 6 + source.addressSize
    let page = 1 << pageBits
    guard count > page else {
      try readElements(start, count, limit)
      return
    }
    let pages = (count - 1) / page + 1
    let bitmapBytes = (pages + 7) / 8
    let bitmap = try source.block(start, bitmapBytes, "FADB").reader.bytes
    var place = start + bitmapBytes + 4
    for index in 0..<pages {
      let inPage = min(page, count - index * page)
      guard position < limit else { return }
      // The highest bit of a byte is its first page.
      if bitmap[index >> 3] >> UInt8(7 - index & 7) & 1 == 1 {
        try readElements(place, inPage, limit)
      } else {
        skipEntries(inPage, limit)
      }
      place += inPage * entrySize + 4
    }
  }

  /// An extensible array, as far as `limit` chunks.
  init(_ source: HDF5Source, extensible address: Int, limit: Int) throws(VolumeError) {
    self.source = source
    var head = try source.block(
      address, 12 + 6 * source.lengthSize + source.addressSize, "EAHD")
    try head.signature("EAHD")
    try readHead(&head)
    let bits = try head.byte("index bits")
    let inIndex = try head.byte("elements in index block")
    let least = try head.byte("elements in data block")
    let pointers = try head.byte("pointers in super block")
    let pageBits = try head.byte("page bits")
    head.skip(6 * source.lengthSize)
    guard let place = try head.address("index block") else { return }
    guard bits <= 64, least > 0, least.nonzeroBitCount == 1, pointers > 1,
      pointers.nonzeroBitCount == 1, pageBits < 32
    else { throw head.malformed("sizes that are no powers of two", "EAHD") }
    let offsetSize = (bits + 7) / 8
    let supers = 1 + bits - least.trailingZeroBitCount
    let direct = 2 * pointers.trailingZeroBitCount
    guard supers >= 0, supers < 64 else { throw head.malformed("\(supers) super blocks", "EAHD") }
    let dataBlocks = 2 * (pointers - 1)
    let length =
      6 + source.addressSize + inIndex * entrySize
      + (dataBlocks + max(0, supers - direct)) * source.addressSize
    var block = try source.upTo(place, length, "EAIB")
    try block.signature("EAIB")
    block.position = 6 + source.addressSize
    for _ in 0..<min(inIndex, limit) { try readEntry(&block) }
    block.position = 6 + source.addressSize + inIndex * entrySize
    for level in 0..<supers {
      guard position < limit else { return }
      let blocks = 1 << (level / 2)
      let elements = (1 << ((level + 1) / 2)) * least
      if level < direct {
        for _ in 0..<blocks {
          guard position < limit else { return }
          let child = try block.address("data block")
          try readData(child, elements, 1 << pageBits, offsetSize, limit, initialized: nil)
        }
      } else {
        let child = try block.address("super block")
        try readSuper(child, blocks, elements, 1 << pageBits, offsetSize, limit)
      }
    }
  }

  private mutating func skipEntries(_ count: Int, _ limit: Int) {
    position += min(count, limit - position)
  }

  private mutating func readSuper(
    _ address: Int?, _ blocks: Int, _ elements: Int, _ page: Int, _ offsetSize: Int, _ limit: Int
  ) throws(VolumeError) {
    guard let address else {
      skipEntries(blocks.multipliedReportingOverflow(by: elements).0, limit)
      return
    }
    let pages = elements > page ? elements / page : 0
    let bitmapBytes = (pages + 7) / 8
    let head = 6 + source.addressSize + offsetSize
    var block = try source.upTo(
      address, head + blocks * (bitmapBytes + source.addressSize), "EASB")
    try block.signature("EASB")
    block.position = head
    let bitmap = try block.bytes(blocks * bitmapBytes, "EASB")
    for index in 0..<blocks {
      guard position < limit else { return }
      let child = try block.address("data block")
      let part =
        bitmap.isEmpty
        ? nil : Array(bitmap[index * bitmapBytes..<(index + 1) * bitmapBytes])
      try readData(child, elements, page, offsetSize, limit, initialized: part)
    }
  }

  private mutating func readData(
    _ address: Int?, _ elements: Int, _ page: Int, _ offsetSize: Int, _ limit: Int,
    initialized: [UInt8]?
  ) throws(VolumeError) {
    guard let address else {
      skipEntries(elements, limit)
      return
    }
    var place = address + 6 + source.addressSize + offsetSize
    guard elements > page else {
      try readElements(place, elements, limit)
      return
    }
    place += 4
    for index in 0..<elements / page {
      guard position < limit else { return }
      let isThere = initialized.map { $0[index >> 3] >> UInt8(7 - index & 7) & 1 == 1 } ?? true
      if isThere { try readElements(place, page, limit) } else { skipEntries(page, limit) }
      place += page * entrySize + 4
    }
  }
}

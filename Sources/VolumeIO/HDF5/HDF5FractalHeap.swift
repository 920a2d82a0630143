// Fractal heaps (III.G), as far as links of groups need them: managed objects, no filters.

/// A fractal heap: objects by offset in a space that blocks of growing size make up.
struct HDF5FractalHeap: Sendable {
  private let source: HDF5Source
  private let width: Int
  private let startSize: Int
  private let mostDirect: Int
  private let offsetSize: Int
  private let lengthSize: Int
  private let root: Int?
  /// Rows of the root indirect block; 0 where the root is a direct block.
  private let rows: Int

  init(_ source: HDF5Source, at address: Int) throws(VolumeError) {
    self.source = source
    var head = try source.upTo(address, 256, "FRHP")
    try head.signature("FRHP")
    head.skip(1)
    head.skip(2)
    let filters = try head.two("heap filters")
    head.skip(1)
    let mostManaged = try head.four("largest object")
    head.skip(10 * source.lengthSize + 2 * source.addressSize)
    width = try head.two("table width")
    startSize = try head.length("starting block size")
    mostDirect = try head.length("direct block size")
    let bits = try head.two("heap size")
    head.skip(2)
    root = try head.address("root block")
    let blockBytes = (Int.bitWidth - 1 - max(1, mostDirect).leadingZeroBitCount + 7) / 8
    let objectBytes = (Int.bitWidth - 1 - max(1, mostManaged).leadingZeroBitCount) / 8 + 1
    lengthSize = max(1, min(blockBytes, objectBytes))
    rows = try head.two("rows")
    offsetSize = (bits + 7) / 8
    guard filters == 0, width > 0, startSize > 0, mostDirect >= startSize, offsetSize <= 8,
      rows < 64, mostManaged > 0
    else {
      throw VolumeError(.unsupported, "a filtered or odd heap of links", field: "FRHP")
    }
  }

  /// The object of an identifier.
  func object(_ identifier: [UInt8]) throws(VolumeError) -> HDF5Block {
    var id = HDF5Block(
      reader: ByteReader(identifier, .little), addressSize: source.addressSize,
      lengthSize: source.lengthSize)
    guard try id.byte("heap ID") & 0x30 == 0 else {
      throw VolumeError(.unsupported, "a link outside its heap", field: "FRHP")
    }
    let offset = try id.integer(offsetSize, "heap offset")
    let length = try id.integer(lengthSize, "heap length")
    guard let root else { throw id.malformed("an object of an empty heap", "FRHP") }
    let place =
      rows == 0 ? root + offset : try find(offset, indirect: root, rows: rows, start: 0, depth: 0)
    return try source.block(place, length, "heap object")
  }

  /// Where the byte at an offset of the heap's space stands in the file.
  private func find(
    _ offset: Int, indirect address: Int, rows: Int, start: Int, depth: Int
  ) throws(VolumeError) -> Int {
    guard depth < 16 else { throw VolumeError(.limit, "a heap too deep", field: "FHIB") }
    let head = 5 + source.addressSize + offsetSize
    var block = try source.block(
      address, head + rows * width * source.addressSize, "FHIB")
    try block.signature("FHIB")
    block.position = head
    var (position, size) = (start, startSize)
    for row in 0..<rows {
      if row > 1 {
        let (double, overflow) = size.multipliedReportingOverflow(by: 2)
        guard !overflow else { throw block.malformed("rows \(rows)", "FHIB") }
        size = double
      }
      for _ in 0..<width {
        let child = try block.address("heap block")
        guard offset >= position + size else {
          guard let child else { throw block.malformed("an object in no block", "FHIB") }
          if size <= mostDirect { return child + (offset - position) }
          // An indirect block covers as many rows as make up its size.
          var (below, sum) = (0, 0)
          var step = startSize
          while sum < size, below < 64 {
            if below > 1 { step *= 2 }
            sum += step * width
            below += 1
          }
          return try find(
            offset, indirect: child, rows: below, start: position, depth: depth + 1)
        }
        position += size
      }
    }
    throw block.malformed("an offset beyond the heap", "FHIB")
  }
}

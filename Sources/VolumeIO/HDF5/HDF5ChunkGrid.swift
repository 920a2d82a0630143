// Chunks of a dataset: where they are, and copying them to where their elements belong.

/// The grid of chunks of a dataset.
struct HDF5ChunkGrid {
  let source: HDF5Source
  let space: HDF5Dataspace
  let chunk: [Int]
  let elementSize: Int
  let filters: HDF5Filters

  init(
    source: HDF5Source, space: HDF5Dataspace, chunk: [Int], elementSize: Int, filters: HDF5Filters
  ) {
    self.source = source
    self.space = space
    self.chunk = chunk
    self.elementSize = elementSize
    self.filters = filters
  }

  private func chunkBytes() throws(VolumeError) -> Int {
    var bytes = elementSize
    for axis in chunk {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: axis)
      guard !overflow, product <= 1 << 32 else {
        throw VolumeError(.limit, "chunks of \(chunk)", field: "layout")
      }
      bytes = product
    }
    return bytes
  }

  /// Chunks along each axis for the given lengths.
  private func counts(_ lengths: [Int]) -> [Int] {
    zip(lengths, chunk).map { $0 / $1 + ($0 % $1 == 0 ? 0 : 1) }
  }

  mutating func chunks(
    _ index: HDF5Layout.Index, at address: Int
  ) throws(VolumeError) -> [HDF5Chunk] {
    let rank = chunk.count
    let whole = try chunkBytes()
    let origin = [Int](repeating: 0, count: rank)
    var found: [HDF5Chunk] = []
    switch index {
    case .btree1:
      var seen: Set<Int> = []
      try source.chunks(btree1: address, rank: rank, into: &found, seen: &seen)
    case .single(let bytes, let mask):
      found = [HDF5Chunk(start: origin, address: address, bytes: bytes ?? whole, mask: mask)]
    case .implicit:
      let counts = counts(space.shape)
      let total = try chunkCount(counts)
      // All of them are stored, one after the other.
      let (length, overflow) = total.multipliedReportingOverflow(by: whole)
      guard !overflow, length <= source.origin.count else {
        throw VolumeError(
          .truncated, "\(total) chunks of \(whole) bytes in \(source.origin.count)",
          field: "layout")
      }
      for number in 0..<total {
        found.append(
          HDF5Chunk(
            start: start(of: number, counts, order: Array(0..<rank)),
            address: address + number * whole, bytes: whole, mask: 0))
      }
    case .fixedArray, .extensibleArray:
      found = try array(index, at: address, whole)
    case .btree2:
      let tree = try HDF5BTree2(source, at: address, mostRecords: HDF5Source.mostChunks)
      for record in tree.records {
        var record = record
        guard let place = try record.address("chunk") else { continue }
        var (bytes, mask) = (whole, 0)
        if tree.type == 11 {
          bytes = try record.integer(record.left - 4 - 8 * rank, "chunk size")
          mask = try record.four("filter mask")
        }
        var start: [Int] = []
        for axis in 0..<rank {
          let scaled = try record.integer(8, "chunk offset")
          let (offset, overflow) = scaled.multipliedReportingOverflow(by: chunk[axis])
          guard !overflow else { throw record.malformed("chunk \(scaled)", "chunk offset") }
          start.append(offset)
        }
        found.append(HDF5Chunk(start: start, address: place, bytes: bytes, mask: mask))
      }
    }
    return found
  }

  private func array(
    _ index: HDF5Layout.Index, at address: Int, _ whole: Int
  ) throws(VolumeError) -> [HDF5Chunk] {
    // An extensible array counts along its unlimited axis slowest; a fixed one over the largest shape.
    var order = Array(chunk.indices)
    var lengths: [Int] = []
    for axis in chunk.indices { lengths.append(space.most[axis] ?? space.shape[axis]) }
    let isExtensible: Bool
    if case .extensibleArray = index { isExtensible = true } else { isExtensible = false }
    if isExtensible, let growing = space.most.firstIndex(of: nil) {
      order.remove(at: growing)
      order.insert(growing, at: 0)
    }
    let counts = counts(lengths)
    let total = try chunkCount(counts)
    let entries =
      isExtensible
      ? try HDF5ChunkArray(source, extensible: address, limit: total).entries
      : try HDF5ChunkArray(source, fixed: address, limit: total).entries
    var found: [HDF5Chunk] = []
    for entry in entries {
      let start = start(of: entry.number, counts, order: order)
      guard zip(start, space.shape).allSatisfy({ $0 < $1 }) else { continue }
      found.append(
        HDF5Chunk(
          start: start, address: entry.address, bytes: entry.bytes ?? whole, mask: entry.mask))
    }
    return found
  }

  /// The number of chunks of a grid.
  private func chunkCount(_ counts: [Int]) throws(VolumeError) -> Int {
    var total = 1
    for count in counts {
      let (product, overflow) = total.multipliedReportingOverflow(by: count)
      guard !overflow, product <= HDF5Source.mostChunks else {
        throw VolumeError(.limit, "\(counts) chunks", field: "layout")
      }
      total = product
    }
    return total
  }

  /// The first element of a chunk by its number in the grid; `order` lists the axes, slowest first.
  private func start(of number: Int, _ counts: [Int], order: [Int]) -> [Int] {
    var start = [Int](repeating: 0, count: counts.count)
    var rest = number
    for axis in order.reversed() where counts[axis] > 0 {
      start[axis] = rest % counts[axis] * chunk[axis]
      rest /= counts[axis]
    }
    return start
  }

  /// Refuses a claim of elements that the stored chunks cannot hold: chunks that are not there are filled,
  /// but only up to 256 MB.
  func check(_ chunks: [HDF5Chunk], against bytes: Int) throws(VolumeError) {
    let stored = chunks.reduce(0) { min($0 + $1.bytes, 1 << 40) }
    guard Set(chunks.map(\.start)).count == chunks.count else {
      throw VolumeError(.malformed, "two chunks at one place", field: "layout")
    }
    guard bytes <= 1 << 28 || bytes / Deflate.largestRatio / 8 <= stored else {
      throw VolumeError(
        .truncated, "\(bytes) bytes of elements in \(stored) bytes of chunks", field: "layout")
    }
  }

  /// Copies the part of a chunk that lies in the rows.
  func copy(
    _ part: HDF5Chunk, rows: Range<Int>, into target: inout [UInt8]
  ) throws(VolumeError) {
    let rank = chunk.count
    guard part.start.count == rank, part.start[0] < rows.upperBound,
      part.start[0] + chunk[0] > rows.lowerBound,
      zip(part.start, space.shape).allSatisfy({ $0 < $1 && $0 >= 0 })
    else { return }
    let stored = try source.block(part.address, part.bytes, "chunk").reader.bytes
    let bytes: [UInt8]
    do throws(VolumeError) {
      bytes = try filters.undo(
        stored, mask: part.mask, expected: try chunkBytes(), elementSize: elementSize)
    } catch {
      throw VolumeError(
        error.code, error.detail, offset: part.address + source.base, field: "chunk")
    }
    // Along the last axis elements lie together on both sides.
    let last = rank - 1
    let low = rank == 1 ? max(part.start[0], rows.lowerBound) : part.start[last]
    let high = min(
      part.start[last] + chunk[last], rank == 1 ? rows.upperBound : space.shape[last])
    guard high > low else { return }
    let length = (high - low) * elementSize
    var index = part.start
    index[0] = max(index[0], rows.lowerBound)
    index[last] = low
    let firstRow = index[0]
    let lastRow = min(part.start[0] + chunk[0], rows.upperBound)
    while true {
      var (from, to) = (0, 0)
      for axis in 0..<rank {
        from = from * chunk[axis] + index[axis] - part.start[axis]
        to = to * space.shape[axis] + index[axis] - (axis == 0 ? rows.lowerBound : 0)
      }
      from *= elementSize
      to *= elementSize
      target.replaceSubrange(to..<to + length, with: bytes[from..<from + length])
      var axis = last - 1
      while axis >= 0 {
        index[axis] += 1
        let end =
          axis == 0 ? lastRow : min(part.start[axis] + chunk[axis], space.shape[axis])
        if index[axis] < end { break }
        index[axis] = axis == 0 ? firstRow : part.start[axis]
        axis -= 1
      }
      if axis < 0 { return }
    }
  }
}

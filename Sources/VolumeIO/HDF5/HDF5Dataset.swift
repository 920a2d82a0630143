// Reading a dataset: all of it, or some rows.

/// A dataset of an HDF5 file.
public struct HDF5Dataset: Sendable {
  /// The lengths of the axes, the last one fastest; empty for a single value.
  public let shape: [Int]
  private let source: HDF5Source
  private let space: HDF5Dataspace
  private let type: HDF5Datatype
  private let layout: HDF5Layout
  private let filters: HDF5Filters
  private let fill: [UInt8]?

  init(_ source: HDF5Source, _ header: HDF5ObjectHeader) throws(VolumeError) {
    self.source = source
    guard let spaceMessage = header.first(1), let typeMessage = header.first(3),
      let layoutMessage = header.first(8)
    else { throw VolumeError(.malformed, "an object that is no dataset", field: "object header") }
    var block = try header.body(spaceMessage, source)
    space = try HDF5Dataspace(&block)
    block = try header.body(typeMessage, source)
    type = try HDF5Datatype(&block)
    block = try header.body(layoutMessage, source)
    layout = try HDF5Layout(&block)
    if let message = header.first(11) {
      block = try header.body(message, source)
      filters = try HDF5Filters(&block)
    } else {
      filters = HDF5Filters()
    }
    fill = try header.first(5).flatMap { (message) throws(VolumeError) in
      try Self.fill(try header.body(message, source))
    }
    shape = space.shape + type.shape
  }

  /// The value of elements that were never written (IV.A.2.f); nil for zeros.
  private static func fill(_ block: HDF5Block) throws(VolumeError) -> [UInt8]? {
    var block = block
    let version = try block.byte("fill value")
    let isThere: Bool
    if version == 3 {
      isThere = try block.byte("fill value") & 0x20 != 0
    } else {
      block.skip(2)
      isThere = try block.byte("fill value") == 1
    }
    guard isThere, version >= 1, version <= 3 else { return nil }
    let size = try block.four("fill value")
    return size > 0 ? try block.bytes(size, "fill value") : nil
  }

  /// Rows along the first axis; 1 for a single value.
  public var rowCount: Int { space.shape.first ?? 1 }

  /// All elements, in the order of the file.
  public func read() throws(VolumeError) -> NumPyArray.Values { try read(rows: 0..<rowCount) }

  /// The elements of some rows; of a chunked dataset only the chunks that hold them are read.
  ///
  /// - Precondition: `rows` lies in `0..<rowCount`.
  /// - Throws: `unsupported` for types and filters that are not read, `corrupt` for damaged chunks.
  public func read(rows: Range<Int>) throws(VolumeError) -> NumPyArray.Values {
    precondition(
      rows.lowerBound >= 0 && rows.upperBound <= rowCount, "rows \(rows) of \(rowCount)")
    let total = try space.count()
    guard total > 0 else { return try values([]) }
    let perRow = total / rowCount
    let (count, overflow) = (perRow * rows.count).multipliedReportingOverflow(by: type.size)
    guard !overflow else { throw VolumeError(.limit, "axes \(shape)", field: "dataspace") }
    let first = perRow * rows.lowerBound * type.size
    switch layout.storage {
    case .compact(let bytes):
      guard bytes.count >= first + count else {
        throw VolumeError(.truncated, "\(bytes.count) bytes of \(first + count)", field: "layout")
      }
      return try values(Array(bytes[first..<first + count]))
    case .contiguous(let address, let stored):
      guard let address else {
        guard count <= 1 << 28 else {
          throw VolumeError(.limit, "\(count) bytes that were never written", field: "layout")
        }
        return try values(try filled(count))
      }
      guard stored >= first + count else {
        throw VolumeError(.truncated, "\(stored) bytes of \(first + count)", field: "layout")
      }
      return try values(try source.block(address + first, count, "data").reader.bytes)
    case .chunked(let chunk, let address, let index):
      guard chunk.count == space.shape.count else {
        throw VolumeError(.malformed, "chunks of \(chunk) for \(shape)", field: "layout")
      }
      var grid = HDF5ChunkGrid(
        source: source, space: space, chunk: chunk, elementSize: type.size, filters: filters)
      let chunks =
        try address.map { (place) throws(VolumeError) in
          try grid.chunks(index, at: place)
        } ?? []
      try grid.check(chunks, against: count)
      var target = try filled(count)
      for part in chunks { try grid.copy(part, rows: rows, into: &target) }
      return try values(target)
    }
  }

  private func filled(_ count: Int) throws(VolumeError) -> [UInt8] {
    guard count <= 1 << 36 else { throw VolumeError(.limit, "\(count) bytes", field: "dataspace") }
    guard let fill, fill.count == type.size, fill.contains(where: { $0 != 0 }) else {
      return [UInt8](repeating: 0, count: count)
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    for _ in 0..<count / type.size { bytes += fill }
    return bytes
  }

  private func values(_ bytes: [UInt8]) throws(VolumeError) -> NumPyArray.Values {
    var stream = try ByteStream(.memory(bytes))
    switch type.kind {
    case .number(let sample):
      return .numbers(
        try stream.samples(bytes.count / sample.size, .stored(sample), type.endian, "data"))
    case .half:
      let half = try stream.samples(bytes.count / 2, .stored(.uint16), type.endian, "data")
      guard let bits: [UInt16] = half.array() else { return .numbers(half) }
      return .numbers(.float32(bits.map { NumPyArray.float(half: $0) }))
    case .text:
      let width = type.size / max(1, type.shape.reduce(1, *))
      guard width > 0 else { return .texts([]) }
      var texts: [String] = []
      for start in stride(from: 0, to: bytes.count - width + 1, by: width) {
        let raw = bytes[start..<start + width]
        let end = raw.firstIndex(of: 0) ?? raw.endIndex
        texts.append(String(decoding: raw[..<end], as: UTF8.self))
      }
      return .texts(texts)
    }
  }
}

extension HDF5File {
  /// The only dataset of numbers as a volume: the last axis becomes x, as `NumPyArray.volume()` has it.
  ///
  /// - Throws: `unsupported` where there are several.
  public func volume() throws(VolumeError) -> Volume {
    let paths = try datasets()
    guard let path = paths.first, paths.count == 1 else {
      throw VolumeError(.unsupported, "\(paths.count) datasets; take one with dataset(_:)")
    }
    let dataset = try dataset(path)
    return try NumPyArray(
      shape: dataset.shape, isFortranOrder: false,
      fields: [NumPyArray.Field(name: "", shape: [], values: try dataset.read())]
    ).volume()
  }
}

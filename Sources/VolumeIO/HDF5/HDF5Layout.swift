// Where a dataset's elements stand (IV.A.2.i), and the filters they went through (IV.A.2.l).

/// The layout of a dataset's elements.
struct HDF5Layout: Sendable {
  enum Index: Sendable {
    case btree1
    case single(bytes: Int?, mask: Int)
    case implicit
    case fixedArray
    case extensibleArray
    case btree2
  }

  enum Storage: Sendable {
    case compact([UInt8])
    case contiguous(address: Int?, bytes: Int)
    /// `chunk` has one length an axis.
    case chunked(chunk: [Int], address: Int?, index: Index)
  }

  var storage: Storage

  init(_ block: inout HDF5Block) throws(VolumeError) {
    let version = try block.byte("layout")
    switch version {
    case 1, 2: storage = try Self.old(&block)
    case 3, 4, 5: storage = try Self.new(&block, version)
    default: throw block.malformed("version \(version)", "layout")
    }
    if case .chunked(let chunk, _, _) = storage {
      guard !chunk.isEmpty, chunk.allSatisfy({ $0 > 0 }) else {
        throw block.malformed("chunks of \(chunk)", "layout")
      }
    }
  }

  private static func old(_ block: inout HDF5Block) throws(VolumeError) -> Storage {
    let rank = try block.byte("rank")
    let kind = try block.byte("layout class")
    block.skip(5)
    let address = kind == 0 ? nil : try block.address("address")
    var sizes: [Int] = []
    for _ in 0..<rank { sizes.append(try block.four("layout axis")) }
    switch kind {
    case 0: return .compact(try block.bytes(try block.four("compact size"), "compact data"))
    case 1:
      let bytes = sizes.reduce(1) { $0.multipliedReportingOverflow(by: $1).0 }
      return .contiguous(address: address, bytes: bytes)
    case 2: return .chunked(chunk: Array(sizes.dropLast()), address: address, index: .btree1)
    default: throw block.malformed("class \(kind)", "layout")
    }
  }

  private static func new(
    _ block: inout HDF5Block, _ version: Int
  ) throws(VolumeError) -> Storage {
    let kind = try block.byte("layout class")
    switch kind {
    case 0: return .compact(try block.bytes(try block.two("compact size"), "compact data"))
    case 1:
      let address = try block.address("address")
      return .contiguous(address: address, bytes: try block.length("size"))
    case 2 where version == 3:
      let rank = try block.byte("rank")
      let address = try block.address("address")
      var sizes: [Int] = []
      for _ in 0..<rank { sizes.append(try block.four("chunk axis")) }
      return .chunked(chunk: Array(sizes.dropLast()), address: address, index: .btree1)
    case 2:
      let flags = try block.byte("chunk flags")
      let rank = try block.byte("rank")
      let width = try block.byte("axis width")
      guard (1...8).contains(width) else { throw block.malformed("\(width)", "axis width") }
      var sizes: [Int] = []
      for _ in 0..<rank { sizes.append(try block.integer(width, "chunk axis")) }
      let index = try index(&block, flags)
      return .chunked(
        chunk: Array(sizes.dropLast()), address: try block.address("address"), index: index)
    default:
      throw VolumeError(.unsupported, "a virtual dataset", field: "layout")
    }
  }

  private static func index(_ block: inout HDF5Block, _ flags: Int) throws(VolumeError) -> Index {
    let kind = try block.byte("chunk index")
    switch kind {
    case 1:
      guard flags & 2 != 0 else { return .single(bytes: nil, mask: 0) }
      let bytes = try block.length("chunk size")
      return .single(bytes: bytes, mask: try block.four("filter mask"))
    case 2: return .implicit
    case 3:
      block.skip(1)
      return .fixedArray
    case 4:
      block.skip(5)
      return .extensibleArray
    case 5:
      block.skip(6)
      return .btree2
    default: throw block.malformed("\(kind)", "chunk index")
    }
  }
}

/// The filters that chunks went through, in the order in which they were applied.
struct HDF5Filters: Sendable {
  struct Filter: Sendable {
    var id: Int
    var parameters: [Int]
  }

  var filters: [Filter] = []

  init() {}

  init(_ block: inout HDF5Block) throws(VolumeError) {
    let version = try block.byte("filters")
    let count = try block.byte("filters")
    guard (1...2).contains(version), count <= 32 else {
      throw block.malformed("version \(version), \(count) filters", "filters")
    }
    if version == 1 { block.skip(6) }
    for _ in 0..<count {
      let id = try block.two("filter")
      let nameLength = version == 1 || id >= 256 ? try block.two("filter name") : 0
      block.skip(2)
      let values = try block.two("filter parameters")
      block.skip(version == 1 ? (nameLength + 7) / 8 * 8 : nameLength)
      var parameters: [Int] = []
      for _ in 0..<values { parameters.append(try block.four("filter parameters")) }
      if version == 1, values % 2 == 1 { block.skip(4) }
      filters.append(Filter(id: id, parameters: parameters))
    }
  }

  /// Undoes all filters but those that the mask leaves out.
  func undo(
    _ stored: [UInt8], mask: Int, expected: Int, elementSize: Int
  ) throws(VolumeError) -> [UInt8] {
    var bytes = stored
    for (index, filter) in filters.enumerated().reversed() where mask >> index & 1 == 0 {
      switch filter.id {
      case 1:
        // A checksum may follow behind what deflate holds.
        bytes = try Deflate.decompress(bytes.span, .zlib, limit: expected + 4)
      case 2: bytes = Self.unshuffle(bytes, width: filter.parameters.first ?? elementSize)
      case 3: bytes = try Self.fletcher32(bytes)
      case 32000: bytes = try Self.lzf(bytes, limit: expected + 4)
      default:
        let names = [4: "szip", 5: "n-bit", 6: "scale-offset"]
        throw VolumeError(
          .unsupported,
          "filter \(names[filter.id] ?? "\(filter.id)"); deflate, shuffle, Fletcher-32 and LZF are "
            + "read", field: "filters")
      }
    }
    guard bytes.count == expected else {
      throw VolumeError(.corrupt, "a chunk of \(bytes.count) bytes, expected \(expected)")
    }
    return bytes
  }

  private static func unshuffle(_ bytes: [UInt8], width: Int) -> [UInt8] {
    let count = width > 1 ? bytes.count / width : 0
    guard count > 1 else { return bytes }
    var result = bytes
    for byte in 0..<width {
      for element in 0..<count { result[element * width + byte] = bytes[byte * count + element] }
    }
    return result
  }

  /// Verifies and removes the checksum behind the bytes.
  private static func fletcher32(_ bytes: [UInt8]) throws(VolumeError) -> [UInt8] {
    guard bytes.count >= 4 else { throw VolumeError(.truncated, "no Fletcher-32 checksum") }
    let body = bytes.dropLast(4)
    var (a, b) = (UInt64(0), UInt64(0))
    var index = 0
    while index + 1 < body.count {
      a = (a + (UInt64(body[index]) << 8 | UInt64(body[index + 1]))) % 65535
      b = (b + a) % 65535
      index += 2
    }
    if index < body.count {
      a = (a + UInt64(body[index]) << 8) % 65535
      b = (b + a) % 65535
    }
    let stated: UInt32 = bytes.span.integer(bytes.count - 4, .little)
    let halves = [UInt64(stated >> 16) % 65535, UInt64(stated & 0xFFFF) % 65535]
    // Old libraries swapped the bytes of each half.
    let swapped = [
      UInt64(UInt16(stated >> 16).byteSwapped) % 65535,
      UInt64(UInt16(stated & 0xFFFF).byteSwapped) % 65535,
    ]
    guard halves == [b, a] || swapped == [b, a] else {
      throw VolumeError(.corrupt, "the Fletcher-32 checksum does not match", field: "chunk")
    }
    return Array(body)
  }

  /// LZF, as h5py compresses with it.
  private static func lzf(_ bytes: [UInt8], limit: Int) throws(VolumeError) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(limit)
    var position = 0
    func bad() -> VolumeError { VolumeError(.corrupt, "LZF data are damaged", field: "chunk") }
    while position < bytes.count {
      let control = Int(bytes[position])
      position += 1
      if control < 32 {
        guard position + control < bytes.count else { throw bad() }
        output += bytes[position...position + control]
        position += control + 1
      } else {
        var length = control >> 5
        if length == 7 {
          guard position < bytes.count else { throw bad() }
          length += Int(bytes[position])
          position += 1
        }
        guard position < bytes.count else { throw bad() }
        let start = output.count - (control & 31) << 8 - Int(bytes[position]) - 1
        position += 1
        guard start >= 0 else { throw bad() }
        for i in 0..<length + 2 { output.append(output[start + i]) }
      }
      guard output.count <= limit else { throw bad() }
    }
    return output
  }
}

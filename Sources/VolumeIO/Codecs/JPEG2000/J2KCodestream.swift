// A codestream's headers and the places of its tiles' packets.
// Source: ITU-T T.800 annex A.

/// The headers, and for each tile its parameters, packet headers and packets.
struct J2KCodestream {
  struct Tile {
    var parameters: J2KCodingParameters
    /// The bodies of the tile's parts, in their order.
    var parts: [Range<Int>] = []
    /// Packet headers from PPM or PPT, where used.
    var headers: [UInt8] = []
    var hasPackedHeaders = false
    fileprivate var packedSegments: [(index: Int, range: Range<Int>)] = []
  }

  let size: J2KImageSize
  private(set) var tiles: [Int: Tile] = [:]
  private(set) var diagnostics: [String] = []
  /// PPM's series of packet headers, one for each tile-part.
  private var mainHeaders: [[UInt8]] = []
  private var partCount = 0

  /// Reads headers from SOC on.
  init(_ bytes: Span<UInt8>, range: Range<Int>) throws(VolumeError) {
    guard range.count >= 4, bytes[range.lowerBound] == 0xFF, bytes[range.lowerBound + 1] == 0x4F
    else {
      throw VolumeError(
        .unknownFormat, "no start-of-codestream marker FF 4F", offset: range.lowerBound,
        field: "SOC")
    }
    var position = range.lowerBound + 2
    guard let first = try Self.segment(bytes, &position, range.upperBound), first.marker == 0x51
    else {
      throw VolumeError(
        .malformed, "SIZ does not follow SOC", offset: range.lowerBound + 2, field: "SIZ")
    }
    size = try J2KImageSize(bytes, segment: first.payload)
    if size.isHighThroughput {
      throw JPEG2000Decoder.needsHighThroughput(offset: first.payload.lowerBound)
    }
    var main = J2KCodingParameters()
    var packed: [(index: Int, range: Range<Int>)] = []
    var hasEnd = false
    while !hasEnd, position < range.upperBound {
      guard let segment = try Self.segment(bytes, &position, range.upperBound) else { break }
      switch segment.marker {
      case 0x90:
        if partCount == 0 { try gatherMainHeaders(packed, bytes) }
        try readPart(segment.payload, bytes, &position, range.upperBound, main)
      case 0xD9: hasEnd = true
      case 0x50: throw JPEG2000Decoder.needsHighThroughput(offset: segment.payload.lowerBound)
      case 0x60:
        guard segment.payload.count >= 1 else { continue }
        packed.append(
          (Int(bytes[segment.payload.lowerBound]), segment.payload.dropFirst()))
      default:
        _ = try main.read(
          segment.marker, segment.payload, bytes, componentCount: size.components.count)
      }
    }
    if !hasEnd { diagnostics.append("no end-of-codestream marker") }
    for index in Array(tiles.keys) {
      guard var tile = tiles[index] else { continue }
      for piece in tile.packedSegments.sorted(by: { $0.index < $1.index }) {
        tile.hasPackedHeaders = true
        for at in piece.range { tile.headers.append(bytes[at]) }
      }
      tiles[index] = tile
    }
  }

  /// The next marker segment; nil where no marker stands.
  private static func segment(
    _ bytes: Span<UInt8>, _ position: inout Int, _ end: Int
  ) throws(VolumeError) -> (marker: UInt8, payload: Range<Int>)? {
    guard position + 2 <= end else { return nil }
    guard bytes[position] == 0xFF else {
      throw VolumeError(
        .corrupt, "byte \(bytes[position]) where a marker is expected", offset: position,
        field: "marker")
    }
    let marker = bytes[position + 1]
    position += 2
    if 0x30...0x3F ~= marker || marker == 0xD9 || marker == 0x93 || marker == 0x4F {
      return (marker, position..<position)
    }
    guard position + 2 <= end else {
      throw VolumeError(.truncated, "a marker without its length", offset: position)
    }
    let length = Int(bytes[position]) << 8 | Int(bytes[position + 1])
    guard length >= 2, position + length <= end else {
      throw VolumeError(
        length < 2 ? .malformed : .truncated,
        "a segment of \(length) bytes with \(end - position) left", offset: position,
        field: "marker FF \(String(marker, radix: 16, uppercase: true))")
    }
    let payload = position + 2..<position + length
    position += length
    return (marker, payload)
  }

  /// Splits the joined PPM segments into one series of headers for each tile-part.
  private mutating func gatherMainHeaders(
    _ packed: [(index: Int, range: Range<Int>)], _ bytes: Span<UInt8>
  ) throws(VolumeError) {
    guard !packed.isEmpty else { return }
    var joined: [UInt8] = []
    for piece in packed.sorted(by: { $0.index < $1.index }) {
      for at in piece.range { joined.append(bytes[at]) }
    }
    var at = 0
    while at < joined.count {
      guard at + 4 <= joined.count else {
        throw VolumeError(.malformed, "packed headers end within a length", field: "PPM")
      }
      let length = joined[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
      at += 4
      guard at + length <= joined.count else {
        throw VolumeError(
          .malformed, "\(length) bytes of headers with \(joined.count - at) left", field: "PPM")
      }
      mainHeaders.append(Array(joined[at..<at + length]))
      at += length
    }
  }

  /// Reads a tile-part: its header from SOT to SOD, and where its packets lie.
  private mutating func readPart(
    _ payload: Range<Int>, _ bytes: Span<UInt8>, _ position: inout Int, _ end: Int,
    _ main: J2KCodingParameters
  ) throws(VolumeError) {
    let start = payload.lowerBound - 4
    var reader = J2KByteReader(payload, field: "SOT")
    let index = try reader.number(2, bytes)
    let length = try reader.number(4, bytes)
    let part = try reader.number(1, bytes)
    guard index < size.tilesWide * size.tilesHigh else {
      throw VolumeError(
        .malformed, "tile \(index) of \(size.tilesWide) × \(size.tilesHigh)", offset: start,
        field: "SOT Isot")
    }
    var partEnd = length == 0 ? end : start + length
    guard partEnd <= end, partEnd >= position else {
      throw VolumeError(
        partEnd > end ? .truncated : .malformed,
        "a tile-part of \(length) bytes with \(end - start) left", offset: start,
        field: "SOT Psot")
    }
    if length == 0, partEnd - 2 >= position, bytes[partEnd - 2] == 0xFF, bytes[partEnd - 1] == 0xD9
    {
      partEnd -= 2
    }
    var tile = tiles[index] ?? Tile(parameters: main)
    if part == 0, tile.parts.isEmpty { tile.parameters.changes = main.changes }
    var hasOwnChanges = false
    headers: while true {
      guard let segment = try Self.segment(bytes, &position, partEnd) else {
        throw VolumeError(
          .truncated, "the tile-part ends within its header", offset: position, field: "SOD")
      }
      switch segment.marker {
      case 0x93: break headers
      case 0x61:
        guard segment.payload.count >= 1 else { continue }
        tile.packedSegments.append(
          (Int(bytes[segment.payload.lowerBound]), segment.payload.dropFirst()))
      case 0x5F:
        // The tile's own changes replace the main header's; later parts add to them.
        if part == 0, !hasOwnChanges { tile.parameters.changes = [] }
        hasOwnChanges = true
        fallthrough
      default:
        _ = try tile.parameters.read(
          segment.marker, segment.payload, bytes, componentCount: size.components.count,
          isTile: true)
      }
    }
    tile.parts.append(position..<max(position, partEnd))
    if !mainHeaders.isEmpty {
      guard partCount < mainHeaders.count else {
        throw VolumeError(
          .malformed, "\(mainHeaders.count) series of packed headers for more tile-parts",
          offset: start, field: "PPM")
      }
      tile.headers += mainHeaders[partCount]
      tile.hasPackedHeaders = true
    }
    partCount += 1
    tiles[index] = tile
    position = partEnd
  }
}

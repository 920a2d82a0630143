// Quantisation and Huffman tables, as DQT, DHT and DRI define and replace them.
// Source: ITU-T T.81 B.2.4.

/// The tables in force at some point of a stream.
///
/// TIFF keeps them in a stream of their own (tag 347, "JPEGTables"): read it with
/// `init(parsing:)` and give the result to `JPEGDecoder.decode`.
package struct JPEGTables: Sendable, Hashable {
  /// Four tables of 64 steps in zigzag order.
  var quantization: [[UInt16]] = [[], [], [], []]
  var dc: [JPEGHuffmanTable?] = [nil, nil, nil, nil]
  var ac: [JPEGHuffmanTable?] = [nil, nil, nil, nil]
  /// MCUs between restart markers; 0 for none.
  var restartInterval = 0

  package init() {}

  /// Reads a tables-only stream: SOI, tables, EOI.
  ///
  /// - Throws: `.malformed` or `.truncated` for tables that are none.
  package init(parsing bytes: Span<UInt8>) throws(VolumeError) {
    var reader = try JPEGMarkerReader(bytes)
    while let segment = try reader.next(bytes) {
      if segment.marker == JPEGMarkerReader.endOfImage { return }
      _ = try read(segment, bytes)
    }
  }

  /// Takes the tables of a DQT, DHT or DRI segment; false for any other.
  mutating func read(
    _ segment: JPEGMarkerReader.Segment, _ bytes: Span<UInt8>
  ) throws(VolumeError) -> Bool {
    switch segment.marker {
    case 0xDB: try readQuantization(segment.payload, bytes)
    case 0xC4: try readHuffman(segment.payload, bytes)
    case 0xDD:
      guard segment.payload.count >= 2 else {
        throw VolumeError(
          .malformed, "\(segment.payload.count) bytes of restart interval, expected 2",
          offset: segment.payload.lowerBound, field: "DRI")
      }
      let at = segment.payload.lowerBound
      restartInterval = Int(bytes[at]) << 8 | Int(bytes[at + 1])
    default: return false
    }
    return true
  }

  private mutating func readQuantization(
    _ payload: Range<Int>, _ bytes: Span<UInt8>
  ) throws(VolumeError) {
    var at = payload.lowerBound
    while at < payload.upperBound {
      let size = bytes[at] >> 4 == 0 ? 1 : 2
      let index = Int(bytes[at] & 15)
      guard index < 4, bytes[at] >> 4 < 2, payload.upperBound - at - 1 >= 64 * size else {
        throw VolumeError(
          .malformed, "table \(index) with \(payload.upperBound - at - 1) bytes left", offset: at,
          field: "DQT")
      }
      var table: [UInt16] = []
      for k in 0..<64 {
        let step = at + 1 + k * size
        table.append(
          size == 1 ? UInt16(bytes[step]) : UInt16(bytes[step]) << 8 | UInt16(bytes[step + 1]))
      }
      quantization[index] = table
      at += 1 + 64 * size
    }
  }

  private mutating func readHuffman(
    _ payload: Range<Int>, _ bytes: Span<UInt8>
  ) throws(VolumeError) {
    var at = payload.lowerBound
    while at < payload.upperBound {
      let index = Int(bytes[at] & 15)
      guard index < 4, bytes[at] >> 4 < 2, payload.upperBound - at >= 17 else {
        throw VolumeError(
          .malformed, "class and table \(bytes[at]) with \(payload.upperBound - at) bytes left",
          offset: at, field: "DHT")
      }
      var counts: [UInt8] = []
      var total = 0
      for length in 1...16 {
        counts.append(bytes[at + length])
        total += Int(bytes[at + length])
      }
      guard total <= 256, payload.upperBound - at - 17 >= total else {
        throw VolumeError(
          .malformed, "\(total) symbols with \(payload.upperBound - at - 17) bytes left",
          offset: at, field: "DHT")
      }
      var symbols: [UInt8] = []
      for k in 0..<total { symbols.append(bytes[at + 17 + k]) }
      let table = try JPEGHuffmanTable(counts: counts, symbols: symbols, offset: at)
      if bytes[at] >> 4 == 0 { dc[index] = table } else { ac[index] = table }
      at += 17 + total
    }
  }

  /// The DC (or lossless) table of a slot, by throwing where a scan asks for one that never came.
  func dcTable(_ index: Int, offset: Int) throws(VolumeError) -> JPEGHuffmanTable {
    guard let table = dc[index] else {
      throw VolumeError(
        .malformed, "the scan uses DC table \(index), which was not defined", offset: offset,
        field: "SOS Td")
    }
    return table
  }

  /// The AC table of a slot, by throwing where a scan asks for one that never came.
  func acTable(_ index: Int, offset: Int) throws(VolumeError) -> JPEGHuffmanTable {
    guard let table = ac[index] else {
      throw VolumeError(
        .malformed, "the scan uses AC table \(index), which was not defined", offset: offset,
        field: "SOS Ta")
    }
    return table
  }

  /// The quantisation steps of a slot in zigzag order, or an error.
  func steps(_ index: Int, offset: Int) throws(VolumeError) -> [Int32] {
    guard quantization[index].count == 64 else {
      throw VolumeError(
        .malformed, "the frame uses quantisation table \(index), which was not defined",
        offset: offset, field: "SOF Tq")
    }
    return quantization[index].map { Int32($0) }
  }
}

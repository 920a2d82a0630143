// Reading PNG: chunks, filters, interlacing, palettes. Inflating is zlib's, all else is here.

extension Picture {
  /// Decodes a PNG.
  ///
  /// Palettes become RGB, `tRNS` becomes alpha, samples of 1, 2 and 4 bits are scaled to 8; 16-bit
  /// samples stay. Gamma and colour profiles are left alone. Every chunk's CRC is verified, and the
  /// picture data's Adler-32.
  /// - Throws: `malformed`, `corrupt` or `truncated` with the offset of the chunk; `limit` for more
  ///   than `mostBytes` of pixels.
  public init(png bytes: [UInt8], mostBytes: Int = 1 << 32) throws(VolumeError) {
    let file = try PNGChunks(bytes, mostBytes: mostBytes)
    let header = file.header
    let passes = header.passes
    var expected = 0
    for pass in passes {
      let (rows, overflow) = (pass.rowBytes + 1).multipliedReportingOverflow(by: pass.height)
      guard !overflow, rows <= .max - expected else {
        throw VolumeError(.limit, "\(header.width) × \(header.height) pixels")
      }
      expected += rows
    }
    var data = try Deflate.decompress(
      file.compressed.span, .zlib, limit: max(expected, 1), expected: expected)
    let channels = file.channels
    let count = header.width * header.height * channels
    if header.depth == 16 {
      var pixels = [UInt16](repeating: 0, count: count)
      try Self.unfilter(&data, header) { row, at, pass, y in
        file.scatter16(row, at, pass, y, into: &pixels)
      }
      try self.init(
        width: header.width, height: header.height, channels: channels, bitsPerSample: 16,
        samples: .uint16(pixels))
    } else {
      var pixels = [UInt8](repeating: 0, count: count)
      var isInPalette = true
      try Self.unfilter(&data, header) { row, at, pass, y in
        isInPalette = file.scatter8(row, at, pass, y, into: &pixels) && isInPalette
      }
      guard isInPalette else {
        throw VolumeError(.malformed, "a pixel beyond the palette", field: "IDAT")
      }
      try self.init(
        width: header.width, height: header.height, channels: channels, bitsPerSample: 8,
        samples: .uint8(pixels))
    }
    metadata = file.texts
    spacing = file.spacing
  }

  /// Undoes the row filters (§9) in place and hands on each row.
  private static func unfilter(
    _ data: inout [UInt8], _ header: PNGHeader,
    _ body: ([UInt8], _ at: Int, PNGHeader.Pass, _ y: Int) -> Void
  ) throws(VolumeError) {
    let back = max(1, header.bitsPerPixel / 8)
    var start = 0
    for pass in header.passes {
      for y in 0..<pass.height {
        let filter = data[start]
        let row = start + 1
        let above = y == 0 ? nil : row - (pass.rowBytes + 1)
        guard
          Self.unfilter(filter, &data, row: row, above: above, count: pass.rowBytes, back: back)
        else {
          throw VolumeError(
            .malformed, "row filter \(filter), expected 0 to 4", field: "IDAT row \(y)")
        }
        body(data, row, pass, y)
        start = row + pass.rowBytes
      }
    }
  }

  private static func unfilter(
    _ filter: UInt8, _ data: inout [UInt8], row: Int, above: Int?, count: Int, back: Int
  ) -> Bool {
    switch filter {
    case 0: break
    case 1:
      for i in stride(from: back, to: count, by: 1) {
        data[row + i] &+= data[row + i - back]
      }
    case 2:
      guard let above else { break }
      for i in 0..<count { data[row + i] &+= data[above + i] }
    case 3:
      for i in 0..<count {
        let left = i >= back ? Int(data[row + i - back]) : 0
        let up = above.map { Int(data[$0 + i]) } ?? 0
        data[row + i] &+= UInt8(truncatingIfNeeded: (left + up) / 2)
      }
    case 4:
      for i in 0..<count {
        let a = i >= back ? Int(data[row + i - back]) : 0
        let b = above.map { Int(data[$0 + i]) } ?? 0
        let c = i >= back ? above.map { Int(data[$0 + i - back]) } ?? 0 : 0
        let estimate = a + b - c
        let (da, db, dc) = (abs(estimate - a), abs(estimate - b), abs(estimate - c))
        let predicted = da <= db && da <= dc ? a : (db <= dc ? b : c)
        data[row + i] &+= UInt8(truncatingIfNeeded: predicted)
      }
    default: return false
    }
    return true
  }
}

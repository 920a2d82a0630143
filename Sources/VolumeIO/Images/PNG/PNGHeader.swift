// PNG's IHDR and the geometry of its (interlaced) rows.
// Source: Portable Network Graphics Specification, third edition, https://www.w3.org/TR/png-3/.

/// IHDR: thirteen bytes at the front of every PNG.
struct PNGHeader: Sendable, Hashable {
  var width: Int
  var height: Int
  /// Bits of a sample, or of an index into the palette: 1, 2, 4, 8 or 16.
  var depth: Int
  /// 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha.
  var colorType: Int
  var isInterlaced: Bool

  /// §11.2.1.
  init(_ data: [UInt8], offset: Int) throws(VolumeError) {
    func bad(_ detail: String, _ field: String) -> VolumeError {
      VolumeError(.malformed, detail, offset: offset, field: field)
    }
    guard data.count == 13 else { throw bad("\(data.count) bytes, expected 13", "IHDR") }
    let bytes = data.span
    let (w, h): (UInt32, UInt32) = (bytes.integer(0, .big), bytes.integer(4, .big))
    guard w > 0, h > 0, w <= 0x7FFF_FFFF, h <= 0x7FFF_FFFF else {
      throw bad("\(w) × \(h) pixels", "IHDR size")
    }
    (width, height, depth, colorType) = (Int(w), Int(h), Int(data[8]), Int(data[9]))
    let depths: [Int: [Int]] = [
      0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16],
    ]
    guard let allowed = depths[colorType], allowed.contains(depth) else {
      throw bad("colour type \(colorType) of \(depth) bits", "IHDR colour type")
    }
    guard data[10] == 0, data[11] == 0 else {
      throw bad("compression \(data[10]), filter \(data[11])", "IHDR methods")
    }
    guard data[12] <= 1 else { throw bad("method \(data[12])", "IHDR interlace") }
    isInterlaced = data[12] == 1
  }

  /// Samples stored for a pixel.
  var samplesPerPixel: Int {
    switch colorType {
    case 2: 3
    case 4: 2
    case 6: 4
    default: 1
    }
  }

  var bitsPerPixel: Int { depth * samplesPerPixel }

  /// One of the reduced pictures that interlacing stores; the whole picture where it does not.
  struct Pass: Sendable {
    var startX: Int
    var startY: Int
    var stepX: Int
    var stepY: Int
    var width: Int
    var height: Int
    /// Bytes of a row without its filter byte.
    var rowBytes: Int
  }

  /// The passes that hold pixels, in the order of the file (§8.1, Adam7).
  var passes: [Pass] {
    let grid: [(Int, Int, Int, Int)] =
      isInterlaced
      ? [
        (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
        (0, 1, 1, 2),
      ] : [(0, 0, 1, 1)]
    return grid.compactMap { startX, startY, stepX, stepY in
      let w = (width - startX + stepX - 1) / stepX
      let h = (height - startY + stepY - 1) / stepY
      guard w > 0, h > 0 else { return nil }
      return Pass(
        startX: startX, startY: startY, stepX: stepX, stepY: stepY, width: w, height: h,
        rowBytes: (w * bitsPerPixel + 7) / 8)
    }
  }
}

// The size of a JPEG 2000 image: the SIZ segment.
// Source: ITU-T T.800 A.5.1, B.2, B.3.

/// The image and its grid of tiles.
struct J2KImageSize: Sendable, Hashable {
  struct Component: Sendable, Hashable {
    let precision: Int
    let isSigned: Bool
    let stepX: Int
    let stepY: Int
    /// The component's samples on its own grid.
    let rect: J2KRect
  }

  /// The image on the reference grid.
  let rect: J2KRect
  let tileWidth: Int
  let tileHeight: Int
  let tileOriginX: Int
  let tileOriginY: Int
  let components: [Component]
  /// Rsiz names capabilities of Part 15.
  let isHighThroughput: Bool

  var tilesWide: Int { (rect.x1 - tileOriginX).dividedRoundingUp(by: tileWidth) }
  var tilesHigh: Int { (rect.y1 - tileOriginY).dividedRoundingUp(by: tileHeight) }

  /// The image's pixels: where all components are subsampled alike, it has their size.
  var pixelGrid: J2KRect {
    rect.dividedRoundingUp(
      byX: components.reduce(255) { min($0, $1.stepX) },
      y: components.reduce(255) { min($0, $1.stepY) })
  }

  /// Samples of all components.
  var sampleCount: Int { components.reduce(0) { $0 + $1.rect.width * $1.rect.height } }

  init(_ bytes: Span<UInt8>, segment: Range<Int>) throws(VolumeError) {
    let start = segment.lowerBound
    var reader = J2KByteReader(segment, field: "SIZ")
    isHighThroughput = try reader.number(2, bytes) & 0x4000 != 0
    let x1 = try reader.number(4, bytes)
    let y1 = try reader.number(4, bytes)
    let x0 = try reader.number(4, bytes)
    let y0 = try reader.number(4, bytes)
    tileWidth = try reader.number(4, bytes)
    tileHeight = try reader.number(4, bytes)
    tileOriginX = try reader.number(4, bytes)
    tileOriginY = try reader.number(4, bytes)
    let count = try reader.number(2, bytes)
    rect = J2KRect(x0: x0, y0: y0, x1: x1, y1: y1)
    guard !rect.isEmpty, tileWidth > 0, tileHeight > 0, tileOriginX <= x0, tileOriginY <= y0,
      tileOriginX + tileWidth > x0, tileOriginY + tileHeight > y0
    else {
      throw VolumeError(
        .malformed,
        "image \(x0)..<\(x1) × \(y0)..<\(y1), tiles of \(tileWidth) × \(tileHeight) from "
          + "\(tileOriginX), \(tileOriginY)",
        offset: start, field: "SIZ")
    }
    guard 1...16384 ~= count, reader.left >= 3 * count else {
      throw VolumeError(
        .malformed, "\(count) components in \(reader.left) bytes", offset: start,
        field: "SIZ Csiz")
    }
    var parsed: [Component] = []
    for index in 0..<count {
      let depth = try reader.number(1, bytes)
      let stepX = try reader.number(1, bytes)
      let stepY = try reader.number(1, bytes)
      let precision = (depth & 0x7F) + 1
      guard stepX > 0, stepY > 0, precision <= 31 else {
        throw VolumeError(
          precision > 31 ? .unsupported : .malformed,
          "\(precision) bits, steps \(stepX) × \(stepY); up to 31 bits are read, steps of 1...255",
          offset: reader.position - 3, field: "SIZ component \(index)")
      }
      parsed.append(
        Component(
          precision: precision, isSigned: depth & 0x80 != 0, stepX: stepX, stepY: stepY,
          rect: rect.dividedRoundingUp(byX: stepX, y: stepY)))
    }
    guard !parsed.contains(where: { $0.rect.isEmpty }) else {
      throw VolumeError(
        .malformed, "a component without samples", offset: start, field: "SIZ XRsiz, YRsiz")
    }
    components = parsed
    guard tilesWide * tilesHigh <= 65535 else {
      throw VolumeError(
        .malformed, "\(tilesWide) × \(tilesHigh) tiles; at most 65535 are allowed", offset: start,
        field: "SIZ XTsiz, YTsiz")
    }
    // Pictures of one value shrink without end; real ones stay far below this bound.
    let samples = rect.width.multipliedReportingOverflow(by: rect.height)
    guard !samples.overflow,
      samples.partialValue / max(1, parsed[0].stepX * parsed[0].stepY) <= 1 << 32,
      sampleCount <= 1 << 24 || sampleCount <= 4096 * bytes.count
    else {
      throw VolumeError(
        .limit, "\(rect.width) × \(rect.height) × \(count) samples in \(bytes.count) bytes",
        offset: start, field: "SIZ")
    }
  }

  /// A tile on the reference grid.
  func tile(_ index: Int) -> J2KRect {
    let x = tileOriginX + index % tilesWide * tileWidth
    let y = tileOriginY + index / tilesWide * tileHeight
    return J2KRect(x0: x, y0: y, x1: x + tileWidth, y1: y + tileHeight).intersection(rect)
  }
}

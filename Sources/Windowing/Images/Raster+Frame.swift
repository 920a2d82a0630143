extension Raster {
  /// The picture with margins of one colour.
  ///
  /// - `color`: One number a channel; nil for zeros (black, transparent).
  /// - Throws: ``WindowingError/Code/size`` for negative margins or above ``pixelLimit``.
  public func padded(
    left: Int = 0, top: Int = 0, right: Int = 0, bottom: Int = 0, with color: [Component]? = nil
  ) throws(WindowingError) -> Raster {
    guard left >= 0, top >= 0, right >= 0, bottom >= 0 else {
      throw WindowingError(.size, "margins \(left), \(top), \(right), \(bottom) are negative")
    }
    let limit = Self.pixelLimit
    guard left <= limit, top <= limit, right <= limit, bottom <= limit else {
      throw WindowingError(.size, "margins \(left), \(top), \(right), \(bottom) above \(limit)")
    }
    let fill = color ?? [Component](repeating: Component(nearest: 0), count: Format.channels)
    var frame = try Raster(
      width: width + left + right, height: height + top + bottom, filledWith: fill)
    frame.place(self, x: left, y: top)
    frame.spacing = spacing
    frame.provenance = provenance
    return frame.telling(.padded(left: left, top: top, right: right, bottom: bottom))
  }

  /// The picture in the middle of the smallest square that holds it; of an odd margin the larger
  /// part lies right and below.
  public func paddedToSquare(with color: [Component]? = nil) throws(WindowingError) -> Raster {
    let side = max(width, height)
    let x = side - width
    let y = side - height
    return try padded(
      left: x / 2, top: y / 2, right: x - x / 2, bottom: y - y / 2, with: color)
  }

  /// A part of the picture.
  ///
  /// - Throws: ``WindowingError/Code/size`` where the part is empty or leaves the picture.
  public func cropped(
    x: Int, y: Int, width newWidth: Int, height newHeight: Int
  ) throws(WindowingError) -> Raster {
    guard x >= 0, y >= 0, newWidth >= 1, newHeight >= 1, newWidth <= width, newHeight <= height,
      x <= width - newWidth, y <= height - newHeight
    else {
      throw WindowingError(
        .size, "a part of \(newWidth) × \(newHeight) at (\(x), \(y)) of \(width) × \(height)")
    }
    var part: [Component] = []
    part.reserveCapacity(newWidth * newHeight * Format.channels)
    for row in y..<(y + newHeight) {
      let start = (row * width + x) * Format.channels
      part += pixels[start..<(start + newWidth * Format.channels)]
    }
    let result = Raster(
      checked: part, width: newWidth, height: newHeight, spacing: spacing, provenance: provenance)
    return result.telling(.cropped(x: x, y: y, width: newWidth, height: newHeight))
  }

  /// The middle of the picture; of an odd rest the larger part is cut right and below.
  public func centerCropped(
    width newWidth: Int, height newHeight: Int
  ) throws(WindowingError) -> Raster {
    try cropped(
      x: max(0, width - newWidth) / 2, y: max(0, height - newHeight) / 2, width: newWidth,
      height: newHeight)
  }

  /// The whole picture, resized to fit and centred on a canvas of exactly this size.
  public func letterboxed(
    width newWidth: Int, height newHeight: Int, with color: [Component]? = nil,
    by filter: ResizeFilter = .bicubic
  ) throws(WindowingError) -> Raster {
    try Self.check(width: newWidth, height: newHeight)
    let scale = min(Double(newWidth) / Double(width), Double(newHeight) / Double(height))
    let inner = try resized(
      width: min(newWidth, max(1, Int((Double(width) * scale).rounded()))),
      height: min(newHeight, max(1, Int((Double(height) * scale).rounded()))), by: filter)
    let x = newWidth - inner.width
    let y = newHeight - inner.height
    return try inner.padded(
      left: x / 2, top: y / 2, right: x - x / 2, bottom: y - y / 2, with: color)
  }

  /// The picture cut into tiles, row by row; the last column and row are padded to full size.
  ///
  /// - `side`: Pixels along each side of a tile.
  /// - `overlap`: Pixels that neighbours share; below `side`.
  /// - Throws: ``WindowingError/Code/size``, also for more than 65,536 tiles.
  public func tiles(
    side: Int, overlap: Int = 0, with color: [Component]? = nil
  ) throws(WindowingError) -> [Tile<Format>] {
    guard side >= 1, overlap >= 0, overlap < side else {
      throw WindowingError(.size, "tiles of \(side) with an overlap of \(overlap)")
    }
    try Self.check(width: side, height: side)
    let step = side - overlap
    let columns = max(1, (width - overlap + step - 1) / step)
    let rows = max(1, (height - overlap + step - 1) / step)
    guard columns <= 65_536, rows <= 65_536, columns * rows <= 65_536 else {
      throw WindowingError(.size, "\(columns) × \(rows) tiles, where 65,536 are allowed")
    }
    var tiles: [Tile<Format>] = []
    for row in 0..<rows {
      for column in 0..<columns {
        let (x, y) = (column * step, row * step)
        let (w, h) = (min(side, width - x), min(side, height - y))
        let part = try cropped(x: x, y: y, width: w, height: h)
        let whole =
          try w == side && h == side
          ? part : part.padded(right: side - w, bottom: side - h, with: color)
        tiles.append(Tile(x: x, y: y, image: whole))
      }
    }
    return tiles
  }

  /// Lays another picture over this one; what reaches over the edge is cut.
  mutating func place(_ other: Raster, x: Int, y: Int) {
    let first = max(0, -x)
    let last = min(other.width, width - x)
    guard first < last else { return }
    let channels = Format.channels
    for row in max(0, -y)..<max(max(0, -y), min(other.height, height - y)) {
      let from = (row * other.width + first) * channels
      let to = ((y + row) * width + x + first) * channels
      for index in 0..<((last - first) * channels) {
        pixels[to + index] = other.pixels[from + index]
      }
    }
  }
}

/// A tile and where its top left corner lies in the whole picture.
public struct Tile<Format: PixelFormat>: Sendable, Hashable {
  public var x: Int
  public var y: Int
  public var image: Raster<Format>
}

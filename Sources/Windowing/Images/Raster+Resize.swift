extension Raster {
  /// The picture at another size.
  ///
  /// Enlarging interpolates, reducing averages (antialiasing), by Pillow's conventions: 8-bit
  /// pictures come out equal to Pillow's `resize` to the level. Spacing is kept true. Alpha is
  /// resized like a colour: flatten before where that matters.
  ///
  /// - Throws: ``WindowingError/Code/size`` for a size below 1 or above ``pixelLimit``.
  /// - Complexity: O(*new pixels* · *kernel*), the kernel growing with the reduction.
  public func resized(
    width newWidth: Int, height newHeight: Int, by filter: ResizeFilter = .bilinear
  ) throws(WindowingError) -> Raster {
    try Self.check(width: newWidth, height: newHeight)
    if newWidth == width && newHeight == height { return self }
    let rows = RasterRows(
      pixels: pixels, width: width, height: height, channels: Format.channels)
    let resized = Component.resized(rows, to: (newWidth, newHeight), by: filter)
    let scale = SIMD2(
      Double(width) / Double(newWidth), Double(height) / Double(newHeight))
    let result = Raster(
      checked: resized, width: newWidth, height: newHeight, spacing: spacing.map { $0 * scale },
      provenance: provenance)
    return result.telling(.resized(width: newWidth, height: newHeight, filter: filter))
  }

  /// The largest picture of the same shape whose sides are at most `side`; never enlarged unless
  /// asked. Sides are rounded to the nearest, to 1 at least.
  public func fitted(
    within side: Int, enlarging: Bool = false, by filter: ResizeFilter = .bicubic
  ) throws(WindowingError) -> Raster {
    guard side >= 1 else { throw WindowingError(.size, "a side of \(side) pixels") }
    let longest = max(width, height)
    guard longest > side || enlarging else { return self }
    let scale = Double(side) / Double(longest)
    return try resized(
      width: width == longest ? side : max(1, Int((Double(width) * scale).rounded())),
      height: height == longest ? side : max(1, Int((Double(height) * scale).rounded())),
      by: filter)
  }

  /// The picture enlarged along its coarser side, so that pixels are as wide as high in millimetres.
  ///
  /// Without spacing, or where it differs by 0.1 % at most, nothing changes.
  public func withSquarePixels(
    by filter: ResizeFilter = .bilinear
  ) throws(WindowingError) -> Raster {
    guard let spacing, spacing.x > 0, spacing.y > 0, spacing.x.isFinite, spacing.y.isFinite else {
      return self
    }
    let finest = min(spacing.x, spacing.y)
    guard max(spacing.x, spacing.y) - finest > 0.001 * finest else { return self }
    let across = Double(width) * spacing.x / finest
    let down = Double(height) * spacing.y / finest
    guard across < Double(Self.pixelLimit), down < Double(Self.pixelLimit) else {
      throw WindowingError(
        .size, "spacing \(spacing.x) × \(spacing.y) mm asks for \(across) × \(down) pixels")
    }
    return try resized(
      width: max(1, Int(across.rounded())), height: max(1, Int(down.rounded())), by: filter)
  }
}

extension RGBImage {
  /// The picture with labels laid over it in colour.
  ///
  /// - `labels`: One label a pixel; 0 is left alone, label `n` takes colour `n − 1`, in turn.
  /// - `opacity`: 0 (unseen) to 1 (opaque).
  /// - Precondition: `colors` is not empty.
  /// - Throws: ``WindowingError/Code/shape`` where the sizes differ.
  public func overlaid(
    mask labels: Gray16Image, colors: [RGBColor] = RGBColor.labels, opacity: Double = 0.4
  ) throws(WindowingError) -> RGBImage {
    try requireSize(of: labels)
    precondition(!colors.isEmpty, "labels need a colour")
    var result = self
    for (index, label) in labels.pixels.enumerated() where label > 0 {
      result.blend(colors[(Int(label) - 1) % colors.count], opacity, at: 3 * index)
    }
    return result.telling(.drawn("mask, opacity \(opacity)"))
  }

  /// The picture with the outline of each label, drawn on the label's own outermost pixels.
  ///
  /// Resize the picture and, by `nearest`, the labels before, for outlines that stay thin.
  ///
  /// - `thickness`: Pixels from the label's edge inwards.
  /// - Throws: ``WindowingError/Code/shape`` where the sizes differ; ``WindowingError/Code/size``
  ///   for a thickness below 1.
  public func overlaid(
    contour labels: Gray16Image, colors: [RGBColor] = RGBColor.labels, thickness: Int = 1
  ) throws(WindowingError) -> RGBImage {
    try requireSize(of: labels)
    precondition(!colors.isEmpty, "labels need a colour")
    guard thickness >= 1 else {
      throw WindowingError(.size, "a contour of \(thickness) pixels")
    }
    var inner = labels.pixels
    for _ in 0..<min(thickness, max(width, height)) {
      inner = Self.eroded(inner, width: width, height: height)
    }
    var result = self
    for (index, label) in labels.pixels.enumerated() where label > 0 && inner[index] != label {
      result.blend(colors[(Int(label) - 1) % colors.count], 1, at: 3 * index)
    }
    return result.telling(.drawn("contour of \(thickness) pixels"))
  }

  /// Labels without the pixels that touch another one (or the picture's edge) by a side.
  private static func eroded(_ labels: [UInt16], width: Int, height: Int) -> [UInt16] {
    var result = labels
    for y in 0..<height {
      for x in 0..<width {
        let index = y * width + x
        let label = labels[index]
        guard label > 0 else { continue }
        let isInner =
          x > 0 && labels[index - 1] == label && x < width - 1 && labels[index + 1] == label
          && y > 0 && labels[index - width] == label && y < height - 1
          && labels[index + width] == label
        if !isInner { result[index] = 0 }
      }
    }
    return result
  }

  private func requireSize(of labels: Gray16Image) throws(WindowingError) {
    guard labels.width == width, labels.height == height else {
      throw WindowingError(
        .shape, "labels of \(labels.width) × \(labels.height) on \(width) × \(height) pixels")
    }
  }

  /// Mixes a colour into the pixel whose red is at `offset`; an opacity outside 0…1 is clipped.
  mutating func blend(_ color: RGBColor, _ opacity: Double, at offset: Int) {
    let part = Int((min(max(opacity.isNaN ? 0 : opacity, 0), 1) * 256).rounded())
    func mixed(_ below: UInt8, _ above: UInt8) -> UInt8 {
      UInt8(truncatingIfNeeded: (Int(below) * (256 - part) + Int(above) * part + 128) >> 8)
    }
    pixels[offset] = mixed(pixels[offset], color.red)
    pixels[offset + 1] = mixed(pixels[offset + 1], color.green)
    pixels[offset + 2] = mixed(pixels[offset + 2], color.blue)
  }
}

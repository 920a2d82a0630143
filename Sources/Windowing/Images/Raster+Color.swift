extension RGBImage {
  /// Grey as colour: the three channels alike.
  public init(_ gray: GrayImage) {
    var pixels = [UInt8](repeating: 0, count: 3 * gray.pixels.count)
    for (index, level) in gray.pixels.enumerated() {
      pixels[3 * index] = level
      pixels[3 * index + 1] = level
      pixels[3 * index + 2] = level
    }
    self.init(
      checked: pixels, width: gray.width, height: gray.height, spacing: gray.spacing,
      provenance: gray.provenance)
  }

  /// Three grey pictures of one size as red, green and blue.
  ///
  /// - Throws: ``WindowingError/Code/shape`` where sizes differ.
  public init(
    red: GrayImage, green: GrayImage, blue: GrayImage
  ) throws(WindowingError) {
    guard red.width == green.width, green.width == blue.width, red.height == green.height,
      green.height == blue.height
    else { throw WindowingError(.shape, "\(red), \(green) and \(blue) make no colour picture") }
    var pixels = [UInt8](repeating: 0, count: 3 * red.pixels.count)
    for index in red.pixels.indices {
      pixels[3 * index] = red.pixels[index]
      pixels[3 * index + 1] = green.pixels[index]
      pixels[3 * index + 2] = blue.pixels[index]
    }
    self.init(
      checked: pixels, width: red.width, height: red.height, spacing: red.spacing,
      provenance: red.provenance)
  }

  /// The luma of ITU-R BT.601 with Pillow's 16-bit weights: what `convert("L")` gives.
  public var gray: GrayImage {
    var levels = [UInt8](repeating: 0, count: width * height)
    for index in levels.indices {
      let red = Int(pixels[3 * index])
      let green = Int(pixels[3 * index + 1])
      let blue = Int(pixels[3 * index + 2])
      let luma = (red * 19_595 + green * 38_470 + blue * 7_471 + 0x8000) >> 16
      levels[index] = UInt8(truncatingIfNeeded: luma)
    }
    return GrayImage(
      checked: levels, width: width, height: height, spacing: spacing, provenance: provenance)
  }
}

extension RGBAImage {
  /// The picture laid over one colour; the result has no alpha.
  public func flattened(over color: RGBColor) -> RGBImage {
    let back = [Int(color.red), Int(color.green), Int(color.blue)]
    var flat = [UInt8](repeating: 0, count: 3 * width * height)
    for index in 0..<(width * height) {
      let alpha = Int(pixels[4 * index + 3])
      for channel in 0..<3 {
        let mixed = Int(pixels[4 * index + channel]) * alpha + back[channel] * (255 - alpha)
        flat[3 * index + channel] = UInt8(truncatingIfNeeded: (mixed + 127) / 255)
      }
    }
    return RGBImage(
      checked: flat, width: width, height: height, spacing: spacing, provenance: provenance)
  }
}

/// An 8-bit sRGB colour.
public struct RGBColor: Sendable, Hashable, Codable {
  public var red: UInt8
  public var green: UInt8
  public var blue: UInt8

  public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  public static let black = RGBColor(0, 0, 0)
  public static let white = RGBColor(255, 255, 255)

  /// Eight colours that readers with colour-vision deficiency can tell apart (Okabe and Ito, 2008),
  /// black aside; label 1 takes the first.
  public static let labels: [RGBColor] = [
    RGBColor(230, 159, 0), RGBColor(86, 180, 233), RGBColor(0, 158, 115), RGBColor(240, 228, 66),
    RGBColor(0, 114, 178), RGBColor(213, 94, 0), RGBColor(204, 121, 167), RGBColor(255, 255, 255),
  ]

  package var components: [UInt8] { [red, green, blue] }
}

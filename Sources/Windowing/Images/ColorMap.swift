// Perceptually uniform pseudo-colours, computed: lightness rises (or mirrors) linearly in CIELAB.
// Source: Kovesi, “Good Colour Maps: How to Design Them”, arXiv 1509.03700, for the principle;
// CIE 15:2004 for CIELAB; IEC 61966-2-1 for sRGB. The paths are this module's own.

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// A named map from grey levels to colours whose steps look equal.
public struct ColorMap: Sendable, Hashable, Codable {
  /// The map's name, such as `ember`.
  public let name: String
  /// The colours of levels 0…255.
  public let colors: [RGBColor]

  /// - Throws: ``WindowingError/Code/shape`` where there are not 256 colours.
  public init(name: String, colors: [RGBColor]) throws(WindowingError) {
    guard colors.count == 256 else {
      throw WindowingError(.shape, "\(colors.count) colours, where a map has 256")
    }
    self.name = name
    self.colors = colors
  }

  /// Knots in CIELAB, joined by a smooth path along which equal steps have equal ΔE.
  private init(_ name: String, _ knots: [SIMD3<Double>]) {
    self.name = name
    colors = uniformPath(knots).map(sRGB)
  }

  /// Black, purple, red, orange, pale yellow: for one quantity on black.
  public static let ember = ColorMap(
    "ember", [[2, 1, -4], [22, 30, -30], [43, 56, 12], [67, 38, 58], [97, -8, 32]])
  /// Dark blue, teal, green, yellow: for one quantity, readable without red–green vision.
  public static let lagoon = ColorMap(
    "lagoon", [[14, 18, -32], [36, -4, -26], [56, -32, -2], [76, -30, 46], [93, -8, 76]])
  /// Dark to pale blue.
  public static let ice = ColorMap(
    "ice", [[3, 2, -8], [28, 10, -42], [56, -10, -38], [80, -18, -14], [98, -2, -2]])
  /// Blue through pale grey to red, equally light on both sides: for differences around zero.
  public static let balance = ColorMap(
    "balance", [[30, 18, -58], [62, -4, -32], [94, 0, 2], [62, 36, 28], [30, 50, 36]])
  /// Black to white, linear in lightness.
  public static let lightness = ColorMap("lightness", [[0, 0, 0], [100, 0, 0]])

  /// Every map of this module.
  public static let all: [ColorMap] = [.ember, .lagoon, .ice, .balance, .lightness]

  /// The map of that name; nil where there is none.
  public static func named(_ name: String) -> ColorMap? { all.first { $0.name == name } }
}

extension GrayImage {
  /// The picture in pseudo-colours.
  public func colored(_ map: ColorMap) -> RGBImage {
    var result = [UInt8](repeating: 0, count: 3 * pixels.count)
    for (index, level) in pixels.enumerated() {
      let color = map.colors[Int(level)]
      result[3 * index] = color.red
      result[3 * index + 1] = color.green
      result[3 * index + 2] = color.blue
    }
    let image = RGBImage(
      checked: result, width: width, height: height, spacing: spacing, provenance: provenance)
    return image.telling(.colored(map))
  }
}

/// 256 points on a Catmull–Rom curve through the knots, at equal distances along it.
private func uniformPath(_ knots: [SIMD3<Double>]) -> [SIMD3<Double>] {
  let steps = 2048
  func knot(_ index: Int) -> SIMD3<Double> { knots[min(max(index, 0), knots.count - 1)] }
  let points = (0...steps).map { step -> SIMD3<Double> in
    let place = Double(step) / Double(steps) * Double(knots.count - 1)
    let segment = min(Int(place), knots.count - 2)
    let t = place - Double(segment)
    let a = knot(segment - 1)
    let b = knot(segment)
    let c = knot(segment + 1)
    let d = knot(segment + 2)
    let linear = (c - a) * t
    let square = (2 * a - 5 * b + 4 * c - d) * (t * t)
    let cubic = (3 * b - a - 3 * c + d) * (t * t * t)
    return b + 0.5 * (linear + square + cubic)
  }
  var lengths = [0.0]
  for index in 1...steps {
    let step = points[index] - points[index - 1]
    lengths.append(lengths[index - 1] + (step * step).sum().squareRoot())
  }
  let total = lengths[steps]
  var place = 0
  return (0..<256).map { level in
    let wanted = total * Double(level) / 255
    while place < steps - 1, lengths[place + 1] < wanted { place += 1 }
    let span = lengths[place + 1] - lengths[place]
    let part = span > 0 ? min(max((wanted - lengths[place]) / span, 0), 1) : 0
    return points[place] + part * (points[place + 1] - points[place])
  }
}

/// CIELAB (white D65) to 8-bit sRGB; colours outside the gamut are clipped channel by channel.
private func sRGB(_ lab: SIMD3<Double>) -> RGBColor {
  func inverse(_ t: Double) -> Double {
    t > 6.0 / 29 ? t * t * t : 3 * (6.0 / 29) * (6.0 / 29) * (t - 4.0 / 29)
  }
  let fy = (lab.x + 16) / 116
  let x = 0.95047 * inverse(fy + lab.y / 500)
  let y = inverse(fy)
  let z = 1.08883 * inverse(fy - lab.z / 200)
  func level(_ linear: Double) -> UInt8 {
    let c = min(max(linear, 0), 1)
    let coded = c <= 0.0031308 ? 12.92 * c : 1.055 * pow(c, 1 / 2.4) - 0.055
    return UInt8((coded * 255 + 0.5).rounded(.down))
  }
  return RGBColor(
    level(3.2406 * x - 1.5372 * y - 0.4986 * z), level(-0.9689 * x + 1.8758 * y + 0.0415 * z),
    level(0.0557 * x - 0.2040 * y + 1.0570 * z))
}

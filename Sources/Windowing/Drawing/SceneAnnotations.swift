public import VolumeIO

/// The letters at a picture's edges: towards which side of the patient each one looks.
public struct OrientationLetters: Sendable, Hashable, Codable {
  public var left: String
  public var right: String
  public var top: String
  public var bottom: String

  public init(left: String, right: String, top: String, bottom: String) {
    self.left = left
    self.right = right
    self.top = top
    self.bottom = bottom
  }
}

extension Volume {
  /// The letters (R, L, A, P, I, S) for the edges of a slice's picture. An oblique plane takes the
  /// nearest directions, in the order of their share.
  ///
  /// - Throws: `WindowingError.outsideVolume`.
  public func orientationLetters(
    _ request: SliceRequest
  ) throws(WindowingError) -> OrientationLetters {
    if case .oblique(let plane) = request.plane {
      let (right, down, _) = try plane.frame()
      return OrientationLetters(
        left: Self.letters(-right), right: Self.letters(right), top: Self.letters(-down),
        bottom: Self.letters(down))
    }
    let layout = try SliceLayout(request, of: self)
    return OrientationLetters(
      left: String(PlaneAxes.opposite(layout.columnLetter)), right: String(layout.columnLetter),
      top: String(PlaneAxes.opposite(layout.rowLetter)), bottom: String(layout.rowLetter))
  }

  /// The letters of a direction in LPS whose share is at least a quarter, the largest first.
  private static func letters(_ direction: SIMD3<Double>) -> String {
    let names: [[Character]] = [["L", "R"], ["P", "A"], ["S", "I"]]
    let order = (0..<3).sorted { abs(direction[$0]) > abs(direction[$1]) }
    return String(
      order.filter { abs(direction[$0]) >= 0.25 }.map { names[$0][direction[$0] < 0 ? 1 : 0] })
  }
}

extension RGBImage {
  /// The picture with letters at its edges.
  public func oriented(
    _ letters: OrientationLetters, height: Double? = nil, style: StrokeStyle = .text
  ) -> RGBImage {
    var result = self
    let size = height ?? Self.letterHeight(width, self.height)
    let (w, h) = (Double(width), Double(self.height))
    let margin = size * 0.5
    result.draw(letters.left, at: [margin, h / 2], height: size, anchor: .left, style: style)
    result.draw(
      letters.right, at: [w - margin, h / 2], height: size, anchor: .right, style: style)
    result.draw(letters.top, at: [w / 2, margin], height: size, anchor: .top, style: style)
    result.draw(
      letters.bottom, at: [w / 2, h - margin], height: size, anchor: .bottom, style: style)
    return result.telling(
      .drawn("letters \(letters.left) \(letters.right) \(letters.top) \(letters.bottom)"))
  }

  /// The picture with a bar of a round length in its lower right corner.
  ///
  /// - `millimeters`: The bar's length; nil for the longest of 1, 2 or 5 times a power of
  ///   ten that takes a third of the width at most.
  /// - Throws: `WindowingError.shape` where the picture's spacing is not known.
  public func withScaleBar(
    millimeters: Double? = nil, style: StrokeStyle = StrokeStyle(.white, thickness: 2)
  ) throws(WindowingError) -> RGBImage {
    guard let spacing, spacing.x > 0, spacing.x.isFinite else {
      throw WindowingError(.shape, "a scale bar needs the picture's spacing")
    }
    let most = Double(width) / 3 * spacing.x
    let length = millimeters ?? Self.roundLength(most)
    guard length > 0, length.isFinite else {
      throw WindowingError(.size, "a scale bar of \(length) mm")
    }
    let size = Self.letterHeight(width, height)
    let end = SIMD2(Double(width) - size, Double(height) - size)
    let start = SIMD2(end.x - length / spacing.x, end.y)
    var result = self
    let tick = size * 0.3
    result.stroke(
      [
        [start, end], [[start.x, start.y - tick], [start.x, start.y + tick]],
        [[end.x, end.y - tick], [end.x, end.y + tick]],
      ], style)
    let text = length >= 10 ? "\(shortest(length / 10)) cm" : "\(shortest(length)) mm"
    result.draw(
      text, at: [(start.x + end.x) / 2, start.y - size * 0.7], height: size * 0.8,
      anchor: .bottom, style: .text)
    return result.telling(.drawn("scale bar of \(shortest(length)) mm"))
  }

  /// The picture with a line of text on a dark strip below it.
  ///
  /// Captions are made from what the caller gives; nothing of a file's header gets here by itself.
  public func captioned(_ text: String, height: Double? = nil) throws(WindowingError) -> RGBImage {
    let size = height ?? Self.letterHeight(width, self.height)
    guard size > 0, size < 10_000 else { throw WindowingError(.size, "letters of \(size) pixels") }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).count
    let unit = size / StrokeFont.capHeight
    let strip = size * 2 + Double(lines - 1) * StrokeFont.lineHeight * unit + 2 * unit
    var result = try padded(bottom: Int(strip.rounded(.up)))
    result.draw(
      text, at: [Double(width) / 2, Double(self.height) + size * 0.6], height: size, anchor: .top,
      style: StrokeStyle(.white, thickness: 1, halo: 0))
    return result.telling(.drawn("caption “\(text)”"))
  }

  /// Capitals of a fortieth of the shorter side, 7 pixels at least.
  static func letterHeight(_ width: Int, _ height: Int) -> Double {
    max(7, Double(min(width, height)) / 40)
  }

  /// The largest of 1, 2 or 5 · 10ⁿ that is at most a length.
  private static func roundLength(_ most: Double) -> Double {
    var power = 1.0
    while power * 10 <= most { power *= 10 }
    while power > most, power > 1e-9 { power /= 10 }
    return [5.0, 2, 1].first { $0 * power <= most }.map { $0 * power } ?? power
  }
}

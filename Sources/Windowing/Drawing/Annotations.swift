/// A rectangle of pixels.
public struct PixelBox: Sendable, Hashable, Codable {
  /// The left column and the top row.
  public var x: Int
  public var y: Int
  public var width: Int
  public var height: Int

  public init(x: Int, y: Int, width: Int, height: Int) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }

  /// The smallest box around all pixels with a label above zero; nil for an empty mask.
  public init?(around labels: Gray16Image) {
    var left = labels.width
    var right = -1
    var top = labels.height
    var bottom = -1
    for (index, label) in labels.pixels.enumerated() where label > 0 {
      left = min(left, index % labels.width)
      right = max(right, index % labels.width)
      top = min(top, index / labels.width)
      bottom = max(bottom, index / labels.width)
    }
    guard right >= 0 else { return nil }
    self.init(x: left, y: top, width: right - left + 1, height: bottom - top + 1)
  }
}

/// Where a text stands with respect to its point.
public enum TextAnchor: String, Sendable, Hashable, Codable {
  case topLeft, top, topRight, left, center, right, bottomLeft, bottom, bottomRight
}

extension RGBImage {
  /// The size in pixels of a text whose capitals are `height` pixels high.
  public static func size(of text: String, height: Double) -> SIMD2<Double> {
    let unit = height / StrokeFont.capHeight
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let longest = lines.map(\.count).max() ?? 0
    let columns = longest == 0 ? 0 : Double(longest - 1) * StrokeFont.advance + 4
    let rows = Double(lines.count - 1) * StrokeFont.lineHeight + StrokeFont.capHeight
    return SIMD2(columns * unit, rows * unit)
  }

  /// The picture with a text, in this module's own stroke letters; letters that it does not have are
  /// drawn as boxes.
  ///
  /// - `point`: Where the text's `anchor` comes to lie, in pixels from the top left corner.
  /// - `height`: Of capitals, in pixels.
  public func labeled(
    _ text: String, at point: SIMD2<Double>, height: Double = 12, anchor: TextAnchor = .topLeft,
    style: StrokeStyle = .text
  ) -> RGBImage {
    var result = self
    result.draw(text, at: point, height: height, anchor: anchor, style: style)
    return result.telling(.drawn("text “\(text)”"))
  }

  mutating func draw(
    _ text: String, at point: SIMD2<Double>, height: Double, anchor: TextAnchor,
    style: StrokeStyle
  ) {
    guard height > 0, height < 1e6 else { return }
    let unit = height / StrokeFont.capHeight
    let size = RGBImage.size(of: text, height: height)
    let shift: SIMD2<Double> =
      switch anchor {
      case .topLeft: [0, 0]
      case .top: [0.5, 0]
      case .topRight: [1, 0]
      case .left: [0, 0.5]
      case .center: [0.5, 0.5]
      case .right: [1, 0.5]
      case .bottomLeft: [0, 1]
      case .bottom: [0.5, 1]
      case .bottomRight: [1, 1]
      }
    var pen = point - shift * size
    let start = pen.x
    var lines: [[SIMD2<Double>]] = []
    for character in text.prefix(4096) {
      if character == "\n" {
        pen = SIMD2(start, pen.y + StrokeFont.lineHeight * unit)
        continue
      }
      for stroke in StrokeFont.strokes(character) {
        lines.append(stroke.map { pen + $0 * unit })
      }
      pen.x += StrokeFont.advance * unit
    }
    var scaled = style
    scaled.thickness = max(style.thickness, height / 10)
    stroke(lines, scaled)
  }

  /// The picture with the outline of a box, on the box's outermost pixels, and a label above it.
  public func boxed(
    _ box: PixelBox, label: String? = nil, style: StrokeStyle = StrokeStyle(.labelOrange)
  ) -> RGBImage {
    var result = self
    let x0 = Double(box.x) + 0.5
    let y0 = Double(box.y) + 0.5
    let x1 = Double(box.x) + Double(box.width) - 0.5
    let y1 = Double(box.y) + Double(box.height) - 0.5
    result.stroke([[[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]], style)
    if let label {
      let isInside = y0 < 18
      result.draw(
        label, at: [x0 + (isInside ? 4 : 0), isInside ? y0 + 5 : y0 - 5], height: 10,
        anchor: isInside ? .topLeft : .bottomLeft, style: style)
    }
    return result.telling(.drawn("box \(box.x) \(box.y) \(box.width) \(box.height)"))
  }

  /// The picture with an arrow that points at `tip`.
  public func arrow(
    from tail: SIMD2<Double>, to tip: SIMD2<Double>,
    style: StrokeStyle = StrokeStyle(.labelOrange, thickness: 2)
  ) -> RGBImage {
    var result = self
    let along = tip - tail
    let length = (along * along).sum().squareRoot()
    guard length > 0, length.isFinite else { return self }
    let unit = along / length
    let side = SIMD2(-unit.y, unit.x)
    let head = min(max(4 * style.thickness, 7), length)
    let back = tip - unit * head
    result.stroke(
      [[tail, tip], [back + side * (head * 0.5), tip, back - side * (head * 0.5)]], style)
    return result.telling(.drawn("arrow to \(tip.x) \(tip.y)"))
  }
}

extension RGBColor {
  /// The first of the label colours.
  public static let labelOrange = RGBColor(230, 159, 0)
}

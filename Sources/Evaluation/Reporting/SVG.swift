// A little SVG writer and the look that all figures share.

/// A figure as SVG text.
public struct Figure: Hashable, Sendable {
  /// A complete SVG document: one font stack, no scripts, no external references.
  public let svg: String
  public let width: Double
  public let height: Double
}

/// Colours that print and that colour-blind readers can tell apart.
/// Source: Okabe & Ito 2008; the sequential blue is monotone in lightness.
enum Palette {
  static let series = [
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C6D31",
  ]
  /// Dash patterns tell series apart without colour.
  static let dashes = ["", "7 3", "2 3", "8 3 2 3", "12 4", "1 4", "5 2 1 2 1 2", "3 6"]

  static func series(_ i: Int) -> String { series[i % series.count] }
  static func dash(_ i: Int) -> String { dashes[i % dashes.count] }

  /// White to dark blue.
  static func blue(_ t: Double) -> String {
    let x = min(max(t, 0), 1)
    let stops: [(Double, Double, Double)] = [
      (247, 251, 255), (198, 219, 239), (107, 174, 214), (33, 113, 181), (8, 48, 107),
    ]
    let position = x * Double(stops.count - 1)
    let i = min(Int(position), stops.count - 2)
    let f = position - Double(i)
    func mix(_ a: Double, _ b: Double) -> Int { Int((a + f * (b - a)).rounded()) }
    let (a, b) = (stops[i], stops[i + 1])
    return "rgb(\(mix(a.0, b.0)),\(mix(a.1, b.1)),\(mix(a.2, b.2)))"
  }
}

/// Collects SVG elements.
struct Canvas {
  let width: Double
  let height: Double
  private var body = ""
  private let title: String

  init(width: Double, height: Double, title: String) {
    self.width = width
    self.height = height
    self.title = title
  }

  static func n(_ x: Double) -> String { x.isFinite ? fixed(x, decimals: 2) : "0" }

  enum Anchor: String { case start, middle, end }

  mutating func text(
    _ t: String, x: Double, y: Double, size: Double = 12, anchor: Anchor = .start,
    weight: String = "normal", fill: String = "#000000", rotate: Double? = nil
  ) {
    body += "<text x=\"\(Self.n(x))\" y=\"\(Self.n(y))\" font-size=\"\(Self.n(size))\""
    if anchor != .start { body += " text-anchor=\"\(anchor.rawValue)\"" }
    if weight != "normal" { body += " font-weight=\"\(weight)\"" }
    if fill != "#000000" { body += " fill=\"\(fill)\"" }
    if let rotate { body += " transform=\"rotate(\(Self.n(rotate)) \(Self.n(x)) \(Self.n(y)))\"" }
    body += ">\(xmlEscaped(t))</text>\n"
  }

  mutating func line(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, stroke: String = "#000000",
    width: Double = 1, dash: String = ""
  ) {
    body += "<line x1=\"\(Self.n(x1))\" y1=\"\(Self.n(y1))\" x2=\"\(Self.n(x2))\""
    body += " y2=\"\(Self.n(y2))\" stroke=\"\(stroke)\" stroke-width=\"\(Self.n(width))\""
    if !dash.isEmpty { body += " stroke-dasharray=\"\(dash)\"" }
    body += "/>\n"
  }

  mutating func rect(
    _ x: Double, _ y: Double, _ w: Double, _ h: Double, fill: String = "none",
    stroke: String = "none"
  ) {
    body += "<rect x=\"\(Self.n(x))\" y=\"\(Self.n(y))\" width=\"\(Self.n(w))\""
    body += " height=\"\(Self.n(h))\" fill=\"\(fill)\" stroke=\"\(stroke)\"/>\n"
  }

  mutating func path(
    _ points: [(Double, Double)], stroke: String, width: Double = 1.8, dash: String = "",
    fill: String = "none", closed: Bool = false, opacity: Double = 1
  ) {
    guard let first = points.first else { return }
    var d = "M\(Self.n(first.0)) \(Self.n(first.1))"
    for p in points.dropFirst() { d += "L\(Self.n(p.0)) \(Self.n(p.1))" }
    if closed { d += "Z" }
    body += "<path d=\"\(d)\" fill=\"\(fill)\" stroke=\"\(stroke)\""
    body += " stroke-width=\"\(Self.n(width))\" stroke-linejoin=\"round\""
    if !dash.isEmpty { body += " stroke-dasharray=\"\(dash)\"" }
    if opacity < 1 { body += " fill-opacity=\"\(Self.n(opacity))\"" }
    body += "/>\n"
  }

  /// A marker; shapes tell series apart without colour.
  mutating func marker(_ i: Int, x: Double, y: Double, size s: Double = 4, fill: String) {
    switch i % 5 {
    case 0:
      body += "<circle cx=\"\(Self.n(x))\" cy=\"\(Self.n(y))\" r=\"\(Self.n(s))\""
      body += " fill=\"\(fill)\" stroke=\"#ffffff\" stroke-width=\"0.6\"/>\n"
    case 1: polygon([(-s, -s), (s, -s), (s, s), (-s, s)], x, y, fill)
    case 2: polygon([(0, -1.3 * s), (1.2 * s, s), (-1.2 * s, s)], x, y, fill)
    case 3: polygon([(0, -1.4 * s), (1.4 * s, 0), (0, 1.4 * s), (-1.4 * s, 0)], x, y, fill)
    default: polygon([(0, 1.3 * s), (1.2 * s, -s), (-1.2 * s, -s)], x, y, fill)
    }
  }

  private mutating func polygon(
    _ points: [(Double, Double)], _ x: Double, _ y: Double, _ fill: String
  ) {
    let list = points.map { "\(Self.n(x + $0.0)),\(Self.n(y + $0.1))" }.joined(separator: " ")
    body +=
      "<polygon points=\"\(list)\" fill=\"\(fill)\" stroke=\"#ffffff\" stroke-width=\"0.6\"/>\n"
  }

  var figure: Figure {
    let (w, h) = (Self.n(width), Self.n(height))
    return Figure(
      svg: "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(w)\" height=\"\(h)\""
        + " viewBox=\"0 0 \(w) \(h)\" role=\"img\" font-family=\"Helvetica, Arial, sans-serif\">\n"
        + "<title>\(xmlEscaped(title))</title>\n"
        + "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n" + body + "</svg>\n",
      width: width, height: height)
  }
}

/// Round tick positions that cover a range.
func ticks(_ low: Double, _ high: Double, about count: Int = 5) -> [Double] {
  guard low.isFinite, high.isFinite, high > low else { return [low.isFinite ? low : 0] }
  let raw = (high - low) / Double(max(count, 1))
  var power = 1.0
  while power * 10 <= raw { power *= 10 }
  while power > raw { power /= 10 }
  let step = [1.0, 2, 5, 10].map { $0 * power }.first { $0 >= raw * 0.999 } ?? 10 * power
  var out: [Double] = []
  var k = (low / step - 1e-9).rounded(.up)
  while k * step <= high + 1e-9 * step, out.count < 100 {
    out.append(k == 0 ? 0 : k * step)
    k += 1
  }
  return out
}

/// Axes with a linear scale.
struct Axes {
  var x: ClosedRange<Double>
  var y: ClosedRange<Double>
  var left = 64.0
  var top = 40.0
  var width = 380.0
  var height = 320.0

  func px(_ v: Double) -> Double {
    left + (v - x.lowerBound) / max(x.upperBound - x.lowerBound, 1e-300) * width
  }
  func py(_ v: Double) -> Double {
    top + height - (v - y.lowerBound) / max(y.upperBound - y.lowerBound, 1e-300) * height
  }

  func point(_ u: Double, _ v: Double) -> (Double, Double) { (px(u), py(v)) }

  func draw(
    on c: inout Canvas, title: String, xLabel: String, yLabel: String, grid: Bool = true
  ) {
    c.text(title, x: left, y: top - 16, size: 14, weight: "bold")
    for t in ticks(x.lowerBound, x.upperBound) {
      if grid { c.line(px(t), top, px(t), top + height, stroke: "#e0e0e0") }
      c.line(px(t), top + height, px(t), top + height + 5)
      c.text(formatted(t, digits: 6), x: px(t), y: top + height + 18, size: 11, anchor: .middle)
    }
    for t in ticks(y.lowerBound, y.upperBound) {
      if grid { c.line(left, py(t), left + width, py(t), stroke: "#e0e0e0") }
      c.line(left - 5, py(t), left, py(t))
      c.text(formatted(t, digits: 6), x: left - 8, y: py(t) + 4, size: 11, anchor: .end)
    }
    c.line(left, top, left, top + height)
    c.line(left, top + height, left + width, top + height)
    c.text(xLabel, x: left + width / 2, y: top + height + 38, size: 12, anchor: .middle)
    c.text(yLabel, x: 16, y: top + height / 2, size: 12, anchor: .middle, rotate: -90)
  }

  /// A legend below the axes, one line an entry.
  func legend(_ entries: [String], on c: inout Canvas, lines: Bool = true) {
    for (i, entry) in entries.enumerated() {
      let y = top + height + 60 + 18 * Double(i)
      if lines {
        c.line(
          left, y - 4, left + 28, y - 4, stroke: Palette.series(i), width: 2.2,
          dash: Palette.dash(i))
      }
      c.marker(i, x: left + 14, y: y - 4, fill: Palette.series(i))
      c.text(entry, x: left + 36, y: y, size: 11.5)
    }
  }
}

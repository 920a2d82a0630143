#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// How lines are drawn.
public struct StrokeStyle: Sendable, Hashable, Codable {
  public var color: RGBColor
  /// Pixels across the line; fractions are honoured.
  public var thickness: Double
  /// A dark rim around the line, in pixels, so that it shows on white.
  public var halo: Double

  public init(_ color: RGBColor = .white, thickness: Double = 1.5, halo: Double = 1) {
    self.color = color
    self.thickness = thickness
    self.halo = halo
  }

  /// For labels and letters.
  public static let text = StrokeStyle(.white, thickness: 1.5, halo: 1)
}

extension RGBImage {
  /// Draws polylines with round ends, antialiased; points are in pixels, pixel centres at halves.
  /// What lies outside the picture is cut.
  mutating func stroke(_ lines: [[SIMD2<Double>]], _ style: StrokeStyle) {
    if style.halo > 0 { stroke(lines, .black, style.thickness / 2 + style.halo, opacity: 0.75) }
    stroke(lines, style.color, max(style.thickness, 0) / 2, opacity: 1)
  }

  private mutating func stroke(
    _ lines: [[SIMD2<Double>]], _ color: RGBColor, _ radius: Double, opacity: Double
  ) {
    let points = lines.joined()
    guard let first = points.first, radius.isFinite, points.allSatisfy({ isFinite($0) }) else {
      return
    }
    var low = first
    var high = first
    for point in points {
      low = pointwiseMin(low, point)
      high = pointwiseMax(high, point)
    }
    let reach = radius + 1
    let limit = SIMD2(Double(width), Double(height))
    low = pointwiseMax(low - reach, SIMD2(0, 0))
    high = pointwiseMin(high + reach, limit)
    guard low.x < high.x, low.y < high.y else { return }
    let left = Int(low.x)
    let top = Int(low.y)
    let columns = min(Int(high.x.rounded(.up)), width) - left
    let rows = min(Int(high.y.rounded(.up)), height) - top
    // How much of each pixel the line covers: overlapping pieces do not add up.
    var coverage = [Float](repeating: 0, count: columns * rows)
    for line in lines {
      guard let start = line.first else { continue }
      var previous = start
      for point in line.count == 1 ? [start] : Array(line.dropFirst()) {
        let from = pointwiseMin(previous, point) - reach
        let to = pointwiseMax(previous, point) + reach
        let x0 = max(left, Int(max(from.x, 0)))
        let x1 = min(left + columns, Int(min(max(to.x, 0), limit.x).rounded(.up)))
        let y0 = max(top, Int(max(from.y, 0)))
        let y1 = min(top + rows, Int(min(max(to.y, 0), limit.y).rounded(.up)))
        if x0 < x1 && y0 < y1 {
          for y in y0..<y1 {
            for x in x0..<x1 {
              let center = SIMD2(Double(x) + 0.5, Double(y) + 0.5)
              let covered = radius + 0.5 - distance(center, previous, point)
              let index = (y - top) * columns + x - left
              if covered > 0 {
                coverage[index] = max(coverage[index], Float(min(covered, 1)))
              }
            }
          }
        }
        previous = point
      }
    }
    for y in 0..<rows {
      for x in 0..<columns where coverage[y * columns + x] > 0 {
        blend(
          color, opacity * Double(coverage[y * columns + x]),
          at: 3 * ((y + top) * width + x + left))
      }
    }
  }

  private func isFinite(_ point: SIMD2<Double>) -> Bool {
    abs(point.x) < 1e9 && abs(point.y) < 1e9
  }
}

/// From a point to the nearest one of a segment.
private func distance(
  _ point: SIMD2<Double>, _ a: SIMD2<Double>, _ b: SIMD2<Double>
) -> Double {
  let along = b - a
  let length = (along * along).sum()
  let part = length > 0 ? min(max(((point - a) * along).sum() / length, 0), 1) : 0
  let rest = point - a - along * part
  return (rest * rest).sum().squareRoot()
}

// The area of the surface that crosses each 2 × 2 × 2 neighbourhood, by its code.
// Source: Lorensen & Cline 1987 (marching cubes); Nikolov et al. 2021 weigh distances by it.

/// Surface element areas (contour lengths in 2-D) by neighbourhood code.
///
/// The table is derived, not listed: the surface of a neighbourhood joins the midpoints of the
/// edges that it crosses; on an ambiguous face it separates the rarer kind of corner; polygons
/// are cut into the triangles of largest area (at isotropic spacing).
enum SurfaceElements {
  /// Areas by code; corner (a, b, c) of the neighbourhood has bit 7 − (4a + 2b + c).
  static func areas(spacing s: (Double, Double, Double)) -> [Double] {
    (0..<256).map { code in
      normals[code].reduce(0) { sum, n in
        let x = n.0 * s.1 * s.2
        let y = n.1 * s.0 * s.2
        let z = n.2 * s.0 * s.1
        return sum + (x * x + y * y + z * z).squareRoot()
      }
    }
  }

  /// Contour lengths by code; corner (b, c) has bit 3 − (2b + c).
  static func lengths(spacing s: (Double, Double)) -> [Double] {
    let diagonal = 0.5 * (s.0 * s.0 + s.1 * s.1).squareRoot()
    return (0..<16).map { code in
      switch code {
      case 0, 15: 0
      case 0b0011, 0b1100: s.1
      case 0b0101, 0b1010: s.0
      case 0b0110, 0b1001: 2 * diagonal
      default: diagonal
      }
    }
  }

  private typealias Point = (Double, Double, Double)

  /// Area vectors of the triangles of each code.
  private static let normals: [[(Double, Double, Double)]] = (0..<256).map { code in
    loops(code).flatMap { triangulated($0) }
  }

  private static func isInside(_ code: Int, _ a: Int, _ b: Int, _ c: Int) -> Bool {
    code & (1 << (7 - (4 * a + 2 * b + c))) != 0
  }

  /// Closed polygons through edge midpoints, as points in half units (so exact keys).
  private static func loops(_ code: Int) -> [[Point]] {
    let joins = code.nonzeroBitCount > 4
    var segments: [(Int, Int)] = []
    func key(_ p: (Int, Int, Int), _ q: (Int, Int, Int)) -> Int {
      9 * (p.0 + q.0) + 3 * (p.1 + q.1) + (p.2 + q.2)
    }
    for axis in 0..<3 {
      for side in 0...1 {
        let ring = [(0, 0), (0, 1), (1, 1), (1, 0)].map { u, v -> (Int, Int, Int) in
          switch axis {
          case 0: (side, u, v)
          case 1: (u, side, v)
          default: (u, v, side)
          }
        }
        let inside = ring.map { isInside(code, $0.0, $0.1, $0.2) }
        let crossed = (0..<4).filter { inside[$0] != inside[($0 + 1) % 4] }
        func edge(_ i: Int) -> Int { key(ring[i % 4], ring[(i + 1) % 4]) }
        if crossed.count == 2 {
          segments.append((edge(crossed[0]), edge(crossed[1])))
        } else if crossed.count == 4 {
          for i in 0..<4 where inside[i] != joins { segments.append((edge(i + 3), edge(i))) }
        }
      }
    }
    var loops: [[Point]] = []
    while let (start, next) = segments.popLast() {
      var keys = [start]
      var at = next
      while at != start {
        keys.append(at)
        guard let i = segments.firstIndex(where: { $0.0 == at || $0.1 == at }) else { break }
        let s = segments.remove(at: i)
        at = s.0 == at ? s.1 : s.0
      }
      loops.append(
        keys.map { (Double($0 / 9) / 2, Double($0 / 3 % 3) / 2, Double($0 % 3) / 2) })
    }
    return loops
  }

  /// The triangulation of largest area, as area vectors.
  private static func triangulated(_ p: [Point]) -> [(Double, Double, Double)] {
    let n = p.count
    guard n >= 3 else { return [] }
    func normal(_ a: Int, _ b: Int, _ c: Int) -> (Double, Double, Double) {
      let (u, v) = (
        (p[b].0 - p[a].0, p[b].1 - p[a].1, p[b].2 - p[a].2),
        (p[c].0 - p[a].0, p[c].1 - p[a].1, p[c].2 - p[a].2)
      )
      return (
        (u.1 * v.2 - u.2 * v.1) / 2, (u.2 * v.0 - u.0 * v.2) / 2, (u.0 * v.1 - u.1 * v.0) / 2
      )
    }
    func area(_ n: (Double, Double, Double)) -> Double {
      (n.0 * n.0 + n.1 * n.1 + n.2 * n.2).squareRoot()
    }
    // Dynamic programme over chords.
    var best = [[Double]](repeating: Array(repeating: 0, count: n), count: n)
    var apex = [[Int]](repeating: Array(repeating: 0, count: n), count: n)
    for span in 2..<n {
      for i in 0..<(n - span) {
        let j = i + span
        best[i][j] = -1
        for k in (i + 1)..<j {
          let total = best[i][k] + best[k][j] + area(normal(i, k, j))
          if total > best[i][j] + 1e-12 {
            best[i][j] = total
            apex[i][j] = k
          }
        }
      }
    }
    var out: [(Double, Double, Double)] = []
    var open = [(0, n - 1)]
    while let (i, j) = open.popLast() {
      guard j - i >= 2 else { continue }
      let k = apex[i][j]
      out.append(normal(i, k, j))
      open.append((i, k))
      open.append((k, j))
    }
    return out
  }
}

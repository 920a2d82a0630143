// Exact nearest neighbours among lattice points: a tree of boxes over points in Morton order.

/// Points on a grid, by axis, as whole numbers in `Double` so that differences are exact.
struct LatticePoints {
  var x0: [Double] = []
  var x1: [Double] = []
  var x2: [Double] = []

  var count: Int { x0.count }

  mutating func append(_ a: Int, _ b: Int, _ c: Int) {
    x0.append(Double(a))
    x1.append(Double(b))
    x2.append(Double(c))
  }

  /// The points in Morton order and where each came from.
  func inMortonOrder() -> (points: LatticePoints, origin: [Int32]) {
    var keys = [UInt64](repeating: 0, count: count)
    // 13 bits an axis keep the key and the index in one word; larger grids drop low bits, which
    // only makes boxes a little larger.
    let largest = max(x0.max() ?? 0, x1.max() ?? 0, x2.max() ?? 0)
    var shift: UInt64 = 0
    while largest / Double(1 << shift) >= 2048 { shift += 1 }
    for i in keys.indices {
      let code =
        Self.spread(UInt64(x0[i]) >> shift) << 2 | Self.spread(UInt64(x1[i]) >> shift) << 1
        | Self.spread(UInt64(x2[i]) >> shift)
      keys[i] = code << 31 | UInt64(i)
    }
    RadixOrder.sort(&keys)
    var points = LatticePoints()
    points.x0.reserveCapacity(count)
    points.x1.reserveCapacity(count)
    points.x2.reserveCapacity(count)
    var origin = [Int32](repeating: 0, count: count)
    for (rank, key) in keys.enumerated() {
      let i = Int(key & 0x7FFF_FFFF)
      origin[rank] = Int32(i)
      points.x0.append(x0[i])
      points.x1.append(x1[i])
      points.x2.append(x2[i])
    }
    return (points, origin)
  }

  private static func spread(_ x: UInt64) -> UInt64 {
    var v = x & 0x7FF
    v = (v | v << 32) & 0x1F00_0000_00FF_FFFF
    v = (v | v << 16) & 0x1F00_00FF_0000_FFFF
    v = (v | v << 8) & 0x100F_00F0_0F00_F00F
    v = (v | v << 4) & 0x10C3_0C30_C30C_30C3
    v = (v | v << 2) & 0x1249_2492_4924_9249
    return v
  }
}

/// How far two lattice points are.
public enum DistanceMetric: String, Hashable, Sendable, Codable, CaseIterable {
  /// √Σ (spacing · difference)², in millimetres.
  case euclidean
  /// The largest difference, in voxels (MONAI ignores the spacing here).
  case chessboard
  /// The sum of differences, in voxels.
  case taxicab
}

/// A tree of bounding boxes over points in Morton order, leaves of eight points.
struct NearestPoint {
  private static let leaf = 8
  private let points: LatticePoints
  private let leaves: Int
  private let width: Int
  /// Six bounds a node, heap order, node 1 the root.
  private let bounds: [Double]
  private let scale: (Double, Double, Double)
  private let metric: DistanceMetric

  /// - Parameter points: In Morton order, not empty.
  init(_ points: LatticePoints, spacing: (Double, Double, Double), metric: DistanceMetric) {
    self.points = points
    self.metric = metric
    scale = metric == .euclidean ? spacing : (1, 1, 1)
    leaves = (points.count + Self.leaf - 1) / Self.leaf
    var width = 1
    while width < leaves { width *= 2 }
    self.width = width
    var b = [Double](repeating: 0, count: 12 * width)
    for node in 0..<(2 * width) {
      for axis in 0..<3 {
        b[6 * node + axis] = .infinity
        b[6 * node + 3 + axis] = -.infinity
      }
    }
    for i in 0..<points.count {
      let node = 6 * (width + i / Self.leaf)
      b[node] = min(b[node], points.x0[i])
      b[node + 1] = min(b[node + 1], points.x1[i])
      b[node + 2] = min(b[node + 2], points.x2[i])
      b[node + 3] = max(b[node + 3], points.x0[i])
      b[node + 4] = max(b[node + 4], points.x1[i])
      b[node + 5] = max(b[node + 5], points.x2[i])
    }
    for node in stride(from: width - 1, to: 0, by: -1) {
      for axis in 0..<3 {
        b[6 * node + axis] = min(b[12 * node + axis], b[12 * node + 6 + axis])
        b[6 * node + 3 + axis] = max(b[12 * node + 3 + axis], b[12 * node + 9 + axis])
      }
    }
    bounds = b
  }

  /// The distance of each query to its nearest point, squared for the Euclidean metric.
  ///
  /// Queries in Morton order profit from the previous query's nearest point as a first bound.
  func distances(_ queries: LatticePoints) -> [Double] {
    var out = [Double](repeating: .infinity, count: queries.count)
    guard points.count > 0 else { return out }
    var stack = [Int](repeating: 0, count: 128)
    var near = 0
    unsafe points.x0.withUnsafeBufferPointer { p0 in
      unsafe points.x1.withUnsafeBufferPointer { p1 in
        unsafe points.x2.withUnsafeBufferPointer { p2 in
          unsafe bounds.withUnsafeBufferPointer { box in
            unsafe stack.withUnsafeMutableBufferPointer { stack in
              for q in 0..<queries.count {
                let a = queries.x0[q]
                let b = queries.x1[q]
                let c = queries.x2[q]
                var best = combine(
                  abs(unsafe p0[near] - a), abs(unsafe p1[near] - b), abs(unsafe p2[near] - c))
                var depth = 0
                unsafe stack[0] = 1
                depth = 1
                while depth > 0, best > 0 {
                  depth -= 1
                  let node = unsafe stack[depth]
                  let o = 6 * node
                  let lower = combine(
                    max(unsafe box[o] - a, a - (unsafe box[o + 3]), 0),
                    max(unsafe box[o + 1] - b, b - (unsafe box[o + 4]), 0),
                    max(unsafe box[o + 2] - c, c - (unsafe box[o + 5]), 0))
                  if lower >= best { continue }
                  if node >= width {
                    let first = (node - width) * Self.leaf
                    let last = min(first + Self.leaf, points.count)
                    for i in first..<last {
                      let d = combine(
                        abs(unsafe p0[i] - a), abs(unsafe p1[i] - b), abs(unsafe p2[i] - c))
                      if d < best {
                        best = d
                        near = i
                      }
                    }
                  } else {
                    // The nearer child is looked at first.
                    let l = 12 * node
                    let r = l + 6
                    let toLeft = combine(
                      max(unsafe box[l] - a, a - (unsafe box[l + 3]), 0),
                      max(unsafe box[l + 1] - b, b - (unsafe box[l + 4]), 0),
                      max(unsafe box[l + 2] - c, c - (unsafe box[l + 5]), 0))
                    let toRight = combine(
                      max(unsafe box[r] - a, a - (unsafe box[r + 3]), 0),
                      max(unsafe box[r + 1] - b, b - (unsafe box[r + 4]), 0),
                      max(unsafe box[r + 2] - c, c - (unsafe box[r + 5]), 0))
                    let leftFirst = toLeft <= toRight
                    let far = leftFirst ? toRight : toLeft
                    let close = leftFirst ? toLeft : toRight
                    if far < best {
                      unsafe stack[depth] = leftFirst ? 2 * node + 1 : 2 * node
                      depth += 1
                    }
                    if close < best {
                      unsafe stack[depth] = leftFirst ? 2 * node : 2 * node + 1
                      depth += 1
                    }
                  }
                }
                out[q] = best
              }
            }
          }
        }
      }
    }
    return out
  }

  @inline(__always)
  private func combine(_ a: Double, _ b: Double, _ c: Double) -> Double {
    switch metric {
    case .euclidean:
      let x = a * scale.0
      let y = b * scale.1
      let z = c * scale.2
      return x * x + y * y + z * z
    case .chessboard: return max(a, b, c)
    case .taxicab: return a + b + c
    }
  }
}

// The tree behind Barnes–Hut t-SNE.
// Source: Barnes & Hut 1986; van der Maaten 2014.

/// A quadtree with centres of mass.
struct QuadTree {
  private struct Node {
    var centre: SIMD2<Double>
    var half: Double
    var mass = 0.0
    var sum = SIMD2<Double>.zero
    /// The first of four children, 0 for none.
    var children: Int32 = 0
    var point: Int32 = -1
  }

  private var nodes: [Node] = []
  private let points: [SIMD2<Double>]
  private static let deepest = 48

  init(_ points: [SIMD2<Double>]) {
    self.points = points
    var low = SIMD2(repeating: Double.infinity)
    var high = -low
    for p in points {
      low = pointwiseMin(low, p)
      high = pointwiseMax(high, p)
    }
    let half = max(high.x - low.x, high.y - low.y, 1e-12) / 2 * 1.000_001
    nodes.reserveCapacity(2 * points.count + 8)
    nodes.append(Node(centre: (low + high) / 2, half: half))
    for i in points.indices { insert(i) }
  }

  private mutating func insert(_ i: Int) {
    var node = 0
    var depth = 0
    let p = points[i]
    while true {
      nodes[node].mass += 1
      nodes[node].sum += p
      if nodes[node].children == 0 {
        if nodes[node].mass == 1 {
          nodes[node].point = Int32(i)
          return
        }
        // Points that coincide share a leaf at the bottom.
        let other = nodes[node].point
        if depth >= Self.deepest || other < 0 || points[Int(other)] == p { return }
        let first = nodes.count
        let (c, h) = (nodes[node].centre, nodes[node].half / 2)
        for k in 0..<4 {
          let shift = SIMD2(k & 1 == 0 ? -h : h, k & 2 == 0 ? -h : h)
          nodes.append(Node(centre: c + shift, half: h))
        }
        nodes[node].children = Int32(truncatingIfNeeded: first)
        nodes[node].point = -1
        // All earlier points of the leaf move down together: they coincide.
        let child = first + quadrant(points[Int(other)], c)
        nodes[child].mass = nodes[node].mass - 1
        nodes[child].sum = points[Int(other)] * nodes[child].mass
        nodes[child].point = other
      }
      node = Int(nodes[node].children) + quadrant(p, nodes[node].centre)
      depth += 1
    }
  }

  private func quadrant(_ p: SIMD2<Double>, _ c: SIMD2<Double>) -> Int {
    (p.x > c.x ? 1 : 0) + (p.y > c.y ? 2 : 0)
  }

  /// Repulsive forces on every point and the normaliser.
  func repulsion(theta: Double) -> ([SIMD2<Double>], Double) {
    var forces = [SIMD2<Double>](repeating: .zero, count: points.count)
    var z = 0.0
    var stack = [Int32](repeating: 0, count: 4 * Self.deepest + 8)
    for (i, p) in points.enumerated() {
      var force = SIMD2<Double>.zero
      var depth = 1
      stack[0] = 0
      while depth > 0 {
        depth -= 1
        let node = nodes[Int(stack[depth])]
        if node.mass == 0 { continue }
        let diff = p - node.sum / node.mass
        let squared = diff.x * diff.x + diff.y * diff.y
        let size = 2 * node.half
        if node.children == 0 || size * size < theta * theta * squared {
          let q = 1 / (1 + squared)
          z += node.mass * q
          force += node.mass * q * q * diff
        } else {
          for k in 0..<4 {
            stack[depth] = node.children + Int32(k)
            depth += 1
          }
        }
      }
      forces[i] = force
    }
    return (forces, max(z - Double(points.count), 1e-300))
  }
}

// The gradient steps of t-SNE and the quadtree behind Barnes–Hut.

/// The moving points.
struct TSNELayout {
  private(set) var points: [SIMD2<Double>]
  private(set) var gradientNorm = Double.infinity
  private let affinities: Affinities
  private var velocity: [SIMD2<Double>]
  private var gains: [SIMD2<Double>]

  init(_ affinities: Affinities, _ data: [[Double]], seed: UInt64) {
    self.affinities = affinities
    let n = affinities.count
    var generator = SeededGenerator(seed: seed)
    points = (0..<n).map { _ in SIMD2(1e-4 * generator.normal(), 1e-4 * generator.normal()) }
    velocity = Array(repeating: .zero, count: n)
    gains = Array(repeating: .one, count: n)
    // Start from the first two principal components, as small as scikit-learn makes them.
    let width = data.first?.count ?? 0
    if width >= 2, width <= 512 || n <= 512, let pca = try? PrincipalComponents(data, count: 2),
      pca.components.count == 2, let spread = pca.scores.map({ $0[0] }).standardDeviation(),
      spread > 0
    {
      points = pca.scores.map { SIMD2($0[0], $0[1]) / spread * 1e-4 }
    }
  }

  mutating func step(_ method: TSNE.Method, rate: Double, exaggeration: Double, momentum: Double) {
    let n = points.count
    var forces: [SIMD2<Double>]
    let z: Double
    switch method {
    case .exact: (forces, z) = exactRepulsion()
    case .barnesHut(let theta): (forces, z) = QuadTree(points).repulsion(theta: theta)
    }
    var norm = 0.0
    unsafe affinities.columns.withUnsafeBufferPointer { columns in
      unsafe affinities.values.withUnsafeBufferPointer { values in
        unsafe points.withUnsafeBufferPointer { y in
          for i in 0..<n {
            var pull = SIMD2<Double>.zero
            let here = unsafe y[i]
            for k in affinities.starts[i]..<affinities.starts[i + 1] {
              let diff = here - (unsafe y[Int(columns[k])])
              let q = 1 / (1 + diff.x * diff.x + diff.y * diff.y)
              unsafe pull += values[k] * q * diff
            }
            forces[i] = 4 * (exaggeration * pull - forces[i] / z)
          }
        }
      }
    }
    for i in 0..<n {
      let g = forces[i]
      norm += g.x * g.x + g.y * g.y
      for axis in 0..<2 {
        let same = (g[axis] > 0) == (velocity[i][axis] > 0)
        gains[i][axis] = max(0.01, same ? gains[i][axis] * 0.8 : gains[i][axis] + 0.2)
      }
      velocity[i] = momentum * velocity[i] - rate * gains[i] * g
      points[i] += velocity[i]
    }
    gradientNorm = norm.squareRoot()
  }

  /// Forces of all pairs, four points at a time, and the normaliser.
  private func exactRepulsion() -> ([SIMD2<Double>], Double) {
    let n = points.count
    let padded = (n + 3) / 4 * 4
    // Padding lies so far away that it adds nothing measurable.
    var xs = [Double](repeating: 1e150, count: padded)
    var ys = xs
    for (i, p) in points.enumerated() { (xs[i], ys[i]) = (p.x, p.y) }
    var forces = [SIMD2<Double>](repeating: .zero, count: n)
    var z = 0.0
    unsafe xs.withUnsafeBufferPointer { x in
      unsafe ys.withUnsafeBufferPointer { y in
        for i in 0..<n {
          let a = SIMD4<Double>(repeating: unsafe x[i])
          let b = SIMD4<Double>(repeating: unsafe y[i])
          var sum = SIMD4<Double>.zero
          var fx = sum
          var fy = sum
          var j = 0
          while j < padded {
            let dx = a - SIMD4(unsafe x[j], unsafe x[j + 1], unsafe x[j + 2], unsafe x[j + 3])
            let dy = b - SIMD4(unsafe y[j], unsafe y[j + 1], unsafe y[j + 2], unsafe y[j + 3])
            let q = 1 / (1 + dx * dx + dy * dy)
            let q2 = q * q
            sum += q
            fx += q2 * dx
            fy += q2 * dy
            j += 4
          }
          z += sum.sum() - 1
          forces[i] = SIMD2(fx.sum(), fy.sum())
        }
      }
    }
    return (forces, max(z, 1e-300))
  }

  /// The Kullback–Leibler divergence with the exact normaliser.
  func divergence() -> Double {
    let z = exactRepulsion().1
    var sum = CompensatedSum()
    for i in 0..<points.count {
      for k in affinities.starts[i]..<affinities.starts[i + 1] {
        let p = affinities.values[k]
        guard p > 0 else { continue }
        let diff = points[i] - points[Int(affinities.columns[k])]
        let q = max(1 / (1 + diff.x * diff.x + diff.y * diff.y) / z, 1e-300)
        sum.add(p * log(p / q))
      }
    }
    return sum.value
  }
}

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

// The forces of exact t-SNE: every pair once, four columns at a time.
// Source: van der Maaten & Hinton 2008, the gradient of symmetric SNE with a Student kernel.

/// Joint probabilities of all pairs, laid out in the order in which the forces read them.
///
/// Single precision: forces are sums of a few thousand terms that steer a descent, and the
/// divergence at the end is computed in double.
package struct PairForces {
  private typealias Four = SIMD4<Float>
  package let count: Int
  /// Blocks of four columns.
  private let blocks: Int
  /// For each row, its columns from the block of its own on.
  private var joint: [Four] = []
  private var starts: [Int] = []

  /// - Parameter conditional: `[i · count + j]` is p(j | i), with p(i | i) = 0.
  /// - Precondition: `conditional.count` is `count²`.
  package init(conditional: [Float], count n: Int) {
    precondition(conditional.count == n * n, "\(conditional.count) for \(n) points")
    count = n
    blocks = (n + 3) / 4
    let scale = 1 / (2 * Float(n))
    joint.reserveCapacity(n * (blocks + 2) / 2)
    for i in 0..<n {
      starts.append(joint.count)
      for block in (i / 4)..<blocks {
        var four = Four.zero
        for lane in 0..<4 {
          let j = 4 * block + lane
          if i < j, j < n {
            four[lane] = max((conditional[i * n + j] + conditional[j * n + i]) * scale, 1e-12)
          }
        }
        joint.append(four)
      }
    }
  }

  /// The joint probability of a pair.
  ///
  /// - Precondition: `i < j < count`.
  private func probability(_ i: Int, _ j: Int) -> Float {
    joint[starts[i] + j / 4 - i / 4][j % 4]
  }

  /// Attraction Σ p q (yᵢ − yⱼ), repulsion Σ q² (yᵢ − yⱼ) and the normaliser Σ q over ordered
  /// pairs, with q = 1 / (1 + |yᵢ − yⱼ|²).
  package func forces(
    at points: [SIMD2<Double>]
  ) -> (attraction: [SIMD2<Double>], repulsion: [SIMD2<Double>], normaliser: Double) {
    precondition(points.count == count, "\(points.count) points, \(count) probabilities")
    // x and y of four points in turn; padding lies so far away that its kernel vanishes.
    var places = [Four](repeating: Four(repeating: 1e18), count: 2 * blocks)
    for (i, point) in points.enumerated() {
      places[i / 4 * 2][i % 4] = Float(point.x)
      places[i / 4 * 2 + 1][i % 4] = Float(point.y)
    }
    // x and y of the attraction, x and y of the repulsion, of four points in turn.
    var sums = [Four](repeating: .zero, count: 4 * blocks)
    var total = 0.0
    unsafe places.withUnsafeBufferPointer { places in
      unsafe joint.withUnsafeBufferPointer { joint in
        unsafe sums.withUnsafeMutableBufferPointer { sums in
          for i in 0..<count {
            total += unsafe Self.add(i, blocks, places, joint, starts[i] - i / 4, sums)
          }
        }
      }
    }
    func pairs(_ from: Int) -> [SIMD2<Double>] {
      (0..<count).map {
        SIMD2(Double(sums[$0 / 4 * 4 + from][$0 % 4]), Double(sums[$0 / 4 * 4 + from + 1][$0 % 4]))
      }
    }
    return (pairs(0), pairs(2), max(2 * total, 1e-300))
  }

  /// Adds the forces between a point and all later ones; returns their Σ q.
  @inline(__always)
  private static func add(
    _ i: Int, _ blocks: Int, _ places: UnsafeBufferPointer<Four>,
    _ joint: UnsafeBufferPointer<Four>, _ start: Int, _ sums: UnsafeMutableBufferPointer<Four>
  ) -> Double {
    let (own, lane) = (i / 4, i % 4)
    let x = unsafe Four(repeating: places[2 * own][lane])
    let y = unsafe Four(repeating: places[2 * own + 1][lane])
    var (sum, ax, ay, rx, ry) = (Four.zero, Four.zero, Four.zero, Four.zero, Four.zero)
    // Only later columns count in a point's own block.
    let later = Four(0, 1, 2, 3) .> Four(repeating: Float(lane))
    for block in own..<blocks {
      let dx = unsafe x - places[2 * block]
      let dy = unsafe y - places[2 * block + 1]
      var q = 1 / (dx * dx + (dy * dy + 1))
      if block == own {
        q = Four.zero.replacing(with: q, where: later)
      }
      sum += q
      let a = unsafe joint[start + block] * q
      let r = q * q
      let (fax, fay, frx, fry) = (a * dx, a * dy, r * dx, r * dy)
      ax += fax
      ay += fay
      rx += frx
      ry += fry
      unsafe sums[4 * block] -= fax
      unsafe sums[4 * block + 1] -= fay
      unsafe sums[4 * block + 2] -= frx
      unsafe sums[4 * block + 3] -= fry
    }
    unsafe sums[4 * own][lane] += ax.sum()
    unsafe sums[4 * own + 1][lane] += ay.sum()
    unsafe sums[4 * own + 2][lane] += rx.sum()
    unsafe sums[4 * own + 3][lane] += ry.sum()
    return Double(sum.sum())
  }

  /// The same one pair at a time in double precision: the readable definition.
  package func referenceForces(
    at points: [SIMD2<Double>]
  ) -> (attraction: [SIMD2<Double>], repulsion: [SIMD2<Double>], normaliser: Double) {
    var attraction = [SIMD2<Double>](repeating: .zero, count: count)
    var repulsion = attraction
    var normaliser = 0.0
    for i in 0..<count {
      for j in (i + 1)..<max(count, i + 1) {
        let gap = points[i] - points[j]
        let q = 1 / (1 + gap.x * gap.x + gap.y * gap.y)
        let pull = Double(probability(i, j)) * q * gap
        attraction[i] += pull
        attraction[j] -= pull
        repulsion[i] += q * q * gap
        repulsion[j] -= q * q * gap
        normaliser += 2 * q
      }
    }
    return (attraction, repulsion, max(normaliser, 1e-300))
  }

  /// The Kullback–Leibler divergence of a layout, in double precision.
  func divergence(at points: [SIMD2<Double>]) -> Double {
    var z = 0.0
    var sum = CompensatedSum()
    var weight = 0.0
    for i in 0..<count {
      for j in (i + 1)..<max(count, i + 1) {
        let gap = points[i] - points[j]
        let square = 1 + gap.x * gap.x + gap.y * gap.y
        z += 2 / square
        // Σ p log (p (1 + d²)) now, Σ p log Z when Z is known.
        let p = 2 * Double(probability(i, j))
        weight += p
        sum.add(p * log(p / 2 * square))
      }
    }
    return sum.value + weight * log(max(z, 1e-300))
  }
}

// The forces of exact t-SNE: every pair once, two rows by four columns at a time.
// Source: van der Maaten & Hinton 2008, the gradient of symmetric SNE with a Student kernel.

/// Joint probabilities of all pairs, laid out in the order in which the forces read them.
///
/// Single precision: forces are sums of a few thousand terms that steer a descent, and the
/// divergence at the end is computed in double.
package struct PairForces {
  private static let columns = 4
  package let count: Int
  /// The count rounded up to whole columns.
  private let padded: Int
  /// For each pair of rows, its columns from the block of its own on: two times four numbers.
  private var joint: [Float] = []
  private var starts: [Int] = []

  /// - Parameter conditional: `[i · count + j]` is p(j | i), with p(i | i) = 0.
  /// - Precondition: `conditional.count` is `count²`.
  package init(conditional: [Float], count n: Int) {
    precondition(conditional.count == n * n, "\(conditional.count) for \(n) points")
    count = n
    padded = (n + Self.columns - 1) / Self.columns * Self.columns
    let scale = 1 / (2 * Float(n))
    joint.reserveCapacity(padded * (padded + 8) / 2)
    for row in stride(from: 0, to: padded, by: 2) {
      starts.append(joint.count)
      for block in stride(from: row / Self.columns * Self.columns, to: padded, by: Self.columns) {
        for i in row..<(row + 2) {
          for j in block..<(block + Self.columns) {
            let known = i < n && j < n && i < j
            let p = known ? (conditional[i * n + j] + conditional[j * n + i]) * scale : 0
            joint.append(known ? max(p, 1e-12) : 0)
          }
        }
      }
    }
  }

  /// The joint probability of a pair.
  ///
  /// - Precondition: `i < j < count`.
  private func probability(_ i: Int, _ j: Int) -> Float {
    let first = i & ~1
    let block = (j - first / Self.columns * Self.columns) / Self.columns
    return joint[starts[i / 2] + 8 * block + 4 * (i & 1) + j % Self.columns]
  }

  /// Attraction Σ p q (yᵢ − yⱼ), repulsion Σ q² (yᵢ − yⱼ) and the normaliser Σ q over ordered
  /// pairs, with q = 1 / (1 + |yᵢ − yⱼ|²).
  package func forces(
    at points: [SIMD2<Double>]
  ) -> (attraction: [SIMD2<Double>], repulsion: [SIMD2<Double>], normaliser: Double) {
    precondition(points.count == count, "\(points.count) points, \(count) probabilities")
    // Padding lies so far away, and apart, that its kernel vanishes.
    var x = [Float](repeating: 0, count: padded)
    var y = x
    for i in 0..<padded {
      x[i] = i < count ? Float(points[i].x) : 1e18 * Float(i - count + 1)
      y[i] = i < count ? Float(points[i].y) : 0
    }
    // Attraction and repulsion, x and y, of each point.
    var ax = [Float](repeating: 0, count: padded)
    var ay = ax
    var rx = ax
    var ry = ax
    var total = 0.0
    unsafe x.withUnsafeBytes { x in
      unsafe y.withUnsafeBytes { y in
        unsafe ax.withUnsafeMutableBytes { ax in
          unsafe ay.withUnsafeMutableBytes { ay in
            unsafe rx.withUnsafeMutableBytes { rx in
              unsafe ry.withUnsafeMutableBytes { ry in
                unsafe joint.withUnsafeBytes { p in
                  for row in Swift.stride(from: 0, to: padded, by: 2) {
                    let start = unsafe UnsafeRawBufferPointer(
                      rebasing: p[(4 * starts[row / 2])...])
                    total += unsafe Self.rows(row, padded, x, y, start, ax, ay, rx, ry)
                  }
                }
              }
            }
          }
        }
      }
    }
    return (
      (0..<count).map { SIMD2(Double(ax[$0]), Double(ay[$0])) },
      (0..<count).map { SIMD2(Double(rx[$0]), Double(ry[$0])) }, max(2 * total, 1e-300)
    )
  }

  /// Two rows against all later columns; returns their part of Σ q.
  @inline(__always)
  private static func rows(
    _ row: Int, _ padded: Int, _ x: UnsafeRawBufferPointer, _ y: UnsafeRawBufferPointer,
    _ p: UnsafeRawBufferPointer, _ ax: UnsafeMutableRawBufferPointer,
    _ ay: UnsafeMutableRawBufferPointer, _ rx: UnsafeMutableRawBufferPointer,
    _ ry: UnsafeMutableRawBufferPointer
  ) -> Double {
    typealias Four = SIMD4<Float>
    func load(_ from: UnsafeRawBufferPointer, _ at: Int) -> Four {
      unsafe from.loadUnaligned(fromByteOffset: 4 * at, as: Four.self)
    }
    func add(_ v: Four, _ to: UnsafeMutableRawBufferPointer, _ at: Int) {
      let old = unsafe to.loadUnaligned(fromByteOffset: 4 * at, as: Four.self)
      unsafe to.storeBytes(of: old + v, toByteOffset: 4 * at, as: Four.self)
    }
    func addOne(_ v: Float, _ to: UnsafeMutableRawBufferPointer, _ at: Int) {
      let old = unsafe to.load(fromByteOffset: 4 * at, as: Float.self)
      unsafe to.storeBytes(of: old + v, toByteOffset: 4 * at, as: Float.self)
    }
    func scalar(_ from: UnsafeRawBufferPointer, _ at: Int) -> Float {
      unsafe from.load(fromByteOffset: 4 * at, as: Float.self)
    }
    let (x0, x1) = unsafe (Four(repeating: scalar(x, row)), Four(repeating: scalar(x, row + 1)))
    let (y0, y1) = unsafe (Four(repeating: scalar(y, row)), Four(repeating: scalar(y, row + 1)))
    var (sum, ax0, ay0, rx0, ry0) = (Four.zero, Four.zero, Four.zero, Four.zero, Four.zero)
    var (ax1, ay1, rx1, ry1) = (Four.zero, Four.zero, Four.zero, Four.zero)
    let own = row / columns * columns
    var block = own
    var at = 0
    let lanes = Four(0, 1, 2, 3)
    while block < padded {
      let (xj, yj) = unsafe (load(x, block), load(y, block))
      let (p0, p1) = unsafe (load(p, at), load(p, at + 4))
      let (dx0, dx1) = (x0 - xj, x1 - xj)
      let (dy0, dy1) = (y0 - yj, y1 - yj)
      var q0 = 1 / (dx0 * dx0 + (dy0 * dy0 + 1))
      var q1 = 1 / (dx1 * dx1 + (dy1 * dy1 + 1))
      if block == own {
        // Only later columns count in a row's own block.
        let place = Four(repeating: Float(row - own))
        q0 = q0.replacing(with: 0, where: lanes .<= place)
        q1 = q1.replacing(with: 0, where: lanes .<= place + 1)
      }
      sum += q0 + q1
      let (a0, a1) = (p0 * q0, p1 * q1)
      let (r0, r1) = (q0 * q0, q1 * q1)
      let (fax0, fax1) = (a0 * dx0, a1 * dx1)
      let (fay0, fay1) = (a0 * dy0, a1 * dy1)
      let (frx0, frx1) = (r0 * dx0, r1 * dx1)
      let (fry0, fry1) = (r0 * dy0, r1 * dy1)
      ax0 += fax0
      ax1 += fax1
      ay0 += fay0
      ay1 += fay1
      rx0 += frx0
      rx1 += frx1
      ry0 += fry0
      ry1 += fry1
      unsafe add(-(fax0 + fax1), ax, block)
      unsafe add(-(fay0 + fay1), ay, block)
      unsafe add(-(frx0 + frx1), rx, block)
      unsafe add(-(fry0 + fry1), ry, block)
      block += columns
      at += 8
    }
    unsafe addOne(ax0.sum(), ax, row)
    unsafe addOne(ax1.sum(), ax, row + 1)
    unsafe addOne(ay0.sum(), ay, row)
    unsafe addOne(ay1.sum(), ay, row + 1)
    unsafe addOne(rx0.sum(), rx, row)
    unsafe addOne(rx1.sum(), rx, row + 1)
    unsafe addOne(ry0.sum(), ry, row)
    unsafe addOne(ry1.sum(), ry, row + 1)
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

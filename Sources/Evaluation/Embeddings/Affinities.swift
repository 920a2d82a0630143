// How near points are in t-SNE's sense: probabilities with a given perplexity.
// Source: van der Maaten & Hinton 2008, section 2; van der Maaten 2014 for the sparse form.

/// Probabilities that a point has for its neighbours.
struct NeighbourProbabilities {
  private let points: [Double]
  private let norms: [Double]
  private let width: Int
  private let count: Int
  private let perplexity: Double
  /// The precision of the last row, a good first guess for the next.
  private var precision = 1.0

  init(_ data: [[Double]], perplexity: Double) {
    count = data.count
    self.perplexity = perplexity
    // Rows of whole vectors of four.
    let width = ((data.first?.count ?? 0) + 3) / 4 * 4
    self.width = width
    points = data.flatMap { $0 + [Double](repeating: 0, count: width - $0.count) }
    norms = data.map { $0.reduce(0) { $0 + $1 * $1 } }
  }

  /// Squared distances of a point to all, infinite to itself.
  func squaredDistances(from i: Int, into out: inout [Double]) {
    unsafe points.withUnsafeBytes { x in
      for j in 0..<count {
        var sum = SIMD4<Double>.zero
        for k in stride(from: 0, to: width, by: 4) {
          let a = unsafe x.loadUnaligned(
            fromByteOffset: 8 * (i * width + k), as: SIMD4<Double>.self)
          let b = unsafe x.loadUnaligned(
            fromByteOffset: 8 * (j * width + k), as: SIMD4<Double>.self)
          sum += a * b
        }
        out[j] = max(0, norms[i] + norms[j] - 2 * sum.sum())
      }
    }
    out[i] = .infinity
  }

  /// Probabilities by squared distance, 0 at infinity, with the precision that gives the
  /// perplexity: Newton's steps in the logarithm, halving where they leave the bracket.
  mutating func conditional(_ distances: [Double]) -> [Double] {
    let target = log(perplexity)
    let nearest = distances.min() ?? 0
    var (low, high) = (0.0, Double.infinity)
    var beta = precision
    var p = distances
    for _ in 0..<100 {
      var (sum, first, second) = (0.0, 0.0, 0.0)
      for (k, d) in distances.enumerated() {
        let gap = d - nearest
        // Below e⁻¹⁰⁰ nothing is added to anything.
        let x = beta * gap < 100 ? exp(-beta * gap) : 0
        p[k] = x
        guard x > 0 else { continue }
        sum += x
        first += x * gap
        second += x * gap * gap
      }
      let mean = first / sum
      let entropy = log(sum) + beta * mean
      for k in p.indices { p[k] /= sum }
      if abs(entropy - target) < 1e-6 { break }
      if entropy > target { low = beta } else { high = beta }
      let slope = beta * beta * (second / sum - mean * mean)
      let step = (entropy - target) / slope
      let newton = abs(step) < 3 ? beta * exp(step) : .nan
      if newton > low, newton < high {
        beta = newton
      } else {
        beta = high.isInfinite ? beta * 2 : (low + high) / 2
      }
      // Neighbours at one distance: no precision changes anything.
      if !(beta.isFinite && beta > 0) || slope == 0 && low == 0 && high.isInfinite { break }
    }
    precision = beta.isFinite && beta > 0 ? beta : 1
    return p
  }
}

/// Symmetric joint probabilities of near neighbours, sparse by row.
struct Affinities {
  var starts: [Int] = [0]
  var columns: [Int32] = []
  var values: [Double] = []

  init(_ data: [[Double]], perplexity: Double) {
    let n = data.count
    let neighbours = min(n - 1, Int(3 * perplexity) + 1)
    var search = NeighbourProbabilities(data, perplexity: perplexity)
    var distances = [Double](repeating: 0, count: n)
    // p(i, j) = (p(j | i) + p(i | j)) / 2n.
    var merged = [[Int32: Double]](repeating: [:], count: n)
    for i in 0..<n {
      search.squaredDistances(from: i, into: &distances)
      let chosen = RadixOrder.ascending(distances).prefix(neighbours)
      let p = search.conditional(chosen.map { distances[Int($0)] })
      for (j, p) in zip(chosen, p) {
        merged[i][j, default: 0] += p
        merged[Int(j)][Int32(i), default: 0] += p
      }
    }
    for row in merged {
      for (j, p) in row.sorted(by: { $0.key < $1.key }) {
        columns.append(j)
        values.append(p / (2 * Double(n)))
      }
      starts.append(columns.count)
    }
  }
}

extension PairForces {
  /// All pairs of points.
  init(_ data: [[Double]], perplexity: Double) {
    let n = data.count
    var search = NeighbourProbabilities(data, perplexity: perplexity)
    var distances = [Double](repeating: 0, count: n)
    var conditional: [Float] = []
    conditional.reserveCapacity(n * n)
    for i in 0..<n {
      search.squaredDistances(from: i, into: &distances)
      for p in search.conditional(distances) { conditional.append(Float(p)) }
    }
    self.init(conditional: conditional, count: n)
  }
}

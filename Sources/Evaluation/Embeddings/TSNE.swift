// t-distributed stochastic neighbour embedding in two dimensions, exact and Barnes–Hut.
// Source: van der Maaten & Hinton 2008; van der Maaten 2014.

/// t-SNE's options.
public struct TSNE: Hashable, Sendable, Codable {
  /// How repulsive forces are computed.
  public enum Method: Hashable, Sendable, Codable {
    /// Every pair: O(n²) a step.
    case exact
    /// A quadtree, cells farther than size / θ as one: O(n log n) a step.
    case barnesHut(theta: Double)
  }

  public var perplexity: Double
  public var iterations: Int
  public var method: Method
  public var seed: UInt64

  public init(
    perplexity: Double = 30, iterations: Int = 1000, method: Method = .barnesHut(theta: 0.5),
    seed: UInt64 = 42
  ) {
    self.perplexity = perplexity
    self.iterations = iterations
    self.method = method
    self.seed = seed
  }

  /// An embedding and how well it fits.
  public struct Result: Hashable, Sendable {
    public let points: [SIMD2<Double>]
    /// The Kullback–Leibler divergence at the end.
    public let divergence: Double
    public let count: Int
    public let signature: String
  }

  /// Embeds points.
  ///
  /// - Parameter data: `[point][dimension]`, finite, equal dimensions.
  /// - Throws: ``EvaluationError`` for ragged or not finite data, a perplexity that needs more
  ///   points (`3 · perplexity < n`), or more than 20,000 points with the exact method.
  public func callAsFunction(_ data: [[Double]]) throws(EvaluationError) -> Result {
    let n = data.count
    let d = data.first?.count ?? 0
    for (i, row) in data.enumerated() {
      try requireEqualCounts(row.count, d, "data[\(i)] and data[0]")
      try requireFinite(row, "data[\(i)]")
    }
    guard perplexity >= 1, 3 * perplexity < Double(n) else {
      throw EvaluationError(.size, "\(n) points for a perplexity of \(perplexity)")
    }
    if method == .exact, n > 20_000 {
      throw EvaluationError(.size, "\(n) points, at most 20000 with the exact method")
    }
    let affinities = Affinities(data, perplexity: perplexity, exact: method == .exact)
    var layout = TSNELayout(affinities, data, seed: seed)
    let rate = max(Double(n) / 48, 50)
    let early = min(250, iterations / 4 + 1)
    for step in 0..<iterations {
      layout.step(
        method, rate: rate, exaggeration: step < early ? 12 : 1, momentum: step < early ? 0.5 : 0.8)
      if step > early, step % 50 == 0, layout.gradientNorm < 1e-7 { break }
    }
    return Result(
      points: layout.points, divergence: layout.divergence(), count: n,
      signature: "t-SNE|perplexity:\(perplexity)|iterations:\(iterations)|\(method)|seed:\(seed)"
        + "|v:\(Definitions.version)")
  }
}

/// Symmetric joint probabilities, sparse by row.
struct Affinities {
  let count: Int
  var starts: [Int] = [0]
  var columns: [Int32] = []
  var values: [Double] = []

  init(_ data: [[Double]], perplexity: Double, exact: Bool) {
    let n = data.count
    count = n
    let d = data.first?.count ?? 0
    let neighbours = exact ? n - 1 : min(n - 1, Int(3 * perplexity) + 1)
    let flat = data.flatMap { $0 }
    var rows: [[(Int32, Double)]] = []
    var distances = [Double](repeating: 0, count: n)
    let norms = data.map { $0.reduce(0) { $0 + $1 * $1 } }
    for i in 0..<n {
      unsafe flat.withUnsafeBufferPointer { x in
        for j in 0..<n {
          var dot = 0.0
          for k in 0..<d { unsafe dot += x[i * d + k] * x[j * d + k] }
          distances[j] = max(0, norms[i] + norms[j] - 2 * dot)
        }
      }
      distances[i] = .infinity
      var chosen = Array(0..<n)
      if neighbours < n - 1 {
        let order = RadixOrder.ascending(distances)
        chosen = order.prefix(neighbours).map { Int($0) }
      } else {
        chosen.remove(at: i)
      }
      let picked = chosen.map { distances[$0] }
      let p = Self.conditional(picked, perplexity)
      rows.append(zip(chosen, p).map { (Int32($0), $1) })
    }
    // p(i, j) = (p(j | i) + p(i | j)) / 2n.
    var merged = [[Int32: Double]](repeating: [:], count: exact ? 0 : n)
    if exact {
      var dense = [Double](repeating: 0, count: n * n)
      for (i, row) in rows.enumerated() {
        for (j, p) in row {
          dense[i * n + Int(j)] += p
          dense[Int(j) * n + i] += p
        }
      }
      for i in 0..<n {
        for j in 0..<n where j != i {
          columns.append(Int32(j))
          values.append(max(dense[i * n + j] / (2 * Double(n)), 1e-12))
        }
        starts.append(columns.count)
      }
      return
    }
    for (i, row) in rows.enumerated() {
      for (j, p) in row {
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

  /// Probabilities with the precision that gives the perplexity, by bisection.
  private static func conditional(_ distances: [Double], _ perplexity: Double) -> [Double] {
    let target = log(perplexity)
    let nearest = distances.min() ?? 0
    var (low, high) = (0.0, Double.infinity)
    var beta = 1.0
    var p = distances
    for _ in 0..<100 {
      var sum = 0.0
      var weighted = 0.0
      for (k, d) in distances.enumerated() {
        let x = exp(-beta * (d - nearest))
        p[k] = x
        sum += x
        weighted += x * (d - nearest)
      }
      let entropy = log(sum) + beta * weighted / sum
      for k in p.indices { p[k] /= sum }
      if abs(entropy - target) < 1e-5 { break }
      if entropy > target {
        low = beta
        beta = high.isInfinite ? beta * 2 : (beta + high) / 2
      } else {
        high = beta
        beta = (beta + low) / 2
      }
    }
    return p
  }
}

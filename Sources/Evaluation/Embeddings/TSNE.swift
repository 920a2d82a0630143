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
    var layout = TSNELayout(data, perplexity: perplexity, exact: method == .exact, seed: seed)
    let rate = max(Double(n) / 48, 50)
    let early = min(250, iterations / 4 + 1)
    var theta = 0.0
    if case .barnesHut(let given) = method { theta = given }
    for step in 0..<iterations {
      layout.step(
        theta: theta, rate: rate, exaggeration: step < early ? 12 : 1,
        momentum: step < early ? 0.5 : 0.8)
      if step > early, step % 50 == 0, layout.gradientNorm < 1e-7 { break }
    }
    return Result(
      points: layout.points, divergence: layout.divergence(), count: n,
      signature: "t-SNE|perplexity:\(perplexity)|iterations:\(iterations)|\(method)|seed:\(seed)"
        + "|v:\(Definitions.version)")
  }
}

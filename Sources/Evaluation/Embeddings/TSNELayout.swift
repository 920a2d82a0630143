// The gradient steps of t-SNE.
// Source: van der Maaten & Hinton 2008; Jacobs 1988 for the gains.

/// The moving points.
struct TSNELayout {
  private(set) var points: [SIMD2<Double>]
  private(set) var gradientNorm = Double.infinity
  /// What pulls: near neighbours with Barnes–Hut, all pairs with the exact method.
  private enum Attraction {
    case neighbours(Affinities)
    case pairs(PairForces)
  }

  private let attraction: Attraction
  private var velocity: [SIMD2<Double>]
  private var gains: [SIMD2<Double>]

  init(_ data: [[Double]], perplexity: Double, exact: Bool, seed: UInt64) {
    attraction =
      exact
      ? .pairs(PairForces(data, perplexity: perplexity))
      : .neighbours(Affinities(data, perplexity: perplexity))
    let n = data.count
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

  mutating func step(theta: Double, rate: Double, exaggeration: Double, momentum: Double) {
    let forces = forces(theta: theta, exaggeration: exaggeration)
    var norm = 0.0
    for i in points.indices {
      let g = forces[i]
      norm += g.x * g.x + g.y * g.y
      let same = (g .> 0) .== (velocity[i] .> 0)
      let gain = (gains[i] + 0.2).replacing(with: gains[i] * 0.8, where: same)
      gains[i] = gain.replacing(with: 0.01, where: gain .< 0.01)
      velocity[i] = momentum * velocity[i] - rate * gains[i] * g
      points[i] += velocity[i]
    }
    gradientNorm = norm.squareRoot()
  }

  /// The gradient at every point.
  private func forces(theta: Double, exaggeration: Double) -> [SIMD2<Double>] {
    switch attraction {
    case .pairs(let pairs):
      let (pull, push, z) = pairs.forces(at: points)
      return zip(pull, push).map { 4 * (exaggeration * $0 - $1 / z) }
    case .neighbours(let near):
      var (forces, z) = QuadTree(points).repulsion(theta: theta)
      unsafe near.columns.withUnsafeBufferPointer { columns in
        unsafe near.values.withUnsafeBufferPointer { values in
          unsafe points.withUnsafeBufferPointer { y in
            for i in 0..<y.count {
              var pull = SIMD2<Double>.zero
              let here = unsafe y[i]
              for k in near.starts[i]..<near.starts[i + 1] {
                let diff = here - (unsafe y[Int(columns[k])])
                let q = 1 / (1 + diff.x * diff.x + diff.y * diff.y)
                unsafe pull += values[k] * q * diff
              }
              forces[i] = 4 * (exaggeration * pull - forces[i] / z)
            }
          }
        }
      }
      return forces
    }
  }

  /// The Kullback–Leibler divergence with the exact normaliser.
  func divergence() -> Double {
    switch attraction {
    case .pairs(let pairs): return pairs.divergence(at: points)
    case .neighbours(let near):
      var z = 0.0
      for i in points.indices {
        for j in (i + 1)..<max(points.count, i + 1) {
          let diff = points[i] - points[j]
          z += 2 / (1 + diff.x * diff.x + diff.y * diff.y)
        }
      }
      z = max(z, 1e-300)
      var sum = CompensatedSum()
      for i in points.indices {
        for k in near.starts[i]..<near.starts[i + 1] {
          let p = near.values[k]
          guard p > 0 else { continue }
          let diff = points[i] - points[Int(near.columns[k])]
          let q = max(1 / (1 + diff.x * diff.x + diff.y * diff.y) / z, 1e-300)
          sum.add(p * log(p / q))
        }
      }
      return sum.value
    }
  }
}

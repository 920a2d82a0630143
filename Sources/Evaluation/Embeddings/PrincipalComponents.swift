// Principal components by power iteration on the covariance (or Gram) matrix.
// Source: Jolliffe 2002; orthogonal iteration.

/// The directions of largest variance.
public struct PrincipalComponents: Hashable, Sendable {
  /// `[point][component]`, centred scores.
  public let scores: [[Double]]
  /// `[component][dimension]`, unit length; the largest loading is positive.
  public let components: [[Double]]
  /// Variance of each component (n − 1).
  public let variances: [Double]
  /// The share of all variance.
  public let explained: [Double]

  /// - `data`: `[point][dimension]`.
  /// - `standardised`: Divide each dimension by its standard deviation first (constant ones stay).
  /// - Throws: ``EvaluationError`` for ragged rows or numbers that are not finite.
  /// - Complexity: O(min(n, d)² · max(n, d)) for the matrix and O(min(n, d)³) for its eigenvectors.
  public init(
    _ data: [[Double]], count: Int, standardised: Bool = false
  ) throws(EvaluationError) {
    let n = data.count
    let d = data.first?.count ?? 0
    for (i, row) in data.enumerated() {
      try requireEqualCounts(row.count, d, "data[\(i)] and data[0]")
      try requireFinite(row, "data[\(i)]")
    }
    var x = data
    for k in 0..<d {
      let column = data.map { $0[k] }
      let mean = column.mean() ?? 0
      var scale = 1.0
      if standardised {
        let squares = column.map { ($0 - mean) * ($0 - mean) }.compensatedSum()
        let sd = (squares / Double(max(n, 1))).squareRoot()
        if sd > 0 { scale = sd }
      }
      for i in 0..<n { x[i][k] = (data[i][k] - mean) / scale }
    }
    let wanted = min(count, d, max(n - 1, 0))
    let usesGram = n < d
    let size = usesGram ? n : d
    var matrix = [Double](repeating: 0, count: size * size)
    for a in 0..<size {
      for b in 0...a {
        var sum = 0.0
        if usesGram {
          for k in 0..<d { sum += x[a][k] * x[b][k] }
        } else {
          for i in 0..<n { sum += x[i][a] * x[i][b] }
        }
        matrix[a * size + b] = sum
        matrix[b * size + a] = sum
      }
    }
    let trace = (0..<size).map { matrix[$0 * size + $0] }.compensatedSum()
    let (values, vectors) = symmetricEigen(matrix, size)
    var components: [[Double]] = []
    var variances: [Double] = []
    for c in 0..<wanted {
      var direction = [Double](repeating: 0, count: d)
      if usesGram {
        for i in 0..<n { for k in 0..<d { direction[k] += vectors[c][i] * x[i][k] } }
      } else {
        direction = vectors[c]
      }
      let length = direction.map { $0 * $0 }.compensatedSum().squareRoot()
      guard length > 1e-12 * max(trace, 1e-300).squareRoot() || !usesGram else { break }
      if length > 0 { direction = direction.map { $0 / length } }
      let top = direction.max { abs($0) < abs($1) } ?? 0
      if top < 0 { direction = direction.map { -$0 } }
      components.append(direction)
      variances.append(max(0, values[c]) / Double(max(n - 1, 1)))
    }
    self.components = components
    self.variances = variances
    let total = trace / Double(max(n - 1, 1))
    explained = variances.map { total > 0 ? $0 / total : 0 }
    scores = x.map { row in
      components.map { c in zip(row, c).map { $0 * $1 }.compensatedSum() }
    }
  }
}

/// Eigenvalues in descending order and their vectors: Householder tridiagonalisation and
/// implicit QL (Martin, Reinsch & Wilkinson 1968). O(n³).
func symmetricEigen(_ matrix: [Double], _ n: Int) -> (values: [Double], vectors: [[Double]]) {
  guard n > 0 else { return ([], []) }
  var a = (0..<n).map { Array(matrix[($0 * n)..<(($0 + 1) * n)]) }
  var d = [Double](repeating: 0, count: n)
  var e = d
  for i in stride(from: n - 1, to: 0, by: -1) {
    let l = i - 1
    var h = 0.0
    if l > 0 {
      let scale = a[i][0...l].reduce(0) { $0 + abs($1) }
      if scale == 0 {
        e[i] = a[i][l]
      } else {
        for k in 0...l {
          a[i][k] /= scale
          h += a[i][k] * a[i][k]
        }
        let f = a[i][l]
        let g = f >= 0 ? -h.squareRoot() : h.squareRoot()
        e[i] = scale * g
        h -= f * g
        a[i][l] = f - g
        var total = 0.0
        for j in 0...l {
          a[j][i] = a[i][j] / h
          var g = 0.0
          for k in 0...j { g += a[j][k] * a[i][k] }
          if j < l { for k in (j + 1)...l { g += a[k][j] * a[i][k] } }
          e[j] = g / h
          total += e[j] * a[i][j]
        }
        let half = total / (h + h)
        for j in 0...l {
          let f = a[i][j]
          let g = e[j] - half * f
          e[j] = g
          for k in 0...j { a[j][k] -= f * e[k] + g * a[i][k] }
        }
      }
    } else {
      e[i] = a[i][l]
    }
    d[i] = h
  }
  d[0] = 0
  e[0] = 0
  for i in 0..<n {
    if d[i] != 0 {
      for j in 0..<i {
        var g = 0.0
        for k in 0..<i { g += a[i][k] * a[k][j] }
        for k in 0..<i { a[k][j] -= g * a[k][i] }
      }
    }
    d[i] = a[i][i]
    a[i][i] = 1
    for j in 0..<i {
      a[j][i] = 0
      a[i][j] = 0
    }
  }
  for i in 1..<max(n, 1) where i < n { e[i - 1] = e[i] }
  e[n - 1] = 0
  for l in 0..<n {
    for _ in 0..<100 {
      var m = l
      while m < n - 1 {
        let dd = abs(d[m]) + abs(d[m + 1])
        if abs(e[m]) <= 1e-16 * dd { break }
        m += 1
      }
      if m == l { break }
      var g = (d[l + 1] - d[l]) / (2 * e[l])
      var r = (g * g + 1).squareRoot()
      g = d[m] - d[l] + e[l] / (g + (g >= 0 ? r : -r))
      var (s, c, p) = (1.0, 1.0, 0.0)
      var stopped = false
      for i in stride(from: m - 1, through: l, by: -1) {
        var f = s * e[i]
        let b = c * e[i]
        r = (f * f + g * g).squareRoot()
        e[i + 1] = r
        if r == 0 {
          d[i + 1] -= p
          e[m] = 0
          stopped = true
          break
        }
        s = f / r
        c = g / r
        g = d[i + 1] - p
        r = (d[i] - g) * s + 2 * c * b
        p = s * r
        d[i + 1] = g + p
        g = c * r - b
        for k in 0..<n {
          f = a[k][i + 1]
          a[k][i + 1] = s * a[k][i] + c * f
          a[k][i] = c * a[k][i] - s * f
        }
      }
      if stopped { continue }
      d[l] -= p
      e[l] = g
      e[m] = 0
    }
  }
  let order = d.indices.sorted { d[$0] > d[$1] }
  return (order.map { d[$0] }, order.map { c in (0..<n).map { a[$0][c] } })
}

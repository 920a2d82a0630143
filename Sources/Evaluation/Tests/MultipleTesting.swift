// Adjusting p values for how many there are.
// Source: Holm 1979; Hochberg 1988; Hommel 1988; Benjamini & Hochberg 1995; Benjamini &
// Yekutieli 2001. Values as R's p.adjust gives them.

/// A rule for adjusting p values.
public enum PAdjustment: String, Hashable, Sendable, Codable, CaseIterable {
  case bonferroni, holm, hochberg, hommel
  case benjaminiHochberg = "bh"
  case benjaminiYekutieli = "by"

  /// Adjusted p values in the input's order. NaN stays NaN and does not count.
  ///
  /// - Throws: ``EvaluationError`` for a p value outside 0…1.
  /// - Complexity: O(n log n); Hommel O(n²).
  public func adjust(_ pValues: [Double]) throws(EvaluationError) -> [Double] {
    for (i, p) in pValues.enumerated() where !p.isNaN && !(p >= 0 && p <= 1) {
      throw EvaluationError(.range, "p[\(i)] is \(p), expected 0…1")
    }
    let used = pValues.indices.filter { !pValues[$0].isNaN }
    let order = used.sorted { pValues[$0] < pValues[$1] }
    let p = order.map { pValues[$0] }
    let adjusted = Self.sorted(self, p)
    var result = pValues
    for (rank, index) in order.enumerated() { result[index] = adjusted[rank] }
    return result
  }

  private static func sorted(_ rule: PAdjustment, _ p: [Double]) -> [Double] {
    let n = p.count
    let m = Double(n)
    switch rule {
    case .bonferroni: return p.map { min(1, $0 * m) }
    case .holm:
      var top = 0.0
      return p.enumerated().map { i, x in
        top = max(top, min(1, x * (m - Double(i))))
        return top
      }
    case .hochberg, .benjaminiHochberg, .benjaminiYekutieli:
      let harmonic = (1...max(n, 1)).reduce(0.0) { $0 + 1 / Double($1) }
      var low = 1.0
      var result = p
      for i in p.indices.reversed() {
        let factor =
          switch rule {
          case .hochberg: m - Double(i)
          case .benjaminiYekutieli: harmonic * m / Double(i + 1)
          default: m / Double(i + 1)
          }
        low = min(low, factor * p[i])
        result[i] = low
      }
      return result
    case .hommel:
      guard n > 1 else { return p }
      // Wright 1992's formulation of Hommel's procedure.
      let start = p.indices.map { m * p[$0] / Double($0 + 1) }.min() ?? 1
      var q = [Double](repeating: start, count: n)
      var adjusted = q
      for j in stride(from: n - 1, through: 2, by: -1) {
        let split = n - j + 1
        var q1 = Double.infinity
        for i in split..<n { q1 = min(q1, Double(j) * p[i] / Double(2 + i - split)) }
        for i in 0..<split { q[i] = min(Double(j) * p[i], q1) }
        for i in split..<n { q[i] = q[n - j] }
        for i in 0..<n { adjusted[i] = max(adjusted[i], q[i]) }
      }
      return zip(adjusted, p).map { max($0, $1) }
    }
  }
}

// The coefficients of the cubic B-spline that passes through given values.
// Source: M. Unser, "Splines: a perfect fit for signal and image processing", IEEE Signal Processing
// Magazine 16(6), 1999, box 2; boundaries mirrored about the outermost samples.

/// Turns values into B-spline coefficients, along all three axes, in place.
struct SplinePrefilter {
  var size: SIMD3<Int>
  var components: Int

  private let pole = 3.0.squareRoot() - 2

  init(size: SIMD3<Int>, components: Int) {
    self.size = size
    self.components = components
  }

  /// - Parameter start: Where the volume begins in `values`.
  func run(_ values: inout [Double], from start: Int) {
    let strides = SIMD3<Int>(components, components * size.x, components * size.x * size.y)
    for axis in 0..<3 where size[axis] > 1 {
      let (a, b) = ((axis + 1) % 3, (axis + 2) % 3)
      var line = [Double](repeating: 0, count: size[axis])
      for q in 0..<size[b] {
        for p in 0..<size[a] {
          for c in 0..<components {
            let first = start + c + p * strides[a] + q * strides[b]
            for i in line.indices { line[i] = values[first + i * strides[axis]] }
            filter(&line)
            for i in line.indices { values[first + i * strides[axis]] = line[i] }
          }
        }
      }
    }
  }

  /// One line: a causal and an anticausal recursion.
  private func filter(_ line: inout [Double]) {
    let count = line.count
    let gain = (1 - pole) * (1 - 1 / pole)
    for i in line.indices { line[i] *= gain }
    // The first value is the sum over the mirrored signal; exact over a whole period. Powers of the
    // pole below 1e-40 change no digit.
    var period = 1.0
    for _ in 0..<2 * (count - 1) where period.magnitude > 1e-40 { period *= pole }
    if period.magnitude <= 1e-40 { period = 0 }
    var (power, sum) = (pole, line[0])
    for i in 1..<count where power.magnitude > 1e-40 {
      let mirrored = i < count - 1 ? period / power : 0
      sum += (power + mirrored) * line[i]
      power *= pole
    }
    line[0] = sum / (1 - period)
    for i in 1..<count { line[i] += pole * line[i - 1] }
    line[count - 1] = pole / (pole * pole - 1) * (line[count - 1] + pole * line[count - 2])
    for i in stride(from: count - 2, through: 0, by: -1) {
      line[i] = pole * (line[i + 1] - line[i])
    }
  }
}

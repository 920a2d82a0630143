// Scalar references: the plainest correct loops, which tests hold the fast kernels against and which
// `float64` runs on.

/// The plain loops behind `float64` and the tests of every fast kernel.
package enum Reference {
  /// Batched matrix product in `float64`.
  static func matmul(_ a: Tensor, _ b: Tensor, lead: [Int], m: Int, n: Int, k: Int) -> Tensor {
    let result = Tensor(uninitialized: lead + [m, n], .float64)
    let output = unsafe result.mutableElements(of: Double.self)
    unsafe a.broadcast(to: lead + [m, k]).withUnsafeElements(of: Double.self) { left in
      unsafe b.broadcast(to: lead + [k, n]).withUnsafeElements(of: Double.self) { right in
        for batch in 0..<Shape.count(lead) {
          for row in 0..<m {
            for column in 0..<n {
              var sum = 0.0
              for step in 0..<k {
                unsafe sum +=
                  left[(batch * m + row) * k + step]
                  * right[(batch * k + step) * n + column]
              }
              unsafe output[(batch * m + row) * n + column] = sum
            }
          }
        }
      }
    }
    return result
  }
}

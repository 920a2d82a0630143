import NeuralCore
import Testing

/// Attention whose scores are not kept, against the same from whole matrices in float64.
struct AttentionTests {
  private func check(_ inputs: [Tensor], _ function: ([Variable]) -> Variable) throws {
    func run(_ inputs: [Tensor]) -> (value: Tensor, gradients: [Tensor?]) {
      let tape = Tape()
      let variables = inputs.map { tape.input($0) }
      let output = function(variables)
      let weights = noise(output.shape, seed: 9).converted(to: output.value.elementType)
      let gradients = tape.gradients(of: (output * tape.constant(weights)).sum())
      return (output.value, variables.map { gradients[$0] })
    }
    let short = run(inputs.map { $0.converted(to: .float32) })
    let long = run(inputs)
    #expect(largestDifference(short.value, long.value.converted(to: .float32)) < 1e-5)
    for (found, expected) in zip(short.gradients, long.gradients) {
      let whole = try #require(expected)
      let exact = whole.converted(to: .float32)
      let size = max(exact.scalars.map { abs($0) }.max() ?? 1, 1)
      let gradient = try #require(found)
      #expect(largestDifference(gradient, exact) / size < 1e-5)
    }
  }

  @Test func `long rows have the gradients of whole matrices, with and without a bias`() throws {
    let rows = 380
    #expect(rows * rows >= Variable.longAttention)
    let (q, k, v) = (
      noise([1, 2, rows, 8]), noise([1, 2, rows, 8], seed: 2), noise([1, 2, rows, 8], seed: 3)
    )
    try check([q, k, v]) { $0[0].attention(keys: $0[1], values: $0[2]) }
    let bias = noise([2, rows, rows], seed: 4)
    try check([q, k, v, bias]) { $0[0].attention(keys: $0[1], values: $0[2], bias: $0[3]) }
    let row = noise([1, 1, 1, rows], seed: 5)
    try check([q, k, v, row]) {
      $0[0].attention(keys: $0[1], values: $0[2], bias: $0[3], scale: 0.2)
    }
  }
}

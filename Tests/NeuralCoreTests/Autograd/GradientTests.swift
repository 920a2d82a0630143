import NeuralCore
import Testing

/// Gradients against central differences in float64, operator by operator.
struct GradientTests {
  @Test func `sums, products and quotients with broadcasting`() {
    let (a, b) = (noise([2, 3, 4]), noise([3, 1], seed: 2))
    checkGradients(of: [a, b]) { $0[0] + $0[1] }
    checkGradients(of: [a, b]) { $0[0] - $0[1] }
    checkGradients(of: [a, b]) { $0[1] * $0[0] }
    checkGradients(of: [a, noise([3, 1], seed: 2).squared() + 1]) { $0[0] / $0[1] }
    checkGradients(of: [a]) { 2 - ($0[0] * 3 + 1) / 4 - 5 }
  }

  @Test func `functions of one number`() {
    let x = noise([3, 5])
    let positive = x.squared() + 0.5
    checkGradients(of: [x]) { $0[0].squared() }
    checkGradients(of: [positive]) { $0[0].squareRoot() }
    checkGradients(of: [positive]) { $0[0].log() }
    checkGradients(of: [x]) { $0[0].exp() }
    checkGradients(of: [x]) { $0[0].absolute() }
    checkGradients(of: [positive]) { $0[0].power(1.7) }
    checkGradients(of: [x]) { $0[0].clamped(-0.4, 0.6) }
  }

  @Test(arguments: [
    Activation.relu, .gelu, .geluTanh, .silu, .sigmoid, .tanh, .hardSwish,
    .leakyReLU(slope: 0.1), .clamp(-0.5, 0.7),
  ])
  func `activations`(activation: Activation) {
    checkGradients(of: [noise([4, 6], scale: 2)]) { $0[0].activated(activation) }
  }

  @Test func `softplus, quick GELU and a learned slope`() {
    let x = noise([2, 3, 4], scale: 2)
    checkGradients(of: [x]) { $0[0].softplus() }
    checkGradients(of: [x]) { $0[0].quickGELU() }
    checkGradients(of: [x, noise([3], seed: 3)]) { $0[0].parametricReLU(slope: $0[1]) }
  }

  @Test func `softmax and its logarithm`() {
    checkGradients(of: [noise([3, 7])]) { $0[0].softmax() }
    checkGradients(of: [noise([3, 7])]) { $0[0].logSoftmax() }
  }

  @Test func `sums and means over axes`() {
    let x = noise([2, 3, 4])
    checkGradients(of: [x]) { $0[0].sum() }
    checkGradients(of: [x]) { $0[0].sum(axes: [1]) }
    checkGradients(of: [x]) { $0[0].mean(axes: [0, 2], keepingAxes: true) }
    checkGradients(of: [x]) { $0[0].mean(axes: [-1]) }
  }

  @Test func `views and joins`() {
    let x = noise([2, 3, 4])
    checkGradients(of: [x]) { $0[0].reshaped([4, 6]) }
    checkGradients(of: [x]) { $0[0].flattened(from: 1) }
    checkGradients(of: [x]) { $0[0].permuted([2, 0, 1]) }
    checkGradients(of: [x]) { $0[0].transposed(0, -1) }
    checkGradients(of: [x]) { $0[0].sliced(axis: 2, 1..<3) }
    checkGradients(of: [x]) { $0[0].selected(axis: 1, 2) }
    checkGradients(of: [x]) { v in
      let parts = v[0].split(axis: 2, parts: 2)
      return parts[0] * parts[1]
    }
    checkGradients(of: [noise([3, 1])]) { $0[0].broadcast(to: [2, 3, 4]) }
    checkGradients(of: [x, noise([2, 1, 4], seed: 4)]) {
      Variable.concatenated([$0[0], $0[1], $0[0]], axis: 1)
    }
    checkGradients(of: [x]) { $0[0].flipped(axes: [0, 2]) }
    checkGradients(of: [x]) { $0[0].rolled(axes: [1, 2], by: [1, -2]) }
    checkGradients(of: [x]) { $0[0].padded([(0, 1), (2, 0), (1, 1)]) }
  }

  @Test func `products of matrices`() {
    checkGradients(of: [noise([3, 4]), noise([4, 5], seed: 2)]) { $0[0].matmul($0[1]) }
    checkGradients(of: [noise([2, 3, 4]), noise([4, 5], seed: 2)]) { $0[0].matmul($0[1]) }
    checkGradients(of: [noise([2, 2, 3, 4]), noise([2, 1, 4, 5], seed: 2)]) {
      $0[0].matmul($0[1])
    }
    checkGradients(of: [noise([2, 3, 4]), noise([5, 4], seed: 2), noise([5], seed: 3)]) {
      $0[0].linear($0[1], bias: $0[2])
    }
  }

  @Test func `norms`() {
    checkGradients(of: [noise([2, 3, 6]), noise([6], seed: 2), noise([6], seed: 3)]) {
      $0[0].layerNormalized($0[1], $0[2], epsilon: 1e-5)
    }
    checkGradients(of: [noise([2, 3, 6]), noise([6], seed: 2)]) {
      $0[0].rootMeanSquareNormalized($0[1], epsilon: 1e-5)
    }
    checkGradients(
      of: [noise([3, 4, 2, 3]), noise([4], seed: 2), noise([4], seed: 3)], floatTolerance: 1e-3
    ) { $0[0].batchNormalized($0[1], $0[2], epsilon: 1e-5).result }
    let mean = noise([4], seed: 8)
    let variance = noise([4], seed: 9).squared() + 0.5
    checkGradients(of: [noise([3, 4, 2]), noise([4], seed: 2), noise([4], seed: 3)]) { v in
      let type = v[0].value.elementType
      return v[0].batchNormalized(
        v[1], v[2], mean: mean.converted(to: type), variance: variance.converted(to: type),
        epsilon: 1e-5)
    }
  }

  @Test func `convolutions over one, two and three axes`() {
    checkGradients(of: [noise([2, 3, 9]), noise([4, 3, 3], seed: 2), noise([4], seed: 3)]) {
      $0[0].convolution($0[1], bias: $0[2], stride: [2], padding: [1], dilation: [1])
    }
    checkGradients(of: [noise([2, 4, 5, 6]), noise([6, 2, 3, 3], seed: 2), noise([6], seed: 3)]) {
      $0[0].convolution(
        $0[1], bias: $0[2], stride: [1, 2], padding: [1, 2], dilation: [1, 2], groups: 2)
    }
    checkGradients(of: [noise([1, 2, 3, 4, 4]), noise([3, 2, 2, 3, 3], seed: 2)]) {
      $0[0].convolution($0[1], stride: [1, 1, 2], padding: [0, 1, 1], dilation: [1, 1, 1])
    }
    checkGradients(of: [noise([2, 3, 4, 4]), noise([3, 1, 3, 3], seed: 2)]) {
      $0[0].convolution($0[1], stride: [1, 1], padding: [1, 1], dilation: [1, 1], groups: 3)
    }
  }

  @Test func `transposed convolutions`() {
    checkGradients(of: [noise([2, 3, 3, 4]), noise([3, 2, 3, 3], seed: 2), noise([2], seed: 3)]) {
      $0[0].transposedConvolution(
        $0[1], bias: $0[2], stride: [2, 2], padding: [1, 1], outputPadding: [1, 1])
    }
    checkGradients(of: [noise([1, 2, 2, 3, 2]), noise([2, 3, 2, 2, 2], seed: 2)]) {
      $0[0].transposedConvolution(
        $0[1], stride: [2, 2, 2], padding: [0, 0, 0], outputPadding: [0, 0, 0])
    }
  }

  @Test func `pooling`() {
    checkGradients(of: [noise([2, 3, 6, 7])]) {
      $0[0].maxPooled(window: [3, 3], stride: [2, 2], padding: [1, 1])
    }
    checkGradients(of: [noise([2, 3, 6, 6])]) {
      $0[0].averagePooled(window: [2, 2], stride: [2, 2])
    }
  }

  @Test func `rows of a table, and what is dropped`() {
    checkGradients(of: [noise([5, 3])]) { $0[0].rows([2, 0, 2, 4]) }
    checkGradients(of: [noise([6, 4])]) { $0[0].dropout(0.4) }
    checkGradients(of: [noise([6, 2, 3])]) { $0[0].droppingPaths(0.3) }
    checkGradients(of: [noise([3, 4])]) { -$0[0] }
  }

  @Test func `norms joined with what follows them`() {
    checkGradients(
      of: [
        noise([3, 4, 2, 9]), noise([4], seed: 2), noise([4], seed: 3),
        noise([3, 4, 2, 9], seed: 4),
      ], floatTolerance: 1e-3
    ) { $0[0].batchNormalized($0[1], $0[2], epsilon: 1e-5, adding: $0[3], relu: true).result }
    checkGradients(
      of: [noise([3, 4, 2, 9]), noise([4], seed: 2), noise([4], seed: 3)], floatTolerance: 1e-3
    ) { $0[0].batchNormalized($0[1], $0[2], epsilon: 1e-5, relu: true).result }
    for slopes in [1, 3] {
      checkGradients(of: [noise([2, 3, 4, 5]), noise([slopes], seed: 2)], floatTolerance: 1e-3) {
        $0[0].instanceNormalized(slope: $0[1], epsilon: 1e-5)
      }
    }
  }

  @Test func `attention`() {
    checkGradients(
      of: [noise([2, 2, 3, 4]), noise([2, 2, 5, 4], seed: 2), noise([2, 2, 5, 4], seed: 3)]
    ) { $0[0].attention(keys: $0[1], values: $0[2]) }
  }

  @Test func `a checkpointed segment has the gradients of a plain one`() {
    checkGradients(of: [noise([3, 4]), noise([4, 4], seed: 2)]) { v in
      v[0].matmul(v[1]).checkpointed { $0.gelu().softmax() }
    }
  }
}

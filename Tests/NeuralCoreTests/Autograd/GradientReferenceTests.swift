import Foundation
import NeuralCore
import Testing

/// Values and gradients of every differentiable operator against PyTorch's in float64
/// (`gradient_reference.py`, run by the Python that `ROENTGEN_PYTHON` names).
struct GradientReferenceTests {
  typealias Operation = @Sendable ([Variable]) -> Variable

  private static let arithmetic: [String: Operation] = [
    "add": { $0[0] + $0[1] }, "subtract": { $0[0] - $0[1] }, "multiply": { $0[0] * $0[1] },
    "divide": { $0[0] / $0[1] }, "numbers": { 2 - ($0[0] * 3 + 1) / 4 - 5 }, "negate": { -$0[0] },
    "squared": { $0[0].squared() }, "root": { $0[0].squareRoot() }, "exp": { $0[0].exp() },
    "log": { $0[0].log() }, "absolute": { $0[0].absolute() }, "power": { $0[0].power(1.7) },
    "clamped": { $0[0].clamped(-0.4, 0.6) }, "sum": { $0[0].sum() },
    "sumAxis": { $0[0].sum(axes: [1]) },
    "mean": { $0[0].mean(axes: [0, 2], keepingAxes: true) },
  ]

  private static let activations: [String: Operation] = [
    "relu": { $0[0].relu() }, "leaky": { $0[0].leakyReLU(slope: 0.1) },
    "prelu": { $0[0].parametricReLU(slope: $0[1]) },
    "prelu1": { $0[0].parametricReLU(slope: $0[1]) },
    "gelu": { $0[0].gelu() }, "geluTanh": { $0[0].geluTanh() }, "silu": { $0[0].silu() },
    "quickGELU": { $0[0].quickGELU() }, "sigmoid": { $0[0].sigmoid() }, "tanh": { $0[0].tanh() },
    "softplus": { $0[0].softplus() }, "hardSwish": { $0[0].activated(.hardSwish) },
    "softmax": { $0[0].softmax() }, "logSoftmax": { $0[0].logSoftmax() },
  ]

  private static let views: [String: Operation] = [
    "reshaped": { $0[0].reshaped([4, 6]) }, "flattened": { $0[0].flattened(from: 1) },
    "permuted": { $0[0].permuted([2, 0, 1]) }, "transposed": { $0[0].transposed(0, -1) },
    "sliced": { $0[0].sliced(axis: 2, 1..<3) }, "selected": { $0[0].selected(axis: 1, 2) },
    "split": {
      let parts = $0[0].split(axis: 2, parts: 2)
      return parts[0] * parts[1]
    },
    "broadcast": { $0[0].broadcast(to: [2, 3, 4]) },
    "concatenated": { Variable.concatenated([$0[0], $0[1], $0[0]], axis: 1) },
    "flipped": { $0[0].flipped(axes: [0, 2]) },
    "rolled": { $0[0].rolled(axes: [1, 2], by: [1, -2]) },
    "padded": { $0[0].padded([(0, 1), (2, 0), (1, 1)]) }, "rows": { $0[0].rows([2, 0, 2, 4]) },
  ]

  private static let products: [String: Operation] = [
    "matmul": { $0[0].matmul($0[1]) }, "matmulShared": { $0[0].matmul($0[1]) },
    "linear": { $0[0].linear($0[1], bias: $0[2]) },
    "attention": { $0[0].attention(keys: $0[1], values: $0[2]) },
    "attentionBias": { $0[0].attention(keys: $0[1], values: $0[2], bias: $0[3]) },
    "conv1d": {
      $0[0].convolution($0[1], bias: $0[2], stride: [2], padding: [1], dilation: [1])
    },
    "conv2d": {
      $0[0].convolution(
        $0[1], bias: $0[2], stride: [1, 2], padding: [1, 2], dilation: [1, 2], groups: 2)
    },
    "conv2dWinograd": { $0[0].convolution($0[1], .init(axes: 2, padding: 1)) },
    "conv2dStrided": { $0[0].convolution($0[1], .init(axes: 2, stride: 2, padding: 1)) },
    "conv2dPoint": { $0[0].convolution($0[1], .init(axes: 2, stride: 2)) },
    "conv3d": { $0[0].convolution($0[1], .init(axes: 3, padding: 1)) },
    "conv3dStrided": { $0[0].convolution($0[1], .init(axes: 3, stride: 2, padding: 1)) },
    "transposed2d": {
      $0[0].transposedConvolution(
        $0[1], bias: $0[2], stride: [2, 2], padding: [1, 1], outputPadding: [1, 1])
    },
    "transposed3d": {
      $0[0].transposedConvolution(
        $0[1], stride: [2, 2, 2], padding: [0, 0, 0], outputPadding: [0, 0, 0])
    },
    "maxPooled": { $0[0].maxPooled(window: [3, 3], stride: [2, 2], padding: [1, 1]) },
    "averagePooled": { $0[0].averagePooled(window: [2, 2], stride: [2, 2]) },
  ]

  private static let norms: [String: Operation] = [
    "layerNorm": { $0[0].layerNormalized($0[1], $0[2], epsilon: 1e-5) },
    "rmsNorm": { $0[0].rootMeanSquareNormalized($0[1], epsilon: 1e-5) },
    "batchNorm": { $0[0].batchNormalized($0[1], $0[2], epsilon: 1e-5).result },
    "batchNormJoined": {
      $0[0].batchNormalized($0[1], $0[2], epsilon: 1e-5, adding: $0[3], relu: true).result
    },
    "batchNormFixed": {
      $0[0].batchNormalized(
        $0[1], $0[2], mean: Tensor([-1, -1 / 3, 1 / 3, 1], shape: [4]),
        variance: Tensor([0.5, 1, 1.5, 2], shape: [4]), epsilon: 1e-5)
    },
    "instanceNorm": { $0[0].instanceNormalized(slope: $0[1], epsilon: 1e-5) },
    "instanceNormSlopes": { $0[0].instanceNormalized(slope: $0[1], epsilon: 1e-5) },
  ]

  private static let losses: [String: Operation] = [
    "crossEntropy": {
      let labels = Tensor(of: (0..<24).map { Int64($0 % 3) }, shape: [2, 3, 4])
      return Loss.crossEntropy(weights: [1, 2, 0.5], smoothing: 0.1, ignoring: 1)($0[0], labels)
    },
    "binaryCrossEntropy": {
      Loss.binaryCrossEntropy()($0[0], Tensor(repeating: 0.3, shape: [3, 4]))
    },
    "huber": { Loss.huber(delta: 0.5)($0[0], Tensor(repeating: 0.3, shape: [3, 4])) },
    "meanSquaredError": {
      Loss.meanSquaredError($0[0], Tensor(repeating: 0.3, shape: [3, 4]))
    },
  ]

  @Test func `every operator has PyTorch's value and gradients`() throws {
    let folder = try ReferenceModels.temporaryFolder()
    guard
      let said = ReferenceModels.run("gradient_reference.py", [folder], beside: #filePath),
      let count = Int(said.split(separator: "\n").last ?? "")
    else {
      print("SKIPPED 1 test (gradients of every operator): no ROENTGEN_PYTHON with PyTorch")
      return
    }
    let reference = try Weights(contentsOf: folder + "/gradients.safetensors")
    var cases = Self.arithmetic
    for more in [Self.activations, Self.views, Self.products, Self.norms, Self.losses] {
      cases.merge(more) { first, _ in first }
    }
    // A layer's own parameters are no inputs; its parts are checked above.
    cases["groupNorm"] = { v in
      var norm = GroupNorm(4, groups: 2)
      norm.weight?.value = v[1].value
      norm.bias?.value = v[2].value
      return norm(v[0])
    }
    #expect(cases.count == count)
    for (name, operation) in cases.sorted(by: { $0.key < $1.key }) {
      var inputs: [Tensor] = []
      while let stored = reference.tensors["\(name).in\(inputs.count)"] {
        inputs.append(stored.tensor())
      }
      let tape = Tape()
      let variables = inputs.map { tape.input($0) }
      let output = operation(variables)
      let weight = try reference.tensor("\(name).weight")
      let gradients = tape.gradients(of: (output * tape.constant(weight)).sum())
      try compare(output.value, reference.tensor("\(name).out"), "\(name)'s value")
      for index in 0..<(name == "groupNorm" ? 1 : inputs.count) {
        let found = try #require(gradients[variables[index]], "\(name), input \(index)")
        try compare(
          found, reference.tensor("\(name).grad\(index)"), "\(name)'s gradient \(index)")
      }
    }
  }

  private func compare(_ found: Tensor, _ expected: Tensor, _ what: String) throws {
    let size = max(expected.scalars.map { abs($0) }.max() ?? 1, 1)
    #expect(largestDifference(found, expected) / size < 2e-5, "\(what)")
  }
}

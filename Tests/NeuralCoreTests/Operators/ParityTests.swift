import Foundation
import NeuralCore
import Testing

/// How far an answer may be from PyTorch's: `absolute` + `relative` · |answer|.
struct Tolerance {
  var absolute: Float
  var relative: Float

  /// By operator; what is not named has to agree within 1e-6 + 4e-6 of the answer. Inputs are of
  /// size 1, sums of up to 1,000 products.
  static let table: [String: Tolerance] = [
    // Winograd's transforms, sums of products.
    "conv": .init(absolute: 1e-4, relative: 1e-5),
    "transposedConv": .init(absolute: 2e-5, relative: 1e-5),
    "matmul": .init(absolute: 1e-5, relative: 1e-5),
    "linear": .init(absolute: 2e-5, relative: 1e-5),
    "einsum": .init(absolute: 5e-6, relative: 1e-5),
    "bicubic": .init(absolute: 4e-6, relative: 1e-5),
    "gridSample": .init(absolute: 4e-6, relative: 1e-5),
    // Quotients by a root of a sum.
    "layerNorm": .init(absolute: 1e-5, relative: 1e-5),
    "groupNorm": .init(absolute: 1e-5, relative: 1e-5),
    "batchNorm": .init(absolute: 2e-6, relative: 1e-5),
    "cumulativeSum": .init(absolute: 1e-5, relative: 1e-5),
    "sum": .init(absolute: 1e-5, relative: 1e-5),
    "attention": .init(absolute: 3e-6, relative: 1e-5),
    "maskedAttention": .init(absolute: 3e-6, relative: 1e-5),
    "power": .init(absolute: 1e-6, relative: 2e-5),
    "sin": .init(absolute: 1e-6, relative: 1e-5),
    "cos": .init(absolute: 1e-6, relative: 1e-5),
  ]

  static func of(_ operation: String) -> Tolerance {
    table[operation] ?? .init(absolute: 1e-6, relative: 4e-6)
  }

  /// The largest excess over the tolerance, and where; NaN must meet NaN, ∞ the same ∞.
  func excess(_ found: Tensor, _ expected: Tensor) -> (excess: Float, at: Int)? {
    var worst: (Float, Int)?
    for (index, (x, y)) in zip(found.scalars, expected.scalars).enumerated() {
      if x == y || (x.isNaN && y.isNaN) { continue }
      let difference = abs(x - y)
      let beyond = difference - absolute - relative * abs(y)
      if !(beyond <= 0), !(beyond <= worst?.0 ?? 0) {
        worst = (beyond.isNaN ? .infinity : beyond, index)
      }
    }
    return worst.map { (excess: $0.0, at: $0.1) }
  }
}

/// A case that `parity_cases.py` made.
private struct ParityCase: Codable {
  var index: Int
  var op: String
  var kind: String
  var inputs: Int
  var ints: [String: [Int]]

  func list(_ name: String) -> [Int] { ints[name] ?? [] }
  func flag(_ name: String) -> Bool { ints[name]?.first == 1 }
}

extension OneInstructionSet {
  /// Random shapes, strides, dilations, groups, tiny and odd sizes, axes of no element, denormal and
  /// infinite numbers. `ROENTGEN_SLOW=1` makes ten times as many.
  @Suite struct ParityTests {
    @Test func `operators agree with PyTorch on seeded random cases`() throws {
      guard ReferenceModels.python != nil else {
        print("SKIPPED the random parity cases: ROENTGEN_PYTHON is not set")
        return
      }
      let isSlow = ProcessInfo.processInfo.environment["ROENTGEN_SLOW"] == "1"
      let folder = try ReferenceModels.temporaryFolder()
      defer { try? FileManager.default.removeItem(atPath: folder) }
      guard
        let text = ReferenceModels.run(
          "parity_cases.py", [folder, isSlow ? "80" : "8"], beside: #filePath)
      else {
        print("SKIPPED the random parity cases: the reference could not be made")
        return
      }
      let tensors = try Weights(contentsOf: "\(folder)/parity.safetensors")
      let cases = try text.split(separator: "\n").map {
        try JSONDecoder().decode(ParityCase.self, from: Data($0.utf8))
      }
      let first = Threads.instructionSet
      defer { Threads.use(instructionSet: first) }
      var compared = 0
      for isa in ["avx512", "avx2", "neon", "baseline"] where Threads.use(instructionSet: isa) {
        for item in cases {
          let inputs = try (0..<item.inputs).map { try tensors.tensor("\(item.index).in.\($0)") }
          let expected = try tensors.tensor("\(item.index).out").converted(to: .float32)
          let found = try #require(Self.answer(item, inputs), "no operator \(item.op)")
            .converted(to: .float32)
          #expect(found.shape == expected.shape, "\(isa) \(item)")
          guard found.shape == expected.shape else { continue }
          let excess = Tolerance.of(item.op).excess(found, expected)
          if let excess {
            Issue.record(
              """
              \(isa) \(item) \(inputs.map(\.shape)): \(found.scalars[excess.at]) for \
              \(expected.scalars[excess.at]) at \(excess.at)
              """)
          }
          compared += 1
        }
      }
      print("parity: \(cases.count) cases, \(compared) comparisons with PyTorch")
      #expect(cases.count > 200)
    }

    private static let functions: [String: @Sendable (Tensor) -> Tensor] = [
      "relu": { $0.relu() }, "leakyReLU": { $0.leakyReLU() }, "gelu": { $0.gelu() },
      "geluTanh": { $0.geluTanh() }, "silu": { $0.silu() }, "sigmoid": { $0.sigmoid() },
      "tanh": { $0.tanh() }, "softplus": { $0.softplus() }, "mish": { $0.mish() },
      "hardSwish": { $0.hardSwish() }, "elu": { $0.elu() }, "exp": { $0.exp() },
      "log": { $0.log() }, "sin": { $0.sin() }, "cos": { $0.cos() },
      "erf": { $0.errorFunction() }, "sqrt": { $0.squareRoot() },
      "reciprocal": { $0.reciprocal() }, "expm1": { $0.expMinusOne() },
      "log1p": { $0.logOnePlus() }, "atan": { $0.atan() }, "round": { $0.rounded() },
      "floor": { $0.floor() }, "softmax": { $0.softmax() }, "logSoftmax": { $0.logSoftmax() },
      "sum": { $0.sum(axes: [-1]) }, "logSumExp": { $0.logSumExp(axes: [-1]) },
      "cumulativeSum": { $0.cumulativeSum(axis: -1) }, "largest": { $0.max(axes: [-1]) },
      "argMax": { $0.argMax(axis: -1) }, "sorted": { $0.sorted(axis: -1).values },
      "pixelShuffle": { $0.pixelShuffled(2) }, "roll": { $0.rolled([1, -2], axes: [2, 3]) },
    ]

    private static func answer(_ item: ParityCase, _ x: [Tensor]) -> Tensor? {
      if let function = functions[item.op] { return function(x[0]) }
      return layer(item, x) ?? picture(item, x) ?? product(item, x)
    }

    private static func layer(_ item: ParityCase, _ x: [Tensor]) -> Tensor? {
      func geometry() -> ConvolutionGeometry {
        ConvolutionGeometry(
          stride: item.list("stride"), padding: item.list("padding"),
          dilation: item.list("dilation"), groups: item.list("groups")[0])
      }
      switch item.op {
      case "conv": return x[0].convolution(x[1], bias: x[2], geometry())
      case "transposedConv":
        return x[0].transposedConvolution(
          x[1], bias: x[2], geometry(), outputPadding: item.list("extra"))
      case "linear": return x[0].linear(x[1], bias: x[2])
      case "layerNorm": return x[0].layerNorm(scale: x[1], shift: x[2])
      case "rmsNorm": return x[0].rmsNorm(scale: x[1])
      case "groupNorm":
        return x[0].groupNorm(groups: item.list("groups")[0], scale: x[1], shift: x[2])
      case "batchNorm":
        return x[0].batchNorm(scale: x[1], shift: x[2], mean: x[3], variance: x[4])
      case "attention": return x[0].attention(keys: x[1], values: x[2])
      case "maskedAttention": return x[0].attention(keys: x[1], values: x[2], bias: x[3])
      default: return nil
      }
    }

    private static func product(_ item: ParityCase, _ x: [Tensor]) -> Tensor? {
      switch item.op {
      case "matmul": x[0].matmul(x[1])
      case "einsum": Tensor.einsum("bij,bjk->bki", x)
      case "add": x[0] + x[1]
      case "divide": x[0] / x[1]
      case "maximum": x[0].maximum(x[1])
      case "power": x[0].absolute().power(x[1])
      default: nil
      }
    }

    private static func picture(_ item: ParityCase, _ x: [Tensor]) -> Tensor? {
      func windows() -> PoolingGeometry {
        PoolingGeometry(
          size: item.list("size"), stride: item.list("stride"), padding: item.list("padding"),
          ceilMode: item.flag("ceil"))
      }
      func resized(_ interpolation: Interpolation) -> Tensor {
        x[0].resized(
          to: item.list("size"), interpolation,
          item.flag("corners") ? .alignCorners : .halfPixel)
      }
      let margins = item.list("margins")
      func padded(_ mode: PaddingMode) -> Tensor {
        x[0].padded(
          before: [0, 0, margins[1], margins[0]], after: [0, 0, margins[0], margins[1]], mode)
      }
      switch item.op {
      case "maxPool": return x[0].maxPooled(windows())
      case "averagePool": return x[0].averagePooled(windows())
      case "adaptiveAveragePool": return x[0].adaptiveAveragePooled(item.list("size"))
      case "nearest":
        return x[0].resized(to: item.list("size"), .nearest, .asymmetric)
      case "bilinear": return resized(.linear)
      case "bicubic": return resized(.cubic)
      case "reflect": return padded(.reflect)
      case "replicate": return padded(.replicate)
      case "gridSample": return x[0].gridSampled(x[1], alignCorners: item.flag("corners"))
      default: return nil
      }
    }
  }
}

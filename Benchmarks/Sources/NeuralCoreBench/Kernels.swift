import BenchProtocol
import NeuralCore

/// Operands that stay between calls, so that only the operator itself is timed.
nonisolated(unsafe) private var ready: [String: () -> Void] = [:]

private struct BadArguments: Error {
  let arguments: [String]
}

/// The time of a prepared call; the first call of a kind prepares it and runs it once.
func timed(_ arguments: [String], _ make: () throws -> () -> Void) rethrows -> Double {
  let key = arguments.joined(separator: " ")
  if ready[key] == nil {
    let call = try make()
    call()
    ready[key] = call
  }
  // Of a short call, the median of several, as the peers are timed.
  let once = seconds { ready[key]?() }
  if once > 0.6 { return once }
  let count = max(3, min(500, Int(0.04 / max(once, 1e-6))))
  let times = (0..<count).map { _ in seconds { ready[key]?() } }.sorted()
  return times[count / 2]
}

private func integers(_ arguments: [String], _ count: Int) throws -> [Int] {
  let values = arguments.compactMap(Int.init)
  guard values.count >= count else { throw BadArguments(arguments: arguments) }
  return values
}

/// `matmul m n k`: float32, both operands plain.
func matmul(_ arguments: [String]) throws -> Double {
  try timed(["matmul"] + arguments) {
    let size = try integers(arguments, 3)
    let a = Tensor.uniform([size[0], size[2]], in: -1..<1, seed: 1)
    let b = Tensor.uniform([size[2], size[1]], in: -1..<1, seed: 2)
    return { keep(a.matmul(b)) }
  }
}

/// `matmul-bf16 m n k`: bfloat16 operands and result.
func matmulHalf(_ arguments: [String]) throws -> Double {
  try timed(["matmul-bf16"] + arguments) {
    let size = try integers(arguments, 3)
    let a = Tensor.uniform([size[0], size[2]], in: -1..<1, seed: 1).converted(to: .bfloat16)
    let b = Tensor.uniform([size[2], size[1]], in: -1..<1, seed: 2).converted(to: .bfloat16)
    return { keep(a.matmul(b)) }
  }
}

/// `linear rows outputs inputs gelu`: packed weights, bias and, with 1, GELU.
func linear(_ arguments: [String]) throws -> Double {
  try timed(["linear"] + arguments) {
    let size = try integers(arguments, 4)
    let x = Tensor.uniform([size[0], size[2]], in: -1..<1, seed: 1)
    let layer = PreparedLinear(
      weight: Tensor.uniform([size[1], size[2]], in: -1..<1, seed: 2),
      bias: Tensor.uniform([size[1]], seed: 3), activation: size[3] == 1 ? .gelu : .none)
    return { keep(layer(x)) }
  }
}

/// `conv batch channels filters groups depth height width depthTaps taps stride padding dilation`.
func convolution(_ arguments: [String]) throws -> Double {
  try timed(["conv"] + arguments) {
    let v = try integers(arguments, 12)
    let volume = v[7] > 1 || v[4] > 1
    let image = volume ? [v[4], v[5], v[6]] : [v[5], v[6]]
    let taps = volume ? [v[7], v[8], v[8]] : [v[8], v[8]]
    let axes = image.count
    // Channels innermost, as PyTorch's peer has them.
    let x = Tensor.uniform([v[0], v[1]] + image, in: -1..<1, seed: 1).channelsLast()
    let layer = PreparedConvolution(
      filters: Tensor.uniform([v[2], v[1] / v[3]] + taps, in: -1..<1, seed: 2),
      ConvolutionGeometry(axes: axes, stride: v[9], padding: v[10], dilation: v[11], groups: v[3]))
    return { keep(layer(x)) }
  }
}

/// `linear-unpacked rows outputs inputs gelu`: the same with weights as they are stored.
func linearUnpacked(_ arguments: [String]) throws -> Double {
  try timed(["linear-unpacked"] + arguments) {
    let size = try integers(arguments, 4)
    let x = Tensor.uniform([size[0], size[2]], in: -1..<1, seed: 1)
    let weight = Tensor.uniform([size[1], size[2]], in: -1..<1, seed: 2)
    let bias = Tensor.uniform([size[1]], seed: 3)
    return { keep(x.linear(weight, bias: bias, activation: size[3] == 1 ? .gelu : .none)) }
  }
}

/// `attention batch heads length width causal`.
func attention(_ arguments: [String]) throws -> Double {
  try timed(["attention"] + arguments) {
    let v = try integers(arguments, 5)
    let shape = [v[0], v[1], v[2], v[3]]
    let q = Tensor.normal(shape, seed: 1)
    let k = Tensor.normal(shape, seed: 2)
    let u = Tensor.normal(shape, seed: 3)
    return { keep(q.attention(keys: k, values: u, causal: v[4] == 1)) }
  }
}

/// `unary name count`: one activation over as many numbers.
func unary(_ arguments: [String]) throws -> Double {
  try timed(["unary"] + arguments) {
    let functions: [String: @Sendable (Tensor) -> Tensor] = [
      "gelu": { $0.gelu() }, "exp": { $0.exp() }, "tanh": { $0.tanh() }, "relu": { $0.relu() },
      "softmax": { $0.reshaped([-1, 768]).softmax() },
      "layerNorm": { $0.reshaped([-1, 768]).layerNorm() },
    ]
    guard let name = arguments.first, let function = functions[name],
      let count = arguments.last.flatMap(Int.init)
    else { throw BadArguments(arguments: arguments) }
    let x = Tensor.normal([count], seed: 1)
    return { keep(function(x)) }
  }
}

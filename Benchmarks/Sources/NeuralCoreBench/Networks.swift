import BenchProtocol
import NeuralCore

/// The U-Net of Ronneberger et al. with batch norm and margins, as segmentation code has it: two 3×3
/// convolutions a level, max pooling down, transposed 2×2 convolutions up.
struct PlainUNet: Layer {
  var pairs: [[Convolution]] = []
  var norms: [[BatchNorm]] = []
  var rise: [TransposedConvolution] = []
  var last: Convolution
  let axes: Int

  init(axes: Int, base: Int, levels: Int, channels: Int, classes: Int) {
    var draws = SeededDraws(seed: 1)
    self.axes = axes
    let three = [Int](repeating: 3, count: axes)
    let two = [Int](repeating: 2, count: axes)
    func pair(_ from: Int, _ to: Int, _ draws: inout SeededDraws) -> [Convolution] {
      [
        Convolution(from, to, taps: three, hasBias: false, start: .heNormal, draws: &draws),
        Convolution(to, to, taps: three, hasBias: false, start: .heNormal, draws: &draws),
      ]
    }
    var inputs = channels
    for level in 0...levels {
      pairs.append(pair(inputs, base << level, &draws))
      inputs = base << level
    }
    for level in (0..<levels).reversed() {
      rise.append(
        TransposedConvolution(
          base << (level + 1), base << level, taps: two, stride: two, draws: &draws))
      pairs.append(pair(2 * base << level, base << level, &draws))
    }
    norms = pairs.map { $0.map { BatchNorm($0.weight.value.shape[0]) } }
    last = Convolution(base, classes, taps: [Int](repeating: 1, count: axes), draws: &draws)
  }

  mutating func visit(_ visitor: ParameterVisitor) {
    for index in pairs.indices {
      visitor("pairs.\(index)", &pairs[index])
      visitor("norms.\(index)", &norms[index])
    }
    visitor("rise", &rise)
    visitor("last", &last)
  }

  private func both(_ index: Int, _ x: Variable) -> Variable {
    let inner = pairs[index][0](x, norm: norms[index][0], activation: .relu)
    return pairs[index][1](inner, norm: norms[index][1], activation: .relu)
  }

  func callAsFunction(_ input: Variable) -> Variable {
    let two = [Int](repeating: 2, count: axes)
    var skips: [Variable] = []
    var x = both(0, input)
    for level in rise.indices {
      skips.append(x)
      x = both(level + 1, x.maxPooled(window: two, stride: two))
    }
    for (step, skip) in skips.reversed().enumerated() {
      let index = rise.count + 1 + step
      let inner = pairs[index][0](
        skip, beside: rise[step](x), norm: norms[index][0], activation: .relu)
      x = pairs[index][1](inner, norm: norms[index][1], activation: .relu)
    }
    return last(x)
  }
}

private func forward(_ name: String, size: Int, batch: Int, precision: String) throws -> () -> Void
{
  func run<Model: Layer>(_ model: Model, _ shape: [Int]) -> () -> Void {
    var model = model
    if precision == "bf16" { model.storeMatrices(as: .bfloat16) }
    let fixed = model
    let x = Tensor.normal(shape, seed: 1)
    return { keep(fixed(x)) }
  }
  let picture = [batch, 3, size, size]
  switch name {
  case "resnet50" where precision == "int8":
    let x = Tensor.normal(picture, seed: 1)
    let network = Int8ResNet(ResNet(.resNet50()), calibratedOn: x)
    return { keep(network(x)) }
  case "resnet50": return run(ResNet(.resNet50()), picture)
  case "resnet18": return run(ResNet(.resNet18()), picture)
  case "vit-b": return run(ViT(.base(size: size)), picture)
  case "unet2d-64", "unet2d-32":
    return run(
      PlainUNet(axes: 2, base: name == "unet2d-64" ? 64 : 32, levels: 4, channels: 1, classes: 2),
      [batch, 1, size, size])
  case "unet3d-32", "unet3d-16":
    return run(
      PlainUNet(axes: 3, base: name == "unet3d-32" ? 32 : 16, levels: 3, channels: 1, classes: 2),
      [batch, 1, size, size, size])
  default: throw BenchError(text: "no network \(name)")
  }
}

/// `net NETWORK SIZE BATCH f32|bf16|int8`: one forward pass.
func network(_ arguments: [String]) throws -> Double {
  guard arguments.count == 4, let size = Int(arguments[1]), let batch = Int(arguments[2]) else {
    throw BenchError(text: "net NETWORK SIZE BATCH f32|bf16|int8")
  }
  return try timed(["net"] + arguments) {
    try forward(arguments[0], size: size, batch: batch, precision: arguments[3])
  }
}

/// `save NETWORK PATH`: writes a network's weights; no time worth reading.
func saveWeights(_ arguments: [String]) throws -> Double {
  guard arguments.count == 2, arguments[0] == "resnet50" else {
    throw BenchError(text: "save resnet50 PATH")
  }
  try ResNet(.resNet50()).save(to: arguments[1])
  return 0
}

/// `start PATH`: a network from a file and its first answer, less the forward pass that follows.
/// Run in a fresh process.
func start(_ arguments: [String]) throws -> Double {
  guard arguments.count == 1 else { throw BenchError(text: "start PATH") }
  let x = Tensor.normal([1, 3, 224, 224], seed: 1)
  var network: ResNet?
  let first = try seconds {
    let weights = try Weights(contentsOf: arguments[0])
    let made = try weights.network { ResNet(.resNet50()) }
    keep(made(x))
    network = made
  }
  guard let network else { return first }
  keep(network(x))
  return first - seconds { keep(network(x)) }
}

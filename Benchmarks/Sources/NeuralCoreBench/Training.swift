import BenchProtocol
import NeuralCore
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A network, its optimiser and a batch that stay between steps.
final class TrainingBench<Model: Layer> {
  var model: Model
  var optimizer = Optimizer.sgd(rate: 1e-3, momentum: 0.9)
  let images, targets: Tensor
  let loss: Loss

  init(_ model: Model, images: [Int], targets: Tensor, loss: Loss) {
    self.model = model
    var draws = SeededDraws(seed: 1)
    let count = images.reduce(1, *)
    self.images = Tensor((0..<count).map { _ in draws.normal() }, shape: images)
    self.targets = targets
    self.loss = loss
  }

  func step() {
    let tape = Tape()
    let loss = loss(model(tape.constant(images)), targets)
    let gradients = tape.gradients(of: loss)
    model.adopt(statisticsOf: tape)
    optimizer.step(&model, gradients)
    keep(loss.value.scalar)
  }
}

/// Prepared steps by name, so that only the step itself is timed.
nonisolated(unsafe) private var prepared: [String: () -> Void] = [:]

private func classes(_ batch: Int) -> Tensor {
  Tensor(of: (0..<batch).map { Int64($0 % 10) }, shape: [batch])
}

private func make(_ name: String, size: Int, batch: Int) throws -> () -> Void {
  let images = [batch, 3, size, size]
  let loss = Loss.crossEntropy()
  let targets = classes(batch)
  switch name {
  case "resnet18", "resnet50":
    let shape: ResNet.Configuration = name == "resnet18" ? .resNet18() : .resNet50()
    let bench = TrainingBench(ResNet(shape), images: images, targets: targets, loss: loss)
    return bench.step
  case "resnet-small":
    let shape = ResNet.Configuration(
      blocks: [1, 1, 1, 1], width: 32, classes: 10, hasLargeStem: false)
    return TrainingBench(ResNet(shape), images: images, targets: targets, loss: loss).step
  case "vit-s":
    let shape = ViT.Configuration.small(size: size)
    return TrainingBench(ViT(shape), images: images, targets: targets, loss: loss).step
  case "vit-small":
    var shape = ViT.Configuration(imageSize: size, patchSize: 8, width: 128, depth: 4, heads: 4)
    shape.classes = 10
    return TrainingBench(ViT(shape), images: images, targets: targets, loss: loss).step
  case "unet2d", "unet3d":
    let axes = name == "unet3d" ? 3 : 2
    let shape = UNet.Configuration(axes: axes, classes: 2, widths: [32, 64, 128, 256])
    let sides = [Int](repeating: size, count: axes)
    let masks = (0..<batch * sides.reduce(1, *)).map {
      Int64((size / 4..<size / 2).contains($0 % size) ? 1 : 0)
    }
    return TrainingBench(
      UNet(shape), images: [batch, 1] + sides,
      targets: Tensor(of: masks, shape: [batch] + sides), loss: loss
    ).step
  default: throw BenchError(text: "no network \(name)")
  }
}

struct BenchError: Error { let text: String }

/// `train-step NETWORK SIZE BATCH`: one forward pass, backward pass and SGD step.
func trainStep(_ arguments: [String]) throws -> Double {
  guard arguments.count == 3, let size = Int(arguments[1]), let batch = Int(arguments[2]) else {
    throw BenchError(text: "train-step NETWORK SIZE BATCH")
  }
  let key = arguments.joined(separator: " ")
  if prepared[key] == nil {
    prepared[key] = try make(arguments[0], size: size, batch: batch)
    prepared[key]?()
  }
  let step = prepared[key]
  return seconds { step?() }
}

/// A field of /proc/self/status in megabytes; nil where the system has no such file.
private func status(_ field: String) -> Double? {
  guard let file = fopen("/proc/self/status", "r") else { return nil }
  defer { fclose(file) }
  var line = [CChar](repeating: 0, count: 256)
  while fgets(&line, Int32(line.count), file) != nil {
    let text = String(
      decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard text.hasPrefix(field + ":") else { continue }
    return text.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first
      .flatMap { Double($0) }.map { $0 / 1024 }
  }
  return nil
}

private let firstPeak = Mutex<Double?>(nil)

/// `train-memory NETWORK SIZE BATCH`: the megabytes that three steps add to the process at their
/// peak. The first call alone counts from an empty process; later ones say the same.
func trainMemory(_ arguments: [String]) throws -> Double {
  if let peak = firstPeak.withLock({ $0 }) { return peak }
  guard arguments.count == 3, let size = Int(arguments[1]), let batch = Int(arguments[2]),
    let before = status("VmRSS")
  else { throw BenchError(text: "train-memory NETWORK SIZE BATCH, on Linux") }
  let step = try make(arguments[0], size: size, batch: batch)
  for _ in 0..<3 { step() }
  let peak = (status("VmHWM") ?? before) - before
  firstPeak.withLock { $0 = peak }
  return peak
}

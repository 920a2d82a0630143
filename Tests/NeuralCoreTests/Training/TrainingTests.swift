import Foundation
import NeuralCore
import Synchronization
import Testing

/// Small pictures of two kinds: a bright spot in the upper or in the lower half.
func spots(_ count: Int, seed: UInt64 = 3) -> TensorDataset {
  var draws = SeededDraws(seed: seed)
  var pixels: [Float] = []
  var labels: [Int64] = []
  for _ in 0..<count {
    let label = draws.below(2)
    let (row, column) = (draws.below(3) + label * 5, draws.below(8))
    var picture = (0..<64).map { _ in draws.normal() * 0.3 }
    picture[row * 8 + column] += 3
    pixels += picture
    labels.append(Int64(label))
  }
  return TensorDataset(
    inputs: Tensor(pixels, shape: [count, 1, 8, 8]), targets: Tensor(of: labels, shape: [count]))
}

func smallTrainer(_ checkpoint: String? = nil, seed: UInt64 = 1) -> Trainer<ResNet> {
  var options = TrainingOptions()
  options.epochs = 3
  options.batchSize = 8
  options.seed = 4
  options.schedule = .cosine().warmedUp(steps: 3)
  options.clipNorm = 5
  options.averageDecay = 0.9
  options.checkpointPath = checkpoint
  options.checkpointEvery = 2
  options.transform = { sample, draws in
    if draws.unit() < 0.5 { sample.input = sample.input.flipped(axes: [2]).contiguous() }
  }
  let shape = ResNet.Configuration(
    blocks: [1, 1], width: 4, channels: 1, classes: 2, hasLargeStem: false, dropout: 0.1)
  return Trainer(
    ResNet(shape, seed: seed), loss: .crossEntropy(smoothing: 0.05),
    optimizer: .adamW(rate: 0.01), metric: .accuracy, options: options)
}

func bits(_ model: some Module) -> [String: [UInt32]] {
  model.tensors.mapValues { $0.scalars.map(\.bitPattern) }
}

extension OneInstructionSet {
  @Suite struct TrainingTests {
    @Test func `a small network learns, and says so`() async throws {
      var trainer = smallTrainer()
      trainer.options.epochs = 8
      try await trainer.train(on: spots(96), validating: spots(48, seed: 8))
      #expect(trainer.history.epochs.count == 8)
      #expect((trainer.history.epochs.last?.metric ?? 0) > 0.9)
      #expect(
        trainer.history.csv.hasPrefix("epoch,training_loss,validation_loss,accuracy,rate\n1,"))
      #expect(trainer.history.svg.contains("<polyline"))
    }

    @Test func `equal seeds give equal bits, with one thread or two`() async throws {
      let count = Threads.count
      defer { Threads.count = count }
      var results: [[String: [UInt32]]] = []
      for threads in [1, 2] {
        Threads.count = threads
        var trainer = smallTrainer()
        try await trainer.train(on: spots(40))
        results.append(bits(trainer.model))
      }
      #expect(results[0] == results[1])
      var other = smallTrainer(seed: 2)
      try await other.train(on: spots(40))
      #expect(bits(other.model) != results[0])
    }

    @Test func `a run that is killed continues to the same bits`() async throws {
      var whole = smallTrainer()
      try await whole.train(on: spots(40), validating: spots(16, seed: 8))
      let path = try ReferenceModels.temporaryFolder() + "/run.checkpoint"
      unsafe setenv("ROENTGEN_TEST_CHECKPOINT", path, 1)
      // Dies by signal 9 in the second epoch, after a checkpoint in its middle.
      await #expect(processExitsWith: .failure) {
        let path = ProcessInfo.processInfo.environment["ROENTGEN_TEST_CHECKPOINT"]
        var trainer = smallTrainer(path)
        trainer.options.progress = { progress in
          if progress.step == 9 { kill(getpid(), SIGKILL) }
        }
        try await trainer.train(on: spots(40), validating: spots(16, seed: 8))
      }
      #expect(FileManager.default.fileExists(atPath: path))
      var resumed = smallTrainer(path)
      let steps = Mutex<[Int]>([])
      resumed.options.progress = { progress in steps.withLock { $0.append(progress.step) } }
      try await resumed.train(on: spots(40), validating: spots(16, seed: 8))
      #expect(steps.withLock { $0.first } == 9)
      #expect(bits(resumed.model) == bits(whole.model))
      #expect(resumed.history == whole.history)
    }

    @Test func `a checkpoint of another run is refused`() async throws {
      let path = try ReferenceModels.temporaryFolder() + "/run.checkpoint"
      var first = smallTrainer(path)
      first.options.epochs = 1
      try await first.train(on: spots(8))
      var second = smallTrainer(path)
      second.options.batchSize = 4
      await #expect(throws: NeuralCoreError.self) { try await second.train(on: spots(8)) }
    }

    @Test func `accumulated batches step as one batch of their size`() async throws {
      func train(batch: Int, accumulation: Int) async throws -> [String: Tensor] {
        var shape = ViT.Configuration(imageSize: 8, patchSize: 4, width: 16, depth: 1, heads: 2)
        shape.channels = 1
        shape.classes = 2
        var options = TrainingOptions()
        options.epochs = 1
        options.batchSize = batch
        options.accumulation = accumulation
        options.sampler = .sequential
        var trainer = Trainer(
          ViT(shape), loss: .crossEntropy(), optimizer: .sgd(rate: 0.1), options: options)
        try await trainer.train(on: spots(32))
        return trainer.model.tensors
      }
      let (one, four) = (
        try await train(batch: 16, accumulation: 1), try await train(batch: 4, accumulation: 4)
      )
      for (name, tensor) in one {
        #expect(largestDifference(tensor, try #require(four[name])) < 1e-5, "\(name)")
      }
    }

    @Test func `a saved network loads to the same outputs`() throws {
      let network = ResNet(.small(channels: 1, classes: 2, width: 4), seed: 5)
      let path = try ReferenceModels.temporaryFolder() + "/network.safetensors"
      try network.save(to: path, metadata: ["made by": "a test"])
      let weights = try Weights(contentsOf: path)
      #expect(weights.metadata == ["made by": "a test"])
      var other = ResNet(.small(channels: 1, classes: 2, width: 4), seed: 6)
      try other.load(weights)
      let x = spots(4).inputs
      #expect(other(x).scalars == network(x).scalars)
    }

    @Test func `one error lists every tensor that does not fit`() throws {
      let network = ResNet(.small(channels: 1, classes: 2, width: 4))
      var tensors = network.tensors
      tensors["conv1.weight"] = nil
      tensors["fc.bias"] = Tensor.zeros([3])
      tensors["extra"] = Tensor.zeros([1])
      var other = network
      do throws(NeuralCoreError) {
        try other.load(tensors)
        Issue.record("nothing was thrown")
      } catch {
        #expect(error.code == .mismatch)
        #expect(
          error.detail
            == "missing: conv1.weight [4, 1, 3, 3]; of another shape: fc.bias is [3], "
            + "the network has [2]; left over: extra")
      }
    }

    @Test func `a loss that is not finite ends the run`() async throws {
      var trainer = smallTrainer()
      trainer.options.clipNorm = nil
      let data = TensorDataset(
        inputs: Tensor(repeating: .nan, shape: [8, 1, 8, 8]), targets: spots(8).targets)
      do {
        try await trainer.train(on: data)
        Issue.record("nothing was thrown")
      } catch let error {
        #expect(error.code == .diverged)
      }
    }
  }
}

import NeuralCore
import Synchronization
import Testing

/// Orders, splits, weights, and what ends a run early.
struct DataTests {
  @Test func `folds cover every sample once and keep a patient on one side`() {
    let patients = (0..<50).map { $0 * $0 % 13 }
    for folds in [
      Splits.kFold(count: 50, folds: 4, seed: 2), Splits.grouped(by: patients, folds: 4, seed: 2),
      Splits.stratified(classes: patients, folds: 4, seed: 2),
    ] {
      #expect(folds.flatMap(\.heldOut).sorted() == Array(0..<50))
      for fold in folds {
        #expect((fold.training + fold.heldOut).sorted() == Array(0..<50))
      }
    }
    for fold in Splits.grouped(by: patients, folds: 4, seed: 2) {
      #expect(fold.leaks(patients).isEmpty)
    }
    let careless = Fold(training: [0, 1, 2], heldOut: [3, 14])
    #expect(careless.leaks(patients) == [1])  // 1² and 14² leave 1
    let classes = (0..<60).map { $0 % 3 == 0 ? 1 : 0 }
    for fold in Splits.stratified(classes: classes, folds: 5, seed: 1) {
      #expect(fold.heldOut.count { classes[$0] == 1 } == 4)
    }
  }

  @Test func `a balanced sampler shows every class as often, and weights are scikit-learn's`() {
    let classes = [Int](repeating: 0, count: 90) + [Int](repeating: 1, count: 10)
    var counts = [0, 0]
    for epoch in 0..<20 {
      for index in Sampler.balanced(classes: classes).order(count: 100, seed: 3, epoch: epoch) {
        counts[classes[index]] += 1
      }
    }
    #expect(counts[0] + counts[1] == 2_000 && abs(counts[0] - 1_000) < 100)
    let first = Sampler.shuffled.order(count: 20, seed: 3, epoch: 0)
    #expect(first.sorted() == Array(0..<20) && first != Array(0..<20))
    #expect(first == Sampler.shuffled.order(count: 20, seed: 3, epoch: 0))
    #expect(first != Sampler.shuffled.order(count: 20, seed: 3, epoch: 1))
    // compute_class_weight("balanced", classes=[0, 1, 2], y=[0, 0, 0, 1, 1, 2, 0, 0])
    let weights = balancedClassWeights([0, 0, 0, 1, 1, 2, 0, 0], classes: 3)
    let expected: [Float] = [0.533_333_3, 1.333_333_3, 2.666_666_7]
    #expect(zip(weights, expected).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test func `augmentation in three dimensions keeps a mask aligned; a window maps CT to 0…1`() {
    var augmentation = Augmentation()
    augmentation.flips = [1, 2, 3]
    augmentation.rotation = 0.4
    augmentation.scale = 0.1
    augmentation.elastic = 0.03
    var volume = Tensor.zeros([1, 8, 16, 16])
    for z in 2..<6 { for y in 5..<12 { for x in 4..<10 { volume[0, z, y, x] = 1 } } }
    let mask = volume.selected(axis: 0, 0).converted(to: .int64)
    var sample = Sample(input: volume, target: mask)
    var draws = SeededDraws(seed: 4)
    augmentation.apply(to: &sample, &draws)
    let pairs = zip(sample.input.scalars, sample.target.scalars)
    #expect(pairs.count { ($0 > 0.5) != ($1 > 0.5) } < 24)
    #expect(sample.input.scalars != volume.scalars)
    var windowed = Augmentation()
    windowed.window = (center: 40...40, width: 80...80)
    var scan = Sample(
      input: Tensor([-1000, 0, 20, 40, 80, 900], shape: [1, 2, 3]), target: Tensor(0))
    windowed.apply(to: &scan, &draws)
    #expect(scan.input.scalars == [0, 0, 0.25, 0.5, 1, 1])
  }

  @Test func `mixed batches mix inputs and targets alike`() {
    var batch = Batch(
      inputs: Tensor([0, 1, 2, 3], shape: [4, 1]), targets: Tensor([0, 1, 2, 3], shape: [4, 1]))
    var draws = SeededDraws(seed: 6)
    mixUp(strength: 0.4)(&batch, &draws)
    #expect(batch.inputs == batch.targets)
    #expect(abs(batch.inputs.sum().scalar - 6) < 1e-5)
  }

  @Test func `patience ends a run, and the best epoch's weights come back`() async throws {
    var options = TrainingOptions()
    options.epochs = 30
    options.batchSize = 8
    options.patience = 2
    options.keepsBest = true
    let lines = Mutex<[String]>([])
    options.progress = { progress in lines.withLock { $0.append("\(progress)") } }
    // So high a rate that the validation loss soon rises.
    var trainer = Trainer(
      ResNet(.small(channels: 1, classes: 2, width: 4), seed: 1), loss: .crossEntropy(),
      optimizer: .sgd(rate: 0.1), options: options)
    let heldOut = spots(32, seed: 8)
    try await trainer.train(on: spots(24), validating: heldOut)
    let losses = trainer.history.epochs.compactMap(\.validationLoss)
    let best = try #require(losses.min())
    #expect(losses.count < 30)
    #expect(losses.count - 1 - (losses.firstIndex(of: best) ?? 0) == 2)
    #expect(try trainer.evaluate(trainer.model, on: heldOut).loss == best)
    let said = lines.withLock { $0 }
    let line = try #require(said.first)
    #expect(line.hasPrefix("epoch 1/30 · step 1/90 · loss "))
    #expect(line.contains(" images/s · ") && line.hasSuffix(" left"))
  }
}

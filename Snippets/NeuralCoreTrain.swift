// Trains a small residual network on generated pictures, saves it, loads it and asks it.

import NeuralCore

func trainAndAsk() async throws {
  // 8×8 pictures with a bright spot in the upper (0) or the lower half (1).
  var draws = SeededDraws(seed: 7)
  var pixels: [Float] = []
  var labels: [Int64] = []
  for _ in 0..<96 {
    let label = draws.below(2)
    var picture = (0..<64).map { _ in draws.normal() * 0.3 }
    picture[(draws.below(3) + label * 5) * 8 + draws.below(8)] += 3
    pixels += picture
    labels.append(Int64(label))
  }
  let data = TensorDataset(
    inputs: Tensor(pixels, shape: [96, 1, 8, 8]), targets: Tensor(of: labels, shape: [96]))

  // Ten patients; none is on both sides.
  let fold = Splits.grouped(by: (0..<96).map { $0 % 10 }, folds: 4, seed: 1)[0]
  print("patients on both sides:", fold.leaks((0..<96).map { $0 % 10 }))

  var augmentation = Augmentation()
  augmentation.flips = [2]

  var options = TrainingOptions()
  options.epochs = 8
  options.batchSize = 8
  options.seed = 4
  options.schedule = .cosine().warmedUp(steps: 3)
  options.transform = augmentation.transform
  options.progress = { progress in if progress.step % 20 == 0 { print(progress) } }

  var trainer = Trainer(
    ResNet(.init(blocks: [1, 1], width: 4, channels: 1, classes: 2, hasLargeStem: false), seed: 1),
    loss: .crossEntropy(), optimizer: .adamW(rate: 0.01), metric: .accuracy, options: options)
  try await trainer.train(
    on: Subset(data, fold.training), validating: Subset(data, fold.heldOut))
  print(trainer.history.csv)

  try trainer.model.save(to: "spots.safetensors")
  var again = ResNet(.init(blocks: [1, 1], width: 4, channels: 1, classes: 2, hasLargeStem: false))
  try again.load(Weights(contentsOf: "spots.safetensors"))
  let logits = again(data.inputs.sliced(axis: 0, 0..<1))
  print("logits of the first picture:", logits.scalars, "label", labels[0])

  // The gradient of anything: here of a loss with respect to the picture.
  let tape = Tape(isTraining: false)
  let picture = tape.input(data.inputs.sliced(axis: 0, 0..<1))
  let loss = Loss.crossEntropy()(again(picture), Tensor(of: [labels[0]], shape: [1]))
  let saliency = tape.gradients(of: loss)[picture]
  print("saliency:", saliency?.shape ?? [])
}

try await trainAndAsk()

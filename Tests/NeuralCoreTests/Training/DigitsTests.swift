import Foundation
import NeuralCore
import Testing

/// A proof on real pictures: scikit-learn's 1,797 handwritten digits, 8×8. In debug the two
/// networks take minutes, so this needs `ROENTGEN_SLOW=1`, best with `-c release`.
struct DigitsTests {
  static func digits() throws -> (training: TensorDataset, heldOut: TensorDataset)? {
    let isSlow = ProcessInfo.processInfo.environment["ROENTGEN_SLOW"] != nil
    guard isSlow, ReferenceModels.python != nil else {
      print("SKIPPED 1 digits test: ROENTGEN_SLOW or ROENTGEN_PYTHON is not set")
      return nil
    }
    let folder = try ReferenceModels.temporaryFolder()
    guard ReferenceModels.run("digits.py", [folder], beside: #filePath) != nil else {
      print("SKIPPED 1 digits test: scikit-learn is not there")
      return nil
    }
    let weights = try Weights(contentsOf: "\(folder)/digits.npz")
    let images = try weights.tensor("images").reshaped([-1, 1, 8, 8])
    let labels = try weights.tensor("labels").scalars.map { Int64($0) }
    let fold = Splits.stratified(classes: labels.map { Int($0) }, folds: 5, seed: 1)[0]
    func part(_ indices: [Int]) -> TensorDataset {
      TensorDataset(
        inputs: Tensor.stacked(indices.map { images.selected(axis: 0, $0) }),
        targets: Tensor(of: indices.map { labels[$0] }, shape: [indices.count]))
    }
    return (part(fold.training), part(fold.heldOut))
  }

  static func train<Model: Layer>(
    _ model: Model, rate: Float, epochs: Int, batch: Int = 64, moves: Float = 1
  ) async throws -> (accuracy: Double, model: Model, heldOut: TensorDataset)? {
    guard let (training, heldOut) = try digits() else { return nil }
    var options = TrainingOptions()
    options.epochs = epochs
    options.batchSize = batch
    options.seed = 1
    options.schedule = .cosine().warmedUp(steps: 20)
    // Moved by at most a pixel each way, all of them or some.
    options.transform = { sample, draws in
      guard draws.unit() < moves else { return }
      let framed = Variable(sample.input).padded([(0, 0), (1, 1), (1, 1)]).value
      let (row, column) = (draws.below(3), draws.below(3))
      sample.input = framed.sliced(axis: 1, row..<row + 8).sliced(axis: 2, column..<column + 8)
    }
    var trainer = Trainer(
      model, loss: .crossEntropy(smoothing: 0.05), optimizer: .adamW(rate: rate, decay: 0.05),
      metric: .accuracy, options: options)
    let clock = ContinuousClock()
    let start = clock.now
    try await trainer.train(on: training, validating: heldOut)
    let accuracy = try trainer.evaluate(trainer.model, on: heldOut).metric
    print("\(Model.self) on digits: \(accuracy ?? 0) held out, \(clock.now - start)")
    return accuracy.map { ($0, trainer.model, heldOut) }
  }

  /// The share of pictures whose largest output is their digit's.
  static func accuracy(_ logits: Tensor, _ digits: TensorDataset) -> Double {
    let found = logits.argMax(axis: 1).array(of: Int64.self)
    let expected = digits.targets.array(of: Int64.self)
    return Double(zip(found, expected).count { $0 == $1 }) / Double(max(expected.count, 1))
  }

  @Test func `a small ResNet reads 98 % of held-out digits`() async throws {
    let shape = ResNet.Configuration.small(channels: 1, classes: 10, width: 16)
    guard let proof = try await Self.train(ResNet(shape, seed: 1), rate: 3e-3, epochs: 12)
    else { return }
    #expect(proof.accuracy >= 0.98)
    // In bytes, calibrated on the first 64 pictures that it is then asked about.
    let pictures = proof.heldOut.inputs
    let bytes = Int8ResNet(proof.model, calibratedOn: pictures.sliced(axis: 0, 0..<64))
    let exact = Self.accuracy(proof.model(pictures), proof.heldOut)
    let rounded = Self.accuracy(bytes(pictures), proof.heldOut)
    print("ResNet on digits: \(exact) in float32, \(rounded) in int8")
    #expect(rounded >= exact - 0.01)
  }

  @Test func `a small ViT reads 98 % of held-out digits`() async throws {
    var shape = ViT.Configuration(imageSize: 8, patchSize: 2, width: 64, depth: 4, heads: 4)
    shape.channels = 1
    shape.classes = 10
    shape.pooling = .mean
    shape.hasClassToken = false
    shape.deviation = 0.1
    guard
      let proof = try await Self.train(
        ViT(shape, seed: 1), rate: 1.5e-3, epochs: 48, batch: 32, moves: 0.4)
    else { return }
    #expect(proof.accuracy >= 0.98)
    var rounded = proof.model
    rounded.storeMatrices(as: .bfloat16)
    let pictures = proof.heldOut.inputs
    let exact = Self.accuracy(proof.model(pictures), proof.heldOut)
    let half = Self.accuracy(rounded(pictures), proof.heldOut)
    print("ViT on digits: \(exact) in float32, \(half) with bfloat16 matrices")
    #expect(half >= exact - 0.006)
  }
}

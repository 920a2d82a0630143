import Foundation
import NeuralCore
import Testing

/// Features, and networks that learn on.
struct ProbeTests {
  @Test func `fine-tuning leaves frozen parameters as they are and learns with the others`()
    async throws
  {
    let shape = ResNet.Configuration(
      blocks: [1, 1], width: 4, channels: 1, classes: 2, hasLargeStem: false)
    let start = ResNet(shape, seed: 1)
    var options = TrainingOptions()
    options.epochs = 2
    options.batchSize = 8
    let (network, history) = try await start.fineTuned(
      on: spots(32), optimizer: .adamW(rate: 0.01), options: options
    ) { !$0.hasPrefix("fc.") }
    #expect(history.epochs.count == 2)
    for (name, tensor) in start.tensors where !name.contains("running") {
      let isSame = network.tensors[name]?.scalars == tensor.scalars
      #expect(isSame == !name.hasPrefix("fc."), "\(name)")
    }
  }

  @Test func `features go to a file that reads back bit for bit`() throws {
    let shape = ResNet.Configuration(
      blocks: [1], width: 4, channels: 1, classes: 0, hasLargeStem: false)
    let (network, data) = (ResNet(shape, seed: 1), spots(5))
    let path = try ReferenceModels.temporaryFolder() + "/features.npy"
    try network.writeFeatures(of: data, to: path, batchSize: 2)
    let read = try Weights(contentsOf: path).tensor("array")
    let features = try network.features(of: data, batchSize: 2)
    #expect(read.scalars == features.scalars)
    #expect(read.shape == [5, 4])
  }
}

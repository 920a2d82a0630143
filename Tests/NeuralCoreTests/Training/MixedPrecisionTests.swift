import NeuralCore
import Testing

extension OneInstructionSet {
  /// Training with products of bfloat16.
  struct MixedPrecisionTests {
    private func run(_ precision: Precision) -> (loss: Float, gradients: [Tensor]) {
      let tape = Tape(seed: 1, precision: precision)
      let x = tape.input(noise([6, 16, 5, 5]).converted(to: .float32))
      let w = tape.input(noise([24, 16, 1, 1], seed: 2).converted(to: .float32))
      let b = tape.input(noise([24], seed: 3).converted(to: .float32))
      let v = tape.input(noise([7, 24], seed: 4).converted(to: .float32))
      let m = tape.input(noise([7, 3], seed: 5).converted(to: .float32))
      let features = x.convolution(w, bias: b, .init(axes: 2)).tanh().mean(axes: [2, 3])
      let output = features.linear(v, bias: nil).matmul(m)
      let labels = Tensor(of: [0, 1, 2, 0, 1, 2] as [Int64], shape: [6])
      let loss = Loss.crossEntropy()(output, labels)
      let gradients = tape.gradients(of: loss)
      return (loss.value.scalar, [x, w, b, v, m].compactMap { gradients[$0] })
    }

    @Test func `loss and gradients are float32's to the rounding of bfloat16`() {
      let (exact, mixed) = (run(.float32), run(.bfloat16Mixed))
      // Eight bits of a number are kept: 2⁻⁹ each, a few of them in a row.
      #expect(abs(exact.loss - mixed.loss) / exact.loss < 0.01)
      #expect(exact.loss != mixed.loss)
      #expect(exact.gradients.count == 5 && mixed.gradients.count == 5)
      for (a, b) in zip(exact.gradients, mixed.gradients) {
        let size = a.scalars.map { abs($0) }.max() ?? 1
        #expect(largestDifference(a, b) / size < 0.03)
      }
    }

    @Test func `a small network learns as in float32, or says that the machine cannot`()
      async throws
    {
      func trained(_ precision: Precision) async throws(NeuralCoreError) -> TrainingHistory {
        var options = TrainingOptions()
        options.epochs = 4
        options.batchSize = 8
        options.precision = precision
        var shape = ViT.Configuration(imageSize: 8, patchSize: 4, width: 16, depth: 1, heads: 2)
        shape.channels = 1
        shape.classes = 2
        var trainer = Trainer(
          ViT(shape, seed: 1), loss: .crossEntropy(), optimizer: .adamW(rate: 0.002),
          metric: .accuracy, options: options)
        try await trainer.train(on: spots(64), validating: spots(32, seed: 8))
        return trainer.history
      }
      guard Precision.isBfloat16Fast else {
        do {
          _ = try await trained(.bfloat16Mixed)
          Issue.record("nothing was thrown")
        } catch { #expect(error.code == .unsupported) }
        return
      }
      let (exact, mixed) = (
        try await trained(.float32), try await trained(.bfloat16Mixed)
      )
      let pairs = zip(exact.epochs, mixed.epochs)
      for (a, b) in pairs { #expect(abs(a.trainingLoss - b.trainingLoss) < 0.05) }
      #expect(abs((exact.epochs.last?.metric ?? 0) - (mixed.epochs.last?.metric ?? 1)) < 0.1)
    }
  }
}

import NeuralCore
import Testing

extension OneInstructionSet {
  /// A convolution of two images beside each other against that of the joined image.
  struct JoinedConvolutionTests {
    private struct Joined: Layer {
      var convolution: Convolution
      var norm: BatchNorm

      init(_ channels: Int, _ filters: Int, axes: Int) {
        var draws = SeededDraws(seed: 3)
        convolution = Convolution(
          channels, filters, taps: [Int](repeating: 3, count: axes), draws: &draws)
        norm = BatchNorm(filters)
        norm.runningMean.value = ConvolutionTests.noise([filters], 7)
      }
      mutating func visit(_ visitor: ParameterVisitor) {
        visitor("convolution", &convolution)
        visitor("norm", &norm)
      }
      func callAsFunction(_ input: Variable) -> Variable { input }

      func beside(_ a: Tensor, _ b: Tensor) -> Tensor {
        convolution(Variable(a), beside: Variable(b), norm: norm, activation: .relu).value
      }
      func joined(_ a: Tensor, _ b: Tensor) -> Tensor {
        let whole = Variable(Tensor.concatenated([a, b], axis: 1))
        return convolution(whole, norm: norm, activation: .relu).value
      }
    }

    /// Channels of both, filters, image: with and without a multiple of sixteen in front, odd sizes,
    /// more than one panel, so few tiles that the direct sum is taken, and volumes.
    static let shapes: [(Int, Int, Int, [Int])] = [
      (16, 16, 32, [40, 37]), (32, 20, 70, [21, 33]), (16, 3, 16, [24, 24]),
      (20, 16, 32, [32, 32]), (16, 16, 16, [5, 6]), (16, 16, 16, [9, 20, 18]),
      (48, 5, 17, [6, 25, 17]),
    ]

    @Test(arguments: ["avx512", "avx2", "neon", "baseline"])
    func `two images beside each other give the bits of the joined one`(isa: String) {
      let before = Threads.instructionSet
      guard Threads.use(instructionSet: isa) else { return }
      defer { Threads.use(instructionSet: before) }
      for (one, two, filters, image) in Self.shapes {
        let layer = Joined(one + two, filters, axes: image.count)
        let a = ConvolutionTests.noise([2, one] + image, 1)
        let b = ConvolutionTests.noise([2, two] + image, 2)
        let expected = layer.joined(a.channelsLast(), b.channelsLast())
        for (x, y) in [(a, b), (a.channelsLast(), b.channelsLast()), (a, b.channelsLast())] {
          let found = layer.beside(x, y)
          #expect(found.shape == expected.shape)
          #expect(
            found.isClose(to: expected, absolute: 1e-4, relative: 1e-5), "\(isa) \(one) \(image)")
        }
        #expect(
          layer.beside(a.channelsLast(), b.channelsLast()).contiguous() == expected.contiguous(),
          "\(isa) \(one), \(two), \(filters), \(image)")
      }
    }

    @Test func `an infinity in one of them stays where the filter reaches it`() {
      let layer = Joined(32, 16, axes: 2)
      var a = ConvolutionTests.noise([1, 16, 24, 24], 1)
      a[0, 3, 12, 12] = .infinity
      let b = ConvolutionTests.noise([1, 16, 24, 24], 2)
      let found = layer.beside(a.channelsLast(), b.channelsLast()).contiguous()
      let expected = layer.joined(a.channelsLast(), b.channelsLast()).contiguous()
      let places = zip(found.scalars, expected.scalars)
      #expect(places.allSatisfy { $0.0 == $0.1 || ($0.0.isNaN && $0.1.isNaN) })
      #expect(found.scalars.count { !$0.isFinite } <= 9 * 16)
      #expect(found.scalars.contains { !$0.isFinite })
    }

    @Test func `with a tape the gradients reach both`() {
      let layer = Joined(36, 8, axes: 2)
      let tape = Tape(isTraining: false)
      let a = tape.input(ConvolutionTests.noise([1, 16, 12, 12], 1))
      let b = tape.input(ConvolutionTests.noise([1, 20, 12, 12], 2))
      let loss = layer.convolution(a, beside: b, norm: layer.norm, activation: .relu).sum()
      let gradients = tape.gradients(of: loss)
      #expect(gradients[a]?.shape == [1, 16, 12, 12] && gradients[b]?.shape == [1, 20, 12, 12])
      #expect(gradients[b]?.scalars.contains { $0 != 0 } == true)
    }
  }
}

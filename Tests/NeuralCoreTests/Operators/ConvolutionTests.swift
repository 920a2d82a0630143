import Testing

import NeuralCore

/// A convolution problem; the tests' oracle is the plain loop in double precision.
struct ConvolutionCase: CustomStringConvertible, Sendable {
  var image: [Int]
  var filters: [Int]
  var geometry: ConvolutionGeometry
  var description: String { "\(image) * \(filters) \(geometry)" }

  init(_ image: [Int], _ filters: [Int], _ geometry: ConvolutionGeometry) {
    self.image = image
    self.filters = filters
    self.geometry = geometry
  }

  static let all: [ConvolutionCase] = [
    .init([2, 3, 9], [4, 3, 3], .init(axes: 1, stride: 2, padding: 1)),
    .init([1, 5, 7, 6], [13, 5, 1, 1], .init(axes: 2)),
    .init([2, 3, 11, 10], [9, 3, 7, 7], .init(axes: 2, stride: 2, padding: 3)),
    .init([1, 4, 8, 9], [6, 4, 3, 3], .init(axes: 2, padding: 2, dilation: 2)),
    .init([1, 4, 10, 11], [8, 2, 3, 2], .init(axes: 2, stride: 3, padding: 1, groups: 2)),
    .init([2, 6, 9, 35], [6, 1, 3, 3], .init(axes: 2, padding: 1, groups: 6)),
    .init([1, 6, 9, 70], [12, 1, 5, 5], .init(axes: 2, stride: 2, padding: 2, groups: 6)),
    .init([1, 3, 4, 5], [2, 3, 1, 1], .init(axes: 2)),
    .init([1, 16, 5, 17], [2, 16, 1, 1], .init(axes: 2)),
    .init([1, 2, 5, 6, 7], [5, 2, 3, 3, 3], .init(axes: 3, padding: 1)),
    .init([1, 2, 5, 6, 7], [5, 2, 2, 3, 3], .init(axes: 3, stride: 2, padding: 1)),
    .init(
      [1, 2, 6, 5], [5, 2, 3, 3],
      .init(stride: [1, 2], padding: [0, 2], after: [3, 1], dilation: [1, 1])),
    .init([2, 17, 9, 15], [19, 17, 3, 3], .init(axes: 2, padding: 1)),
    .init([1, 18, 3, 9, 8], [10, 18, 3, 3, 3], .init(axes: 3, padding: 1)),
    .init([1, 3, 1, 1], [3, 3, 3, 3], .init(axes: 2, padding: 1)),
    .init([3, 17, 12, 13], [13, 17, 3, 3], .init(axes: 2, padding: 1)),
    .init([1, 16, 6, 12, 8], [8, 16, 3, 3, 3], .init(axes: 3, padding: 1)),
    .init([5, 14, 6, 7], [15, 14, 1, 1], .init(axes: 2, stride: 2)),
    .init(
      [2, 3, 9, 8], [5, 3, 3, 2], .init(stride: [2, 1], padding: [1, 1], dilation: [1, 2])),
  ]
}

extension OneInstructionSet {
  @Suite struct ConvolutionTests {
    static let instructionSets = ["avx512", "avx2", "neon", "baseline"]

    /// Numbers in −1…1 that look random and are the same everywhere.
    static func noise(_ shape: [Int], _ seed: UInt32) -> Tensor {
      var state = seed &* 2_654_435_761 | 1
      return Tensor(
        (0..<Shape.count(shape)).map { _ in
          state ^= state << 13
          state ^= state >> 17
          state ^= state << 5
          return Float(Int32(bitPattern: state)) / 2_147_483_648
        }, shape: shape)
    }

    @Test(arguments: ConvolutionCase.all, instructionSets)
    func `every instruction set agrees with the plain loops`(
      _ problem: ConvolutionCase, isa: String
    ) {
      let first = Threads.instructionSet
      guard Threads.use(instructionSet: isa) else { return }
      defer { Threads.use(instructionSet: first) }
      let x = Self.noise(problem.image, 1)
      let w = Self.noise(problem.filters, 2)
      let b = Self.noise([problem.filters[0]], 3)
      let double = (x.converted(to: .float64), w.converted(to: .float64))
      let expected = double.0.convolution(
        double.1, bias: b.converted(to: .float64), problem.geometry, activation: .relu)
      for algorithm in [ConvolutionAlgorithm.direct, .winograd] {
        let found = x.convolution(
          w, bias: b, problem.geometry, activation: .relu, algorithm: algorithm)
        #expect(found.shape == expected.shape)
        #expect(
          found.maximumDifference(from: expected) < (algorithm == .direct ? 2e-5 : 2e-4),
          "\(isa) \(algorithm)")
      }
      // The same with channels innermost, where groups allow it.
      for algorithm in [ConvolutionAlgorithm.direct, .winograd] where x.rank > 3 {
        let found = x.channelsLast().convolution(
          w, bias: b, problem.geometry, activation: .relu, algorithm: algorithm)
        #expect(
          found.maximumDifference(from: expected) < (algorithm == .direct ? 2e-5 : 2e-4),
          "\(isa) \(algorithm), channels last")
      }
      let dy = Self.noise(expected.shape, 4)
      let double3 = dy.converted(to: .float64)
      let dx = Tensor.convolutionInputGradient(
        double3, filters: double.1, imageShape: x.shape, problem.geometry)
      let dw = Tensor.convolutionWeightGradient(
        double3, image: double.0, filterShape: w.shape, problem.geometry)
      for algorithm in [ConvolutionAlgorithm.direct, .automatic] {
        let flow = Tensor.convolutionInputGradient(
          dy, filters: w, imageShape: x.shape, problem.geometry, algorithm: algorithm)
        #expect(flow.maximumDifference(from: dx) < 2e-4, "\(isa) \(algorithm)")
        let own = Tensor.convolutionWeightGradient(
          dy, image: x, filterShape: w.shape, problem.geometry, algorithm: algorithm)
        #expect(
          own.maximumDifference(from: dw) < (algorithm == .direct ? 5e-5 : 2e-4),
          "\(isa) \(algorithm)")
      }
    }

    @Test func `a residual is added before the activation`() {
      let x = Self.noise([1, 16, 12, 12], 1)
      let w = Self.noise([16, 16, 3, 3], 2)
      let r = Self.noise([1, 16, 12, 12], 3)
      let geometry = ConvolutionGeometry(axes: 2, padding: 1)
      let plain = (x.convolution(w, geometry) + r).relu()
      for algorithm in [ConvolutionAlgorithm.direct, .winograd] {
        let fused = x.convolution(
          w, geometry, residual: r, activation: .relu, algorithm: algorithm)
        #expect(fused.maximumDifference(from: plain) < 2e-4)
      }
    }

    @Test func `operators see the same values whatever the layout`() {
      for shape in [[2, 5, 7, 6], [1, 18, 4, 6, 5]] {
        let x = Self.noise(shape, 1)
        let last = x.channelsLast()
        #expect(last == x)
        #expect(last.isChannelsLast)
        #expect(!last.isContiguous)
        let axes = shape.count - 2
        let windows = PoolingGeometry(axes: axes, size: 3, stride: 2, padding: 1)
        #expect(last.maxPooled(windows) == x.maxPooled(windows))
        #expect(last.averagePooled(windows).isClose(to: x.averagePooled(windows), absolute: 1e-6))
        let bare = last.averagePooled(windows, countsMargin: false)
        #expect(bare.isClose(to: x.averagePooled(windows, countsMargin: false), absolute: 1e-6))
        let spatial = Array(2..<shape.count)
        #expect(last.mean(axes: spatial).isClose(to: x.mean(axes: spatial), absolute: 1e-6))
        let joined = Tensor.concatenated([last, (x + 1).channelsLast()], axis: 1)
        #expect(joined.isChannelsLast)
        #expect(joined == Tensor.concatenated([x, x + 1], axis: 1))
        #expect(last.relu() == x.relu())
        #expect(last * 2 + x == x * 3)
      }
    }

    @Test func `a transposed convolution with channels innermost gives the same`() {
      var draws = SeededDraws(seed: 1)
      for axes in [2, 3] {
        let two = [Int](repeating: 2, count: axes)
        let layer = TransposedConvolution(6, 70, taps: two, stride: two, draws: &draws)
        let x = Self.noise([2, 6, 3, 4] + (axes == 3 ? [5] : []), 2)
        #expect(layer(x.channelsLast()).isClose(to: layer(x), absolute: 1e-5))
      }
    }

    @Test func `the bits do not depend on the count of threads`() {
      let x = Self.noise([2, 24, 30, 31], 1)
      let w = Self.noise([40, 24, 3, 3], 2)
      let geometry = ConvolutionGeometry(axes: 2, padding: 1)
      let before = Threads.count
      defer { Threads.count = before }
      for algorithm in [ConvolutionAlgorithm.direct, .winograd] {
        Threads.count = 1
        let one = x.convolution(w, geometry, algorithm: algorithm)
        let last = x.channelsLast().convolution(w, geometry, algorithm: algorithm)
        let dwOne = Tensor.convolutionWeightGradient(
          one, image: x, filterShape: w.shape, geometry)
        for count in [2, 3, 7] {
          Threads.count = count
          #expect(x.convolution(w, geometry, algorithm: algorithm) == one)
          #expect(x.channelsLast().convolution(w, geometry, algorithm: algorithm) == last)
          #expect(
            Tensor.convolutionWeightGradient(one, image: x, filterShape: w.shape, geometry)
              == dwOne)
        }
      }
    }

    @Test func `a transposed convolution gives PyTorch's numbers`() {
      // torch.nn.functional.conv_transpose2d(arange(4).view(1, 1, 2, 2), arange(9).view(1, 1, 3, 3),
      // stride=2, padding=1, output_padding=1)
      let x = Tensor.ramp(4).reshaped(1, 1, 2, 2)
      let w = Tensor.ramp(9).reshaped(1, 1, 3, 3)
      let y = x.transposedConvolution(
        w, ConvolutionGeometry(axes: 2, stride: 2, padding: 1), outputPadding: [1, 1])
      #expect(y.shape == [1, 1, 4, 4])
      #expect(y.scalars == [0, 3, 4, 5, 2, 10, 10, 14, 8, 19, 12, 15, 14, 34, 21, 24])
    }
  }
}

import NeuralCore
import Testing

extension OneInstructionSet {
  /// What layers do in inference that they do not do on a tape: folded norms, packed weights, fused
  /// ends, bfloat16, bytes; and giving up.
  @Suite struct InferenceTests {
    /// The network with statistics that are neither 0 nor 1.
    static func shaken<Model: Module>(_ model: Model) -> Model {
      var model = model
      var seed: UInt32 = 40
      model.updateParameters { name, parameter in
        seed += 1
        if parameter.isStatistic || parameter.value.rank == 1 {
          let noise = ConvolutionTests.noise(parameter.value.shape, seed) * 0.3
          parameter.value =
            name.hasSuffix("running_var") ? noise + 0.8 : parameter.value + noise
        }
      }
      return model
    }

    /// The largest difference between inference and the same layers one after another.
    static func difference<Model: Layer>(_ model: Model, _ x: Tensor) -> (Float, Tensor) {
      let fused = model(x)
      let plain = model(Tape(isTraining: false).constant(x)).value
      return (fused.maximumDifference(from: plain), fused)
    }

    @Test func `folded norms and fused ends change nothing but rounding`() {
      let picture = ConvolutionTests.noise([2, 3, 20, 20], 1)
      for isBottleneck in [false, true] {
        let shape = ResNet.Configuration(
          blocks: [1, 1], width: 8, isBottleneck: isBottleneck, classes: 4)
        let (worst, found) = Self.difference(Self.shaken(ResNet(shape, seed: 1)), picture)
        #expect(worst < 2e-4, "\(worst) of \(found)")
      }
      var small = EfficientNetLite.Configuration(stages: [
        .init(repeats: 2, taps: 3, stride: 2, expansion: 2, filters: 8)
      ])
      small.stem = 8
      small.head = 16
      small.classes = 3
      #expect(Self.difference(Self.shaken(EfficientNetLite(small)), picture).0 < 2e-4)
      var shape = ViT.Configuration(imageSize: 20, patchSize: 5, width: 32, depth: 2, heads: 4)
      shape.classes = 5
      #expect(Self.difference(ViT(shape, seed: 1), picture).0 < 2e-5)
    }

    @Test func `what was prepared follows its parameters`() {
      var model = Self.shaken(ResNet(.small(classes: 3, width: 8), seed: 1))
      let x = ConvolutionTests.noise([1, 3, 12, 12], 2)
      let before = model(x)
      let copy = model
      model.updateParameters { name, parameter in
        if name == "bn1.running_mean" { parameter.value = parameter.value + 1 }
        if name == "fc.weight" { parameter.value *= 2 }
      }
      let after = model(x)
      #expect(after.maximumDifference(from: before) > 0.01)
      #expect(Self.difference(model, x).0 < 2e-4)
      #expect(copy(x) == before)
    }

    @Test func `a forward pass asks the system for no memory after the first`() {
      let network = ResNet(.small(classes: 3, width: 8), seed: 1)
      let x = ConvolutionTests.noise([1, 3, 24, 24], 3)
      let vision = ViT(
        ViT.Configuration(imageSize: 16, patchSize: 4, width: 32, depth: 2, heads: 4))
      let picture = ConvolutionTests.noise([1, 3, 16, 16], 4)
      let threads = Threads.count
      defer { Threads.count = threads }
      // With one thread, which blocks are free at once does not depend on timing.
      Threads.count = 1
      withExtendedLifetime((network(x), vision(picture))) {}
      // Other suites run at the same time and use the same arena: one pass in between is enough.
      let isQuiet = (0..<50).contains { _ in
        let before = Arena.systemBlocks
        withExtendedLifetime((network(x), vision(picture))) {}
        return Arena.systemBlocks == before
      }
      #expect(isQuiet)
    }

    @Test(arguments: ["avx512", "avx512f", "avx2", "neon", "neon-plain", "baseline"])
    func `bfloat16 products are sums of rounded numbers`(isa: String) {
      let first = Threads.instructionSet
      guard Threads.use(instructionSet: isa) else { return }
      defer { Threads.use(instructionSet: first) }
      // The last has few rows for its columns, and more than one step of k.
      for (m, n, k) in [
        (1, 1, 1), (5, 33, 7), (14, 40, 1_201), (0, 3, 2), (2, 3, 0), (19, 517, 1_030),
      ] {
        let a = ConvolutionTests.noise([m, k], 1)
        let w = ConvolutionTests.noise([n, k], 2)
        let b = ConvolutionTests.noise([n], 3)
        let rounded = (a.converted(to: .bfloat16), w.converted(to: .bfloat16))
        let exact = rounded.0.converted(to: .float64)
          .matmul(rounded.1.converted(to: .float64).transposed())
        let layer = PreparedLinear(weight: rounded.1, bias: b, activation: .relu)
        let found = layer(a)
        let expected = (exact + b.converted(to: .float64)).relu().converted(to: .float32)
        #expect(
          found.isClose(to: expected, absolute: 1e-4, relative: 1e-5), "\(isa) \(m) \(n) \(k)")
        // Both operands as bfloat16, the right one in the other order too.
        let product = rounded.0.matmul(rounded.1.transposed())
        #expect(product.elementType == .bfloat16)
        let turned = rounded.0.matmul(rounded.1.transposed().contiguous())
        #expect(product == turned)
        #expect(
          product.converted(to: .float32).isClose(
            to: exact.converted(to: .float32), absolute: 1e-4, relative: 4.1e-3))
      }
    }

    @Test func `bfloat16 products have equal bits on x86-64 and for any count of threads`() {
      let a = ConvolutionTests.noise([37, 1_100], 1)
      let layer = PreparedLinear(
        weight: ConvolutionTests.noise([70, 1_100], 2).converted(to: .bfloat16))
      let first = Threads.instructionSet
      let threads = Threads.count
      defer {
        Threads.use(instructionSet: first)
        Threads.count = threads
      }
      var results: [Tensor] = []
      for isa in ["avx512", "avx512f", "avx2", "baseline"] where Threads.use(instructionSet: isa) {
        for count in [1, 3] {
          Threads.count = count
          results.append(layer(a))
        }
      }
      #if arch(x86_64)
        #expect(results.allSatisfy { $0 == results[0] })
      #endif
    }

    @Test func `matrices stored as bfloat16 keep a transformer's answer within a percent`() {
      var shape = ViT.Configuration(imageSize: 16, patchSize: 4, width: 64, depth: 3, heads: 4)
      shape.classes = 10
      var network = ViT(shape, seed: 1)
      let x = ConvolutionTests.noise([2, 3, 16, 16], 4)
      let exact = network(x)
      network.storeMatrices(as: .bfloat16)
      let matrices = network.namedParameters.filter(\.parameter.isMatrix)
      #expect(matrices.allSatisfy { $0.parameter.value.elementType == .bfloat16 })
      let size = exact.absolute().max().scalar
      #expect(network(x).maximumDifference(from: exact) < 0.02 * size)
      network.storeMatrices(as: .float32)
      #expect(matrices.count == network.namedParameters.count { $0.parameter.isMatrix })
      #expect(network(x).maximumDifference(from: exact) < 0.02 * size)
    }

    @Test(arguments: ["avx512", "avx512f", "avx2", "neon", "baseline"])
    func `a convolution of bytes gives what the plain loops give for its levels`(isa: String) {
      let first = Threads.instructionSet
      guard Threads.use(instructionSet: isa) else { return }
      defer { Threads.use(instructionSet: first) }
      let cases: [([Int], [Int], ConvolutionGeometry)] = [
        ([1, 3, 9, 11], [10, 3, 3, 3], .init(axes: 2, padding: 1)),
        ([2, 8, 7, 6], [70, 8, 1, 1], .init(axes: 2)),
        ([1, 5, 12, 9], [4, 5, 5, 3], .init(axes: 2, stride: 2, padding: 2)),
        ([1, 4, 8, 8], [8, 4, 3, 3], .init(axes: 2, padding: 2, dilation: 2)),
      ]
      for (image, filters, geometry) in cases {
        // Weights that are whole levels of a filter's scale, so that only the image is rounded.
        let w = (ConvolutionTests.noise(filters, 2) * 100).rounded()
        var numbers = w.scalars
        let each = w.count / filters[0]
        for filter in 0..<filters[0] { numbers[filter * each] = 127 }
        let weights = Tensor(numbers, shape: filters) * 0.01
        let bias = ConvolutionTests.noise([filters[0]], 3)
        let line = ByteScale(covering: -1...1)
        let bytes = ByteImage(ConvolutionTests.noise(image, 1), line)
        #expect(bytes.values.maximumDifference(from: ConvolutionTests.noise(image, 1)) < 0.005)
        let expected = bytes.values.converted(to: .float64).convolution(
          weights.converted(to: .float64), bias: bias.converted(to: .float64), geometry,
          activation: .relu
        ).converted(to: .float32)
        let layer = Int8Convolution(
          filters: weights, bias: bias, geometry, input: line, output: nil, relu: true)
        let found = layer.floats(bytes).permuted([0, 3, 1, 2])
        #expect(found.maximumDifference(from: expected) < 1e-4, "\(isa) \(image)")
        let out = ByteScale(covering: expected)
        let rounded = Int8Convolution(
          filters: weights, bias: bias, geometry, input: line, output: out, relu: true)
        #expect(
          rounded(bytes).values.maximumDifference(from: expected) < 0.5 * out.scale + 1e-4)
      }
    }

    @Test func `a residual network in bytes follows the one in floats`() {
      let shape = ResNet.Configuration(blocks: [1, 2], width: 16, isBottleneck: true, classes: 10)
      let network = Self.shaken(ResNet(shape, seed: 1))
      let x = ConvolutionTests.noise([4, 3, 32, 32], 1)
      let exact = network(x)
      let found = Int8ResNet(network, calibratedOn: x)(x)
      #expect(found.shape == exact.shape)
      // Root mean square of the difference over that of the logits about their mean.
      let error = (found - exact).squared().mean().scalar.squareRoot()
      let spread = (exact - exact.mean(axes: [1], keepingAxes: true)).squared().mean().scalar
      #expect(error < 0.06 * spread.squareRoot(), "\(error) of \(spread.squareRoot())")
    }

    @Test func `infinities stay where the direct sum puts them`() {
      var pixels = [Float](repeating: 1, count: 16 * 20 * 20)
      pixels[16 * 20 + 7] = .infinity
      let x = Tensor(pixels, shape: [1, 16, 20, 20])
      let w = ConvolutionTests.noise([8, 16, 3, 3], 2)
      let geometry = ConvolutionGeometry(axes: 2, padding: 1)
      let direct = x.convolution(w, geometry, algorithm: .direct)
      let found = x.convolution(w, geometry, algorithm: .winograd)
      #expect(found == direct)
    }

    @Test func `a cancelled forward pass ends early and throws`() async throws {
      let a = Tensor.ones([600, 600])
      let clock = ContinuousClock()
      // Far more products than anyone waits for; each of those that are given up costs little.
      let task = Task {
        try await Threads.cancellable {
          var x = a
          for _ in 0..<20_000 { x = x.matmul(a) * 1e-3 }
          return x
        }
      }
      try await Task.sleep(for: .milliseconds(30))
      let start = clock.now
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      print("cancelled after \(clock.now - start)")
      #expect(clock.now - start < .seconds(20))
      // Nothing is left behind: the same thread computes again.
      let layer = ResNet(.small(classes: 2, width: 4), seed: 1)
      let x = ConvolutionTests.noise([1, 3, 8, 8], 1)
      let answer = try await layer.output(for: x)
      #expect(answer == layer(x))
    }
  }
}

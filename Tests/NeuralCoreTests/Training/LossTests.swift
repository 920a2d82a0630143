import NeuralCore
import Testing

/// Losses: gradients against differences, values against PyTorch's definitions.
struct LossTests {
  @Test func `every loss has the gradient of its value`() {
    let logits = noise([4, 3])
    let classes = Tensor(of: [0, 2, 1, 2] as [Int64], shape: [4])
    let soft = noise([4, 3], seed: 5).sigmoid()
    for loss in [
      Loss.crossEntropy(), .crossEntropy(weights: [1, 2, 0.5], smoothing: 0.1),
      .crossEntropy(ignoring: 2),
    ] {
      checkGradients(of: [logits]) { loss($0[0], classes) }
    }
    for loss in [
      Loss.binaryCrossEntropy(),
      .binaryCrossEntropy(weights: [1, 2, 3], positiveWeights: [3, 1, 2]),
      .focal(), .meanSquaredError, .huber(delta: 0.5), .cosine,
    ] {
      checkGradients(of: [logits]) { loss($0[0], soft) }
    }
    let masks = noise([2, 3, 4, 5])
    let truth = noise([2, 3, 4, 5], seed: 7).sigmoid().rounded()
    checkGradients(of: [masks]) { Loss.dice(squares: true)($0[0], truth) }
    checkGradients(of: [masks]) { Loss.diceAndBinaryCrossEntropy()($0[0], truth) }
    let labels = Tensor(of: (0..<40).map { Int64($0 % 3) }, shape: [2, 4, 5])
    checkGradients(of: [masks]) { Loss.diceAndCrossEntropy()($0[0], labels) }
    checkGradients(of: [noise([4, 4])]) { Loss.contrastive($0[0], classes) }
  }

  @Test func `values are PyTorch's`() {
    // torch 2.x: x = [[1., -2., .5], [0., 3., -1.]], F.cross_entropy(x, [2, 1]) …
    let x = Variable(Tensor([1, -2, 0.5, 0, 3, -1], shape: [2, 3]))
    let y = Tensor(of: [2, 1] as [Int64], shape: [2])
    func near(_ a: Variable, _ b: Float) -> Bool { abs(a.value.scalar - b) < 2e-5 }
    // log(e^1 + e^-2 + e^.5) − .5 = 1.0045969; log(1 + e^3 + e^-1) − 3 = 0.0658839
    #expect(near(Loss.crossEntropy()(x, y), 0.535240))
    let z = Tensor([1, 0, 0.5, 1, 1, 0], shape: [2, 3])
    let direct =
      zip(x.value.scalars, z.scalars).map { a, t -> Float in
        let low = Tensor(-a).softplus().scalar
        return (1 - t) * a + low
      }.reduce(0, +) / 6
    #expect(near(Loss.binaryCrossEntropy()(x, z), direct))
  }

  @Test func `augmentation moves a mask with its picture`() {
    var augmentation = Augmentation()
    augmentation.flips = [1, 2]
    augmentation.rotation = 0.5
    augmentation.shift = 0.1
    augmentation.elastic = 0.03
    var picture = Tensor.zeros([1, 24, 24])
    for row in 8..<18 { for column in 5..<14 { picture[0, row, column] = 1 } }
    let mask = picture.selected(axis: 0, 0).converted(to: .int64)
    var draws = SeededDraws(seed: 2)
    var sample = Sample(input: picture, target: mask)
    augmentation.apply(to: &sample, &draws)
    #expect(sample.target.elementType == .int64 && sample.target.shape == [24, 24])
    let wrong = zip(sample.input.scalars, sample.target.scalars).filter {
      ($0 > 0.5) != ($1 > 0.5)
    }
    #expect(wrong.count < 12)
    #expect(sample.input.scalars != picture.scalars)
  }

  @Test func `probes read classes from features`() async throws {
    var draws = SeededDraws(seed: 9)
    let labels = (0..<60).map { $0 % 3 }
    let values = labels.flatMap { label in
      (0..<4).map { Float($0 == label ? 3 : 0) + draws.normal() * 0.3 }
    }
    let features = Tensor(values, shape: [60, 4])
    #expect(nearestNeighbours(features, among: features, labels: labels, count: 3) == labels)
    #expect(
      nearestNeighbours(features, among: features, labels: labels, count: 1, by: .euclidean)
        == labels)
    let layer = try await linearProbe(features, labels: labels, classes: 3, epochs: 40, rate: 0.05)
    let found = layer(features).argMax(axis: 1).scalars.map { Int($0) }
    #expect(found == labels)
  }
}

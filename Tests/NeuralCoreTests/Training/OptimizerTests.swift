import NeuralCore
import Testing

/// Two parameters, one of which is a bias.
private struct Bowl: Module {
  var weight = Parameter(Tensor([1, -2, 0.5, 3], shape: [2, 2]))
  var bias = Parameter(Tensor([1], shape: [1]))

  mutating func visit(_ visitor: ParameterVisitor) {
    visitor("weight", &weight)
    visitor("bias", &bias)
  }

  /// Σ a·w² with a = 1, 2, 3, −½, and b².
  func gradients() -> Gradients {
    var result = Gradients()
    result[weight] = weight.value * Tensor([2, 4, 6, -1], shape: [2, 2])
    result[bias] = bias.value * 2
    return result
  }
}

/// Optimisers, schedules and norms against PyTorch 2.13 (numbers from `torch.optim`,
/// `torch.optim.lr_scheduler` and `clip_grad_norm_`).
struct OptimizerTests {
  private func trained(_ optimizer: Optimizer, steps: Int = 3) -> Bowl {
    var (bowl, optimizer) = (Bowl(), optimizer)
    for _ in 0..<steps { optimizer.step(&bowl, bowl.gradients()) }
    return bowl
  }

  private func near(_ a: [Float], _ b: [Float]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < 2e-6 }
  }

  @Test func `three steps are PyTorch's`() {
    let expected: [(Optimizer, [Float])] = [
      (.sgd(rate: 0.1), [0.512, -0.432, 0.032, 3.992_999_8]),
      (
        .sgd(rate: 0.1, momentum: 0.9, decay: 0.05),
        [0.043_054_9, 1.102_320_3, -0.429_287_6, 4.731_382_4]
      ),
      (
        .sgd(rate: 0.1, momentum: 0.9, nesterov: true, decay: 0.05),
        [-0.124_652_4, 0.868_459, -0.148_930_7, 5.688_166_6]
      ),
      (.adam(rate: 0.1, decay: 0.05), [0.701_586_2, -1.700_623_4, 0.204_871_3, 3.300_261]),
      (.adamW(rate: 0.1, decay: 0.05), [0.688_27, -1.672_348, 0.199_106_5, 3.253_955_6]),
    ]
    for (optimizer, weights) in expected {
      #expect(near(trained(optimizer).weight.value.scalars, weights), "\(optimizer)")
    }
  }

  @Test func `groups have rates and decays of their own`() {
    var optimizer = Optimizer.sgd(rate: 0.1, decay: 0.5)
    // Biases do not decay unless a group says so.
    #expect(near(trained(optimizer, steps: 1).bias.value.scalars, [0.8]))
    optimizer.groups = [
      .init(rateFactor: 0) { $0 == "weight" }, .init(decay: 0.5) { $0 == "bias" },
    ]
    let bowl = trained(optimizer, steps: 1)
    #expect(bowl.weight.value == Bowl().weight.value)
    #expect(near(bowl.bias.value.scalars, [0.75]))
  }

  @Test func `schedules have PyTorch's factors`() {
    func factors(_ schedule: Schedule, _ count: Int, of total: Int) -> [Float] {
      (0..<count).map { Float(schedule.factor(at: $0, of: total)) }
    }
    #expect(
      near(factors(.step(every: 3, factor: 0.5), 7, of: 7), [1, 1, 1, 0.5, 0.5, 0.5, 0.25]))
    #expect(
      near(
        factors(.cosine(to: 0.1), 8, of: 8),
        [1, 0.965_745_8, 0.868_198_1, 0.722_207_5, 0.55, 0.377_792_5, 0.231_801_9, 0.134_254_2]))
    #expect(
      near(
        factors(.oneCycle(), 10, of: 10),
        [
          0.04, 0.52, 1, 0.950_484_6, 0.811_745_7, 0.611_262, 0.388_742, 0.188_258_3, 0.049_519_4,
          4e-6,
        ]))
    #expect(near(factors(.linear().warmedUp(steps: 2), 6, of: 6), [0.5, 1, 1, 0.75, 0.5, 0.25]))
    #expect(near(factors(.constant, 3, of: 3), [1, 1, 1]))
    let losses = [1, 0.9, 0.95, 0.96, 0.97, 0.98, 0.8, 0.81, 0.82, 0.83, 0.84]
    let plateau = PlateauSchedule(factor: 0.5, patience: 2)
    let lowered = (1...losses.count).map { plateau.factor(after: Array(losses[..<$0])) }
    #expect(lowered == [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25])
  }

  @Test func `gradients are cut to a norm, and averages of weights follow`() {
    var bowl = Bowl()
    var gradients = Gradients()
    gradients[bowl.weight] = Tensor([3, 4, 0, 0], shape: [2, 2])
    gradients[bowl.bias] = Tensor([12], shape: [1])
    #expect(gradients.norm == 13)
    let cut = gradients.clipped(norm: 6.5)
    #expect(near(cut[bowl.weight]?.scalars ?? [], [1.5, 2, 0, 0]))
    #expect(near(cut[bowl.bias]?.scalars ?? [], [6]))
    #expect(gradients.clipped(norm: 20)[bowl.bias]?.scalars == [12])
    var other = bowl
    other.bias.value = Tensor([3], shape: [1])
    bowl.average(with: other, decay: 0.75)
    #expect(near(bowl.bias.value.scalars, [1.5]))
  }
}

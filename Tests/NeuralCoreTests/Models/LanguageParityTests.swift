import NeuralCore
import Testing

/// Text networks against transformers on the same random weights.
struct LanguageParityTests {
  private func rows(_ tensor: Tensor) -> [[Int]] {
    (0..<tensor.shape[0]).map { tensor.selected(axis: 0, $0).scalars.map { Int($0) } }
  }

  @Test func `BERT computes what transformers' does, padding included`() throws {
    guard let reference = try ReferenceModels.Case.make("bert") else { return }
    var shape = BERT.Configuration()
    shape.vocabulary = 100
    shape.width = 48
    shape.depth = 2
    shape.heads = 4
    shape.hidden = 96
    shape.positions = 32
    var network = BERT(shape)
    try network.load(reference.weights, names: BERT.names)
    let mask = try reference.input("mask")
    let states = network.hiddenStates(rows(try reference.input("ids")), mask: rows(mask))
    // Padding attends too; only the tokens of the text are promised.
    let keep = mask.expanded(axis: 2).converted(to: .float32)
    let last = largestDifference(states[2].value * keep, try reference.output("last") * keep)
    let first = largestDifference(states[1].value * keep, try reference.output("first") * keep)
    let pooled = largestDifference(
      network.pooled(states[2]).value, try reference.output("pooled"))
    print("bert: largest differences \(last), \(first), pooled \(pooled)")
    #expect(max(last, first, pooled) < 1e-5)
  }

  private func checkDecoder(_ name: String, _ shape: Decoder.Configuration) throws {
    guard let reference = try ReferenceModels.Case.make(name) else { return }
    var network = Decoder(shape)
    try network.load(
      reference.weights, names: shape.isTied ? ["lm_head.weight": ""] : .identity)
    let ids = rows(try reference.input("ids"))
    let expected = try reference.output("logits")
    let size = max(expected.scalars.map { abs($0) }.max() ?? 1, 1)
    let difference = largestDifference(network(ids).value, expected) / size
    print("\(name): largest difference of the logits \(difference) of \(size)")
    #expect(difference < 2e-6)
    // One token after another, through the cache, as `generate` does.
    var session = network.session()
    let written = session.generate(after: ids[0], limit: 16)
    #expect(written == (try reference.output("greedy")).scalars.map { Int($0) })
  }

  @Test func `a Llama with grouped queries computes and writes what transformers' does`() throws {
    var shape = Decoder.Configuration(
      vocabulary: 90, width: 48, depth: 2, heads: 6, keyHeads: 2, hidden: 80)
    shape.epsilon = 1e-6
    shape.rotaryBase = 5_000
    try checkDecoder("llama", shape)
  }

  @Test func `a Gemma 3 with windows computes and writes what transformers' does`() throws {
    var shape = Decoder.Configuration(
      vocabulary: 90, width: 48, depth: 3, heads: 4, keyHeads: 2, headWidth: 16, hidden: 80)
    shape.isGemma = true
    shape.isTied = true
    shape.activation = .geluTanh
    shape.normOffset = 1
    shape.epsilon = 1e-6
    shape.rotaryBase = 1_000_000
    shape.window = 5
    shape.windowPattern = 3
    try checkDecoder("gemma3", shape)
  }

  @Test func `sampling is a function of its seed`() {
    let shape = Decoder.Configuration(vocabulary: 40, width: 16, depth: 1, heads: 2, hidden: 16)
    let network = Decoder(shape, seed: 3)
    func write(_ seed: UInt64) -> [Int] {
      var sampling = Decoder.Sampling()
      sampling.temperature = 1
      sampling.topK = 20
      sampling.topP = 0.9
      sampling.seed = seed
      var session = network.session(sampling)
      return session.generate(after: [1, 2], limit: 12)
    }
    #expect(write(1) == write(1))
    #expect(write(1) != write(2))
    var session = network.session()
    let even = session.generate(after: [1], limit: 6, allowing: { _, id in id % 2 == 0 })
    #expect(even.count == 6 && even.allSatisfy { $0 % 2 == 0 })
  }
}

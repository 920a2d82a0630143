import Foundation
import MLLMClients
import Testing

@Suite struct ModelTests {
  // Oracle: recorded usage of real calls, wire.md sections 1.2 to 1.4.
  @Test(arguments: [
    (ImageTokenRule.tiles(base: 85, each: 170), 3008, 2000, 1105),
    (.patches(factor: 2.46, budget: 1536, side: 2048), 540, 360, 502),
    (.patches(factor: 1.62, budget: 1536, side: 2048), 597, 566, 554),
    (.squares(side: 1568, cap: 1568), 540, 360, 260), (.tiles768(each: 258), 300, 300, 258),
    (.fixed(1120), 400, 301, 1120),
  ])
  func `a picture's tokens follow the vendor's rule`(
    rule: ImageTokenRule, width: Int, height: Int, tokens: Int
  ) {
    #expect(rule.tokens(width: width, height: height) == tokens)
  }

  @Test func `no token is charged twice and none is forgotten`() {
    let price = Price(
      input: 2, output: 10, cacheRead: Decimal(2) / 10, cacheWrite: Decimal(25) / 10,
      tierTokens: 272_000, tierInput: 2, tierOutput: Decimal(15) / 10)
    let usage = Usage(
      uncachedInput: 1_000, cacheRead: 10_000, cacheWrite: 2_000, output: 500, reasoning: 400)
    // 1000·2 + 10000·0.2 + 2000·2.5 + 500·10 = 14,000 millionths
    #expect(price.cost(of: usage) == Decimal(14) / 1000)
    #expect(price.cost(of: usage, batched: true) == Decimal(7) / 1000)
    // 13000·2 − (1000·2 + 10000·0.2 + 2000·2.5) = 17,000 millionths
    #expect(price.saving(by: usage) == Decimal(17) / 1000)
    let long = Usage(uncachedInput: 300_000, output: 1_000)
    // 300000·2·2 + 1000·10·1.5 = 1,215,000 millionths
    #expect(price.cost(of: long) == Decimal(1215) / 1000)
    #expect(price.cost(of: Usage()) == nil)
  }

  @Test func `the built-in table has every row, and unknown models have no price`() {
    let table = ModelTable.builtIn
    #expect(table.rows.count == 67)
    #expect(table.profile("gpt-6-sol", vendor: .openAI).price?.output == 10)
    #expect(table.profile("gpt-5.4-2026-03-05", vendor: .openAI).price?.input == Decimal(25) / 10)
    #expect(table.profile("gpt-5.4-pro", vendor: .openAI).price?.input == 30)
    #expect(table.profile("gpt-5.4-imaginary", vendor: .openAI).price == nil)
    #expect(table.profile("claude-sonnet-5-5", vendor: .anthropic).sampling == false)
    #expect(table.profile("claude-haiku-4-5-20251001", vendor: .anthropic).limits.images == 100)
    #expect(table.profile("claude-sonnet-5-5", vendor: .anthropic).limits.images == 600)
    #expect(table.profile("whatever", vendor: .gemini).price == nil)
  }

  @Test func `a table survives JSON`() throws {
    let data = try JSONEncoder().encode(ModelTable.builtIn)
    #expect(try JSONDecoder().decode(ModelTable.self, from: data) == ModelTable.builtIn)
  }

  @Test func `twenty-one large pictures pass one at a time and fail together`() async throws {
    let model = ModelTable.builtIn.profile("claude-sonnet-5-5", vendor: .anthropic)
    let image = Image(png: Pictures.png(width: 2001, height: 10))
    let client = Anthropic(
      model, key: .provided { "k" },
      transport: CannedTransport(bytes: Array(#"{"content":[],"usage":{}}"#.utf8)))
    _ = try await client.reply(to: Prompt { User { Array(repeating: image, count: 20) } })
    await #expect {
      try await client.reply(to: Prompt { User { Array(repeating: image, count: 21) } })
    } throws: { ($0 as? ClientError)?.code == .limit }
  }
}

@Suite struct ShotTests {
  private let pool: [ShotExample] = (0..<12).map { index in
    ShotExample(
      name: "p\(index)", label: index % 2 == 0 ? "HP" : "SSA", group: "g\(index / 3)",
      features: [Float(index), 1])
  }

  private let query = ShotExample(name: "p4", label: "HP", group: "g1", features: [4, 1])

  @Test func `nearest per label, query and patient left out, most similar last`() throws {
    let plan = try ShotPlan(
      for: [query], from: pool,
      policy: ShotPolicy(.nearestPerLabel(.euclidean), count: 2))
    // Oracle: distances by hand. HP without p4: p6 (2), p2 (2, earlier), p8; SSA without g1
    // (p3, p5): p1 (3), p7 (3).
    #expect(plan.shots["p4"] == ["p6", "p7", "p2", "p1"])
  }

  @Test func `Ferber's way keeps the patient and shows the most similar first`() throws {
    let plan = try ShotPlan(
      for: [query], from: pool,
      policy: ShotPolicy(
        .nearestPerLabel(.euclidean), count: 2, order: .mostSimilarFirst, excludesGroup: false))
    #expect(plan.shots["p4"] == ["p2", "p3", "p6", "p5"])
  }

  @Test func `random shots depend on the seed and are balanced`() throws {
    func shots(_ seed: UInt64) throws -> [String] {
      try ShotPlan(for: [query], from: pool, policy: ShotPolicy(.balanced(seed: seed), count: 3))
        .shots["p4"] ?? []
    }
    #expect(try shots(1) == shots(1))
    #expect(try (1...20).contains { try shots($0) != shots(1) })
    let labels = try shots(5).map { name in pool.first { $0.name == name }?.label }
    #expect(labels.count { $0 == "HP" } == 3)
    #expect(try !shots(5).contains("p4"))
  }

  @Test func `too few examples is an error, not fewer shots`() {
    #expect(throws: ClientError.self) {
      try ShotPlan(for: [query], from: pool, policy: ShotPolicy(count: 6))
    }
  }

  @Test func `a plan is saved and used again`() throws {
    let plan = try ShotPlan(for: [query], from: pool, policy: ShotPolicy(count: 1))
    let url = URL(fileURLWithPath: NSTemporaryDirectory() + "roentgen-\(UUID().uuidString).json")
    try plan.save(to: url)
    #expect(try ShotPlan(contentsOf: url) == plan)
    #expect(try plan.examples(for: "p4", from: pool).count == 2)
  }

  @Test func `similarities`() {
    // Oracle: numpy.
    #expect(abs(Similarity.cosine([1, 2, 3], [2, 4, 6]) - 1) < 1e-12)
    #expect(abs(Similarity.cosine([1, 0], [1, 1]) - 0.7071067811865475) < 1e-12)
    #expect(Similarity.euclidean([0, 3], [4, 0]) == -5)
    #expect(ShotPlan.fittingCount(10, labels: 8, images: 60) == 7)
  }
}

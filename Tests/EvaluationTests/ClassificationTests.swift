// Classification against published tables and against its own laws.
import Evaluation
import Testing

/// Colorectal tiles, eight classes, n = 32: two confusion matrices published as figures.
private let zeroShot = [
  [3, 0, 0, 1, 0, 0, 0, 0], [0, 4, 0, 0, 0, 0, 0, 0], [0, 4, 0, 0, 0, 0, 0, 0],
  [0, 0, 0, 3, 0, 0, 1, 0], [0, 4, 0, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0, 2, 1],
  [0, 0, 0, 0, 0, 0, 4, 0], [0, 0, 0, 0, 0, 0, 4, 0],
]
private let threeShot = [
  [4, 0, 0, 0, 0, 0, 0, 0], [0, 4, 0, 0, 0, 0, 0, 0], [0, 3, 1, 0, 0, 0, 0, 0],
  [0, 0, 0, 4, 0, 0, 0, 0], [0, 1, 0, 0, 3, 0, 0, 0], [0, 0, 0, 0, 0, 1, 1, 2],
  [0, 0, 0, 0, 0, 0, 4, 0], [0, 0, 0, 0, 0, 0, 2, 2],
]

private func near(_ score: Score, _ want: Double, _ tolerance: Double = 1e-6) -> Bool {
  abs(score.value.orNaN - want) <= tolerance
}

struct ClassificationTests {
  // Accuracy as the repository's README states it; the rest by hand from the matrices.
  @Test(arguments: [
    (zeroShot, [0.4375, 0.302666, 0.4375, 0.326383, 0.252666, 0.357143, 0.401772]),
    (threeShot, [0.71875, 0.821429, 0.71875, 0.693885, 0.581845, 0.678571, 0.695873]),
  ])
  func `a published matrix gives the published numbers`(counts: [[Int]], want: [Double]) throws {
    let m = try ConfusionMatrix(
      counts: counts, classes: ["NORM", "TUM", "DEB", "ADI", "LYM", "MUC", "MUS", "STR"])
    let got = [
      m.accuracy, m.average(.precision), m.average(.recall), m.macroF1(), m.average(.jaccard),
      m.score(.kappa), m.matthewsCorrelation,
    ]
    for (g, w) in zip(got, want) { #expect(near(g, w, 6e-7), "\(g) \(w)") }
  }

  @Test func `precision over predicted classes only is another number, and the rest is listed`()
    throws
  {
    let m = try ConfusionMatrix(counts: zeroShot)
    let score = m.average(.precision, .macro, zeroDivision: .undefined)
    #expect(near(score, 0.484266))
    #expect(score.undefined.count == 3)
    #expect(score.count == 32)
  }

  @Test func `an unknown label is an error that names it`() {
    #expect(throws: EvaluationError.self) {
      try ConfusionMatrix(truth: ["a"], predictions: ["c"], classes: ["a", "b"])
    }
    #expect(throws: EvaluationError.self) {
      try ConfusionMatrix(truth: ["a"], predictions: ["a"], classes: ["a", "a"])
    }
    #expect(throws: EvaluationError.self) {
      try ConfusionMatrix(truth: ["a", "b"], predictions: ["a"], classes: ["a", "b"])
    }
  }

  @Test(arguments: [
    (NonAnswerPolicy.wrong, 2.0 / 4, 1.0, 4), (.excluded, 2.0 / 2, 1.0, 2),
    (.bestCase, 1.0, 1.0, 4), (.worstCase, 2.0 / 4, 2.0 / 3, 4),
  ])
  func `cases without an answer count as the policy says`(
    policy: NonAnswerPolicy, accuracy: Double, precision: Double, n: Int
  ) throws {
    let outcomes: [Outcome<String>] = [
      .answered("yes"), .refused, .unparsed, .answered("yes"),
    ]
    let m = try ConfusionMatrix(
      truth: ["yes", "yes", "no", "yes"], outcomes: outcomes, classes: ["yes", "no"],
      policy: policy)
    #expect(m.accuracy.double == accuracy)
    #expect(m.count == n)
    #expect(m.outcomes.missing == 2)
    #expect(abs(m.values(.precision)[0].orNaN - precision) < 1e-12)
  }

  @Test func `a million classes cost memory by the cases`() throws {
    let classes = Array(0..<1_000_000)
    let truth = (0..<2000).map { $0 * 499 }
    let m = try ConfusionMatrix(
      truth: truth, predictions: truth.map { $0 % 2 == 0 ? $0 : 0 }, classes: classes)
    #expect(near(m.accuracy, 0.5, 1e-3))
    #expect(m.cells.count <= 2000)
    #expect(CohensKappa(m, weights: .linear).kappa.double != nil)
  }

  @Test func `metrics do not depend on the order of cases or of classes`() throws {
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<30 {
      let n = Int.random(in: 1...40, using: &generator)
      let truth = (0..<n).map { _ in Int.random(in: 0..<4, using: &generator) }
      let predicted = (0..<n).map { _ in Int.random(in: 0..<4, using: &generator) }
      let order = Array(0..<n).shuffled(using: &generator)
      let a = try ConfusionMatrix(truth: truth, predictions: predicted, classes: [0, 1, 2, 3])
      let b = try ConfusionMatrix(
        truth: order.map { truth[$0] }, predictions: order.map { predicted[$0] },
        classes: [3, 1, 0, 2])
      for statistic in [
        ConfusionStatistic.accuracy, .macroF1, .balancedAccuracy, .matthews, .kappa,
      ] {
        let (x, y) = (a.score(statistic).value.orNaN, b.score(statistic).value.orNaN)
        #expect(abs(x - y) < 1e-12 || (x.isNaN && y.isNaN))
        #expect(x.isNaN || (x >= -1 - 1e-12 && x <= 1 + 1e-12))
      }
      #expect(near(a.average(.f1, .micro), a.accuracy.value.orNaN, 1e-12))
    }
  }

  @Test func `no cases is undefined, not zero`() throws {
    let m = try ConfusionMatrix(truth: [Int](), predictions: [], classes: [0, 1])
    #expect(m.accuracy.double == nil)
    #expect(m.macroF1().value == .undefined(.noCases))
    #expect(m.macroF1().undefined.count == 2)
    #expect(m.bootstrap(.accuracy).interval == nil)
  }

  @Test func `exact match and Hamming loss count labels`() throws {
    let r = try MultilabelReport(
      truth: [[true, false], [true, true]], predictions: [[true, false], [false, true]])
    #expect(r.exactMatch.double == 0.5)
    #expect(r.hammingLoss.double == 0.25)
  }

  @Test func `repeated runs give a majority and an agreement`() throws {
    let r = try TestRetest(
      truth: ["a", "b", "a"],
      runs: [
        [.answered("a"), .answered("b"), .refused], [.answered("a"), .answered("a"), .refused],
        [.answered("a"), .answered("b"), .answered("a")],
      ], classes: ["a", "b"])
    #expect(r.majority.double == 1)
    #expect(r.unanimous.double == 1.0 / 3)
    #expect(r.outcomes.refused == 2)
  }
}

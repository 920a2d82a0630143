// Scores and probabilities: laws, edges, any input.
import Evaluation
import Testing

struct ProbabilityTests {
  @Test func `AUC counts pairs, whatever monotone transform`() throws {
    var generator = SeededGenerator(seed: 2)
    for n in [2, 7, 40, 600] {
      let truth = (0..<n).map { $0 % 2 == 0 }
      let scores = truth.map { _ in Double(Int.random(in: -20..<20, using: &generator)) / 4 }
      var wins = 0.0
      for (t, s) in zip(truth, scores) where t {
        for (u, r) in zip(truth, scores) where !u { wins += s > r ? 1 : s == r ? 0.5 : 0 }
      }
      let pairs = Double(truth.count { $0 } * truth.count { !$0 })
      let auc = try BinaryScores(truth: truth, scores: scores).rocAUC.value.orNaN
      #expect(abs(auc - wins / pairs) < 1e-14)
      let cubed = try BinaryScores(truth: truth, scores: scores.map { $0 * $0 * $0 })
      #expect(cubed.rocAUC.value.orNaN == auc)
      let flipped = try BinaryScores(truth: truth.map { !$0 }, scores: scores)
      #expect(abs(flipped.rocAUC.value.orNaN + auc - 1) < 1e-14)
    }
  }

  @Test func `infinite scores are scores, NaN is an error`() throws {
    let s = try BinaryScores(
      truth: [false, true, true, false], scores: [-.infinity, .infinity, 0, -0.0])
    #expect(s.rocAUC.double == 0.875)
    #expect(throws: EvaluationError.self) { try BinaryScores(truth: [true], scores: [.nan]) }
    #expect(throws: EvaluationError.self) { try BinaryScores(truth: [], scores: [1]) }
  }

  @Test func `nothing and one class are undefined`() throws {
    let empty = try BinaryScores(truth: [], scores: [])
    #expect(empty.rocAUC.value == .undefined(.noCases))
    #expect(empty.averagePrecision.value == .undefined(.noCases))
    let one = try BinaryScores(truth: [true, true], scores: [1, 2])
    #expect(one.rocAUC.value == .undefined(.singleClass))
    #expect(one.averagePrecision.double == 1)
    #expect(one.threshold(atSensitivity: 0.9) == nil)
  }

  @Test func `the ROC curve's area is the AUC`() throws {
    var generator = SeededGenerator(seed: 4)
    let truth = (0..<300).map { _ in Bool.random(using: &generator) }
    let scores = truth.map { ($0 ? 1.0 : 0) + Double(Int.random(in: 0..<9, using: &generator)) / 3 }
    let s = try BinaryScores(truth: truth, scores: scores)
    let c = s.rocCurve
    var area = 0.0
    for i in 1..<c.thresholds.count {
      area +=
        (c.falsePositiveRates[i] - c.falsePositiveRates[i - 1])
        * (c.truePositiveRates[i] + c.truePositiveRates[i - 1]) / 2
    }
    #expect(abs(area - s.rocAUC.value.orNaN) < 1e-12)
    #expect(abs(s.partialAUC(upToFPR: 1, standardised: false).value.orNaN - area) < 1e-12)
  }

  @Test func `a temperature brings over-confident probabilities back`() throws {
    var generator = SeededGenerator(seed: 9)
    var truth: [Int] = []
    var rows: [[Double]] = []
    for _ in 0..<4000 {
      let p = Double.random(in: 0.5..<0.95, using: &generator)
      truth.append(Double.random(in: 0..<1, using: &generator) < p ? 0 : 1)
      // Squared odds: twice too confident, so the temperature is 2.
      let (a, b) = (p * p, (1 - p) * (1 - p))
      rows.append([a / (a + b), b / (a + b)])
    }
    let m = try MulticlassProbabilities(truth: truth, probabilities: rows)
    let scaled = try m.temperatureScaled()
    #expect(abs(scaled.temperature - 2) < 0.2)
    let before = m.topLabelReliability().expectedError.value.orNaN
    #expect(scaled.calibrated.topLabelReliability().expectedError.value.orNaN < before)
    #expect(scaled.calibrated.logLoss().value.orNaN < m.logLoss().value.orNaN)
  }

  @Test func `bins of equal mass hold equal numbers`() throws {
    let p = try BinaryProbabilities(
      truth: (0..<100).map { $0 % 3 == 0 }, probabilities: (0..<100).map { Double($0) / 100 })
    let r = p.reliability(Binning(10, .equalMass))
    #expect(r.bins.map(\.count) == Array(repeating: 10, count: 10))
    #expect(throws: EvaluationError.self) {
      try BinaryProbabilities(truth: [true], probabilities: [1.2])
    }
    #expect(throws: EvaluationError.self) {
      try MulticlassProbabilities(truth: [0], probabilities: [[0.7, 0.7]])
    }
  }

  @Test func `the decision curve starts at the prevalence and treating none is zero`() throws {
    let p = try BinaryProbabilities(
      truth: [true, true, false, false], probabilities: [0.9, 0.6, 0.4, 0.1])
    let c = try p.decisionCurve(at: [0.05, 0.5, 0.95])
    // At 0.05 all are called positive: 0.5 − 0.5 · 0.05 / 0.95.
    #expect(abs(c.model[0] - (0.5 - 0.5 * 0.05 / 0.95)) < 1e-12)
    #expect(c.model[0] == c.treatAll[0])
    #expect(c.model[1] == 0.5)
    #expect(c.model[2] == 0)
  }
}

// Distributions against scipy, intervals and tests against their laws.
import Evaluation
import Testing

struct StatisticsTests {
  // scipy.stats: t.ppf(.975, 7.3), f.ppf(.95, 3, 11), chi2.sf(12.3, 4), norm.ppf(1e-10),
  // binom.cdf(3, 17, .2), 2 · t.sf(2.5, 4)
  @Test func `distributions agree with scipy`() {
    let pairs = [
      (StudentT.quantile(0.975, df: 7.3), 2.345066736547703),
      (FisherF.quantile(0.95, 3, 11), 3.5874337024204945),
      (ChiSquared.upperTail(12.3, df: 4), 0.015254394655769615),
      (Normal.quantile(1e-10), -6.361340902404056),
      (Binomial.cumulative(3, n: 17, p: 0.2), 0.5488762045857789),
      (StudentT.twoSided(2.5, df: 4), 0.06676654481198814),
    ]
    for (got, want) in pairs {
      #expect(abs(got - want) < 1e-12 * max(1, abs(want)), "\(got) \(want)")
    }
  }

  @Test func `a quantile undoes its distribution`() {
    for p in [1e-6, 0.01, 0.3, 0.5, 0.8, 0.999] {
      #expect(abs(Normal.cumulative(Normal.quantile(p)) - p) < 1e-14)
      #expect(abs(StudentT.cumulative(StudentT.quantile(p, df: 3), df: 3) - p) < 1e-12)
    }
  }

  @Test func `drawing the matrix is the bootstrap of the cases`() throws {
    var generator = SeededGenerator(seed: 8)
    let truth = (0..<300).map { _ in Int.random(in: 0..<3, using: &generator) }
    let predicted = truth.map {
      Int.random(in: 0..<10, using: &generator) < 7 ? $0 : Int.random(in: 0..<3, using: &generator)
    }
    let classes = [0, 1, 2]
    let m = try ConfusionMatrix(truth: truth, predictions: predicted, classes: classes)
    let fast = m.bootstrap(.macroF1, Bootstrap(resamples: 4000, seed: 1))
    let slow = try Bootstrap(resamples: 2000, seed: 2)(Array(zip(truth, predicted))) { cases in
      (try? ConfusionMatrix(
        truth: cases.map(\.0), predictions: cases.map(\.1), classes: classes))?.macroF1().double
    }
    #expect(fast.estimate == slow.estimate)
    let (a, b) = (fast.interval?.bounds, slow.interval?.bounds)
    #expect(abs((a?.lower ?? 0) - (b?.lower ?? 1)) < 0.01)
    #expect(abs((a?.upper ?? 0) - (b?.upper ?? 1)) < 0.01)
    #expect(abs(fast.standardError.orNaN - slow.standardError.orNaN) < 0.003)
  }

  @Test func `clusters that are copies widen the interval by the root of their size`() throws {
    let values = (0..<50).map { Double($0 % 7) }
    let copied = values.flatMap { [$0, $0, $0, $0] }
    let b = Bootstrap(resamples: 4000, seed: 5)
    let naive = try b.mean(of: copied).standardError.orNaN
    let clustered = try b.mean(of: copied, clusters: (0..<200).map { $0 / 4 }).standardError.orNaN
    #expect(abs(clustered / naive - 2) < 0.1)
  }

  @Test func `BCa falls back where it does not exist, and says so`() throws {
    let r = try Bootstrap(resamples: 200, method: .bca)([1.0, 1, 1]) { $0.first }
    #expect(r.interval?.method.contains("degenerate") == true)
    #expect(r.interval?.bounds.lower == 1)
  }

  @Test func `the same seed gives the same interval, another seed another`() throws {
    let values = (0..<30).map { Double($0 * $0 % 11) }
    let a = try Bootstrap(resamples: 500, seed: 4).mean(of: values).interval
    #expect(try Bootstrap(resamples: 500, seed: 4).mean(of: values).interval == a)
    #expect(try Bootstrap(resamples: 500, seed: 5).mean(of: values).interval != a)
  }

  @Test func `binomial draws have the binomial's mean and variance`() {
    // Through the bootstrap of accuracy: n·p(1 − p) / n².
    for (k, n) in [(3, 40), (20, 40), (390, 400), (7, 4000)] {
      guard
        let m = try? ConfusionMatrix(counts: [[k, n - k], [0, 0]], classes: ["a", "b"])
      else { continue }
      let r = m.bootstrap(.accuracy, Bootstrap(resamples: 20_000, seed: 3))
      let p = Double(k) / Double(n)
      let se = (p * (1 - p) / Double(n)).squareRoot()
      #expect(abs(r.standardError.orNaN / se - 1) < 0.03)
      #expect(abs(r.replicates.reduce(0, +) / 20_000 - p) < 4 * se / 141)
    }
  }

  @Test func `an interval contains its estimate and shrinks with n`() {
    for n in [5, 50, 500] {
      for k in [0, 1, n / 2, n] {
        let p = Proportion(k, of: n)
        for i in [
          p.wilson(), p.clopperPearson(), p.wilsonContinuityCorrected(), p.agrestiCoull(),
        ] {
          let (low, high) = i?.bounds ?? (1, 0)
          #expect(low <= Double(k) / Double(n) + 1e-12 && high >= Double(k) / Double(n) - 1e-12)
        }
      }
    }
    #expect(Proportion(0, of: 0).wilson() == nil)
    #expect(Proportion(0, of: 0).value == .undefined(.noCases))
  }

  @Test func `the paired permutation test of 0 and 1 is the exact McNemar test`() throws {
    var generator = SeededGenerator(seed: 6)
    for _ in 0..<20 {
      let a = (0..<15).map { _ in Bool.random(using: &generator) }
      let b = (0..<15).map { _ in Bool.random(using: &generator) }
      let d = zip(a, b).map { ($0 ? 1.0 : 0) - ($1 ? 1 : 0) }
      let p = try PairedPermutation.test(differences: d).pValue.orNaN
      #expect(abs(p - (try McNemar(a, b).exact.pValue.orNaN)) < 1e-12)
    }
  }

  @Test func `adjusted p values keep order and are never smaller`() throws {
    let p = [0.01, 0.5, 0.003, .nan, 0.04, 0.2]
    for rule in PAdjustment.allCases {
      let q = try rule.adjust(p)
      #expect(q[3].isNaN)
      for i in p.indices where !p[i].isNaN {
        #expect(q[i] >= p[i] - 1e-15)
        for j in p.indices where p[i] < p[j] { #expect(q[i] <= q[j]) }
      }
    }
    #expect(throws: EvaluationError.self) { try PAdjustment.holm.adjust([1.2]) }
  }

  @Test func `DeLong needs two of each class and grows no faster than n log n`() throws {
    #expect(throws: EvaluationError.self) {
      try DeLong(truth: [true, false, false], scores: [[1, 2, 3]])
    }
    var generator = SeededGenerator(seed: 1)
    let truth = (0..<100_000).map { $0 % 3 == 0 }
    let scores = truth.map { _ in Double.random(in: 0..<1, using: &generator) }
    let d = try DeLong(truth: truth, scores: [scores])
    #expect(abs(d.aucs[0] - 0.5) < 0.02)
  }

  // Wongpakaran et al. 2013 / irrCAC's 4-rater example is not needed: two raters in full
  // agreement give 1, and AC1 stays high where kappa collapses (Gwet 2008, the paradox).
  @Test func `AC1 is not fooled by prevalence`() throws {
    let a: [Int?] = Array(repeating: 0, count: 118) + [0, 0, 0, 0, 0, 1, 1]
    let b: [Int?] = Array(repeating: 0, count: 118) + [1, 1, 1, 1, 1, 0, 0]
    let ac1 = try MultiRaterAgreement.gwet([a, b], categories: 2).value.orNaN
    let kappa = try CohensKappa(
      a.compactMap { $0 }, b.compactMap { $0 }, categories: [0, 1]
    ).kappa.value.orNaN
    // Gwet 2008, table 2: kappa −0.0234, AC1 0.9408 for 118, 5, 2, 0.
    #expect(abs(kappa + 0.0234) < 5e-4)
    #expect(abs(ac1 - 0.9408) < 5e-4)
  }

  @Test func `sample size and power undo each other`() throws {
    let n = try SampleSize.mcNemarPairs(p10: 0.15, p01: 0.05)
    let power = try SampleSize.mcNemarPower(p10: 0.15, p01: 0.05, pairs: n ?? 0)
    #expect(power >= 0.8 && power < 0.81)
    #expect(try SampleSize.mcNemarPairs(p10: 0.1, p01: 0.1) == nil)
    let cases = SampleSize.aucPositives(auc: 0.8) ?? 0
    #expect(SampleSize.aucPower(auc: 0.8, positives: cases, negatives: cases) >= 0.8)
    #expect(SampleSize.aucPower(auc: 0.8, positives: cases - 1, negatives: cases - 1) < 0.8)
  }
}

// Input of any size and kind: a documented result or a typed error, never a trap.
import Evaluation
import Testing

struct EdgeTests {
  @Test func `nothing at all is undefined or a typed error`() throws {
    #expect(try BinaryScores(truth: [], scores: []).rocAUC.double == nil)
    #expect(try BinaryScores(truth: [], scores: []).averagePrecision.double == nil)
    #expect(try BinaryProbabilities(truth: [], probabilities: []).brier.double == nil)
    #expect(Proportion(0, of: 0).wilson() == nil)
    #expect(try BLEU().corpus([], references: []).score.double == nil)
    #expect(try ChrF().corpus([], references: []).double == nil)
    #expect(try ROUGE().corpus([], targets: []).allSatisfy { $0.double == nil })
    #expect(throws: EvaluationError.self) { try TSNE()([]) }
    #expect(throws: EvaluationError.self) { try TSNE(method: .exact)([]) }
    let empty = try Mask([UInt8](), shape: [0, 3, 0])
    #expect(try BoundaryDistances(prediction: empty, reference: empty).hausdorff95.double == nil)
    #expect(
      try SurfelDistances(prediction: empty, reference: empty)
        .surfaceDice(tolerance: 1).double == nil)
  }

  @Test func `one class is undefined, not a number`() throws {
    for truth in [true, false] {
      let s = try BinaryScores(truth: [truth, truth, truth], scores: [0.1, 0.5, 0.9])
      #expect(s.rocAUC.double == nil)
      #expect((s.averagePrecision.double == nil) == !truth)
    }
    #expect(throws: EvaluationError.self) {
      try DeLong(truth: [true, true], scores: [[0.1, 0.2]])
    }
    let m = try ConfusionMatrix(truth: ["a", "a"], predictions: ["a", "a"], classes: ["a"])
    #expect(m.accuracy.double == 1)
    #expect(m.matthewsCorrelation.double == 0)
  }

  @Test func `scores that are all tied give an area of one half`() throws {
    for score in [0.0, -0.0, .infinity, -.infinity, .greatestFiniteMagnitude] {
      let s = try BinaryScores(
        truth: [true, false, true, false], scores: Array(repeating: score, count: 4))
      #expect(s.rocAUC.double == 0.5)
      #expect(s.averagePrecision.double == 0.5)
    }
  }

  @Test func `NaN is a typed error wherever a number is asked for`() {
    #expect(throws: EvaluationError.self) {
      try BinaryProbabilities(truth: [true], probabilities: [.nan])
    }
    #expect(throws: EvaluationError.self) { try IntraclassCorrelation([[1, .nan], [2, 3]]) }
    #expect(throws: EvaluationError.self) {
      try DeLong(truth: [true, false], scores: [[.nan, 0]])
    }
    #expect(throws: EvaluationError.self) {
      try PrincipalComponents([[.nan, 1], [2, 3]], count: 1)
    }
    #expect(throws: EvaluationError.self) {
      try TSNE(perplexity: 1, method: .exact)([[0], [1], [2], [.infinity]])
    }
    #expect(throws: EvaluationError.self) { try Mask([1], shape: [1, 1], spacing: [.nan, 1]) }
    #expect(throws: EvaluationError.self) {
      try rasterised(polygon: [(.nan, 0), (1, 1), (2, 0)], shape: [4, 4])
    }
  }

  @Test func `masks of one voxel, one row and every voxel have distances`() throws {
    for shape in [[1, 1], [1, 1, 1], [1, 200], [3, 1, 65], [2, 2, 64]] {
      let n = shape.reduce(1, *)
      let all = try Mask([UInt8](repeating: 1, count: n), shape: shape)
      var corner = [UInt8](repeating: 0, count: n)
      corner[n - 1] = 1
      let one = try Mask(corner, shape: shape)
      let d = try BoundaryDistances(prediction: all, reference: one)
      let longest = shape.reduce(0.0) { $0 + Double(($1 - 1) * ($1 - 1)) }.squareRoot()
      #expect(abs(d.hausdorff.value.orNaN - longest) < 1e-12)
      let s = try SurfelDistances(prediction: all, reference: all)
      #expect(s.hausdorff(percentile: 100).double == 0)
    }
  }

  @Test func `texts without words, and words without end, have scores`() throws {
    for text in ["", " \n\t", "…", "\u{0}", "a", String(repeating: "a ", count: 5000)] {
      #expect(try BLEU().corpus([text], references: [["a b c"]]).score.value.orNaN >= 0)
      #expect(try BLEU().corpus(["a b c"], references: [[text]]).score.value.orNaN >= 0)
      #expect(try ChrF().corpus([text], references: [[text]]).value.orNaN >= 0)
      #expect(try CaptionMetrics.ciderD([[text]], references: [[[text]]]).each[0] >= 0)
    }
    #expect(throws: EvaluationError.self) { try BLEU().corpus(["a"], references: []) }
    #expect(throws: EvaluationError.self) { try BLEU().corpus(["a"], references: [[]]) }
    #expect(throws: EvaluationError.self) { try CaptionMetrics.ciderD([["a"]], references: [[]]) }
  }
}

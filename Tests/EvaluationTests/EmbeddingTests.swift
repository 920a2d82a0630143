// Embeddings against scikit-learn's numbers and their laws; detection's edges.
import Evaluation
import Testing

struct EmbeddingTests {
  // sklearn.metrics.silhouette_score
  @Test func `the silhouette is scikit-learn's`() throws {
    let x: [[Double]] = [[0, 0], [1, 0], [0, 1], [5, 5], [6, 5], [5, 7], [2, 2]]
    let s = try Separation.silhouette(x, labels: [0, 0, 0, 1, 1, 1, 0])
    #expect(abs(s.value.orNaN - 0.7299829165062623) < 1e-12)
    #expect(try Separation.silhouette(x, labels: x.map { _ in 1 }).double == nil)
    let a = try Separation.nearestNeighbourAccuracy(x, labels: [0, 0, 0, 1, 1, 1, 0], k: 1)
    #expect(a.count == 7)
  }

  @Test func `components of few points in many dimensions are those of the transpose`() throws {
    var generator = SeededGenerator(seed: 3)
    let wide = (0..<6).map { _ in (0..<20).map { _ in Double.random(in: -1..<1, using: &generator) }
    }
    let p = try PrincipalComponents(wide, count: 5)
    #expect(abs(p.explained.reduce(0, +) - 1) < 1e-9)
    for (i, a) in p.components.enumerated() {
      for (j, b) in p.components.enumerated() {
        let dot = zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(abs(dot - (i == j ? 1 : 0)) < 1e-9)
      }
      let column = p.scores.map { $0[i] }
      let variance = column.reduce(0) { $0 + $1 * $1 } / 5
      #expect(abs(variance - p.variances[i]) < 1e-9)
    }
    let tall = (0..<20).map { i in wide.map { $0[i] } }
    #expect(try PrincipalComponents(tall, count: 3).components.count == 3)
  }

  @Test(arguments: [TSNE.Method.exact, .barnesHut(theta: 0.5)])
  func `t-SNE keeps well-separated classes apart`(method: TSNE.Method) throws {
    var generator = SeededGenerator(seed: 5)
    var data: [[Double]] = []
    var labels: [Int] = []
    for i in 0..<120 {
      labels.append(i % 3)
      data.append(
        (0..<8).map { k in (k == i % 3 ? 10 : 0) + Double.random(in: -1..<1, using: &generator) })
    }
    let r = try TSNE(perplexity: 12, iterations: 400, method: method)(data)
    let s = try Separation.silhouette(r.points.map { [$0.x, $0.y] }, labels: labels)
    #expect(s.value.orNaN > 0.6)
    #expect(r.divergence >= 0 && r.divergence < 1)
    #expect(throws: EvaluationError.self) { try TSNE(perplexity: 50)(data) }
  }

  @Test func `identical points do not hang the tree`() throws {
    let data = Array(repeating: [1.0, 2.0], count: 60) + Array(repeating: [3.0, 1.0], count: 60)
    let r = try TSNE(perplexity: 10, iterations: 60)(data)
    #expect(r.points.allSatisfy { $0.x.isFinite && $0.y.isFinite })
  }
}

struct DetectionTests {
  @Test func `perfect boxes have AP 1, and order of input does not matter`() throws {
    var generator = SeededGenerator(seed: 6)
    var truths: [GroundTruth] = []
    var found: [Detection] = []
    for i in 0..<40 {
      let box = BoundingBox(
        x: Double.random(in: 0..<50, using: &generator),
        y: Double.random(in: 0..<50, using: &generator), width: 40, height: 30)
      truths.append(GroundTruth(image: i % 9, category: i % 3, box: box))
      found.append(Detection(image: i % 9, category: i % 3, box: box, score: Double(i) / 40))
    }
    let a = try COCOEvaluation(groundTruth: truths, detections: found)
    #expect(abs(a.averagePrecision().value.orNaN - 1) < 1e-12)
    let b = try COCOEvaluation(
      groundTruth: truths.shuffled(using: &generator),
      detections: found.shuffled(using: &generator))
    #expect(a.averagePrecision() == b.averagePrecision())
    #expect(throws: EvaluationError.self) {
      try COCOEvaluation(
        groundTruth: truths,
        detections: [Detection(image: 0, category: 0, box: truths[0].box, score: .nan)])
    }
  }

  @Test func `a polygon fills the pixels whose centres it holds`() throws {
    let m = try rasterised(polygon: [(1, 1), (5, 1), (5, 4), (1, 4)], shape: [6, 8])
    #expect(m.count == 12)
    #expect(BoundingBox(m) == BoundingBox(minX: 1, minY: 1, maxX: 5, maxY: 4))
    #expect(try rasterised(polygon: [(0, 0)], shape: [3, 3]).isEmpty)
    // Columns 1…4 of 8: three quarters lie left of the middle, below the share that decides.
    #expect(m.side() == "bilateral")
    #expect(m.side(share: 0.7) == "right")
  }

  @Test func `places are read and compared`() throws {
    let v = RegionVocabulary.headCT
    let p = v.read("Haemorrhage in the left putamen, no extension to the right ventricle.")
    #expect(p["side"] == ["left"])
    #expect(p["region"] == ["basal ganglia"])
    #expect(v.read("left and right frontal contusions")["side"] == ["bilateral"])
    let a = try RegionAgreement(
      predicted: [["left"], []], reference: [["left"], ["right"]], axis: "side")
    #expect(a.exact.double == 0.5 && a.silent == 1)
  }
}

// Masks against brute force, and the laws of distances.
import Evaluation
import Testing

private func randomMask(
  _ shape: [Int], _ spacing: [Double], fill: Double, _ generator: inout SeededGenerator
) throws -> Mask {
  let n = shape.reduce(1, *)
  return try Mask(
    (0..<n).map { _ in Double.random(in: 0..<1, using: &generator) < fill }, shape: shape,
    spacing: spacing)
}

private let grids: [([Int], [Double])] = [
  ([9, 11], [1, 1]), ([8, 13], [2.5, 0.4]), ([5, 6, 7], [1, 1, 1]), ([4, 9, 8], [5, 0.45, 0.45]),
  ([1, 1, 1], [1, 2, 3]), ([1, 12], [1, 1]), ([3, 1, 9], [0.7, 2, 1.1]),
]

private func coordinates(_ i: Int, _ shape: [Int]) -> [Int] {
  var rest = i
  var out: [Int] = []
  for extent in shape.reversed() {
    out.insert(rest % extent, at: 0)
    rest /= extent
  }
  return out
}

struct SegmentationTests {
  @Test(arguments: grids)
  func `the distance transform is that of brute force`(shape: [Int], spacing: [Double]) throws {
    var generator = SeededGenerator(seed: 12)
    for fill in [0.0, 0.03, 0.3, 1] {
      let m = try randomMask(shape, spacing, fill: fill, &generator)
      let got = DistanceTransform.distances(to: m)
      let single = DistanceTransform.singlePrecisionDistances(to: m)
      let inside = m.voxels.indices.filter { m.voxels[$0] != 0 }
      for i in m.voxels.indices {
        let a = coordinates(i, shape)
        var best = Double.infinity
        for j in inside {
          let b = coordinates(j, shape)
          var sum = 0.0
          for k in a.indices {
            let d = Double(a[k] - b[k]) * spacing[k]
            sum += d * d
          }
          best = min(best, sum.squareRoot())
        }
        #expect(got[i] == best || abs(got[i] - best) < 1e-9)
        #expect(Double(single[i]) == best || abs(Double(single[i]) - best) < 1e-3)
      }
    }
  }

  @Test(arguments: grids)
  func `boundary distances are those of brute force, in every metric`(
    shape: [Int], spacing: [Double]
  ) throws {
    var generator = SeededGenerator(seed: 13)
    func boundary(_ m: Mask) -> [[Int]] {
      m.voxels.indices.filter { m.voxels[$0] != 0 }.map { coordinates($0, shape) }.filter { c in
        for axis in c.indices {
          for step in [-1, 1] {
            var d = c
            d[axis] += step
            if d[axis] < 0 || d[axis] >= shape[axis] { return true }
            var index = 0
            for k in d.indices { index = index * shape[k] + d[k] }
            if m.voxels[index] == 0 { return true }
          }
        }
        return false
      }
    }
    for fill in [0.05, 0.5, 0.95] {
      let p = try randomMask(shape, spacing, fill: fill, &generator)
      let r = try randomMask(shape, spacing, fill: 0.4, &generator)
      let (a, b) = (boundary(p), boundary(r))
      for metric in DistanceMetric.allCases {
        let d = try BoundaryDistances(prediction: p, reference: r, metric: metric)
        if b.isEmpty {
          #expect(d.predictionToReference.allSatisfy { $0.isInfinite })
          continue
        }
        let want = a.map { x in
          b.map { y -> Double in
            let gaps = x.indices.map { abs(Double(x[$0] - y[$0])) }
            switch metric {
            case .euclidean:
              return gaps.indices.reduce(0.0) {
                $0 + gaps[$1] * gaps[$1] * spacing[$1] * spacing[$1]
              }.squareRoot()
            case .chessboard: return gaps.max() ?? 0
            case .taxicab: return gaps.reduce(0, +)
            }
          }.min() ?? .infinity
        }.sorted()
        #expect(d.predictionToReference.count == want.count)
        for (g, w) in zip(d.predictionToReference, want) { #expect(abs(g - w) < 1e-9) }
      }
    }
  }

  @Test func `scores are symmetric, bounded, and grow with the tolerance`() throws {
    var generator = SeededGenerator(seed: 14)
    for (shape, spacing) in grids {
      let p = try randomMask(shape, spacing, fill: 0.3, &generator)
      let r = try randomMask(shape, spacing, fill: 0.3, &generator)
      if p.isEmpty || r.isEmpty { continue }
      let (a, b) = (
        try BoundaryDistances(prediction: p, reference: r),
        try BoundaryDistances(prediction: r, reference: p)
      )
      #expect(a.hausdorff95.value == b.hausdorff95.value)
      #expect(a.hausdorff.value.orNaN >= a.hausdorff95.value.orNaN)
      #expect(abs(a.average().value.orNaN - b.average().value.orNaN) < 1e-12)
      var last = -1.0
      for t in [0.0, 0.5, 1, 2, 5, 100] {
        let n = a.surfaceDice(tolerance: t).value.orNaN
        let s = try SurfelDistances(prediction: p, reference: r).surfaceDice(tolerance: t)
        #expect(n >= last && n <= 1 && s.value.orNaN >= 0 && s.value.orNaN <= 1 + 1e-12)
        last = n
      }
      #expect(last == 1)
      let same = try BoundaryDistances(prediction: p, reference: p)
      #expect(same.hausdorff.double == 0)
      #expect(try Overlap(prediction: p, reference: p).dice.double == 1)
    }
  }

  // surface_distance.lookup_tables, summed over all 256 codes at spacing (1, 1, 1) and (3, 2, 1).
  @Test func `a ball's surface elements add up to about its surface`() throws {
    let n = 41
    var voxels = [UInt8]()
    for i in 0..<n {
      for j in 0..<n {
        for k in 0..<n {
          let d = [i, j, k].map { Double($0 - 20) }
          voxels.append(d[0] * d[0] + d[1] * d[1] + d[2] * d[2] <= 225 ? 1 : 0)
        }
      }
    }
    let ball = try Mask(voxels, shape: [n, n, n])
    let area = try SurfelDistances(prediction: ball, reference: ball)
      .predictionToReference.totalArea
    // 4 π 15² = 2827; marching cubes overestimate a digital ball by a few per cent.
    #expect(area > 2827 && area < 2827 * 1.12)
  }

  @Test func `components are those of flood fill`() throws {
    var generator = SeededGenerator(seed: 15)
    for (shape, spacing) in grids {
      for fill in [0.1, 0.4, 0.7] {
        let m = try randomMask(shape, spacing, fill: fill, &generator)
        for connectivity in Connectivity.allCases {
          let got = Components(m, connectivity: connectivity)
          let reach =
            connectivity == .faces ? 1 : connectivity == .edges ? 2 : 3
          var label = [Int](repeating: 0, count: m.voxels.count)
          var count = 0
          for start in label.indices where m.voxels[start] != 0 && label[start] == 0 {
            count += 1
            var open = [start]
            label[start] = count
            while let at = open.popLast() {
              let c = coordinates(at, shape)
              for j in label.indices where m.voxels[j] != 0 && label[j] == 0 {
                let gaps = zip(c, coordinates(j, shape)).map { abs($0 - $1) }
                if (gaps.max() ?? 0) <= 1, gaps.reduce(0, +) <= reach {
                  label[j] = count
                  open.append(j)
                }
              }
            }
          }
          #expect(got.labels.map { Int($0) } == label)
          #expect(got.sizes.reduce(0, +) == m.count)
        }
      }
    }
  }

  @Test func `thinning keeps components and holes and makes lines`() throws {
    // A ring: the skeleton is a ring of one component that encloses the hole.
    var ring = [UInt8](repeating: 0, count: 441)
    for i in 0..<21 {
      for j in 0..<21 {
        let d = (i - 10) * (i - 10) + (j - 10) * (j - 10)
        ring[i * 21 + j] = d <= 81 && d >= 25 ? 1 : 0
      }
    }
    let m = try Mask(ring, shape: [21, 21])
    let s = m.skeleton()
    #expect(Components(s).count == 1)
    let outside = try Mask(s.voxels.map { 1 - $0 }, shape: [21, 21])
    #expect(Components(outside, connectivity: .faces).count == 2)
    #expect(s.count < m.count / 3 && s.count > 20)
    #expect(try m.clDice(with: m).double == 1)
    let bar = try Mask(
      (0..<(9 * 30)).map { i in (3...5).contains(i / 30) && (2...27).contains(i % 30) },
      shape: [9, 30])
    #expect(bar.skeleton().count >= 20 && bar.skeleton().count <= 30)
  }

  @Test func `empty masks follow the policy, and a miss is an error`() throws {
    let none = try Mask([UInt8](repeating: 0, count: 24), shape: [2, 3, 4])
    var one = [UInt8](repeating: 0, count: 24)
    one[5] = 1
    let some = try Mask(one, shape: [2, 3, 4])
    #expect(try Overlap(prediction: none, reference: none).dice.value == .undefined(.bothEmpty))
    #expect(
      try Overlap(prediction: none, reference: none, whenBothEmpty: .perfect).dice.double == 1)
    for (p, r) in [(none, some), (some, none)] {
      #expect(try Overlap(prediction: p, reference: r).dice.double == 0)
      let d = try BoundaryDistances(prediction: p, reference: r)
      #expect(d.hausdorff95.double == .infinity)
      #expect(d.surfaceDice(tolerance: 1).double == 0)
    }
    let mean = try Aggregate(
      "HD95", [.value(2), .value(.infinity), .undefined(.bothEmpty)],
      whenInfinite: .replace(10))
    #expect(mean.mean.double == 6 && mean.infinite == 1 && mean.undefined == 1)
  }

  @Test func `masks of another shape or spacing are a typed error`() throws {
    let a = try Mask([UInt8](repeating: 1, count: 12), shape: [3, 4])
    let b = try Mask([UInt8](repeating: 1, count: 12), shape: [4, 3])
    let c = try Mask([UInt8](repeating: 1, count: 12), shape: [3, 4], spacing: [2, 1])
    for other in [b, c] {
      #expect(throws: EvaluationError.self) { try Overlap(prediction: a, reference: other) }
      #expect(throws: EvaluationError.self) {
        try BoundaryDistances(prediction: a, reference: other)
      }
    }
    #expect(throws: EvaluationError.self) { try Mask([UInt8](), shape: [.max, .max]) }
    #expect(throws: EvaluationError.self) { try Mask([1, 0], shape: [2]) }
    #expect(throws: EvaluationError.self) { try Mask([1, 0], shape: [1, 2], spacing: [0, 1]) }
    #expect(throws: EvaluationError.self) { try Mask(runs: [1, .max], shape: [2, 2]) }
    let empty = try Mask([UInt8](), shape: [0, 5])
    #expect(try Overlap(prediction: empty, reference: empty).dice.double == nil)
    #expect(Components(empty).count == 0)
    #expect(DistanceTransform.distances(to: empty).isEmpty)
  }
}

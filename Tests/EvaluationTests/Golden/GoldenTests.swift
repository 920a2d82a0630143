// Every reference case through the public API: one parameterised test.
import Evaluation
import Testing

extension GoldenCase {
  /// What the module gives for every name in `expected` that it knows.
  typealias Computation = @Sendable (GoldenCase) throws -> [String: Value]

  static let computations: [String: Computation] = {
    var all: [String: Computation] = [:]
    for group in [
      goldenClassification, goldenProbabilities, goldenStatistics, goldenVolumes,
      goldenSegmentation, goldenDetection, goldenText, goldenParsing,
    ] {
      all.merge(group) { first, _ in first }
    }
    return all
  }()

  /// Names that no definition inside the module can reach, with the reason.
  static let outOfReach = [
    "meteor_1.5": "needs the METEOR 1.5 paraphrase table",
    "meteor_1.5_each": "needs the METEOR 1.5 paraphrase table",
  ]

  /// Where `got` differs from `want`; empty when all agree.
  func differences(_ want: Value, _ got: Value, at path: String) -> [String] {
    if let w = want.double {
      guard let g = got.double else { return ["\(path): got \(got.text), expected \(w)"] }
      if w.isNaN || g.isNaN {
        return w.isNaN && g.isNaN ? [] : ["\(path): got \(g), expected \(w)"]
      }
      if w.isInfinite || g.isInfinite { return w == g ? [] : ["\(path): got \(g), expected \(w)"] }
      let limit = tolerance.abs + tolerance.rel * Swift.abs(w)
      return Swift.abs(g - w) <= limit
        ? [] : ["\(path): got \(g), expected \(w) within \(limit)"]
    }
    switch (want, got) {
    case (.array(let a), .array(let b)):
      guard a.count == b.count else {
        return ["\(path): got \(b.count) elements, expected \(a.count): \(got.text)"]
      }
      return zip(a, b).enumerated().flatMap { differences($1.0, $1.1, at: "\(path)[\($0)]") }
    case (.object(let a), .object(let b)):
      return a.sorted { $0.key < $1.key }.flatMap { key, value -> [String] in
        guard let other = b[key] else { return ["\(path).\(key): not computed"] }
        return differences(value, other, at: "\(path).\(key)")
      }
    default:
      return want == got ? [] : ["\(path): got \(got.text), expected \(want.text)"]
    }
  }
}

struct GoldenTests {
  @Test(arguments: GoldenFiles.cases)
  func `the module gives the reference value`(_ one: GoldenCase) throws {
    guard let compute = GoldenCase.computations[one.metric] else {
      Issue.record("unknown metric name: \(one.metric)")
      return
    }
    let got = try compute(one)
    for (name, want) in one.expected.sorted(by: { $0.key < $1.key }) {
      if let reason = GoldenCase.outOfReach[name] {
        print("SKIPPED: 1 value, \(one.id) \(name): \(reason)")
        continue
      }
      guard let value = got[name] else {
        Issue.record("\(one.id): no value named \(name) in \(one.metric)")
        continue
      }
      for difference in one.differences(want, value, at: name) {
        Issue.record("\(one.id): \(difference)")
      }
    }
  }

  @Test func `every file of the folder can be read`() {
    #expect(GoldenFiles.loaded.problems.isEmpty)
  }
}

import ICHStudy
import Testing

struct SplitTests {
  private let patients = (0..<40).map {
    (id: "P\($0)", stratum: ["none", "SDH", "IPH", "none"][$0 % 4])
  }

  @Test func `No patient is in two parts, and none is lost`() {
    let split = Split(patients, testShare: 0.25, tuningShare: 0.15, seed: 3)
    let all = split.training + split.tuning + split.test
    #expect(all.count == 40)
    #expect(Set(all).count == 40)
  }

  @Test func `The order of the patients does not matter, the seed does`() {
    let split = Split(patients, testShare: 0.25, tuningShare: 0.15, seed: 3)
    #expect(split == Split(patients.reversed(), testShare: 0.25, tuningShare: 0.15, seed: 3))
    #expect(split != Split(patients, testShare: 0.25, tuningShare: 0.15, seed: 4))
  }

  @Test func `Each part has its share of every stratum`() {
    let split = Split(patients, testShare: 0.25, tuningShare: 0.15, seed: 3)
    let stratum = Dictionary(uniqueKeysWithValues: patients.map { ($0.id, $0.stratum) })
    func counts(_ part: [String]) -> [String: Int] {
      Dictionary(grouping: part) { stratum[$0] ?? "" }.mapValues(\.count)
    }
    // A quarter of 10, 10 and 20; 15 % of them.
    let test = counts(split.test)
    #expect(split.test.count == 10 && split.tuning.count == 6)
    for (kind, exact) in [("SDH", 2.5), ("IPH", 2.5), ("none", 5)] {
      #expect(abs(Double(test[kind] ?? 0) - exact) < 1)
    }
    let tuning = counts(split.tuning)
    for (kind, exact) in [("SDH", 1.5), ("IPH", 1.5), ("none", 3)] {
      #expect(abs(Double(tuning[kind] ?? 0) - exact) <= 1)
    }
  }

  @Test func `A stratum for each patient still splits`() {
    let split = Split(
      (0..<8).map { (id: "P\($0)", stratum: "\($0)") }, testShare: 0.25, tuningShare: 0.15, seed: 1)
    #expect(split.test.count == 2 && split.tuning.count == 1 && split.training.count == 5)
  }
}

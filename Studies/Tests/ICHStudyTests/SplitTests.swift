import ICHStudy
import Testing

struct SplitTests {
  private let patients = (0..<40).map { (id: "P\($0)", bleeds: $0 % 3 == 0) }

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

  @Test func `Each part has its share of patients with blood`() {
    let split = Split(patients, testShare: 0.25, tuningShare: 0.15, seed: 3)
    let bleeding = Set(patients.filter(\.bleeds).map(\.id))
    // A quarter of 14 bleeding and of 26 other patients, rounded.
    #expect(split.test.count { bleeding.contains($0) } == 4)
    #expect(split.test.count { !bleeding.contains($0) } == 7)
  }
}

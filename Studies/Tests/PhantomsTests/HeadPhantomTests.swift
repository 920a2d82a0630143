import Testing

import Phantoms

struct HeadPhantomTests {
  /// FNV-1a over the samples: one number that any other platform must reach too.
  private func fingerprint(_ samples: [Int16]) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for sample in samples {
      for byte in [UInt8(truncatingIfNeeded: sample), UInt8(truncatingIfNeeded: sample >> 8)] {
        hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
      }
    }
    return hash
  }

  @Test func `A seed gives the same slice every time, on every platform`() {
    let first = HeadPhantom(seed: 7, index: 3)
    let again = HeadPhantom(seed: 7, index: 3)
    let slice = first.slice(first.acquisition.slices / 2)
    #expect(slice.hounsfield == again.slice(again.acquisition.slices / 2).hounsfield)
    #expect(fingerprint(slice.hounsfield) == 15867743830192697262)
  }

  @Test func `A head does not depend on how many heads there are, only on seed and number`() {
    #expect(HeadPhantom(seed: 7, index: 3).bleeds == HeadPhantom(seed: 7, index: 3).bleeds)
    #expect(
      HeadPhantom(seed: 7, index: 3).slice(10).hounsfield
        != HeadPhantom(seed: 8, index: 3).slice(10).hounsfield)
  }

  @Test func `Tissues have the Hounsfield units of a textbook`() {
    let head = HeadPhantom(seed: 11, index: 0)
    let samples = (0..<head.acquisition.slices).flatMap { head.slice($0).hounsfield }
    let air = samples.filter { $0 < -900 }.count
    let bone = samples.filter { $0 > 500 }.count
    let brain = samples.filter { (15...50).contains($0) }.count
    #expect(air > samples.count / 3)
    #expect(bone > samples.count / 100)
    #expect(brain > samples.count / 10)
    #expect((samples.min() ?? 0) >= -1024)
  }

  @Test func `In a cohort every kind of bleed occurs, and some heads have none`() {
    let heads = (0..<120).map { HeadPhantom(seed: 1, index: $0) }
    for subtype in HaemorrhageSubtype.allCases {
      #expect(heads.count { $0.bleeds.contains { $0.subtype == subtype } } >= 8)
    }
    #expect((20...80).contains(heads.count { $0.bleeds.isEmpty }))
    #expect(heads.contains { $0.bleeds.count >= 2 })
  }

  @Test func `Fresh blood is denser than brain and a subdural keeps to its side`() throws {
    let head = try #require(
      (0..<200).lazy.map { HeadPhantom(seed: 5, index: $0) }.first {
        $0.bleeds.map(\.subtype) == [.subdural] && ($0.bleeds.first?.density ?? 0) > 55
      })
    var blood: [Double] = []
    var left = 0
    let n = head.acquisition.matrix
    for k in 0..<head.acquisition.slices {
      let slice = head.slice(k)
      for (i, label) in slice.labels.enumerated() where label == 5 {
        blood.append(Double(slice.hounsfield[i]))
        if i % n > n / 2 { left += 1 }
      }
    }
    #expect(blood.count > 500)
    // The median: voxels at the skull share their thickness with bone, which pulls the mean up.
    let median = blood.sorted()[blood.count / 2]
    #expect((50...85).contains(median))
    let share = Double(left) / Double(blood.count)
    #expect((head.bleeds.first?.side ?? 0) > 0 ? share > 0.95 : share < 0.05)
  }

  @Test func `A tilted gantry leans the slices, and the table moves along z`() throws {
    let head = try #require(
      (0..<50).lazy.map { HeadPhantom(seed: 5, index: $0) }.first {
        $0.acquisition.tiltHalfTangent != 0
      })
    let step =
      head.position(column: 0, row: 0, slice: 1) - head.position(column: 0, row: 0, slice: 0)
    #expect(step.x == 0 && step.y == 0)
    #expect(abs(step.z - head.acquisition.sliceThickness) < 1e-9)
    let down =
      head.position(column: 0, row: 1, slice: 0) - head.position(column: 0, row: 0, slice: 0)
    #expect(down.z != 0)
    #expect(abs((down * down).sum().squareRoot() - head.acquisition.pixelSpacing) < 1e-9)
  }
}

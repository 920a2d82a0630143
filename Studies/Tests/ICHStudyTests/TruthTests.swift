import ICHStudy
import Phantoms
import Testing

struct TruthTests {
  @Test func `A mask tells kinds, side, millilitres and box`() {
    var labels = [UInt8](repeating: 0, count: 100)
    for row in 2..<6 { for column in 6..<9 { labels[row * 10 + column] = 5 } }
    labels[0] = 2
    let truth = SliceTruth(labels: labels[...], columns: 10, midline: 4.5, voxel: 50, leastArea: 3)
    #expect(truth.haemorrhage)
    // One voxel of kind 2 is below the least area.
    #expect(truth.subtypes == [.subdural])
    #expect(truth.side == .left)
    // 13 voxels of 50 mm³ are 0.65 mL.
    #expect(abs((truth.millilitres ?? 0) - 0.65) < 1e-12)
    #expect(truth.box == [0, 0, 9, 6])
  }

  @Test func `An empty mask has no side and no blood`() {
    let truth = SliceTruth(
      labels: [UInt8](repeating: 0, count: 16)[...], columns: 4, midline: 1.5, voxel: 1,
      leastArea: 1)
    #expect(!truth.haemorrhage)
    #expect(truth.side == nil)
    #expect(truth.subtypes == [])
  }

  @Test func `The baseline finds a phantom's large bleed and leaves an empty head alone`() throws {
    for seed in UInt64(1)...40 {
      let head = HeadPhantom(seed: seed, index: 0)
      guard head.bleeds.map(\.subtype) == [.intraparenchymal], head.acquisition.matrix == 192,
        let bleed = head.bleeds.first, bleed.radii.x > 12
      else { continue }
      let a = head.acquisition
      let middle = a.slices / 2
      let near = (middle - 4)..<(middle + 5)
      let slices = near.map { head.slice($0) }
      let volume = HeadVolume(
        columns: a.matrix, rows: a.matrix, slices: near.count,
        spacing: [a.pixelSpacing, a.pixelSpacing, a.sliceThickness],
        hounsfield: slices.flatMap(\.hounsfield))
      let truth = slices.flatMap(\.labels).count { $0 == 2 }
      guard truth > 500 else { continue }
      let found = try ThresholdReader().read(volume).labels
      let overlap = zip(found, slices.flatMap(\.labels)).count { $0 > 0 && $1 > 0 }
      #expect(Double(overlap) > 0.6 * Double(truth))
      return
    }
    Issue.record("no phantom with a large bleed among 40 seeds")
  }
}

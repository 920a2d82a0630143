import Foundation
import Testing
import VolumeIO

/// Every reader on damaged files: it returns a volume or throws, in bounded time.
struct MutationTests {
  /// A small file of each format, made here.
  static func seeds() throws -> [(name: String, bytes: [UInt8])] {
    let folder = try TemporaryFolder()
    var seeds: [(name: String, bytes: [UInt8])] = []
    func add(_ name: String) throws {
      seeds.append((name, try bytes(of: folder.path + "/" + name)))
    }
    let volume = try Volume.pattern(.int16, channels: 2)
    var two = NIfTIWriteOptions()
    two.version = .two
    two.extensions = [NIfTIExtension(code: 6, data: Array("note".utf8))]
    try volume.writeNIfTI(to: folder.path + "/a.nii")
    try volume.writeNIfTI(to: folder.path + "/b.nii", two)
    try volume.writeNIfTI(to: folder.path + "/c.nii.gz")
    try volume.writeNRRD(to: folder.path + "/d.nrrd")
    try volume.writeNRRD(to: folder.path + "/e.nrrd", isCompressed: false)
    try volume.writeMetaImage(to: folder.path + "/f.mha")
    try volume.writeMetaImage(to: folder.path + "/g.mha", isCompressed: false)
    try volume.writeNumPy(to: folder.path + "/h.npy")
    for name in ["a.nii", "b.nii", "c.nii.gz", "d.nrrd", "e.nrrd", "f.mha", "g.mha", "h.npy"] {
      try add(name)
    }
    seeds.append(("i.mgh", SmallFiles.mgh()))
    seeds.append(("j.png", try SmallFiles.png()))
    seeds.append(("k.tif", SmallFiles.tiff()))
    seeds.append(("l.zip", SmallFiles.zip("x.npy", seeds[7].bytes)))
    seeds.append(("m.h5", SmallFiles.hdf5()))
    return seeds
  }

  @Test func `the small files themselves read`() throws {
    for seed in try Self.seeds() {
      #expect(throws: Never.self, "\(seed.name)") {
        _ = try Volume(bytes: seed.bytes, name: seed.name)
      }
    }
  }

  @Test func `damaged files never end the process`() throws {
    let clock = ContinuousClock()
    for seed in try Self.seeds() {
      var state = UInt64(seed.bytes.count)
      func next(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % bound
      }
      var options = ReadOptions()
      options.mostBytes = 1 << 24
      let elapsed = clock.measure {
        for _ in 0..<50 {
          let cut = Array(seed.bytes[..<next(seed.bytes.count)])
          _ = try? Volume(bytes: cut, name: seed.name, options)
        }
        for _ in 0..<200 {
          var bad = seed.bytes
          for _ in 0..<1 + next(64) {
            // Headers are hit more often than voxels.
            let place = next(2) == 0 ? next(min(400, bad.count)) : next(bad.count)
            bad[place] = UInt8(next(256))
          }
          _ = try? Volume(bytes: bad, name: seed.name, options)
        }
      }
      #expect(elapsed < .seconds(60), "\(seed.name) took \(elapsed)")
    }
  }
}

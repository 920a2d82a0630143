import Foundation
import Testing
import VolumeIO

/// Small files for the targets of the package `Fuzz`, one folder a target.
///
/// Written where `ROENTGEN_FUZZ_SEEDS` says, such as `Fuzz/.corpus`.
struct FuzzSeedTests {
  /// Targets of readers, and of codecs with the three bytes that `Fuzz/Sources/Frames` explains.
  static func seeds() throws -> [(target: String, name: String, bytes: [UInt8])] {
    var seeds: [(target: String, name: String, bytes: [UInt8])] = []
    let readers = [
      "nii": "NIfTI", "gz": "NIfTI", "nrrd": "NRRD", "mha": "MetaImage", "npy": "NumPy",
      "mgh": "MGH", "png": "PNG", "tif": "TIFF", "zip": "Zip", "h5": "HDF5",
    ]
    for (name, bytes) in try MutationTests.seeds() {
      let suffix = String(name.split(separator: ".").last ?? "")
      seeds.append((try #require(readers[suffix]), name, bytes))
    }
    for tree in SmallFiles.ChunkTree.allCases {
      seeds.append(("HDF5", "tree-\(tree)", SmallFiles.chunkedHDF5(tree)))
    }
    for stream in SmallStreamTests.exact {
      let samples = stream.pixels.count / 42
      let target: String
      var kind = UInt8(samples == 3 ? 1 : 0)
      switch stream.name {
      case let name where name.hasPrefix("jpegLS"): target = "JPEGLS"
      case let name where name.hasPrefix("jpeg2000"): target = "JPEG2000"
      case let name where name.hasPrefix("lossless"): target = "LosslessJPEG"
      default: target = "LossyJPEG"
      }
      if stream.pixels.contains(where: { $0 > 255 }) { kind |= 6 }
      seeds.append((target, stream.name, [6, 5, kind] + stream.bytes))
      if target.hasSuffix("JPEG") { seeds.append(("JPEG", stream.name, stream.bytes)) }
    }
    let words: [UInt16] = (0..<42).map { $0 % 5 * 300 }
    let coded = RunLengthFrame.encode(words, rows: 6, columns: 7, components: 1)
    seeds.append(("RunLength", "words", [6, 5, 2] + coded))
    let slices = (0..<3).map { index in
      var slice = SyntheticDICOM.Slice()
      slice.z = Double(index) * 2.5
      slice.instance = index + 1
      return SyntheticDICOM.slice(slice)
    }
    seeds.append(("DICOM", "slice", slices[0]))
    let length = slices.map(\.count).max() ?? 0
    let even = slices.map { $0 + [UInt8](repeating: 0, count: length - $0.count) }
    seeds.append(("Series", "three", [1] + even.flatMap { $0 }))
    let body = Array(slices[0].dropFirst(160))
    seeds.append(("Inflate", "coded", try Deflate.compress(body.span, .raw)))
    seeds.append(("Inflate", "stored", try Deflate.compress(body.span, .raw, level: 0)))
    let record = SyntheticDICOM.text(DICOMTag(0x0004, 0x1500), "CS", "IM0")
    let item =
      SyntheticDICOM.le(0xFFFE) + SyntheticDICOM.le(0xE000) + SyntheticDICOM.le32(record.count)
      + record
    seeds.append(
      (
        "Directory", "one",
        SyntheticDICOM.part10(SyntheticDICOM.element(DICOMTag(0x0004, 0x1220), "SQ", item))
      ))
    for (target, name, text) in [
      ("Manifests", "table", "a,b,\"c\"\"\"\r\n1,2,\n\"x\ny\",4,5\n"),
      ("Manifests", "lines", "{\"a\":[1,2.5e-3,null,true,\"\\u00e9\"]}\n{\"b\":{}}\n"),
      (
        "Manifests", "dataset",
        "{\"labels\":{\"0\":\"none\"},\"training\":[{\"image\":\"a\",\"label\":\"b\"}]}"
      ),
      ("Reports", "text", "FINDINGS: clear.\nIMPRESSION: normal.\n"),
      (
        "Reports", "xml",
        "<e><Abstract><AbstractText Label=\"FINDINGS\">a &amp; b</AbstractText></Abstract></e>"
      ),
    ] { seeds.append((target, name, Array(text.utf8))) }
    return seeds
  }

  @Test func `every seed has a fuzz target`() throws {
    let seeds = try Self.seeds()
    let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fuzz/Sources").path
    if let targets = try? FileManager.default.contentsOfDirectory(atPath: package) {
      #expect(Set(seeds.map(\.target)).isSubset(of: targets))
    }
    guard let folder = ProcessInfo.processInfo.environment["ROENTGEN_FUZZ_SEEDS"] else { return }
    for seed in seeds {
      let parent = folder + "/" + seed.target
      try FileManager.default.createDirectory(
        atPath: parent, withIntermediateDirectories: true)
      try OutputFile.write(seed.bytes.span, to: parent + "/" + seed.name)
    }
  }
}

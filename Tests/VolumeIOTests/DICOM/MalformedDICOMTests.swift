import Testing
import VolumeIO

/// Damaged files end in a value or an error, never in a trap. (Longer runs: `Fuzz/Sources/DICOM`.)
struct MalformedDICOMTests {
  /// A reproducible stream of numbers (Steele and others' SplitMix64).
  private struct Random: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }

  private static let seeds: [(String, [UInt8])] = {
    var seeds: [(String, [UInt8])] = [("slice", SyntheticDICOM.slice(.init()))]
    if let volume = try? DICOMWriterTests.phantom() {
      for encoding in [DICOMEncoding.explicitLittle, .deflated] {
        let files = (try? DICOMWriter(seed: "m", encoding: encoding).files(of: volume)) ?? []
        if let first = files.first { seeds.append(("\(encoding)", first)) }
      }
      let labels = try? Volume(
        .uint8([UInt8](repeating: 1, count: 600)), geometry: volume.geometry)
      let writer = DICOMSegmentationWriter(seed: "m", segments: [.init(number: 1, label: "all")])
      if let labels, let seg = try? writer.file(labels) { seeds.append(("SEG", seg)) }
    }
    guard let data = TestData.folder else { return seeds }
    for name in [
      "highdicom/seg_image_ct_binary_overlap.dcm", "pydicom-data-git/emri_small_RLE.dcm",
      "pydicom-data-git/JLSL_08_07_0_1F.dcm", "pydicom-data-git/emri_small_big_endian.dcm",
      "highdicom/sm_image_jpegls.dcm", "highdicom/sr_document.dcm",
      "pydicom-data-git/emri_small_jpeg_2k_lossless.dcm",
    ] {
      if let file = try? bytes(of: data + "/" + name) { seeds.append((name, file)) }
    }
    return seeds
  }()

  private func read(_ bytes: [UInt8]) {
    if let file = try? DICOMFile(bytes) {
      _ = try? DICOMSummary(file)
      _ = try? DICOMSegmentation(file).labels(overlap: .highestNumber)
      _ = try? DICOMDeidentifier(key: "k").deidentify(file)
    }
    var options = DICOMReadOptions()
    options.irregularSpacing = .keep
    for series in DICOMFolder(members: [(path: "x", bytes: bytes)]).series.prefix(2)
    where series.size.z < 64 {
      _ = try? series.read(options)
    }
  }

  @Test func `files cut anywhere or with flipped bytes give a value or an error`() {
    var random = Random(state: 25)
    for (_, bytes) in Self.seeds {
      for round in 0..<8 {
        var damaged = bytes
        if round % 2 == 0 {
          damaged.removeLast(Int.random(in: 1...damaged.count, using: &random))
        } else {
          for _ in 0..<(round % 4 == 1 ? 64 : 6) {
            let reach = round < 4 ? damaged.count : min(damaged.count, 3000)
            let place = Int.random(in: 0..<reach, using: &random)
            damaged[place] =
              [0, 0xFF, 0x80, UInt8.random(in: 0...255, using: &random)]
              .randomElement(using: &random) ?? 0
          }
        }
        read(damaged)
      }
    }
  }

  @Test func `a DICOMDIR leads nowhere outside its folder`() throws {
    let folder = try TemporaryFolder()
    var record = DICOMDataSet()
    record.set(DICOMTag(0x0004, 0x1500), .CS, "..\\SECRET")
    var set = DICOMDataSet()
    set.set(DICOMTag(0x0004, 0x1220), [record])
    let item =
      SyntheticDICOM.le(0xFFFE) + SyntheticDICOM.le(0xE000)
      + {
        let inner = SyntheticDICOM.text(DICOMTag(0x0004, 0x1500), "CS", "..\\SECRET")
        return SyntheticDICOM.le32(inner.count) + inner
      }()
    let path = try folder.file(
      "DICOMDIR",
      SyntheticDICOM.part10(SyntheticDICOM.element(DICOMTag(0x0004, 0x1220), "SQ", item)))
    let found = try DICOMFolder(path)
    #expect(found.series.isEmpty)
    #expect(found.failures.map(\.error.code) == [.escapesFolder])
  }
}

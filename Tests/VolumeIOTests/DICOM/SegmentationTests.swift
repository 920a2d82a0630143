import Testing
import VolumeIO

struct SegmentationTests {
  private let segments = [
    DICOMSegmentation.Segment(number: 1, label: "bleed", property: "Hemorrhage"),
    DICOMSegmentation.Segment(number: 2, label: "skull", algorithm: "AUTOMATIC"),
  ]

  /// Labels on the grid of `DICOMWriterTests.phantom`; the middle slice is empty.
  private func labels() throws -> Volume {
    let phantom = try DICOMWriterTests.phantom()
    var values = [UInt8](repeating: 0, count: 600)
    for index in values.indices where index / 120 != 2 { values[index] = UInt8(index % 7 % 3) }
    return try Volume(.uint8(values), geometry: phantom.geometry)
  }

  @Test func `a written SEG reads back aligned to its series`() throws {
    let files = try DICOMWriter(seed: "s").files(of: DICOMWriterTests.phantom())
    let members = files.enumerated().map { (path: "\($0)", bytes: $1) }
    let series = try #require(DICOMFolder(members: members).series.first)
    let labels = try labels()
    let bytes = try DICOMSegmentationWriter(seed: "seg", segments: segments).file(
      labels, of: series)
    let seg = try DICOMSegmentation(DICOMFile(bytes))
    #expect(seg.segments.map(\.label) == ["bleed", "skull"])
    #expect(seg.segments.map(\.property) == ["Hemorrhage", "Tissue"])
    #expect(seg.referencedSeriesUID == series.seriesInstanceUID)
    let aligned = try seg.labels(alignedTo: series)
    #expect(aligned.samples == labels.samples)
    #expect(aligned.geometry == series.geometry)
    #expect(try seg.labels().geometry.matches(series.geometry))
    let one = try seg.fractions(of: 1)
    #expect(one.doubleSamples().reduce(0, +) == Double(count(labels, 1)))
    let volume = try Volume(
      series: #require(DICOMFolder(members: [(path: "s", bytes: bytes)]).series.first))
    #expect(volume.samples == labels.samples)
  }

  private func count(_ volume: Volume, _ value: Double) -> Int {
    volume.doubleSamples().filter { $0 == value }.count
  }

  @Test func `labels without a segment, and empty ones, are refused`() throws {
    let writer = DICOMSegmentationWriter(seed: "x", segments: [segments[0]])
    #expect(throws: VolumeError.self) { try writer.file(labels()) }
    var empty = try labels()
    empty.samples = .uint8([UInt8](repeating: 0, count: 600))
    #expect(throws: VolumeError.self) { try writer.file(empty) }
  }

  @Test(.enabled(if: TestData.folder != nil))
  func `real segmentations come out as their bits`() throws {
    let data = try #require(TestData.folder) + "/highdicom/"
    // numpy: the sums of pydicom's pixel arrays.
    let binary = try DICOMSegmentation(contentsOf: data + "seg_image_ct_binary.dcm")
    let file = try DICOMFile(contentsOf: data + "seg_image_ct_binary.dcm").storedPixels()
    let ones = try binary.labels().doubleSamples().reduce(0, +)
    guard case .uint8(let bits) = file.samples else { return }
    #expect(ones == Double(bits.reduce(0) { $0 + Int($1) }))
    let overlap = try DICOMSegmentation(contentsOf: data + "seg_image_ct_binary_overlap.dcm")
    #expect(overlap.segments.count == 2)
    let error = #expect(throws: VolumeError.self) { try overlap.labels() }
    #expect(error?.code == .shape)
    _ = try overlap.labels(overlap: .highestNumber)
    let fractional = try DICOMSegmentation(contentsOf: data + "seg_image_ct_true_fractional.dcm")
    #expect(fractional.isFractional)
    let parts = try fractional.fractions(of: 1).doubleSamples()
    #expect(parts.allSatisfy { (0...1).contains($0) } && parts.contains { $0 > 0 })
    #expect(throws: VolumeError.self) { try DICOMSegmentation(contentsOf: data + "ct_image.dcm") }
  }
}

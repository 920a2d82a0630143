import Testing
import VolumeIO

struct DICOMWriterTests {
  /// A tilted head of 12 × 10 × 5 voxels.
  static func phantom() throws -> Volume {
    let samples = (0..<600).map { Int16(truncatingIfNeeded: $0 &* 7919 % 4000 - 1000) }
    var volume = try Volume(
      .int16(samples),
      geometry: Geometry(
        size: [12, 10, 5],
        affine: Affine(
          x: [0.5, 0, 0], y: [0, 0.6, 0.125], z: [0, -0.3, 2.5], origin: [-10, -20, 30.25])),
      modality: "CT")
    volume.display.windows = [
      .init(center: 40, width: 80, explanation: "BRAIN"), .init(center: 600, width: 2800),
    ]
    volume.paddingValue = -1000 ... -1000
    return volume
  }

  @Test(arguments: [DICOMEncoding.explicitLittle, .deflated])
  func `a written series reads back as the same volume`(_ encoding: DICOMEncoding) throws {
    let folder = try TemporaryFolder()
    let volume = try Self.phantom()
    let paths = try DICOMWriter(seed: "one", encoding: encoding).write(volume, to: folder.path)
    #expect(paths.count == 5)
    let series = try DICOMSeries.single(in: folder.path)
    // atan(0.125/0.6) − atan(0.3/2.5), in degrees.
    #expect(abs(series.gantryTilt - 4.92552) < 1e-4)
    let back = try Volume(series: series)
    #expect(back.samples == volume.samples)
    #expect(back.geometry.differences(from: volume.geometry, tolerance: 1e-9) == [])
    #expect(back.rescale == .identity)
    #expect(back.display == volume.display)
    #expect(back.paddingValue == volume.paddingValue)
    #expect(back.modality == "CT")
  }

  @Test func `the same seed gives the same bytes, another seed other identifiers`() throws {
    let volume = try Self.phantom()
    let first = try DICOMWriter(seed: "one").files(of: volume)
    #expect(try DICOMWriter(seed: "one").files(of: volume) == first)
    let other = try DICOMWriter(seed: "two").files(of: volume)
    let uids = try (first + other).map {
      try #require(DICOMFile($0).dataSet.string(.sopInstanceUID))
    }
    #expect(Set(uids).count == 10)
    for uid in uids {
      #expect(uid.hasPrefix("2.25.") && uid.utf8.count <= 64)
    }
  }

  @Test func `file names and instance numbers do not matter for the order`() throws {
    let volume = try Self.phantom()
    let files = try DICOMWriter(seed: "one").files(of: volume)
    let shuffled = [3, 0, 4, 1, 2].enumerated().map { (path: "\($0)", bytes: files[$1]) }
    let folder = DICOMFolder(members: shuffled)
    let back = try Volume(series: try #require(folder.series.first))
    #expect(back.samples == volume.samples)
  }

  @Test func `floating-point samples survive to half a step`() throws {
    let values = (0..<60).map { Float($0) * 0.37 - 3 }
    let volume = try Volume(
      .float32(values), geometry: Geometry(size: [5, 4, 3], affine: Affine(spacing: [1, 1, 2])),
      modality: "MR")
    let files = try DICOMWriter(seed: "f").files(of: volume)
    let members = files.enumerated().map { (path: "\($0)", bytes: $1) }
    let back = try Volume(series: try #require(DICOMFolder(members: members).series.first))
    let step = Double(values[59] - values[0]) / 65_535
    for (a, b) in zip(back.doubleSamples(), values) { #expect(abs(a - Double(b)) <= 0.51 * step) }
  }

  @Test func `channels become temporal positions and come back`() throws {
    let volume = try Volume(
      .uint16((0..<48).map { UInt16($0) }),
      geometry: Geometry(size: [4, 3, 2], affine: Affine(spacing: [1, 1, 3])), channels: 2,
      modality: "MR")
    let files = try DICOMWriter(seed: "t").files(of: volume)
    let members = files.enumerated().map { (path: "\($0)", bytes: $1) }
    let series = try #require(DICOMFolder(members: members).series.first)
    #expect(series.channels == 2)
    #expect(series.channelAxis == "TemporalPositionIdentifier")
    #expect(try Volume(series: series).samples == volume.samples)
  }

  @Test func `colour and other modalities are refused`() throws {
    let rgb = try Volume(
      .uint8([UInt8](repeating: 0, count: 12)),
      geometry: Geometry(size: [2, 2, 1], affine: Affine(spacing: [1, 1, 1])), components: 3,
      componentKind: .rgb)
    let error = #expect(throws: VolumeError.self) {
      try DICOMWriter(seed: "x").files(of: rgb)
    }
    #expect(error?.code == .unsupported)
  }
}

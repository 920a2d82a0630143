import Testing
import VolumeIO

/// Rules for slices and their samples, on files made here.
struct SliceRulesTests {
  typealias Slice = SyntheticDICOM.Slice

  @Test func `each slice has its own slope and intercept`() throws {
    let folder = SyntheticDICOM.series([
      Slice(z: 0, slope: "1"), Slice(z: 2, slope: "2", intercept: "-1"), Slice(z: 4, slope: "0.5"),
    ])
    let series = try #require(folder.series.first)
    #expect(series.diagnostics.map(\.kind) == [.varyingRescale])
    let volume = try Volume(series: series)
    #expect(volume.samples == .float32([0, 1, 2, 3, -1, 1, 3, 5, 0, 0.5, 1, 1.5]))
    #expect(volume.rescale == .identity)
  }

  @Test(arguments: [("+18.5", 18.5), (" 1.2E1 ", 12), ("-.5", -0.5), ("1e-3", 0.001), ("7.", 7)])
  func `decimal strings have signs, spaces and exponents`(_ text: String, _ value: Double) throws {
    let folder = SyntheticDICOM.series([Slice(slope: "1", intercept: text)])
    #expect(try Volume(series: #require(folder.series.first)).rescale.intercept == value)
  }

  @Test func `tiny jitter is regular, a missing slice is told`() throws {
    let even = SyntheticDICOM.series(
      (0..<5).map { Slice(z: 2 * Double($0) + ($0 == 2 ? 1e-6 : 0)) })
    let series = try #require(even.series.first)
    #expect(series.isRegular && series.diagnostics.isEmpty)
    let gap = try #require(
      SyntheticDICOM.series([0, 2, 4, 8, 10].map { Slice(z: $0) }).series.first)
    #expect(gap.diagnostics.map(\.kind) == [.missingSlices])
    #expect(gap.diagnostics[0].detail.contains("after slice 3"))
    let error = #expect(throws: VolumeError.self) { try gap.read() }
    #expect(error?.code == .geometry)
    var options = DICOMReadOptions()
    options.irregularSpacing = .resample(step: nil)
    let filled = try gap.read(options).volume
    #expect(filled.size == [2, 2, 6])
    #expect(filled.geometry.affine.z == [0, 0, 2])
    options.irregularSpacing = .keep
    #expect(try gap.read(options).volume.size == [2, 2, 5])
  }

  @Test func `interpolated slices lie where the steps say`() throws {
    let slices = [0.0, 1, 4].map { z in
      Slice(z: z, samples: [UInt16](repeating: UInt16(10 * z), count: 4))
    }
    var options = DICOMReadOptions()
    options.irregularSpacing = .resample(step: 1)
    let volume = try #require(SyntheticDICOM.series(slices).series.first).read(options).volume
    #expect(
      volume.doubleSamples() == [0, 10, 20, 30, 40].flatMap { [Double](repeating: $0, count: 4) })
  }

  @Test func `repeated positions without a reason are an error, with times a fourth axis`() throws {
    let plain = SyntheticDICOM.series([Slice(z: 0), Slice(z: 0), Slice(z: 1), Slice(z: 1)])
    let series = try #require(plain.series.first)
    #expect(series.diagnostics.map(\.kind) == [.duplicatePositions])
    #expect(throws: VolumeError.self) { try series.read() }
    let times = (0..<4).map { index in
      Slice(
        z: Double(index / 2), samples: [UInt16](repeating: UInt16(index), count: 4),
        middle: SyntheticDICOM.text(.triggerTime, "DS", "\(100 - index % 2)"))
    }
    let cine = try #require(SyntheticDICOM.series(times).series.first)
    #expect(cine.channels == 2 && cine.channelAxis == "TriggerTime")
    #expect(
      try Volume(series: cine).doubleSamples()
        == [1, 3, 0, 2].flatMap { [Double](repeating: $0, count: 4) })
  }

  @Test func `the same instance twice counts once`() throws {
    let bytes = SyntheticDICOM.slice(Slice())
    let folder = DICOMFolder(members: [(path: "a", bytes: bytes), (path: "b", bytes: bytes)])
    let series = try #require(folder.series.first)
    #expect(series.size.z == 1)
    #expect(series.diagnostics.map(\.kind) == [.duplicateInstances])
  }

  @Test func `files with a series UID each are one stack`() throws {
    let slices = (0..<4).map { Slice(z: Double($0), series: "1.2.3.\($0)") }
    let folder = SyntheticDICOM.series(slices)
    #expect(folder.series.count == 1)
    #expect(folder.series.first?.diagnostics.map(\.kind) == [.perFileSeriesUIDs])
  }

  @Test func `unused bits are dropped and the sign extended`() throws {
    let samples: [UInt16] = [0xF7FF, 0x0800, 0xAFFF, 0x0001]
    let signed = SyntheticDICOM.series([Slice(samples: samples, bitsStored: 12, isSigned: true)])
    #expect(
      try Volume(series: #require(signed.series.first)).samples == .int16([2047, -2048, -1, 1]))
    let high = SyntheticDICOM.series([
      Slice(samples: [0x7FF0, 0x8000, 0xFFF5, 0x001F], bitsStored: 12, highBit: 15, isSigned: true)
    ])
    #expect(
      try Volume(series: #require(high.series.first)).samples == .int16([2047, -2048, -1, 1]))
  }

  @Test func `wrapped 12-bit samples are repaired only when asked`() throws {
    let folder = SyntheticDICOM.series([
      Slice(intercept: "0", samples: [0, 40, 3096, 4095], bitsStored: 12)
    ])
    let series = try #require(folder.series.first)
    #expect(try Volume(series: series).samples == .uint16([0, 40, 3096, 4095]))
    var options = DICOMReadOptions()
    options.repairsRSNA12Bit = true
    // x += 1000; x[x ≥ 4096] −= 4096; intercept = −1000, as the competition's kernels do.
    let repaired = try series.read(options).volume
    #expect(repaired.samples == .uint16([1000, 1040, 0, 999]))
    #expect(repaired.rescale == Rescale(slope: 1, intercept: -1000))
  }

  @Test func `look-up tables and padding reach the hints`() throws {
    var table = SyntheticDICOM.element(
      .lutDescriptor, "SS", SyntheticDICOM.le(0) + [0xFF, 0xFF] + SyntheticDICOM.le(16))
    table += SyntheticDICOM.element(
      .lutData, "OW", (0..<65_536).flatMap { SyntheticDICOM.le(UInt16($0)) })
    let item =
      SyntheticDICOM.le(0xFFFE) + SyntheticDICOM.le(0xE000) + SyntheticDICOM.le32(table.count)
      + table
    let further = SyntheticDICOM.element(.voiLUTSequence, "SQ", item)
    let padded = SyntheticDICOM.element(.pixelPaddingValue, "US", [0x24, 0xFA])
    let folder = SyntheticDICOM.series([
      Slice(isSigned: true, photometric: "MONOCHROME1", further: further)
    ])
    let volume = try Volume(series: #require(folder.series.first))
    #expect(volume.display.isInverted)
    #expect(volume.display.voiLUTs.first?.values.count == 65_536)
    #expect(volume.display.voiLUTs.first?.firstMapped == -1)
    var bytes = SyntheticDICOM.slice(Slice(isSigned: true))
    let place = try #require(
      bytes.firstRange(of: SyntheticDICOM.le(0x0028) + SyntheticDICOM.le(0x1052)))
    bytes.insert(contentsOf: padded, at: place.lowerBound)
    let second = DICOMFolder(members: [(path: "a", bytes: bytes)])
    // −1500 under VR US: the sign is the pixels' own.
    #expect(try Volume(series: #require(second.series.first)).paddingValue == -1500 ... -1500)
  }

  @Test func `rows are apart by the first spacing, columns by the second`() throws {
    let series = try #require(SyntheticDICOM.series([Slice(z: 0), Slice(z: 3)]).series.first)
    #expect(series.geometry.affine.spacing == [0.25, 0.5, 3])
  }

  @Test func `a truncated series tells which slices are missing when asked for the rest`() throws {
    var members = (0..<3).map { index in
      (path: "\(index)", bytes: SyntheticDICOM.slice(Slice(z: Double(index), instance: index)))
    }
    members[1].bytes.removeLast(4)
    let series = try #require(DICOMFolder(members: members).series.first { $0.size.z == 3 })
    let error = #expect(throws: VolumeError.self) { try series.read() }
    #expect(error?.code == .truncated)
    var options = DICOMReadOptions()
    options.skipsUnreadableSlices = true
    let (volume, notes) = try series.read(options)
    #expect(volume.samples == .uint16([0, 1, 2, 3, 0, 0, 0, 0, 0, 1, 2, 3]))
    #expect(notes.first?.detail.hasPrefix("slice 2 could not be read") == true)
  }
}

import Testing
import VolumeIO

/// Real-world values of parametric maps and of images, by PS3.3 C.7.6.16.2.11.
struct RealWorldValueTests {
  private static func double(_ tag: DICOMTag, _ value: Double) -> [UInt8] {
    let bits = value.bitPattern
    return SyntheticDICOM.element(
      tag, "FD", (0..<8).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) })
  }

  private static func sequence(_ tag: DICOMTag, _ items: [[UInt8]]) -> [UInt8] {
    SyntheticDICOM.element(
      tag, "SQ",
      items.flatMap {
        SyntheticDICOM.le(0xFFFE) + SyntheticDICOM.le(0xE000) + SyntheticDICOM.le32($0.count) + $0
      })
  }

  private static func mapping(slope: Double, intercept: Double) -> [UInt8] {
    sequence(
      .realWorldValueMappingSequence,
      [
        SyntheticDICOM.text(.lutExplanation, "LO", "Apparent diffusion")
          + sequence(
            DICOMTag(0x0040, 0x08EA),
            [
              SyntheticDICOM.text(DICOMTag(0x0008, 0x0100), "SH", "um2/s")
            ])
          + SyntheticDICOM.text(DICOMTag(0x0040, 0x9210), "SH", "ADC")
          + SyntheticDICOM.us(DICOMTag(0x0040, 0x9211), 4095)
          + SyntheticDICOM.us(DICOMTag(0x0040, 0x9216), 0)
          + double(DICOMTag(0x0040, 0x9224), intercept) + double(DICOMTag(0x0040, 0x9225), slope)
      ])
  }

  /// A map of 2 × 2 × 2 frames, each with a mapping of its own where slopes are given.
  private static func map(sopClass: String, slopes: [Double]) -> [UInt8] {
    var body = SyntheticDICOM.text(.sopClassUID, "UI", sopClass)
    body += SyntheticDICOM.text(.sopInstanceUID, "UI", "1.2.3.4")
    body += SyntheticDICOM.text(.modality, "CS", "MR")
    body += SyntheticDICOM.text(.studyInstanceUID, "UI", "1.2")
    body += SyntheticDICOM.text(.seriesInstanceUID, "UI", "1.2.3")
    body += SyntheticDICOM.us(.samplesPerPixel, 1)
    body += SyntheticDICOM.text(.photometricInterpretation, "CS", "MONOCHROME2")
    body += SyntheticDICOM.text(.numberOfFrames, "IS", "2")
    body += SyntheticDICOM.us(.rows, 2) + SyntheticDICOM.us(.columns, 2)
    body += SyntheticDICOM.us(.bitsAllocated, 16) + SyntheticDICOM.us(.bitsStored, 12)
    body += SyntheticDICOM.us(.highBit, 11) + SyntheticDICOM.us(.pixelRepresentation, 0)
    body += sequence(
      .sharedFunctionalGroups,
      [
        sequence(
          .planeOrientationSequence,
          [SyntheticDICOM.text(.imageOrientation, "DS", "1\\0\\0\\0\\1\\0")])
          + sequence(
            .pixelMeasuresSequence, [SyntheticDICOM.text(.pixelSpacing, "DS", "1\\1")])
      ])
    body += sequence(
      .perFrameFunctionalGroups,
      slopes.enumerated().map { index, slope in
        sequence(
          .planePositionSequence, [SyntheticDICOM.text(.imagePosition, "DS", "0\\0\\\(index)")])
          + mapping(slope: slope, intercept: -1)
      })
    body += SyntheticDICOM.element(
      .pixelData, "OW", (0..<8).flatMap { SyntheticDICOM.le(UInt16($0)) })
    return SyntheticDICOM.part10(body)
  }

  @Test func `a parametric map's mapping is its rescale`() throws {
    let bytes = Self.map(sopClass: "1.2.840.10008.5.1.4.1.1.30", slopes: [2.5, 2.5])
    let volume = try Volume(bytes: bytes)
    #expect(volume.rescale == Rescale(slope: 2.5, intercept: -1))
    #expect(volume.floatSamples() == (0..<8).map { Float($0) * 2.5 - 1 })
    #expect(volume.metadata["RealWorldValueUnit"] == "um2/s")
    #expect(volume.metadata["RealWorldValueLabel"] == "ADC")
  }

  @Test func `mappings that differ between frames are applied frame by frame`() throws {
    let bytes = Self.map(sopClass: "1.2.840.10008.5.1.4.1.1.30", slopes: [1, 3])
    let volume = try Volume(bytes: bytes)
    #expect(volume.samples == .float32([-1, 0, 1, 2, 11, 14, 17, 20]))
  }

  @Test func `an image that is no map tells its mapping and keeps its samples`() throws {
    let bytes = Self.map(sopClass: "1.2.840.10008.5.1.4.1.1.4.1", slopes: [2, 3])
    let volume = try Volume(bytes: bytes)
    #expect(volume.rescale == .identity)
    let mapping = try #require(try DICOMFile(bytes).realWorldValueMappings(frame: 1).first)
    #expect(mapping.rescale == Rescale(slope: 3, intercept: -1))
    #expect(mapping.value(of: 10) == 29)
    #expect(mapping.value(of: 5000) == nil)
    #expect(mapping.explanation == "Apparent diffusion")
  }
}

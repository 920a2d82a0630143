import Testing
import VolumeIO

struct DeidentificationTests {
  private func file() throws -> DICOMFile {
    var writer = DICOMWriter(seed: "d")
    writer.attributes.patientName = "Doe^Jane"
    writer.attributes.patientID = "4711"
    writer.attributes.studyDate = "20200301"
    writer.attributes.studyTime = "123456"
    writer.attributes.studyDescription = "Head of Jane Doe 4711"
    var inner = DICOMDataSet()
    inner.set(.patientName, .PN, "Doe^Jane")
    inner.set(.referencedSOPInstanceUID, .UI, "1.2.3.4")
    writer.attributes.further = [
      DICOMElement(DICOMTag(0x0008, 0x0080), .LO, .bytes(Array("Hospital".utf8)[...])),
      DICOMElement(DICOMTag(0x0009, 0x0010), .LO, .bytes(Array("ACME".utf8)[...])),
      DICOMElement(DICOMTag(0x0009, 0x1001), .LO, .bytes(Array("Doe".utf8)[...])),
      DICOMElement(DICOMTag(0x0010, 0x1010), .AS, .bytes(Array("047Y".utf8)[...])),
      DICOMElement(DICOMTag(0x0040, 0x0275), .SQ, .items([inner])),
      DICOMElement(DICOMTag(0x0008, 0x1250), .SQ, .items([inner])),
    ]
    return try DICOMFile(try #require(writer.files(of: DICOMWriterTests.phantom()).first))
  }

  @Test func `nothing of the patient is left, and the pixels are the same`() throws {
    let original = try file()
    let (bytes, report) = try DICOMDeidentifier(key: "secret").deidentify(original)
    for word in ["Doe", "Jane", "4711", "Hospital", "20200301", "ACME", "1.2.3.4", "047Y"] {
      #expect(bytes.firstRange(of: Array(word.utf8)) == nil)
    }
    let clean = try DICOMFile(bytes)
    #expect(try clean.storedPixels().samples == original.storedPixels().samples)
    #expect(clean.dataSet.string(DICOMTag(0x0012, 0x0062)) == "YES")
    #expect(clean.dataSet.string(.sopClassUID) == original.dataSet.string(.sopClassUID))
    #expect(clean.dataSet.string(.sopInstanceUID) != original.dataSet.string(.sopInstanceUID))
    #expect(report.changes.contains { $0.path == "(0010,0010)" && $0.action == .replaced })
    #expect(report.changes.contains { $0.path == "(0009,1001)" && $0.action == .removed })
    #expect(!report.description.contains("Doe"))
    #expect(report.warnings.isEmpty)
  }

  @Test func `the same key keeps a series together and moves its dates by one shift`() throws {
    var options = DICOMDeidentifier.Options()
    options.dates = .shift
    let maker = DICOMDeidentifier(key: "secret", options: options)
    let files = try DICOMWriter(seed: "d").files(of: DICOMWriterTests.phantom())
    let cleaned = try files.map { try DICOMFile(maker.deidentify(DICOMFile($0)).bytes) }
    #expect(Set(cleaned.compactMap { $0.dataSet.string(.seriesInstanceUID) }).count == 1)
    #expect(Set(cleaned.compactMap { $0.dataSet.string(.sopInstanceUID) }).count == files.count)
    let clean = try DICOMFile(maker.deidentify(file()).bytes)
    let date = try #require(clean.dataSet.string(DICOMTag(0x0008, 0x0020)))
    #expect(date.count == 8 && date < "20200301" && date > "20100101")
    #expect(clean.dataSet.string(DICOMTag(0x0008, 0x0030)) == "123456")
    let other = try DICOMFile(
      DICOMDeidentifier(key: "else", options: options).deidentify(file()).bytes)
    #expect(other.dataSet.string(.seriesInstanceUID) != clean.dataSet.string(.seriesInstanceUID))
  }

  @Test func `options keep what they name`() throws {
    var options = DICOMDeidentifier.Options()
    options.cleansDescriptors = true
    options.keepsPatientCharacteristics = true
    options.keepsInstitutionIdentity = true
    options.keepsUIDs = true
    options.patientID = "CASE-1"
    let original = try file()
    let set = try DICOMFile(
      DICOMDeidentifier(key: "s", options: options).deidentify(original).bytes
    ).dataSet
    #expect(set.string(.studyDescription) == "Head of")
    #expect(set.string(DICOMTag(0x0010, 0x1010)) == "047Y")
    #expect(set.string(DICOMTag(0x0008, 0x0080)) == "Hospital")
    #expect(set.string(.patientID) == "CASE-1")
    #expect(set.string(.sopInstanceUID) == original.dataSet.string(.sopInstanceUID))
    let codes = set.items(DICOMTag(0x0012, 0x0064)).compactMap {
      $0.string(DICOMTag(0x0008, 0x0100))
    }
    #expect(codes == ["113100", "113105", "113108", "113110", "113112"])
  }

  @Test(.enabled(if: TestData.folder != nil))
  func `compressed and big-endian files keep their samples, silent pictures are warned of`() throws
  {
    let data = try #require(TestData.folder) + "/cornerstone-ct-all-ts/testImages/"
    for name in [
      "CTImage.dcm_BigEndianExplicitTransferSyntax_1.2.840.10008.1.2.2.dcm",
      "CTImage.dcm_RLELosslessTransferSyntax_1.2.840.10008.1.2.5.dcm",
      "CTImage.dcm_DeflatedExplicitVRLittleEndianTransferSyntax_1.2.840.10008.1.2.1.99.dcm",
      "US-YBR_FULL_422-EVRLE.dcm", "TestPattern_Palette.dcm",
    ] {
      let original = try DICOMFile(contentsOf: data + name)
      let (bytes, report) = try DICOMDeidentifier(key: "k").deidentify(original)
      #expect(try DICOMFile(bytes).storedPixels().samples == original.storedPixels().samples)
      // The ultrasound says NO in (0028,0301); the pattern of modality OT says nothing.
      let isSilent = name.hasPrefix("TestPattern")
      #expect(report.warnings.map(\.kind) == (isSilent ? [.burnedIn] : []))
    }
  }
}

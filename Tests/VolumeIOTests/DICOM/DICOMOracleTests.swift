import Testing
import VolumeIO

/// Real files against what pydicom 3.0 (+ gdcm, pylibjpeg) decodes of them (`oracle.jsonl`).
struct DICOMOracleTests {
  static let rows = TestData.oracle.filter { $0.json["format"] == .string("dicom") }

  @Test(arguments: rows)
  func `a DICOM file reads as pydicom reads it`(_ row: OracleRow) throws {
    let file = try DICOMFile(contentsOf: row.path)
    #expect(file.transferSyntax.rawValue == row.json["transferSyntax"]?.string)
    // Where pydicom had to give up early its row has empty text.
    for (name, tag) in [("modality", DICOMTag.modality), ("sopClass", .sopClassUID)] {
      let said = row.json[name]?.string ?? ""
      if !said.isEmpty { #expect(file.dataSet.string(tag) == said) }
    }
    guard row.json["rows"] != nil else {
      if row.json["pixels"] == nil || !file.hasPixels {
        #expect(throws: VolumeError.self) { try file.storedPixels() }
      }
      return
    }
    #if !HTJ2K
      if file.transferSyntax.rawValue.hasPrefix("1.2.840.10008.1.2.4.20") {
        // HTJ2K comes with an opt-in trait; without it the error names the syntax and the trait.
        let error = #expect(throws: VolumeError.self) { try file.storedPixels() }
        #expect(error?.code == .unsupported)
        #expect(error?.detail.contains("trait HTJ2K") == true)
        return
      }
    #endif
    let summary = try DICOMSummary(file)
    #expect(Double(summary.rows ?? 0) == row.number("rows"))
    #expect(Double(summary.columns ?? 0) == row.number("columns"))
    #expect(Double(summary.frames ?? 0) == row.number("frames"))
    #expect(Double(summary.samplesPerPixel ?? 0) == row.number("samplesPerPixel"))
    #expect(Double(summary.bitsStored ?? 0) == row.number("bitsStored"))
    #expect(summary.photometric == row.json["photometric"]?.string)
    #expect(summary.signed.map { JSONValue.bool($0) } == row.json["signed"])
    if Self.isLossyJPEG(file.transferSyntax) {
      // Decoders of lossy JPEG may differ by one in rounding; files with errors the decoders mend
      // differently, hence the mean.
      let mean = try #require(row.number("mean"))
      #expect(abs((summary.mean ?? .nan) - mean) < 0.1)
    } else {
      #expect(summary.storedCRC32 == row.json["storedCRC32"]?.string)
      #expect(summary.minimum == row.number("min"))
      #expect(summary.maximum == row.number("max"))
    }
    for (name, tag) in [
      ("RescaleSlope", DICOMTag.rescaleSlope), ("RescaleIntercept", .rescaleIntercept),
    ] {
      if let value = row.number(name) { #expect(file.dataSet.double(tag) == value) }
    }
    for (name, tag) in [
      ("PixelSpacing", DICOMTag.pixelSpacing), ("ImagePositionPatient", .imagePosition),
      ("ImageOrientationPatient", .imageOrientation),
    ] {
      if let values = row.numbers(name) { #expect(file.dataSet.doubles(tag) == values) }
    }
  }

  static func isLossyJPEG(_ syntax: TransferSyntax) -> Bool {
    ["50", "51", "53", "55"].contains {
      syntax.rawValue == "1.2.840.10008.1.2.4.\($0)"
    }
  }
}

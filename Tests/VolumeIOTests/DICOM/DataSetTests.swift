import Testing
import VolumeIO

/// Data sets in their several dresses.
struct DataSetTests {
  private let undefined = [UInt8](repeating: 0xFF, count: 4)

  private func implicit(_ tag: DICOMTag, _ value: [UInt8]) -> [UInt8] {
    SyntheticDICOM.le(tag.group) + SyntheticDICOM.le(tag.element)
      + SyntheticDICOM.le32(value.count) + value
  }

  private func mark(_ element: UInt16, _ length: [UInt8]) -> [UInt8] {
    SyntheticDICOM.le(0xFFFE) + SyntheticDICOM.le(element) + length
  }

  @Test func `bare implicit data sets are read without a preamble`() throws {
    let bytes =
      implicit(.modality, Array("CT".utf8)) + implicit(.rows, [2, 0])
    let file = try DICOMFile(bytes)
    #expect(file.dataSet.string(.modality) == "CT")
    #expect(file.dataSet.int(.rows) == 2)
    #expect(file.diagnostics.map(\.kind) == [.noPart10Header])
  }

  @Test func `big-endian numbers come out right`() throws {
    var body: [UInt8] = [0x00, 0x28, 0x00, 0x10] + Array("US".utf8) + [0, 2, 1, 2]
    body += [0x00, 0x28, 0x01, 0x06] + Array("SS".utf8) + [0, 2, 0xFF, 0xFE]
    let file = try DICOMFile(
      SyntheticDICOM.part10(body, TransferSyntax(rawValue: "1.2.840.10008.1.2.2")))
    #expect(file.dataSet.int(.rows) == 258)
    #expect(file.dataSet.int(DICOMTag(0x0028, 0x0106)) == -2)
  }

  @Test func `sequences of undefined length nest, with delimiters of any length`() throws {
    let inner = SyntheticDICOM.text(.patientID, "LO", "inner")
    var body = SyntheticDICOM.le(0x0008) + SyntheticDICOM.le(0x1140) + Array("SQ".utf8) + [0, 0]
    body += undefined + mark(0xE000, undefined)
    body += SyntheticDICOM.le(0x0008) + SyntheticDICOM.le(0x1140) + Array("SQ".utf8) + [0, 0]
    body += undefined + mark(0xE000, SyntheticDICOM.le32(inner.count)) + inner
    body += mark(0xE0DD, undefined) + mark(0xE00D, [0, 0, 0, 0]) + mark(0xE0DD, [0, 0, 0, 0])
    body += SyntheticDICOM.us(.rows, 7)
    let set = try DICOMFile(SyntheticDICOM.part10(body)).dataSet
    let tag = DICOMTag(0x0008, 0x1140)
    #expect(set.item(tag)?.item(tag)?.string(.patientID) == "inner")
    #expect(set.int(.rows) == 7)
  }

  @Test func `a sequence under UN is found, with a length and without`() throws {
    let item = implicit(.patientID, Array("hidden".utf8))
    let sequence = mark(0xE000, SyntheticDICOM.le32(item.count)) + item
    let tag = DICOMTag(0x0009, 0x1001)
    var body = SyntheticDICOM.text(DICOMTag(0x0009, 0x0010), "LO", "MAKER")
    body += SyntheticDICOM.element(tag, "UN", sequence)
    body += SyntheticDICOM.le(0x0009) + SyntheticDICOM.le(0x1002) + Array("UN".utf8) + [0, 0]
    body += undefined + sequence + mark(0xE0DD, [0, 0, 0, 0])
    body += SyntheticDICOM.us(.rows, 7)
    let set = try DICOMFile(SyntheticDICOM.part10(body)).dataSet
    for element in [UInt8(1), 2] {
      let found = set.privateElement(group: 9, creator: "MAKER", element: element)
      #expect(found?.items.first?.string(.patientID) == "hidden")
    }
    #expect(set.int(.rows) == 7)
  }

  @Test func `implicit elements under an explicit name are told and read`() throws {
    let body = implicit(.modality, Array("CT".utf8)) + implicit(.rows, [2, 0])
    let file = try DICOMFile(SyntheticDICOM.part10(body))
    #expect(file.diagnostics.map(\.kind) == [.wrongTransferSyntax])
    #expect(file.dataSet.int(.rows) == 2)
  }

  @Test func `lengths beyond the file, deep nesting and other formats throw`() throws {
    let long =
      SyntheticDICOM.le(0x0028) + SyntheticDICOM.le(0x3006) + Array("OW".utf8) + [0, 0]
      + [0xF0, 0xFF, 0xFF, 0xFF] + [1, 2]
    var error = #expect(throws: VolumeError.self) { try DICOMFile(SyntheticDICOM.part10(long)) }
    #expect(error?.code == .truncated)
    #expect(error?.field == "(0028,3006) LUTData")
    var deep: [UInt8] = []
    for _ in 0..<5000 {
      deep += SyntheticDICOM.le(0x0008) + SyntheticDICOM.le(0x1140) + Array("SQ".utf8) + [0, 0]
      deep += undefined + mark(0xE000, undefined)
    }
    error = #expect(throws: VolumeError.self) { try DICOMFile(SyntheticDICOM.part10(deep)) }
    #expect(error?.code == .limit)
    error = #expect(throws: VolumeError.self) { try DICOMFile(Array("no DICOM at all".utf8)) }
    #expect(error?.code == .unknownFormat)
    #expect(throws: VolumeError.self) { try DICOMFile([UInt8]()) }
  }

  @Test func `sizes that the bytes cannot hold are refused before anything is allocated`() throws {
    var slice = SyntheticDICOM.Slice()
    slice.bitsStored = 16
    var bytes = SyntheticDICOM.slice(slice)
    for tag in [DICOMTag.rows, .columns] {
      let head = SyntheticDICOM.le(tag.group) + SyntheticDICOM.le(tag.element)
      let place = try #require(bytes.firstRange(of: head)).upperBound + 4
      bytes[place] = 0xFF
      bytes[place + 1] = 0xFF
    }
    let error = #expect(throws: VolumeError.self) { try DICOMFile(bytes).storedPixels() }
    #expect(error?.code == .truncated || error?.code == .limit)
    let series = DICOMFolder(members: [(path: "a", bytes: bytes)]).series
    for one in series { #expect(throws: VolumeError.self) { try one.read() } }
  }

  @Test func `the dictionary knows keywords, repeating groups and choices`() {
    #expect(DICOMTag(keyword: "SliceThickness") == .sliceThickness)
    #expect(DICOMTag(0x0028, 0x0010).description == "(0028,0010) Rows")
    #expect(DICOMTag(0x6002, 0x3000).keyword == "OverlayData")
    #expect(DICOMTag(0x0009, 0x1001).keyword == nil)
    #expect(DICOMDictionary.representation(of: .pixelData) == DICOMVR(rawValue: 0x4F58))
  }

  @Test(arguments: [0.1, -1.0 / 3, 1e-20, 123_456_789.123456, 2.5e200, -0.000123456789012])
  func `decimal strings fit 16 characters and come back`(_ value: Double) {
    let text = DecimalText.text(value)
    #expect(text.utf8.count <= 16)
    let back = DecimalText.number(Array(text.utf8)[...])
    #expect(abs((back ?? .nan) - value) <= abs(value) * 1e-8)
  }

  @Test func `SHA-256 and HMAC give the published digests`() {
    func hex(_ bytes: [UInt8]) -> String {
      bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
    // FIPS 180-4 example; RFC 4231, test case 2.
    #expect(
      hex(SHA256.digest(Array("abc".utf8)))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      hex(SHA256.hmac(key: Array("Jefe".utf8), Array("what do ya want for nothing?".utf8)))
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
  }
}

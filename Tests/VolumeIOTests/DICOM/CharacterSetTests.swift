import Testing
import VolumeIO

/// Names in the characters of (0008,0005). Bytes from PS3.5, annexes H, I, J, K and PS3.3 C.12.1.1.2;
/// texts as pydicom 3.0 decodes them.
struct CharacterSetTests {
  private func name(_ terms: String, _ bytes: [UInt8]) -> String? {
    var set = DICOMDataSet()
    set.set(.specificCharacterSet, .CS, terms)
    set[.patientName] = DICOMElement(.patientName, .PN, .bytes(bytes[...]))
    return set.string(.patientName)
  }

  @Test func `Latin 1 and UTF-8`() {
    #expect(name("ISO_IR 100", Array("Buc^J".utf8) + [0xE9, 0x72, 0xF4, 0x6D, 0x65]) == "Buc^Jérôme")
    #expect(name("ISO_IR 192", Array("Wang^XiaoDong=王^小东=".utf8)) == "Wang^XiaoDong=王^小东=")
  }

  @Test func `Japanese by code extension returns to ASCII at delimiters`() {
    // PS3.5 H.3.1: Yamada^Tarou=山田^太郎=やまだ^たろう
    let bytes: [UInt8] =
      Array("Yamada^Tarou=".utf8) + [0x1B, 0x24, 0x42, 0x3B, 0x33, 0x45, 0x44, 0x1B, 0x28, 0x42]
      + Array("^".utf8) + [0x1B, 0x24, 0x42, 0x42, 0x40, 0x4F, 0x3A, 0x1B, 0x28, 0x42]
      + Array("=".utf8)
      + [0x1B, 0x24, 0x42, 0x24, 0x64, 0x24, 0x5E, 0x24, 0x40, 0x1B, 0x28, 0x42]
      + Array("^".utf8)
      + [0x1B, 0x24, 0x42, 0x24, 0x3F, 0x24, 0x6D, 0x24, 0x26, 0x1B, 0x28, 0x42]
    #expect(name("\\ISO 2022 IR 87", bytes) == "Yamada^Tarou=山田^太郎=やまだ^たろう")
  }

  @Test func `Japanese with half-width katakana in front`() {
    // PS3.5 H.3.2: ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎
    let bytes: [UInt8] =
      [0xD4, 0xCF, 0xC0, 0xDE, 0x5E, 0xC0, 0xDB, 0xB3, 0x3D]
      + [0x1B, 0x24, 0x42, 0x3B, 0x33, 0x45, 0x44, 0x1B, 0x28, 0x4A, 0x5E]
      + [0x1B, 0x24, 0x42, 0x42, 0x40, 0x4F, 0x3A, 0x1B, 0x28, 0x4A]
    #expect(name("ISO 2022 IR 13\\ISO 2022 IR 87", bytes) == "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎")
  }

  @Test func `Korean in the upper code area`() {
    // PS3.5 I.2: Hong^Gildong=洪^吉洞=홍^길동
    let bytes: [UInt8] =
      Array("Hong^Gildong=".utf8) + [0x1B, 0x24, 0x29, 0x43, 0xFB, 0xF3, 0x5E]
      + [0x1B, 0x24, 0x29, 0x43, 0xD1, 0xCE, 0xD4, 0xD7, 0x3D]
      + [0x1B, 0x24, 0x29, 0x43, 0xC8, 0xAB, 0x5E, 0x1B, 0x24, 0x29, 0x43, 0xB1, 0xE6, 0xB5, 0xBF]
    #expect(name("\\ISO 2022 IR 149", bytes) == "Hong^Gildong=洪^吉洞=홍^길동")
  }

  @Test func `Chinese of one, two and four bytes`() {
    // PS3.5 J.3: Wang^XiaoDong=王^小东=
    let bytes: [UInt8] =
      Array("Wang^XiaoDong=".utf8) + [0xCD, 0xF5, 0x5E, 0xD0, 0xA1, 0xB6, 0xAB, 0x3D]
    #expect(name("GB18030", bytes) == "Wang^XiaoDong=王^小东=")
    #expect(name("GBK", bytes) == "Wang^XiaoDong=王^小东=")
    // Python: "\U00020000é".encode("gb18030")
    #expect(name("GB18030", [0x95, 0x32, 0x82, 0x36, 0xA8, 0xA6]) == "\u{20000}é")
  }

  @Test func `Greek, Cyrillic, Hebrew and Arabic halves`() {
    #expect(name("ISO_IR 126", [0xC4, 0xE9, 0xEF, 0xED, 0xF5, 0xF3, 0xE9, 0xEF, 0xF2]) == "Διονυσιος")
    #expect(name("ISO_IR 144", [0xBB, 0xEE, 0xDA, 0x63, 0xD5, 0xDC, 0xD1, 0xE3, 0xE0, 0xD3]) == "Люкcембург")
    #expect(name("ISO_IR 138", [0xF9, 0xF8, 0xE5, 0xEF]) == "שרון")
    #expect(name("ISO_IR 127", [0xE2, 0xC8, 0xC7, 0xE6, 0xEA]) == "قباني")
  }

  @Test func `what no repertoire has becomes the replacement character, never a trap`() {
    #expect(name("", [0x41, 0xFF, 0x42])?.hasPrefix("A") == true)
    #expect(name("\\ISO 2022 IR 87", [0x1B, 0x24, 0x42, 0x7E]) != nil)
    #expect(name("GB18030", [0x81]) == "\u{FFFD}")
    #expect(name("\\ISO 2022 IR 149", [0x1B, 0x24, 0x29]) != nil)
  }
}

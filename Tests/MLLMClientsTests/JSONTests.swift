import MLLMClients
import Testing

@Suite struct JSONTests {
  // Oracle: RFC 8259 and Python's json module.
  @Test(arguments: [
    (#"{"a":[1,2.5,-3e2,true,null,"x"]}"#, #"{"a":[1,2.5,-300,true,null,"x"]}"#),
    (#"  "\u00e9\ud83d\ude00\/\n"  "#, "\"é😀/\\n\""),
    (#""\ud83d""#, "\"\u{FFFD}\""), ("9223372036854775807", "9223372036854775807"),
    ("0.1", "0.1"), ("[]", "[]"), ("{}", "{}"),
  ])
  func `valid text reads and writes`(text: String, written: String) throws {
    #expect(try JSON(parsing: text).description == written)
  }

  @Test(arguments: [
    ("", 0), ("{", 1), ("[1,]", 3), (#"{"a" 1}"#, 5), ("01", 2), ("1.", 2), ("nul", 0), ("1 2", 2),
    ("\"\u{1}\"", 1), (#""\x""#, 3), ("1e999", 5), ("{\"a\":1,}", 7), ("-", 1), (#""\u12g4""#, 5),
  ])
  func `invalid text is refused with the byte`(text: String, offset: Int) {
    #expect { try JSON(parsing: text) } throws: { ($0 as? JSONError)?.offset == offset }
  }

  @Test func `depth is bounded`() {
    let deep = String(repeating: "[", count: 100_000)
    #expect(throws: JSONError.self) { try JSON(parsing: deep) }
    let fine = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
    #expect(throws: Never.self) { try JSON(parsing: fine) }
  }

  @Test func `invalid UTF-8 is refused`() {
    #expect(throws: JSONError.self) { try JSON(parsing: [0x22, 0xFF, 0xFE, 0x22]) }
    #expect(throws: JSONError.self) { try JSON(parsing: [0x22, 0x5C, 0x6E, 0xC3, 0x22]) }
  }

  @Test func `every cut of a document is refused, none traps`() throws {
    let text = Array(#"{"a":[1,-2.5e3,"b\n\u00e9",{"c":null}],"d":true}"#.utf8)
    for count in 0..<text.count {
      #expect(throws: JSONError.self) { try JSON(parsing: text[..<count]) }
    }
    for index in text.indices {
      for byte in [0, 0x22, 0x5C, 0x7B, 0xFF] as [UInt8] {
        var broken = text
        broken[index] = byte
        _ = try? JSON(parsing: broken)
      }
    }
  }

  @Test func `the last of two members of a name counts`() throws {
    #expect(try JSON(parsing: #"{"a":1,"a":2}"#)["a"] == 2)
  }
}

@Suite struct DigestTests {
  // Oracle: FIPS 180-4 examples, NIST CAVP; Python hashlib for the long one.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func `digests are SHA-256`(text: String, digest: String) {
    #expect(Digest(of: Array(text.utf8)).description == digest)
    #expect(Digest(digest) == Digest(of: Array(text.utf8)))
  }

  @Test func `a million letters`() {
    #expect(
      Digest(of: [UInt8](repeating: 0x61, count: 1_000_000)).description
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }
}

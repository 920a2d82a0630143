import Testing
import VolumeIO

struct FrameDecoderTests {
  static let gray = FrameDescription(
    rows: 6, columns: 7, bitsAllocated: 16, bitsStored: 16)

  @Test(
    arguments: [
      ("1.2.840.10008.1.2.4.50", "baselineGray"), ("1.2.840.10008.1.2.4.51", "extended12"),
      ("1.2.840.10008.1.2.4.57", "lossless4"), ("1.2.840.10008.1.2.4.70", "lossless1"),
      ("1.2.840.10008.1.2.4.80", "jpegLS"), ("1.2.840.10008.1.2.4.81", "jpegLSNear"),
      ("1.2.840.10008.1.2.4.90", "jpeg2000Reversible"),
      ("1.2.840.10008.1.2.4.91", "jpeg2000Irreversible"),
      // The syntax names one process, the stream is of another.
      ("1.2.840.10008.1.2.4.70", "baselineGray"), ("1.2.840.10008.1.2.4.50", "jpegLS"),
    ])
  func `each transfer syntax finds its codec`(syntax: String, name: String) throws {
    let stream = try #require(SmallStreamTests.exact.first { $0.name == name })
    let bytes = stream.bytes + [0]
    let frame = try FrameDecoder.decode(
      bytes.span, transferSyntax: syntax, expected: Self.gray)
    #expect(frame.rows == 6 && frame.columns == 7)
    #expect(frame.samples.count == stream.pixels.count)
  }

  @Test func `a header of another size is told from the stream's`() {
    var expected = Self.gray
    expected.rows = 5
    let bytes = SmallStream.jpegLS.bytes
    do throws(VolumeError) {
      _ = try FrameDecoder.decode(
        bytes.span, transferSyntax: "1.2.840.10008.1.2.4.80",
        expected: expected)
      Issue.record("it decoded")
    } catch {
      #expect(error.code == .malformed)
      #expect(error.detail.contains("7 × 6") && error.detail.contains("7 × 5"))
    }
  }

  #if HTJ2K
    @Test(arguments: ["201", "202", "203"])
    func `the library behind HTJ2K reads part 1 as its decoder here does`(suffix: String) throws {
      let bytes = SmallStream.jpeg2000Reversible.bytes
      let wanted = try FrameDecoder.decode(
        bytes.span, transferSyntax: "1.2.840.10008.1.2.4.90", expected: Self.gray)
      let found = try FrameDecoder.decode(
        bytes.span, transferSyntax: "1.2.840.10008.1.2.4.\(suffix)", expected: Self.gray)
      #expect(found == wanted)
    }
  #else
    @Test(arguments: ["201", "202", "203"])
    func `HTJ2K names the trait that reads it`(suffix: String) {
      let bytes = SmallStream.jpeg2000Reversible.bytes
      do throws(VolumeError) {
        _ = try FrameDecoder.decode(
          bytes.span,
          transferSyntax: "1.2.840.10008.1.2.4.\(suffix)", expected: Self.gray)
        Issue.record("it decoded")
      } catch {
        #expect(error.code == .unsupported)
        #expect(error.detail.contains("HTJ2K"))
        #expect(error.detail.contains("1.2.840.10008.1.2.4.201"))
      }
    }
  #endif

  @Test func `a syntax that is no codec's is named`() {
    let bytes: [UInt8] = [1, 2, 3, 4]
    do throws(VolumeError) {
      _ = try FrameDecoder.decode(
        bytes.span, transferSyntax: "1.2.840.10008.1.2.4.102", expected: Self.gray)
      Issue.record("it decoded")
    } catch {
      #expect(error.code == .unsupported)
      #expect(error.detail.contains("1.2.840.10008.1.2.4.102"))
    }
  }
}

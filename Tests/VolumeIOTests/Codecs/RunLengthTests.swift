import Testing
import VolumeIO

struct RunLengthTests {
  // Apple Technical Note TN1023's example.
  static let packed: [UInt8] = [
    0xFE, 0xAA, 0x02, 0x80, 0x00, 0x2A, 0xFD, 0xAA, 0x03, 0x80, 0x00, 0x2A, 0x22, 0xF7, 0xAA,
  ]
  static let unpacked: [UInt8] = [
    0xAA, 0xAA, 0xAA, 0x80, 0x00, 0x2A, 0xAA, 0xAA, 0xAA, 0xAA, 0x80, 0x00, 0x2A, 0x22, 0xAA, 0xAA,
    0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA,
  ]

  @Test func `the published example unpacks`() throws {
    var result = [UInt8](repeating: 0, count: Self.unpacked.count)
    var target = result.mutableSpan
    let used = try PackBits.decode(Self.packed.span, into: &target)
    #expect(used == Self.packed.count)
    #expect(result == Self.unpacked)
  }

  @Test func `a code that ends early throws where it ends`() {
    for end in 0..<Self.packed.count {
      var result = [UInt8](repeating: 0, count: Self.unpacked.count)
      var target = result.mutableSpan
      do throws(VolumeError) {
        try PackBits.decode(Self.packed.span.extracting(0..<end), offset: 100, into: &target)
        Issue.record("\(end) bytes were enough")
      } catch {
        #expect(error.code == .truncated)
        #expect((100...100 + end).contains(error.offset ?? 0))
      }
    }
  }

  @Test(arguments: [(1, 1, 1), (3, 5, 1), (16, 33, 1), (7, 9, 3)])
  func `what is coded decodes to itself`(rows: Int, columns: Int, components: Int) throws {
    var noise = Noise(state: 5)
    let count = rows * columns * components
    let description = FrameDescription(
      rows: rows, columns: columns, samplesPerPixel: components, bitsAllocated: 16, bitsStored: 16)
    let words = (0..<count).map { _ in
      UInt16(noise.next(below: 4) == 0 ? noise.next(below: 65536) : 700)
    }
    let coded = RunLengthFrame.encode(words, rows: rows, columns: columns, components: components)
    #expect(
      try RunLengthFrame.decode(coded.span, expected: description).samples == .uint16(words))
    var narrow = description
    narrow.bitsAllocated = 8
    let bytes = words.map { UInt8(truncatingIfNeeded: $0) }
    let short = RunLengthFrame.encode(bytes, rows: rows, columns: columns, components: components)
    #expect(try RunLengthFrame.decode(short.span, expected: narrow).samples == .uint8(bytes))
  }

  @Test func `a header that does not fit is refused`() {
    let description = FrameDescription(rows: 2, columns: 2, bitsAllocated: 16, bitsStored: 12)
    let good = RunLengthFrame.encode([1, 2, 3, 4] as [UInt16], rows: 2, columns: 2, components: 1)
    func code(_ change: (inout [UInt8]) -> Void, _ expected: FrameDescription) -> VolumeError.Code?
    {
      var bytes = good
      change(&bytes)
      do throws(VolumeError) {
        _ = try RunLengthFrame.decode(bytes.span, expected: expected)
        return nil
      } catch {
        return error.code
      }
    }
    #expect(code({ _ in }, description) == nil)
    #expect(code({ $0[0] = 3 }, description) == .malformed)
    #expect(code({ $0[4] = 0 }, description) == .malformed)
    #expect(code({ $0[9] = 0xFF }, description) == .malformed)
    #expect(code({ $0 = Array($0[..<60]) }, description) == .truncated)
    #expect(code({ $0 = Array($0[..<66]) }, description) == .malformed)
    var huge = description
    huge.rows = 60000
    huge.columns = 60000
    #expect(code({ _ in }, huge) == .truncated)
    var odd = description
    odd.bitsAllocated = 12
    #expect(code({ _ in }, odd) == .unsupported)
  }
}

import Testing

import VolumeIO

struct DeflateTests {
  /// Bytes that compress a little, not well.
  static func noise(_ count: Int) -> [UInt8] {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    return (0..<count).map { index in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: (state >> 60) ^ UInt64(index / 512))
    }
  }

  // The check value of the CRC catalogue: CRC-32/ISO-HDLC of "123456789".
  @Test func `the CRC of the nine digits is the published check value`() {
    #expect(CRC32(Array("123456789".utf8).span).value == 0xCBF4_3926)
    #expect(CRC32([UInt8]().span).value == 0)
  }

  @Test(arguments: [Deflate.Wrapper.raw, .zlib, .gzip], [0, 1, 1000, 70_000, 1_000_003])
  func `what was compressed comes back`(wrapper: Deflate.Wrapper, count: Int) throws {
    let bytes = Self.noise(count)
    for level in [0, 1, 6, 9] {
      let small = try Deflate.compress(bytes.span, wrapper, level: level)
      let back = try Deflate.decompress(
        small.span, wrapper, limit: count, expected: count)
      #expect(back == bytes)
      #expect(try Deflate.decompress(small.span, wrapper, limit: count) == bytes)
    }
  }

  @Test func `gzip members follow each other and zeros may follow the last`() throws {
    let one = try Deflate.compress(Self.noise(1000).span, .gzip)
    let two = try Deflate.compress(Self.noise(70_000).span, .gzip)
    let joined = one + [0, 0, 0] + two + [UInt8](repeating: 0, count: 512)
    let back = try Deflate.decompress(joined.span, .gzip, limit: 1 << 20)
    #expect(back == Self.noise(1000) + Self.noise(70_000))
    #expect(throws: VolumeError.self) {
      try Deflate.decompress((one + [1, 2, 3]).span, .gzip, limit: 1 << 20)
    }
  }

  @Test func `a wrong checksum or length is an error`() throws {
    let good = try Deflate.compress(Self.noise(5000).span, .gzip)
    for back in 1...8 {
      var bad = good
      bad[bad.count - back] ^= 1
      let error = #expect(throws: VolumeError.self) {
        try Deflate.decompress(bad.span, .gzip, limit: 1 << 20)
      }
      #expect(error?.code == .corrupt)
    }
  }

  @Test(arguments: [Deflate.Wrapper.raw, .zlib, .gzip])
  func `a stream cut anywhere is an error and never a hang`(wrapper: Deflate.Wrapper) throws {
    let good = try Deflate.compress(Self.noise(3000).span, wrapper)
    for length in 0..<good.count {
      #expect(throws: VolumeError.self) {
        try Deflate.decompress(Array(good[..<length]).span, wrapper, limit: 1 << 20)
      }
    }
  }

  @Test func `decompression stops at its limit`() throws {
    let bomb = try Deflate.compress([UInt8](repeating: 0, count: 10_000_000).span, .zlib)
    let error = #expect(throws: VolumeError.self) {
      try Deflate.decompress(bomb.span, .zlib, limit: 100_000)
    }
    #expect(error?.code == .limit)
    let claim = #expect(throws: VolumeError.self) {
      try Deflate.decompress(bomb.span, .zlib, limit: .max, expected: 1 << 50)
    }
    #expect(claim?.code == .truncated)
  }
}

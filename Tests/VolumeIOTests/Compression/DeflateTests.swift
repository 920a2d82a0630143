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

/// The decompressor of this library against zlib's.
struct InflaterTests {
  /// Content of many kinds: flat, random, words, short periods, ramps.
  static func content(_ kind: Int, _ count: Int) -> [UInt8] {
    var state = UInt64(kind &* 7919 + 1)
    func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 33
    }
    return (0..<count).map { index in
      switch kind % 7 {
      case 0: 7
      case 1: UInt8(truncatingIfNeeded: next())
      case 2: UInt8(truncatingIfNeeded: index % (2 + kind % 9))
      case 3: UInt8(truncatingIfNeeded: next() % 3 == 0 ? UInt64(index >> 9) : 65 + next() % 5)
      case 4: UInt8(truncatingIfNeeded: (index >> 4) &* (index & 1))
      case 5: UInt8(truncatingIfNeeded: next() % 2 == 0 ? 0 : next() & 0x3F)
      default: index % 40_000 < 300 ? UInt8(truncatingIfNeeded: next()) : 1
      }
    }
  }

  static func zlib(_ input: [UInt8], _ wrapper: Deflate.Wrapper) throws -> [UInt8] {
    var stream = try InflateStream(wrapper)
    var (output, position) = ([UInt8](), 0)
    var scratch = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      var made = 0
      let state = try stream.step(
        input.span, &position, isLast: true, into: &scratch, count: &made)
      output += scratch[..<made]
      if state == .finished { return output }
    }
  }

  @Test(arguments: 0..<14)
  func `content of every kind decompresses as zlib does`(kind: Int) throws {
    for count in [1, 257, 258, 40_000, 300_000] {
      let bytes = Self.content(kind, count)
      for level in [1, 5, 9] {
        let wrapper = [Deflate.Wrapper.raw, .zlib, .gzip][(kind + level) % 3]
        let small = try Deflate.compress(bytes.span, wrapper, level: level)
        #expect(try Deflate.decompress(small.span, wrapper, limit: count) == bytes)
        var stream = try ByteStream(.memory(small), wrapper: wrapper)
        #expect(try stream.read(count, "all") == bytes)
        try stream.finish()
      }
    }
  }

  @Test(arguments: 0..<12)
  func `damaged streams fail as zlib fails, or give the same bytes`(kind: Int) throws {
    let bytes = Self.content(kind, 20_000)
    let good = try Deflate.compress(bytes.span, .raw, level: 6)
    var state = UInt64(kind + 99)
    for _ in 0..<120 {
      var bad = good
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      bad[Int(state >> 33) % bad.count] ^= UInt8(1 << (state >> 60 & 7))
      let ours = try? Deflate.decompress(bad.span, .raw, limit: 1 << 24)
      let theirs = try? Self.zlib(bad, .raw)
      #expect(ours == theirs)
    }
  }
}

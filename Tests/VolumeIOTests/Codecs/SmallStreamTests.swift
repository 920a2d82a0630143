import Testing
import VolumeIO

/// The decoders of streams that tell what they are.
func decodeAny(_ bytes: [UInt8], threads: Int = 1) throws(VolumeError) -> [Int] {
  let samples: Samples
  if JPEG2000Decoder.begins(bytes.span) {
    samples = try JPEG2000Decoder.decode(bytes.span, threads: threads).samples
  } else {
    do throws(VolumeError) {
      samples = try JPEGDecoder.decode(bytes.span).samples
    } catch let error where error.detail.contains("JPEG-LS") {
      samples = try JPEGLSDecoder.decode(bytes.span).samples
    }
  }
  switch samples {
  case .uint8(let s): return s.map { Int($0) }
  case .int8(let s): return s.map { Int($0) }
  case .uint16(let s): return s.map { Int($0) }
  case .int16(let s): return s.map { Int($0) }
  case .uint32(let s): return s.map { Int($0) }
  case .int32(let s): return s.map { Int($0) }
  default: return []
  }
}

/// Numbers that are the same in every run.
struct Noise {
  var state: UInt64

  mutating func next(below bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(max(1, bound)))
  }
}

struct SmallStreamTests {
  static let exact: [SmallStream] = [
    .baselineGray, .baseline420, .baseline422Restart, .progressive444, .extended12, .lossless1,
    .lossless2, .lossless4, .lossless7, .jpegLS, .jpegLSNear, .jpegLSColor, .jpeg2000Reversible,
    .jpeg2000Options, .jpeg2000Irreversible,
  ]

  // Oracles: libjpeg-turbo 3.1, CharLS 2.4 and OpenJPEG 2.5, as `SmallStreams.swift` says.
  @Test(arguments: exact.map(\.name))
  func `a stream decodes to the reference library's pixels`(name: String) throws {
    let stream = try #require(Self.exact.first { $0.name == name })
    #expect(try decodeAny(stream.bytes) == stream.pixels)
  }

  @Test(arguments: exact.map(\.name))
  func `a stream cut anywhere is an error or a picture`(name: String) throws {
    let stream = try #require(Self.exact.first { $0.name == name })
    for end in 0..<stream.bytes.count {
      do throws(VolumeError) {
        let pixels = try decodeAny(Array(stream.bytes[..<end]))
        #expect(pixels.count == stream.pixels.count)
        #expect(end > stream.bytes.count / 2, "half a stream gave a picture")
      } catch {
        #expect(!error.detail.isEmpty)
      }
    }
  }

  // Breadth: the fuzz targets of the package `Fuzz`.
  @Test(arguments: exact.map(\.name))
  func `a stream with wrong bytes is an error or a picture`(name: String) throws {
    let stream = try #require(Self.exact.first { $0.name == name })
    var noise = Noise(state: UInt64(stream.bytes.count))
    for _ in 0..<300 {
      var bytes = stream.bytes
      for _ in 0...noise.next(below: 3) {
        bytes[noise.next(below: bytes.count)] = UInt8(noise.next(below: 256))
      }
      if noise.next(below: 4) == 0 { bytes.removeLast(noise.next(below: bytes.count)) }
      do throws(VolumeError) {
        _ = try decodeAny(bytes)
      } catch {
        #expect(!error.detail.isEmpty)
      }
    }
  }

  @Test(arguments: [SmallStream.jpeg2000Reversible, .jpeg2000Options].map(\.name))
  func `threads do not change the samples`(name: String) throws {
    let stream = try #require(Self.exact.first { $0.name == name })
    #expect(try decodeAny(stream.bytes, threads: 3) == stream.pixels)
  }

  @Test func `a size that the bytes cannot hold is refused before memory is taken`() throws {
    // 65535 × 65535 in the frame headers.
    for (stream, marker) in [(SmallStream.baselineGray, UInt8(0xC0)), (.lossless1, 0xC3)] {
      var bytes = stream.bytes
      let at = try #require(
        bytes.indices.first { bytes[$0] == 0xFF && bytes[$0 + 1] == marker })
      for index in at + 5..<at + 9 { bytes[index] = 0xFF }
      #expect(throws: VolumeError.self) { try decodeAny(bytes) }
    }
    var wavelet = SmallStream.jpeg2000Reversible.bytes
    for index in [8, 12, 24, 28] { wavelet[index] = 0x7F }
    #expect(throws: VolumeError.self) { try decodeAny(wavelet) }
  }

  @Test func `abbreviated JPEG takes its tables from a stream of their own`() throws {
    let bytes = SmallStream.baselineGray.bytes
    var tables: [UInt8] = [0xFF, 0xD8]
    var rest: [UInt8] = [0xFF, 0xD8]
    var at = 2
    while bytes[at + 1] != 0xDA {
      let length = Int(bytes[at + 2]) << 8 | Int(bytes[at + 3])
      let segment = bytes[at..<at + 2 + length]
      if bytes[at + 1] == 0xDB || bytes[at + 1] == 0xC4 {
        tables += segment
      } else {
        rest += segment
      }
      at += 2 + length
    }
    rest += bytes[at...]
    tables += [0xFF, 0xD9]
    let image = try JPEGDecoder.decode(
      rest.span, tables: try JPEGTables(parsing: tables.span))
    guard case .uint8(let samples) = image.samples else {
      Issue.record("not of eight bits")
      return
    }
    #expect(samples.map { Int($0) } == SmallStream.baselineGray.pixels)
    #expect(throws: VolumeError.self) { try JPEGDecoder.decode(rest.span) }
  }
}

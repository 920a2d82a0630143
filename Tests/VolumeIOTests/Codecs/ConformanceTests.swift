import Foundation
import Testing
import VolumeIO

/// The conformance streams of ITU-T T.87, as CharLS ships them.
struct ConformanceTests {
  private static func bytes(_ name: String) -> [UInt8]? {
    guard let folder = TestData.folder,
      let data = FileManager.default.contents(atPath: "\(folder)/charls/conformance/\(name)")
    else {
      print("SKIPPED: 1 conformance stream, \(name)")
      return nil
    }
    return [UInt8](data)
  }

  /// The samples of a PGM or PPM file.
  private static func pixels(_ name: String) throws -> [Int]? {
    guard let bytes = bytes(name) else { return nil }
    var at = 2
    var fields: [Int] = []
    while fields.count < 3 {
      while [0x20, 0x0A, 0x0D, 0x09].contains(bytes[at]) { at += 1 }
      if bytes[at] == 0x23 {
        while bytes[at] != 0x0A { at += 1 }
        continue
      }
      var value = 0
      while 0x30...0x39 ~= bytes[at] {
        value = value * 10 + Int(bytes[at] - 0x30)
        at += 1
      }
      fields.append(value)
    }
    let body = bytes[(at + 1)...]
    guard fields[2] > 255 else { return body.map { Int($0) } }
    return stride(from: body.startIndex, to: body.endIndex - 1, by: 2).map {
      Int(body[$0]) << 8 | Int(body[$0 + 1])
    }
  }

  @Test(
    arguments: [
      ("t8c0e0", "test8.ppm", 0), ("t8c1e0", "test8.ppm", 0), ("t8c2e0", "test8.ppm", 0),
      ("t8c0e3", "test8.ppm", 3), ("t8c1e3", "test8.ppm", 3), ("t8c2e3", "test8.ppm", 3),
      ("t16e0", "test16.pgm", 0), ("t16e3", "t16e3.pgm", 0), ("t8nde0", "test8bs2.pgm", 0),
      ("t8nde3", "test8bs2.pgm", 3),
    ])
  func `JPEG-LS conformance streams decode within NEAR`(
    stream: String, picture: String, near: Int
  ) throws {
    guard let bytes = Self.bytes(stream + ".jls"), let truth = try Self.pixels(picture) else {
      return
    }
    let pixels = try decodeAny(bytes)
    try #require(pixels.count == truth.count)
    #expect(zip(pixels, truth).allSatisfy { abs($0 - $1) <= near })
  }

  @Test(arguments: [("t8sse0", 0), ("t8sse3", 3)])
  func `subsampled JPEG-LS components decode within NEAR`(stream: String, near: Int) throws {
    guard let bytes = Self.bytes(stream + ".jls"), let red = try Self.pixels("test8r.pgm"),
      let green = try Self.pixels("test8gr4.pgm"), let blue = try Self.pixels("test8bs2.pgm")
    else { return }
    let pixels = try decodeAny(bytes)
    try #require(pixels.count == 3 * 256 * 256)
    for y in 0..<256 {
      for x in 0..<256 {
        let at = 3 * (256 * y + x)
        let truth = [red[256 * y + x], green[256 * (y / 4) + x], blue[128 * (y / 2) + x / 2]]
        let isNear = (0..<3).allSatisfy { abs(pixels[at + $0] - truth[$0]) <= near }
        if !isNear {
          Issue.record("pixel \(x), \(y)")
          return
        }
      }
    }
  }
}

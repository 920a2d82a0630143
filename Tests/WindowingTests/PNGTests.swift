import Testing

import Windowing

struct PNGTests {
  /// Pictures that stand for what is compressed: flat, ramps, noise, repeated pixels.
  static func bytes(_ count: Int, kind: Int) -> [UInt8] {
    var noise = Noise(state: UInt64(kind + 1))
    let repeated = [1, 200, 3, 77, 5, 90]
    return (0..<count).map { index in
      switch kind {
      case 0: 7
      case 1: UInt8(truncatingIfNeeded: index / 5)
      case 2: UInt8(truncatingIfNeeded: noise.next())
      case 3: UInt8(truncatingIfNeeded: (noise.next() % 100 < 90 ? 0 : noise.next()))
      default: UInt8(truncatingIfNeeded: repeated[index % 6] + index / 999)
      }
    }
  }

  private func check<Format: PNGFormat>(
    _ type: Format.Type, _ size: (width: Int, height: Int), _ kind: Int, _ options: PNGOptions,
    _ wrap: (Raster<Format>) -> PNGPicture
  ) throws {
    let count = size.width * size.height * Format.channels
    let high = Self.bytes(count, kind: kind)
    let isWide = MemoryLayout<Format.Component>.size == 2
    let pixels = high.enumerated().map { index, byte -> Format.Component in
      let number = isWide ? Double(Int(byte) * 256 + index % 256) : Double(byte)
      return Format.Component(nearest: number)
    }
    let image = try Raster<Format>(width: size.width, height: size.height, pixels: pixels)
    #expect(try PNGPicture(decoding: image.png(options)) == wrap(image))
  }

  @Test(arguments: PNGOptions.Effort.allCases, 0..<5)
  func `every format reads back as it was written`(effort: PNGOptions.Effort, kind: Int) throws {
    let options = PNGOptions(effort)
    for size in effort == .small
      ? [(1, 1), (9, 2), (33, 21)] : [(1, 1), (1, 9), (9, 1), (3, 2), (64, 40), (101, 55)]
    {
      try check(Gray8.self, size, kind, options) { .gray($0) }
      try check(RGB8.self, size, kind, options) { .rgb($0) }
      try check(RGBA8.self, size, kind, options) { .rgba($0) }
      try check(Gray16.self, size, kind, options) { .gray16($0) }
      try check(RGB16.self, size, kind, options) { .rgb16($0) }
      try check(RGBA16.self, size, kind, options) { .rgba16($0) }
    }
  }

  @Test(arguments: [2, 3, 4, 5, 16, 17, 256])
  func `palettes of every size read back as their colours`(colors: Int) throws {
    let palette = (0..<colors).map { (index: Int) -> RGBColor in
      let level = UInt8(index)
      return RGBColor(level, 255 - level, level &* 7)
    }
    let image = try PalettedImage(
      width: 33, height: 7, indices: (0..<231).map { UInt8($0 % colors) }, palette: palette)
    let png = try image.png()
    #expect(try PNGPicture.header(of: png).colorType == 3)
    guard case .rgb(let read) = try PNGPicture(decoding: png) else {
      Issue.record("not read as RGB")
      return
    }
    for index in 0..<231 {
      #expect(
        Array(read.pixels[(3 * index)..<(3 * index + 3)]) == palette[index % colors].components)
    }
  }

  @Test func `labels become a palette with a clear background`() throws {
    let labels = try Gray16Image(width: 3, height: 1, pixels: [0, 2, 9])
    let png = try PalettedImage(labels: labels).png()
    guard case .rgba(let read) = try PNGPicture(decoding: png) else {
      Issue.record("no alpha")
      return
    }
    #expect(read[0, 0] == [0, 0, 0, 0])
    #expect(read[1, 0] == RGBColor.labels[1].components + [255])
    #expect(read[2, 0] == RGBColor.labels[0].components + [255])
  }

  @Test func `the bytes of a picture never change`() throws {
    // FNV-1a of the PNG of a fixed picture: the same on every platform and with every zlib.
    func fingerprint(_ bytes: [UInt8]) -> UInt64 {
      bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
    let gray = try GrayImage(width: 61, height: 37, pixels: Self.bytes(61 * 37, kind: 3))
    for effort in PNGOptions.Effort.allCases {
      let first = try gray.png(PNGOptions(effort))
      #expect(try fingerprint(gray.png(PNGOptions(effort))) == fingerprint(first))
    }
  }

  @Test func `spacing and texts are written only when asked`() throws {
    var gray = try GrayImage(width: 4, height: 4, pixels: Self.bytes(16, kind: 1))
    gray.spacing = SIMD2(0.5, 0.25)
    let plain = try gray.png()
    let told = try gray.png(
      PNGOptions(
        .standard, includesSpacing: true, text: [PNGOptions.Text("Title", "Tête de face")]))
    func chunks(_ png: [UInt8]) -> [String] {
      var names: [String] = []
      var place = 8
      while place + 8 <= png.count {
        var length = 0
        for byte in png[place..<(place + 4)] { length = length << 8 | Int(byte) }
        names.append(String(decoding: png[(place + 4)..<(place + 8)], as: UTF8.self))
        place += length + 12
      }
      return names
    }
    #expect(chunks(plain) == ["IHDR", "IDAT", "IEND"])
    #expect(chunks(told) == ["IHDR", "pHYs", "iTXt", "IDAT", "IEND"])
    guard case .gray(let read) = try PNGPicture(decoding: told) else { return }
    #expect(read.spacing == SIMD2(0.5, 0.25))
  }

  @Test(arguments: ["", " lead", "trail ", String(repeating: "k", count: 80), "emoji 🩻", "a\nb"])
  func `keywords that PNG does not allow are errors`(keyword: String) throws {
    let gray = try GrayImage(width: 1, height: 1, pixels: [0])
    #expect(throws: WindowingError.self) {
      try gray.png(PNGOptions(.fast, text: [PNGOptions.Text(keyword, "text")]))
    }
  }

  @Test func `broken PNGs are errors, wherever they break`() throws {
    let gray = try GrayImage(width: 61, height: 37, pixels: Self.bytes(61 * 37, kind: 2))
    let png = try gray.png()
    for length in stride(from: 0, to: png.count - 1, by: 13) {
      #expect(throws: WindowingError.self) {
        try PNGPicture(decoding: Array(png[0..<length]))
      }
    }
    var noise = Noise(state: 5)
    var refused = 0
    for _ in 0..<400 {
      var bent = png
      bent[Int(noise.next()) % png.count] ^= UInt8(1 << (noise.next() % 8))
      do { _ = try PNGPicture(decoding: bent) } catch { refused += 1 }
    }
    #expect(refused > 390)
  }

  @Test func `a header that promises more than its file can hold sets no memory aside`() throws {
    var png = try GrayImage(width: 16, height: 16, pixels: Self.bytes(256, kind: 1)).png()
    // 16,000 × 16,000 pixels, with the header's checksum made right.
    let body: [UInt8] = [73, 72, 68, 82, 0, 0, 0x3E, 0x80, 0, 0, 0x3E, 0x80, 8, 0, 0, 0, 0]
    var crc: UInt32 = 0xFFFF_FFFF
    for byte in body {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    crc ^= 0xFFFF_FFFF
    png.replaceSubrange(12..<29, with: body)
    for index in 0..<4 {
      png[29 + index] = UInt8(truncatingIfNeeded: crc >> UInt32(24 - 8 * index))
    }
    let error = #expect(throws: WindowingError.self) { try PNGPicture(decoding: png) }
    #expect(error?.detail.contains("cannot hold") == true)
    #expect(throws: WindowingError.self) { try PNGPicture(decoding: png, pixelLimit: 1000) }
  }

  @Test func `PngSuite's good files are read and its broken ones refused`() throws {
    let folder = TestData.root + "/pngsuite/pngsuite"
    let names = TestData.names(in: folder).filter { $0.hasSuffix(".png") }
    guard !names.isEmpty else {
      print("skipped: 0 of PngSuite's files found at \(folder)")
      return
    }
    for name in names {
      let data = try #require(TestData.bytes(folder + "/" + name))
      if name.hasPrefix("x") {
        #expect(throws: WindowingError.self, "\(name)") { try PNGPicture(decoding: data) }
      } else {
        let picture = try PNGPicture(decoding: data)
        let header = try PNGPicture.header(of: data)
        #expect(picture.width == header.width && picture.height == header.height, "\(name)")
      }
    }
    print("PngSuite: \(names.count) files")
  }

  @Test func `adler32 is RFC 1950's`() {
    // zlib.adler32(b"Wikipedia"); zlib.adler32(bytes(range(256)) * 100)
    #expect(adler32(Array("Wikipedia".utf8)) == 0x11E6_0398)
    #expect(adler32((0..<25_600).map { UInt8($0 & 255) }) == 0x747F_D0E0)
    // zlib.adler32(b"\\xff" * 300001)
    #expect(adler32([UInt8](repeating: 255, count: 300_001)) == 0x9223_9181)
  }
}

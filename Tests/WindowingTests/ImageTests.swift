import Testing
import VolumeIO
import Windowing

struct ImageTests {
  static func patterned() throws -> GrayImage {
    try GrayImage(
      width: 9, height: 7,
      pixels: (0..<63).map { (i: Int) -> UInt8 in UInt8((i * i * 7 + i * 13) % 251) })
  }

  /// Pillow 12 `Image.resize`; the last OpenCV `INTER_AREA`.
  static let reduced: [(ResizeFilter, [UInt8])] = [
    (.bilinear, [93, 124, 126, 148, 108, 129, 90, 109, 75, 119, 92, 98]),
    (.bicubic, [92, 128, 125, 150, 107, 131, 85, 109, 70, 122, 92, 97]),
    (.lanczos, [92, 128, 129, 149, 110, 131, 82, 106, 62, 122, 95, 93]),
    (.nearest, [77, 160, 48, 243, 79, 164, 54, 0, 99, 186, 78, 26]),
  ]
  static let area: [UInt8] = [84, 130, 117, 156, 101, 133, 90, 116, 81, 123, 87, 100]
  static let enlarged: [(ResizeFilter, [UInt8])] = [
    (.bilinear, [0, 11, 28, 51, 84, 121, 164, 217, 178, 87, 159, 122, 50, 100, 74, 75]),
    (.bicubic, [0, 1, 23, 40, 75, 119, 168, 244, 193, 82, 168, 118, 30, 96, 66, 73]),
    (.lanczos, [0, 0, 18, 31, 68, 114, 171, 255, 195, 85, 167, 116, 15, 91, 59, 76]),
    (.nearest, [0, 20, 20, 54, 102, 102, 164, 240, 240, 79, 183, 183, 50, 182, 77, 77]),
  ]

  @Test func `resizing gives Pillow's levels`() throws {
    for (filter, wanted) in Self.reduced {
      #expect(try Self.patterned().resized(width: 4, height: 3, by: filter).pixels == wanted)
    }
    for (filter, wanted) in Self.enlarged {
      let large = try Self.patterned().resized(width: 13, height: 10, by: filter)
      #expect(Array(large.pixels.prefix(16)) == wanted)
    }
  }

  @Test func `area reduction gives OpenCV's levels but for the rounding between passes`() throws {
    let small = try Self.patterned().resized(width: 4, height: 3, by: .area)
    for (level, wanted) in zip(small.pixels, Self.area) {
      #expect(abs(Int(level) - Int(wanted)) <= 1)
    }
  }

  @Test(arguments: [(0, 5), (5, 0), (-1, 5), (60_000, 60_000), (Int.max, 2)])
  func `sizes without pixels or above the limit are errors`(width: Int, height: Int) throws {
    let image = try Self.patterned()
    #expect(throws: WindowingError.self) { try image.resized(width: width, height: height) }
    #expect(throws: WindowingError.self) { try image.letterboxed(width: width, height: height) }
    #expect(throws: WindowingError.self) { try GrayImage(width: width, height: height, pixels: []) }
  }

  @Test func `a picture of one pixel survives everything`() throws {
    let one = try GrayImage(width: 1, height: 1, pixels: [77])
    for filter in ResizeFilter.allCases {
      #expect(try one.resized(width: 3, height: 2, by: filter).pixels.allSatisfy { $0 == 77 })
    }
    #expect(try one.paddedToSquare() == one)
    #expect(try one.letterboxed(width: 5, height: 3).pixels.count == 15)
    #expect(try one.tiles(side: 4).count == 1)
    #expect(try PNGPicture(decoding: one.png()) == .gray(one))
    let drawn = try RGBImage(one).labeled("x", at: [0, 0]).arrow(from: [-5, 0], to: [9, 9])
      .boxed(PixelBox(x: -4, y: -4, width: 99, height: 99), label: "b")
      .captioned("a caption")
    #expect(drawn.width == 1)
  }

  @Test func `margins, parts and tiles keep every pixel`() throws {
    let image = try Self.patterned()
    let padded = try image.padded(left: 2, top: 1, right: 3, bottom: 4, with: [9])
    #expect((padded.width, padded.height) == (14, 12))
    #expect(padded[0, 0] == [9])
    #expect(try padded.cropped(x: 2, y: 1, width: 9, height: 7) == image)
    #expect(try image.centerCropped(width: 3, height: 3)[1, 1] == image[4, 3])
    let tiles = try image.tiles(side: 4, overlap: 1)
    #expect(tiles.map { [$0.x, $0.y] } == [[0, 0], [3, 0], [6, 0], [0, 3], [3, 3], [6, 3]])
    #expect(tiles[4].image[2, 2] == image[5, 5])
    #expect(throws: WindowingError.self) { try image.tiles(side: 3, overlap: 3) }
    #expect(throws: WindowingError.self) { try image.cropped(x: 5, y: 0, width: 5, height: 1) }
  }

  @Test func `masks are mixed in, contours drawn on the mask's edge`() throws {
    let gray = try GrayImage(width: 5, height: 5, filledWith: [100])
    var labels = [UInt16](repeating: 0, count: 25)
    for y in 1...3 { for x in 1...3 { labels[y * 5 + x] = 1 } }
    let mask = try Gray16Image(width: 5, height: 5, pixels: labels)
    let mixed = try RGBImage(gray).overlaid(mask: mask, opacity: 0.5)
    #expect(mixed[0, 0] == [100, 100, 100])
    #expect(mixed[2, 2] == [165, 130, 50])
    let contour = try RGBImage(gray).overlaid(contour: mask)
    #expect(contour[2, 2] == [100, 100, 100])
    #expect(contour[1, 2] == [230, 159, 0])
    #expect(PixelBox(around: mask) == PixelBox(x: 1, y: 1, width: 3, height: 3))
    let empty = try Gray16Image(width: 5, height: 5, filledWith: [0])
    #expect(try RGBImage(gray).overlaid(contour: empty) == RGBImage(gray))
    #expect(PixelBox(around: empty) == nil)
    let other = try Gray16Image(width: 4, height: 5, filledWith: [0])
    #expect(throws: WindowingError.self) { try RGBImage(gray).overlaid(mask: other) }
  }

  @Test func `a montage puts pictures row by row and fills further sheets`() throws {
    let pictures = try (0..<5).map {
      try GrayImage(width: 4, height: 3, filledWith: [UInt8($0 + 1)])
    }
    let style = MontageStyle(columns: 2, rows: 2, gap: 1, numbering: .none)
    let sheets = try RGBImage.montage(pictures, style: style)
    #expect(sheets.count == 2)
    #expect((sheets[0].width, sheets[0].height) == (9, 7))
    #expect(sheets[0][5, 4] == [4, 4, 4])
    #expect(sheets[1][0, 0] == [5, 5, 5])
    #expect(throws: WindowingError.self) { try RGBImage.montage([RGBImage]()) }
  }

  @Test func `fitting to a reader's limits tells what was changed`() throws {
    let image = try GrayImage(
      width: 300, height: 200,
      pixels: (0..<60_000).map { (i: Int) -> UInt8 in UInt8(truncatingIfNeeded: i &* i / 7) })
    #expect(try image.fitted(to: .claude).report.changes.isEmpty)
    let small = try image.fitted(to: ReaderLimits(longestSide: 100, isSquare: true))
    #expect((small.report.width, small.report.height) == (100, 100))
    #expect(small.report.changes.count == 2)
    let light = try image.fitted(to: ReaderLimits(bytes: 5000))
    #expect(light.png.count <= 5000 && light.report.bytes == light.png.count)
    let tiled = try image.fitted(to: ReaderLimits(pixels: 30_000, tile: 28))
    #expect(tiled.report.width % 28 == 0 && tiled.report.height % 28 == 0)
    #expect(throws: WindowingError.self) { try image.fitted(to: ReaderLimits(bytes: 40)) }
    #expect(throws: WindowingError.self) { try image.fitted(to: ReaderLimits(longestSide: 0)) }
  }

  @Test func `colour maps rise evenly in lightness and begin dark`() {
    for map in [ColorMap.ember, .lagoon, .ice, .lightness] {
      let luma = map.colors.map {
        0.2126 * Double($0.red) + 0.7152 * Double($0.green) + 0.0722 * Double($0.blue)
      }
      #expect(zip(luma, luma.dropFirst()).allSatisfy { $0 <= $1 + 3 }, "\(map.name)")
      #expect(luma[0] < 60 && luma[255] > 180)
    }
  }
}

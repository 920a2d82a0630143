// JPEG files as pictures: the codec's frame, turned upright by EXIF.

extension Picture {
  /// Decodes a JPEG file.
  ///
  /// YCbCr becomes RGB; CMYK and YCCK become RGB by the ink formula `(255 − C)(255 − K) / 255`. With
  /// `upright`, the picture is turned as EXIF's orientation says.
  public init(jpeg bytes: [UInt8], upright: Bool = true) throws(VolumeError) {
    let image = try JPEGDecoder.decode(bytes.span)
    try self.init(
      width: image.width, height: image.height, channels: image.components,
      bitsPerSample: image.precision, samples: image.samples)
    if image.color == .cmyk, case .uint8(let inks) = samples {
      samples = .uint8(Self.rgb(inks: inks, isInverted: image.isAdobe))
      channels = 3
    }
    let orientation = upright ? image.exif.flatMap { EXIF($0)?.orientation } ?? 1 : 1
    if orientation != 1 { turn(exif: orientation) }
  }

  private static func rgb(inks: [UInt8], isInverted: Bool) -> [UInt8] {
    var pixels: [UInt8] = []
    pixels.reserveCapacity(inks.count / 4 * 3)
    for start in stride(from: 0, to: inks.count, by: 4) {
      let left = isInverted ? Int(inks[start + 3]) : 255 - Int(inks[start + 3])
      for c in 0..<3 {
        let ink = isInverted ? 255 - Int(inks[start + c]) : Int(inks[start + c])
        let product = ink * left + 128
        let taken = (product >> 8 + product) >> 8
        pixels.append(UInt8(clamping: left - taken))
      }
    }
    return pixels
  }

  /// Turns and mirrors the picture so that EXIF's `orientation` (2 to 8) becomes 1.
  mutating func turn(exif orientation: Int) {
    // Where the stored rows and columns run backwards, and whether they trade places.
    let isTransposed = orientation >= 5
    let isFlippedX = [2, 3, 7, 8].contains(orientation)
    let isFlippedY = [3, 4, 6, 7].contains(orientation)
    samples = samples.map(
      TurnPicture(
        width: width, height: height, channels: channels, isTransposed: isTransposed,
        isFlippedX: isFlippedX, isFlippedY: isFlippedY))
    if isTransposed {
      (width, height) = (height, width)
      if let step = spacing { spacing = SIMD2(step.y, step.x) }
    }
  }
}

private struct TurnPicture: SampleMap {
  var width: Int
  var height: Int
  var channels: Int
  var isTransposed: Bool
  var isFlippedX: Bool
  var isFlippedY: Bool

  func run<S: Sample>(_ samples: [S]) -> [S] {
    var result: [S] = []
    result.reserveCapacity(samples.count)
    for row in 0..<(isTransposed ? width : height) {
      for column in 0..<(isTransposed ? height : width) {
        let (x, y) = isTransposed ? (row, column) : (column, row)
        let from = (isFlippedX ? width - 1 - x : x) + width * (isFlippedY ? height - 1 - y : y)
        for c in 0..<channels { result.append(samples[from * channels + c]) }
      }
    }
    return result
  }
}

/// The few fields of an EXIF block that matter for pixels.
struct EXIF: Sendable, Hashable {
  /// 1 (upright) to 8; 1 where the block tells none.
  var orientation = 1

  /// - Parameter payload: The payload of APP1, from `Exif` on; nil where it is no TIFF directory.
  init?(_ payload: [UInt8]) {
    guard payload.starts(with: Array("Exif".utf8) + [0]), payload.count > 14 else { return nil }
    let body = Array(payload[6...])
    let endian: Endian = body[0] == 0x4D ? .big : .little
    let reader = ByteReader(body, endian)
    guard let start = try? reader.int(4, "IFD", as: UInt32.self),
      let count = try? reader.int(start, "IFD", as: UInt16.self)
    else { return nil }
    for entry in 0..<min(count, 512) {
      let place = start + 2 + 12 * entry
      guard let tag = try? reader.integer(place, "tag", as: UInt16.self),
        let value = try? reader.int(place + 8, "orientation", as: UInt16.self)
      else { break }
      if tag == 0x0112, (1...8).contains(value) { orientation = value }
    }
  }
}

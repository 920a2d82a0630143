// A decoded picture: what PNG, JPEG and TIFF files give.

/// Pixels of a picture, rows from the top, interleaved.
public struct Picture: Sendable, Hashable {
  public var width: Int
  public var height: Int
  /// Values a pixel: 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA (or CMYK where the file is).
  public var channels: Int
  /// Bits that a value can use; 8 for `uint8` samples, 16 for `uint16`, or fewer.
  public var bitsPerSample: Int
  /// `samples[c + channels · (x + width · y)]`.
  public var samples: Samples
  /// What the file says of itself, by its format's names.
  public var metadata: [String: String] = [:]
  /// Distance between pixel centres in millimetres, where the file tells a resolution.
  public var spacing: SIMD2<Double>?

  /// - Throws: `shape` where the count of samples is not the product of the sizes.
  public init(
    width: Int, height: Int, channels: Int, bitsPerSample: Int, samples: Samples
  ) throws(VolumeError) {
    guard width > 0, height > 0, channels > 0, samples.count == width * height * channels else {
      throw VolumeError(
        .shape, "\(samples.count) samples for \(width) × \(height) × \(channels)")
    }
    self.width = width
    self.height = height
    self.channels = channels
    self.bitsPerSample = bitsPerSample
    self.samples = samples
  }

  /// The picture as a volume of one slice: columns along x, rows along y, LPS axes, the resolution's
  /// spacing or 1 mm.
  public func volume() throws(VolumeError) -> Volume {
    let kind: Volume.Components =
      switch channels {
      case 1: .scalar
      case 3: .rgb
      case 4: .rgba
      default: .vector
      }
    let step = spacing ?? SIMD2(1, 1)
    var volume = try Volume(
      samples,
      geometry: Geometry(
        size: [width, height, 1], affine: Affine(spacing: [step.x, step.y, 1])),
      components: channels, componentKind: kind)
    volume.metadata = metadata
    return volume
  }

  /// The product of a picture's sizes in bytes, checked before anything is allocated.
  ///
  /// - Throws: `limit` where it is more than `mostBytes`.
  package static func byteCount(
    _ width: Int, _ height: Int, _ channels: Int, _ bytes: Int, mostBytes: Int
  ) throws(VolumeError) -> Int {
    var product = 1
    for factor in [width, height, channels, bytes] {
      let (next, overflow) = product.multipliedReportingOverflow(by: factor)
      guard !overflow, next >= 0, next <= mostBytes else {
        throw VolumeError(
          .limit, "\(width) × \(height) × \(channels) pixels are more than \(mostBytes) bytes")
      }
      product = next
    }
    return product
  }
}

/// A decoded PNG, in the format that holds its pixels without loss.
///
/// Grey of 1, 2 and 4 bits is widened to the full range of 8; palettes become colours; transparency
/// becomes alpha. Gamma and colour profiles are left alone, as Pillow leaves them.
public enum PNGPicture: Sendable, Hashable {
  case gray(GrayImage)
  case gray16(Gray16Image)
  case rgb(RGBImage)
  case rgb16(RGB16Image)
  case rgba(RGBAImage)
  case rgba16(RGBA16Image)

  /// - `pixelLimit`: The largest number of pixels to read.
  /// - Throws: ``WindowingError/Code/png`` for bytes that are no PNG or a broken one, with libpng's
  ///   words; ``WindowingError/Code/size`` for one above the limit. Memory is not set aside on the
  ///   header's word: a file too short for its pixels is refused before.
  public init(
    decoding data: [UInt8], pixelLimit: Int = GrayImage.pixelLimit
  ) throws(WindowingError) {
    let read = try PNGPixels(data, limit: pixelLimit)
    if read.bitDepth == 16 {
      var wide = [UInt16](repeating: 0, count: read.bytes.count / 2)
      for index in wide.indices {
        let a = UInt16(read.bytes[2 * index])
        let b = UInt16(read.bytes[2 * index + 1])
        wide[index] = UInt16(littleEndian: 1) == 1 ? a | b << 8 : a << 8 | b
      }
      switch read.channels {
      case 1: self = .gray16(Self.raster(wide, read))
      case 2: self = .rgba16(Self.raster(Self.widened(wide), read))
      case 3: self = .rgb16(Self.raster(wide, read))
      default: self = .rgba16(Self.raster(wide, read))
      }
    } else {
      switch read.channels {
      case 1: self = .gray(Self.raster(read.bytes, read))
      case 2: self = .rgba(Self.raster(Self.widened(read.bytes), read))
      case 3: self = .rgb(Self.raster(read.bytes, read))
      default: self = .rgba(Self.raster(read.bytes, read))
      }
    }
  }

  private static func raster<Format: PixelFormat>(
    _ pixels: [Format.Component], _ read: PNGPixels
  ) -> Raster<Format> {
    Raster(checked: pixels, width: read.width, height: read.height, spacing: read.spacing)
  }

  /// Grey and alpha as red, green, blue and alpha.
  private static func widened<Component>(_ pairs: [Component]) -> [Component] {
    var wide: [Component] = []
    wide.reserveCapacity(2 * pairs.count)
    for index in stride(from: 0, to: pairs.count - 1, by: 2) {
      let level = pairs[index]
      wide += [level, level, level, pairs[index + 1]]
    }
    return wide
  }

  public var width: Int {
    switch self {
    case .gray(let i): i.width
    case .gray16(let i): i.width
    case .rgb(let i): i.width
    case .rgb16(let i): i.width
    case .rgba(let i): i.width
    case .rgba16(let i): i.width
    }
  }

  public var height: Int {
    switch self {
    case .gray(let i): i.height
    case .gray16(let i): i.height
    case .rgb(let i): i.height
    case .rgb16(let i): i.height
    case .rgba(let i): i.height
    case .rgba16(let i): i.height
    }
  }

  /// The picture in 8-bit colour: 16 bits keep their upper 8, alpha is laid over `background`.
  public func rgb(over background: RGBColor = .black) -> RGBImage {
    switch self {
    case .gray(let image): RGBImage(image)
    case .gray16(let image): RGBImage(Raster<Gray8>(upperBytesOf: image))
    case .rgb(let image): image
    case .rgb16(let image): RGBImage(upperBytesOf: image)
    case .rgba(let image): image.flattened(over: background)
    case .rgba16(let image): RGBAImage(upperBytesOf: image).flattened(over: background)
    }
  }

  /// The header of a PNG, without its pixels.
  ///
  /// - Throws: ``WindowingError/Code/png``.
  public static func header(of data: [UInt8]) throws(WindowingError) -> PNGHeader {
    try PNGHeader(reading: data)
  }
}

extension Raster where Format.Component == UInt8 {
  /// The upper 8 of 16 bits.
  ///
  /// - Precondition: The formats have equal channels.
  init<Wide: PixelFormat>(upperBytesOf wide: Raster<Wide>) where Wide.Component == UInt16 {
    precondition(
      Wide.channels == Format.channels, "\(Wide.channels) channels for \(Format.channels)")
    self.init(
      checked: wide.pixels.map { UInt8(truncatingIfNeeded: $0 >> 8) }, width: wide.width,
      height: wide.height, spacing: wide.spacing, provenance: wide.provenance)
  }
}

extension GrayImage {
  /// A PNG's grey pixels.
  ///
  /// - Throws: ``WindowingError/Code/png``; ``WindowingError/Code/samples`` where it is not 8-bit
  ///   grey (or fewer bits) without alpha.
  public init(png data: [UInt8]) throws(WindowingError) {
    guard case .gray(let image) = try PNGPicture(decoding: data) else {
      throw WindowingError(.samples, "the PNG is not 8-bit grey")
    }
    self = image
  }
}

extension RGBImage {
  /// A PNG of any kind in 8-bit colour, alpha laid over `background`.
  ///
  /// - Throws: ``WindowingError/Code/png``.
  public init(
    png data: [UInt8], over background: RGBColor = .black
  ) throws(WindowingError) {
    self = try PNGPicture(decoding: data).rgb(over: background)
  }
}

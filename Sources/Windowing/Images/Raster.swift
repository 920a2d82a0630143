/// The number in one channel of one pixel: 8 bits, 16 bits, or a 32-bit float.
public protocol PixelComponent: Sendable, Hashable, Codable {
  /// For resampling: the component as a number.
  var number: Double { get }
  /// For resampling: the nearest component, clipped to what the type holds; NaN is 0.
  init(nearest number: Double)
  /// Resizes interleaved rows; the component's own so that its loops know the type.
  static func resized(
    _ source: RasterRows<Self>, to target: (width: Int, height: Int), by filter: ResizeFilter
  )
    -> [Self]
}

/// What the numbers of one pixel mean.
public protocol PixelFormat: Sendable, Hashable {
  associatedtype Component: PixelComponent
  /// Numbers a pixel.
  static var channels: Int { get }
  /// The name in errors and provenance, such as `gray8`.
  static var name: String { get }
}

public enum Gray8: PixelFormat {
  public typealias Component = UInt8
  public static let channels = 1
  public static let name = "gray8"
}

public enum Gray16: PixelFormat {
  public typealias Component = UInt16
  public static let channels = 1
  public static let name = "gray16"
}

public enum GrayFloat: PixelFormat {
  public typealias Component = Float
  public static let channels = 1
  public static let name = "gray-float"
}

public enum RGB8: PixelFormat {
  public typealias Component = UInt8
  public static let channels = 3
  public static let name = "rgb8"
}

public enum RGB16: PixelFormat {
  public typealias Component = UInt16
  public static let channels = 3
  public static let name = "rgb16"
}

public enum RGBA8: PixelFormat {
  public typealias Component = UInt8
  public static let channels = 4
  public static let name = "rgba8"
}

public enum RGBA16: PixelFormat {
  public typealias Component = UInt16
  public static let channels = 4
  public static let name = "rgba16"
}

/// An 8-bit grey picture, 0 black.
public typealias GrayImage = Raster<Gray8>
/// A 16-bit grey picture, 0 black; also labels.
public typealias Gray16Image = Raster<Gray16>
/// Rescaled values of a slice, such as Hounsfield units.
public typealias FloatImage = Raster<GrayFloat>
/// An 8-bit colour picture, sRGB.
public typealias RGBImage = Raster<RGB8>
/// A 16-bit colour picture.
public typealias RGB16Image = Raster<RGB16>
/// An 8-bit colour picture with an alpha that is not premultiplied.
public typealias RGBAImage = Raster<RGBA8>
/// A 16-bit colour picture with an alpha that is not premultiplied.
public typealias RGBA16Image = Raster<RGBA16>

/// Rows of pixels, the top row first, channels interleaved.
///
/// Channel `c` of the pixel in column `x` and row `y` is
/// `pixels[c + channels · (x + width · y)]`. Two pictures are equal when their sizes and pixels are;
/// spacing and provenance do not count.
public struct Raster<Format: PixelFormat>: Sendable, Hashable {
  public typealias Component = Format.Component

  /// Columns; at least 1.
  public let width: Int
  /// Rows; at least 1.
  public let height: Int
  /// The components, `channels · width · height` of them.
  public internal(set) var pixels: [Component]
  /// Millimetres from a pixel to its right (`x`) and its lower (`y`) neighbour, where known.
  public var spacing: SIMD2<Double>?
  /// How the picture was made.
  public var provenance: Provenance

  /// The largest number of pixels that this module makes: 2²⁸, such as 16,384 × 16,384.
  public static var pixelLimit: Int { 1 << 28 }

  /// - Throws: ``WindowingError/Code/size`` for a size below 1 or above ``pixelLimit``,
  ///   ``WindowingError/Code/shape`` where the count of components is another.
  public init(
    width: Int, height: Int, pixels: [Component], spacing: SIMD2<Double>? = nil,
    provenance: Provenance = Provenance()
  ) throws(WindowingError) {
    try Self.check(width: width, height: height)
    guard pixels.count == width * height * Format.channels else {
      throw WindowingError(
        .shape,
        "\(pixels.count) components for \(width) × \(height) pixels of \(Format.channels)")
    }
    self.init(
      checked: pixels, width: width, height: height, spacing: spacing, provenance: provenance)
  }

  /// A picture of one colour.
  ///
  /// - Precondition: `color` has one number a channel.
  /// - Throws: ``WindowingError/Code/size`` for a size below 1 or above ``pixelLimit``.
  public init(width: Int, height: Int, filledWith color: [Component]) throws(WindowingError) {
    precondition(
      color.count == Format.channels, "\(color.count) numbers for \(Format.channels) channels")
    try Self.check(width: width, height: height)
    var pixels: [Component] = []
    if color.allSatisfy({ $0 == color[0] }) {
      pixels = [Component](repeating: color[0], count: width * height * Format.channels)
    } else {
      pixels.reserveCapacity(width * height * Format.channels)
      for _ in 0..<(width * height) { pixels += color }
    }
    self.init(checked: pixels, width: width, height: height)
  }

  /// Without checks, for this module's own results.
  init(
    checked pixels: [Component], width: Int, height: Int, spacing: SIMD2<Double>? = nil,
    provenance: Provenance = Provenance()
  ) {
    self.width = width
    self.height = height
    self.pixels = pixels
    self.spacing = spacing
    self.provenance = provenance
  }

  /// - Throws: ``WindowingError/Code/size`` for a size below 1 or above ``pixelLimit``.
  static func check(width: Int, height: Int) throws(WindowingError) {
    let (count, overflow) = width.multipliedReportingOverflow(by: height)
    guard width >= 1, height >= 1, !overflow, count <= pixelLimit else {
      throw WindowingError(
        .size, "\(width) × \(height) pixels, where 1 × 1 to \(pixelLimit) in all are allowed")
    }
  }

  /// Numbers a pixel.
  public var channels: Int { Format.channels }

  /// The components of one pixel.
  ///
  /// - Precondition: The pixel lies inside the picture.
  public subscript(x: Int, y: Int) -> [Component] {
    let start = offset(x, y)
    return Array(pixels[start..<(start + Format.channels)])
  }

  /// The index of a pixel's first component.
  func offset(_ x: Int, _ y: Int) -> Int {
    precondition(
      (0..<width).contains(x) && (0..<height).contains(y),
      "pixel (\(x), \(y)) of \(width) × \(height)")
    return Format.channels * (x + width * y)
  }

  public static func == (a: Raster, b: Raster) -> Bool {
    a.width == b.width && a.height == b.height && a.pixels == b.pixels
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(width)
    hasher.combine(height)
    hasher.combine(pixels)
  }

  /// This picture with one more step told.
  func telling(_ step: Provenance.Step) -> Raster {
    var told = self
    told.provenance.steps.append(step)
    return told
  }
}

extension Raster: CustomStringConvertible {
  public var description: String { "\(Format.name) \(width) × \(height)" }
}

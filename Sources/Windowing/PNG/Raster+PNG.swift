/// A pixel format that PNG can store.
public protocol PNGFormat: PixelFormat {
  /// PNG's colour type: 0 grey, 2 RGB, 6 RGBA.
  static var pngColorType: Int { get }
  /// The components as PNG stores them: 16-bit ones big-endian.
  static func pngBytes(_ pixels: [Component]) -> [UInt8]
}

extension PNGFormat where Component == UInt8 {
  public static func pngBytes(_ pixels: [UInt8]) -> [UInt8] { pixels }
}

extension PNGFormat where Component == UInt16 {
  public static func pngBytes(_ pixels: [UInt16]) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: 2 * pixels.count) { target, count in
      for index in pixels.indices {
        unsafe target[2 * index] = UInt8(truncatingIfNeeded: pixels[index] >> 8)
        unsafe target[2 * index + 1] = UInt8(truncatingIfNeeded: pixels[index])
      }
      count = 2 * pixels.count
    }
  }
}

extension Gray8: PNGFormat { public static let pngColorType = 0 }
extension Gray16: PNGFormat { public static let pngColorType = 0 }
extension RGB8: PNGFormat { public static let pngColorType = 2 }
extension RGB16: PNGFormat { public static let pngColorType = 2 }
extension RGBA8: PNGFormat { public static let pngColorType = 6 }
extension RGBA16: PNGFormat { public static let pngColorType = 6 }

extension Raster where Format: PNGFormat {
  /// The picture as a PNG.
  ///
  /// The same pixels and options give the same bytes on every platform: filters and compression are
  /// this module's own, libpng writes the chunks around them.
  ///
  /// - Throws: ``WindowingError/Code/png`` for texts that PNG does not allow.
  /// - Complexity: O(*pixels*).
  public func png(_ options: PNGOptions = .standard) throws(WindowingError) -> [UInt8] {
    let layout = PNGLayout(
      width: width, height: height, bitDepth: MemoryLayout<Component>.size * 8,
      colorType: Format.pngColorType)
    let stream = compressedRows(
      Format.pngBytes(pixels), layout: layout, effort: options.effort)
    return try writePNG(
      layout, stream: stream,
      extras: PNGExtras(spacing: options.includesSpacing ? spacing : nil, text: options.text))
  }
}

/// A picture of at most 256 colours, with a palette.
public struct PalettedImage: Sendable, Hashable {
  public let width: Int
  public let height: Int
  /// An index into ``palette`` for each pixel, row by row.
  public let indices: [UInt8]
  public let palette: [RGBColor]
  /// The alpha of each palette entry; empty where all are opaque.
  public let alpha: [UInt8]

  /// - Throws: ``WindowingError/Code/size``, ``WindowingError/Code/shape`` for counts that do not
  ///   fit, or an index beyond the palette.
  public init(
    width: Int, height: Int, indices: [UInt8], palette: [RGBColor], alpha: [UInt8] = []
  ) throws(WindowingError) {
    try GrayImage.check(width: width, height: height)
    guard indices.count == width * height else {
      throw WindowingError(.shape, "\(indices.count) indices for \(width) × \(height) pixels")
    }
    guard (1...256).contains(palette.count), alpha.isEmpty || alpha.count == palette.count else {
      throw WindowingError(
        .shape, "\(palette.count) colours and \(alpha.count) alphas, where 1 to 256 are allowed")
    }
    if let largest = indices.max(), Int(largest) >= palette.count {
      throw WindowingError(.shape, "index \(largest) in a palette of \(palette.count)")
    }
    self.width = width
    self.height = height
    self.indices = indices
    self.palette = palette
    self.alpha = alpha
  }

  /// Labels with a colour each: label 0 is black and transparent where `isClear`.
  ///
  /// - Throws: ``WindowingError/Code/shape`` for a label above 255.
  public init(
    labels: Gray16Image, colors: [RGBColor] = RGBColor.labels, isClear: Bool = true
  ) throws(WindowingError) {
    precondition(!colors.isEmpty, "labels need a colour")
    var indices: [UInt8] = []
    indices.reserveCapacity(labels.pixels.count)
    for label in labels.pixels {
      guard label <= 255 else {
        throw WindowingError(.shape, "label \(label), where a palette holds 0…255")
      }
      indices.append(UInt8(label))
    }
    let last = Int(indices.max() ?? 0)
    let palette = [RGBColor.black] + (0..<last).map { colors[$0 % colors.count] }
    let alpha: [UInt8] = isClear ? [0] + [UInt8](repeating: 255, count: last) : []
    try self.init(
      width: labels.width, height: labels.height, indices: indices, palette: palette,
      alpha: alpha)
  }

  /// The picture as a PNG of colour type 3, with as few bits an index as the palette needs.
  ///
  /// - Throws: ``WindowingError/Code/png`` for texts that PNG does not allow.
  public func png(_ options: PNGOptions = .standard) throws(WindowingError) -> [UInt8] {
    let bits = palette.count <= 2 ? 1 : palette.count <= 4 ? 2 : palette.count <= 16 ? 4 : 8
    let layout = PNGLayout(width: width, height: height, bitDepth: bits, colorType: 3)
    let stream = compressedRows(packed(bits), layout: layout, effort: options.effort)
    return try writePNG(
      layout, stream: stream,
      extras: PNGExtras(
        palette: palette.flatMap(\.components), paletteAlpha: alpha, text: options.text))
  }

  /// Indices of 1, 2, 4 or 8 bits, the leftmost in the highest bits, rows beginning at a byte.
  private func packed(_ bits: Int) -> [UInt8] {
    guard bits < 8 else { return indices }
    let perByte = 8 / bits
    let rowBytes = (width + perByte - 1) / perByte
    var bytes = [UInt8](repeating: 0, count: rowBytes * height)
    for y in 0..<height {
      for x in 0..<width {
        let shift = 8 - bits * (x % perByte + 1)
        bytes[y * rowBytes + x / perByte] |= indices[y * width + x] << UInt8(shift)
      }
    }
    return bytes
  }
}

// What models take, and how a picture is brought within it.
// Source of the limits: the vendors' documentation as noted at each; they change, so that they are
// data which a caller may replace.

/// The largest picture that a reader takes.
public struct ReaderLimits: Sendable, Hashable, Codable {
  /// The longest side, in pixels.
  public var longestSide: Int?
  /// The shortest side below which reading suffers; such pictures are enlarged.
  public var shortestSide: Int?
  /// Width times height.
  public var pixels: Int?
  /// Bytes of the PNG.
  public var bytes: Int?
  /// Both sides are brought to multiples of this, by black margins.
  public var tile: Int?
  /// The picture is padded to a square.
  public var isSquare: Bool

  public init(
    longestSide: Int? = nil, shortestSide: Int? = nil, pixels: Int? = nil, bytes: Int? = nil,
    tile: Int? = nil, isSquare: Bool = false
  ) {
    self.longestSide = longestSide
    self.shortestSide = shortestSide
    self.pixels = pixels
    self.bytes = bytes
    self.tile = tile
    self.isSquare = isSquare
  }

  /// Claude: sides above 1568 are scaled down by the service, below 200 reading suffers, 5 MB each
  /// (docs.anthropic.com, “Vision”).
  public static let claude = ReaderLimits(
    longestSide: 1568, shortestSide: 200, bytes: 5_000_000)
  /// Claude with more than twenty pictures in a request: sides of 2000 at most.
  public static let claudeMany = ReaderLimits(longestSide: 2000, bytes: 5_000_000)
  /// OpenAI, detail high: fitted into 2048 × 2048 (platform.openai.com, “Images and vision”).
  public static let openAI = ReaderLimits(longestSide: 2048, bytes: 20_000_000)
  /// Gemini, inline: 20 MB for the whole request (ai.google.dev, “Image understanding”).
  public static let gemini = ReaderLimits(longestSide: 3072, bytes: 15_000_000)
  /// MedGemma and SigLIP at 896: a square (MedGemma's model card).
  public static let medGemma = ReaderLimits(longestSide: 896, isSquare: true)
}

/// What had to be changed about a picture so that a model takes it.
public struct FitReport: Sendable, Hashable, Codable {
  public enum Change: Sendable, Hashable, Codable, CustomStringConvertible {
    /// Width and height before and after, and the limit that asked for it.
    case resized(fromWidth: Int, fromHeight: Int, toWidth: Int, toHeight: Int, because: String)
    case padded(toWidth: Int, toHeight: Int, because: String)
    /// The PNG was written with more effort.
    case compressed(PNGOptions.Effort)

    public var description: String {
      switch self {
      case .resized(let fromWidth, let fromHeight, let toWidth, let toHeight, let reason):
        "\(fromWidth)×\(fromHeight) resized to \(toWidth)×\(toHeight) (\(reason))"
      case .padded(let width, let height, let reason):
        "padded to \(width)×\(height) (\(reason))"
      case .compressed(let effort): "compressed with the effort \(effort.rawValue)"
      }
    }
  }

  public var changes: [Change]
  /// The final width, height and bytes of the PNG.
  public var width: Int
  public var height: Int
  public var bytes: Int
}

/// A picture that a reader takes: its pixels, its PNG and what was changed.
public struct FittedPicture<Format: PNGFormat>: Sendable, Hashable {
  public var image: Raster<Format>
  public var png: [UInt8]
  public var report: FitReport
}

extension Raster where Format: PNGFormat {
  /// The picture within a reader's limits, changed as little as possible, and a report of it.
  ///
  /// First the sides and the pixels are brought within limits (bicubic), then margins are added,
  /// then the PNG is written; where it has too many bytes it is written with more effort, then made
  /// smaller in steps of a tenth.
  ///
  /// - Throws: ``WindowingError/Code/limits`` where no picture can meet them.
  public func fitted(
    to limits: ReaderLimits, effort: PNGOptions.Effort = .standard
  ) throws(WindowingError) -> FittedPicture<Format> {
    for (name, limit) in [
      ("longest side", limits.longestSide), ("shortest side", limits.shortestSide),
      ("pixels", limits.pixels), ("bytes", limits.bytes), ("tile", limits.tile),
    ] {
      if let limit, limit < 1 { throw WindowingError(.limits, "\(name) limited to \(limit)") }
    }
    var changes: [FitReport.Change] = []
    var image = self
    func resize(_ scale: Double, _ reason: String) throws(WindowingError) {
      let old = (image.width, image.height)
      let side = limits.longestSide ?? .max
      let size = (
        min(side, max(1, Int((Double(width) * scale).rounded()))),
        min(side, max(1, Int((Double(height) * scale).rounded())))
      )
      image = try resized(width: size.0, height: size.1, by: .bicubic)
      changes.append(
        .resized(
          fromWidth: old.0, fromHeight: old.1, toWidth: size.0, toHeight: size.1, because: reason))
    }
    var scale = 1.0
    var reasons: [String] = []
    if let side = limits.shortestSide, min(width, height) < side {
      scale = Double(side) / Double(min(width, height))
      reasons.append("shortest side \(side)")
    }
    if let side = limits.longestSide, Double(max(width, height)) * scale > Double(side) {
      scale = Double(side) / Double(max(width, height))
      reasons.append("longest side \(side)")
    }
    if let pixels = limits.pixels, Double(width * height) * scale * scale > Double(pixels) {
      scale = (Double(pixels) / Double(width * height)).squareRoot() * (1 - 1e-9)
      while (Double(width) * scale).rounded() * (Double(height) * scale).rounded()
        > Double(pixels), scale * Double(max(width, height)) > 1
      { scale *= 0.999 }
      reasons.append("\(pixels) pixels")
    }
    if scale != 1 { try resize(scale, reasons.joined(separator: ", ")) }
    while true {
      let framed = try image.framed(limits, &changes)
      var png = try framed.png(PNGOptions(effort))
      if let bytes = limits.bytes, png.count > bytes, effort != .small {
        png = try framed.png(.small)
        changes.append(.compressed(.small))
      }
      guard let bytes = limits.bytes, png.count > bytes else {
        var result = framed
        if !changes.isEmpty { result.provenance.steps.append(.fitted(changes)) }
        return FittedPicture(
          image: result, png: png,
          report: FitReport(
            changes: changes, width: result.width, height: result.height, bytes: png.count))
      }
      guard image.width > 1 || image.height > 1 else {
        throw WindowingError(
          .limits, "one pixel takes \(png.count) bytes as a PNG, where \(bytes) are allowed")
      }
      scale *= min(0.9, (Double(bytes) / Double(png.count)).squareRoot())
      try resize(scale, "\(bytes) bytes")
    }
  }

  /// Margins to a square and to whole tiles.
  private func framed(
    _ limits: ReaderLimits, _ changes: inout [FitReport.Change]
  ) throws(WindowingError) -> Raster {
    var size = (width, height)
    var reasons: [String] = []
    if limits.isSquare, width != height {
      size = (max(width, height), max(width, height))
      reasons.append("square")
    }
    if let tile = limits.tile, size.0 % tile != 0 || size.1 % tile != 0 {
      size = ((size.0 + tile - 1) / tile * tile, (size.1 + tile - 1) / tile * tile)
      reasons.append("tiles of \(tile)")
      if let side = limits.longestSide, max(size.0, size.1) > side {
        throw WindowingError(
          .limits, "no multiple of \(tile) holds the picture within \(side) pixels a side")
      }
    }
    guard size != (width, height) else { return self }
    changes.append(
      .padded(toWidth: size.0, toHeight: size.1, because: reasons.joined(separator: ", ")))
    let x = size.0 - width
    let y = size.1 - height
    return try padded(left: x / 2, top: y / 2, right: x - x / 2, bottom: y - y / 2)
  }
}

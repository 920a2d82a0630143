// What was odd about files and series without stopping the reader.

/// Something about a file or a series that its user should know.
public struct DICOMDiagnostic: Sendable, Hashable, CustomStringConvertible {
  /// The kind: an open list.
  public struct Kind: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public var description: String { rawValue }

    /// The distance between slices is not the same throughout.
    public static let irregularSpacing = Kind(rawValue: "irregular spacing")
    /// Gaps of a multiple of the spacing.
    public static let missingSlices = Kind(rawValue: "missing slices")
    /// Several slices at one position that make no fourth axis.
    public static let duplicatePositions = Kind(rawValue: "duplicate positions")
    /// The same instance found more than once; one was kept.
    public static let duplicateInstances = Kind(rawValue: "duplicate instances")
    /// Rows or columns are not perpendicular to the line of the slices.
    public static let gantryTilt = Kind(rawValue: "gantry tilt")
    /// An image that holds a grid of slices (Siemens).
    public static let mosaic = Kind(rawValue: "mosaic")
    /// A scout image, kept apart from the slices.
    public static let localizer = Kind(rawValue: "localizer")
    /// No position or orientation in the patient: the affine is a guess from the spacing.
    public static let noPosition = Kind(rawValue: "no position")
    /// No spacing of the pixels: 1 mm is assumed.
    public static let noSpacing = Kind(rawValue: "no spacing")
    /// Slope and intercept differ between slices.
    public static let varyingRescale = Kind(rawValue: "varying rescale")
    /// One series whose files have a series UID each.
    public static let perFileSeriesUIDs = Kind(rawValue: "series UID per file")
    /// The bytes contradict the transfer syntax that the header names.
    public static let wrongTransferSyntax = Kind(rawValue: "wrong transfer syntax")
    /// No part-10 header.
    public static let noPart10Header = Kind(rawValue: "no part-10 header")
    /// The stream ends inside an element.
    public static let truncated = Kind(rawValue: "truncated")
    /// Bytes after the last element.
    public static let trailingBytes = Kind(rawValue: "trailing bytes")
    /// An item or delimiter outside a sequence.
    public static let strayDelimiter = Kind(rawValue: "stray delimiter")
    /// What a codec had to say.
    public static let codestream = Kind(rawValue: "codestream")
    /// Names or identifiers are likely part of the picture itself.
    public static let burnedIn = Kind(rawValue: "burned-in annotation")
  }

  public let kind: Kind
  /// One line; never a patient's identifiers.
  public let detail: String

  public init(_ kind: Kind, _ detail: String) {
    self.kind = kind
    self.detail = detail
  }

  public var description: String { "\(kind): \(detail)" }
}

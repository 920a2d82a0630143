/// Why a picture could not be made, read or written: the kind, and what was found and expected.
public struct WindowingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kind of failure: an open list, so that a new kind breaks nobody's `switch`.
  public struct Code: Hashable, Sendable, RawRepresentable, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public var description: String { rawValue }

    /// A window whose width or centre DICOM does not allow.
    public static let window = Code(rawValue: "window")
    /// A look-up table without entries or with a bit depth outside 8…16.
    public static let lookupTable = Code(rawValue: "look-up table")
    /// Voxels from which no range can be told: none, none above zero, all equal or all NaN.
    public static let statistics = Code(rawValue: "statistics")
    /// A slice, a slab or a channel outside the volume.
    public static let outsideVolume = Code(rawValue: "outside the volume")
    /// Two grids, or two pictures, whose sizes differ where they must not.
    public static let shape = Code(rawValue: "shape")
    /// Samples of a kind that the operation does not show, such as colour for grey.
    public static let samples = Code(rawValue: "samples")
    /// A width, height or count below one, or above the limit.
    public static let size = Code(rawValue: "size")
    /// A picker that found nothing to pick.
    public static let nothingPicked = Code(rawValue: "nothing picked")
    /// Limits that no picture of this kind can meet.
    public static let limits = Code(rawValue: "limits")
    /// Bytes that are not a PNG, or a broken one.
    public static let png = Code(rawValue: "png")
    /// The operating system could not open, read or write the file.
    public static let file = Code(rawValue: "file")
    /// The file exists and overwriting was not asked for.
    public static let exists = Code(rawValue: "exists")
  }

  public var code: Code
  /// What was found and what was expected, in one line.
  public var detail: String
  /// The last component of the file's path, where a file is concerned.
  public var file: String?

  public init(_ code: Code, _ detail: String, file: String? = nil) {
    self.code = code
    self.detail = detail
    self.file = file
  }

  /// This error, with the file's name where it had none.
  public func naming(_ path: String) -> WindowingError {
    guard file == nil else { return self }
    var named = self
    named.file = path.split(separator: "/").last.map(String.init) ?? path
    return named
  }

  public var description: String {
    (file.map { $0 + ": " } ?? "") + "\(code): \(detail)"
  }
}

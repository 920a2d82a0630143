/// Why a scan could not be read or written: the kind, the file, the place and what was found there.
///
/// The description names the file by its last path component only and never holds a patient's
/// identifiers.
public struct VolumeError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kind of failure: an open list, so that a new kind breaks nobody's `switch`.
  public struct Code: Hashable, Sendable, RawRepresentable, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public var description: String { rawValue }

    /// The bytes are of no format that this module reads.
    public static let unknownFormat = Code(rawValue: "unknown format")
    /// The file ends before what it promised.
    public static let truncated = Code(rawValue: "truncated")
    /// A field holds what the format's standard does not allow.
    public static let malformed = Code(rawValue: "malformed")
    /// A legal file that needs what this build does not have; the detail names what to switch on.
    public static let unsupported = Code(rawValue: "unsupported")
    /// A checksum or length that the file carries does not match its bytes.
    public static let corrupt = Code(rawValue: "corrupt")
    /// A size, depth or count above the reader's limits.
    public static let limit = Code(rawValue: "limit")
    /// Counts of samples, sizes or grids that do not fit together.
    public static let shape = Code(rawValue: "shape")
    /// Positions, spacings or orientations that make no volume.
    public static let geometry = Code(rawValue: "geometry")
    /// The operating system could not open, read or write the file.
    public static let file = Code(rawValue: "file")
    /// A path inside a file leads out of the folder that the file stands in.
    public static let escapesFolder = Code(rawValue: "escapes folder")
  }

  public var code: Code
  /// What was found and what was expected, in one line.
  public var detail: String
  /// The last component of the file's path, where a file is concerned.
  public var file: String?
  /// The byte of the file (or of the decompressed stream) where reading stopped.
  public var offset: Int?
  /// The field of the header that is at fault, such as `dim[1]` or `(0028,0010) Rows`.
  public var field: String?

  public init(
    _ code: Code, _ detail: String, file: String? = nil, offset: Int? = nil, field: String? = nil
  ) {
    self.code = code
    self.detail = detail
    self.file = file
    self.offset = offset
    self.field = field
  }

  /// This error, with the file's name where it had none.
  public func naming(_ file: String) -> VolumeError {
    guard self.file == nil else { return self }
    var named = self
    named.file = file.split(separator: "/").last.map(String.init) ?? file
    return named
  }

  public var description: String {
    var place: [String] = []
    if let file { place.append(file) }
    if let field { place.append(field) }
    if let offset { place.append("byte \(offset)") }
    let head = place.isEmpty ? "" : place.joined(separator: ", ") + ": "
    return "\(head)\(code): \(detail)"
  }
}

// What goes wrong with files that the world hands in: weights, tokenizers, checkpoints.

/// A failure to read, write or match something that came from outside the program.
///
/// Mistakes of a caller (shapes that do not fit) trap instead, with both shapes in the message.
public struct NeuralCoreError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kind of failure, open so that a new kind breaks nobody's `switch`.
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }

    /// The operating system refused to open, read or write a file.
    public static let file = Code("file")
    /// Bytes end before what they announce.
    public static let truncated = Code("truncated")
    /// Bytes that contradict their format.
    public static let malformed = Code("malformed")
    /// A valid file that uses what this library does not read.
    public static let unsupported = Code("unsupported")
    /// A size beyond what a file of this kind may claim.
    public static let limit = Code("limit")
    /// Tensors that are missing, left over or of another shape than the network's.
    public static let mismatch = Code("mismatch")
    /// A training run that was stopped from outside.
    public static let cancelled = Code("cancelled")
    /// A loss or a gradient that is not a finite number.
    public static let diverged = Code("diverged")
  }

  public let code: Code
  /// What was found and what was expected, in one line (a list of tensors may take more).
  public let detail: String
  /// The file, where one was named.
  public let path: String?
  /// The byte of the file where reading stopped.
  public let offset: Int?

  public init(_ code: Code, _ detail: String, path: String? = nil, offset: Int? = nil) {
    self.code = code
    self.detail = detail
    self.path = path
    self.offset = offset
  }

  public var description: String {
    var text = "\(code): \(detail)"
    if let path { text += " in \(path)" }
    if let offset { text += " at byte \(offset)" }
    return text
  }

  /// The same failure with the name of the file that was being read.
  func naming(_ path: String) -> NeuralCoreError {
    NeuralCoreError(code, detail, path: self.path ?? path, offset: offset)
  }
}

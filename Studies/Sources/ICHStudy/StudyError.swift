/// Why a study cannot go on: one line that names what was found and what was expected.
public struct StudyError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kind of failure: an open list.
  public struct Code: Hashable, Sendable, RawRepresentable {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The options contradict one another or name what does not exist.
    public static let usage = Code(rawValue: "usage")
    /// The data set cannot be used.
    public static let data = Code(rawValue: "data")
    /// The output folder belongs to another run.
    public static let output = Code(rawValue: "output")
    /// A model cannot be asked at all: wrong key, unreachable endpoint.
    public static let model = Code(rawValue: "model")
    /// The run was stopped, and can be resumed.
    public static let stopped = Code(rawValue: "stopped")
  }

  public var code: Code
  public var detail: String

  public init(_ code: Code, _ detail: String) {
    self.code = code
    self.detail = detail
  }

  public var description: String { detail }
}

/// What had to be changed about a picture so that a model takes it.
public struct FitReport: Sendable, Hashable, Codable {
  public enum Change: Sendable, Hashable, Codable {
    /// Width and height before and after.
    case resized(fromWidth: Int, fromHeight: Int, toWidth: Int, toHeight: Int, reason: String)
    /// Colours given up.
    case madeGray
    /// The PNG written with more effort.
    case compressed(PNGOptions.Effort)
  }

  public var changes: [Change]
  /// Bytes of the PNG that results.
  public var bytes: Int
}

/// How a PNG is to be written. The bytes are a function of the pixels and of these options.
public struct PNGOptions: Sendable, Hashable, Codable {
  /// How much time to spend on fewer bytes.
  public enum Effort: String, Sendable, Hashable, Codable, CaseIterable {
    /// The quickest that is still small.
    case fast
    /// Small and quick.
    case standard
    /// The smallest.
    case small
  }

  public var effort: Effort
  /// Writes the picture's spacing as a pHYs chunk, in pixels a metre.
  public var includesSpacing: Bool
  /// Pairs of a keyword (1 to 79 Latin-1 characters) and a text, written as iTXt chunks.
  public var text: [Text]

  /// A keyword and a text.
  public struct Text: Sendable, Hashable, Codable {
    public var keyword: String
    public var text: String

    public init(_ keyword: String, _ text: String) {
      self.keyword = keyword
      self.text = text
    }
  }

  public init(_ effort: Effort = .standard, includesSpacing: Bool = false, text: [Text] = []) {
    self.effort = effort
    self.includesSpacing = includesSpacing
    self.text = text
  }

  public static let fast = PNGOptions(.fast)
  public static let standard = PNGOptions(.standard)
  public static let small = PNGOptions(.small)
}

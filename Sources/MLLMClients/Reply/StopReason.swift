// Why a model stopped writing, in one vocabulary; the vendor's own word is kept.

/// Why a model stopped writing.
public enum StopReason: Sendable, Hashable {
  /// It was done, or met a stop text.
  case finished
  /// The token limit.
  case maxTokens
  /// The end of the context.
  case context
  /// It asks for a tool.
  case toolUse
  /// It declined.
  case refusal
  /// A filter.
  case filtered
  /// A word that this version does not know.
  case other(String)
}

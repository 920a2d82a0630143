// Tokens, in buckets that never overlap, whatever each vendor counts into what.

/// The tokens of one reply.
///
/// Vendors disagree: OpenAI and Gemini count cached tokens within the prompt's, Anthropic beside
/// them; Gemini counts thoughts beside the answer's tokens, the others within. Here the three
/// input buckets are disjoint, and `output` holds everything that the model wrote.
public struct Usage: Sendable, Hashable, Codable {
  /// Input tokens at full price.
  public var uncachedInput: Int?
  /// Input tokens read from the vendor's cache.
  public var cacheRead: Int?
  /// Input tokens written to the vendor's cache, to be kept for its short time.
  public var cacheWrite: Int?
  /// Input tokens written to the vendor's cache, to be kept for its long time.
  public var cacheWriteLong: Int?
  /// Everything written, thoughts included.
  public var output: Int?
  /// The thoughts within `output`.
  public var reasoning: Int?

  public init(
    uncachedInput: Int? = nil, cacheRead: Int? = nil, cacheWrite: Int? = nil,
    cacheWriteLong: Int? = nil, output: Int? = nil, reasoning: Int? = nil
  ) {
    self.uncachedInput = uncachedInput
    self.cacheRead = cacheRead
    self.cacheWrite = cacheWrite
    self.cacheWriteLong = cacheWriteLong
    self.output = output
    self.reasoning = reasoning
  }

  /// All input tokens, however they were paid; nil when the vendor told none.
  public var input: Int? {
    guard let uncachedInput else { return nil }
    return uncachedInput + (cacheRead ?? 0) + (cacheWrite ?? 0) + (cacheWriteLong ?? 0)
  }

  /// The answer's tokens: output without thoughts.
  public var answer: Int? { output.map { $0 - (reasoning ?? 0) } }

  /// The sum of two replies' tokens; a bucket that neither told stays nil.
  public static func + (one: Usage, two: Usage) -> Usage {
    func sum(_ a: Int?, _ b: Int?) -> Int? {
      a == nil && b == nil ? nil : (a ?? 0) + (b ?? 0)
    }
    return Usage(
      uncachedInput: sum(one.uncachedInput, two.uncachedInput),
      cacheRead: sum(one.cacheRead, two.cacheRead),
      cacheWrite: sum(one.cacheWrite, two.cacheWrite),
      cacheWriteLong: sum(one.cacheWriteLong, two.cacheWriteLong),
      output: sum(one.output, two.output), reasoning: sum(one.reasoning, two.reasoning))
  }
}

// What a prompt will take, before it is sent.

public import Foundation

/// Tokens and cost of a prompt, before it is sent.
public struct Estimate: Sendable, Hashable {
  /// Input tokens: pictures by the model's rule, text at 3.5 bytes a token.
  public let inputTokens: Int
  /// The most output tokens that the prompt allows.
  public let outputTokens: Int
  /// US dollars at most; nil when the price is not known.
  public let cost: Decimal?
  /// What a budget sets aside: `cost` with text at two bytes a token.
  let reservation: Decimal?
  /// Pictures whose tokens are not known, counted as 1,600 each.
  public let unknownPictures: Int

  /// The estimate for a prompt and a model.
  public init(of prompt: Prompt, model: ModelProfile) {
    inputTokens = Self.inputTokens(of: prompt, model: model)
    outputTokens =
      prompt.decoding.maxTokens.map { model.outputTokens(forAnswer: $0) }
      ?? model.maxOutput ?? 32768
    unknownPictures = prompt.images.count { Self.tokens(of: $0, model: model) == nil }
    cost = model.price?.cost(of: Usage(uncachedInput: inputTokens, output: outputTokens))
    let most = inputTokens + Self.textBytes(of: prompt) * 3 / 14
    // Writing to a cache costs more than reading afresh.
    var dearest = model.price
    if let price = dearest {
      dearest?.input = max(price.input, price.cacheWriteLong ?? price.cacheWrite ?? price.input)
    }
    reservation = dearest?.cost(of: Usage(uncachedInput: most, output: outputTokens))
  }

  static func inputTokens(of prompt: Prompt, model: ModelProfile) -> Int {
    let pictures = prompt.images.reduce(0) { $0 + (tokens(of: $1, model: model) ?? 1600) }
    return textBytes(of: prompt) * 2 / 7 + prompt.turns.count * 4 + pictures + 8
  }

  private static func textBytes(of prompt: Prompt) -> Int {
    prompt.turns.reduce(0) { $0 + $1.text.utf8.count }
      + (prompt.format?.schema.description.utf8.count ?? 0)
  }

  private static func tokens(of image: Image, model: ModelProfile) -> Int? {
    guard let size = try? image.size() else { return nil }
    return model.imageTokens.tokens(width: size.width, height: size.height, detail: image.detail)
  }
}

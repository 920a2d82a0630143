// What a model can take, what it costs, and how it counts pictures: facts, dated and replaceable.

public import Foundation

/// What is known of a model. Nothing known is nil, and nothing is then refused on its account.
public struct ModelProfile: Sendable, Hashable, Codable {
  /// The name that is sent.
  public var name: String
  /// Whether it takes pictures; a model that does not is refused pictures before a request.
  public var vision: Bool
  /// Whether it takes `temperature` and `topP`.
  public var sampling: Bool
  /// Whether it takes `seed`.
  public var seed: Bool
  /// Whether it takes `effort`.
  public var effort: Bool
  /// Whether it obeys a JSON schema.
  public var structured: Bool
  /// Tokens added to the asked maximum, for thoughts that come out of the same allowance.
  public var thinkingHeadroom: Int
  /// The most input tokens.
  public var context: Int?
  /// The most output tokens.
  public var maxOutput: Int?
  public var limits: RequestLimits
  /// How it counts a picture's tokens.
  public var imageTokens: ImageTokenRule
  /// What it costs, or nil when that is not known: never zero by default.
  public var price: Price?
  /// The day after which the vendor turns it off, as `2027-01-14`.
  public var shutdown: String?

  public init(
    name: String, vision: Bool = true, sampling: Bool = true, seed: Bool = true,
    effort: Bool = true, structured: Bool = true, thinkingHeadroom: Int = 0, context: Int? = nil,
    maxOutput: Int? = nil, limits: RequestLimits = RequestLimits(),
    imageTokens: ImageTokenRule = .unknown, price: Price? = nil, shutdown: String? = nil
  ) {
    self.name = name
    self.vision = vision
    self.sampling = sampling
    self.seed = seed
    self.effort = effort
    self.structured = structured
    self.thinkingHeadroom = thinkingHeadroom
    self.context = context
    self.maxOutput = maxOutput
    self.limits = limits
    self.imageTokens = imageTokens
    self.price = price
    self.shutdown = shutdown
  }

  /// A model without pictures.
  public static func textOnly(_ name: String) -> ModelProfile {
    ModelProfile(name: name, vision: false)
  }

  /// The tokens to ask for, so that an answer of `answer` tokens has room after the thoughts.
  func outputTokens(forAnswer answer: Int) -> Int {
    min(answer + thinkingHeadroom, maxOutput ?? .max)
  }
}

/// The most that one request may hold; nil is no limit known.
public struct RequestLimits: Sendable, Hashable, Codable {
  public var images: Int?
  /// The longest side of a picture, in pixels.
  public var side: Int?
  /// The longest side once a request holds more than `manyImages`.
  public var sideOfMany: Int?
  public var manyImages: Int?
  /// The most bytes of one picture, before base64.
  public var imageBytes: Int?
  /// The most bytes of the whole body.
  public var requestBytes: Int?

  public init(
    images: Int? = nil, side: Int? = nil, sideOfMany: Int? = nil, manyImages: Int? = nil,
    imageBytes: Int? = nil, requestBytes: Int? = nil
  ) {
    self.images = images
    self.side = side
    self.sideOfMany = sideOfMany
    self.manyImages = manyImages
    self.imageBytes = imageBytes
    self.requestBytes = requestBytes
  }
}

/// US dollars per million tokens.
public struct Price: Sendable, Hashable, Codable {
  public var input: Decimal
  public var output: Decimal
  public var cacheRead: Decimal?
  public var cacheWrite: Decimal?
  public var cacheWriteLong: Decimal?
  /// Above this many input tokens, input costs `tierInput` times and output `tierOutput` times.
  public var tierTokens: Int?
  public var tierInput: Decimal
  public var tierOutput: Decimal
  /// What a batch costs, as a part of the price.
  public var batch: Decimal

  public init(
    input: Decimal, output: Decimal, cacheRead: Decimal? = nil, cacheWrite: Decimal? = nil,
    cacheWriteLong: Decimal? = nil, tierTokens: Int? = nil, tierInput: Decimal = 1,
    tierOutput: Decimal = 1, batch: Decimal = Decimal(5) / 10
  ) {
    self.input = input
    self.output = output
    self.cacheRead = cacheRead
    self.cacheWrite = cacheWrite
    self.cacheWriteLong = cacheWriteLong
    self.tierTokens = tierTokens
    self.tierInput = tierInput
    self.tierOutput = tierOutput
    self.batch = batch
  }

  /// What the vendor's prompt cache has saved, in US dollars: the same tokens at full price, less
  /// what they cost. Negative when more was paid for writing than reading has brought back.
  public func saving(by usage: Usage, batched: Bool = false) -> Decimal? {
    let plain = Usage(uncachedInput: usage.input, output: usage.output)
    guard let full = cost(of: plain, batched: batched), let paid = cost(of: usage, batched: batched)
    else { return nil }
    return full - paid
  }

  /// What some tokens cost, in US dollars; nil when the vendor told no tokens.
  ///
  /// A bucket without a price of its own costs what input costs. Every token is charged once.
  public func cost(of usage: Usage, batched: Bool = false) -> Decimal? {
    guard let fresh = usage.uncachedInput, let total = usage.input else { return nil }
    let high = tierTokens.map { total > $0 } ?? false
    var inputs = Decimal(fresh) * input
    inputs += Decimal(usage.cacheRead ?? 0) * (cacheRead ?? input)
    inputs += Decimal(usage.cacheWrite ?? 0) * (cacheWrite ?? input)
    inputs += Decimal(usage.cacheWriteLong ?? 0) * (cacheWriteLong ?? cacheWrite ?? input)
    let outputs = Decimal(usage.output ?? 0) * output
    let sum = inputs * (high ? tierInput : 1) + outputs * (high ? tierOutput : 1)
    return sum * (batched ? batch : 1) / 1_000_000
  }
}

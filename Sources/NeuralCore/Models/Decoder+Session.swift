// Writing text token after token.

extension Decoder {
  /// How the next token is chosen.
  public struct Sampling: Sendable, Hashable {
    /// 0 takes the likeliest token, and of equals the first.
    public var temperature: Float = 0
    /// Only so many of the likeliest tokens; nil for all.
    public var topK: Int?
    /// Only the likeliest tokens whose probabilities add up to this.
    public var topP: Float = 1
    public var seed: UInt64 = 0

    public init() {}

    /// The likeliest token each time.
    public static let greedy = Sampling()
  }

  /// A text under way: what was seen, and where the next token comes from.
  public func session(_ sampling: Sampling = .greedy) -> Session {
    Session(model: self, sampling: sampling)
  }

  /// A text under way.
  public struct Session: Sendable {
    let model: Decoder
    let sampling: Sampling
    var cache: KeyValueCache
    private var drawn: UInt64 = 0

    init(model: Decoder, sampling: Sampling) {
      self.model = model
      self.sampling = sampling
      cache = KeyValueCache(depth: model.configuration.depth)
    }

    /// Tokens seen so far.
    public var length: Int { cache.length }

    /// Sees tokens and gives the scores of the next one, `[vocabulary]`.
    public mutating func see(_ ids: [Int]) -> Tensor {
      precondition(!ids.isEmpty, "Decoder: no tokens to see")
      let rows = model.embed(ids, Variable(Tensor.zeros([])))
      return see(vectors: rows.value.reshaped([1, ids.count, model.configuration.width]))
    }

    /// Sees vectors in the place of tokens, `[1, token, width]`, and gives the scores of the next
    /// token, `[vocabulary]`.
    mutating func see(vectors: Tensor) -> Tensor {
      if model.followsGGML {
        let rows = vectors.reshaped([vectors.shape[1], vectors.shape[2]])
        return model.scoresInGGMLArithmetic(rows, &cache)
      }
      let states = model.states(Variable(vectors), &cache)
      let last = states.sliced(axis: 1, vectors.shape[1] - 1..<vectors.shape[1])
      return model.logits(last).value.reshaped([model.configuration.vocabulary])
    }

    /// Continues a text.
    ///
    /// - Parameters:
    ///   - prompt: Tokens to see first.
    ///   - limit: How many tokens to write at most.
    ///   - stops: Tokens that end the text; they are not part of the result.
    ///   - isAllowed: Which tokens may come next, by what was written; nil allows all. Where
    ///     none is allowed the text ends.
    public mutating func generate(
      after prompt: [Int], limit: Int, stops: Set<Int> = [],
      allowing isAllowed: ((_ written: [Int], _ candidate: Int) -> Bool)? = nil
    ) -> [Int] {
      limit > 0 ? write(after: seeInParts(prompt), limit, stops, isAllowed) : []
    }

    /// Sees a text as llama.cpp's server does: it halts 516 and 4 tokens before the end to note where
    /// it is, and in ggml's arithmetic the last bits depend on which tokens are seen together.
    private mutating func seeInParts(_ prompt: [Int]) -> Tensor {
      precondition(!prompt.isEmpty, "Decoder: no tokens to see")
      guard model.followsGGML, length == 0 else { return see(prompt) }
      var start = 0
      for end in [prompt.count - 516, prompt.count - 4] where end > start {
        _ = see(Array(prompt[start..<end]))
        start = end
      }
      return see(Array(prompt[start...]))
    }

    /// Continues a text whose tokens were given as vectors, `[1, token, width]`.
    mutating func generate(
      afterVectors prompt: Tensor, limit: Int, stops: Set<Int>,
      allowing isAllowed: ((_ written: [Int], _ candidate: Int) -> Bool)?
    ) -> [Int] {
      limit > 0 ? write(after: see(vectors: prompt), limit, stops, isAllowed) : []
    }

    private mutating func write(
      after first: Tensor, _ limit: Int, _ stops: Set<Int>,
      _ isAllowed: ((_ written: [Int], _ candidate: Int) -> Bool)?
    ) -> [Int] {
      var written: [Int] = []
      var scores = first
      while let token = choose(scores.scalars, written, isAllowed), !stops.contains(token) {
        written.append(token)
        if written.count == limit { break }
        scores = see([token])
      }
      return written
    }

    private mutating func choose(
      _ scores: [Float], _ written: [Int],
      _ isAllowed: ((_ written: [Int], _ candidate: Int) -> Bool)?
    ) -> Int? {
      if sampling.temperature <= 0 {
        var best: Int?
        for index in scores.indices {
          if let best, scores[index] <= scores[best] { continue }
          if isAllowed?(written, index) ?? true { best = index }
        }
        return best
      }
      var order = scores.indices.sorted { (scores[$0], $1) > (scores[$1], $0) }
      if let isAllowed {
        let wanted = sampling.topK ?? scores.count
        var kept: [Int] = []
        for id in order where isAllowed(written, id) {
          kept.append(id)
          if kept.count >= wanted { break }
        }
        order = kept
      } else if let topK = sampling.topK {
        order = Array(order.prefix(max(topK, 1)))
      }
      guard let first = order.first else { return nil }
      let raw = order.map { (scores[$0] - scores[first]) / sampling.temperature }
      let weights = Tensor(raw, shape: [raw.count]).exp().scalars
      let total = weights.reduce(0, +)
      var sum: Float = 0
      var count = 0
      while count < weights.count, sum < sampling.topP * total {
        sum += weights[count]
        count += 1
      }
      drawn += 1
      var draws = SeededDraws(seed: sampling.seed, 0x70C, drawn)
      var target = draws.unit() * sum
      for index in 0..<count {
        target -= weights[index]
        if target < 0 { return order[index] }
      }
      return order[max(count - 1, 0)]
    }
  }
}

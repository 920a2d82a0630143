// SentencePiece's byte-pair encoding with scores, as Llama 2 and Gemma use it and GGUF stores it.
// Source: Kudo and Richardson, arXiv 1808.06226; the format of `tokenizer.ggml.*` in ggml's
// `docs/gguf.md`.

/// A tokenizer that joins neighbouring pieces, the best score first.
public struct SentencePiece: Sendable {
  /// What a piece is for.
  public enum Kind: Int, Sendable {
    case normal = 1, unknown, control, userDefined, unused, byte
  }

  public let pieces: [String]
  let scores: [Float]
  let kinds: [Kind]
  private let ids: [String: Int]
  private let byteIDs: [Int]
  /// Pieces that stand for themselves in a text, by their first character, longest first.
  private let literal: [Character: [String]]
  /// Whether a space is put before the text.
  public let addsSpace: Bool
  /// The ids of the text's begin and end and of what has no piece.
  public let begin, end, unknown: Int?

  public init(
    pieces: [String], scores: [Float], kinds: [Kind], addsSpace: Bool = true, begin: Int? = nil,
    end: Int? = nil, unknown: Int? = nil
  ) throws(NeuralCoreError) {
    guard pieces.count == scores.count, pieces.count == kinds.count else {
      throw NeuralCoreError(
        .malformed,
        "SentencePiece: \(pieces.count) pieces, \(scores.count) scores, \(kinds.count) kinds")
    }
    for id in [begin, end, unknown] {
      guard id == nil || pieces.indices.contains(id ?? 0) else {
        throw NeuralCoreError(.malformed, "SentencePiece: a special id beyond \(pieces.count)")
      }
    }
    self.pieces = pieces
    self.scores = scores
    self.kinds = kinds
    self.addsSpace = addsSpace
    (self.begin, self.end, self.unknown) = (begin, end, unknown)
    var ids: [String: Int] = [:]
    var literal: [Character: [String]] = [:]
    var byteIDs = [Int](repeating: -1, count: 256)
    for (id, piece) in pieces.enumerated() {
      if ids[piece] == nil { ids[piece] = id }
      if kinds[id] == .userDefined || kinds[id] == .control, let first = piece.first {
        literal[first, default: []].append(piece)
      }
      if kinds[id] == .byte, let value = UInt8(piece.dropFirst(3).dropLast(), radix: 16) {
        byteIDs[Int(value)] = id
      }
    }
    self.ids = ids
    self.byteIDs = byteIDs
    self.literal = literal.mapValues { $0.sorted { $0.utf8.count > $1.utf8.count } }
  }

  /// The tokenizer of a GGUF file whose `tokenizer.ggml.model` is "llama".
  public init(_ file: GGUF) throws(NeuralCoreError) {
    guard case .strings(let pieces)? = file.metadata["tokenizer.ggml.tokens"],
      case .reals(let scores)? = file.metadata["tokenizer.ggml.scores"],
      case .integers(let kinds)? = file.metadata["tokenizer.ggml.token_type"]
    else {
      throw NeuralCoreError(.malformed, "GGUF: no tokens, scores and types of a tokenizer")
    }
    var adds = true
    if case .bool(let value)? = file.metadata["tokenizer.ggml.add_space_prefix"] { adds = value }
    try self.init(
      pieces: pieces, scores: scores, kinds: kinds.map { Kind(rawValue: $0) ?? .normal },
      addsSpace: adds, begin: file.integer("tokenizer.ggml.bos_token_id"),
      end: file.integer("tokenizer.ggml.eos_token_id"),
      unknown: file.integer("tokenizer.ggml.unknown_token_id"))
  }

  /// The id of a piece.
  public func id(of piece: String) -> Int? { ids[piece] }

  /// The ids of a text.
  ///
  /// - `parsesSpecial`: Whether control pieces written in the text (`<start_of_turn>`)
  ///   become their ids. Leave it off for text from outside.
  public func encode(_ text: String, addsBegin: Bool = true, parsesSpecial: Bool = false) -> [Int] {
    var result: [Int] = []
    if addsBegin, let begin { result.append(begin) }
    var plain = ""
    var isFirst = true
    func flush() {
      if plain.isEmpty { return }
      let spaced = (addsSpace && isFirst ? " " : "") + plain
      result += merged(spaced.replacing(" ", with: "\u{2581}"))
      plain = ""
      isFirst = false
    }
    var rest = text[...]
    while let first = rest.first {
      let found = literal[first]?.first { piece in
        guard rest.hasPrefix(piece), let id = ids[piece] else { return false }
        return kinds[id] == .userDefined || parsesSpecial
      }
      if let found, let id = ids[found] {
        flush()
        result.append(id)
        isFirst = false
        rest = rest.dropFirst(found.count)
      } else {
        plain.append(first)
        rest = rest.dropFirst()
      }
    }
    flush()
    return result
  }

  /// Joins neighbours, the pair with the best score first and of equals the leftmost.
  private func merged(_ text: String) -> [Int] {
    struct Symbol {
      var text: String
      var previous: Int
      var next: Int
    }
    var symbols: [Symbol] = []
    for scalar in text.unicodeScalars {
      symbols.append(
        Symbol(
          text: String(Character(scalar)), previous: symbols.count - 1, next: symbols.count + 1))
    }
    if symbols.isEmpty { return [] }
    symbols[symbols.count - 1].next = -1
    var queue = MergeQueue()
    func offer(_ left: Int) {
      guard left >= 0, symbols[left].next >= 0 else { return }
      let pair = symbols[left].text + symbols[symbols[left].next].text
      guard let id = ids[pair] else { return }
      queue.push(MergeQueue.Pair(score: scores[id], left: left, text: pair))
    }
    for index in symbols.indices { offer(index) }
    while let best = queue.pop() {
      let right = symbols[best.left].text.isEmpty ? -1 : symbols[best.left].next
      guard right >= 0, symbols[best.left].text + symbols[right].text == best.text else { continue }
      symbols[best.left].text = best.text
      symbols[best.left].next = symbols[right].next
      if symbols[right].next >= 0 { symbols[symbols[right].next].previous = best.left }
      symbols[right].text = ""
      symbols[right].next = -1
      offer(best.left)
      offer(symbols[best.left].previous)
    }
    var result: [Int] = []
    var at = 0
    while at >= 0 {
      if let id = ids[symbols[at].text] {
        result.append(id)
      } else {
        for byte in symbols[at].text.utf8 {
          let id = byteIDs[Int(byte)]
          if id >= 0 { result.append(id) } else if let unknown { result.append(unknown) }
        }
      }
      at = symbols[at].next
    }
    return result
  }

  /// The bytes of a token: a character may be spread over several.
  public func bytes(of id: Int) -> [UInt8] {
    guard pieces.indices.contains(id) else { return [] }
    switch kinds[id] {
    case .control, .unknown: return []
    case .byte: return UInt8(pieces[id].dropFirst(3).dropLast(), radix: 16).map { [$0] } ?? []
    default: return Array(pieces[id].replacing("\u{2581}", with: " ").utf8)
    }
  }

  /// The text of some ids; control pieces leave nothing.
  public func decode(_ ids: [Int]) -> String {
    String(decoding: ids.flatMap(bytes(of:)), as: UTF8.self)
  }
}

/// Pairs to join, best first: a binary heap.
private struct MergeQueue {
  struct Pair {
    let score: Float
    let left: Int
    let text: String

    func isBefore(_ other: Pair) -> Bool {
      score != other.score ? score > other.score : left < other.left
    }
  }

  private var heap: [Pair] = []

  mutating func push(_ pair: Pair) {
    heap.append(pair)
    var at = heap.count - 1
    while at > 0, heap[at].isBefore(heap[(at - 1) / 2]) {
      heap.swapAt(at, (at - 1) / 2)
      at = (at - 1) / 2
    }
  }

  mutating func pop() -> Pair? {
    guard let best = heap.first, let last = heap.popLast() else { return nil }
    if heap.isEmpty { return best }
    heap[0] = last
    var at = 0
    while 2 * at + 1 < heap.count {
      var child = 2 * at + 1
      if child + 1 < heap.count, heap[child + 1].isBefore(heap[child]) { child += 1 }
      guard heap[child].isBefore(heap[at]) else { break }
      heap.swapAt(at, child)
      at = child
    }
    return best
  }
}

// Byte-pair encoding over bytes, as GPT-2, Llama 3, SmolVLM and CLIP use it.
// Source: Radford et al., "Language Models are Unsupervised Multitask Learners", 2019, and
// OpenAI's `encoder.py` and `simple_tokenizer.py`.

/// A tokenizer that joins bytes by a ranked list of pairs.
public struct ByteLevelBPE: Sendable {
  /// How a text is cut into words first.
  public enum Words: Sendable, Hashable {
    /// GPT-2's pattern, also SmolLM's.
    case gpt2
    /// Llama 3's: contractions in any case, digits in threes, line breaks kept together.
    case llama3
    /// CLIP's: lower case, white space dropped, words end with `</w>`.
    case clip
  }

  public let style: Words
  private let ids: [String: Int]
  private let texts: [Int: String]
  private let ranks: [Pair: Int]
  private let special: [(text: String, id: Int)]

  private struct Pair: Hashable {
    let left, right: String
  }

  /// - `vocabulary`: From a piece, its bytes written as GPT-2 writes them, to its id.
  /// - `merges`: Pairs to join, the first ones first.
  /// - `special`: Pieces that stand for themselves, such as `<|endoftext|>`.
  public init(
    vocabulary: [String: Int], merges: [(String, String)], special: [String: Int] = [:],
    style: Words = .gpt2
  ) {
    self.style = style
    ids = vocabulary
    var texts: [Int: String] = [:]
    for (text, id) in vocabulary { texts[id] = text }
    for (text, id) in special { texts[id] = text }
    self.texts = texts
    var ranks: [Pair: Int] = [:]
    for (rank, pair) in merges.enumerated() {
      let pair = Pair(left: pair.0, right: pair.1)
      if ranks[pair] == nil { ranks[pair] = rank }
    }
    self.ranks = ranks
    self.special = special.map { ($0.key, $0.value) }.sorted {
      ($0.text.utf8.count, $1.text) > ($1.text.utf8.count, $0.text)
    }
  }

  /// Reads a `tokenizer.json`.
  public init(contentsOf path: String, style: Words = .gpt2) throws(NeuralCoreError) {
    do throws(NeuralCoreError) {
      let source = try ByteSource(path: path)
      guard source.count <= 1 << 28 else {
        throw NeuralCoreError(.limit, "a tokenizer of \(source.count) bytes")
      }
      let json = try JSON(parsing: try source.bytes(0, source.count, of: "the tokenizer"))
      guard let table = json["model"]?["vocab"]?.object,
        let merges = json["model"]?["merges"]?.array
      else { throw NeuralCoreError(.malformed, "BPE: no model.vocab or model.merges") }
      var vocabulary: [String: Int] = [:]
      for (piece, value) in table {
        guard let id = value.integer, id >= 0 else {
          throw NeuralCoreError(.malformed, "BPE: \"\(piece)\" has no id")
        }
        vocabulary[piece] = id
      }
      var pairs: [(String, String)] = []
      for merge in merges {
        let parts =
          merge.array?.compactMap(\.string)
          ?? merge.string?.split(separator: " ").map(String.init) ?? []
        guard parts.count == 2 else {
          throw NeuralCoreError(.malformed, "BPE: merge \(pairs.count) is no pair")
        }
        pairs.append((parts[0], parts[1]))
      }
      var special: [String: Int] = [:]
      for token in json["added_tokens"]?.array ?? [] {
        if let text = token["content"]?.string, let id = token["id"]?.integer { special[text] = id }
      }
      self.init(vocabulary: vocabulary, merges: pairs, special: special, style: style)
    } catch {
      throw error.naming(path)
    }
  }

  /// The id of a piece or special piece.
  public func id(of piece: String) -> Int? {
    special.first { $0.text == piece }?.id ?? ids[piece]
  }

  /// The ids of a text.
  ///
  /// - `parsesSpecial`: Whether special pieces in the text become their ids. Leave it off
  ///   for text from outside.
  public func encode(_ text: String, parsesSpecial: Bool = true) -> [Int] {
    if !parsesSpecial { return plain(text[...]) }
    var result: [Int] = []
    var rest = text[...]
    var start = rest.startIndex
    var at = rest.startIndex
    while at < rest.endIndex {
      if let found = special.first(where: { rest[at...].hasPrefix($0.text) }) {
        result += plain(rest[start..<at]) + [found.id]
        at = rest.index(at, offsetBy: found.text.count)
        rest = rest[at...]
        start = at
      } else {
        at = rest.index(after: at)
      }
    }
    return result + plain(rest[start...])
  }

  /// CLIP's row of ids: begin, text, end, and the end's id as padding up to `length`.
  public func encodeForCLIP(_ text: String, length: Int = 77) -> [Int] {
    let begin = id(of: "<|startoftext|>") ?? 49_406
    let end = id(of: "<|endoftext|>") ?? 49_407
    let inner = encode(text, parsesSpecial: false).prefix(length - 2)
    let row = [begin] + inner + [end]
    return row + [Int](repeating: end, count: length - row.count)
  }

  private func plain(_ text: Substring) -> [Int] {
    WordSplitter.words(text, style).flatMap(pieces)
  }

  /// Joins the bytes of one word.
  private func pieces(_ word: [UInt8]) -> [Int] {
    var parts = word.map { ByteLevelBPE.letters[Int($0)] }
    if style == .clip, let last = parts.popLast() { parts.append(last + "</w>") }
    while parts.count > 1 {
      var best = Int.max
      var place = 0
      for index in 0..<parts.count - 1 {
        let rank = ranks[Pair(left: parts[index], right: parts[index + 1])] ?? Int.max
        if rank < best { (best, place) = (rank, index) }
      }
      if best == Int.max { break }
      // All places of the best pair, from the left.
      let (left, right) = (parts[place], parts[place + 1])
      var joined: [String] = []
      var index = 0
      while index < parts.count {
        if index + 1 < parts.count, parts[index] == left, parts[index + 1] == right {
          joined.append(left + right)
          index += 2
        } else {
          joined.append(parts[index])
          index += 1
        }
      }
      parts = joined
    }
    return parts.compactMap { ids[$0] }
  }

  /// The bytes of an id; a special piece's own text.
  public func bytes(of id: Int) -> [UInt8] {
    guard let text = texts[id] else { return [] }
    if special.contains(where: { $0.id == id }) { return Array(text.utf8) }
    var bytes: [UInt8] = []
    let body = style == .clip && text.hasSuffix("</w>") ? text.dropLast(4) + " " : text[...]
    for letter in body.unicodeScalars {
      bytes.append(ByteLevelBPE.byteOfLetter[letter] ?? UInt8(truncatingIfNeeded: letter.value))
    }
    return bytes
  }

  /// The text of some ids.
  public func decode(_ ids: [Int]) -> String {
    String(decoding: ids.flatMap(bytes(of:)), as: UTF8.self)
  }

  /// GPT-2's letter for each byte: printable ones stand for themselves.
  private static let letters: [String] = {
    var next: UInt32 = 256
    return (0..<256).map { (byte: UInt32) -> String in
      let isPrintable =
        (33...126).contains(byte) || (161...172).contains(byte) || (174...255).contains(byte)
      let value = isPrintable ? byte : next
      if !isPrintable { next += 1 }
      return Unicode.Scalar(value).map { String(Character($0)) } ?? ""
    }
  }()

  private static let byteOfLetter: [Unicode.Scalar: UInt8] = {
    var table: [Unicode.Scalar: UInt8] = [:]
    for (byte, letter) in letters.enumerated() {
      if let scalar = letter.unicodeScalars.first { table[scalar] = UInt8(byte) }
    }
    return table
  }()
}

// BERT's tokenizer.
// Source: Devlin et al., arXiv 1810.04805; `transformers`' `tokenization_bert.py`.

/// BERT's tokenizer: words split at white space and punctuation, then into the longest pieces
/// that the vocabulary holds.
///
/// ```swift
/// let tokenizer = try WordPiece(vocabulary: "model/vocab.txt")
/// tokenizer.encode("no acute haemorrhage").ids   // [101, 2053, …, 102]
/// ```
public struct WordPiece: Sendable {
  /// A text as a network takes it.
  public struct Encoding: Sendable, Hashable {
    /// Token ids, `[CLS]` first and `[SEP]` last.
    public var ids: [Int]
    /// 1 for tokens of the text, 0 for padding.
    public var mask: [Int]
  }

  /// Pieces in the order of their ids.
  public let pieces: [String]
  private let ids: [String: Int]
  /// Whether text is lower-cased and freed of accents ("uncased" models).
  public let isUncased: Bool
  /// The ids of `[UNK]`, `[CLS]`, `[SEP]` and `[PAD]`.
  public let unknown, start, end, padding: Int

  /// A tokenizer over pieces in the order of their ids.
  ///
  /// - Throws: `malformed` where one of `[UNK]`, `[CLS]`, `[SEP]`, `[PAD]` is missing.
  public init(pieces: [String], isUncased: Bool = true) throws(NeuralCoreError) {
    var ids: [String: Int] = [:]
    for (id, piece) in pieces.enumerated() where ids[piece] == nil { ids[piece] = id }
    func special(_ piece: String) throws(NeuralCoreError) -> Int {
      guard let id = ids[piece] else {
        throw NeuralCoreError(.malformed, "WordPiece: the vocabulary has no \(piece)")
      }
      return id
    }
    unknown = try special("[UNK]")
    start = try special("[CLS]")
    end = try special("[SEP]")
    padding = try special("[PAD]")
    self.pieces = pieces
    self.ids = ids
    self.isUncased = isUncased
  }

  /// Reads a `vocab.txt`: one piece a line, or the vocabulary of a `tokenizer.json`.
  public init(vocabulary path: String, isUncased: Bool = true) throws(NeuralCoreError) {
    do throws(NeuralCoreError) {
      let source = try ByteSource(path: path)
      guard source.count <= 1 << 28 else {
        throw NeuralCoreError(.limit, "a vocabulary of \(source.count) bytes")
      }
      let bytes = try source.bytes(0, source.count, of: "the vocabulary")
      if bytes.first == UInt8(ascii: "{") {
        let json = try JSON(parsing: bytes)
        guard let table = json["model"]?["vocab"]?.object else {
          throw NeuralCoreError(.malformed, "WordPiece: no model.vocab in the JSON")
        }
        let lowers = json["normalizer"]?["lowercase"]?.bool ?? isUncased
        self = try WordPiece(pieces: try orderedPieces(table), isUncased: lowers)
      } else {
        let text = String(decoding: bytes, as: UTF8.self)
        var pieces = text.split(separator: "\n", omittingEmptySubsequences: false).map {
          String($0.hasSuffix("\r") ? $0.dropLast() : $0)
        }
        if pieces.last == "" { pieces.removeLast() }
        self = try WordPiece(pieces: pieces, isUncased: isUncased)
      }
    } catch {
      throw error.naming(path)
    }
  }

  /// The ids of a text between `[CLS]` and `[SEP]`, cut to at most `limit` in all.
  public func encode(_ text: String, limit: Int = 512) -> Encoding {
    precondition(limit >= 2, "WordPiece: a limit of \(limit) tokens")
    let inner = tokenize(text).prefix(limit - 2)
    let all = [start] + inner + [end]
    return Encoding(ids: all, mask: [Int](repeating: 1, count: all.count))
  }

  /// Texts as rows of equal length, padded at the end.
  public func encode(_ texts: [String], limit: Int = 512) -> [Encoding] {
    let encodings = texts.map { encode($0, limit: limit) }
    let length = encodings.map(\.ids.count).max() ?? 0
    return encodings.map { encoding in
      let missing = length - encoding.ids.count
      return Encoding(
        ids: encoding.ids + [Int](repeating: padding, count: missing),
        mask: encoding.mask + [Int](repeating: 0, count: missing))
    }
  }

  /// The ids of a text's pieces, without special tokens.
  public func tokenize(_ text: String) -> [Int] {
    words(text).flatMap(split)
  }

  /// The words of a text: cleaned, split at white space, punctuation and ideographs.
  func words(_ text: String) -> [String] {
    var cleaned = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if scalar.value == 0 || scalar.value == 0xFFFD { continue }
      if isSpace(scalar) {
        cleaned.append(" ")
      } else if isControl(scalar) {
        continue
      } else if isIdeograph(scalar) {
        cleaned.append(" ")
        cleaned.append(scalar)
        cleaned.append(" ")
      } else {
        cleaned.append(scalar)
      }
    }
    var normal = String(cleaned)
    if isUncased {
      normal = Accents.stripped(normal).lowercased()
    }
    var words: [String] = []
    var word = String.UnicodeScalarView()
    func finish() {
      if !word.isEmpty { words.append(String(word)) }
      word = String.UnicodeScalarView()
    }
    for scalar in normal.unicodeScalars {
      if isSpace(scalar) {
        finish()
      } else if isPunctuation(scalar) {
        finish()
        words.append(String(Character(scalar)))
      } else {
        word.append(scalar)
      }
    }
    finish()
    return words
  }

  /// The longest pieces, from the left; `[UNK]` where a word cannot be made of pieces.
  private func split(_ word: String) -> [Int] {
    let scalars = Array(word.unicodeScalars)
    if scalars.count > 100 { return [unknown] }
    var found: [Int] = []
    var start = 0
    while start < scalars.count {
      var end = scalars.count
      var id: Int?
      while end > start {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars[start..<end])
        id = ids[(start > 0 ? "##" : "") + String(view)]
        if id != nil { break }
        end -= 1
      }
      guard let id else { return [unknown] }
      found.append(id)
      start = end
    }
    return found
  }
}

/// Pieces of a JSON vocabulary in the order of their ids, without gaps.
func orderedPieces(_ table: [String: JSON]) throws(NeuralCoreError) -> [String] {
  var pieces = [String?](repeating: nil, count: table.count)
  for (piece, value) in table {
    guard let id = value.integer, id >= 0, id < pieces.count, pieces[id] == nil else {
      throw NeuralCoreError(.malformed, "tokenizer: the id of \"\(piece)\" is out of order")
    }
    pieces[id] = piece
  }
  return pieces.compactMap { $0 }
}

func isSpace(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar {
  case " ", "\t", "\n", "\r": true
  default: scalar.properties.generalCategory == .spaceSeparator
  }
}

private func isControl(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.properties.generalCategory {
  case .control, .format, .privateUse, .surrogate, .unassigned: true
  default: false
  }
}

private func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.value {
  case 33...47, 58...64, 91...96, 123...126: return true
  default: break
  }
  switch scalar.properties.generalCategory {
  case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
    .initialPunctuation, .finalPunctuation, .otherPunctuation:
    return true
  default: return false
  }
}

/// The blocks of ideographs that BERT puts spaces around.
private func isIdeograph(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.value {
  case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
    0x2B820...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
    true
  default: false
  }
}

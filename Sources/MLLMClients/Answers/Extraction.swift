// The answer in a reply's text, by a fixed chain of rules. The rule that fired is kept: the same
// replies read by two parsers differ by points of accuracy, and a score must say which it used.

/// The rule that found an answer.
public enum ExtractionRule: String, Sendable, Hashable, Codable, CaseIterable {
  /// The whole text is JSON of the form.
  case strict
  /// The text within the only Markdown fence is.
  case unfenced
  /// The only balanced `{…}` that is JSON of the form.
  case balancedBraces
  /// Exactly one of the labels occurs in the text, as a word of its own, and none is denied
  /// (`not benign`, `rules out cancer`).
  case labelMatch
}

/// An answer found in text, or why there is none. Nothing is ever guessed.
public struct Extraction: Sendable, Hashable {
  /// The JSON found, of the asked form.
  public let value: JSON?
  /// The rule that found it.
  public let rule: ExtractionRule?
  /// Why there is none: the first rule's complaint that tells most.
  public let complaint: String?
}

extension AnswerFormat {
  /// Looks for an answer of this form: strict, then unfenced, then balanced braces, then labels.
  ///
  /// Two candidates that differ are no answer: the chain stops, and the complaint says so.
  /// - Parameter text: The reply's text, thoughts already taken out.
  /// - Complexity: O(*text*), braces at most 64 candidates.
  public func extract(from text: String) -> Extraction {
    let bytes = Array(text.utf8)
    var complaint: String?
    func fits(_ candidate: some Collection<UInt8>) -> JSON? {
      guard let value = try? JSON(parsing: candidate) else { return nil }
      guard let violation = violation(in: value) else { return value }
      complaint = complaint ?? violation
      return nil
    }
    if let value = fits(bytes) {
      return Extraction(value: value, rule: .strict, complaint: nil)
    }
    let fences = Self.fences(in: text)
    if fences.count == 1, let value = fits(Array(fences[0].utf8)) {
      return Extraction(value: value, rule: .unfenced, complaint: nil)
    }
    var found: [JSON] = []
    for range in Self.balanced(in: bytes).prefix(64) {
      if let value = fits(bytes[range]), !found.contains(value) { found.append(value) }
    }
    if found.count == 1 {
      return Extraction(value: found[0], rule: .balancedBraces, complaint: nil)
    }
    if found.count > 1 {
      return Extraction(value: nil, rule: nil, complaint: "\(found.count) different answers")
    }
    if let labels {
      let hits = Self.labels(labels, in: text)
      if hits.contains(where: \.isDenied) {
        return Extraction(
          value: nil, rule: nil, complaint: complaint ?? "a label occurs, but denied")
      }
      if hits.count == 1 {
        return Extraction(
          value: ["answer": .string(hits[0].label)], rule: .labelMatch, complaint: nil)
      }
      let said = hits.isEmpty ? "no label occurs" : "\(hits.count) labels occur"
      return Extraction(value: nil, rule: nil, complaint: complaint ?? said)
    }
    return Extraction(value: nil, rule: nil, complaint: complaint ?? "no JSON of the asked form")
  }

  /// The insides of Markdown fences.
  private static func fences(in text: String) -> [String] {
    var inside: [String] = []
    var current: [Substring]?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.drop(while: { $0 == " " }).hasPrefix("```") {
        if let lines = current {
          inside.append(lines.joined(separator: "\n"))
          current = nil
        } else {
          current = []
        }
      } else {
        current?.append(line)
      }
    }
    return inside
  }

  /// The outermost `{…}`, braces within strings not counted.
  private static func balanced(in bytes: [UInt8]) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var start = 0
    var depth = 0
    var inString = false
    var escaped = false
    for (index, byte) in bytes.enumerated() {
      if depth > 0, inString {
        if escaped {
          escaped = false
        } else if byte == UInt8(ascii: "\\") {
          escaped = true
        } else if byte == UInt8(ascii: "\"") {
          inString = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "{"):
        if depth == 0 { start = index }
        depth += 1
      case UInt8(ascii: "}") where depth > 0:
        depth -= 1
        if depth == 0 { found.append(start..<index + 1) }
      case UInt8(ascii: "\"") where depth > 0: inString = true
      default: break
      }
    }
    return found
  }

  /// A label in a text, and whether one of the six words before it denies it.
  private struct Hit {
    let label: String
    var isDenied: Bool
  }

  /// The labels that occur as words, longest first so that `no cancer` does not count as `cancer`.
  private static func labels(_ labels: [String], in text: String) -> [Hit] {
    var rest = Array(text.lowercased())
    var hits: [Hit] = []
    for label in labels.sorted(by: { ($0.count, $1) > ($1.count, $0) }) {
      let wanted = Array(label.lowercased())
      guard !wanted.isEmpty, rest.count >= wanted.count else { continue }
      var hit: Hit?
      var index = 0
      while index + wanted.count <= rest.count {
        let end = index + wanted.count
        let startsWord = index == 0 || !isWord(rest[index - 1])
        let endsWord = end == rest.count || !isWord(rest[end])
        if startsWord, endsWord, rest[index] == wanted[0], Array(rest[index..<end]) == wanted {
          let denied = isDenied(rest[..<index])
          hit = Hit(label: label, isDenied: denied || hit?.isDenied ?? false)
          for at in index..<end { rest[at] = "\u{1}" }
          index = end
        } else {
          index += 1
        }
      }
      if let hit { hits.append(hit) }
    }
    return hits
  }

  private static let denials: Set<String> = [
    "no", "not", "never", "without", "neither", "nor", "cannot", "unlikely", "exclude", "excludes",
    "excluded", "rule", "rules", "ruled", "against", "denies", "isn't", "wasn't", "aren't", "can't",
    "doesn't", "don't", "won't", "isn\u{2019}t", "can\u{2019}t", "doesn\u{2019}t",
  ]

  /// Whether one of the last six words, of the same clause, says that what follows is not so.
  private static func isDenied(_ before: ArraySlice<Character>) -> Bool {
    let ends: Set<Character> = [".", ",", ";", ":", "!", "?", "\n", "\u{1}"]
    let clause = before.suffix(64).reversed().prefix { !ends.contains($0) }.reversed()
    let words = String(clause).split { $0.isWhitespace || "\"*_()[]".contains($0) }
    return words.suffix(6).contains { denials.contains(String($0)) }
  }

  private static func isWord(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || character == "_"
  }
}

// What was read from a model's words, by which rule, and where it stands in the text.

/// An answer read from free text.
///
/// The same parser serves every arm; the rule that fired and the place are part of the result,
/// because the choice of rule alone can move a score by several points. Nothing is guessed: what
/// no rule reads is `unparsed`.
public struct ParsedAnswer<Value: Hashable & Sendable>: Hashable, Sendable {
  /// The value, or why there is none.
  public let outcome: Outcome<Value>
  /// The rule that fired: `"marker"`, `"letter in brackets"`, `"negated synonym"` …
  public let rule: String
  /// UTF-8 offsets of the text that was read.
  public let span: Range<Int>?

  public init(_ outcome: Outcome<Value>, rule: String, span: Range<Int>? = nil) {
    self.outcome = outcome
    self.rule = rule
    self.span = span
  }

  /// The value, `nil` when there is none.
  public var value: Value? { outcome.label }

  static func unparsed(_ rule: String = "no rule fired") -> ParsedAnswer {
    ParsedAnswer(.unparsed, rule: rule)
  }
}

extension ParsedAnswer: Codable where Value: Codable {}

/// Lower-cased ASCII with offsets kept: one byte stays one byte.
struct AnswerText {
  /// The text's UTF-8 bytes.
  let bytes: [UInt8]
  /// The same, ASCII letters in lower case.
  let lower: [UInt8]

  init(_ text: String) {
    bytes = Array(text.utf8)
    lower = bytes.map { $0 >= 65 && $0 <= 90 ? $0 + 32 : $0 }
  }

  static func isWord(_ b: UInt8) -> Bool {
    (b >= 48 && b <= 57) || (b >= 97 && b <= 122) || (b >= 65 && b <= 90) || b >= 128 || b == 95
  }

  static func isDigit(_ b: UInt8) -> Bool { b >= 48 && b <= 57 }

  static func isSpace(_ b: UInt8) -> Bool { b == 32 || (b >= 9 && b <= 13) }

  func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  /// Occurrences of a phrase at word boundaries; runs of white space and hyphens match each
  /// other. O(n · m).
  func occurrences(of phrase: String) -> [Range<Int>] {
    let needle = AnswerText(phrase).lower.split { Self.isGap($0) }.map(Array.init)
    guard let first = needle.first?.first else { return [] }
    var found: [Range<Int>] = []
    var i = 0
    while i < lower.count {
      guard lower[i] == first, i == 0 || !Self.isWord(lower[i - 1]),
        let end = match(needle, at: i)
      else {
        i += 1
        continue
      }
      found.append(i..<end)
      i = end
    }
    return found
  }

  static func isGap(_ b: UInt8) -> Bool { isSpace(b) || b == 45 || b == 95 }

  private func match(_ needle: [[UInt8]], at start: Int) -> Int? {
    var i = start
    for (index, word) in needle.enumerated() {
      if index > 0 {
        let gap = i
        while i < lower.count, Self.isGap(lower[i]) { i += 1 }
        if i == gap { return nil }
      }
      guard i + word.count <= lower.count else { return nil }
      for k in word.indices where lower[i + k] != word[k] { return nil }
      i += word.count
    }
    if i < lower.count, Self.isWord(lower[i]), let last = needle.last?.last, Self.isWord(last) {
      return nil
    }
    return i
  }
}

/// Phrases with which models decline.
public enum Refusal {
  /// Phrases that mark a refusal when no answer was read.
  public static let phrases = [
    "i cannot", "i can't", "i can not", "i am unable", "i'm unable", "i am not able",
    "i'm not able", "i'm sorry", "i am sorry", "unable to analyze", "unable to interpret",
    "unable to provide", "cannot provide", "can't provide", "cannot analyze", "cannot interpret",
    "can't interpret", "can't analyze", "not able to interpret", "as an ai",
    "consult a qualified", "consult a healthcare professional", "seek medical advice",
  ]

  /// Where a refusal phrase stands, if any.
  public static func find(in text: String) -> Range<Int>? {
    let plain = AnswerText(String(text.map { $0 == "’" ? "'" : $0 }))
    for phrase in phrases {
      if let range = plain.occurrences(of: phrase).first { return range }
    }
    return nil
  }
}

// Multiple-choice letters, marked answers and numbers, read by named rules.
// Source: behaviours of inspect_ai's and MMMU's public parsers, without their random fallback.

/// Reads the letters of a multiple-choice answer.
public struct ChoiceParser: Hashable, Sendable {
  /// How many choices there are; letters A–Z, then 1, 2 ….
  public let choices: Int
  /// Several letters are allowed.
  public var allowsSeveral: Bool
  /// The text that announces the answer, without regard to case.
  public var marker: String

  public init(choices: Int, allowsSeveral: Bool = false, marker: String = "ANSWER:") {
    self.choices = choices
    self.allowsSeveral = allowsSeveral
    self.marker = marker
  }

  /// The letter of a choice: A for 0.
  public static func letter(_ index: Int) -> String {
    index < 26 ? String(Character(Unicode.Scalar(UInt8(65 + max(index, 0))))) : String(index - 25)
  }

  private var letters: [String] { (0..<max(choices, 0)).map { Self.letter($0) } }

  /// Letters after the last marker whose line holds nothing but allowed letters (separated by
  /// commas, spaces, "and", or nothing where several are allowed). Anything else is unparsed.
  public func parse(_ reply: String) -> ParsedAnswer<[String]> {
    let allowed = Set(letters)
    for (line, span) in MarkedAnswer.lines(reply, marker: marker).reversed() {
      let text = MarkedAnswer.trimmed(line).uppercased()
      if allowsSeveral {
        let parts = text.split { $0 == "," || $0 == " " || $0 == ";" || $0 == "/" || $0 == "&" }
          .map { MarkedAnswer.trimmed(String($0)) }.filter { $0 != "AND" && !$0.isEmpty }
        if !parts.isEmpty, parts.allSatisfy({ allowed.contains($0) }) {
          return found(parts, span, "marker")
        }
        let joined = parts.joined().map { String($0) }
        if !joined.isEmpty, joined.allSatisfy({ allowed.contains($0) }) {
          return found(joined, span, "marker, letters together")
        }
      } else if allowed.contains(text) {
        return found([text], span, "marker")
      } else if let stop = text.firstIndex(where: { ".):".contains($0) }),
        allowed.contains(String(text[..<stop]))
      {
        return found([String(text[..<stop])], span, "marker, letter before text")
      }
    }
    if let refusal = Refusal.find(in: reply) {
      return ParsedAnswer(.refused, rule: "refusal phrase", span: refusal)
    }
    return .unparsed()
  }

  private func found(_ parts: [String], _ span: Range<Int>, _ rule: String)
    -> ParsedAnswer<[String]>
  {
    let order = letters
    let set = Set(parts)
    return ParsedAnswer(.answered(order.filter { set.contains($0) }), rule: rule, span: span)
  }

  /// MMMU's rules in order: `(A)`; `A ` as a word; `A.`; in a reply of more than five words the
  /// option's text. Of several the last in the text. Where MMMU would draw at random, unparsed.
  ///
  /// Kept for comparison with published numbers: it takes the article "A" for option A.
  public static func parseMMMU(_ reply: String, options: [String]) -> ParsedAnswer<String> {
    var text = reply
    for mark in [",", ".", "!", "?", ";", ":", "'"] {
      while let c = text.first, String(c) == mark { text.removeFirst() }
      while let c = text.last, String(c) == mark { text.removeLast() }
    }
    text = " " + text + " "
    let bytes = Array(text.utf8)
    func last(_ needle: String, lowercased: Bool = false) -> Int? {
      let haystack = lowercased ? AnswerText(text).lower : bytes
      let n = lowercased ? AnswerText(needle).lower : Array(needle.utf8)
      guard !n.isEmpty, haystack.count >= n.count else { return nil }
      for i in stride(from: haystack.count - n.count, through: 0, by: -1)
      where haystack[i..<(i + n.count)].elementsEqual(n) {
        return i
      }
      return nil
    }
    let letters = options.indices.map { letter($0) }
    let rules: [(String, (String) -> Int?)] = [
      ("letter in brackets", { last("(\($0))") }), ("letter as a word", { last(" \($0) ") }),
      ("letter before a space", { last("\($0) ") }), ("letter before a stop", { last("\($0).") }),
    ]
    for (rule, find) in rules {
      var best: (String, Int)?
      for l in letters {
        if let at = find(l), best.map({ at > $0.1 }) ?? true { best = (l, at) }
      }
      if let best { return ParsedAnswer(.answered(best.0), rule: rule) }
    }
    if text.split(whereSeparator: \.isWhitespace).count > 5 {
      var best: (String, Int)?
      for (i, option) in options.enumerated() {
        if let at = last(option, lowercased: true), best.map({ at > $0.1 }) ?? true {
          best = (letters[i], at)
        }
      }
      if let best { return ParsedAnswer(.answered(best.0), rule: "option's text") }
    }
    return .unparsed("MMMU would guess")
  }
}

/// Answers after a marker, by the shape that is asked for.
public enum MarkedAnswer {
  /// The shape.
  public enum Shape: String, Hashable, Sendable, Codable, CaseIterable {
    /// One letter and nothing else on the line.
    case letter
    /// One word (or number) and nothing else on the line.
    case word
    /// The rest of the line.
    case line
  }

  /// The rest of the line after each marker; where that is empty, the next line.
  static func lines(_ reply: String, marker: String) -> [(String, Range<Int>)] {
    let text = AnswerText(reply)
    // White space before the colon may vary: "ANSWER : B".
    let needle = AnswerText(marker).lower.filter { !AnswerText.isSpace($0) }
    guard let first = needle.first else { return [] }
    var out: [(String, Range<Int>)] = []
    for i in text.lower.indices where text.lower[i] == first {
      var k = i
      var n = 0
      while k < text.lower.count, n < needle.count {
        if text.lower[k] == needle[n] {
          n += 1
          k += 1
        } else if n > 0, AnswerText.isSpace(text.lower[k]) {
          k += 1
        } else {
          break
        }
      }
      guard n == needle.count else { continue }
      while k < text.lower.count, AnswerText.isSpace(text.lower[k]) { k += 1 }
      var end = k
      while end < text.lower.count, text.lower[end] != 10, text.lower[end] != 13 { end += 1 }
      out.append((text.text(k..<end), k..<end))
    }
    return out
  }

  /// Without white space and markup around it, and without closing punctuation.
  static func trimmed(_ text: String) -> String {
    var s = Substring(text)
    while let c = s.first, c.isWhitespace || "*_`\"'([{$".contains(c) { s.removeFirst() }
    while let c = s.last, c.isWhitespace || "*_`\"')]}.,;:!?".contains(c) { s.removeLast() }
    return String(s)
  }

  /// The last marked answer that has the shape.
  public static func parse(
    _ reply: String, _ shape: Shape, marker: String = "ANSWER:"
  ) -> ParsedAnswer<String> {
    for (line, span) in lines(reply, marker: marker).reversed() {
      let text = trimmed(line)
      switch shape {
      case .letter where text.utf8.count == 1 && text.first?.isLetter == true:
        return ParsedAnswer(.answered(text), rule: "marked letter", span: span)
      case .word where !text.isEmpty && !text.contains(where: \.isWhitespace):
        return ParsedAnswer(.answered(text), rule: "marked word", span: span)
      case .line where !text.isEmpty:
        return ParsedAnswer(.answered(text), rule: "marked line", span: span)
      default: continue
      }
    }
    if let refusal = Refusal.find(in: reply) {
      return ParsedAnswer(.refused, rule: "refusal phrase", span: refusal)
    }
    return .unparsed()
  }
}

/// Where in a reply a number must stand.
public enum NumberPlace: String, Hashable, Sendable, Codable, CaseIterable {
  case begin, end, any, exact
}

extension QuantityParser {
  /// A number written in digits of any script, with ½-like fractions, − and thousands commas.
  static func plain(_ reply: String) -> String {
    var out = ""
    for c in reply {
      if let scalar = c.unicodeScalars.first, c.unicodeScalars.count == 1, !c.isASCII {
        switch scalar.value {
        case 0x2212, 0xFE63, 0xFF0D:
          out += "-"
          continue
        case 0xFF0E:
          out += "."
          continue
        default: break
        }
        if let value = scalar.properties.numericValue {
          if scalar.properties.numericType == .decimal || value == value.rounded() {
            out += String(Int(value))
          } else {
            // "2½" is two and a half: a fraction glued to digits is added by hand.
            if let before = out.last, before.isNumber, let tail = trailingInteger(out) {
              out.removeLast(tail.count)
              out += "\((Double(tail) ?? 0) + value)"
            } else {
              out += "\(value)"
            }
          }
          continue
        }
      }
      out.append(c)
    }
    return out
  }

  private static func trailingInteger(_ text: String) -> Substring? {
    let digits = text.reversed().prefix { $0.isASCII && $0.isNumber }.count
    return digits > 0 ? text.suffix(digits) : nil
  }

  /// All numbers of a reply in order.
  public static func allNumbers(in reply: String) -> [Double] {
    numbers(in: plain(reply)).flatMap { n -> [Double] in
      n.upper == n.value ? [n.value] : [n.value, n.upper]
    }
  }

  /// Whether the number at a place of the reply equals the target's: numbers are compared as
  /// numbers, so 1000 is 1e3 and 25 never matches 5.
  ///
  /// - Returns: The number that was compared, `nil` when there is none, and whether it fits.
  public static func match(
    _ reply: String, target: Double, at place: NumberPlace
  ) -> (number: Double?, fits: Bool) {
    let all = allNumbers(in: reply)
    switch place {
    case .begin: return (all.first, all.first == target)
    case .end: return (all.last, all.last == target)
    case .any:
      let hit = all.first { $0 == target }
      return (hit ?? all.last, hit != nil)
    case .exact:
      let text = MarkedAnswer.trimmed(plain(reply)).filter { $0 != "," }
      let number = Double(text)
      return (number, number == target)
    }
  }
}

/// Token overlap of short answers after normalisation, as SQuAD-style scorers compute it.
public enum ShortAnswer {
  /// Lower case, without articles and punctuation (inside numbers it stays), numbers in one
  /// form.
  public static func normalised(_ text: String, stopWords: [String] = []) -> [String] {
    let stop = Set(stopWords.map { $0.lowercased() }).union(["a", "an", "the"])
    return text.lowercased().split { $0.isWhitespace || $0 == "-" }.compactMap { part in
      let core = MarkedAnswer.trimmed(String(part))
      let digits = core.filter { $0 != "," }
      let isNumber = core.first.map { $0.isNumber || $0 == "." } ?? false
      let token: String
      if isNumber, let x = Double(digits), x.isFinite {
        token = "\(x)"
      } else {
        token = String(part.unicodeScalars.filter { !isPunctuation($0) }.map(Character.init))
      }
      return token.isEmpty || stop.contains(token) ? nil : token
    }
  }

  private static func isPunctuation(_ s: Unicode.Scalar) -> Bool {
    switch s.value {
    case 33...47, 58...64, 91...96, 123...126: true
    default: false
    }
  }

  /// The best token F1 over targets, 0…1.
  public static func f1(_ answer: String, targets: [String], stopWords: [String] = []) -> Double {
    let a = normalised(answer, stopWords: stopWords)
    return targets.map { target in
      let t = normalised(target, stopWords: stopWords)
      if a.isEmpty || t.isEmpty { return a.isEmpty && t.isEmpty ? 1 : 0 }
      var counts: [String: Int] = [:]
      for token in t { counts[token, default: 0] += 1 }
      var both = 0
      for token in a {
        guard let left = counts[token], left > 0 else { continue }
        counts[token] = left - 1
        both += 1
      }
      return 2 * Double(both) / Double(a.count + t.count)
    }.max() ?? 0
  }

  /// Whether any target equals the answer after normalisation.
  public static func isExact(
    _ answer: String, targets: [String], stopWords: [String] = []
  ) -> Bool {
    let a = normalised(answer, stopWords: stopWords)
    return targets.contains { normalised($0, stopWords: stopWords) == a }
  }
}

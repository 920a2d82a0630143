// How text becomes tokens: mteval's 13a, international, characters, ROUGE's, Penn Treebank's.
// Source: mteval-v13a as sacreBLEU documents it; rouge-score; the Penn Treebank conventions.

/// A way to cut text into tokens.
public enum Tokeniser: String, Hashable, Sendable, Codable, CaseIterable {
  /// White space only.
  case none
  /// mteval-v13a: what WMT and sacreBLEU use by default.
  case mteval13a = "13a"
  /// mteval-v14 international: by Unicode punctuation and symbols.
  case international = "intl"
  /// Every character.
  case character = "char"
  /// ROUGE: lower case, runs of a–z and 0–9.
  case rouge
  /// Penn Treebank in the manner of the caption metrics: lower case, punctuation dropped.
  case pennTreebank = "ptb"

  /// The tokens of a text. O(n).
  public func callAsFunction(_ text: String, lowercase: Bool = false) -> [String] {
    let input = lowercase ? text.lowercased() : text
    switch self {
    case .none: return Self.split(Array(input.unicodeScalars))
    case .mteval13a: return Self.split(Self.mteval(Array(input.unicodeScalars)))
    case .international: return Self.split(Self.international(Array(input.unicodeScalars)))
    case .character:
      return input.unicodeScalars.filter { !Self.isSpace($0) }.map { String($0) }
    case .rouge: return Self.rouge(input)
    case .pennTreebank: return PennTreebank.tokens(input)
    }
  }

  /// White space as Python's `str.split` knows it: Unicode's and the four separators of ASCII.
  static func isSpace(_ s: Unicode.Scalar) -> Bool {
    s.properties.isWhitespace || (0x1C...0x1F).contains(s.value)
  }

  static func split(_ scalars: [Unicode.Scalar]) -> [String] {
    scalars.split(whereSeparator: isSpace).map {
      var view = String.UnicodeScalarView()
      view.append(contentsOf: $0)
      return String(view)
    }
  }

  private static func isDigit(_ s: Unicode.Scalar) -> Bool { s.value >= 48 && s.value <= 57 }

  private static func replace(
    _ s: [Unicode.Scalar], _ what: String, _ with: String
  ) -> [Unicode.Scalar] {
    let needle = Array(what.unicodeScalars)
    guard s.count >= needle.count, let head = needle.first, s.contains(head) else { return s }
    var out: [Unicode.Scalar] = []
    out.reserveCapacity(s.count)
    var i = 0
    while i < s.count {
      if s[i] == head, i + needle.count <= s.count, s[i..<(i + needle.count)].elementsEqual(needle)
      {
        out.append(contentsOf: with.unicodeScalars)
        i += needle.count
      } else {
        out.append(s[i])
        i += 1
      }
    }
    return out
  }

  private static func mteval(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var s = replace(text, "<skipped>", "")
    s = replace(s, "-\n", "")
    s = s.map { $0 == "\n" ? " " : $0 }
    if s.contains("&") {
      s = replace(s, "&quot;", "\"")
      s = replace(s, "&amp;", "&")
      s = replace(s, "&lt;", "<")
      s = replace(s, "&gt;", ">")
    }
    s = [" "] + s + [" "]
    // Symbols stand apart.
    var out: [Unicode.Scalar] = []
    out.reserveCapacity(s.count * 2)
    for c in s {
      switch c.value {
      case 0x20...0x26, 0x28...0x2B, 0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E:
        out.append(contentsOf: [" ", c, " "])
      default: out.append(c)
      }
    }
    func isStop(_ c: Unicode.Scalar) -> Bool { c == "." || c == "," }
    s = pairs(out) { a, b in !isDigit(a) && isStop(b) ? [a, " ", b, " "] : nil }
    s = pairs(s) { a, b in isStop(a) && !isDigit(b) ? [" ", a, " ", b] : nil }
    return pairs(s) { a, b in isDigit(a) && b == "-" ? [a, " ", b, " "] : nil }
  }

  /// Replaces pairs from left to right without overlap, as a regular expression would.
  private static func pairs(
    _ s: [Unicode.Scalar], _ rule: (Unicode.Scalar, Unicode.Scalar) -> [Unicode.Scalar]?
  ) -> [Unicode.Scalar] {
    var out: [Unicode.Scalar] = []
    out.reserveCapacity(s.count + 16)
    var i = 0
    while i < s.count {
      if i + 1 < s.count, let r = rule(s[i], s[i + 1]) {
        out.append(contentsOf: r)
        i += 2
      } else {
        out.append(s[i])
        i += 1
      }
    }
    return out
  }

  private static func international(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    func isNumber(_ c: Unicode.Scalar) -> Bool {
      switch c.properties.generalCategory {
      case .decimalNumber, .letterNumber, .otherNumber: true
      default: false
      }
    }
    func isPunctuation(_ c: Unicode.Scalar) -> Bool {
      switch c.properties.generalCategory {
      case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
        .initialPunctuation, .finalPunctuation, .otherPunctuation:
        true
      default: false
      }
    }
    func isSymbol(_ c: Unicode.Scalar) -> Bool {
      switch c.properties.generalCategory {
      case .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol: true
      default: false
      }
    }
    var s = pairs(text) { a, b in !isNumber(a) && isPunctuation(b) ? [a, " ", b, " "] : nil }
    s = pairs(s) { a, b in isPunctuation(a) && !isNumber(b) ? [" ", a, " ", b] : nil }
    return s.flatMap { isSymbol($0) ? [" ", $0, " "] : [$0] }
  }

  private static func rouge(_ text: String) -> [String] {
    var out: [String] = []
    var word: [UInt8] = []
    for b in text.lowercased().utf8 {
      if (b >= 97 && b <= 122) || (b >= 48 && b <= 57) {
        word.append(b)
      } else if !word.isEmpty {
        out.append(String(decoding: word, as: UTF8.self))
        word.removeAll(keepingCapacity: true)
      }
    }
    if !word.isEmpty { out.append(String(decoding: word, as: UTF8.self)) }
    return out
  }
}

/// Penn Treebank tokens for caption metrics: lower case, brackets as -lrb-, sentence punctuation
/// dropped.
enum PennTreebank {
  private static let dropped: Set<String> = [
    "''", "'", "``", "`", "-lrb-drop", ".", "?", "!", ",", ":", "-", "--", "...", ";",
  ]

  static func tokens(_ text: String) -> [String] {
    var out: [String] = []
    for chunk in text.lowercased().split(whereSeparator: \.isWhitespace) {
      split(Array(chunk), into: &out)
    }
    return out.filter { !dropped.contains($0) }
  }

  private static func split(_ chunk: [Character], into out: inout [String]) {
    var word = ""
    func isDigit(_ i: Int) -> Bool {
      i >= 0 && i < chunk.count && chunk[i].isASCII && chunk[i].isNumber
    }
    func flush() {
      if word.isEmpty { return }
      out.append(contentsOf: clitics(word))
      word = ""
    }
    for (i, c) in chunk.enumerated() {
      switch c {
      case "(", "[", "{", ")", "]", "}":
        flush()
        let names: [Character: String] = [
          "(": "-lrb-", ")": "-rrb-", "[": "-lsb-", "]": "-rsb-", "{": "-lcb-", "}": "-rcb-",
        ]
        out.append(names[c] ?? String(c))
      case ",", ":":
        if isDigit(i - 1), isDigit(i + 1) {
          word.append(c)
        } else {
          flush()
          out.append(String(c))
        }
      case ".":
        // Inside numbers and abbreviations, and after a single letter, it stays.
        let last = i + 1 == chunk.count
        if !last, chunk[i + 1] != ".", isDigit(i + 1) || chunk[i + 1].isLetter {
          word.append(c)
        } else if word.contains("."), !isDigit(i - 1), last {
          word.append(c)
        } else {
          flush()
          out.append(".")
        }
      case ";", "!", "?", "\"", "“", "”", "=", "+", "<", ">", "%", "$", "#", "&", "*", "@", "~":
        flush()
        let quote = c == "\"" || c == "“" || c == "”"
        out.append(quote ? "''" : String(c))
      default: word.append(c)
      }
    }
    flush()
  }

  /// Endings that stand apart: don't → do n't, it's → it 's.
  private static func clitics(_ word: String) -> [String] {
    for ending in ["n't", "'s", "'re", "'ve", "'ll", "'d", "'m"]
    where word.hasSuffix(ending) && word.count > ending.count {
      return [String(word.dropLast(ending.count)), ending]
    }
    return [word]
  }
}

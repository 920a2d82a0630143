// The patterns that cut a text into words before byte-pair encoding, written as one scan.

enum WordSplitter {
  /// The words of a text as UTF-8, in order; for GPT-2 and Llama 3 nothing is lost between them.
  static func words(_ text: Substring, _ style: ByteLevelBPE.Words) -> [[UInt8]] {
    let scalars: [Unicode.Scalar]
    if style == .clip {
      scalars = Array(Accents.composed(String(text)).lowercased().unicodeScalars)
    } else {
      scalars = Array(text.unicodeScalars)
    }
    var words: [[UInt8]] = []
    var at = 0
    while at < scalars.count {
      let end: Int
      switch style {
      case .gpt2: end = gpt2(scalars, at)
      case .llama3: end = llama3(scalars, at)
      case .clip: end = clip(scalars, at)
      }
      var view = String.UnicodeScalarView()
      view.append(contentsOf: scalars[at..<end])
      let isSpace = style == .clip && isSpace(scalars[at])
      if !isSpace { words.append(Array(String(view).utf8)) }
      at = end
    }
    return words
  }

  private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }

  private static func isNumber(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .decimalNumber, .letterNumber, .otherNumber: true
    default: false
    }
  }

  private static func isSpace(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isWhitespace }

  private static func isOther(_ scalar: Unicode.Scalar) -> Bool {
    !isLetter(scalar) && !isNumber(scalar) && !isSpace(scalar)
  }

  private static func run(
    _ text: [Unicode.Scalar], _ start: Int, limit: Int = .max, _ test: (Unicode.Scalar) -> Bool
  ) -> Int {
    var end = start
    while end < text.count, end - start < limit, test(text[end]) { end += 1 }
    return end
  }

  /// The end of `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll` or `'d`, or `start`.
  private static func contraction(_ text: [Unicode.Scalar], _ start: Int, anyCase: Bool) -> Int {
    guard text[start] == "'", start + 1 < text.count else { return start }
    func lower(_ index: Int) -> String {
      guard index < text.count else { return "" }
      let letter = String(Character(text[index]))
      return anyCase ? letter.lowercased() : letter
    }
    let first = lower(start + 1)
    if ["re", "ve", "ll"].contains(first + lower(start + 2)) { return start + 3 }
    return ["s", "t", "m", "d"].contains(first) ? start + 2 : start
  }

  /// White space that leaves the last character to the word that follows.
  private static func spaces(_ text: [Unicode.Scalar], _ start: Int) -> Int {
    let end = run(text, start, isSpace)
    return end < text.count && end - start > 1 ? end - 1 : end
  }

  /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
  private static func gpt2(_ text: [Unicode.Scalar], _ start: Int) -> Int {
    let short = contraction(text, start, anyCase: false)
    if short > start { return short }
    let body = text[start] == " " ? start + 1 : start
    for test in [isLetter, isNumber, isOther] {
      let end = run(text, body, test)
      if end > body { return end }
    }
    return spaces(text, start)
  }

  /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
  /// ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
  private static func llama3(_ text: [Unicode.Scalar], _ start: Int) -> Int {
    let short = contraction(text, start, anyCase: true)
    if short > start { return short }
    func isBreak(_ scalar: Unicode.Scalar) -> Bool { scalar == "\r" || scalar == "\n" }
    let first = text[start]
    let skips = !isBreak(first) && !isLetter(first) && !isNumber(first)
    let word = run(text, start + (skips ? 1 : 0), isLetter)
    if word > start + (skips ? 1 : 0) { return word }
    let digits = run(text, start, limit: 3, isNumber)
    if digits > start { return digits }
    let body = first == " " ? start + 1 : start
    let other = run(text, body, isOther)
    if other > body { return run(text, other, isBreak) }
    // The longest white space that ends in a line break.
    let end = run(text, start, isSpace)
    if let last = (start..<end).last(where: { isBreak(text[$0]) }) { return last + 1 }
    return spaces(text, start)
  }

  /// `'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`
  private static func clip(_ text: [Unicode.Scalar], _ start: Int) -> Int {
    if isSpace(text[start]) { return run(text, start, isSpace) }
    let short = contraction(text, start, anyCase: false)
    if short > start { return short }
    if isNumber(text[start]) { return start + 1 }
    let word = run(text, start, isLetter)
    return word > start ? word : run(text, start, isOther)
  }
}

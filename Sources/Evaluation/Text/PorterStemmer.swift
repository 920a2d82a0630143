// The Porter stemmer with the extensions that rouge-score's results rest on.
// Source: Porter 1980; the extensions (irregular forms, -ied, y → i after consonants, -fulli,
// -logi) as NLTK documents them.

/// English stems.
public enum PorterStemmer {
  private static let irregular: [String: String] = [
    "sky": "sky", "skies": "sky", "dying": "die", "lying": "lie", "tying": "tie", "news": "news",
    "innings": "inning", "inning": "inning", "outings": "outing", "outing": "outing",
    "cannings": "canning", "canning": "canning", "howe": "howe", "proceed": "proceed",
    "exceed": "exceed", "succeed": "succeed",
  ]

  /// The stem of a lower-case word.
  public static func stem(_ word: String) -> String {
    if let known = irregular[word] { return known }
    var w = Array(word.utf8)
    if w.count <= 2 { return word }
    plurals(&w)
    pastForms(&w)
    if w.last == y, w.count > 2, isConsonant(w, w.count - 2) { w[w.count - 1] = i }
    doubleSuffixes(&w)
    suffixes(&w)
    residues(&w)
    finalE(&w)
    if ends(w, "ll"), measure(w[..<(w.count - 1)]) > 1 { w.removeLast() }
    return String(decoding: w, as: UTF8.self)
  }

  private static let y: UInt8 = 121
  private static let i: UInt8 = 105

  private static func isConsonant(_ w: some RandomAccessCollection<UInt8>, _ at: Int) -> Bool {
    let c = w[w.index(w.startIndex, offsetBy: at)]
    switch c {
    case 97, 101, 105, 111, 117: return false
    case 121: return at == 0 || !isConsonant(w, at - 1)
    default: return true
    }
  }

  /// The number of vowel–consonant sequences.
  private static func measure(_ w: some RandomAccessCollection<UInt8>) -> Int {
    var count = 0
    var vowelBefore = false
    for k in 0..<w.count {
      let consonant = isConsonant(w, k)
      if consonant, vowelBefore { count += 1 }
      vowelBefore = !consonant
    }
    return count
  }

  private static func hasVowel(_ w: some RandomAccessCollection<UInt8>) -> Bool {
    (0..<w.count).contains { !isConsonant(w, $0) }
  }

  private static func endsInDouble(_ w: [UInt8]) -> Bool {
    w.count >= 2 && w[w.count - 1] == w[w.count - 2] && isConsonant(w, w.count - 1)
  }

  private static func endsInCVC(_ w: some RandomAccessCollection<UInt8>) -> Bool {
    let n = w.count
    if n == 2 { return !isConsonant(w, 0) && isConsonant(w, 1) }
    guard n >= 3, isConsonant(w, n - 3), !isConsonant(w, n - 2), isConsonant(w, n - 1) else {
      return false
    }
    let c = w[w.index(w.startIndex, offsetBy: n - 1)]
    return c != 119 && c != 120 && c != 121
  }

  private static func ends(_ w: [UInt8], _ suffix: String) -> Bool {
    let s = suffix.utf8
    return w.count >= s.count && w.suffix(s.count).elementsEqual(s)
  }

  /// Applies the first rule whose suffix fits; its condition decides, later rules do not.
  @discardableResult
  private static func apply(
    _ w: inout [UInt8], _ rules: [(String, String)], _ condition: (ArraySlice<UInt8>) -> Bool
  ) -> Bool {
    for (suffix, replacement) in rules where ends(w, suffix) {
      let stem = w.dropLast(suffix.utf8.count)
      guard condition(stem) else { return false }
      w = Array(stem) + Array(replacement.utf8)
      return true
    }
    return false
  }

  private static func plurals(_ w: inout [UInt8]) {
    if ends(w, "ies"), w.count == 4 {
      w.removeLast()
      return
    }
    apply(&w, [("sses", "ss"), ("ies", "i"), ("ss", "ss"), ("s", "")]) { _ in true }
  }

  private static func pastForms(_ w: inout [UInt8]) {
    if ends(w, "ied") {
      w.removeLast(w.count == 4 ? 1 : 2)
      return
    }
    if ends(w, "eed") {
      if measure(w.dropLast(3)) > 0 { w.removeLast() }
      return
    }
    var found = false
    for suffix in ["ed", "ing"] where ends(w, suffix) {
      let stem = w.dropLast(suffix.utf8.count)
      if hasVowel(stem) {
        w = Array(stem)
        found = true
        break
      }
    }
    guard found else { return }
    if ends(w, "at") || ends(w, "bl") || ends(w, "iz") {
      w.append(101)
    } else if endsInDouble(w) {
      if let c = w.last, c != 108, c != 115, c != 122 { w.removeLast() }
    } else if measure(w) == 1, endsInCVC(w) {
      w.append(101)
    }
  }

  private static func doubleSuffixes(_ w: inout [UInt8]) {
    if ends(w, "alli"), measure(w.dropLast(4)) > 0 {
      w.removeLast(2)
      doubleSuffixes(&w)
      return
    }
    let rules = [
      ("ational", "ate"), ("tional", "tion"), ("enci", "ence"), ("anci", "ance"),
      ("izer", "ize"), ("bli", "ble"), ("alli", "al"), ("entli", "ent"), ("eli", "e"),
      ("ousli", "ous"), ("ization", "ize"), ("ation", "ate"), ("ator", "ate"), ("alism", "al"),
      ("iveness", "ive"), ("fulness", "ful"), ("ousness", "ous"), ("aliti", "al"),
      ("iviti", "ive"), ("biliti", "ble"), ("fulli", "ful"),
    ]
    for (suffix, replacement) in rules where ends(w, suffix) {
      apply(&w, [(suffix, replacement)]) { measure($0) > 0 }
      return
    }
    if ends(w, "logi"), measure(w.dropLast(3)) > 0 { w.removeLast() }
  }

  private static func suffixes(_ w: inout [UInt8]) {
    apply(
      &w,
      [
        ("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"),
        ("ful", ""), ("ness", ""),
      ]
    ) { measure($0) > 0 }
  }

  private static func residues(_ w: inout [UInt8]) {
    let rules = [
      "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion",
      "ou", "ism", "ate", "iti", "ous", "ive", "ize",
    ]
    for suffix in rules where ends(w, suffix) {
      let stem = w.dropLast(suffix.utf8.count)
      let fits = suffix != "ion" || stem.last == 115 || stem.last == 116
      if measure(stem) > 1, fits { w = Array(stem) }
      return
    }
  }

  private static func finalE(_ w: inout [UInt8]) {
    guard w.last == 101 else { return }
    let stem = w.dropLast()
    let m = measure(stem)
    if m > 1 || (m == 1 && !endsInCVC(stem)) { w.removeLast() }
  }
}

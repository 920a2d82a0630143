// Yes or no from free text, with negation.
// Negation cues after Chapman et al. 2001 (NegEx), reduced to what single sentences need.

/// Words that negate, and how far they reach.
public struct NegationRules: Hashable, Sendable {
  /// Cues before the finding: "no evidence of …".
  public var before: [String]
  /// Cues after it: "… is excluded".
  public var after: [String]
  /// Cues of uncertainty: "possible …".
  public var uncertain: [String]
  /// Words that end a cue's reach within a sentence.
  public var terminators: [String]

  public init(
    before: [String], after: [String], uncertain: [String], terminators: [String]
  ) {
    self.before = before
    self.after = after
    self.uncertain = uncertain
    self.terminators = terminators
  }

  /// English radiology.
  public static let english = NegationRules(
    before: [
      "no", "not", "without", "no evidence of", "no sign of", "no signs of", "negative for",
      "absence of", "absent", "free of", "rule out", "rules out", "ruled out", "denies",
      "never", "neither", "nor", "isn't", "doesn't", "cannot see", "does not", "do not",
      "fails to show", "resolution of", "resolved", "lack of", "unremarkable for",
    ],
    after: [
      "is absent", "are absent", "not seen", "not present", "not identified", "not visible",
      "not evident", "is excluded", "are excluded", "is ruled out", "has been ruled out",
      "is negative", "not detected", "not demonstrated", "has resolved", "is unlikely",
      ": no", ": absent", ": negative", ": none", ": false",
    ],
    uncertain: [
      "possible", "possibly", "probable", "probably", "suspected", "suspicious for", "may",
      "might", "cannot be excluded", "cannot exclude", "questionable", "could represent",
      "concern for", "concerning for", "suggestive of", "equivocal", "likely",
      "not excluded", "versus", "vs",
    ],
    terminators: [
      "but", "however", "although", "though", "except", "apart from", "other than", "yet",
      "which", "with", "secondary to", "because", "aside from",
    ])

  /// Whether a finding is affirmed, negated or uncertain.
  public enum Status: String, Hashable, Sendable, Codable { case affirmed, negated, uncertain }

  /// The status of the phrase at `span` of a text.
  func status(_ text: AnswerText, _ span: Range<Int>) -> (Status, String) {
    // The sentence around the phrase: full stops between digits do not end one.
    var start = span.lowerBound
    while start > 0, !Self.endsSentence(text, start - 1) { start -= 1 }
    var end = span.upperBound
    while end < text.lower.count, !Self.endsSentence(text, end) { end += 1 }
    var from = start
    var to = end
    for word in terminators {
      for hit in AnswerText(text.text(start..<span.lowerBound)).occurrences(of: word) {
        from = max(from, start + hit.upperBound)
      }
      let tail = AnswerText(text.text(span.upperBound..<end))
      if let hit = tail.occurrences(of: word).first {
        to = min(to, span.upperBound + hit.lowerBound)
      }
    }
    let left = AnswerText(text.text(from..<span.lowerBound))
    let right = AnswerText(text.text(span.upperBound..<max(to, span.upperBound)))
    for cue in uncertain {
      if !left.occurrences(of: cue).isEmpty || !right.occurrences(of: cue).isEmpty {
        return (.uncertain, cue)
      }
    }
    for cue in before where !left.occurrences(of: cue).isEmpty { return (.negated, cue) }
    for cue in after {
      if cue.hasPrefix(":") {
        if right.text(0..<right.bytes.count).lowercased().hasPrefix(cue) { return (.negated, cue) }
      } else if !right.occurrences(of: cue).isEmpty {
        return (.negated, cue)
      }
    }
    return (.affirmed, "")
  }

  private static func endsSentence(_ text: AnswerText, _ i: Int) -> Bool {
    switch text.lower[i] {
    case 10, 13, 33, 59, 63: return true  // line ends, ! ; ?
    case 46:
      let before = i > 0 && AnswerText.isDigit(text.lower[i - 1])
      let after = i + 1 < text.lower.count && AnswerText.isDigit(text.lower[i + 1])
      return !(before && after)
    default: return false
    }
  }
}

/// Reads yes or no.
public struct YesNoParser: Hashable, Sendable {
  /// The finding that is asked for, so that "no haemorrhage" reads as no and "haemorrhage is
  /// present" as yes; empty when only the words yes and no count.
  public var finding: [String]
  public var rules: NegationRules
  public var yes = ["yes", "true", "positive", "present", "affirmative"]
  public var no = ["no", "false", "negative", "absent", "none"]

  public init(finding: [String] = [], rules: NegationRules = .english) {
    self.finding = finding
    self.rules = rules
  }

  /// Reads a reply. Rules, in order:
  ///
  /// 1. the last `answer:` marker followed by a yes or no word,
  /// 2. a yes or no word at the very beginning,
  /// 3. all mentions of the finding agree (affirmed or negated),
  /// 4. the reply has words of one kind only ("… yes …").
  ///
  /// Mixed evidence is unparsed; a refusal phrase without evidence is a refusal.
  public func parse(_ reply: String) -> ParsedAnswer<Bool> {
    let text = AnswerText(reply)
    for marker in text.occurrences(of: "answer").reversed() {
      var i = marker.upperBound
      while i < text.lower.count, Self.isFiller(text.lower[i]) { i += 1 }
      if let hit = word(text, at: i) {
        return ParsedAnswer(.answered(hit.0), rule: "answer marker", span: hit.1)
      }
    }
    var i = 0
    while i < text.lower.count, Self.isFiller(text.lower[i]) { i += 1 }
    if let hit = word(text, at: i), !opensSentence(text, hit.1) {
      return ParsedAnswer(.answered(hit.0), rule: "first word", span: hit.1)
    }
    var verdicts: Set<Bool> = []
    var span: Range<Int>?
    for phrase in finding {
      for hit in text.occurrences(of: phrase) {
        switch rules.status(text, hit).0 {
        case .affirmed: verdicts.insert(true)
        case .negated: verdicts.insert(false)
        case .uncertain: continue
        }
        span = span ?? hit
      }
    }
    if verdicts.count == 1, let verdict = verdicts.first {
      return ParsedAnswer(
        .answered(verdict), rule: verdict ? "finding affirmed" : "finding negated", span: span)
    }
    if verdicts.count == 2 { return .unparsed("finding both affirmed and negated") }
    if let refusal = Refusal.find(in: reply) {
      return ParsedAnswer(.refused, rule: "refusal phrase", span: refusal)
    }
    let affirmative = yes.flatMap { text.occurrences(of: $0) }
    let negative = no.flatMap { text.occurrences(of: $0) }
    if let only = affirmative.first, negative.isEmpty, finding.isEmpty {
      return ParsedAnswer(.answered(true), rule: "only yes words", span: only)
    }
    if let only = negative.first, affirmative.isEmpty, finding.isEmpty {
      return ParsedAnswer(.answered(false), rule: "only no words", span: only)
    }
    return .unparsed(verdicts.isEmpty ? "no rule fired" : "mixed evidence")
  }

  /// "No haemorrhage": the first "no" belongs to a sentence about the finding.
  private func opensSentence(_ text: AnswerText, _ span: Range<Int>) -> Bool {
    guard !finding.isEmpty, span.upperBound < text.lower.count else { return false }
    return AnswerText.isSpace(text.lower[span.upperBound])
  }

  static func isFiller(_ b: UInt8) -> Bool {
    AnswerText.isSpace(b) || b == 42 || b == 34 || b == 39 || b == 58 || b == 123 || b == 95
      || b == 96 || b == 61 || b == 40 || b == 91 || b == 35 || b == 62
  }

  private func word(_ text: AnswerText, at i: Int) -> (Bool, Range<Int>)? {
    for (list, value) in [(yes, true), (no, false)] {
      for w in list {
        let end = i + w.utf8.count
        guard end <= text.lower.count, Array(w.utf8) == Array(text.lower[i..<end]),
          end == text.lower.count || !AnswerText.isWord(text.lower[end])
        else { continue }
        return (value, i..<end)
      }
    }
    return nil
  }
}

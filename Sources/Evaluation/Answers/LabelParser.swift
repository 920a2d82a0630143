// One or several labels from free text, by synonyms, with negation.

/// Reads labels by their synonyms.
public struct LabelParser: Hashable, Sendable {
  /// Each label's names. A label's own name counts without being listed.
  public let synonyms: [String: [String]]
  /// Labels in order.
  public let labels: [String]
  /// The label to which a reply maps that negates every other, such as `"none"`.
  public let noneLabel: String?
  public var rules: NegationRules

  /// - `labels`: In order; each also matches its own name, `_` and `-` as spaces.
  public init(
    labels: [String], synonyms: [String: [String]] = [:], noneLabel: String? = nil,
    rules: NegationRules = .english
  ) {
    self.labels = labels
    self.synonyms = synonyms
    self.noneLabel = noneLabel
    self.rules = rules
  }

  /// A label that was found.
  public struct Mention: Hashable, Sendable, Codable {
    public let label: String
    public let status: NegationRules.Status
    public let span: Range<Int>
  }

  /// All mentions in order of place; where synonyms overlap the longest wins.
  public func mentions(in reply: String) -> [Mention] {
    let text = AnswerText(reply)
    var hits: [(label: String, span: Range<Int>)] = []
    for label in labels {
      for name in [label] + (synonyms[label] ?? []) {
        for span in text.occurrences(of: name) { hits.append((label, span)) }
      }
    }
    hits.sort {
      $0.span.count != $1.span.count
        ? $0.span.count > $1.span.count : $0.span.lowerBound < $1.span.lowerBound
    }
    var taken: [(label: String, span: Range<Int>)] = []
    for hit in hits where !taken.contains(where: { $0.span.overlaps(hit.span) }) {
      taken.append(hit)
    }
    return taken.sorted { $0.span.lowerBound < $1.span.lowerBound }.map {
      Mention(label: $0.label, status: rules.status(text, $0.span).0, span: $0.span)
    }
  }

  /// One label. Rules, in order: the last `answer:` marker whose line names exactly one label;
  /// the text is nothing but a label; exactly one label is affirmed; every mention is negated
  /// and there is a `noneLabel`. Otherwise a refusal phrase makes it refused, and the rest is
  /// unparsed.
  public func parse(_ reply: String) -> ParsedAnswer<String> {
    let text = AnswerText(reply)
    for marker in text.occurrences(of: "answer").reversed() {
      var end = marker.upperBound
      while end < text.lower.count, text.lower[end] != 10, text.lower[end] != 13 { end += 1 }
      let found = mentions(in: text.text(marker.upperBound..<end)).filter {
        $0.status != .negated
      }
      if let first = found.first, Set(found.map(\.label)).count == 1 {
        let base = marker.upperBound
        return ParsedAnswer(
          .answered(first.label), rule: "answer marker",
          span: (base + first.span.lowerBound)..<(base + first.span.upperBound))
      }
    }
    let all = mentions(in: reply)
    if all.count == 1, let only = all.first, only.status == .affirmed {
      let around = text.lower.indices.filter { !only.span.contains($0) }
      if !around.contains(where: { AnswerText.isWord(text.lower[$0]) }) {
        return ParsedAnswer(.answered(only.label), rule: "whole text", span: only.span)
      }
    }
    let affirmed = all.filter { $0.status == .affirmed }
    let names = Set(affirmed.map(\.label))
    if names.count == 1, let first = affirmed.first {
      return ParsedAnswer(.answered(first.label), rule: "only affirmed label", span: first.span)
    }
    if names.count > 1 {
      return .unparsed(
        "several labels: \(labels.filter { names.contains($0) }.joined(separator: ", "))")
    }
    if let none = noneLabel, !all.isEmpty, all.allSatisfy({ $0.status == .negated }) {
      return ParsedAnswer(.answered(none), rule: "all labels negated", span: all.first?.span)
    }
    if let refusal = Refusal.find(in: reply) {
      return ParsedAnswer(.refused, rule: "refusal phrase", span: refusal)
    }
    return .unparsed()
  }

  /// All affirmed labels (multi-label). An empty set needs evidence: a negated label, or the
  /// `noneLabel`.
  ///
  /// - `uncertainAsPositive`: Counts "possible …" as affirmed.
  public func parseSet(
    _ reply: String, uncertainAsPositive: Bool = false
  ) -> ParsedAnswer<Set<String>> {
    let all = mentions(in: reply)
    var found = Set<String>()
    for m in all where m.status == .affirmed || (uncertainAsPositive && m.status == .uncertain) {
      found.insert(m.label)
    }
    if let none = noneLabel, found.remove(none) != nil, found.isEmpty {
      return ParsedAnswer(.answered([]), rule: "none label", span: all.first?.span)
    }
    if !found.isEmpty {
      return ParsedAnswer(.answered(found), rule: "affirmed labels", span: all.first?.span)
    }
    if all.contains(where: { $0.status == .negated }) {
      return ParsedAnswer(.answered([]), rule: "all labels negated", span: all.first?.span)
    }
    if let refusal = Refusal.find(in: reply) {
      return ParsedAnswer(.refused, rule: "refusal phrase", span: refusal)
    }
    return .unparsed()
  }
}

extension LabelParser {
  /// Intracranial haemorrhage subtypes with the abbreviations and spellings in use.
  public static let haemorrhageSubtypes = LabelParser(
    labels: [
      "epidural", "intraparenchymal", "intraventricular", "subarachnoid", "subdural", "none",
    ],
    synonyms: [
      "epidural": [
        "extradural", "EDH", "epidural hematoma", "epidural haematoma",
        "epidural hemorrhage", "epidural haemorrhage", "extradural haematoma",
      ],
      "intraparenchymal": [
        "intracerebral", "parenchymal", "IPH", "ICH",
        "intraparenchymal hemorrhage", "intraparenchymal haemorrhage", "intracerebral hemorrhage",
        "intracerebral haemorrhage", "parenchymal hemorrhage", "cerebral hemorrhage",
      ],
      "intraventricular": [
        "ventricular", "IVH", "intraventricular hemorrhage",
        "intraventricular haemorrhage", "ventricular hemorrhage",
      ],
      "subarachnoid": ["SAH", "subarachnoid hemorrhage", "subarachnoid haemorrhage"],
      "subdural": [
        "SDH", "subdural hematoma", "subdural haematoma", "subdural hemorrhage",
        "subdural haemorrhage",
      ],
      "none": [
        "no hemorrhage", "no haemorrhage", "no bleed", "no bleeding", "normal",
        "no intracranial hemorrhage", "no intracranial haemorrhage", "no acute hemorrhage",
      ],
    ], noneLabel: "none")
}

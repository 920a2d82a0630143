// Refusals that come as ordinary words, recognised by rules that can be read and counted.

/// The rules for refusals in prose.
///
/// A reply is a refusal in prose when its first 200 characters (thoughts taken out, apostrophes
/// made straight, lower case) hold an opening of unwillingness followed within 80 characters by an
/// act of reading the picture, or one of the fixed sentences. It is consulted only for a reply that
/// holds no answer of the asked form, and for free text of at most 600 characters: a report that
/// begins "I cannot exclude a fracture" is an answer.
public enum RefusalProse {
  /// A rule: its name, the openings, and the acts that must follow.
  public struct Rule: Sendable, Hashable {
    public let name: String
    public let openings: [String]
    public let acts: [String]
  }

  /// The rules, first match wins.
  public static let rules: [Rule] = [
    Rule(
      name: "unwilling",
      openings: [
        "i can't", "i cannot", "i can not", "i'm unable to", "i am unable to", "i'm not able to",
        "i am not able to", "i won't", "i will not", "i must decline", "i'm not permitted to",
        "i am not permitted to", "i'm sorry, but i can't", "i'm sorry, i can't",
        "unable to",
      ],
      acts: [
        "analyz", "analys", "interpret", "diagnos", "assist", "help", "provide", "view", "see ",
        "comply", "classif", "evaluat", "read ", "review", "fulfil", "identify", "process",
        "offer", "give ", "do that", "answer", "examine", "assess",
      ]),
    Rule(
      name: "not-a-doctor",
      openings: [
        "i'm not a doctor", "i am not a doctor", "i'm not a medical", "i am not a medical",
      ],
      acts: [""]),
    Rule(
      name: "no-picture",
      openings: [
        "please provide the image", "please upload the image", "i don't see an image",
        "i do not see an image", "no image was provided", "there is no image",
      ],
      acts: [""]),
    Rule(
      name: "apology",
      openings: ["i'm sorry, but", "i am sorry, but", "i apologize, but", "sorry, but"],
      acts: ["can't", "cannot", "not able", "unable", "won't"]),
  ]

  /// The name of the rule that a text meets, or nil.
  public static func rule(for text: String) -> String? {
    let head = text.prefix(200).lowercased()
      .map { $0 == "\u{2019}" || $0 == "\u{02BC}" ? "'" : $0 }
    let plain = String(head)
    for rule in rules {
      for opening in rule.openings {
        guard let range = plain.firstRange(of: opening) else { continue }
        let rest = plain[range.upperBound...].prefix(80)
        if rule.acts.contains(where: { $0.isEmpty || rest.contains($0) }) { return rule.name }
      }
    }
    return nil
  }
}

// Refusals that come as ordinary words, recognised by rules that can be read and counted.

/// The rules for refusals in prose.
///
/// A reply is a refusal in prose when its first 200 characters (thoughts taken out, apostrophes
/// made straight, lower case) hold an opening of unwillingness followed within 80 characters by an
/// act of helping, or by an act of looking that is said of the picture itself, or one of the fixed
/// sentences. It is consulted only for a reply that holds no answer of the asked form, and for free
/// text of at most 600 characters. "I cannot exclude a fracture", "I cannot see any fracture" and
/// "unable to assess the sinuses" are answers.
public enum RefusalProse {
  /// A rule: an opening, then an act, then what it is done to.
  public struct Rule: Sendable, Hashable {
    public let name: String
    public let openings: [String]
    /// One of these must follow the opening; an empty one always does.
    public let acts: [String]
    /// One of these must follow the act; none given, nothing need follow.
    public let objects: [String]
    /// Words that make a finding of it when they come right after the act.
    public let findings: [String]
  }

  private static let unwilling = [
    "i can't", "i cannot", "i can not", "i'm unable to", "i am unable to", "i'm not able to",
    "i am not able to", "i won't", "i will not", "i must decline", "i'm not permitted to",
    "i am not permitted to", "i'm not allowed to", "i am not allowed to",
    "i don't feel comfortable",
    "unable to",
  ]

  private static let pictures = [
    "image", "picture", "photo", "scan", "x-ray", "radiograph", "mri", "medical", "attach", "file",
    "visual", "mammogram", "slide", "real person", "real people",
  ]

  private static let findings = [
    "any ", "evidence", "definite", "obvious", "clear", "acute", "signs", "significant", "focal",
  ]

  /// The rules, first match wins.
  public static let rules: [Rule] = [
    Rule(
      name: "unwilling", openings: unwilling,
      acts: [
        "assist", "help", "provide", "diagnos", "comply", "fulfil", "offer", "do that",
        "give medical", "give a diagnos", "give you", "answer", "engage",
      ], objects: [], findings: []),
    Rule(
      name: "unwilling", openings: unwilling,
      acts: [
        "analyz", "analys", "interpret", "view", "classif", "evaluat", "read ", "reading", "review",
        "process", "examin", "assess", "look at", "access", "open ",
      ], objects: pictures, findings: findings),
    // Not seeing a thing is a finding; not seeing the picture is none.
    Rule(
      name: "unwilling", openings: unwilling, acts: ["see ", "identify"], objects: pictures,
      findings: findings + ["a ", "an "]),
    Rule(
      name: "not-a-doctor",
      openings: [
        "i'm not a doctor", "i am not a doctor", "i'm not a medical", "i am not a medical",
      ],
      acts: [""], objects: [], findings: []),
    Rule(
      name: "no-picture",
      openings: [
        "please provide the image", "please provide an image", "please upload", "please share the",
        "please attach", "i don't see an image", "i do not see an image", "i don't see any image",
        "no image was provided", "no image has been provided", "no images were provided",
        "there is no image", "i can't see an image", "i cannot see an image",
        "i can't see any image", "i cannot see any image",
      ],
      acts: [""], objects: [], findings: []),
    Rule(
      name: "apology",
      openings: ["i'm sorry, but", "i am sorry, but", "i apologize, but", "sorry, but"],
      acts: ["i can't", "i cannot", "not able", "unable", "won't", "will not"], objects: [],
      findings: []),
  ]

  /// The name of the rule that a text meets, or nil.
  public static func rule(for text: String) -> String? {
    let head = text.prefix(200).lowercased()
      .map { $0 == "\u{2019}" || $0 == "\u{02BC}" ? "'" : $0 }
    let plain = String(head)
    return rules.first { rule in
      rule.openings.contains { opening in
        plain.firstRange(of: opening).map { meets(rule, plain[$0.upperBound...].prefix(80)) }
          ?? false
      }
    }?.name
  }

  private static func meets(_ rule: Rule, _ rest: Substring) -> Bool {
    rule.acts.contains { act in
      guard !act.isEmpty else { return true }
      guard let range = rest.firstRange(of: act) else { return false }
      guard !rule.objects.isEmpty else { return true }
      // The rest of the act's own word is skipped: "analyz" stands for "analyzing" too.
      let after = rest[range.upperBound...]
      let tail = act.hasSuffix(" ") ? after : after.drop { $0.isLetter }.drop { $0 == " " }
      return !rule.findings.contains { tail.hasPrefix($0) }
        && rule.objects.contains { tail.firstRange(of: $0) != nil }
    }
  }
}

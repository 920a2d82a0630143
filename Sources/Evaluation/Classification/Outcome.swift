// What a model gave back: an answer, or one of the ways of not answering.

/// The ways in which a case ends without an answer.
public enum NonAnswer: String, Hashable, Sendable, Codable, CaseIterable {
  /// The model declined, or a filter blocked the reply.
  case refused
  /// A reply came, but no answer could be read from it.
  case unparsed
  /// The case was not run, or its run failed.
  case notRun
}

/// A case's prediction: a label, or why there is none.
public enum Outcome<Label: Hashable & Sendable>: Hashable, Sendable {
  case answered(Label)
  case missing(NonAnswer)

  public static var refused: Outcome { .missing(.refused) }
  public static var unparsed: Outcome { .missing(.unparsed) }
  public static var notRun: Outcome { .missing(.notRun) }

  /// The label, `nil` when there is none.
  public var label: Label? {
    if case .answered(let label) = self { label } else { nil }
  }
}

extension Outcome: Codable where Label: Codable {}

/// How cases without an answer enter a score. Every signature names the policy.
public enum NonAnswerPolicy: String, Hashable, Sendable, Codable, CaseIterable {
  /// They count as wrong: in every denominator, never among the correct. A prediction of no
  /// class, so they lower recall and leave precision alone. The primary analysis.
  case wrong
  /// They are left out. Reported only beside their rate.
  case excluded
  /// They count as the most frequent other class of the truth: a miss and a false alarm at
  /// once (with two classes: the opposite class).
  case worstCase
  /// They count as correct.
  case bestCase
}

/// How many cases ended in which way.
public struct OutcomeCounts: Hashable, Sendable, Codable, CustomStringConvertible {
  public var answered = 0
  public var refused = 0
  public var unparsed = 0
  public var notRun = 0

  public init() {}

  /// Counts outcomes of any label type.
  public init<Label>(_ outcomes: some Sequence<Outcome<Label>>) {
    for outcome in outcomes {
      switch outcome {
      case .answered: answered += 1
      case .missing(let why): add(why)
      }
    }
  }

  mutating func add(_ why: NonAnswer) {
    switch why {
    case .refused: refused += 1
    case .unparsed: unparsed += 1
    case .notRun: notRun += 1
    }
  }

  /// All cases.
  public var total: Int { answered + refused + unparsed + notRun }
  /// Cases without an answer.
  public var missing: Int { refused + unparsed + notRun }

  /// The share of cases without an answer with its Wilson interval.
  public var missingRate: Score { rate("missing rate", missing) }
  /// The share of refused cases with its Wilson interval.
  public var refusalRate: Score { rate("refusal rate", refused) }
  /// The share of unparsed cases with its Wilson interval.
  public var unparsedRate: Score { rate("unparsed rate", unparsed) }
  /// The share of cases that were not run with its Wilson interval.
  public var notRunRate: Score { rate("not-run rate", notRun) }

  private func rate(_ name: String, _ part: Int) -> Score {
    Proportion(part, of: total).score(name)
  }

  public var description: String {
    "\(answered) answered, \(refused) refused, \(unparsed) unparsed, \(notRun) not run"
  }
}

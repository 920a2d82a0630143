// Thoughts that local models write into their answer between tags.

/// Text apart from the thoughts within it.
struct Thoughts: Sendable, Hashable {
  let answer: String
  let thinking: String

  private static let tags = ["think", "thinking", "reasoning", "thought"]

  /// Takes `<think>…</think>` and its kin off the front of a text.
  ///
  /// Thoughts open the text, or end with a lone closing tag because the server's template wrote the
  /// opening one. An opening tag that never closes is all thought: the answer was cut.
  init(of text: String) {
    var answer = text
    var thinking: [String] = []
    search: while true {
      let body = answer.drop(while: \.isWhitespace)
      for tag in Self.tags where body.hasPrefix("<\(tag)>") {
        let inside = body.dropFirst(tag.count + 2)
        guard let close = inside.firstRange(of: "</\(tag)>") else {
          thinking.append(String(inside))
          answer = ""
          break search
        }
        thinking.append(String(inside[..<close.lowerBound]))
        answer = String(inside[close.upperBound...].drop(while: \.isWhitespace))
        continue search
      }
      break
    }
    if thinking.isEmpty {
      for tag in Self.tags {
        guard let close = answer.firstRange(of: "</\(tag)>"), !answer.contains("<\(tag)>") else {
          continue
        }
        thinking.append(String(answer[..<close.lowerBound]))
        answer = String(answer[close.upperBound...].drop(while: \.isWhitespace))
        break
      }
    }
    self.answer = answer
    self.thinking = thinking.joined(separator: "\n")
  }
}

extension StringProtocol {
  /// The first place of a text, without Foundation's rules of language.
  func firstRange(of wanted: String) -> Range<Index>? {
    guard let first = wanted.first else { return nil }
    var start = startIndex
    while let hit = self[start...].firstIndex(of: first) {
      let tail = self[hit...]
      if tail.hasPrefix(wanted) { return hit..<index(hit, offsetBy: wanted.count) }
      start = index(after: hit)
    }
    return nil
  }
}

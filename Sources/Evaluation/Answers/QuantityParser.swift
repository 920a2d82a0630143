// Numbers with units from free text.

/// A number with its unit as it was written, and in a canonical unit.
public struct Quantity: Hashable, Sendable, Codable {
  /// The number in the canonical unit.
  public let value: Double
  /// `"mL"`, `"mm"`, `"%"`, `"HU"` or `""`.
  public let unit: String
  /// The upper end where a range was written ("10–15 mL"), else `value`.
  public let upper: Double
  /// The middle of the range, or the value.
  public var middle: Double { (value + upper) / 2 }
}

/// Reads numbers with units.
public struct QuantityParser: Hashable, Sendable {
  /// The canonical unit that is wanted: `"mL"`, `"mm"`, `"%"`, `"HU"`, `""` for a bare number.
  public var unit: String
  /// Whether a number without a unit counts when no number with one stands in the reply.
  public var acceptsBareNumbers: Bool

  public init(unit: String, acceptsBareNumbers: Bool = true) {
    self.unit = unit
    self.acceptsBareNumbers = acceptsBareNumbers
  }

  static let units: [(name: String, canonical: String, factor: Double)] = [
    ("milliliters", "mL", 1), ("millilitres", "mL", 1), ("milliliter", "mL", 1),
    ("millilitre", "mL", 1), ("cubic centimeters", "mL", 1), ("cubic centimetres", "mL", 1),
    ("ml", "mL", 1), ("cc", "mL", 1), ("cm3", "mL", 1), ("cm³", "mL", 1), ("cm^3", "mL", 1),
    ("liters", "mL", 1000), ("litres", "mL", 1000), ("dl", "mL", 100), ("l", "mL", 1000),
    ("mm3", "mL", 0.001), ("mm³", "mL", 0.001), ("mm^3", "mL", 0.001), ("µl", "mL", 0.001),
    ("millimeters", "mm", 1), ("millimetres", "mm", 1), ("millimeter", "mm", 1),
    ("millimetre", "mm", 1), ("centimeters", "mm", 10), ("centimetres", "mm", 10),
    ("centimeter", "mm", 10), ("centimetre", "mm", 10), ("mm", "mm", 1), ("cm", "mm", 10),
    ("percent", "%", 1), ("per cent", "%", 1), ("%", "%", 1), ("hu", "HU", 1),
    ("hounsfield units", "HU", 1),
  ]

  struct Number {
    var value: Double
    var upper: Double
    var span: Range<Int>
    var unit: String?
    var factor = 1.0
  }

  /// Numbers in the text: signs (− too), decimal points, thousands separators, exponents,
  /// ranges.
  static func numbers(in reply: String) -> [Number] {
    let t = AnswerText(String(reply.map { $0 == "−" ? "-" : $0 == "–" || $0 == "—" ? "~" : $0 }))
    var out: [Number] = []
    var i = 0
    let b = t.lower
    func digit(_ k: Int) -> Bool { k < b.count && AnswerText.isDigit(b[k]) }
    while i < b.count {
      guard digit(i) || (b[i] == 46 && digit(i + 1)) else {
        i += 1
        continue
      }
      var start = i
      if i > 0, AnswerText.isWord(b[i - 1]) {
        // Digits inside a word (T2, v1.5) are no number; a stop after a word is passed over.
        i += 1
        while i < b.count, AnswerText.isWord(b[i]) { i += 1 }
        continue
      }
      if i > 0, b[i - 1] == 45, i < 2 || !(AnswerText.isWord(b[i - 2]) || b[i - 2] == 41) {
        start -= 1
      }
      var literal = start < i ? "-" : ""
      while i < b.count {
        if digit(i) {
          literal.append(Character(Unicode.Scalar(b[i])))
        } else if b[i] == 44, digit(i + 1), digit(i + 2), digit(i + 3), !digit(i + 4) {
          // A thousands separator.
        } else if b[i] == 46, digit(i + 1), !literal.contains(".") {
          literal.append(".")
        } else if b[i] == 101, !literal.contains("e"),
          digit(i + 1) || (i + 2 < b.count && (b[i + 1] == 45 || b[i + 1] == 43) && digit(i + 2))
        {
          literal.append("e")
          if !digit(i + 1) {
            literal.append(Character(Unicode.Scalar(b[i + 1])))
            i += 1
          }
        } else {
          break
        }
        i += 1
      }
      guard let value = Double(literal.hasPrefix(".") ? "0" + literal : literal), value.isFinite
      else { continue }
      var number = Number(value: value, upper: value, span: start..<i)
      var k = i
      while k < b.count, AnswerText.isSpace(b[k]) || b[k] == 45 { k += 1 }
      for u in units {
        let name = AnswerText(u.name).lower
        let endsInSign = !(name.last.map(AnswerText.isWord) ?? true)
        guard k + name.count <= b.count, Array(b[k..<(k + name.count)]) == name,
          k + name.count == b.count || !AnswerText.isWord(b[k + name.count])
            || endsInSign
        else { continue }
        number.unit = u.canonical
        number.factor = u.factor
        number.span = start..<(k + name.count)
        i = k + name.count
        break
      }
      // "10–15 mL", "10 to 15 mL": join with the previous number.
      if let previous = out.last, previous.unit == nil || previous.unit == number.unit {
        let between = t.text(previous.span.upperBound..<start).lowercased()
        let trimmed = between.filter { !$0.isWhitespace }
        if trimmed == "~" || trimmed == "to" || (trimmed == "-" && number.value >= 0),
          number.value >= previous.value, previous.upper == previous.value
        {
          number.upper = number.value
          number.value = previous.value
          number.span = previous.span.lowerBound..<number.span.upperBound
          out.removeLast()
        }
      }
      out.append(number)
    }
    return out
  }

  /// The quantity of a reply. Rules, in order: the number after the last `answer:` marker; the
  /// only number with a unit of the wanted kind; the only bare number. Several different
  /// candidates are unparsed.
  public func parse(_ reply: String) -> ParsedAnswer<Quantity> {
    let all = Self.numbers(in: reply)
    func quantity(_ n: Number) -> Quantity {
      Quantity(value: n.value * n.factor, unit: unit, upper: n.upper * n.factor)
    }
    let fitting = all.filter { $0.unit == unit || (unit.isEmpty && $0.unit == nil) }
    let bare = acceptsBareNumbers ? all.filter { $0.unit == nil } : []
    let text = AnswerText(reply)
    if let marker = text.occurrences(of: "answer").last {
      for list in [fitting, bare] {
        if let n = list.first(where: { $0.span.lowerBound >= marker.upperBound }) {
          return ParsedAnswer(.answered(quantity(n)), rule: "answer marker", span: n.span)
        }
      }
    }
    for (list, rule) in [(fitting, "number with unit"), (bare, "bare number")] {
      guard let first = list.first else { continue }
      let agree = list.allSatisfy { quantity($0) == quantity(first) }
      if agree {
        return ParsedAnswer(.answered(quantity(first)), rule: rule, span: first.span)
      }
      return .unparsed("\(list.count) different numbers")
    }
    if let refusal = Refusal.find(in: reply) {
      return ParsedAnswer(.refused, rule: "refusal phrase", span: refusal)
    }
    return .unparsed()
  }
}

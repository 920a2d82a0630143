// Rows of a paper's table that cannot be true.
// Source: Brown & Heathers 2017 (GRIM); Opitz & Burst 2019; Jensen's inequality for Dice and IoU.

/// A rule that a row of results must satisfy.
public struct TableFinding: Hashable, Sendable, Codable, CustomStringConvertible {
  /// The row, from 1 below the header.
  public let row: Int
  /// The row's name, when the table has one.
  public let name: String
  /// `"GRIM"`, `"F1 bound"` …
  public let rule: String
  /// What was found and what is possible.
  public let detail: String

  public var description: String {
    "row \(row)\(name.isEmpty ? "" : " (\(name))"): \(rule): \(detail)"
  }
}

/// Checks tables of results for numbers that exclude each other.
///
/// Columns are found by name, without regard to case, spaces, dashes and `%`: `n`, `accuracy`,
/// `precision`, `recall`, `f1`, `sensitivity`, `specificity`, `ppv`, `npv`, `balanced accuracy`,
/// `macro precision`, `macro recall`, `macro f1`, `dice`, `iou`, `jaccard`, `correct`, `positives`,
/// `negatives`. Values above 1 are taken as percentages. Each value stands for the interval its
/// printed digits leave open, so rounding is never flagged.
public struct TableChecker: Sendable {
  /// Every class has the same number of cases: then macro recall is accuracy.
  public var isBalanced: Bool
  /// Precision, recall and F1 of one row belong to one class (not averages).
  public var isSingleClass: Bool

  public init(isBalanced: Bool = false, isSingleClass: Bool = true) {
    self.isBalanced = isBalanced
    self.isSingleClass = isSingleClass
  }

  /// What was checked and what was found.
  public struct Report: Hashable, Sendable, Codable {
    public let findings: [TableFinding]
    public let rows: Int
    /// How often each rule could be applied.
    public let applied: [String: Int]
  }

  /// A printed number and the interval that its digits leave open.
  struct Printed {
    let value: Double
    let lower: Double
    let upper: Double

    /// `nil` when the text is no number. Percentages and values above 1 are divided by 100.
    init?(_ text: String, isRate: Bool) {
      var t = text.filter { !$0.isWhitespace }
      let percent = t.hasSuffix("%")
      if percent { t.removeLast() }
      // "0.81 (0.77–0.85)" and "81.2±3.1": the first number counts.
      t = String(t.prefix { $0.isASCII && ($0.isNumber || $0 == "." || $0 == "-" || $0 == "+") })
      guard let x = Double(t), x.isFinite else { return nil }
      let decimals = t.firstIndex(of: ".").map { t.distance(from: $0, to: t.endIndex) - 1 } ?? 0
      var half = 0.5
      for _ in 0..<min(decimals, 15) { half /= 10 }
      let scale = isRate && (percent || x > 1) ? 0.01 : 1
      value = x * scale
      let slack = 1e-9
      lower = (x - half) * scale - slack
      upper = (x + half) * scale + slack
    }
  }

  /// Checks a CSV text with a header line.
  ///
  /// - Throws: ``EvaluationError`` for malformed CSV or a table without known columns.
  public func check(csv: String) throws(EvaluationError) -> Report {
    let lines = try CSVReader.rows(csv)
    guard let header = lines.first else { throw EvaluationError(.format, "an empty table") }
    return try check(header: header, rows: Array(lines.dropFirst()))
  }

  /// Checks rows of text under a header.
  public func check(header: [String], rows: [[String]]) throws(EvaluationError) -> Report {
    let keys = header.map(Self.key)
    guard keys.contains(where: { Self.names.contains($0) }) else {
      throw EvaluationError(
        .format, "no known column among: \(header.joined(separator: ", "))")
    }
    var findings: [TableFinding] = []
    var applied: [String: Int] = [:]
    for (index, cells) in rows.enumerated() {
      var values: [String: Printed] = [:]
      for (key, cell) in zip(keys, cells) {
        let isCount = ["n", "correct", "positives", "negatives", "errors"].contains(key)
        if Self.names.contains(key) { values[key] = Printed(cell, isRate: !isCount) }
      }
      let name = zip(keys, cells).first { !Self.names.contains($0.0) }?.1 ?? ""
      rules(values) { rule, detail in
        applied[rule, default: 0] += 1
        if let detail {
          findings.append(
            TableFinding(row: index + 1, name: name, rule: rule, detail: detail))
        }
      }
    }
    return Report(findings: findings, rows: rows.count, applied: applied)
  }

  private static let names: Set<String> = [
    "n", "accuracy", "correct", "precision", "recall", "f1", "macroprecision", "macrorecall",
    "macrof1", "sensitivity", "specificity", "ppv", "npv", "balancedaccuracy", "dice", "iou",
    "positives", "negatives", "prevalence",
  ]

  static func key(_ column: String) -> String {
    let plain = column.lowercased().filter { $0.isLetter || $0.isNumber }
    switch plain {
    case "acc": return "accuracy"
    case "cases", "samples", "count", "size", "ncases": return "n"
    case "sens", "tpr": return "sensitivity"
    case "spec", "tnr": return "specificity"
    case "prec": return "precision"
    case "jaccard", "miou", "meaniou", "meaniou1", "intersectionoverunion": return "iou"
    case "dsc", "meandice", "dicescore", "dicecoefficient": return "dice"
    case "f1score", "fmeasure": return "f1"
    case "f1macro", "macrof1score": return "macrof1"
    case "precisionmacro", "macroprec": return "macroprecision"
    case "recallmacro", "macrosensitivity": return "macrorecall"
    case "balancedacc", "bacc": return "balancedaccuracy"
    default: return plain
    }
  }

  private func show(_ x: Double) -> String { formatted(x, digits: 5) }

  private func rules(_ v: [String: Printed], _ report: (String, String?) -> Void) {
    for (name, p) in v.sorted(by: { $0.key < $1.key })
    where !["n", "correct", "positives", "negatives", "errors"].contains(name) {
      report("range", p.upper < 0 || p.lower > 1 ? "\(name) is \(show(p.value)), not in 0…1" : nil)
    }
    let grim: [(String, String)] = [
      ("accuracy", "n"), ("sensitivity", "positives"), ("specificity", "negatives"),
    ]
    for (rate, count) in grim {
      guard let p = v[rate], let n = v[count], n.value >= 1, n.value < 1e9,
        n.value == n.value.rounded()
      else { continue }
      let k = (p.lower * n.value).rounded(.up)
      let possible = k <= p.upper * n.value
      let (below, above) = ((p.value * n.value).rounded(.down), (p.value * n.value).rounded(.up))
      report(
        "GRIM",
        possible
          ? nil
          : "\(rate) \(show(p.value)) is no k/\(Int(n.value)); nearest are \(Int(below))/"
            + "\(Int(n.value)) = \(show(below / n.value)) and \(Int(above))/\(Int(n.value)) = "
            + show(above / n.value))
    }
    if let p = v["accuracy"], let k = v["correct"], let n = v["n"], n.value > 0 {
      let exact = k.value / n.value
      report(
        "count",
        exact < p.lower || exact > p.upper
          ? "\(show(k.value)) of \(show(n.value)) is \(show(exact)), not \(show(p.value))" : nil)
    }
    for (f, p, r) in [("f1", "precision", "recall"), ("f1", "ppv", "sensitivity")] {
      guard let f = v[f], let p = v[p], let r = v[r] else { continue }
      let low = harmonic(max(0, p.lower), max(0, r.lower))
      let high = harmonic(p.upper, r.upper)
      if isSingleClass {
        report(
          "F1 identity",
          f.upper < low || f.lower > high
            ? "F1 \(show(f.value)) is not the harmonic mean \(show(harmonic(p.value, r.value)))"
            : nil)
      } else {
        bound(f, p, r, report)
      }
    }
    if let f = v["macrof1"], let p = v["macroprecision"], let r = v["macrorecall"] {
      bound(f, p, r, report)
    }
    if let d = v["dice"], let i = v["iou"] {
      // Per case IoU = D / (2 − D) is convex, so its mean lies between that of the mean and D.
      let low = max(0, d.lower) / (2 - max(0, d.lower))
      let detail =
        i.upper < low
        ? "IoU \(show(i.value)) is below D/(2 − D) = \(show(d.value / (2 - d.value)))"
        : i.lower > d.upper ? "IoU \(show(i.value)) is above Dice \(show(d.value))" : nil
      report("Dice–IoU bound", detail)
    }
    if let b = v["balancedaccuracy"], let s = v["sensitivity"], let t = v["specificity"] {
      let (low, high) = ((s.lower + t.lower) / 2, (s.upper + t.upper) / 2)
      report(
        "balanced accuracy",
        b.upper < low || b.lower > high
          ? "\(show(b.value)) is not the mean \(show((s.value + t.value) / 2))" : nil)
    }
    if let a = v["accuracy"], let s = v["sensitivity"] ?? v["recall"], let t = v["specificity"] {
      let (low, high) = (min(s.lower, t.lower), max(s.upper, t.upper))
      report(
        "accuracy between",
        a.upper < low || a.lower > high
          ? "accuracy \(show(a.value)) is not between sensitivity \(show(s.value)) and specificity "
            + show(t.value) : nil)
    }
    if isBalanced, let a = v["accuracy"], let r = v["macrorecall"] ?? v["balancedaccuracy"] {
      report(
        "balanced recall",
        a.upper < r.lower || a.lower > r.upper
          ? "macro recall \(show(r.value)) must be the accuracy \(show(a.value))" : nil)
    }
  }

  private func bound(
    _ f: Printed, _ p: Printed, _ r: Printed, _ report: (String, String?) -> Void
  ) {
    // The harmonic mean of each class is at most its arithmetic mean.
    report(
      "F1 bound",
      f.lower > (p.upper + r.upper) / 2
        ? "macro-F1 \(show(f.value)) is above (P + R)/2 = \(show((p.value + r.value) / 2))" : nil)
  }

  private func harmonic(_ a: Double, _ b: Double) -> Double { a + b > 0 ? 2 * a * b / (a + b) : 0 }
}

/// RFC 4180 rows.
enum CSVReader {
  static func rows(_ text: String) throws(EvaluationError) -> [[String]] {
    var rows: [[String]] = []
    var row: [String] = []
    var field = String.UnicodeScalarView()
    var quoted = false
    var wasQuoted = false
    let scalars = Array(text.unicodeScalars)
    var i = scalars.first == "\u{FEFF}" ? 1 : 0
    func endField() {
      row.append(String(field))
      field = String.UnicodeScalarView()
      wasQuoted = false
    }
    func endRow() {
      endField()
      if row.count > 1 || row.first?.isEmpty == false { rows.append(row) }
      row = []
    }
    while i < scalars.count {
      let c = scalars[i]
      if quoted {
        if c == "\"" {
          if i + 1 < scalars.count, scalars[i + 1] == "\"" {
            field.append("\"")
            i += 1
          } else {
            quoted = false
          }
        } else {
          field.append(c)
        }
      } else {
        switch c {
        case "\"" where field.isEmpty && !wasQuoted:
          quoted = true
          wasQuoted = true
        case ",": endField()
        case "\r": break
        case "\n": endRow()
        default: field.append(c)
        }
      }
      i += 1
    }
    guard !quoted else {
      throw EvaluationError(.format, "row \(rows.count + 1): a quote is not closed")
    }
    if !field.isEmpty || !row.isEmpty || wasQuoted { endRow() }
    return rows
  }
}

// A table of results, written as Markdown, CSV, LaTeX or HTML.

/// A table whose cells keep their numbers until they are written.
public struct Table: Hashable, Sendable, Codable {
  /// A cell.
  public enum Cell: Hashable, Sendable, Codable {
    case text(String)
    case integer(Int)
    case number(Double)
    case metric(MetricValue)
    /// A value with its interval: `0.31 (0.27–0.35)`.
    case score(Score)
    /// A p value: `0.034`, `<0.001`.
    case pValue(MetricValue)
    case empty
  }

  public var title: String
  public var columns: [String]
  public var rows: [[Cell]]
  /// Lines below the table: definitions, how non-answers were counted.
  public var notes: [String]

  /// Rows shorter than the columns are filled with empty cells when written.
  public init(title: String = "", columns: [String], rows: [[Cell]], notes: [String] = []) {
    self.title = title
    self.columns = columns
    self.rows = rows
    self.notes = notes
  }

  /// One line a score: value, interval, n, undefined parts.
  public init(title: String = "", scores: [Score]) {
    self.init(
      title: title, columns: ["metric", "value", "95 % CI", "n", "undefined"],
      rows: scores.map { s in
        [
          .text(s.name), .metric(s.value),
          s.interval.map { .text(Self.range($0, digits: 3)) } ?? .empty, .integer(s.count),
          .integer(s.undefined.count),
        ]
      }, notes: scores.map(\.signature))
  }

  static func range(_ interval: Interval, digits: Int) -> String {
    let (low, high) = interval.bounds
    return "\(fixed(low, decimals: digits))–\(fixed(high, decimals: digits))"
  }

  func text(_ cell: Cell, digits: Int) -> String {
    switch cell {
    case .text(let t): return t
    case .integer(let i): return String(i)
    case .number(let x): return number(x, digits)
    case .metric(let v): return v.double.map { number($0, digits) } ?? "–"
    case .score(let s):
      let value = s.double.map { number($0, digits) } ?? "–"
      return s.interval.map { "\(value) (\(Self.range($0, digits: digits)))" } ?? value
    case .pValue(let p):
      guard let x = p.double else { return "–" }
      return x < 0.001 ? "<0.001" : fixed(x, decimals: 3)
    case .empty: return ""
    }
  }

  private func number(_ x: Double, _ digits: Int) -> String {
    abs(x) >= 1000 || (x != 0 && abs(x) < 0.001)
      ? formatted(x, digits: max(digits, 1)) : fixed(x, decimals: digits)
  }

  private func lines(_ digits: Int) -> [[String]] {
    rows.map { row in
      columns.indices.map { $0 < row.count ? text(row[$0], digits: digits) : "" }
    }
  }

  private var numeric: [Bool] {
    columns.indices.map { c in
      rows.contains { $0.count > c }
        && rows.allSatisfy { row in
          guard c < row.count else { return true }
          if case .text = row[c] { return false }
          return true
        }
    }
  }

  /// GitHub-flavoured Markdown; `|` and line breaks in cells are escaped.
  public func markdown(digits: Int = 3) -> String {
    func escape(_ t: String) -> String {
      var out = ""
      for c in t {
        switch c {
        case "|": out += "\\|"
        case "\\": out += "\\\\"
        case "\n", "\r", "\r\n": out += " "
        case "<": out += "&lt;"
        default: out.append(c)
        }
      }
      return out
    }
    var out = title.isEmpty ? "" : "**\(escape(title))**\n\n"
    out += "| " + columns.map(escape).joined(separator: " | ") + " |\n"
    out += "|" + numeric.map { $0 ? "---:|" : "---|" }.joined() + "\n"
    for line in lines(digits) { out += "| " + line.map(escape).joined(separator: " | ") + " |\n" }
    if !notes.isEmpty { out += "\n" + notes.map { escape($0) }.joined(separator: "  \n") + "\n" }
    return out
  }

  /// RFC 4180 CSV, full precision, without title and notes.
  ///
  /// Text that a spreadsheet would run as a formula gets a leading apostrophe.
  public func csv() -> String {
    func escape(_ t: String, isText: Bool) -> String {
      var text = t
      if isText, let first = text.first, "=+-@\t\r".contains(first) { text = "'" + text }
      guard text.contains(where: { ",\"\n\r".contains($0) || $0 == "\r\n" }) else { return text }
      var quoted = "\""
      for c in text { quoted += c == "\"" ? "\"\"" : String(c) }
      return quoted + "\""
    }
    func value(_ cell: Cell) -> String {
      switch cell {
      case .text(let t): return escape(t, isText: true)
      case .integer(let i): return String(i)
      case .number(let x): return "\(x)"
      case .metric(let v), .pValue(let v): return v.double.map { "\($0)" } ?? ""
      case .score(let s): return s.double.map { "\($0)" } ?? ""
      case .empty: return ""
      }
    }
    var out = columns.map { escape($0, isText: true) }.joined(separator: ",") + "\r\n"
    for row in rows {
      out +=
        columns.indices.map { $0 < row.count ? value(row[$0]) : "" }
        .joined(separator: ",") + "\r\n"
    }
    return out
  }

  /// A LaTeX `table` with `booktabs` rules.
  public func latex(digits: Int = 3) -> String {
    func escape(_ t: String) -> String {
      var out = ""
      for c in t {
        switch c {
        case "&", "%", "$", "#", "_", "{", "}": out += "\\\(c)"
        case "~": out += "\\textasciitilde{}"
        case "^": out += "\\textasciicircum{}"
        case "\\": out += "\\textbackslash{}"
        case "–": out += "--"
        case "−": out += "$-$"
        case "∞": out += "$\\infty$"
        case "κ": out += "$\\kappa$"
        case "α": out += "$\\alpha$"
        case "<": out += "$<$"
        case ">": out += "$>$"
        case "\n", "\r", "\r\n": out += " "
        default: out.append(c)
        }
      }
      return out
    }
    var out = "\\begin{table}\n\\centering\n"
    if !title.isEmpty { out += "\\caption{\(escape(title))}\n" }
    out += "\\begin{tabular}{" + numeric.map { $0 ? "r" : "l" }.joined() + "}\n\\toprule\n"
    out += columns.map(escape).joined(separator: " & ") + " \\\\\n\\midrule\n"
    for line in lines(digits) { out += line.map(escape).joined(separator: " & ") + " \\\\\n" }
    out += "\\bottomrule\n\\end{tabular}\n"
    for note in notes { out += "\\par\\footnotesize \(escape(note))\n" }
    return out + "\\end{table}\n"
  }

  /// An HTML `table`.
  public func html(digits: Int = 3) -> String {
    let align = numeric
    var out = "<table>\n"
    if !title.isEmpty { out += "<caption>\(xmlEscaped(title))</caption>\n" }
    out += "<thead><tr>"
    for column in columns { out += "<th scope=\"col\">\(xmlEscaped(column))</th>" }
    out += "</tr></thead>\n<tbody>\n"
    for line in lines(digits) {
      out += "<tr>"
      for (c, cell) in line.enumerated() {
        out += align[c] ? "<td style=\"text-align:right\">" : "<td>"
        out += xmlEscaped(cell) + "</td>"
      }
      out += "</tr>\n"
    }
    out += "</tbody>\n"
    if !notes.isEmpty {
      out += "<tfoot><tr><td colspan=\"\(columns.count)\">"
      out += notes.map(xmlEscaped).joined(separator: "<br>") + "</td></tr></tfoot>\n"
    }
    return out + "</table>\n"
  }
}

/// Text for XML and HTML; characters that XML 1.0 forbids become U+FFFD.
func xmlEscaped(_ text: String) -> String {
  var out = String.UnicodeScalarView()
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": out.append(contentsOf: "&amp;".unicodeScalars)
    case "<": out.append(contentsOf: "&lt;".unicodeScalars)
    case ">": out.append(contentsOf: "&gt;".unicodeScalars)
    case "\"": out.append(contentsOf: "&quot;".unicodeScalars)
    case "'": out.append(contentsOf: "&#39;".unicodeScalars)
    case "\t", "\n", "\r": out.append(scalar)
    default:
      let bad = scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF
      out.append(bad ? "\u{FFFD}" : scalar)
    }
  }
  return String(out)
}

/// HTML, written in order; text is escaped unless it is said to be markup.
struct Page {
  private(set) var html = ""

  /// Adds markup as it is.
  mutating func raw(_ markup: String) { html += markup + "\n" }

  /// An element around text.
  mutating func element(_ tag: String, _ text: String, attributes: String = "") {
    let open = attributes.isEmpty ? tag : "\(tag) \(attributes)"
    html += "<\(open)>\(Self.escaped(text))</\(tag)>\n"
  }

  /// A table with a head row; the first column names the row. Rows that are absent say why, across
  /// all columns.
  mutating func table(
    _ head: [String], _ rows: [[String]], absent: [(name: String, reason: String)] = [],
    caption: String? = nil
  ) {
    html += "<div class=\"scroll\"><table>"
    if let caption { html += "<caption>\(Self.escaped(caption))</caption>" }
    html += "<thead><tr>"
    for cell in head { html += "<th scope=\"col\">\(Self.escaped(cell))</th>" }
    html += "</tr></thead><tbody>\n"
    for row in rows {
      html += "<tr>"
      for (i, cell) in row.enumerated() {
        html += i == 0 ? "<th scope=\"row\">" : "<td>"
        html += Self.escaped(cell)
        html += i == 0 ? "</th>" : "</td>"
      }
      html += "</tr>\n"
    }
    for (name, reason) in absent {
      html += "<tr class=\"notrun\"><th scope=\"row\">\(Self.escaped(name))</th>"
      html += "<td colspan=\"\(head.count - 1)\">\(Self.escaped(reason))</td></tr>\n"
    }
    html += "</tbody></table></div>\n"
  }

  static func escaped(_ text: String) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count)
    for character in text {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: result.append(character)
      }
    }
    return result
  }

  static let style = """
    :root{color-scheme:light dark;--ink:#1c1c1e;--paper:#fff;--line:#d0d0d5;--soft:#f4f4f6}
    @media(prefers-color-scheme:dark){:root{--ink:#eee;--paper:#17171a;--line:#3a3a40;--soft:#222226}}
    body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);
      max-width:72rem;margin:2rem auto;padding:0 1rem}
    h1{font-size:1.7rem;margin-bottom:.2rem}h2{margin-top:2.4rem;border-bottom:1px solid var(--line)}
    .lead{font-size:1.1rem}.note{background:var(--soft);padding:.7rem 1rem;border-radius:.4rem}
    table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.92rem}
    caption{text-align:left;font-weight:600;padding:.4rem 0}
    th,td{border-bottom:1px solid var(--line);padding:.35rem .7rem;text-align:right;white-space:nowrap}
    td[colspan]{text-align:left;white-space:normal}.scroll{margin:.6rem 0 1.2rem}
    th[scope=row],thead th:first-child{text-align:left}.scroll{overflow-x:auto}
    .figures{display:flex;flex-wrap:wrap;gap:1.2rem}.figures figure{margin:0;flex:0 1 22rem}
    .figures figure.wide{flex:1 1 40rem;max-width:52rem}
    figure svg,figure img{max-width:100%;height:auto;background:#fff;border-radius:.3rem}
    figcaption{font-size:.85rem}.notrun{opacity:.65;font-style:italic}
    """
}

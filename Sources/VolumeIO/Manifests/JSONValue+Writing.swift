// JSON text, in one line.

extension JSONValue: CustomStringConvertible {
  /// The value as JSON, without line breaks, members in their order. Numbers that JSON cannot say (NaN,
  /// infinities) become `null`.
  public var description: String {
    var text = ""
    write(to: &text)
    return text
  }

  private func write(to text: inout String) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .number(let value):
      if !value.isFinite {
        text += "null"
      } else if value == value.rounded(), value.magnitude < 1e15 {
        text += "\(Int(value))"
      } else {
        text += "\(value)"
      }
    case .string(let value): Self.write(value, to: &text)
    case .array(let values):
      text += "["
      for (index, value) in values.enumerated() {
        if index > 0 { text += "," }
        value.write(to: &text)
      }
      text += "]"
    case .object(let members):
      text += "{"
      for (index, member) in members.enumerated() {
        if index > 0 { text += "," }
        Self.write(member.name, to: &text)
        text += ":"
        member.value.write(to: &text)
      }
      text += "}"
    }
  }

  private static func write(_ string: String, to text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\u{0}"..<"\u{20}":
        let hex = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}

/// JSON lines: one JSON value a line.
public enum JSONLines {
  /// The values of a file, empty lines left out.
  ///
  /// - Throws: `malformed` with the line's number.
  public static func read(contentsOf path: String) throws(VolumeError) -> [JSONValue] {
    let file = try InputFile(path)
    do throws(VolumeError) {
      return try parse(try file.readAll())
    } catch {
      throw error.naming(file.name)
    }
  }

  /// The values of text in memory.
  public static func parse(_ bytes: [UInt8]) throws(VolumeError) -> [JSONValue] {
    var values: [JSONValue] = []
    var start = 0
    for (number, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
      .enumerated()
    {
      defer { start += line.count + 1 }
      guard line.contains(where: { $0 > 0x20 }) else { continue }
      do throws(VolumeError) {
        values.append(try JSONValue(parsing: Array(line)))
      } catch {
        throw VolumeError(
          error.code, error.detail, offset: start + (error.offset ?? 0),
          field: "line \(number + 1)")
      }
    }
    return values
  }

  /// Writes one value a line, under the path only when complete.
  public static func write(_ values: [JSONValue], to path: String) throws(VolumeError) {
    var text = ""
    for value in values { text += value.description + "\n" }
    try OutputFile.write(Array(text.utf8).span, to: path)
  }
}

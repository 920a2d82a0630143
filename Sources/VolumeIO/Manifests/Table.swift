// Comma-separated values, RFC 4180.

/// A table with named columns, as CSV files have it.
public struct Table: Sendable, Hashable {
  /// The names of the columns, from the first line.
  public var columns: [String]
  /// The fields of each further line; every row has as many as there are columns.
  public var rows: [[String]]

  /// - Precondition: Every row has one field a column.
  public init(columns: [String], rows: [[String]] = []) {
    for row in rows {
      precondition(
        row.count == columns.count, "\(row.count) fields for \(columns.count) columns")
    }
    self.columns = columns
    self.rows = rows
  }

  /// All fields of the column of that name; nil where there is none.
  public subscript(column: String) -> [String]? {
    guard let index = columns.firstIndex(of: column) else { return nil }
    return rows.map { $0[index] }
  }

  /// The field of a row in the column of that name; nil where there is no such column.
  ///
  /// - Precondition: `row` is in `0..<rows.count`.
  public subscript(row: Int, column: String) -> String? {
    columns.firstIndex(of: column).map { rows[row][$0] }
  }

  /// Reads a CSV file.
  ///
  /// Fields may be quoted, and then hold separators, line breaks and doubled quotes. Lines end in LF or
  /// CR LF; a byte-order mark is passed over; empty lines are left out.
  /// - `separator`: The character between fields, such as a tab.
  /// - Throws: `malformed` with the line's number, where a quote never closes, something follows a
  ///   closing quote, or a row's count of fields is not the first line's.
  public init(
    contentsOf path: String, separator: Unicode.Scalar = ","
  ) throws(VolumeError) {
    let file = try InputFile(path)
    do throws(VolumeError) {
      try self.init(parsing: try file.readAll(), separator: separator)
    } catch {
      throw error.naming(file.name)
    }
  }

  /// Reads CSV from memory.
  ///
  /// - Precondition: `separator` is ASCII.
  public init(parsing bytes: [UInt8], separator: Unicode.Scalar = ",") throws(VolumeError) {
    precondition(separator.isASCII, "the separator \(separator) is not ASCII")
    var parser = TableParser(bytes, separator: UInt8(ascii: separator))
    guard let columns = try parser.nextRow() else {
      throw VolumeError(.malformed, "no line with the columns' names", offset: 0)
    }
    self.columns = columns
    rows = []
    while let row = try parser.nextRow() {
      guard row.count == columns.count else {
        throw VolumeError(
          .malformed, "\(row.count) fields where the first line has \(columns.count)",
          offset: parser.rowStart, field: "line \(parser.rowLine)")
      }
      rows.append(row)
    }
  }

  /// The table as CSV, lines ended by CR LF, fields quoted where they must be.
  public func csv(separator: Unicode.Scalar = ",") -> String {
    var text = ""
    for row in [columns] + rows {
      for (index, field) in row.enumerated() {
        if index > 0 { text.unicodeScalars.append(separator) }
        let isPlain =
          field.unicodeScalars.allSatisfy {
            $0 != separator && $0 != "\"" && $0 != "\n" && $0 != "\r"
          } && !(field.isEmpty && row.count == 1)
        text += isPlain ? field : "\"" + Self.doubled(field) + "\""
      }
      text += "\r\n"
    }
    return text
  }

  private static func doubled(_ field: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in field.unicodeScalars {
      if scalar == "\"" { result.append(scalar) }
      result.append(scalar)
    }
    return String(result)
  }

  /// Writes the table as CSV, under the path only when complete.
  public func write(to path: String, separator: Unicode.Scalar = ",") throws(VolumeError) {
    try OutputFile.write(Array(csv(separator: separator).utf8).span, to: path)
  }
}

private struct TableParser {
  let bytes: [UInt8]
  let separator: UInt8
  var position = 0
  var line = 1
  var rowStart = 0
  var rowLine = 1

  init(_ bytes: [UInt8], separator: UInt8) {
    self.bytes = bytes
    self.separator = separator
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  mutating func nextRow() throws(VolumeError) -> [String]? {
    while position < bytes.count, bytes[position] == 0x0A || bytes[position] == 0x0D {
      if bytes[position] == 0x0A { line += 1 }
      position += 1
    }
    guard position < bytes.count else { return nil }
    rowStart = position
    rowLine = line
    var fields: [String] = []
    while true {
      fields.append(try field())
      guard position < bytes.count else { return fields }
      let byte = bytes[position]
      position += 1
      if byte == separator { continue }
      if byte == 0x0D, position < bytes.count, bytes[position] == 0x0A { position += 1 }
      line += 1
      return fields
    }
  }

  /// One field; stops at the separator or the line's end.
  private mutating func field() throws(VolumeError) -> String {
    guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
      let start = position
      while position < bytes.count, bytes[position] != separator, bytes[position] != 0x0A,
        bytes[position] != 0x0D
      { position += 1 }
      return String(decoding: bytes[start..<position], as: UTF8.self)
    }
    position += 1
    var text: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      guard byte == UInt8(ascii: "\"") else {
        if byte == 0x0A { line += 1 }
        text.append(byte)
        continue
      }
      if position < bytes.count, bytes[position] == UInt8(ascii: "\"") {
        text.append(byte)
        position += 1
        continue
      }
      guard
        position == bytes.count || bytes[position] == separator || bytes[position] == 0x0A
          || bytes[position] == 0x0D
      else {
        throw VolumeError(
          .malformed, "text after a closing quote", offset: position, field: "line \(line)")
      }
      return String(decoding: text, as: UTF8.self)
    }
    throw VolumeError(
      .malformed, "a quote that never closes", offset: rowStart, field: "line \(rowLine)")
  }
}

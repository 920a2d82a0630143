// The header of NumPy's .npy files: a Python dictionary in text.
// Source: numpy.lib.format, "Format Version 1.0" to "3.0".

/// What the header of a `.npy` file says.
struct NumPyHeader: Sendable, Hashable {
  /// One field of a record; a plain array has one without a name.
  struct Field: Sendable, Hashable {
    var name: String
    /// Byte order and kind: `<`, `>` or `|`, then a letter.
    var endian: Endian
    var kind: Character
    /// Bytes of an element; for texts of kind `U` four times the characters.
    var width: Int
    /// The shape of an element that is an array itself.
    var shape: [Int]

    var count: Int { shape.reduce(1, *) }
  }

  var fields: [Field]
  var isFortranOrder: Bool
  var shape: [Int]
  /// Where the data begin.
  var dataOffset: Int

  var recordBytes: Int { fields.reduce(0) { $0 + $1.width * $1.count } }

  /// - Parameter start: The file's beginning, long enough for the whole header.
  init(parsing start: [UInt8]) throws(VolumeError) {
    guard start.starts(with: [0x93] + Array("NUMPY".utf8)), start.count >= 10 else {
      throw VolumeError(.unknownFormat, "no NumPy magic", offset: 0)
    }
    let r = ByteReader(start, .little)
    let version = start[6]
    guard (1...3).contains(version) else {
      throw VolumeError(.unsupported, "version \(version), expected 1 to 3", offset: 6)
    }
    let (head, length) =
      version == 1
      ? (10, try r.int(8, "header length", as: UInt16.self))
      : (12, try r.int(8, "header length", as: UInt32.self))
    var parser = PythonLiteral(try r.slice(head, length, "header"))
    dataOffset = head + length
    let dictionary: PythonLiteral.Value
    do throws(VolumeError) {
      dictionary = try parser.value(depth: 0)
    } catch {
      throw VolumeError(
        error.code, error.detail, offset: head + (error.offset ?? 0), field: "header")
    }
    guard case .dictionary(let entries) = dictionary, let descr = entries["descr"],
      case .bool(let order)? = entries["fortran_order"], let axes = entries["shape"]?.integers
    else {
      throw VolumeError(
        .malformed, "no dictionary of descr, fortran_order and shape", offset: head,
        field: "header")
    }
    isFortranOrder = order
    shape = axes
    fields = try Self.fields(descr)
    guard shape.allSatisfy({ $0 >= 0 }), shape.count <= 32 else {
      throw VolumeError(.malformed, "a shape of \(shape)", offset: head, field: "shape")
    }
  }

  private static func fields(_ descr: PythonLiteral.Value) throws(VolumeError) -> [Field] {
    if case .string(let type) = descr { return [try field("", type, [])] }
    guard case .list(let list) = descr, !list.isEmpty, list.count <= 1024 else {
      throw VolumeError(.unsupported, "a type that is neither text nor a list", field: "descr")
    }
    var fields: [Field] = []
    for entry in list {
      guard case .list(let parts) = entry, parts.count >= 2, case .string(let type) = parts[1]
      else { throw VolumeError(.unsupported, "records within records", field: "descr") }
      let name: String =
        switch parts[0] {
        case .string(let text): text
        case .list(let titles): titles.last?.string ?? ""
        default: ""
        }
      var shape: [Int] = []
      if parts.count > 2 {
        guard let axes = parts[2].integers, axes.allSatisfy({ $0 >= 0 && $0 < 1 << 31 }) else {
          throw VolumeError(.malformed, "no shape of a field", field: "descr")
        }
        shape = axes
      }
      fields.append(try field(name, type, shape))
    }
    return fields
  }

  private static func field(
    _ name: String, _ type: String, _ shape: [Int]
  ) throws(VolumeError) -> Field {
    var text = type[...]
    var endian = Endian.host
    if let first = text.first, "<>|=".contains(first) {
      if first == "<" { endian = .little }
      if first == ">" { endian = .big }
      text = text.dropFirst()
    }
    guard let kind = text.first, let size = Int(text.dropFirst()), size >= 0, size <= 1 << 24
    else {
      throw VolumeError(.unsupported, "the type '\(type.prefix(40))'", field: "descr")
    }
    let allowed: [Character: [Int]] = [
      "b": [1], "u": [1, 2, 4, 8], "i": [1, 2, 4, 8], "f": [2, 4, 8], "c": [8, 16],
    ]
    guard allowed[kind]?.contains(size) ?? ["U", "S"].contains(kind) else {
      let why = kind == "O" ? "; objects are pickled programs" : ""
      throw VolumeError(.unsupported, "the type '\(type.prefix(40))'\(why)", field: "descr")
    }
    var count = 1
    for axis in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: axis)
      guard !overflow, product <= 1 << 40 else {
        throw VolumeError(.limit, "a field of shape \(shape)", field: "descr")
      }
      count = product
    }
    let width = kind == "U" ? size * 4 : size
    return Field(name: name, endian: endian, kind: kind, width: width, shape: shape)
  }
}

/// The literals that `.npy` headers are made of: dictionaries, tuples, lists, texts, numbers, booleans.
struct PythonLiteral {
  indirect enum Value: Sendable, Hashable {
    case dictionary([String: Value])
    case list([Value])
    case string(String)
    case integer(Int)
    case bool(Bool)

    var string: String? {
      if case .string(let text) = self { return text }
      return nil
    }

    /// A number, or a tuple of numbers.
    var integers: [Int]? {
      if case .integer(let number) = self { return [number] }
      guard case .list(let values) = self else { return nil }
      var numbers: [Int] = []
      for value in values {
        guard case .integer(let number) = value else { return nil }
        numbers.append(number)
      }
      return numbers
    }
  }

  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte <= 0x20 { position += 1 }
  }

  private func bad(_ detail: String) -> VolumeError {
    VolumeError(.malformed, detail, offset: position)
  }

  mutating func value(depth: Int) throws(VolumeError) -> Value {
    guard depth < 8 else { throw VolumeError(.limit, "too many brackets", offset: position) }
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try dictionary(depth)
    case UInt8(ascii: "("): return .list(try list(UInt8(ascii: ")"), depth))
    case UInt8(ascii: "["): return .list(try list(UInt8(ascii: "]"), depth))
    case UInt8(ascii: "'"), UInt8(ascii: "\""): return .string(try text())
    default: return try word()
    }
  }

  private mutating func list(_ end: UInt8, _ depth: Int) throws(VolumeError) -> [Value] {
    position += 1
    var values: [Value] = []
    while true {
      skipSpace()
      if next == end {
        position += 1
        return values
      }
      values.append(try value(depth: depth + 1))
      skipSpace()
      if next == UInt8(ascii: ",") {
        position += 1
      } else if next != end {
        throw bad("no comma and no end")
      }
    }
  }

  private mutating func dictionary(_ depth: Int) throws(VolumeError) -> Value {
    position += 1
    var entries: [String: Value] = [:]
    while true {
      skipSpace()
      if next == UInt8(ascii: "}") {
        position += 1
        return .dictionary(entries)
      }
      let key = try text()
      skipSpace()
      guard next == UInt8(ascii: ":") else { throw bad("no colon") }
      position += 1
      entries[key] = try value(depth: depth + 1)
      skipSpace()
      if next == UInt8(ascii: ",") {
        position += 1
      } else if next != UInt8(ascii: "}") {
        throw bad("no comma and no end")
      }
    }
  }

  private mutating func text() throws(VolumeError) -> String {
    guard let quote = next, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
      throw bad("no quote")
    }
    position += 1
    let start = position
    while let byte = next {
      position += 1
      if byte == UInt8(ascii: "\\") { throw bad("an escape in a text") }
      if byte == quote { return String(decoding: bytes[start..<position - 1], as: UTF8.self) }
    }
    throw bad("a text without end")
  }

  private mutating func word() throws(VolumeError) -> Value {
    let start = position
    while let byte = next,
      byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
        || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
        || (0x61...0x7A).contains(byte)
    { position += 1 }
    var word = String(decoding: bytes[start..<position], as: UTF8.self)
    if word == "True" { return .bool(true) }
    if word == "False" { return .bool(false) }
    if word.hasSuffix("L") { word.removeLast() }
    guard let number = Int(word) else { throw bad("no value") }
    return .integer(number)
  }
}

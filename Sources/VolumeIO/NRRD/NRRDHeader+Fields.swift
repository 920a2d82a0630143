// The values of NRRD's fields.

extension NRRDHeader {
  mutating func set(_ name: String, _ value: String) throws(VolumeError) {
    switch name {
    case "type": try setType(value.lowercased())
    case "sizes": sizes = try Self.integers(value)
    case "encoding": encoding = try Self.encoding(value.lowercased())
    case "endian":
      guard let order = Endian(rawValue: value.lowercased()) else {
        throw VolumeError(.malformed, "'\(value)', expected little or big")
      }
      endian = order
    case "space": space = Self.space(value.lowercased())
    case "space directions": directions = try Self.vectors(value)
    case "space origin": origin = try Self.vectors(value).first ?? nil
    case "spacings": spacings = try Self.doubles(value)
    case "axis mins", "axismins": axisMins = try Self.doubles(value)
    case "kinds": kinds = value.lowercased().split(whereSeparator: \.isWhitespace).map(String.init)
    case "line skip", "lineskip": lineSkip = try Self.integer(value)
    case "byte skip", "byteskip": byteSkip = try Self.integer(value)
    case "data file", "datafile": dataFiles = .files(try Self.files(value))
    default: break
    }
    guard lineSkip >= 0, byteSkip >= -1 else {
      throw VolumeError(.malformed, "'\(value)', expected 0 or more (bytes: or −1)")
    }
  }

  private mutating func setType(_ value: String) throws(VolumeError) {
    let names: [SampleType: [String]] = [
      .int8: ["signed char", "int8", "int8_t"],
      .uint8: ["uchar", "unsigned char", "uint8", "uint8_t"],
      .int16: ["short", "short int", "signed short", "signed short int", "int16", "int16_t"],
      .uint16: ["ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"],
      .int32: ["int", "signed int", "int32", "int32_t"],
      .uint32: ["uint", "unsigned int", "uint32", "uint32_t"],
      .int64: [
        "longlong", "long long", "long long int", "signed long long", "signed long long int",
        "int64", "int64_t",
      ],
      .uint64: [
        "ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t",
      ],
      .float32: ["float"], .float64: ["double"],
    ]
    isBlock = value == "block"
    type = names.first { $0.value.contains(value) }?.key
    guard isBlock || type != nil else {
      throw VolumeError(.malformed, "'\(value)' is no type of the standard")
    }
  }

  private static func encoding(_ value: String) throws(VolumeError) -> String {
    switch value {
    case "raw": return "raw"
    case "txt", "text", "ascii": return "ascii"
    case "hex": return "hex"
    case "gz", "gzip": return "gzip"
    case "bz2", "bzip2":
      throw VolumeError(
        .unsupported, "bzip2 is not read; convert with `unu save -f nrrd -e gzip`")
    default: throw VolumeError(.malformed, "'\(value)' is no encoding of the standard")
    }
  }

  /// Letters of a named anatomical space; empty for the others, which tell no anatomy.
  private static func space(_ value: String) -> String {
    let letters = [
      "right-anterior-superior": "RAS", "ras": "RAS", "left-anterior-superior": "LAS",
      "las": "LAS", "left-posterior-superior": "LPS", "lps": "LPS",
    ]
    let plain =
      value.hasSuffix("-time") ? String(value.dropLast(5)) : value
    if let found = letters[plain] { return found }
    return plain.hasSuffix("t") ? letters[String(plain.dropLast())] ?? "" : ""
  }

  private static func integer(_ value: String) throws(VolumeError) -> Int {
    guard let number = Int(value) else {
      throw VolumeError(.malformed, "'\(value)', expected a whole number")
    }
    return number
  }

  private static func integers(_ value: String) throws(VolumeError) -> [Int] {
    var numbers: [Int] = []
    for part in value.split(whereSeparator: \.isWhitespace) {
      numbers.append(try integer(String(part)))
    }
    return numbers
  }

  static func double(_ text: some StringProtocol) throws(VolumeError) -> Double {
    guard let number = Double(String(text)) else {
      throw VolumeError(.malformed, "'\(text)', expected a number")
    }
    return number
  }

  private static func doubles(_ value: String) throws(VolumeError) -> [Double] {
    var numbers: [Double] = []
    for part in value.split(whereSeparator: \.isWhitespace) { numbers.append(try double(part)) }
    return numbers
  }

  /// `(1,0,0) none (0,1,0)`.
  private static func vectors(_ value: String) throws(VolumeError) -> [[Double]?] {
    var vectors: [[Double]?] = []
    var rest = value[...]
    while true {
      while let first = rest.first, first.isWhitespace { rest = rest.dropFirst() }
      if rest.isEmpty { return vectors }
      if rest.hasPrefix("none") {
        vectors.append(nil)
        rest = rest.dropFirst(4)
        continue
      }
      guard rest.first == "(", let close = rest.firstIndex(of: ")") else {
        throw VolumeError(.malformed, "'\(value)', expected vectors in parentheses")
      }
      var vector: [Double] = []
      for part in rest[rest.index(after: rest.startIndex)..<close].split(separator: ",") {
        let number = try double(trimmed(part))
        guard number.isFinite else {
          throw VolumeError(.malformed, "'\(value)', expected finite numbers")
        }
        vector.append(number)
      }
      vectors.append(vector)
      rest = rest[rest.index(after: close)...]
    }
  }

  /// A name, or `format min max step`.
  private static func files(_ value: String) throws(VolumeError) -> [String] {
    let parts = value.split(whereSeparator: \.isWhitespace).map(String.init)
    guard parts.count >= 4, parts[0].contains("%") else { return [value] }
    guard let low = Int(parts[1]), let high = Int(parts[2]), let step = Int(parts[3]), step != 0
    else { throw VolumeError(.malformed, "'\(value)', expected a name, or format min max step") }
    return try FilePattern.names(parts[0], from: low, through: high, by: step)
  }
}

/// File names made of a `printf` pattern with one whole number, as NRRD and MetaImage have them.
enum FilePattern {
  /// - Throws: `malformed` for a pattern without exactly one `%d`; `limit` beyond 100,000 names.
  static func names(
    _ pattern: String, from low: Int, through high: Int, by step: Int
  ) throws(VolumeError) -> [String] {
    guard let percent = pattern.firstIndex(of: "%"),
      let letter = pattern[percent...].firstIndex(of: "d"),
      !pattern[pattern.index(after: letter)...].contains("%")
    else { throw VolumeError(.malformed, "'\(pattern)' has no one %d") }
    let flags = pattern[pattern.index(after: percent)..<letter]
    guard flags.allSatisfy(\.isNumber), step != 0 else {
      throw VolumeError(.malformed, "'\(pattern)' has no one %d")
    }
    let width = Int(flags) ?? 0
    guard width <= 32, (high - low) / step < 100_000, (high - low) / step >= 0 else {
      throw VolumeError(.limit, "'\(pattern)' from \(low) to \(high) by \(step)")
    }
    let filler = flags.hasPrefix("0") ? "0" : " "
    return stride(from: low, through: high, by: step).map { number in
      let digits = "\(number)"
      let padding = String(repeating: filler, count: max(0, width - digits.count))
      return pattern[..<percent] + padding + digits + pattern[pattern.index(after: letter)...]
    }
  }
}

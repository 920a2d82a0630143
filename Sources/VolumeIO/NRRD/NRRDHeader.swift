// The text header of NRRD files.
// Source: http://teem.sourceforge.net/nrrd/format.html; section numbers below are that page's.

/// The fields of a NRRD header that say how to read its data, and its key/value pairs.
struct NRRDHeader: Sendable, Hashable {
  /// Where the samples stand.
  enum DataFiles: Sendable, Hashable {
    /// Behind the header, in the same file.
    case attached
    /// In other files, one after another; each holds `subdimension` axes, where that is told.
    case files([String])
  }

  var sizes: [Int] = []
  var encoding = "raw"
  var type: SampleType?
  var isBlock = false
  var endian: Endian?
  /// One letter a world axis, such as `LPS`; empty where the file names no anatomical space.
  var space = ""
  var directions: [[Double]?] = []
  var origin: [Double]?
  var spacings: [Double] = []
  var axisMins: [Double] = []
  var kinds: [String] = []
  var lineSkip = 0
  var byteSkip = 0
  var dataFiles = DataFiles.attached
  var keyValues: [String: String] = [:]
  /// Where the attached data begin.
  var dataOffset = 0

  /// Parses the header at the front of a file.
  ///
  /// - Parameter bytes: The file's beginning, long enough for the whole header.
  init(parsing bytes: [UInt8]) throws(VolumeError) {
    guard bytes.starts(with: "NRRD000".utf8) else {
      throw VolumeError(.unknownFormat, "no NRRD magic", offset: 0)
    }
    var lines = HeaderLines(bytes)
    _ = lines.next()
    var dimension: Int?
    var isEnded = false
    while let line = lines.next() {
      if line.text.isEmpty {
        isEnded = true
        break
      }
      if line.text.hasPrefix("#") { continue }
      if let split = Self.split(line.text, ":=") {
        keyValues[Self.unescaped(split.0)] = Self.unescaped(split.1)
        continue
      }
      guard let (name, value) = Self.split(line.text, ":") else {
        throw VolumeError(
          .malformed, "a line that is neither a field nor a key", offset: line.offset,
          field: "header")
      }
      if name == "dimension" { dimension = Int(value) }
      let isList = name == "data file" || name == "datafile"
      if isList, value.uppercased().hasPrefix("LIST") {
        var files: [String] = []
        while let file = lines.next() {
          if !file.text.isEmpty { files.append(file.text) }
        }
        dataFiles = .files(files)
        isEnded = true
        break
      }
      do throws(VolumeError) {
        try set(name, value)
      } catch {
        throw VolumeError(error.code, error.detail, offset: line.offset, field: name)
      }
    }
    dataOffset = lines.position
    guard isEnded || dataFiles != .attached else {
      throw VolumeError(
        .truncated, "no empty line ends the header", offset: lines.position, field: "header")
    }
    try check(dimension)
  }

  private func check(_ dimension: Int?) throws(VolumeError) {
    guard let dimension, (1...16).contains(dimension), sizes.count == dimension else {
      throw VolumeError(
        .malformed, "\(sizes.count) sizes for \(dimension.map { "\($0)" } ?? "no") axes",
        field: "sizes")
    }
    guard sizes.allSatisfy({ $0 > 0 }) else {
      throw VolumeError(.malformed, "sizes \(sizes)", field: "sizes")
    }
    for (name, count) in [
      ("space directions", directions.count), ("spacings", spacings.count),
      ("kinds", kinds.count), ("axis mins", axisMins.count),
    ] where count != 0 && count != dimension {
      throw VolumeError(.malformed, "\(count) values for \(dimension) axes", field: name)
    }
    guard !isBlock else { throw VolumeError(.unsupported, "samples of blocks", field: "type") }
    guard let type else { throw VolumeError(.malformed, "no type", field: "type") }
    guard endian != nil || type.size == 1 || ["ascii", "hex"].contains(encoding) else {
      throw VolumeError(.malformed, "no byte order for \(type)", field: "endian")
    }
  }

  private static func split(_ line: String, _ mark: String) -> (String, String)? {
    guard let range = line.firstRange(of: mark) else { return nil }
    if mark == ":", line[range.upperBound...].hasPrefix("=") { return nil }
    return (trimmed(line[..<range.lowerBound]), trimmed(line[range.upperBound...]))
  }

  private static func unescaped(_ text: String) -> String {
    text.replacing("\\n", with: "\n").replacing("\\\\", with: "\\")
  }
}

func trimmed(_ text: some StringProtocol) -> String {
  var part = text[...]
  while let first = part.first, first.isWhitespace { part = part.dropFirst() }
  while let last = part.last, last.isWhitespace { part = part.dropLast() }
  return String(part)
}

/// The lines of a header, ended by LF or CR LF.
struct HeaderLines {
  let bytes: [UInt8]
  var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The next line without its end; nil at the end of the bytes.
  mutating func next() -> (text: String, offset: Int)? {
    guard position < bytes.count else { return nil }
    let start = position
    var end = start
    while end < bytes.count, bytes[end] != 0x0A { end += 1 }
    position = min(end + 1, bytes.count)
    if end > start, bytes[end - 1] == 0x0D { end -= 1 }
    return (String(decoding: bytes[start..<end], as: UTF8.self), start)
  }
}

// The tags of MetaImage headers.
// Source: https://itk.org/Wiki/MetaIO/Documentation, "Reference: MetaImage-specific tags".

/// The tags of a `.mha` or `.mhd` header.
struct MetaImageHeader: Sendable, Hashable {
  var sizes: [Int] = []
  var components = 1
  var type: SampleType?
  var endian = Endian.little
  var isText = false
  var isCompressed = false
  var compressedSize: Int?
  /// Bytes to pass over in each data file; −1 takes the bytes at its end.
  var headerSize = 0
  var spacing: [Double] = []
  var elementSize: [Double] = []
  var offset: [Double] = []
  /// Row by row: the direction of each axis.
  var matrix: [Double] = []
  var slope = 1.0
  var intercept = 0.0
  var modality: String?
  /// `LOCAL`, or the names of the data files.
  var dataFiles: [String] = []
  var dataOffset = 0
  var others: [String: String] = [:]

  var isLocal: Bool { dataFiles.first?.uppercased() == "LOCAL" }

  /// - Parameter bytes: The file's beginning, long enough for the whole header.
  init(parsing bytes: [UInt8]) throws(VolumeError) {
    var lines = HeaderLines(bytes)
    var axes: Int?
    while let line = lines.next() {
      if trimmed(line.text).isEmpty { continue }
      guard let equals = line.text.firstIndex(of: "=") else {
        throw VolumeError(
          .malformed, "a line without '='", offset: line.offset, field: "header")
      }
      let name = trimmed(line.text[..<equals])
      let value = trimmed(line.text[line.text.index(after: equals)...])
      do throws(VolumeError) {
        if name == "NDims" {
          axes = try Self.integer(value)
        } else if name == "ElementDataFile" {
          try setFiles(value, axes ?? 3, &lines)
          dataOffset = lines.position
          break
        } else {
          try set(name, value)
        }
      } catch {
        throw VolumeError(error.code, error.detail, offset: line.offset, field: name)
      }
    }
    guard !dataFiles.isEmpty else {
      throw VolumeError(
        .truncated, "the header names no data", offset: lines.position, field: "ElementDataFile")
    }
    guard let axes, (1...10).contains(axes), sizes.count == axes else {
      throw VolumeError(
        .malformed, "\(sizes.count) sizes for \(axes.map { "\($0)" } ?? "no") axes",
        field: "DimSize")
    }
    guard sizes.allSatisfy({ $0 > 0 }), components > 0, type != nil else {
      throw VolumeError(
        .malformed, "sizes \(sizes), \(components) channels", field: "DimSize")
    }
    guard headerSize >= -1, compressedSize ?? 0 >= 0 else {
      throw VolumeError(.malformed, "\(headerSize)", field: "HeaderSize")
    }
    for (tag, count, wanted) in [
      ("ElementSpacing", spacing.count, axes), ("Offset", offset.count, axes),
      ("TransformMatrix", matrix.count, axes * axes),
    ] where count != 0 && count != wanted {
      throw VolumeError(.malformed, "\(count) numbers for \(axes) axes", field: tag)
    }
  }

  private mutating func set(_ name: String, _ value: String) throws(VolumeError) {
    switch name {
    case "DimSize": sizes = try Self.integers(value)
    case "ElementNumberOfChannels": components = try Self.integer(value)
    case "ElementType":
      type = Self.type(value)
      guard type != nil else { throw VolumeError(.unsupported, "the type '\(value)'") }
    case "ElementByteOrderMSB", "BinaryDataByteOrderMSB":
      endian = Self.isTrue(value) ? .big : .little
    case "BinaryData": isText = !Self.isTrue(value)
    case "CompressedData": isCompressed = Self.isTrue(value)
    case "CompressedDataSize": compressedSize = try Self.integer(value)
    case "HeaderSize": headerSize = try Self.integer(value)
    case "ElementSpacing": spacing = try Self.doubles(value)
    case "ElementSize": elementSize = try Self.doubles(value)
    case "Offset", "Position", "Origin": offset = try Self.doubles(value)
    case "TransformMatrix", "Rotation", "Orientation": matrix = try Self.doubles(value)
    case "ElementToIntensityFunctionSlope": slope = try Self.double(value)
    case "ElementToIntensityFunctionOffset": intercept = try Self.double(value)
    case "Modality": modality = Self.modality(value)
    case "ObjectType":
      guard value.lowercased() == "image" else {
        throw VolumeError(.unsupported, "an object of type '\(value)', expected Image")
      }
    default: others[name] = value
    }
  }

  private mutating func setFiles(
    _ value: String, _ axes: Int, _ lines: inout HeaderLines
  ) throws(VolumeError) {
    let parts = value.split(whereSeparator: \.isWhitespace).map(String.init)
    if parts.first?.uppercased() == "LIST" {
      while let line = lines.next() {
        let name = trimmed(line.text)
        if !name.isEmpty { dataFiles.append(name) }
      }
    } else if parts.count >= 4, parts[0].contains("%"), let low = Int(parts[1]),
      let high = Int(parts[2]), let step = Int(parts[3])
    {
      dataFiles = try FilePattern.names(parts[0], from: low, through: high, by: step)
    } else {
      dataFiles = [value]
    }
  }

  private static func type(_ name: String) -> SampleType? {
    switch name.replacing("_ARRAY", with: "") {
    case "MET_CHAR", "MET_ASCII_CHAR": .int8
    case "MET_UCHAR": .uint8
    case "MET_SHORT": .int16
    case "MET_USHORT": .uint16
    case "MET_INT", "MET_LONG": .int32
    case "MET_UINT", "MET_ULONG": .uint32
    case "MET_LONG_LONG": .int64
    case "MET_ULONG_LONG": .uint64
    case "MET_FLOAT": .float32
    case "MET_DOUBLE": .float64
    default: nil
    }
  }

  private static func modality(_ name: String) -> String? {
    switch name {
    case "MET_MOD_CT": "CT"
    case "MET_MOD_MR": "MR"
    case "MET_MOD_NM": "NM"
    case "MET_MOD_US": "US"
    default: nil
    }
  }

  private static func isTrue(_ value: String) -> Bool {
    value.hasPrefix("T") || value.hasPrefix("t") || value == "1"
  }

  private static func integer(_ text: some StringProtocol) throws(VolumeError) -> Int {
    guard let number = Int(String(text)) else {
      throw VolumeError(.malformed, "'\(text)', expected a whole number")
    }
    return number
  }

  private static func double(_ text: some StringProtocol) throws(VolumeError) -> Double {
    guard let number = Double(String(text)), number.isFinite else {
      throw VolumeError(.malformed, "'\(text)', expected a number")
    }
    return number
  }

  private static func integers(_ value: String) throws(VolumeError) -> [Int] {
    var numbers: [Int] = []
    for part in value.split(whereSeparator: \.isWhitespace) { numbers.append(try integer(part)) }
    return numbers
  }

  private static func doubles(_ value: String) throws(VolumeError) -> [Double] {
    var numbers: [Double] = []
    for part in value.split(whereSeparator: \.isWhitespace) { numbers.append(try double(part)) }
    return numbers
  }
}

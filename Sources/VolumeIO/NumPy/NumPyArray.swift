// NumPy arrays, plain and structured.

/// An array of a `.npy` file, or of a member of a `.npz`.
public struct NumPyArray: Sendable, Hashable {
  /// What one field holds, for all elements of the array.
  public enum Values: Sendable, Hashable {
    /// Numbers; booleans are 0 and 1, half precision becomes `Float`, complex numbers are pairs.
    case numbers(Samples)
    case texts([String])
  }

  /// One field of a structured array.
  public struct Field: Sendable, Hashable {
    /// The field's name; empty for the one field of a plain array.
    public var name: String
    /// The shape of the field within one element; empty for a single value.
    public var shape: [Int]
    /// Values of all elements, one after another.
    public var values: Values
  }

  /// The lengths of the axes.
  public var shape: [Int]
  /// Whether the first axis is the fastest, instead of the last.
  public var isFortranOrder: Bool
  public var fields: [Field]

  /// The values of a field; nil where there is none of that name.
  public subscript(field: String) -> Values? { fields.first { $0.name == field }?.values }

  /// The numbers of a plain array, in the order of the file; nil for texts and structured arrays.
  public var samples: Samples? {
    guard fields.count == 1, case .numbers(let samples)? = fields.first?.values else { return nil }
    return samples
  }

  public init(shape: [Int], isFortranOrder: Bool = false, fields: [Field]) {
    self.shape = shape
    self.isFortranOrder = isFortranOrder
    self.fields = fields
  }

  /// Reads a `.npy` file.
  ///
  /// - Throws: `unsupported` for pickled objects and for types of records within records.
  public init(contentsOf path: String) throws(VolumeError) {
    let file = try InputFile(path)
    do throws(VolumeError) {
      try self.init(.file(file))
    } catch {
      throw error.naming(file.name)
    }
  }

  /// Reads the bytes of a `.npy` file.
  public init(bytes: [UInt8]) throws(VolumeError) { try self.init(.memory(bytes)) }

  init(_ origin: ByteStream.Origin) throws(VolumeError) {
    let header = try NumPyHeader(parsing: try origin.prefix(1 << 20))
    shape = header.shape
    isFortranOrder = header.isFortranOrder
    var count = 1
    for axis in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: axis)
      guard !overflow else {
        throw VolumeError(.limit, "a shape of \(header.shape)", field: "shape")
      }
      count = product
    }
    var stream = try ByteStream(origin)
    try stream.skip(header.dataOffset, "header")
    fields = []
    if header.fields.count == 1, let field = header.fields.first, field.name.isEmpty {
      fields = [try Self.plain(field, count, &stream)]
      return
    }
    // Records are read whole and taken apart field by field.
    let (bytes, overflow) = count.multipliedReportingOverflow(by: header.recordBytes)
    guard !overflow else { throw VolumeError(.limit, "\(count) records", field: "shape") }
    let records = try stream.read(bytes, "records")
    var offset = 0
    for field in header.fields {
      let width = field.width * field.count
      var column: [UInt8] = []
      column.reserveCapacity(width * count)
      for record in 0..<count {
        let start = record * header.recordBytes + offset
        column += records[start..<start + width]
      }
      offset += width
      var part = try ByteStream(.memory(column))
      var read = try Self.plain(field, count * field.count, &part)
      read.shape = field.shape
      fields.append(read)
    }
  }

  private static func plain(
    _ field: NumPyHeader.Field, _ count: Int, _ stream: inout ByteStream
  ) throws(VolumeError) -> Field {
    let values: Values
    switch field.kind {
    case "U", "S":
      let (bytes, overflow) = count.multipliedReportingOverflow(by: field.width)
      guard !overflow else { throw VolumeError(.limit, "\(count) texts", field: "shape") }
      let raw = try stream.read(bytes, "texts")
      values = .texts(
        (0..<count).map { index in
          text(raw[index * field.width..<(index + 1) * field.width], field)
        })
    case "f" where field.width == 2:
      let half = try stream.samples(count, .stored(.uint16), field.endian, "data")
      guard case .uint16(let bits) = half else { fallthrough }
      values = .numbers(.float32(bits.map { float(half: $0) }))
    default:
      let isComplex = field.kind == "c"
      let width = isComplex ? field.width / 2 : field.width
      let type: SampleType =
        switch (field.kind, width) {
        case ("f", 8), ("c", 8): .float64
        case ("f", _), ("c", _): .float32
        case ("i", 1): .int8
        case ("i", 2): .int16
        case ("i", 4): .int32
        case ("i", _): .int64
        case ("u", 2): .uint16
        case ("u", 4): .uint32
        case ("u", 8): .uint64
        default: .uint8
        }
      values = .numbers(
        try stream.samples(
          isComplex ? count * 2 : count, .stored(type), field.endian, "data"))
    }
    return Field(name: field.name, shape: [], values: values)
  }

  private static func text(_ raw: ArraySlice<UInt8>, _ field: NumPyHeader.Field) -> String {
    if field.kind == "S" {
      let end = raw.lastIndex { $0 != 0 }.map { $0 + 1 } ?? raw.startIndex
      return String(decoding: raw[raw.startIndex..<end], as: UTF8.self)
    }
    var view = String.UnicodeScalarView()
    let bytes = Array(raw)
    for index in stride(from: 0, to: bytes.count - 3, by: 4) {
      let code: UInt32 = bytes.span.integer(index, field.endian)
      view.append(Unicode.Scalar(code) ?? "\u{FFFD}")
    }
    while view.last == "\u{0}" { view.removeLast() }
    return String(view)
  }

  /// IEEE 754 binary16 → `Float`, exact.
  static func float(half bits: UInt16) -> Float {
    let sign: Float = bits >> 15 == 0 ? 1 : -1
    let (exponent, fraction) = (Int(bits >> 10 & 0x1F), bits & 0x3FF)
    if exponent == 31 { return fraction == 0 ? sign * .infinity : .nan }
    if exponent == 0 {
      return sign * Float(fraction) * Float(sign: .plus, exponent: -24, significand: 1)
    }
    return sign
      * Float(sign: .plus, exponent: exponent - 25, significand: Float(1024 + fraction))
  }
}

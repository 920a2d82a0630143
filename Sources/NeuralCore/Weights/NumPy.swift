// NumPy's `.npy` and `.npz`.
// Source: numpy/lib/format.py, "Format Version 1.0" to "3.0".

/// NumPy's array files.
public enum NumPy {
  private static let types: [String: StoredType] = [
    "f8": .float64, "f4": .float32, "f2": .float16, "i8": .int64, "i4": .int32, "i2": .int16,
    "i1": .int8, "u8": .uint64, "u4": .uint32, "u2": .uint16, "u1": .uint8, "b1": .bool,
  ]

  static func readZip(_ zip: ZipArchive) throws(NeuralCoreError) -> Weights {
    var weights = Weights(format: "numpy")
    for name in zip.members.keys.sorted() where name.hasSuffix(".npy") {
      let (source, range) = try zip.slice(name)
      try weights.add(try tensor(String(name.dropLast(4)), in: source, range))
    }
    return weights
  }

  /// The array of a `.npy` file that fills `range`, or the whole source.
  static func tensor(_ name: String, in source: ByteSource, _ range: Range<Int>? = nil)
    throws(NeuralCoreError) -> StoredTensor
  {
    let range = range ?? 0..<source.count
    let headLength = min(range.count, 65_536 + 12)
    let head = try source.bytes(range.lowerBound, headLength, of: "npy")
    var reader = ByteReader(head, what: "npy \(name)")
    guard Array(try reader.take(6)) == [0x93] + Array("NUMPY".utf8) else {
      throw NeuralCoreError(.malformed, "npy: \(name) does not begin with \\x93NUMPY")
    }
    let major = try reader.byte()
    _ = try reader.byte()
    let length =
      major == 1 ? Int(try reader.integer(UInt16.self)) : Int(try reader.integer(UInt32.self))
    let text = String(decoding: try reader.take(length), as: UTF8.self)
    let header = try Header(text, name: name)
    guard let type = types[String(header.descriptor.dropFirst())] else {
      throw NeuralCoreError(.unsupported, "npy: \(name) has type \(header.descriptor)")
    }
    // Column-major arrays are a view with strides, innermost first.
    var strides: [Int]?
    if header.isColumnMajor, header.shape.count > 1 {
      var step = 1
      var steps: [Int] = []
      for size in header.shape {
        steps.append(step)
        let (next, overflow) = step.multipliedReportingOverflow(by: max(size, 1))
        guard !overflow else {
          throw NeuralCoreError(.limit, "npy: \(name) has shape \(header.shape)")
        }
        step = next
      }
      strides = steps
    }
    return try StoredTensor(
      name: name, type: type, shape: header.shape, strides: strides,
      isBigEndian: header.descriptor.hasPrefix(">"), source: source,
      start: range.lowerBound + reader.at, length: range.count - reader.at)
  }

  /// The Python dictionary at the head of a `.npy` file.
  private struct Header {
    var descriptor = ""
    var isColumnMajor = false
    var shape: [Int] = []

    init(_ text: String, name: String) throws(NeuralCoreError) {
      func failure() -> NeuralCoreError {
        NeuralCoreError(.malformed, "npy: \(name) has the header \(text.prefix(120))")
      }
      func value(_ key: String) -> Substring? {
        guard let range = text.firstRange(of: "'\(key)':") else { return nil }
        return text[range.upperBound...].drop { $0 == " " }
      }
      guard let type = value("descr"), type.first == "'",
        let order = value("fortran_order"), let tuple = value("shape"), tuple.first == "(",
        let close = tuple.firstIndex(of: ")")
      else { throw failure() }
      descriptor = String(type.dropFirst().prefix { $0 != "'" })
      isColumnMajor = order.hasPrefix("True")
      for part in tuple[tuple.index(after: tuple.startIndex)..<close].split(separator: ",") {
        let digits = part.filter { $0 != " " && $0 != "L" }
        if digits.isEmpty { continue }
        guard let size = Int(digits), size >= 0 else { throw failure() }
        shape.append(size)
      }
    }
  }

  /// The bytes of a `.npy` file of float32 numbers.
  public static func bytes(of tensor: Tensor) -> [UInt8] {
    let tensor = tensor.converted(to: .float32)
    let sizes = tensor.shape.map { "\($0)," }.joined(separator: " ")
    var header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(sizes)), }"
    while (10 + header.utf8.count + 1) % 64 != 0 { header += " " }
    header += "\n"
    let length = header.utf8.count
    var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
    bytes += [UInt8(truncatingIfNeeded: length), UInt8(truncatingIfNeeded: length >> 8)]
    bytes += Array(header.utf8)
    unsafe tensor.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    return bytes
  }

  /// Writes a `.npy` file of float32 numbers that NumPy reads, in one step.
  public static func write(_ tensor: Tensor, to path: String) throws(NeuralCoreError) {
    try writeAtomically(bytes(of: tensor), to: path)
  }
}

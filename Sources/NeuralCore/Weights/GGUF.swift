// GGUF: key-value pairs, tensor descriptions, then aligned tensors, some of them quantised.
// Source: ggml, `docs/gguf.md`, versions 2 and 3.

/// A GGUF file's metadata and tensors.
public struct GGUF: Sendable {
  /// A value of the file's metadata.
  public enum Value: Sendable, Hashable {
    case integer(Int)
    case real(Double)
    case bool(Bool)
    case string(String)
    case strings([String])
    case integers([Int])
    case reals([Float])
  }

  /// The file's metadata, such as `gemma3.block_count`.
  public private(set) var metadata: [String: Value] = [:]
  /// The tensors, shapes outermost axis first (the file stores them innermost first).
  public private(set) var weights = Weights(format: "gguf")

  private static let types: [UInt32: StoredType] = [
    0: .float32, 1: .float16, 2: .q4_0, 3: .q4_1, 6: .q5_0, 7: .q5_1, 8: .q8_0, 12: .q4_k,
    13: .q5_k, 14: .q6_k, 24: .int8, 25: .int16, 26: .int32, 27: .int64, 28: .float64,
    30: .bfloat16,
  ]

  /// Opens a GGUF file.
  public init(contentsOf path: String) throws(NeuralCoreError) {
    do throws(NeuralCoreError) {
      self = try GGUF(try ByteSource(path: path))
    } catch {
      throw error.naming(path)
    }
  }

  /// Opens a GGUF file that was cut into parts, in order.
  ///
  /// The parts are read into memory as one file.
  public init(parts paths: [String]) throws(NeuralCoreError) {
    var bytes: [UInt8] = []
    for path in paths {
      let part = try ByteSource(path: path)
      bytes += try part.bytes(0, part.count, of: path)
    }
    self = try GGUF(.array(bytes))
  }

  /// Reads a GGUF file from bytes in memory.
  public init(bytes: [UInt8]) throws(NeuralCoreError) { self = try GGUF(.array(bytes)) }

  package init(_ source: ByteSource) throws(NeuralCoreError) {
    // Metadata comes first and its length is not announced: the header is walked in place.
    var walk = Walk(source: source)
    guard try walk.bytes(4) == Array("GGUF".utf8) else {
      throw NeuralCoreError(.malformed, "GGUF: no magic", offset: 0)
    }
    let version = try walk.integer(UInt32.self)
    guard version == 2 || version == 3 else {
      throw NeuralCoreError(.unsupported, "GGUF: version \(version), 2 and 3 are read", offset: 4)
    }
    let tensorCount = try walk.count("tensor count", atLeast: 24)
    let pairCount = try walk.count("pair count", atLeast: 13)
    for _ in 0..<pairCount {
      let key = try walk.string()
      metadata[key] = try walk.value(type: try walk.integer(UInt32.self), key: key)
    }
    struct Entry {
      let name: String
      let shape: [Int]
      let type: StoredType
      let offset: Int
    }
    var entries: [Entry] = []
    for _ in 0..<tensorCount {
      let name = try walk.string()
      let rank = try walk.integer(UInt32.self)
      guard rank <= 8 else {
        throw NeuralCoreError(.malformed, "GGUF: \(name) has \(rank) axes", offset: walk.at)
      }
      var shape: [Int] = []
      for _ in 0..<rank { shape.append(try walk.size("axis of \(name)")) }
      let word = try walk.integer(UInt32.self)
      guard let type = GGUF.types[word] else {
        throw NeuralCoreError(.unsupported, "GGUF: \(name) has ggml type \(word)", offset: walk.at)
      }
      let offset = try walk.size("offset of \(name)")
      entries.append(Entry(name: name, shape: shape.reversed(), type: type, offset: offset))
    }
    var alignment = 32
    if case .integer(let own)? = metadata["general.alignment"], own > 0, own <= 1 << 20 {
      alignment = own
    }
    let data = (walk.at + alignment - 1) / alignment * alignment
    for entry in entries {
      var count = 1
      for axis in entry.shape {
        let (product, overflow) = count.multipliedReportingOverflow(by: axis)
        guard !overflow, product < 1 << 44 else {
          throw NeuralCoreError(.limit, "GGUF: \(entry.name) has shape \(entry.shape)")
        }
        count = product
      }
      try weights.add(
        StoredTensor(
          name: entry.name, type: entry.type, shape: entry.shape, source: source,
          start: data + entry.offset,
          length: count / entry.type.blockCount * entry.type.blockBytes))
    }
  }

  /// A whole number of the metadata.
  public func integer(_ key: String) -> Int? {
    if case .integer(let value)? = metadata[key] { return value }
    return nil
  }

  /// A real number of the metadata.
  public func real(_ key: String) -> Double? {
    switch metadata[key] {
    case .real(let value)?: return value
    case .integer(let value)?: return Double(value)
    default: return nil
    }
  }

  /// A text of the metadata.
  public func string(_ key: String) -> String? {
    if case .string(let value)? = metadata[key] { return value }
    return nil
  }
}

/// Walks a GGUF header in the file, never past its end.
private struct Walk {
  let source: ByteSource
  var at = 0

  mutating func bytes(_ count: Int) throws(NeuralCoreError) -> [UInt8] {
    defer { at += count }
    return try source.bytes(at, count, of: "GGUF's header")
  }

  mutating func integer<T: FixedWidthInteger>(_: T.Type = T.self) throws(NeuralCoreError) -> T {
    let size = T.bitWidth / 8
    try source.check(at, size, of: "GGUF's header")
    let value = unsafe source.withBytes(at..<at + size) { unsafe $0.loadUnaligned(as: T.self) }
    at += size
    return T(littleEndian: value)
  }

  mutating func size(_ field: String) throws(NeuralCoreError) -> Int {
    let value = try integer(UInt64.self)
    guard value < 1 << 44 else {
      throw NeuralCoreError(.limit, "GGUF: \(field) is \(value)", offset: at - 8)
    }
    return Int(value)
  }

  /// A count of things that take at least some bytes each.
  mutating func count(_ field: String, atLeast bytes: Int) throws(NeuralCoreError) -> Int {
    let value = try integer(UInt64.self)
    guard value <= UInt64((source.count - at) / bytes) else {
      throw NeuralCoreError(
        .limit, "GGUF: \(field) is \(value), the file ends before", offset: at - 8)
    }
    return Int(value)
  }

  mutating func string() throws(NeuralCoreError) -> String {
    String(decoding: try bytes(try count("string length", atLeast: 1)), as: UTF8.self)
  }

  mutating func value(type: UInt32, key: String) throws(NeuralCoreError) -> GGUF.Value {
    switch type {
    case 6: return .real(Double(Float(bitPattern: try integer(UInt32.self))))
    case 12: return .real(Double(bitPattern: try integer(UInt64.self)))
    case 7: return .bool(try integer(UInt8.self) != 0)
    case 8: return .string(try string())
    case 9:
      let inner = try integer(UInt32.self)
      switch inner {
      case 8:
        var values: [String] = []
        for _ in 0..<(try count("\(key)'s count", atLeast: 8)) { values.append(try string()) }
        return .strings(values)
      case 6:
        let count = try count("\(key)'s count", atLeast: 4)
        let start = at
        at += count * 4
        try source.check(start, count * 4, of: key)
        return .reals(
          unsafe source.withBytes(start..<start + count * 4) {
            unsafe StoredType.float32.floats($0)
          })
      case 0...5, 7, 10, 11:
        var values: [Int] = []
        for _ in 0..<(try count("\(key)'s count", atLeast: 1)) {
          values.append(try whole(inner, key))
        }
        return .integers(values)
      default:
        throw NeuralCoreError(.unsupported, "GGUF: \(key) is an array of type \(inner)", offset: at)
      }
    default: return .integer(try whole(type, key))
    }
  }

  private mutating func whole(_ type: UInt32, _ key: String) throws(NeuralCoreError) -> Int {
    switch type {
    case 0, 7: return Int(try integer(UInt8.self))
    case 1: return Int(try integer(Int8.self))
    case 2: return Int(try integer(UInt16.self))
    case 3: return Int(try integer(Int16.self))
    case 4: return Int(try integer(UInt32.self))
    case 5: return Int(try integer(Int32.self))
    case 10: return Int(truncatingIfNeeded: try integer(UInt64.self))
    case 11: return Int(try integer(Int64.self))
    default: throw NeuralCoreError(.malformed, "GGUF: \(key) has value type \(type)", offset: at)
    }
  }
}

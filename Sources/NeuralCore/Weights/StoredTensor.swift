// A tensor as a file holds it: a name, a type, a shape and a range of bytes.

/// The number format of a stored tensor.
public enum StoredType: String, Sendable, Hashable, CaseIterable {
  case float64, float32, float16, bfloat16
  case int64, int32, int16, int8, uint64, uint32, uint16, uint8, bool
  /// ggml's blocks of 32 weights: a float16 scale and 8 or 4 bits a weight.
  case q8_0, q4_0
  /// ggml's super-blocks of 256 weights with 4 or 6 bits a weight, and the two that mixed
  /// files use beside them.
  case q4_k, q6_k, q5_k, q5_0, q4_1, q5_1

  /// How many numbers share one block.
  public var blockCount: Int {
    switch self {
    case .q8_0, .q4_0, .q4_1, .q5_0, .q5_1: 32
    case .q4_k, .q5_k, .q6_k: 256
    default: 1
    }
  }

  /// The bytes of one block.
  public var blockBytes: Int {
    switch self {
    case .float64, .int64, .uint64: 8
    case .float32, .int32, .uint32: 4
    case .float16, .bfloat16, .int16, .uint16: 2
    case .int8, .uint8, .bool: 1
    case .q8_0: 34
    case .q4_0: 18
    case .q4_1: 20
    case .q5_0: 22
    case .q5_1: 24
    case .q4_k: 144
    case .q5_k: 176
    case .q6_k: 210
    }
  }
}

/// A tensor inside a weights file, read when asked for.
public struct StoredTensor: Sendable, CustomStringConvertible {
  public let name: String
  public let type: StoredType
  /// Outermost axis first, as PyTorch and NumPy print it.
  public let shape: [Int]
  /// Elements to step per axis, where the file stores a view; nil means row-major.
  let strides: [Int]?
  let isBigEndian: Bool
  let source: ByteSource
  /// Where the tensor's bytes lie in the file.
  public let range: Range<Int>

  /// Checks that the shape and the range fit each other and the file.
  init(
    name: String, type: StoredType, shape: [Int], strides: [Int]? = nil,
    isBigEndian: Bool = false, source: ByteSource, start: Int, length: Int
  ) throws(NeuralCoreError) {
    var count = 1
    for axis in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: axis)
      guard axis >= 0, !overflow, product < 1 << 48 else {
        throw NeuralCoreError(.limit, "\(name): impossible shape \(shape)", offset: start)
      }
      count = product
    }
    try source.check(start, length, of: "tensor \(name)")
    if let strides {
      guard strides.count == shape.count, strides.allSatisfy({ $0 >= 0 && $0 < 1 << 48 }) else {
        throw NeuralCoreError(.malformed, "\(name): strides \(strides) for shape \(shape)")
      }
      var last = 0
      for (size, stride) in zip(shape, strides) where count > 0 {
        let (reach, overflow) = (size - 1).multipliedReportingOverflow(by: stride)
        guard !overflow, reach < 1 << 48 else {
          throw NeuralCoreError(.limit, "\(name): impossible strides \(strides)", offset: start)
        }
        last += reach
      }
      let needed = count == 0 ? 0 : (last + 1) * type.blockBytes
      // A view may repeat elements (stride 0), but not without bound: never more than 256 times.
      guard needed <= length, count / 256 <= length else {
        throw NeuralCoreError(
          .truncated, "\(name): \(shape) by \(strides) needs \(needed) bytes, has \(length)",
          offset: start)
      }
    } else {
      guard count % type.blockCount == 0 else {
        throw NeuralCoreError(
          .malformed, "\(name): \(count) numbers are no whole blocks of \(type.blockCount)")
      }
      let expected = count / type.blockCount * type.blockBytes
      guard expected == length else {
        throw NeuralCoreError(
          .malformed,
          "\(name): \(shape) of \(type.rawValue) takes \(expected) bytes, given are \(length)",
          offset: start)
      }
    }
    self.name = name
    self.type = type
    self.shape = shape
    self.strides = strides
    self.isBigEndian = isBigEndian
    self.source = source
    range = start..<start + length
  }

  /// How many numbers the tensor holds.
  public var count: Int { shape.reduce(1, *) }

  public var description: String {
    "\(name): \(type.rawValue) [\(shape.map(String.init).joined(separator: ", "))]"
  }

  /// The numbers as float32, row-major. 64-bit numbers are rounded to the nearest float32.
  ///
  /// - Complexity: O(count).
  public func floats() -> [Float] {
    let stored = unsafe source.withBytes(range) { bytes in
      unsafe type.floats(bytes, isBigEndian: isBigEndian)
    }
    guard let strides else { return stored }
    return StoredTensor.gather(stored, shape: shape, strides: strides)
  }

  /// The rows `rows` of a two-axis tensor as float32, without converting the others.
  func floats(rows: Range<Int>) -> [Float] {
    precondition(shape.count == 2 && strides == nil, "rows of \(self)")
    let rowBytes = shape[1] / type.blockCount * type.blockBytes
    let start = range.lowerBound + rows.lowerBound * rowBytes
    return unsafe source.withBytes(start..<start + rows.count * rowBytes) { bytes in
      unsafe type.floats(bytes, isBigEndian: isBigEndian)
    }
  }

  /// The numbers that a strided view of `stored` shows, row-major.
  private static func gather(_ stored: [Float], shape: [Int], strides: [Int]) -> [Float] {
    let count = shape.reduce(1, *)
    var result: [Float] = []
    result.reserveCapacity(count)
    var index = [Int](repeating: 0, count: shape.count)
    var offset = 0
    for _ in 0..<count {
      result.append(stored[offset])
      for axis in shape.indices.reversed() {
        index[axis] += 1
        offset += strides[axis]
        if index[axis] < shape[axis] { break }
        offset -= strides[axis] * shape[axis]
        index[axis] = 0
      }
    }
    return result
  }
}

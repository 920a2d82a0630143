// A matrix that stays as its file holds it: ggml's blocks of a few bits a weight.

import CNeuralKernels

/// A quantised matrix in the memory of its file.
///
/// Products quantise the vector to 8 bits first, as ggml does, so that most of the work is in whole
/// numbers: the result differs from that of the dequantised matrix by about a thousandth.
public struct QuantizedMatrix: Sendable {
  public let rows, columns: Int
  /// How the blocks are laid out.
  public let type: StoredType
  private let source: ByteSource
  private let range: Range<Int>

  private static let kernels: [StoredType: nk_quantization] = [
    .q4_0: NK_Q4_0, .q5_0: NK_Q5_0, .q8_0: NK_Q8_0, .q4_k: NK_Q4_K, .q6_k: NK_Q6_K,
  ]

  /// A stored tensor of two axes whose type has a kernel; nil for others.
  public init?(_ stored: StoredTensor) {
    guard stored.shape.count == 2, stored.strides == nil, stored.count > 0,
      let kernel = QuantizedMatrix.kernels[stored.type],
      stored.shape[1] % stored.type.blockCount == 0,
      nk_quantized_bytes(kernel) == stored.type.blockBytes
    else { return nil }
    // Blocks hold 16-bit numbers, which lie at even addresses.
    let isEven = unsafe stored.source.withBytes(stored.range) {
      UInt(bitPattern: $0.baseAddress) % 2 == 0
    }
    guard isEven else { return nil }
    rows = stored.shape[0]
    columns = stored.shape[1]
    type = stored.type
    source = stored.source
    range = stored.range
  }

  private init(rows: Int, columns: Int, type: StoredType, bytes: [UInt8]) {
    self.rows = rows
    self.columns = columns
    self.type = type
    source = .array(bytes)
    range = 0..<bytes.count
  }

  private var rowBytes: Int { columns / type.blockCount * type.blockBytes }

  /// The product with each vector: `[…, rows]` for `[…, columns]`.
  public func product(_ vectors: Tensor) -> Tensor {
    precondition(
      vectors.rank > 0 && vectors.shape[vectors.rank - 1] == columns
        && vectors.elementType == .float32,
      "QuantizedMatrix: \(rows) × \(columns) by \(vectors.elementType) \(vectors.shape)")
    let input = vectors.contiguous()
    let result = Tensor(uninitialized: vectors.shape.dropLast() + [rows])
    guard result.count > 0, let kernel = QuantizedMatrix.kernels[type] else { return result }
    let done = unsafe source.withBytes(range) { bytes -> Int32 in
      guard let base = bytes.baseAddress else { return 0 }
      return unsafe nk_quantized_product(
        kernel, rows, columns, base, input.count / columns, input.floats, result.floats)
    }
    withExtendedLifetime((input.storage, result.storage)) {}
    precondition(done == 1, "QuantizedMatrix: out of memory for \(vectors.shape)")
    return result
  }

  /// Some rows as float32, `[index, columns]`.
  ///
  /// - Precondition: Every index is a row.
  public func rows(_ indices: [Int]) -> Tensor {
    var values: [Float] = []
    values.reserveCapacity(indices.count * columns)
    for index in indices {
      precondition((0..<rows).contains(index), "rows: \(index) of \(rows)")
      let start = range.lowerBound + index * rowBytes
      values += unsafe source.withBytes(start..<start + rowBytes) { unsafe type.floats($0) }
    }
    return Tensor(values, shape: [indices.count, columns])
  }

  /// The matrix as float32, `[rows, columns]`.
  public var dequantized: Tensor {
    Tensor(unsafe source.withBytes(range) { unsafe type.floats($0) }, shape: [rows, columns])
  }

  /// The same rows in another order: row `i` of the result is row `order[i]`.
  func permutingRows(_ order: [Int]) -> QuantizedMatrix {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(range.count)
    for row in order {
      let start = range.lowerBound + row * rowBytes
      unsafe source.withBytes(start..<start + rowBytes) { unsafe bytes.append(contentsOf: $0) }
    }
    return QuantizedMatrix(rows: order.count, columns: columns, type: type, bytes: bytes)
  }
}

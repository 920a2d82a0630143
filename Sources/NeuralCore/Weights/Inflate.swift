// DEFLATE (RFC 1951), for the compressed members of `.npz` files.

/// Expands a raw DEFLATE stream to exactly `size` bytes.
///
/// - Throws: `malformed` where the stream contradicts RFC 1951 or gives another size.
func inflate(_ bytes: [UInt8], size: Int) throws(NeuralCoreError) -> [UInt8] {
  // A stream cannot expand by more than 1,032 to 1: a larger claim is a lie.
  guard size >= 0, size <= 64 + bytes.count * 1_032 else {
    throw NeuralCoreError(.limit, "DEFLATE: \(bytes.count) bytes cannot hold \(size)")
  }
  var inflater = Inflater(bytes: bytes, limit: size)
  try inflater.run()
  guard inflater.output.count == size else {
    throw NeuralCoreError(
      .malformed, "DEFLATE: \(inflater.output.count) bytes came out, \(size) were announced")
  }
  return inflater.output
}

private struct Inflater {
  let bytes: [UInt8]
  let limit: Int
  var at = 0
  var bits: UInt32 = 0
  var bitCount: UInt32 = 0
  var output: [UInt8] = []

  init(bytes: [UInt8], limit: Int) {
    self.bytes = bytes
    self.limit = limit
    output.reserveCapacity(limit)
  }

  private func failure(_ what: String) -> NeuralCoreError {
    NeuralCoreError(.malformed, "DEFLATE: \(what)", offset: at)
  }

  private mutating func take(_ count: UInt32) throws(NeuralCoreError) -> Int {
    while bitCount < count {
      guard at < bytes.count else {
        throw NeuralCoreError(.truncated, "DEFLATE: the stream ends early", offset: at)
      }
      bits |= UInt32(bytes[at]) << bitCount
      at += 1
      bitCount += 8
    }
    defer {
      bits >>= count
      bitCount -= count
    }
    return Int(bits & ((1 << count) - 1))
  }

  mutating func run() throws(NeuralCoreError) {
    while true {
      let isLast = try take(1) == 1
      switch try take(2) {
      case 0: try stored()
      case 1:
        let lengths = (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 }
        try compressed(
          HuffmanCode(lengths: lengths), HuffmanCode(lengths: [Int](repeating: 5, count: 30)))
      case 2: try dynamic()
      default: throw failure("a block of the reserved kind")
      }
      if isLast { return }
    }
  }

  private mutating func stored() throws(NeuralCoreError) {
    bits = 0
    bitCount = 0
    guard at + 4 <= bytes.count else { throw failure("a stored block without its length") }
    let length = Int(bytes[at]) | Int(bytes[at + 1]) << 8
    let complement = Int(bytes[at + 2]) | Int(bytes[at + 3]) << 8
    at += 4
    guard length ^ complement == 0xFFFF, at + length <= bytes.count,
      output.count + length <= limit
    else { throw failure("a stored block of impossible length \(length)") }
    output.append(contentsOf: bytes[at..<at + length])
    at += length
  }

  private mutating func dynamic() throws(NeuralCoreError) {
    let literals = try take(5) + 257
    let distances = try take(5) + 1
    let codes = try take(4) + 4
    let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
    var lengths = [Int](repeating: 0, count: 19)
    for index in 0..<codes { lengths[order[index]] = try take(3) }
    let code = HuffmanCode(lengths: lengths)
    var all: [Int] = []
    while all.count < literals + distances {
      let symbol = try symbol(code)
      switch symbol {
      case 16:
        guard let previous = all.last else { throw failure("a repeat of nothing") }
        all += [Int](repeating: previous, count: try take(2) + 3)
      case 17: all += [Int](repeating: 0, count: try take(3) + 3)
      case 18: all += [Int](repeating: 0, count: try take(7) + 11)
      default: all.append(symbol)
      }
    }
    guard all.count == literals + distances else { throw failure("too many code lengths") }
    try compressed(
      HuffmanCode(lengths: Array(all[..<literals])), HuffmanCode(lengths: Array(all[literals...])))
  }

  private mutating func symbol(_ code: HuffmanCode) throws(NeuralCoreError) -> Int {
    var value = 0
    var first = 0
    var index = 0
    for length in 1...15 {
      value |= try take(1)
      let count = code.counts[length]
      if value - count < first { return code.symbols[index + value - first] }
      index += count
      first = (first + count) << 1
      value <<= 1
    }
    throw failure("a code that the table does not hold")
  }

  private mutating func compressed(_ literals: HuffmanCode, _ distances: HuffmanCode)
    throws(NeuralCoreError)
  {
    while true {
      let symbol = try symbol(literals)
      if symbol == 256 { return }
      if symbol < 256 {
        guard output.count < limit else { throw failure("more bytes than announced") }
        output.append(UInt8(symbol))
        continue
      }
      guard symbol < 286 else { throw failure("length symbol \(symbol)") }
      let length = Inflater.lengthBase[symbol - 257] + (try take(Inflater.lengthBits[symbol - 257]))
      let code = try self.symbol(distances)
      guard code < 30 else { throw failure("distance symbol \(code)") }
      let extra = code < 4 ? 0 : UInt32(code / 2 - 1)
      let base = code < 4 ? code + 1 : (2 + code % 2) << Int(extra) + 1
      let distance = base + (try take(extra))
      guard distance <= output.count, output.count + length <= limit else {
        throw failure("a copy of \(length) bytes from \(distance) back")
      }
      for _ in 0..<length { output.append(output[output.count - distance]) }
    }
  }

  private static let lengthBase = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
    163, 195, 227, 258,
  ]
  private static let lengthBits: [UInt32] = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
  ]
}

/// A canonical prefix code: how many codes have each length, and the symbols in code order.
private struct HuffmanCode {
  var counts = [Int](repeating: 0, count: 16)
  var symbols: [Int] = []

  init(lengths: [Int]) {
    for length in 1...15 {
      for (symbol, own) in lengths.enumerated() where own == length {
        counts[length] += 1
        symbols.append(symbol)
      }
    }
  }
}

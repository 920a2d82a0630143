// Huffman tables of JPEG, made for decoding ten bits at a look.
// Source: ITU-T T.81 annex C, F.2.2.3.

/// One table of a DHT segment: the symbol of each code, found by the next ten bits or by a search.
struct JPEGHuffmanTable: Sendable, Hashable {
  /// Bits of a look.
  static let lookBits = 10
  /// Entries of a look.
  static let lookSize = 1 << lookBits

  /// For each pattern of ten bits: `length << 8 | symbol`, 0 where the code is longer or invalid.
  let look: [UInt16]
  /// For each length 1...16: one more than the last code, left-aligned to 16 bits; 0 for none.
  let limit: [UInt32]
  /// For each length: the index in `symbols` of code 0 of that length.
  let base: [Int]
  /// Symbols in the order of their codes.
  let symbols: [UInt8]

  /// - Parameters:
  ///   - counts: Codes of each length, 1 to 16.
  ///   - symbols: The symbols in the order of the codes.
  ///   - offset: The segment's place, for errors.
  /// - Throws: `.malformed` where more codes are given than lengths have room for.
  init(counts: [UInt8], symbols: [UInt8], offset: Int) throws(VolumeError) {
    var look = [UInt16](repeating: 0, count: Self.lookSize)
    var limit = [UInt32](repeating: 0, count: 17)
    var base = [Int](repeating: 0, count: 17)
    var code = 0
    var index = 0
    for length in 1...16 {
      let count = Int(counts[length - 1])
      guard code + count <= 1 << length, index + count <= symbols.count else {
        throw VolumeError(
          .malformed, "\(count) codes of \(length) bits where \((1 << length) - code) are left",
          offset: offset, field: "DHT")
      }
      base[length] = index - code
      for _ in 0..<count {
        if length <= Self.lookBits {
          let entry = UInt16(length) << 8 | UInt16(symbols[index])
          let first = code << (Self.lookBits - length)
          for pattern in first..<first + (1 << (Self.lookBits - length)) { look[pattern] = entry }
        }
        code += 1
        index += 1
      }
      limit[length] = count == 0 ? 0 : UInt32(code) << (16 - length)
      code <<= 1
    }
    self.look = look
    self.limit = limit
    self.base = base
    self.symbols = symbols
  }

  /// The symbol and length of the code that begins 16 bits, by search; nil where there is none.
  func find(_ bits: UInt32) -> (symbol: UInt8, length: Int)? {
    for length in 1...16 where bits < limit[length] {
      let index = base[length] + Int(bits >> UInt32(16 - length))
      guard index >= 0, index < symbols.count else { return nil }
      return (symbols[index], length)
    }
    return nil
  }
}

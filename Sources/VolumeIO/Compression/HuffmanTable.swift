// Look-up tables for deflate's codes: the code's next bits → what they mean, in one or two steps.
// Source: RFC 1951, sections 3.2.2 to 3.2.7.

/// Entries of a decoding table.
///
/// - bits 0–7: bits to consume, the extra bits of lengths and distances counted
/// - bits 8–12: bits of the code alone, or the bits that index a subtable
/// - bit 13: the value is where a subtable begins; bit 14: the block ends
/// - bits 16–30: a literal, a base of lengths or distances, or a place in the table
/// - bit 31: a literal
enum HuffmanEntry {
  static let subtable: UInt32 = 1 << 13
  static let endOfBlock: UInt32 = 1 << 14
  static let literal: UInt32 = 1 << 31
  /// A code that the block does not have: the next bits are damaged.
  static let invalid: UInt32 = 1 << 15

  static func length(_ symbol: Int, _ bits: Int) -> UInt32 {
    if symbol < 256 { return literal | UInt32(symbol) << 16 | UInt32(bits) << 8 | UInt32(bits) }
    if symbol == 256 { return endOfBlock | UInt32(bits) << 8 | UInt32(bits) }
    guard symbol <= 285 else { return invalid | UInt32(bits) }
    let index = symbol - 257
    if index == 28 { return 258 << 16 | UInt32(bits) << 8 | UInt32(bits) }
    let extra = index < 8 ? 0 : index / 4 - 1
    let base = index < 8 ? index + 3 : (4 + index % 4) << extra + 3
    return UInt32(base) << 16 | UInt32(bits) << 8 | UInt32(bits + extra)
  }

  static func distance(_ symbol: Int, _ bits: Int) -> UInt32 {
    guard symbol < 30 else { return invalid | UInt32(bits) }
    let extra = symbol < 2 ? 0 : symbol / 2 - 1
    let base = symbol < 2 ? symbol + 1 : (2 + symbol % 2) << extra + 1
    return UInt32(base) << 16 | UInt32(bits) << 8 | UInt32(bits + extra)
  }
}

/// Fills decoding tables from code lengths.
enum HuffmanTable {
  /// Bits that index the first step.
  static let literalBits = 11
  static let distanceBits = 8
  /// Entries that tables of 288 literal and 32 distance codes can take at most, with room to spare:
  /// each subtable belongs to a prefix, and doubles only while codes fill it.
  static let literalSize = 1 << 12
  static let distanceSize = 1 << 11

  /// - Parameters:
  ///   - lengths: Bits of each symbol's code; 0 for symbols without one.
  ///   - entry: The entry of a symbol whose code, or the rest of it in a subtable, has so many bits.
  /// - Returns: False for lengths that make no code. One code of one bit, and none at all, are allowed:
  ///   what is missing is marked invalid.
  static func build(
    _ lengths: ArraySlice<UInt8>, primary: Int, into table: UnsafeMutableBufferPointer<UInt32>,
    entry: (_ symbol: Int, _ bits: Int) -> UInt32
  ) -> Bool {
    var counts = [Int](repeating: 0, count: 16)
    for length in lengths { counts[Int(length)] += 1 }
    counts[0] = 0
    let used = counts.reduce(0, +)
    var left = 1
    for bits in 1...15 {
      left = left * 2 - counts[bits]
      if left < 0 { return false }
    }
    if left > 0 {
      guard used == 0 || used == 1 && counts[1] == 1 else { return false }
      for i in 0..<1 << primary { unsafe table[i] = HuffmanEntry.invalid | 1 }
    }
    var next = [Int](repeating: 0, count: 16)
    var code = 0
    for bits in 1..<15 {
      code = (code + counts[bits]) << 1
      next[bits + 1] = code
    }
    // Symbols by length, so that subtables fill in order.
    var sorted: [[Int]] = [[Int]](repeating: [], count: 16)
    for (index, length) in lengths.enumerated() where length > 0 {
      sorted[Int(length)].append(index)
    }
    var end = 1 << primary
    var (prefix, subtable, subtableBits) = (-1, 0, 0)
    for bits in 1...15 {
      for (rank, symbol) in sorted[bits].enumerated() {
        let reversed = reverse(next[bits] + rank, bits)
        if bits <= primary {
          let made = entry(symbol, bits)
          for i in stride(from: reversed, to: 1 << primary, by: 1 << bits) {
            unsafe table[i] = made
          }
          continue
        }
        let mine = reversed & (1 << primary - 1)
        if mine != prefix {
          // As many bits as the codes that share this prefix need to fill a subtable.
          prefix = mine
          subtable = end
          subtableBits = bits - primary
          var space = counts[bits] - rank
          var longest = bits
          while longest < 15, space < 1 << subtableBits {
            longest += 1
            subtableBits += 1
            space = space << 1 + counts[longest]
          }
          end += 1 << subtableBits
          guard end <= table.count else { return false }
          unsafe table[prefix] =
            HuffmanEntry.subtable | UInt32(subtable) << 16 | UInt32(subtableBits) << 8
            | UInt32(primary)
        }
        let made = entry(symbol, bits - primary)
        for i in stride(
          from: reversed >> primary, to: 1 << subtableBits, by: 1 << (bits - primary))
        { unsafe table[subtable + i] = made }
      }
    }
    return true
  }

  private static func reverse(_ code: Int, _ bits: Int) -> Int {
    var (code, result) = (code, 0)
    for _ in 0..<bits {
      result = result << 1 | code & 1
      code >>= 1
    }
    return result
  }
}

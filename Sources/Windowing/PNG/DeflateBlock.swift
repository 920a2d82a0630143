// One block of a deflate stream: tokens with the codes that suit them.
// Source: RFC 1951, 3.2.

/// Some literals and then a match: the count of literals in the upper 32 bits, the match's length
/// (0: none) in the next 16, its distance in the lowest 16.
typealias DeflateStep = UInt64

@inline(__always) func deflateStep(_ literals: Int, _ length: Int, _ distance: Int) -> DeflateStep {
  UInt64(truncatingIfNeeded: literals) &<< 32 | UInt64(truncatingIfNeeded: length) &<< 16
    | UInt64(truncatingIfNeeded: distance)
}

/// The symbols of lengths and distances, and the bits that follow them.
enum DeflateSymbols {
  /// Length 3…258 to symbol 257…285.
  static let lengthSymbol: [UInt16] = {
    var table = [UInt16](repeating: 0, count: 259)
    for symbol in 0..<29 {
      for length in lengthBase[symbol]...258 { table[length] = UInt16(257 + symbol) }
    }
    return table
  }()
  static let lengthBase = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
    163, 195, 227, 258,
  ]
  static let lengthExtra = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
  ]
  static let distanceBase = [
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537,
    2049, 3073, 4097, 6145, 8193, 12_289, 16_385, 24_577,
  ]
  static let distanceExtra = [
    0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13,
    13,
  ]

  /// Distance 1…32768 to symbol 0…29.
  @inline(__always) static func distanceSymbol(_ distance: Int) -> Int {
    if distance <= 4 { return distance - 1 }
    let bits = Int.bitWidth - 1 - (distance - 1).leadingZeroBitCount
    return 2 * bits + ((distance - 1) >> (bits - 1)) & 1
  }

  /// The order in which the lengths of the code-length code are sent.
  static let codeLengthOrder = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
  ]
}

/// How often each symbol of a block occurs.
struct SymbolCounts: Sendable {
  var literals = [UInt32](repeating: 0, count: 286)
  var distances = [UInt32](repeating: 0, count: 30)

  init() {}

  /// The counts of these steps over bytes, and of the end of the block.
  ///
  /// - Precondition: The steps cover `bytes`.
  init(_ steps: [DeflateStep], of bytes: ArraySlice<UInt8>) {
    var lengths = [UInt32](repeating: 0, count: 259)
    // Neighbours are counted apart: a count need not wait for the one just before it.
    var odd = [UInt32](repeating: 0, count: 256)
    var place = 0
    unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe literals.withUnsafeMutableBufferPointer { even in
        unsafe odd.withUnsafeMutableBufferPointer { odd in
          for step in steps {
            let end = place &+ Int(truncatingIfNeeded: step &>> 32)
            precondition(end <= bytes.count, "literals to \(end) of \(bytes.count) bytes")
            while place &+ 2 <= end {
              unsafe even[Int(bytes[place])] &+= 1
              unsafe odd[Int(bytes[place &+ 1])] &+= 1
              place &+= 2
            }
            if place < end {
              unsafe even[Int(bytes[place])] &+= 1
              place &+= 1
            }
            let length = Int(truncatingIfNeeded: step &>> 16) & 0xFFFF
            if length > 0 {
              lengths[length] &+= 1
              distances[DeflateSymbols.distanceSymbol(Int(truncatingIfNeeded: step & 0xFFFF))] &+= 1
              place &+= length
            }
          }
        }
      }
    }
    for byte in 0..<256 { literals[byte] += odd[byte] }
    let lengthSymbol = DeflateSymbols.lengthSymbol
    for length in 3...258 { literals[Int(lengthSymbol[length])] += lengths[length] }
    literals[256] += 1
  }

  static func + (a: SymbolCounts, b: SymbolCounts) -> SymbolCounts {
    var sum = a
    for index in sum.literals.indices { sum.literals[index] += b.literals[index] }
    for index in sum.distances.indices { sum.distances[index] += b.distances[index] }
    sum.literals[256] = 1
    return sum
  }
}

/// The codes of a dynamic block and its header.
struct DynamicBlock: Sendable {
  let literals: HuffmanCode
  let distances: HuffmanCode
  /// Symbols of the code-length code with the value and the count of the bits that follow.
  private var runs: [(symbol: Int, extra: Int, bits: Int)] = []
  private var codeLengths: HuffmanCode
  private var literalCount = 286
  private var distanceCount = 30
  private var codeLengthCount = 19
  /// The bits of the header, without the block's first three.
  private(set) var headerBits = 0

  init(_ counts: SymbolCounts) {
    literals = HuffmanCode(counts: counts.literals, limit: 15)
    distances = HuffmanCode(counts: counts.distances, limit: 15)
    while literalCount > 257, literals.lengths[literalCount - 1] == 0 { literalCount -= 1 }
    while distanceCount > 1, distances.lengths[distanceCount - 1] == 0 { distanceCount -= 1 }
    let all = Array(literals.lengths[0..<literalCount] + distances.lengths[0..<distanceCount])
    var place = 0
    while place < all.count {
      let length = all[place]
      var end = place + 1
      while end < all.count, all[end] == length { end += 1 }
      var run = end - place
      if length == 0 {
        while run >= 11 {
          runs.append((18, min(run, 138) - 11, 7))
          run -= min(run, 138)
        }
        if run >= 3 {
          runs.append((17, run - 3, 3))
          run = 0
        }
      } else {
        runs.append((Int(length), 0, 0))
        run -= 1
        while run >= 3 {
          let part = run == 7 ? 4 : min(run, 6)
          runs.append((16, part - 3, 2))
          run -= part
        }
      }
      for _ in 0..<run { runs.append((Int(length), 0, 0)) }
      place = end
    }
    var runCounts = [UInt32](repeating: 0, count: 19)
    for run in runs { runCounts[run.symbol] += 1 }
    codeLengths = HuffmanCode(counts: runCounts, limit: 7)
    while codeLengthCount > 4,
      codeLengths.lengths[DeflateSymbols.codeLengthOrder[codeLengthCount - 1]] == 0
    { codeLengthCount -= 1 }
    headerBits = 14 + 3 * codeLengthCount
    for run in runs { headerBits += Int(codeLengths.lengths[run.symbol]) + run.bits }
  }

  func writeHeader(to writer: inout BitWriter) {
    writer.put(UInt64(literalCount - 257), 5)
    writer.put(UInt64(distanceCount - 1), 5)
    writer.put(UInt64(codeLengthCount - 4), 4)
    for symbol in DeflateSymbols.codeLengthOrder.prefix(codeLengthCount) {
      writer.put(UInt64(codeLengths.lengths[symbol]), 3)
    }
    for run in runs {
      writer.put(UInt64(codeLengths.codes[run.symbol]), Int(codeLengths.lengths[run.symbol]))
      writer.put(UInt64(run.extra), run.bits)
    }
  }

  /// The bits of the whole block for these counts, without its first three.
  func cost(_ counts: SymbolCounts) -> Int {
    var sum = headerBits + literals.cost(counts.literals) + distances.cost(counts.distances)
    for symbol in 0..<29 {
      sum += Int(counts.literals[257 + symbol]) * DeflateSymbols.lengthExtra[symbol]
    }
    for symbol in 0..<30 {
      sum += Int(counts.distances[symbol]) * DeflateSymbols.distanceExtra[symbol]
    }
    return sum
  }
}

extension DynamicBlock {
  /// The codes of RFC 1951, 3.2.6, which need no header.
  static let fixed = DynamicBlock(
    literals: HuffmanCode(
      lengths: (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 }),
    distances: HuffmanCode(lengths: [UInt8](repeating: 5, count: 30)))

  private init(literals: HuffmanCode, distances: HuffmanCode) {
    self.literals = literals
    self.distances = distances
    codeLengths = HuffmanCode(lengths: [UInt8](repeating: 5, count: 19))
  }
}

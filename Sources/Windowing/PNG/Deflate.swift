// A deflate compressor for filtered pixels: most bytes are noise that only the prefix codes shorten,
// so that matches are taken where they save bits, and time is not spent on long searches.

/// What each token would cost, in sixteenths of a bit, by the codes of the block before.
struct TokenCosts {
  var literals: [UInt16]
  /// By length 0…258, with its extra bits.
  var lengths: [UInt16]
  /// By distance symbol, with its extra bits.
  var distances: [UInt16]

  /// From counts of bytes, before any block has been made.
  init(histogram: [UInt32]) {
    let sum = max(1, histogram.reduce(0, +))
    literals = histogram.map { count in
      // log₂ from the exponent and the first bits of the fraction.
      let ratio = Double(sum) / (Double(count) + 0.5)
      let whole = Int(ratio.exponent)
      let part = ratio.significand - 1
      return UInt16(min(15 * 16, max(8, 16 * (Double(whole) + part))))
    }
    lengths = (0...258).map { length in
      guard length >= 3 else { return 4096 }
      let symbol = Int(DeflateSymbols.lengthSymbol[length]) - 257
      return UInt16(16 * (7 + DeflateSymbols.lengthExtra[symbol]))
    }
    distances = (0..<30).map { UInt16(16 * (($0 == 0 ? 1 : 5) + DeflateSymbols.distanceExtra[$0])) }
  }

  mutating func learn(from block: DynamicBlock) {
    for symbol in 0..<256 {
      let bits = block.literals.lengths[symbol]
      literals[symbol] = UInt16(bits == 0 ? 14 : bits) * 16
    }
    for length in 3...258 {
      let symbol = Int(DeflateSymbols.lengthSymbol[length])
      let bits = block.literals.lengths[symbol]
      lengths[length] =
        (UInt16(bits == 0 ? 13 : bits) + UInt16(DeflateSymbols.lengthExtra[symbol - 257])) * 16
    }
    for symbol in 0..<30 {
      let bits = block.distances.lengths[symbol]
      distances[symbol] =
        (UInt16(bits == 0 ? 10 : bits) + UInt16(DeflateSymbols.distanceExtra[symbol])) * 16
    }
  }
}

/// The deflate stream of some bytes, without zlib's header and checksum.
///
/// - Parameter passes: How often to go over the bytes; each pass knows what the tokens of its blocks
///   have cost in the pass before, and only the last one is written.
/// - Returns: What literals cost, the mean of all blocks.
@discardableResult
func deflate(
  _ bytes: [UInt8], histogram: [UInt32], settings: DeflateSettings, passes: Int = 1,
  to writer: inout BitWriter
) -> [UInt16] {
  var known: [TokenCosts] = []
  for pass in 1...max(1, passes) {
    var learnt: [TokenCosts] = []
    var costs = TokenCosts(histogram: histogram)
    var finder = MatchFinder(settings)
    var tokens: [DeflateToken] = []
    var place = 0
    var blockStart = 0
    repeat {
      if learnt.count < known.count { costs = known[learnt.count] }
      place = finder.tokens(of: bytes, from: place, costs: costs, into: &tokens)
      let isLast = place == bytes.count
      let block: DynamicBlock
      if pass == max(1, passes) {
        block = writeBlock(
          tokens[...], of: bytes[blockStart..<place], isLast: isLast, to: &writer)
      } else {
        block = DynamicBlock(SymbolCounts(tokens[...]))
      }
      costs.learn(from: block)
      learnt.append(costs)
      blockStart = place
    } while place < bytes.count
    known = learnt
  }
  return (0..<256).map { byte in
    UInt16(known.reduce(0) { $0 + Int($1.literals[byte]) } / max(1, known.count))
  }
}

/// Writes tokens as whichever kind of block is the shortest.
@discardableResult
func writeBlock(
  _ tokens: ArraySlice<DeflateToken>, of bytes: ArraySlice<UInt8>, isLast: Bool,
  to writer: inout BitWriter
) -> DynamicBlock {
  let counts = SymbolCounts(tokens)
  let block = DynamicBlock(counts)
  let dynamicBits = block.cost(counts)
  let fixedBits = DynamicBlock.fixed.cost(counts)
  // Each stored part has a header of 3 bits, padding and 32 bits.
  let storedBits = bytes.count * 8 + (bytes.count / 65_535 + 1) * 42
  if storedBits < min(dynamicBits, fixedBits) {
    var place = bytes.startIndex
    repeat {
      let end = min(place + 65_535, bytes.endIndex)
      writer.put(isLast && end == bytes.endIndex ? 1 : 0, 3)
      writer.align()
      writer.put(UInt64(end - place), 16)
      writer.put(UInt64(~(end - place) & 0xFFFF), 16)
      writer.append(bytes[place..<end])
      place = end
    } while place < bytes.endIndex
  } else if fixedBits <= dynamicBits {
    writer.put(isLast ? 3 : 2, 3)
    writer.put(tokens, DynamicBlock.fixed, bits: fixedBits)
  } else {
    writer.put(isLast ? 5 : 4, 3)
    block.writeHeader(to: &writer)
    writer.put(tokens, block, bits: dynamicBits)
  }
  return block
}

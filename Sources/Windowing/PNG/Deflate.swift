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
/// - Returns: What literals cost, the mean of all blocks.
@discardableResult
func deflate(
  _ bytes: [UInt8], histogram: [UInt32], settings: DeflateSettings, to writer: inout BitWriter
) -> [UInt16] {
  var sums = [Int](repeating: 0, count: 256)
  var blocks = 0
  var costs = TokenCosts(histogram: histogram)
  var finder = MatchFinder(settings)
  var steps: [DeflateStep] = []
  var place = 0
  repeat {
    let start = place
    place = finder.steps(of: bytes, from: start, costs: costs, into: &steps)
    costs.learn(
      from: writeBlock(
        steps, of: bytes[start..<place], isLast: place == bytes.count, to: &writer))
    for byte in 0..<256 { sums[byte] += Int(costs.literals[byte]) }
    blocks += 1
  } while place < bytes.count
  return sums.map { UInt16($0 / blocks) }
}

/// Writes steps over bytes as whichever kind of block is the shortest.
@discardableResult
func writeBlock(
  _ steps: [DeflateStep], of bytes: ArraySlice<UInt8>, isLast: Bool,
  to writer: inout BitWriter
) -> DynamicBlock {
  let counts = SymbolCounts(steps, of: bytes)
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
    writer.put(steps, of: bytes, DynamicBlock.fixed, bits: fixedBits)
  } else {
    writer.put(isLast ? 5 : 4, 3)
    block.writeHeader(to: &writer)
    writer.put(steps, of: bytes, block, bits: dynamicBits)
  }
  return block
}

// The cheapest way through a block: shortest path over literals and matches, priced by the codes
// that the path before it got. For the smallest pictures only.

/// All matches that are worth knowing: at each place the nearest of each length.
struct MatchTable {
  /// Where each place's matches begin in the two arrays below; one more entry than places.
  private(set) var starts: [Int32] = [0]
  /// Rising at each place.
  private(set) var lengths: [UInt16] = []
  private(set) var distances: [UInt16] = []

  /// - Complexity: O(*bytes* · *depth*).
  init(_ bytes: [UInt8], depth: Int) {
    var heads = [Int32](repeating: -1, count: 1 << 16)
    var links = [Int32](repeating: -1, count: 32_768)
    starts.reserveCapacity(bytes.count + 1)
    lengths.reserveCapacity(bytes.count)
    distances.reserveCapacity(bytes.count)
    unsafe bytes.withUnsafeBytes { all in
      for at in bytes.indices {
        let most = min(258, bytes.count - at)
        if most >= 4 {
          let word = unsafe all.loadUnaligned(fromByteOffset: at, as: UInt32.self).littleEndian
          let slot = Int(((word & 0xFF_FFFF) &* 0x9E37_79B1) >> 16)
          var candidate = Int(heads[slot])
          var longest = 2
          var left = depth
          while candidate >= 0, at - candidate < 32_768, left > 0, longest < most {
            if unsafe all[candidate + longest] == all[at + longest] {
              let length = unsafe Self.common(all, candidate, at, most)
              if length > longest {
                longest = length
                lengths.append(UInt16(length))
                distances.append(UInt16(at - candidate))
              }
            }
            candidate = Int(links[candidate & 32_767])
            left -= 1
          }
          links[at & 32_767] = heads[slot]
          heads[slot] = Int32(at)
        }
        starts.append(Int32(lengths.count))
      }
    }
  }

  /// How many bytes are the same from two places on, the second of which has `most` left.
  private static func common(
    _ bytes: UnsafeRawBufferPointer, _ a: Int, _ b: Int, _ most: Int
  ) -> Int {
    var length = 0
    while length + 8 <= most {
      let x = unsafe bytes.loadUnaligned(fromByteOffset: a + length, as: UInt64.self)
      let y = unsafe bytes.loadUnaligned(fromByteOffset: b + length, as: UInt64.self)
      let different = x.littleEndian ^ y.littleEndian
      if different != 0 { return length + different.trailingZeroBitCount >> 3 }
      length += 8
    }
    while length < most, unsafe bytes[a + length] == bytes[b + length] { length += 1 }
    return length
  }

  /// The steps over some bytes that cost least.
  func cheapest(_ bytes: [UInt8], _ range: Range<Int>, _ costs: TokenCosts) -> [DeflateStep] {
    let count = range.count
    var least = [Int32](repeating: .max, count: count + 1)
    var length = [UInt16](repeating: 0, count: count + 1)
    var distance = [UInt16](repeating: 0, count: count + 1)
    least[0] = 0
    for place in 0..<count {
      let now = least[place]
      let at = range.lowerBound + place
      let literal = now + Int32(costs.literals[Int(bytes[at])])
      if literal < least[place + 1] {
        least[place + 1] = literal
        length[place + 1] = 0
      }
      var shortest = 3
      for index in Int(starts[at])..<Int(starts[at + 1]) {
        let longest = min(Int(lengths[index]), count - place)
        let base =
          now + Int32(costs.distances[DeflateSymbols.distanceSymbol(Int(distances[index]))])
        // Of very long matches only the whole is tried.
        if longest >= 64 { shortest = longest }
        while shortest <= longest {
          let sum = base + Int32(costs.lengths[shortest])
          if sum < least[place + shortest] {
            least[place + shortest] = sum
            length[place + shortest] = UInt16(shortest)
            distance[place + shortest] = distances[index]
          }
          shortest += 1
        }
      }
    }
    return steps(count, length, distance)
  }

  /// The path that ends at `count`, from its beginning.
  private func steps(_ count: Int, _ length: [UInt16], _ distance: [UInt16]) -> [DeflateStep] {
    var reversed: [DeflateStep] = []
    var place = count
    var literals = 0
    var match = (length: 0, distance: 0)
    while place > 0 {
      if length[place] == 0 {
        literals += 1
        place -= 1
      } else {
        if literals > 0 || match.length > 0 {
          reversed.append(deflateStep(literals, match.length, match.distance))
        }
        match = (Int(length[place]), Int(distance[place]))
        literals = 0
        place -= match.length
      }
    }
    if literals > 0 || match.length > 0 {
      reversed.append(deflateStep(literals, match.length, match.distance))
    }
    return reversed.reversed()
  }
}

/// The deflate stream of some bytes by shortest paths, in blocks of so many bytes.
///
/// - Returns: What literals cost, the mean of all blocks.
@discardableResult
func deflateOptimally(
  _ bytes: [UInt8], histogram: [UInt32], blockBytes: Int, passes: Int, to writer: inout BitWriter
) -> [UInt16] {
  let table = MatchTable(bytes, depth: bytes.count > 1 << 17 ? 64 : 96)
  let blocks = stride(from: 0, to: bytes.count, by: blockBytes).map {
    $0..<min($0 + blockBytes, bytes.count)
  }
  var known: [TokenCosts] = []
  for block in blocks {
    var costs = known.last ?? TokenCosts(histogram: histogram)
    var best: (bits: Int, steps: [DeflateStep], costs: TokenCosts)?
    for _ in 0..<max(1, passes) {
      let steps = table.cheapest(bytes, block, costs)
      let counts = SymbolCounts(steps, of: bytes[block])
      let codes = DynamicBlock(counts)
      costs.learn(from: codes)
      let bits = codes.cost(counts)
      if bits >= best?.bits ?? .max { break }
      best = (bits, steps, costs)
    }
    known.append(best?.costs ?? costs)
    writeBlock(
      best?.steps ?? [], of: bytes[block], isLast: block.upperBound == bytes.count, to: &writer)
  }
  return (0..<256).map { byte in
    UInt16(known.reduce(0) { $0 + Int($1.literals[byte]) } / max(1, known.count))
  }
}

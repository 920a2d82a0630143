// Length-limited prefix codes.
// Source: Moffat and Katajainen, “In-place calculation of minimum-redundancy codes”, 1995;
// RFC 1951, 3.2.2, for the order of codes.

/// A canonical prefix code: for each symbol a length in bits (0: unused) and its bits, the first to
/// be sent in the lowest place.
struct HuffmanCode: Sendable {
  var lengths: [UInt8]
  var codes: [UInt16]

  /// The shortest code for these counts with no length above `limit`.
  ///
  /// Where fewer than two symbols occur, two get a code of one bit, so that every inflater accepts it.
  init(counts: [UInt32], limit: Int) {
    // The count in the upper bits, the symbol in the lower ones.
    var order: [UInt64] = []
    order.reserveCapacity(counts.count)
    for (symbol, count) in counts.enumerated() where count > 0 {
      order.append(UInt64(count) << 16 | UInt64(symbol))
    }
    lengths = [UInt8](repeating: 0, count: counts.count)
    if order.count < 2 {
      let used = Int((order.first ?? 0) & 0xFFFF)
      lengths[used] = 1
      lengths[used == 0 ? 1 : 0] = 1
      codes = []
      assignCodes()
      return
    }
    order.sort()
    let depths = Self.depths(order.map { UInt32($0 >> 16) })
    for (index, depth) in Self.limited(depths, to: limit).enumerated() {
      lengths[Int(order[index] & 0xFFFF)] = UInt8(depth)
    }
    codes = []
    assignCodes()
  }

  /// A code of these lengths.
  init(lengths: [UInt8]) {
    self.lengths = lengths
    codes = []
    assignCodes()
  }

  /// The bits that symbols with these counts take.
  func cost(_ counts: [UInt32]) -> Int {
    var sum = 0
    for index in counts.indices { sum += Int(counts[index]) * Int(lengths[index]) }
    return sum
  }

  /// The depth of each leaf of Huffman's tree, for counts that rise.
  private static func depths(_ counts: [UInt32]) -> [Int] {
    let n = counts.count
    var parents = [Int](repeating: 0, count: 2 * n - 1)
    var weights = counts.map { UInt64($0) }
    weights.reserveCapacity(2 * n - 1)
    var leaf = 0
    var inner = n
    func smallest(_ weights: [UInt64], _ leaf: inout Int, _ inner: inout Int) -> Int {
      if leaf < n, inner >= weights.count || weights[leaf] <= weights[inner] {
        leaf += 1
        return leaf - 1
      }
      inner += 1
      return inner - 1
    }
    for node in n..<(2 * n - 1) {
      let a = smallest(weights, &leaf, &inner)
      let b = smallest(weights, &leaf, &inner)
      weights.append(weights[a] + weights[b])
      parents[a] = node
      parents[b] = node
    }
    var depths = [Int](repeating: 0, count: 2 * n - 1)
    for node in stride(from: 2 * n - 3, through: 0, by: -1) {
      depths[node] = depths[parents[node]] + 1
    }
    return Array(depths[0..<n])
  }

  /// Depths cut at a limit, and the code made complete again by lengthening the rarest others.
  private static func limited(_ depths: [Int], to limit: Int) -> [Int] {
    guard let deepest = depths.max(), deepest > limit else { return depths }
    var cut = depths.map { min($0, limit) }
    var kraft = cut.reduce(0) { $0 + 1 << (limit - $1) }
    let full = 1 << limit
    // Rarest first: lengthening one of depth d gives back 2^(limit − d − 1).
    while kraft > full {
      var best = -1
      for index in cut.indices where cut[index] < limit {
        if best < 0 || cut[index] > cut[best] { best = index }
      }
      guard best >= 0 else { break }
      cut[best] += 1
      kraft -= 1 << (limit - cut[best])
    }
    // What is left over shortens the commonest that fit.
    for index in cut.indices.reversed() {
      while cut[index] > 1, kraft + 1 << (limit - cut[index]) <= full {
        kraft += 1 << (limit - cut[index])
        cut[index] -= 1
      }
    }
    return cut
  }

  private mutating func assignCodes() {
    codes = [UInt16](repeating: 0, count: lengths.count)
    var counts = [Int](repeating: 0, count: 17)
    for length in lengths { counts[Int(length)] += 1 }
    counts[0] = 0
    var next = [Int](repeating: 0, count: 17)
    var code = 0
    for length in 1..<17 {
      code = (code + counts[length - 1]) << 1
      next[length] = code
    }
    for symbol in lengths.indices {
      let length = Int(lengths[symbol])
      guard length > 0 else { continue }
      var forward = next[length]
      next[length] += 1
      var reversed = 0
      for _ in 0..<length {
        reversed = reversed << 1 | forward & 1
        forward >>= 1
      }
      codes[symbol] = UInt16(truncatingIfNeeded: reversed)
    }
  }
}

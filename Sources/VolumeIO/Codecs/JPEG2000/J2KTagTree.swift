// Tag trees: minima of a grid, coded as far as they are needed.
// Source: ITU-T T.800 B.10.2.

/// A tree whose leaves are a grid of numbers and whose nodes hold the least of four children.
struct J2KTagTree: Sendable {
  /// Width of each level, from the leaves up, and the level's first node.
  private let widths: [Int]
  private let firsts: [Int]
  /// The lower bound known of each node, and whether it is the value.
  private var bounds: [Int]
  private var isKnown: [Bool]

  init(width: Int, height: Int) {
    var widths: [Int] = []
    var firsts: [Int] = []
    var total = 0
    var w = width
    var h = height
    while w > 0, h > 0 {
      widths.append(w)
      firsts.append(total)
      total += w * h
      if w == 1, h == 1 { break }
      w = (w + 1) / 2
      h = (h + 1) / 2
    }
    self.widths = widths
    self.firsts = firsts
    bounds = [Int](repeating: 0, count: total)
    isKnown = [Bool](repeating: false, count: total)
  }

  /// Reads bits until the leaf's value is known or known to be at least `threshold`.
  ///
  /// - Returns: The value where it is below `threshold`.
  mutating func value(
    x: Int, y: Int, below threshold: Int, _ bits: inout J2KHeaderBits, _ bytes: Span<UInt8>
  ) -> Int? {
    var floor = 0
    for level in widths.indices.reversed() {
      let node = firsts[level] + (y >> level) * widths[level] + (x >> level)
      if bounds[node] < floor { bounds[node] = floor }
      while bounds[node] < threshold, !isKnown[node] {
        if bits.next(bytes) == 1 { isKnown[node] = true } else { bounds[node] += 1 }
      }
      floor = bounds[node]
      if level == 0, isKnown[node], bounds[node] < threshold { return bounds[node] }
    }
    return nil
  }
}

/// The bits of packet headers: after 0xFF a byte holds seven.
struct J2KHeaderBits {
  /// The next byte.
  var position: Int
  let end: Int
  private var current: UInt8 = 0
  private var left = 0
  /// Bits were read past the end.
  private(set) var isExhausted = false

  init(position: Int, end: Int) {
    self.position = position
    self.end = end
  }

  mutating func next(_ bytes: Span<UInt8>) -> Int {
    if left == 0 {
      let isStuffed = current == 0xFF
      if position < end {
        current = bytes[position]
        position += 1
      } else {
        current = 0
        isExhausted = true
      }
      left = isStuffed ? 7 : 8
    }
    left -= 1
    return Int(current >> UInt8(left)) & 1
  }

  mutating func number(_ count: Int, _ bytes: Span<UInt8>) -> Int {
    var value = 0
    for _ in 0..<count { value = value << 1 | next(bytes) }
    return value
  }

  /// Ends the header at a byte; one that ends in 0xFF is followed by a stuffed one.
  mutating func align(_ bytes: Span<UInt8>) {
    if current == 0xFF, position < end { position += 1 }
    current = 0
    left = 0
  }
}

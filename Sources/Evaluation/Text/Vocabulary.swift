// The counting of n-grams by one sort.

/// The n-grams of one text, of orders 1…width, in one sorted list.
///
/// A key holds up to `width` symbols, the first in the high bits, so the sorted keys are sorted
/// for every shorter order too and one sort serves all orders.
struct NGramList {
  /// Sorted keys, one a position.
  let keys: [UInt64]
  let bits: Int
  let width: Int

  /// - Parameter symbols: Numbers from 1 that fit `bits`; 0 pads the end.
  init(_ symbols: [UInt32], bits: Int, width: Int) {
    self.bits = bits
    self.width = width
    var keys = [UInt64](repeating: 0, count: symbols.count)
    var key: UInt64 = 0
    let top = UInt64(bits * (width - 1))
    for i in symbols.indices.reversed() {
      key = key >> UInt64(bits) | UInt64(symbols[i]) << top
      keys[i] = key
    }
    keys.sort()
    self.keys = keys
  }

  /// Matches of order `n`, counts clipped to the smaller of both.
  func matches(_ other: NGramList, order n: Int) -> Int {
    let shift = UInt64(bits * (width - n))
    let last = (UInt64(1) << UInt64(bits)) &- 1
    var (i, j, total) = (0, 0, 0)
    return unsafe keys.withUnsafeBufferPointer { a in
      unsafe other.keys.withUnsafeBufferPointer { b in
        while i < a.count, j < b.count {
          let x = unsafe a[i] >> shift
          let y = unsafe b[j] >> shift
          if x == y {
            // A last symbol of 0 is a position too near the end.
            if x & last != 0 { total += 1 }
            i += 1
            j += 1
          } else if x < y {
            i += 1
          } else {
            j += 1
          }
        }
        return total
      }
    }
  }
}

/// Local symbols 1… of token numbers, for packing n-grams of a few texts into words.
struct LocalSymbols {
  private var symbol: [UInt32] = []
  private var stamp: [UInt32] = []
  private var round: UInt32 = 0
  private(set) var used: UInt32 = 0

  mutating func begin() {
    round &+= 1
    used = 0
  }

  mutating func map(_ ids: [Int32]) -> [UInt32] {
    ids.map { id in
      let i = Int(id)
      if i >= symbol.count {
        let missing = i + 1 - symbol.count + symbol.count / 2
        symbol.append(contentsOf: repeatElement(0, count: missing))
        stamp.append(contentsOf: repeatElement(0, count: missing))
      }
      if stamp[i] != round {
        stamp[i] = round
        used += 1
        symbol[i] = used
      }
      return symbol[i]
    }
  }
}

/// Counts of n-grams of any order, for the rare cases that do not fit a word.
func ngramCounts(_ ids: [Int32], _ n: Int) -> [ArraySlice<Int32>: Int] {
  var counts: [ArraySlice<Int32>: Int] = [:]
  guard n > 0, ids.count >= n else { return counts }
  for i in 0...(ids.count - n) { counts[ids[i..<(i + n)], default: 0] += 1 }
  return counts
}

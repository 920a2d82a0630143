// Sorting a million scores in a few passes over memory.

enum RadixOrder {
  /// A key whose unsigned order is the order of the numbers; −0 and 0 are one.
  @inline(__always)
  static func key(_ x: Double) -> UInt64 {
    let bits = (x + 0.0).bitPattern
    return bits >> 63 == 0 ? bits | (1 << 63) : ~bits
  }

  /// Sorts keys by least significant digits of 11 bits; passes with one digit are skipped.
  static func sort(_ keys: inout [UInt64]) {
    if keys.count < 256 {
      keys.sort()
      return
    }
    var other = [UInt64](repeating: 0, count: keys.count)
    let width = 2048
    var counts = [Int](repeating: 0, count: 6 * width)
    unsafe counts.withUnsafeMutableBufferPointer { table in
      unsafe keys.withUnsafeBufferPointer { source in
        for i in source.indices {
          let key = unsafe source[i]
          unsafe table[Int(key & 2047)] += 1
          unsafe table[2048 + Int((key >> 11) & 2047)] += 1
          unsafe table[4096 + Int((key >> 22) & 2047)] += 1
          unsafe table[6144 + Int((key >> 33) & 2047)] += 1
          unsafe table[8192 + Int((key >> 44) & 2047)] += 1
          unsafe table[10240 + Int(key >> 55)] += 1
        }
      }
    }
    let n = keys.count
    for pass in 0..<6 {
      let base = pass * width
      var sum = 0
      var single = false
      for digit in 0..<width {
        let c = counts[base + digit]
        if c == n { single = true }
        counts[base + digit] = sum
        sum += c
      }
      if single { continue }
      let shift = UInt64(11 * pass)
      unsafe counts.withUnsafeMutableBufferPointer { table in
        unsafe keys.withUnsafeBufferPointer { source in
          unsafe other.withUnsafeMutableBufferPointer { target in
            for i in 0..<n {
              let key = unsafe source[i]
              let digit = base + Int((key >> shift) & 2047)
              let slot = unsafe table[digit]
              unsafe table[digit] = slot + 1
              unsafe target[slot] = key
            }
          }
        }
      }
      swap(&keys, &other)
    }
  }

  /// Indices in ascending order of the scores, ties in input order.
  static func ascending(_ scores: [Double]) -> [Int32] {
    var order = (0..<Int32(scores.count)).map { $0 }
    var keys = scores.map { key($0) }
    sort(&keys, carrying: &order, below: .max)
    return order
  }

  /// Sorts keys, and values along with them, ties in input order.
  ///
  /// - Parameter bound: No key is larger than it; the smaller, the fewer passes.
  static func sort(_ keys: inout [UInt64], carrying values: inout [Int32], below bound: UInt64) {
    let n = keys.count
    precondition(values.count == n, "\(values.count) values for \(n) keys")
    if n < 256 {
      let order = (0..<n).sorted { keys[$0] < keys[$1] || (keys[$0] == keys[$1] && $0 < $1) }
      keys = order.map { keys[$0] }
      values = order.map { values[$0] }
      return
    }
    var otherKeys = keys
    var otherValues = values
    var counts = [Int](repeating: 0, count: 2048)
    for shift in stride(from: UInt64(0), to: UInt64(64 - bound.leadingZeroBitCount), by: 11) {
      for digit in counts.indices { counts[digit] = 0 }
      unsafe counts.withUnsafeMutableBufferPointer { table in
        unsafe keys.withUnsafeBufferPointer { source in
          for i in 0..<n { unsafe table[Int((source[i] &>> shift) & 2047)] += 1 }
        }
      }
      if counts.contains(n) { continue }
      var sum = 0
      for digit in counts.indices {
        let c = counts[digit]
        counts[digit] = sum
        sum += c
      }
      unsafe counts.withUnsafeMutableBufferPointer { table in
        unsafe keys.withUnsafeBufferPointer { source in
          unsafe values.withUnsafeBufferPointer { carried in
            unsafe otherKeys.withUnsafeMutableBufferPointer { target in
              unsafe otherValues.withUnsafeMutableBufferPointer { taken in
                for i in 0..<n {
                  let key = unsafe source[i]
                  let digit = Int((key &>> shift) & 2047)
                  let slot = unsafe table[digit]
                  unsafe table[digit] = slot + 1
                  unsafe target[slot] = key
                  unsafe taken[slot] = carried[i]
                }
              }
            }
          }
        }
      }
      swap(&keys, &otherKeys)
      swap(&values, &otherValues)
    }
  }
}

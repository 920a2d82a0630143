// The MQ decoder and the raw bits of bypassed passes.
// Source: ITU-T T.800 annex C; T.88 annex E; states: table C.2.

/// The adaptive binary arithmetic decoder.
///
/// A context is its state's entry of `states`: probability in bits 0...15, the index after a more
/// probable symbol in 16...22, after a less probable in 23...29, the more probable symbol in 31.
/// Past its bytes it reads ones, as the standard has it.
struct J2KArithmeticDecoder {
  /// The interval, and the code's offset in it.
  var a: UInt32 = 0x8000
  var c: UInt32 = 0
  /// Shifts until the next byte.
  var count: Int32 = 0
  var position: Int
  let end: Int

  /// Begins at `start`; the bytes have two of 0xFF after `end`.
  @inline(__always)
  init(_ bytes: Span<UInt8>, start: Int, end: Int) {
    position = start
    self.end = end
    c = UInt32(start < end ? bytes[start] : 0xFF) &<< 16
    byteIn(bytes)
    c = c &<< 7
    count = count &- 7
  }

  @inline(__always)
  private mutating func byteIn(_ bytes: Span<UInt8>) {
    let byte = position < end ? bytes[position] : 0xFF
    let next = position &+ 1 < end ? bytes[position &+ 1] : 0xFF
    if byte == 0xFF {
      if next > 0x8F {
        c = c &+ 0xFF00
        count = 8
      } else {
        position &+= 1
        c = c &+ UInt32(next) &<< 9
        count = 7
      }
    } else {
      position &+= 1
      c = c &+ UInt32(next) &<< 8
      count = 8
    }
  }

  /// The next decision in a context.
  @inline(__always)
  mutating func decide(
    _ index: Int, _ contexts: inout MutableSpan<UInt32>, _ states: Span<UInt32>,
    _ bytes: Span<UInt8>
  ) -> UInt32 {
    let state = contexts[index]
    let probability = state & 0xFFFF
    let likely = state &>> 31
    a = a &- probability
    if c &>> 16 >= probability {
      c = c &- probability &<< 16
      if a & 0x8000 != 0 { return likely }
      // The shorter interval is the likelier one's unless they have changed places.
      let isExchanged = a < probability
      contexts[index] = next(state, isLess: isExchanged, states)
      renormalize(bytes)
      return isExchanged ? likely ^ 1 : likely
    }
    let isExchanged = a < probability
    a = probability
    contexts[index] = next(state, isLess: !isExchanged, states)
    renormalize(bytes)
    return isExchanged ? likely : likely ^ 1
  }

  @inline(__always)
  private func next(_ state: UInt32, isLess: Bool, _ states: Span<UInt32>) -> UInt32 {
    states[Int(truncatingIfNeeded: isLess ? state &>> 23 & 0x7F : state &>> 16 & 0x7F)]
  }

  @inline(__always)
  private mutating func renormalize(_ bytes: Span<UInt8>) {
    var shift = Int32(truncatingIfNeeded: a.leadingZeroBitCount) &- 16
    while shift > 0 {
      if count == 0 { byteIn(bytes) }
      let step = min(shift, count)
      a = a &<< UInt32(truncatingIfNeeded: step)
      c = c &<< UInt32(truncatingIfNeeded: step)
      count = count &- step
      shift = shift &- step
    }
  }

  /// Table C.2 for a more probable symbol of 0 (entries 0...46) and of 1 (47...93).
  static let states: [UInt32] = {
    let table: [(UInt32, UInt32, UInt32, Bool)] = [
      (0x5601, 1, 1, true), (0x3401, 2, 6, false), (0x1801, 3, 9, false), (0x0AC1, 4, 12, false),
      (0x0521, 5, 29, false), (0x0221, 38, 33, false), (0x5601, 7, 6, true),
      (0x5401, 8, 14, false), (0x4801, 9, 14, false), (0x3801, 10, 14, false),
      (0x3001, 11, 17, false), (0x2401, 12, 18, false), (0x1C01, 13, 20, false),
      (0x1601, 29, 21, false), (0x5601, 15, 14, true), (0x5401, 16, 14, false),
      (0x5101, 17, 15, false), (0x4801, 18, 16, false), (0x3801, 19, 17, false),
      (0x3401, 20, 18, false), (0x3001, 21, 19, false), (0x2801, 22, 19, false),
      (0x2401, 23, 20, false), (0x2201, 24, 21, false), (0x1C01, 25, 22, false),
      (0x1801, 26, 23, false), (0x1601, 27, 24, false), (0x1401, 28, 25, false),
      (0x1201, 29, 26, false), (0x1101, 30, 27, false), (0x0AC1, 31, 28, false),
      (0x09C1, 32, 29, false), (0x08A1, 33, 30, false), (0x0521, 34, 31, false),
      (0x0441, 35, 32, false), (0x02A1, 36, 33, false), (0x0221, 37, 34, false),
      (0x0141, 38, 35, false), (0x0111, 39, 36, false), (0x0085, 40, 37, false),
      (0x0049, 41, 38, false), (0x0025, 42, 39, false), (0x0015, 43, 40, false),
      (0x0009, 44, 41, false), (0x0005, 45, 42, false), (0x0001, 45, 43, false),
      (0x5601, 46, 46, false),
    ]
    return (0..<2).flatMap { symbol in
      table.map { entry in
        let own = UInt32(47 * symbol)
        let less = entry.3 ? UInt32(47 * (1 - symbol)) : own
        return entry.0 | (entry.1 + own) << 16 | (entry.2 + less) << 23 | UInt32(symbol) << 31
      }
    }
  }()
}

/// The bits of a bypassed pass: after 0xFF a byte holds seven.
struct J2KRawBits {
  private var position: Int
  private let end: Int
  private var current: UInt32 = 0
  private var left: UInt32 = 0

  init(start: Int, end: Int) {
    position = start
    self.end = end
  }

  @inline(__always)
  mutating func next(_ bytes: Span<UInt8>) -> UInt32 {
    if left == 0 {
      left = current == 0xFF ? 7 : 8
      if position < end {
        current = UInt32(bytes[position])
        position &+= 1
      } else {
        current = 0xFF
      }
    }
    left = left &- 1
    return current &>> left & 1
  }
}

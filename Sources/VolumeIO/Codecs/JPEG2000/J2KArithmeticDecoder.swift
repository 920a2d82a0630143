// The MQ decoder and the raw bits of bypassed passes.
// Source: ITU-T T.800 annex C; T.88 annex E; states: table C.2.

/// The adaptive binary arithmetic decoder.
///
/// A context is its state's entry of `states`: probability in bits 0...15, the index after a more
/// probable symbol in 16...22, after a less probable in 23...29, the more probable symbol in 31.
/// Behind a segment's bytes stand two of 0xFF, which `position` never passes: it moves on only from a
/// byte other than 0xFF, or to one of at most 0x8F. So reads end at the second of the two, and past its
/// bytes the decoder reads ones, as the standard has it.
@safe
struct J2KArithmeticDecoder {
  /// The interval, and the code's offset in it.
  private var a: UInt32 = 0x8000
  private var c: UInt32 = 0
  /// Shifts until the next byte.
  private var count: Int32 = 0
  private var position: UnsafePointer<UInt8>

  /// Begins at a segment, behind which two bytes of 0xFF stand.
  @unsafe @inline(__always)
  init(_ segment: UnsafePointer<UInt8>) {
    unsafe position = segment
    c = unsafe UInt32(segment[0]) &<< 16
    byteIn()
    c = c &<< 7
    count = count &- 7
  }

  @inline(__always)
  private mutating func byteIn() {
    let next = unsafe UInt32(position[1])
    if unsafe position[0] == 0xFF {
      if next > 0x8F {
        c = c &+ 0xFF00
        count = 8
      } else {
        unsafe position += 1
        c = c &+ next &<< 9
        count = 7
      }
    } else {
      unsafe position += 1
      c = c &+ next &<< 8
      count = 8
    }
  }

  /// The next decision in a context of which `contexts` has one.
  @inline(__always)
  mutating func decide(
    _ index: Int, _ contexts: UnsafeMutablePointer<UInt32>, _ states: UnsafePointer<UInt32>
  ) -> UInt32 {
    let state = unsafe contexts[index]
    let probability = state & 0xFFFF
    let likely = state &>> 31
    a = a &- probability
    if c &>> 16 >= probability {
      c = c &- probability &<< 16
      if a & 0x8000 != 0 { return likely }
      // The shorter interval is the likelier one's unless they have changed places.
      let isExchanged = a < probability
      unsafe contexts[index] = next(state, isLess: isExchanged, states)
      renormalize()
      return isExchanged ? likely ^ 1 : likely
    }
    let isExchanged = a < probability
    a = probability
    unsafe contexts[index] = next(state, isLess: !isExchanged, states)
    renormalize()
    return isExchanged ? likely : likely ^ 1
  }

  /// The state that follows: both indices of an entry are below `states.count`.
  @inline(__always)
  private func next(
    _ state: UInt32, isLess: Bool, _ states: UnsafePointer<UInt32>
  ) -> UInt32 {
    unsafe states[Int(truncatingIfNeeded: state &>> (isLess ? 23 : 16) & 0x7F)]
  }

  @inline(__always)
  private mutating func renormalize() {
    var shift = Int32(truncatingIfNeeded: (a | 1).leadingZeroBitCount) &- 16
    repeat {
      if count == 0 { byteIn() }
      let step = min(shift, count)
      a = a &<< UInt32(truncatingIfNeeded: step)
      c = c &<< UInt32(truncatingIfNeeded: step)
      count = count &- step
      shift = shift &- step
    } while shift > 0
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
@safe
struct J2KRawBits {
  private var position: UnsafePointer<UInt8>
  private let end: UnsafePointer<UInt8>
  private var current: UInt32 = 0
  private var left: UInt32 = 0

  @unsafe
  init(_ segment: UnsafePointer<UInt8>, count: Int) {
    unsafe position = segment
    unsafe end = segment + count
  }

  mutating func next() -> UInt32 {
    if left == 0 {
      left = current == 0xFF ? 7 : 8
      if unsafe position < end {
        current = unsafe UInt32(position[0])
        unsafe position += 1
      } else {
        current = 0xFF
      }
    }
    left = left &- 1
    return current &>> left & 1
  }
}

// The contexts of coefficient bits, as tables over packed neighbourhoods.
// Source: ITU-T T.800 tables D.1 to D.4.

/// Look-up tables of the block decoder.
///
/// A word of flags stands for a column of four coefficients:
/// bit `3 · (row + 1) + column` tells whether the coefficient of `row` −1...4 and `column` 0...2
/// (left, own, right) is significant; bit `18 + row + 1` its sign in the own column; bit
/// `24 + row` that it was coded in this bit-plane; bit `28 + row` that it was refined before.
enum J2KContexts {
  static let refinement = 14
  static let run = 17
  static let uniform = 18
  static let count = 19

  /// The tables of `zero`, then that of `sign`.
  static let tables: [UInt8] = zero + sign
  static let signStart = 4 * 512

  /// Contexts 0...8 by orientation (four tables of 512) and the nine bits of a neighbourhood.
  private static let zero: [UInt8] = (0..<4).flatMap { orientation in
    (0..<512).map { bits in
      func at(_ index: Int) -> Int { bits >> index & 1 }
      var across = at(3) + at(5)
      var down = at(1) + at(7)
      let diagonal = at(0) + at(2) + at(6) + at(8)
      if orientation == 3 {
        let straight = across + down
        switch diagonal {
        case 0: return UInt8(min(straight, 2))
        case 1: return UInt8(3 + min(straight, 2))
        case 2: return straight == 0 ? 6 : 7
        default: return 8
        }
      }
      if orientation == 1 { swap(&across, &down) }
      switch (across, down, diagonal) {
      case (2, _, _): return 8
      case (1, 1..., _): return 7
      case (1, _, 1...): return 6
      case (1, _, _): return 5
      case (_, 2, _): return 4
      case (_, 1, _): return 3
      default: return UInt8(min(diagonal, 2))
      }
    }
  }

  /// Context 9...13 and the flip in bit 7, by the significance of left, right, up and down (bits
  /// 0...3) and their signs (bits 4...7).
  private static let sign: [UInt8] = (0..<256).map { bits in
    func share(_ index: Int) -> Int {
      bits >> index & 1 == 0 ? 0 : bits >> (index + 4) & 1 == 0 ? 1 : -1
    }
    let across = max(-1, min(1, share(0) + share(1)))
    let down = max(-1, min(1, share(2) + share(3)))
    let isFlipped = across < 0 || (across == 0 && down < 0)
    let a = isFlipped ? -across : across
    let d = isFlipped ? -down : down
    let context: UInt8
    switch (a, d) {
    case (1, 1): context = 13
    case (1, 0): context = 12
    case (1, _): context = 11
    case (_, 1): context = 10
    default: context = 9
    }
    return isFlipped ? context | 0x80 : context
  }

  /// The states at the start: table D.7.
  static let initialStates: [UInt32] = {
    let states = J2KArithmeticDecoder.states
    var contexts = [UInt32](repeating: states[0], count: count)
    contexts[0] = states[4]
    contexts[run] = states[3]
    contexts[uniform] = states[46]
    return contexts
  }()
}

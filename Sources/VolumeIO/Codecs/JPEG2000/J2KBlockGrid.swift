// The three coding passes over a block's flags and coefficients.
// Source: ITU-T T.800 D.3, D.6.

/// The shape of a block and the passes over it.
struct J2KBlockGrid {
  let width: Int
  let height: Int
  /// Words of flags from stripe to stripe: a column before the first and one after the last.
  private let stride: Int
  /// The first of the orientation's zero contexts.
  private let zeroBase: Int
  var isCausal = false
  /// The bit-plane, counted from 1.
  var plane: UInt32 = 1

  private static let zero = J2KContexts.zero
  private static let sign = J2KContexts.sign
  private static let states = J2KArithmeticDecoder.states

  init(width: Int, height: Int, orientation: Int) {
    self.width = width
    self.height = height
    stride = width + 2
    zeroBase = 512 * orientation
  }

  /// Significance of row 0's eight neighbours, and its own.
  private static let around: UInt32 = 0x1EF
  private static let own: UInt32 = 0x10
  private static let anySignificance: UInt32 = 0x3FFFF

  /// The index of the signs' context: left, right, up, down.
  @inline(__always)
  private func signIndex(
    _ word: UInt32, _ left: UInt32, _ right: UInt32, _ row: UInt32
  ) -> Int {
    let near = word &>> (3 &* row)
    let significant =
      (near &>> 3 & 1) | (near &>> 4 & 2) | (near &<< 1 & 4) | (near &>> 4 & 8)
    let above = word &>> (18 &+ row)
    let signs =
      (left &>> (19 &+ row) & 1) &<< 4 | (right &>> (19 &+ row) & 1) &<< 5 | (above & 1) &<< 6
      | (above &>> 2 & 1) &<< 7
    return Int(truncatingIfNeeded: significant | signs)
  }

  /// Marks a coefficient significant for itself and its neighbours.
  @inline(__always)
  private func mark(
    _ words: inout MutableSpan<UInt32>, _ at: Int, _ row: UInt32, _ sign: UInt32
  ) {
    let shift = 3 &* row
    words[at] |= UInt32(0x10) &<< shift | sign &<< (19 &+ row)
    words[at &- 1] |= UInt32(0x20) &<< shift
    words[at &+ 1] |= UInt32(0x08) &<< shift
    if row == 0, !isCausal {
      words[at &- stride] |= UInt32(1) &<< 16 | sign &<< 23
      words[at &- stride &- 1] |= UInt32(1) &<< 17
      words[at &- stride &+ 1] |= UInt32(1) &<< 15
    }
    if row == 3 {
      words[at &+ stride] |= UInt32(1) &<< 1 | sign &<< 18
      words[at &+ stride &- 1] |= UInt32(1) &<< 2
      words[at &+ stride &+ 1] |= UInt32(1)
    }
  }

  /// Reads the sign of a coefficient that has become significant, and sets both.
  @inline(__always)
  private func become(
    _ coder: inout J2KArithmeticDecoder, _ input: Span<UInt8>, _ words: inout MutableSpan<UInt32>,
    _ values: inout MutableSpan<UInt32>, _ contexts: inout MutableSpan<UInt32>, _ at: Int,
    _ row: UInt32, _ place: Int
  ) {
    let entry = Self.sign[signIndex(words[at], words[at &- 1], words[at &+ 1], row)]
    let bit = coder.decide(Int(entry & 0x7F), &contexts, Self.states.span, input)
    let sign = bit ^ UInt32(entry &>> 7)
    values[place] = sign &<< 31 | UInt32(3) &<< (plane &- 1)
    mark(&words, at, row, sign)
  }

  /// The significance propagation pass.
  @inline(__always)
  func propagate(
    _ decoder: inout J2KArithmeticDecoder, _ input: Span<UInt8>,
    _ words: inout MutableSpan<UInt32>, _ values: inout MutableSpan<UInt32>,
    _ contexts: inout MutableSpan<UInt32>
  ) {
    var coder = decoder
    let zero = Self.zero.span
    let states = Self.states.span
    var y = 0
    while y < height {
      let rows = UInt32(truncatingIfNeeded: min(4, height &- y))
      let line = (y &>> 2 &+ 1) &* stride &+ 1
      for x in 0..<width {
        let at = line &+ x
        if words[at] & Self.anySignificance == 0 { continue }
        var row: UInt32 = 0
        while row < rows {
          let near = words[at] &>> (3 &* row)
          if near & Self.own == 0, near & Self.around != 0 {
            let context = zero[zeroBase &+ Int(truncatingIfNeeded: near & 0x1FF)]
            if coder.decide(Int(context), &contexts, states, input) == 1 {
              become(
                &coder, input, &words, &values, &contexts, at, row,
                (y &+ Int(truncatingIfNeeded: row)) &* width &+ x)
            }
            words[at] |= UInt32(1) &<< (24 &+ row)
          }
          row = row &+ 1
        }
      }
      y &+= 4
    }
    decoder = coder
  }

  /// The significance propagation pass in raw bits.
  func propagateRaw(
    _ raw: inout J2KRawBits, _ input: Span<UInt8>, _ words: inout MutableSpan<UInt32>,
    _ values: inout MutableSpan<UInt32>
  ) {
    for y in Swift.stride(from: 0, to: height, by: 4) {
      let line = (y / 4 + 1) * stride + 1
      for x in 0..<width {
        let at = line + x
        if words[at] & Self.anySignificance == 0 { continue }
        for row in 0..<UInt32(min(4, height - y)) {
          let near = words[at] >> (3 * row)
          guard near & Self.own == 0, near & Self.around != 0 else { continue }
          if raw.next(input) == 1 {
            let sign = raw.next(input)
            values[(y + Int(row)) * width + x] = sign << 31 | 3 << (plane - 1)
            mark(&words, at, row, sign)
          }
          words[at] |= 1 << (24 + row)
        }
      }
    }
  }

  /// The magnitude refinement pass.
  @inline(__always)
  func refine(
    _ decoder: inout J2KArithmeticDecoder, _ input: Span<UInt8>,
    _ words: inout MutableSpan<UInt32>, _ values: inout MutableSpan<UInt32>,
    _ contexts: inout MutableSpan<UInt32>
  ) {
    var coder = decoder
    let states = Self.states.span
    let half = UInt32(1) &<< (plane &- 1)
    var y = 0
    while y < height {
      let rows = UInt32(truncatingIfNeeded: min(4, height &- y))
      let line = (y &>> 2 &+ 1) &* stride &+ 1
      for x in 0..<width {
        let at = line &+ x
        var word = words[at]
        // Significant, not coded in this plane.
        if word & 0x2490 == 0 { continue }
        var row: UInt32 = 0
        while row < rows {
          let near = word &>> (3 &* row)
          if near & Self.own != 0, word &>> (24 &+ row) & 1 == 0 {
            let isLater = word &>> (28 &+ row) & 1 != 0
            let context =
              isLater
              ? J2KContexts.refinement &+ 2
              : near & Self.around != 0
                ? J2KContexts.refinement &+ 1 : J2KContexts.refinement
            let bit = coder.decide(context, &contexts, states, input)
            let place = (y &+ Int(truncatingIfNeeded: row)) &* width &+ x
            // The half bit falls to its place below; the plane's bit is the one read.
            values[place] = values[place] &+ (bit == 1 ? half : 0 &- half)
            word |= UInt32(1) &<< (28 &+ row)
          }
          row = row &+ 1
        }
        words[at] = word
      }
      y &+= 4
    }
    decoder = coder
  }

  /// The magnitude refinement pass in raw bits.
  func refineRaw(
    _ raw: inout J2KRawBits, _ input: Span<UInt8>, _ words: inout MutableSpan<UInt32>,
    _ values: inout MutableSpan<UInt32>
  ) {
    let half: UInt32 = 1 << (plane - 1)
    for y in Swift.stride(from: 0, to: height, by: 4) {
      let line = (y / 4 + 1) * stride + 1
      for x in 0..<width {
        let at = line + x
        for row in 0..<UInt32(min(4, height - y)) {
          guard words[at] >> (3 * row) & Self.own != 0, words[at] >> (24 + row) & 1 == 0 else {
            continue
          }
          let place = (y + Int(row)) * width + x
          let bit = raw.next(input)
          values[place] = values[place] &+ (bit == 1 ? half : 0 &- half)
          words[at] |= 1 << (28 + row)
        }
      }
    }
  }

  /// The cleanup pass; it ends the bit-plane.
  @inline(__always)
  func cleanUp(
    _ decoder: inout J2KArithmeticDecoder, _ input: Span<UInt8>,
    _ words: inout MutableSpan<UInt32>, _ values: inout MutableSpan<UInt32>,
    _ contexts: inout MutableSpan<UInt32>
  ) {
    var coder = decoder
    let zero = Self.zero.span
    let states = Self.states.span
    var y = 0
    while y < height {
      let rows = UInt32(truncatingIfNeeded: min(4, height &- y))
      let line = (y &>> 2 &+ 1) &* stride &+ 1
      for x in 0..<width {
        let at = line &+ x
        var row: UInt32 = 0
        var isRunEnd = false
        // Four coefficients without significance around: a run.
        if rows == 4, words[at] & (Self.anySignificance | 0x0F00_0000) == 0 {
          if coder.decide(J2KContexts.run, &contexts, states, input) == 0 { continue }
          row = coder.decide(J2KContexts.uniform, &contexts, states, input) &<< 1
          row |= coder.decide(J2KContexts.uniform, &contexts, states, input)
          isRunEnd = true
        }
        while row < rows {
          let near = words[at] &>> (3 &* row)
          if near & Self.own == 0, words[at] &>> (24 &+ row) & 1 == 0 {
            var isSignificant = isRunEnd
            if !isSignificant {
              let context = zero[zeroBase &+ Int(truncatingIfNeeded: near & 0x1FF)]
              isSignificant = coder.decide(Int(context), &contexts, states, input) == 1
            }
            if isSignificant {
              become(
                &coder, input, &words, &values, &contexts, at, row,
                (y &+ Int(truncatingIfNeeded: row)) &* width &+ x)
            }
          }
          isRunEnd = false
          row = row &+ 1
        }
        words[at] &= 0xF0FF_FFFF
      }
      y &+= 4
    }
    decoder = coder
  }
}

// The three coding passes over a block's flags and coefficients.
// Source: ITU-T T.800 D.3, D.6.

/// The shape of a block, the memory of its passes, and the passes.
///
/// Memory is as `init` says, which its caller has checked; every index below follows from it: flags
/// have a column on either side and a stripe above and below, and contexts are entries of the tables.
@safe
struct J2KBlockGrid {
  private let width: Int
  private let height: Int
  /// Words of flags from stripe to stripe: a column before the first and one after the last.
  private let stride: Int
  private let isCausal: Bool
  private let words: UnsafeMutablePointer<UInt32>
  private let values: UnsafeMutablePointer<UInt32>
  private let contexts: UnsafeMutablePointer<UInt32>
  /// The zero contexts of the block's orientation.
  private let zero: UnsafePointer<UInt8>
  private let sign: UnsafePointer<UInt8>
  private let states: UnsafePointer<UInt32>
  /// The bit-plane, counted from 1.
  var plane: UInt32 = 1

  /// - Parameters:
  ///   - words: `(stripes + 2) · (width + 2)` flags, where a stripe is four rows.
  ///   - values: `width · height` coefficients.
  ///   - contexts: `J2KContexts.count` states.
  ///   - tables: `J2KContexts.tables`.
  ///   - states: `J2KArithmeticDecoder.states`.
  @unsafe
  init(
    width: Int, height: Int, orientation: Int, isCausal: Bool,
    words: UnsafeMutablePointer<UInt32>, values: UnsafeMutablePointer<UInt32>,
    contexts: UnsafeMutablePointer<UInt32>, tables: UnsafePointer<UInt8>,
    states: UnsafePointer<UInt32>
  ) {
    self.width = width
    self.height = height
    self.isCausal = isCausal
    stride = width + 2
    unsafe self.words = words
    unsafe self.values = values
    unsafe self.contexts = contexts
    unsafe zero = tables + 512 * orientation
    unsafe sign = tables + J2KContexts.signStart
    unsafe self.states = states
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
  private func mark(_ word: UnsafeMutablePointer<UInt32>, _ row: UInt32, _ sign: UInt32) {
    let shift = 3 &* row
    unsafe word[0] |= UInt32(0x10) &<< shift | sign &<< (19 &+ row)
    unsafe word[-1] |= UInt32(0x20) &<< shift
    unsafe word[1] |= UInt32(0x08) &<< shift
    if row == 0, !isCausal {
      let above = unsafe word - stride
      unsafe above[0] |= UInt32(1) &<< 16 | sign &<< 23
      unsafe above[-1] |= UInt32(1) &<< 17
      unsafe above[1] |= UInt32(1) &<< 15
    }
    if row == 3 {
      let below = unsafe word + stride
      unsafe below[0] |= UInt32(1) &<< 1 | sign &<< 18
      unsafe below[-1] |= UInt32(1) &<< 2
      unsafe below[1] |= UInt32(1)
    }
  }

  /// Reads the sign of a coefficient that has become significant, and sets both.
  @inline(__always)
  private func become(
    _ coder: inout J2KArithmeticDecoder, _ word: UnsafeMutablePointer<UInt32>, _ row: UInt32,
    _ place: Int
  ) {
    let entry = unsafe sign[signIndex(word[0], word[-1], word[1], row)]
    let bit = unsafe coder.decide(Int(entry & 0x7F), contexts, states)
    let negative = bit ^ UInt32(entry &>> 7)
    unsafe values[place] = negative &<< 31 | UInt32(3) &<< (plane &- 1)
    unsafe mark(word, row, negative)
  }

  /// The flags of a stripe's first column.
  @inline(__always)
  private func stripe(_ y: Int) -> UnsafeMutablePointer<UInt32> {
    unsafe words + ((y &>> 2 &+ 1) &* stride &+ 1)
  }

  /// The significance propagation pass.
  func propagate(_ decoder: inout J2KArithmeticDecoder) {
    var coder = decoder
    var y = 0
    while y < height {
      let rows = UInt32(truncatingIfNeeded: min(4, height &- y))
      let line = unsafe stripe(y)
      for x in 0..<width {
        let word = unsafe line + x
        if unsafe word[0] & Self.anySignificance == 0 { continue }
        var row: UInt32 = 0
        while row < rows {
          let near = unsafe word[0] &>> (3 &* row)
          if near & Self.own == 0, near & Self.around != 0 {
            let context = unsafe Int(zero[Int(truncatingIfNeeded: near & 0x1FF)])
            if unsafe coder.decide(context, contexts, states) == 1 {
              unsafe become(
                &coder, word, row, (y &+ Int(truncatingIfNeeded: row)) &* width &+ x)
            }
            unsafe word[0] |= UInt32(1) &<< (24 &+ row)
          }
          row = row &+ 1
        }
      }
      y &+= 4
    }
    decoder = coder
  }

  /// The significance propagation pass in raw bits.
  func propagateRaw(_ raw: inout J2KRawBits) {
    for y in Swift.stride(from: 0, to: height, by: 4) {
      for x in 0..<width {
        let word = unsafe stripe(y) + x
        if unsafe word[0] & Self.anySignificance == 0 { continue }
        for row in 0..<UInt32(min(4, height - y)) {
          let near = unsafe word[0] >> (3 * row)
          guard near & Self.own == 0, near & Self.around != 0 else { continue }
          if raw.next() == 1 {
            let sign = raw.next()
            unsafe values[(y + Int(row)) * width + x] = sign << 31 | 3 << (plane - 1)
            unsafe mark(word, row, sign)
          }
          unsafe word[0] |= 1 << (24 + row)
        }
      }
    }
  }

  /// The magnitude refinement pass.
  func refine(_ decoder: inout J2KArithmeticDecoder) {
    var coder = decoder
    var y = 0
    while y < height {
      let rows = height &- y
      let line = unsafe stripe(y)
      for x in 0..<width {
        var word = unsafe line[x]
        // Significant, not coded in this plane.
        if word & 0x2490 == 0 { continue }
        let place = y &* width &+ x
        refine(&coder, &word, 0, place)
        if rows > 1 { refine(&coder, &word, 1, place) }
        if rows > 2 { refine(&coder, &word, 2, place) }
        if rows > 3 { refine(&coder, &word, 3, place) }
        unsafe line[x] = word
      }
      y &+= 4
    }
    decoder = coder
  }

  @inline(__always)
  private func refine(
    _ coder: inout J2KArithmeticDecoder, _ word: inout UInt32, _ row: UInt32, _ place: Int
  ) {
    let near = word &>> (3 &* row)
    if near & Self.own == 0 || word &>> (24 &+ row) & 1 != 0 { return }
    let isLater = word &>> (28 &+ row) & 1 != 0
    let first =
      near & Self.around == 0 ? J2KContexts.refinement : J2KContexts.refinement &+ 1
    let context = isLater ? J2KContexts.refinement &+ 2 : first
    let bit = unsafe coder.decide(context, contexts, states)
    let at = place &+ Int(truncatingIfNeeded: row) &* width
    // The half bit falls to its place below; the plane's bit is the one read.
    let half = UInt32(1) &<< (plane &- 1)
    unsafe values[at] = values[at] &+ ((half ^ (bit &- 1)) &- (bit &- 1))
    word |= UInt32(1) &<< (28 &+ row)
  }

  /// The magnitude refinement pass in raw bits.
  func refineRaw(_ raw: inout J2KRawBits) {
    let half: UInt32 = 1 << (plane - 1)
    for y in Swift.stride(from: 0, to: height, by: 4) {
      for x in 0..<width {
        let word = unsafe stripe(y) + x
        for row in 0..<UInt32(min(4, height - y)) {
          guard unsafe word[0] >> (3 * row) & Self.own != 0,
            unsafe word[0] >> (24 + row) & 1 == 0
          else { continue }
          let at = (y + Int(row)) * width + x
          let bit = raw.next()
          unsafe values[at] = values[at] &+ (bit == 1 ? half : 0 &- half)
          unsafe word[0] |= 1 << (28 + row)
        }
      }
    }
  }

  /// The cleanup pass; it ends the bit-plane.
  func cleanUp(_ decoder: inout J2KArithmeticDecoder) {
    var coder = decoder
    var y = 0
    while y < height {
      let rows = UInt32(truncatingIfNeeded: min(4, height &- y))
      let line = unsafe stripe(y)
      for x in 0..<width {
        let word = unsafe line + x
        let place = y &* width &+ x
        var row: UInt32 = 0
        // Four coefficients without significance around: a run.
        if rows == 4, unsafe word[0] & (Self.anySignificance | 0x0F00_0000) == 0 {
          if unsafe coder.decide(J2KContexts.run, contexts, states) == 0 { continue }
          row = unsafe coder.decide(J2KContexts.uniform, contexts, states) &<< 1
          row |= unsafe coder.decide(J2KContexts.uniform, contexts, states)
          unsafe become(&coder, word, row, place &+ Int(truncatingIfNeeded: row) &* width)
          row = row &+ 1
        }
        while row < rows {
          let flags = unsafe word[0]
          let near = flags &>> (3 &* row)
          if near & Self.own == 0, flags &>> (24 &+ row) & 1 == 0 {
            let context = unsafe Int(zero[Int(truncatingIfNeeded: near & 0x1FF)])
            if unsafe coder.decide(context, contexts, states) == 1 {
              unsafe become(&coder, word, row, place &+ Int(truncatingIfNeeded: row) &* width)
            }
          }
          row = row &+ 1
        }
        unsafe word[0] &= 0xF0FF_FFFF
      }
      y &+= 4
    }
    decoder = coder
  }
}

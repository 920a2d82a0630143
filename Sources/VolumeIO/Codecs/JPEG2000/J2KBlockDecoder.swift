// The block decoder: coding passes over bit-planes, in stripes of four rows.
// Source: ITU-T T.800 annex D.

/// Decodes code-blocks; its scratch is used again from block to block.
struct J2KBlockDecoder {
  private var flags: [UInt32] = []
  private var coefficients: [UInt32] = []
  private var bytes: [UInt8] = []

  /// A block's coefficients in rows: twice the magnitude, with half of the last coded bit added, and
  /// the sign in bit 31.
  var result: [UInt32] { coefficients }

  /// Decodes a block.
  ///
  /// - Parameters:
  ///   - data: The tile's bytes, in which the block's pieces lie.
  ///   - planes: Magnitude bits of the band, with the region's shift, at most 30.
  /// - Throws: `.corrupt` where a segmentation symbol does not follow a bit-plane.
  mutating func decode(
    _ block: J2KBlock, orientation: Int, planes: Int, style: J2KBlockStyle, _ data: Span<UInt8>
  ) throws(VolumeError) {
    let width = block.rect.width
    let height = block.rect.height
    let stripes = (height + 3) / 4
    let stride = width + 2
    Self.clear(&flags, (stripes + 2) * stride)
    Self.clear(&coefficients, width * height)
    bytes.removeAll(keepingCapacity: true)
    for piece in block.pieces {
      for at in piece { bytes.append(data[at]) }
    }
    try Self.run(
      block, orientation: orientation, planes: planes, style: style, bytes,
      flags: &flags, coefficients: &coefficients)
  }

  private static func run(
    _ block: J2KBlock, orientation: Int, planes: Int, style: J2KBlockStyle, _ bytes: [UInt8],
    flags: inout [UInt32], coefficients: inout [UInt32]
  ) throws(VolumeError) {
    let width = block.rect.width
    let height = block.rect.height
    let input = bytes.span
    var words = flags.mutableSpan
    var values = coefficients.mutableSpan
    let initial = J2KContexts.initialStates()
    var storage = initial
    var states = storage.mutableSpan
    var grid = J2KBlockGrid(width: width, height: height, orientation: orientation)
    grid.isCausal = style.contains(.verticallyCausal)
    var plane = planes - block.zeroPlanes
    var kind = 2
    var start = 0
    var number = 0
    for segment in block.segments {
      let end = min(start + segment.bytes, input.count)
      // From the fifth plane on the first two passes of a plane are raw.
      let isRaw = style.contains(.bypass) && number >= 10 && kind < 2
      var coder = J2KArithmeticDecoder(input, start: start, end: end)
      var raw = J2KRawBits(start: start, end: end)
      for _ in 0..<segment.passes {
        guard plane > 0 else { return }
        if style.contains(.resetContexts), number > 0 {
          for index in initial.indices { states[index] = initial[index] }
        }
        grid.plane = UInt32(plane)
        switch (kind, isRaw) {
        case (0, false): grid.propagate(&coder, input, &words, &values, &states)
        case (0, true): grid.propagateRaw(&raw, input, &words, &values)
        case (1, false): grid.refine(&coder, input, &words, &values, &states)
        case (1, true): grid.refineRaw(&raw, input, &words, &values)
        default:
          grid.cleanUp(&coder, input, &words, &values, &states)
          if style.contains(.segmentationSymbols) {
            let table = J2KArithmeticDecoder.states
            var symbol: UInt32 = 0
            for _ in 0..<4 {
              symbol =
                symbol << 1 | coder.decide(J2KContexts.uniform, &states, table.span, input)
            }
            guard symbol == 0b1010 else {
              throw VolumeError(
                .corrupt, "segmentation symbol \(symbol), expected 10", field: "code-block")
            }
          }
        }
        kind += 1
        number += 1
        if kind == 3 {
          kind = 0
          plane -= 1
        }
      }
      start = end
    }
  }

  private static func clear(_ array: inout [UInt32], _ count: Int) {
    if array.count == count {
      var span = array.mutableSpan
      span.update(repeating: 0)
    } else {
      array = [UInt32](repeating: 0, count: count)
    }
  }
}

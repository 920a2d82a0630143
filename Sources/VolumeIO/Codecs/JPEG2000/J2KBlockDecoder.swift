// The block decoder: coding passes over bit-planes, in stripes of four rows.
// Source: ITU-T T.800 annex D.

/// Decodes code-blocks; its scratch is used again from block to block.
struct J2KBlockDecoder {
  private var flags: [UInt32] = []
  private var coefficients: [UInt32] = []
  private var contexts = J2KContexts.initialStates
  /// The segments' bytes, two of 0xFF behind each.
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
    Self.clear(&flags, ((height + 3) / 4 + 2) * (width + 2))
    Self.clear(&coefficients, width * height)
    let starts = gather(block, data)
    contexts = J2KContexts.initialStates
    var symbol: UInt32?
    let bytes = bytes
    precondition(
      0...3 ~= orientation && planes <= 30 && contexts.count == J2KContexts.count,
      "orientation \(orientation), \(planes) planes, \(contexts.count) contexts")
    unsafe flags.withUnsafeMutableBufferPointer { words in
      unsafe coefficients.withUnsafeMutableBufferPointer { values in
        unsafe contexts.withUnsafeMutableBufferPointer { contexts in
          unsafe J2KContexts.tables.withUnsafeBufferPointer { tables in
            unsafe J2KArithmeticDecoder.states.withUnsafeBufferPointer { states in
              unsafe bytes.withUnsafeBufferPointer { input in
                guard let words = words.baseAddress, let values = values.baseAddress,
                  let contexts = contexts.baseAddress, let tables = tables.baseAddress,
                  let states = states.baseAddress, let input = input.baseAddress
                else { return }
                var grid = unsafe J2KBlockGrid(
                  width: width, height: height, orientation: orientation,
                  isCausal: style.contains(.verticallyCausal), words: words, values: values,
                  contexts: contexts, tables: tables, states: states)
                symbol = unsafe Self.run(
                  &grid, block, planes: planes, style: style, input, starts, contexts, states)
              }
            }
          }
        }
      }
    }
    if let symbol {
      throw VolumeError(
        .corrupt, "segmentation symbol \(symbol), expected 10", field: "code-block")
    }
  }

  /// Copies the segments' bytes with two of 0xFF behind each.
  ///
  /// - Returns: Where each segment begins, and how many bytes it has.
  private mutating func gather(
    _ block: J2KBlock, _ data: Span<UInt8>
  ) -> [(start: Int, count: Int)] {
    bytes.removeAll(keepingCapacity: true)
    var starts: [(start: Int, count: Int)] = []
    var pieces = block.pieces[...]
    var piece = pieces.popFirst() ?? 0..<0
    for segment in block.segments {
      let start = bytes.count
      var left = segment.bytes
      while left > 0 {
        if piece.isEmpty {
          guard let next = pieces.popFirst() else { break }
          piece = next
        }
        let taken = piece.prefix(left)
        let part = data.extracting(taken)
        unsafe part.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
        left -= taken.count
        piece = taken.upperBound..<piece.upperBound
      }
      starts.append((start, bytes.count - start))
      bytes += [0xFF, 0xFF]
    }
    // A block without a segment has memory to point to all the same.
    if bytes.isEmpty { bytes = [0xFF, 0xFF] }
    return starts
  }

  /// All passes of a block.
  ///
  /// - Returns: A wrong segmentation symbol, where one ended the block.
  @unsafe
  private static func run(
    _ grid: inout J2KBlockGrid, _ block: J2KBlock, planes: Int, style: J2KBlockStyle,
    _ input: UnsafePointer<UInt8>, _ starts: [(start: Int, count: Int)],
    _ contexts: UnsafeMutablePointer<UInt32>, _ states: UnsafePointer<UInt32>
  ) -> UInt32? {
    let initial = J2KContexts.initialStates
    var plane = planes - block.zeroPlanes
    var kind = 2
    var number = 0
    for (segment, place) in zip(block.segments, starts) {
      // From the fifth plane on the first two passes of a plane are raw.
      let isRaw = style.contains(.bypass) && number >= 10 && kind < 2
      var coder = unsafe J2KArithmeticDecoder(input + place.start)
      var raw = unsafe J2KRawBits(input + place.start, count: place.count)
      for _ in 0..<segment.passes {
        guard plane > 0 else { return nil }
        if style.contains(.resetContexts), number > 0 {
          for index in initial.indices { unsafe contexts[index] = initial[index] }
        }
        grid.plane = UInt32(plane)
        switch (kind, isRaw) {
        case (0, false): grid.propagate(&coder)
        case (0, true): grid.propagateRaw(&raw)
        case (1, false): grid.refine(&coder)
        case (1, true): grid.refineRaw(&raw)
        default:
          grid.cleanUp(&coder)
          if style.contains(.segmentationSymbols) {
            var symbol: UInt32 = 0
            for _ in 0..<4 {
              symbol = unsafe symbol << 1 | coder.decide(J2KContexts.uniform, contexts, states)
            }
            guard symbol == 0b1010 else { return symbol }
          }
        }
        kind += 1
        number += 1
        if kind == 3 {
          kind = 0
          plane -= 1
        }
      }
    }
    return nil
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

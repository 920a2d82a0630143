// A scan of sequential DCT blocks: Huffman decoding, dequantisation and inverse DCT in one pass.
// Source: ITU-T T.81 F.2.

/// Decodes the scans of SOF0 and SOF1 frames straight to samples.
struct JPEGSequentialScan {
  let frame: JPEGFrame
  let scan: JPEGScan
  let tables: JPEGScanTables
  let restartInterval: Int

  init(
    _ tables: JPEGTables, frame: JPEGFrame, scan: JPEGScan
  ) throws(VolumeError) {
    self.frame = frame
    self.scan = scan
    self.tables = try JPEGScanTables(
      tables, frame: frame, scan: scan, needsDC: true, needsAC: true, needsSteps: true)
    restartInterval = tables.restartInterval
  }

  /// Decodes all MCUs.
  ///
  /// - Parameter samples: All components' planes; a component's begins at `64 · firstBlock` and has
  ///   `8 · paddedWide` samples a row.
  /// - Returns: The place after the entropy-coded data.
  /// - Throws: `.corrupt` or `.truncated`, with the byte reached.
  func decode<Sample: JPEGSample>(
    _ bytes: Span<UInt8>, from position: Int, into samples: inout MutableSpan<Sample>
  ) throws(VolumeError) -> Int {
    var reader = JPEGBitReader(position: position)
    var storage = [Sample.Coefficient](repeating: 0, count: JPEGInverseDCT.blockSize)
    var block = storage.mutableSpan
    var lastDC = [Int32](repeating: 0, count: scan.parts.count)
    var predictions = lastDC.mutableSpan
    let placesOfUnit = blocksOfUnit()
    let places = placesOfUnit.span
    let isSingle = scan.parts.count == 1
    let only = frame.components[scan.parts[0].component]
    let unitsWide = isSingle ? only.blocksWide : frame.unitsWide
    let unitsHigh = isSingle ? only.blocksHigh : frame.unitsHigh
    let dc = tables.dc.span
    let ac = tables.ac.span
    let steps = tables.steps.span
    var untilRestart = restartInterval
    var restarts = 0
    for unitY in 0..<unitsHigh {
      for unitX in 0..<unitsWide {
        if restartInterval > 0 {
          if untilRestart == 0 {
            try reader.passRestart(restarts, bytes)
            restarts += 1
            untilRestart = restartInterval
            predictions.update(repeating: 0)
          }
          untilRestart -= 1
        }
        for index in 0..<places.count {
          let place = places[index]
          let start = place.start &+ unitY &* place.stepY &+ unitX &* place.stepX
          let found = decodeBlock(
            bytes, &reader, &predictions[place.part], dc, ac, steps, place.part, into: &block)
          if found == 0 {
            let value: Sample = JPEGInverseDCT.flat(
              Int32(truncatingIfNeeded: block[0]), precision: frame.precision)
            Sample.fill(value, into: &samples, start: start, stride: place.stride)
            block[0] = 0
          } else {
            Sample.transform(
              &block, places: found, into: &samples, start: start, stride: place.stride)
            Self.clear(&block)
          }
        }
      }
      try reader.check()
    }
    return reader.position
  }

  /// Makes the coefficients zeros.
  @inline(__always)
  private static func clear<Coefficient: FixedWidthInteger & SIMDScalar>(
    _ block: inout MutableSpan<Coefficient>
  ) {
    precondition(block.count >= 64, "a block of \(block.count)")
    // Eight rows of eight lie within the block, as checked.
    unsafe block.withUnsafeMutableBytes { bytes in
      for row in 0..<8 {
        unsafe bytes.storeBytes(
          of: SIMD8<Coefficient>(), toByteOffset: 8 &* row &* MemoryLayout<Coefficient>.size,
          as: SIMD8<Coefficient>.self)
      }
    }
  }

  /// A block of an MCU: its part of the scan, its place in the first MCU, and the way to the next.
  private struct Place {
    let part: Int
    let start: Int
    let stepX: Int
    let stepY: Int
    let stride: Int
  }

  private func blocksOfUnit() -> [Place] {
    let isSingle = scan.parts.count == 1
    var places: [Place] = []
    for (index, part) in scan.parts.enumerated() {
      let component = frame.components[part.component]
      let stride = 8 * component.paddedWide
      let across = isSingle ? 1 : component.horizontal
      let down = isSingle ? 1 : component.vertical
      for v in 0..<down {
        for h in 0..<across {
          places.append(
            Place(
              part: index, start: 64 * component.firstBlock + 8 * v * stride + 8 * h,
              stepX: 8 * across, stepY: 8 * down * stride, stride: stride))
        }
      }
    }
    return places
  }

  /// Decodes one block into 64 zeros.
  ///
  /// - Parameters:
  ///   - dc: The looks of DC codes.
  ///   - ac: The looks of AC codes.
  ///   - steps: The quantisation steps with their places, `JPEGScanTables.steps`.
  ///   - part: The block's part of the scan, which tells its tables.
  /// - Returns: The places of the coefficients behind the first, joined by OR; 0 without any.
  @inline(__always)
  private func decodeBlock<Coefficient: FixedWidthInteger & SignedInteger>(
    _ bytes: Span<UInt8>, _ reader: inout JPEGBitReader, _ prediction: inout Int32,
    _ dc: Span<UInt16>, _ ac: Span<Int32>, _ steps: Span<Int32>, _ part: Int,
    into block: inout MutableSpan<Coefficient>
  ) -> Int {
    let size = JPEGHuffmanTable.lookSize
    precondition(
      part >= 0 && dc.count >= (part + 1) * size && ac.count >= (part + 1) * size
        && steps.count >= (part + 1) * 64 && block.count >= 64,
      "tables of \(dc.count), \(ac.count) and \(steps.count), a block of \(block.count)")
    // A copy stays in registers.
    var bits = reader
    // A look is ten bits of the buffer, `k` is below 64, and a place has six bits.
    let found = unsafe block.withUnsafeMutableBufferPointer { block in
      unsafe ac.withUnsafeBufferPointer { ac in
        unsafe steps.withUnsafeBufferPointer { steps in
          guard let block = block.baseAddress, let acBase = ac.baseAddress,
            let stepsBase = steps.baseAddress
          else { return 0 }
          let coder = unsafe Coefficients(
            scan: self, part: part, block: block, codes: acBase + part &* size,
            steps: stepsBase + part &* 64)
          bits.refillWholly(bytes)
          let difference = decodeDifference(
            &bits, dc[part &* size &+ Int(truncatingIfNeeded: bits.buffer &>> 54)], part)
          prediction = prediction &+ difference
          unsafe block[0] = Coefficient(
            truncatingIfNeeded: prediction &* (stepsBase[part &* 64] &>> 6))
          // Both symbols' bits, 25 at most of each, are there after one refill.
          var (k, found) = (1, 0)
          guard unsafe coder.next(bytes, &bits, &k, &found) else { return found }
          while true {
            bits.refillWholly(bytes)
            guard unsafe coder.next(bytes, &bits, &k, &found),
              unsafe coder.next(bytes, &bits, &k, &found)
            else { return found }
          }
        }
      }
    }
    reader = bits
    return found
  }

  /// The difference of a block's first coefficient to the one before.
  @inline(__always)
  private func decodeDifference(
    _ bits: inout JPEGBitReader, _ look: UInt16, _ part: Int
  ) -> Int32 {
    var size = Int(truncatingIfNeeded: look)
    if size != 0 {
      bits.skip(size &>> 8)
      size &= 0xFF
    } else {
      size = bits.longSymbol(tables.dcTables[part])
    }
    if size > 15 { bits.isInvalid = true }
    return Int32(truncatingIfNeeded: bits.takeSigned(size & 15))
  }

  /// What the coefficients of a block are decoded with.
  @unsafe
  private struct Coefficients<Coefficient: FixedWidthInteger & SignedInteger> {
    let scan: JPEGSequentialScan
    let part: Int
    /// Of 64 coefficients.
    let block: UnsafeMutablePointer<Coefficient>
    /// The part's looks, `lookSize` of them.
    let codes: UnsafePointer<Int32>
    /// The part's 64 steps.
    let steps: UnsafePointer<Int32>

    /// Decodes the coefficient at `k`, or the run that leads to the next; false at the block's end.
    @unsafe @inline(__always)
    func next(
      _ bytes: Span<UInt8>, _ bits: inout JPEGBitReader, _ k: inout Int, _ found: inout Int
    ) -> Bool {
      var entry = unsafe codes[Int(truncatingIfNeeded: bits.buffer &>> 54)]
      if entry == 0 { entry = unsafe scan.longEntry(part, bytes, &bits) }
      // The value is taken from a copy, so that the next look need not wait for it.
      var value = bits
      value.skip(Int(truncatingIfNeeded: entry &>> 6 & 31))
      bits.skip(Int(truncatingIfNeeded: entry & 63))
      let size = Int(truncatingIfNeeded: entry &>> 11 & 15)
      k &+= Int(truncatingIfNeeded: entry &>> 16)
      if k > 63 {
        if size > 0 { bits.isInvalid = true }
        return false
      }
      let step = unsafe steps[k]
      let place = Int(truncatingIfNeeded: step & 63)
      found |= place
      unsafe block[place] = Coefficient(
        truncatingIfNeeded: Int32(truncatingIfNeeded: value.takeSigned(size)) &* (step &>> 6))
      k &+= 1
      return k < 64
    }
  }

  /// The entry of a code longer than ten bits, its own bits already skipped.
  @inline(never)
  private func longEntry(
    _ part: Int, _ bytes: Span<UInt8>, _ reader: inout JPEGBitReader
  ) -> Int32 {
    let symbol = Int32(reader.longSymbol(tables.acTables[part]))
    reader.refill(bytes)
    let run = symbol >> 4
    let size = symbol & 15
    if size > 0 || run == 15 { return JPEGScanTables.entry(run: run, size: size, length: 0) }
    if run > 0 { reader.isInvalid = true }
    return JPEGScanTables.entry(run: JPEGScanTables.endOfBlock, size: 0, length: 0)
  }
}

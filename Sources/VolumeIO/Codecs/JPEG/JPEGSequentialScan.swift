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
    var blockStorage = [Sample.Coefficient](repeating: 0, count: 64)
    var block = blockStorage.mutableSpan
    var predictions = SIMD4<Int32>()
    let places = blocksOfUnit()
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
            predictions = SIMD4()
          }
          untilRestart -= 1
        }
        for index in 0..<places.count {
          let place = places[index]
          let start = place.start &+ unitY &* place.stepY &+ unitX &* place.stepX
          let part = place.part
          let isFlat = decodeBlock(
            bytes, &reader, &predictions[part],
            dc.extracting(
              part * JPEGHuffmanTable.lookSize..<(part + 1) * JPEGHuffmanTable.lookSize),
            ac.extracting(
              part * JPEGHuffmanTable.lookSize..<(part + 1) * JPEGHuffmanTable.lookSize),
            steps.extracting(64 * part..<64 * (part + 1)), part, into: &block)
          if isFlat {
            let value: Sample = JPEGInverseDCT.flat(
              Int32(truncatingIfNeeded: block[0]), precision: frame.precision)
            Sample.fill(value, into: &samples, start: start, stride: place.stride)
            block[0] = 0
          } else {
            Sample.transform(&block, into: &samples, start: start, stride: place.stride)
            block.update(repeating: 0)
          }
        }
      }
      try reader.check()
    }
    return reader.position
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

  /// Decodes one block into 64 zeros; true where only its first coefficient is set.
  ///
  /// - Parameters:
  ///   - dc: The part's look of DC codes.
  ///   - ac: The part's look of AC codes.
  ///   - steps: The part's 64 quantisation steps with their places, `JPEGScanTables.steps`.
  @inline(__always)
  private func decodeBlock<Coefficient: FixedWidthInteger & SignedInteger>(
    _ bytes: Span<UInt8>, _ reader: inout JPEGBitReader, _ prediction: inout Int32,
    _ dc: Span<UInt16>, _ ac: Span<Int32>, _ steps: Span<Int32>, _ part: Int,
    into block: inout MutableSpan<Coefficient>
  ) -> Bool {
    precondition(
      dc.count == JPEGHuffmanTable.lookSize && ac.count == JPEGHuffmanTable.lookSize
        && steps.count == 64 && block.count == 64,
      "tables of \(dc.count), \(ac.count) and \(steps.count), a block of \(block.count)")
    var bits = reader
    var isFlat = true
    // A look is ten bits of the buffer, `k` is below 64, and a place has six bits.
    unsafe block.withUnsafeMutableBufferPointer { block in
      unsafe ac.withUnsafeBufferPointer { ac in
        unsafe steps.withUnsafeBufferPointer { steps in
          guard let block = block.baseAddress, let ac = ac.baseAddress,
            let steps = steps.baseAddress
          else { return }
          bits.refill(bytes)
          let look = dc[Int(truncatingIfNeeded: bits.buffer &>> 54)]
          var size = Int(truncatingIfNeeded: look)
          if size != 0 {
            bits.skip(size &>> 8)
            size &= 0xFF
          } else {
            size = bits.longSymbol(tables.dcTables[part])
          }
          if size > 15 { bits.isInvalid = true }
          prediction = prediction &+ Int32(truncatingIfNeeded: bits.takeSigned(size & 15))
          unsafe block[0] = Coefficient(truncatingIfNeeded: prediction &* (steps[0] &>> 6))
          var k = 1
          while k < 64 {
            bits.refill(bytes)
            var entry = unsafe ac[Int(truncatingIfNeeded: bits.buffer &>> 54)]
            if entry == 0 { entry = longEntry(part, &bits) }
            bits.skip(Int(truncatingIfNeeded: entry & 31))
            k &+= Int(truncatingIfNeeded: entry &>> 9 & 127)
            var value = entry &>> 16
            let size = Int(truncatingIfNeeded: entry &>> 5 & 15)
            if size > 0 {
              value = Int32(truncatingIfNeeded: bits.takeSigned(size))
            } else if value == 0 {
              continue
            }
            if k > 63 {
              bits.isInvalid = true
              break
            }
            let step = unsafe steps[k]
            unsafe block[Int(truncatingIfNeeded: step & 63)] = Coefficient(
              truncatingIfNeeded: value &* (step &>> 6))
            isFlat = false
            k &+= 1
          }
        }
      }
    }
    reader = bits
    return isFlat
  }

  /// The entry of a code longer than ten bits, its own bits already skipped.
  @inline(__always)
  private func longEntry(_ part: Int, _ reader: inout JPEGBitReader) -> Int32 {
    let symbol = Int32(reader.longSymbol(tables.acTables[part]))
    let run = symbol >> 4
    let size = symbol & 15
    if size > 0 { return run << 9 | size << 5 }
    if run == 15 { return 16 << 9 }
    if run > 0 { reader.isInvalid = true }
    return Int32(JPEGScanTables.endOfBlock) << 9
  }
}

// A scan of a progressive frame: part of the coefficients, to some of their bits.
// Source: ITU-T T.81 annex G.

/// Decodes the scans of SOF2 frames into coefficients.
struct JPEGProgressiveScan {
  let frame: JPEGFrame
  let scan: JPEGScan
  let tables: JPEGScanTables
  let restartInterval: Int

  init(_ tables: JPEGTables, frame: JPEGFrame, scan: JPEGScan) throws(VolumeError) {
    guard scan.first <= scan.last, scan.last < 64, scan.low < 14,
      scan.first == 0 ? scan.last == 0 : scan.parts.count == 1,
      scan.high == 0 || scan.high == scan.low + 1
    else {
      throw VolumeError(
        .malformed,
        "coefficients \(scan.first)...\(scan.last) of \(scan.parts.count) components, bits "
          + "\(scan.high), \(scan.low): no scan of a progressive frame",
        offset: scan.offset, field: "SOS Ss, Se, Ah, Al")
    }
    self.frame = frame
    self.scan = scan
    self.tables = try JPEGScanTables(
      tables, frame: frame, scan: scan, needsDC: scan.first == 0 && scan.high == 0,
      needsAC: false, needsSteps: false)
    acTable = scan.first == 0 ? nil : try tables.acTable(scan.parts[0].ac, offset: scan.offset)
    restartInterval = tables.restartInterval
  }

  private let acTable: JPEGHuffmanTable?

  /// Blocks that the scan visits.
  var blockCount: Int {
    scan.parts.reduce(0) { $0 + frame.components[$1.component].blockCount }
  }

  /// Decodes all MCUs.
  ///
  /// - Parameter coefficients: All components' blocks, 64 coefficients each in rows.
  /// - Returns: The place after the entropy-coded data.
  /// - Throws: `.corrupt` or `.truncated`, with the byte reached.
  func decode(
    _ bytes: Span<UInt8>, from position: Int, into coefficients: inout MutableSpan<Int16>
  ) throws(VolumeError) -> Int {
    var reader = JPEGBitReader(position: position)
    var predictions = [Int](repeating: 0, count: 4)
    var endOfBandRun = 0
    let isSingle = scan.parts.count == 1
    let only = frame.components[scan.parts[0].component]
    let unitsWide = isSingle ? only.blocksWide : frame.unitsWide
    let unitsHigh = isSingle ? only.blocksHigh : frame.unitsHigh
    var untilRestart = restartInterval
    var restarts = 0
    for unitY in 0..<unitsHigh {
      for unitX in 0..<unitsWide {
        if restartInterval > 0 {
          if untilRestart == 0 {
            try reader.passRestart(restarts, bytes)
            restarts += 1
            untilRestart = restartInterval
            endOfBandRun = 0
            for index in 0..<4 { predictions[index] = 0 }
          }
          untilRestart -= 1
        }
        for part in 0..<scan.parts.count {
          let component = frame.components[scan.parts[part].component]
          let across = isSingle ? 1 : component.horizontal
          let down = isSingle ? 1 : component.vertical
          for v in 0..<down {
            for h in 0..<across {
              let block =
                component.firstBlock + (unitY * down + v) * component.paddedWide + unitX * across
                + h
              switch (scan.first == 0, scan.high == 0) {
              case (true, true):
                dcFirst(part, bytes, &reader, &predictions[part], &coefficients, at: 64 * block)
              case (true, false):
                reader.refill(bytes)
                if reader.take(1) == 1 { coefficients[64 * block] |= 1 << Int16(scan.low) }
              case (false, true):
                acFirst(bytes, &reader, &endOfBandRun, &coefficients, at: 64 * block)
              case (false, false):
                acRefinement(bytes, &reader, &endOfBandRun, &coefficients, at: 64 * block)
              }
            }
          }
        }
      }
      try reader.check()
    }
    return reader.position
  }

  @inline(__always)
  private func dcFirst(
    _ part: Int, _ bytes: Span<UInt8>, _ reader: inout JPEGBitReader, _ prediction: inout Int,
    _ coefficients: inout MutableSpan<Int16>, at start: Int
  ) {
    reader.refill(bytes)
    let size = reader.symbol(
      tables.dc.span, at: part * JPEGHuffmanTable.lookSize, or: tables.dcTables[part])
    if size > 15 { reader.isInvalid = true }
    prediction = prediction &+ reader.takeSigned(size & 15)
    coefficients[start] = Int16(truncatingIfNeeded: prediction &<< scan.low)
  }

  @inline(__always)
  private func acFirst(
    _ bytes: Span<UInt8>, _ reader: inout JPEGBitReader, _ endOfBandRun: inout Int,
    _ coefficients: inout MutableSpan<Int16>, at start: Int
  ) {
    if endOfBandRun > 0 {
      endOfBandRun -= 1
      return
    }
    guard let acTable else { return }
    let look = acTable.look.span
    let zigzag = JPEGZigzag.order
    let order = zigzag.span
    var k = scan.first
    while k <= scan.last {
      reader.refill(bytes)
      let symbol = reader.symbol(look, at: 0, or: acTable)
      let run = symbol >> 4
      let size = symbol & 15
      if size > 0 {
        k += run
        guard k <= scan.last else {
          reader.isInvalid = true
          return
        }
        let value = reader.takeSigned(size)
        coefficients[start + order[k]] = Int16(truncatingIfNeeded: value &<< scan.low)
        k += 1
      } else if run == 15 {
        k += 16
      } else {
        endOfBandRun = (1 << run) + reader.take(run) - 1
        return
      }
    }
  }

  @inline(__always)
  private func acRefinement(
    _ bytes: Span<UInt8>, _ reader: inout JPEGBitReader, _ endOfBandRun: inout Int,
    _ coefficients: inout MutableSpan<Int16>, at start: Int
  ) {
    guard let acTable else { return }
    let look = acTable.look.span
    let zigzag = JPEGZigzag.order
    let order = zigzag.span
    let plus = Int16(1) << Int16(scan.low)
    var k = scan.first
    if endOfBandRun == 0 {
      while k <= scan.last {
        reader.refill(bytes)
        let symbol = reader.symbol(look, at: 0, or: acTable)
        var run = symbol >> 4
        var value: Int16 = 0
        if symbol & 15 > 0 {
          if symbol & 15 > 1 { reader.isInvalid = true }
          value = reader.take(1) == 1 ? plus : -plus
        } else if run < 15 {
          endOfBandRun = (1 << run) + reader.take(run)
          break
        }
        // Zeros of history are counted by the run; the others take a correction bit each.
        while k <= scan.last {
          let at = start + order[k]
          if coefficients[at] != 0 {
            correct(&coefficients, at: at, by: plus, bytes, &reader)
          } else {
            if run == 0 { break }
            run -= 1
          }
          k += 1
        }
        if value != 0 {
          guard k <= scan.last else {
            reader.isInvalid = true
            return
          }
          coefficients[start + order[k]] = value
        }
        k += 1
      }
    }
    if endOfBandRun > 0 {
      while k <= scan.last {
        let at = start + order[k]
        if coefficients[at] != 0 { correct(&coefficients, at: at, by: plus, bytes, &reader) }
        k += 1
      }
      endOfBandRun -= 1
    }
  }

  @inline(__always)
  private func correct(
    _ coefficients: inout MutableSpan<Int16>, at index: Int, by plus: Int16,
    _ bytes: Span<UInt8>, _ reader: inout JPEGBitReader
  ) {
    reader.refill(bytes)
    guard reader.take(1) == 1, coefficients[index] & plus == 0 else { return }
    coefficients[index] &+= coefficients[index] >= 0 ? plus : -plus
  }
}

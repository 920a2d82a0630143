// A scan of a lossless frame: differences to a prediction from neighbours.
// Source: ITU-T T.81 annex H.

/// Decodes the scans of SOF3 frames, with any of the seven predictors.
struct JPEGLosslessScan {
  let frame: JPEGFrame
  let scan: JPEGScan
  let tables: JPEGScanTables
  let restartInterval: Int

  init(_ tables: JPEGTables, frame: JPEGFrame, scan: JPEGScan) throws(VolumeError) {
    guard 1...7 ~= scan.first, scan.low < frame.precision else {
      throw VolumeError(
        .malformed,
        "predictor \(scan.first), point transform \(scan.low) of \(frame.precision) bits; 1...7 and "
          + "less than the precision are allowed",
        offset: scan.offset, field: "SOS Ss, Al")
    }
    guard tables.restartInterval % frame.width == 0 else {
      throw VolumeError(
        .malformed,
        "a restart interval of \(tables.restartInterval) that is no multiple of the \(frame.width) "
          + "samples of a line",
        offset: scan.offset, field: "DRI")
    }
    self.frame = frame
    self.scan = scan
    self.tables = try JPEGScanTables(
      tables, frame: frame, scan: scan, needsDC: true, needsAC: false, needsSteps: false)
    restartInterval = tables.restartInterval
  }

  /// Decodes all lines.
  ///
  /// - Parameter samples: The whole frame, interleaved by pixel.
  /// - Returns: The place after the entropy-coded data.
  /// - Throws: `.corrupt` or `.truncated`, with the byte reached.
  func decode<Sample: FixedWidthInteger & UnsignedInteger>(
    _ bytes: Span<UInt8>, from position: Int, into samples: inout MutableSpan<Sample>
  ) throws(VolumeError) -> Int {
    var reader = JPEGBitReader(position: position)
    let width = frame.width
    let parts = scan.parts.count
    var differences = [UInt16](repeating: 0, count: width * parts)
    var above = [UInt16](repeating: 0, count: width * parts)
    var current = [UInt16](repeating: 0, count: width * parts)
    let linesAnInterval = restartInterval / width
    var isFirst = true
    for y in 0..<frame.height {
      if linesAnInterval > 0, y > 0, y % linesAnInterval == 0 {
        try reader.passRestart(y / linesAnInterval - 1, bytes)
        isFirst = true
      }
      var line = differences.mutableSpan
      readLine(bytes, &reader, into: &line)
      try reader.check()
      for part in 0..<parts {
        var target = current.mutableSpan
        predict(
          differences.span.extracting(part * width..<(part + 1) * width),
          above: above.span.extracting(part * width..<(part + 1) * width), isFirst: isFirst,
          into: &target, at: part * width)
        store(
          current.span.extracting(part * width..<(part + 1) * width), into: &samples,
          at: y * width * frame.components.count + scan.parts[part].component)
      }
      swap(&above, &current)
      isFirst = false
    }
    return reader.position
  }

  /// The differences of a line, the scan's components one after another.
  @inline(__always)
  private func readLine(
    _ bytes: Span<UInt8>, _ reader: inout JPEGBitReader, into line: inout MutableSpan<UInt16>
  ) {
    let looks = tables.dc.span
    let width = frame.width
    let parts = scan.parts.count
    // A copy stays in registers.
    var bits = reader
    if parts == 1 {
      let table = tables.dcTables[0]
      for x in 0..<width { line[x] = difference(bytes, &bits, looks, 0, table) }
    } else {
      for x in 0..<width {
        for part in 0..<parts {
          line[part &* width &+ x] = difference(
            bytes, &bits, looks, part &* JPEGHuffmanTable.lookSize, tables.dcTables[part])
        }
      }
    }
    reader = bits
  }

  @inline(__always)
  private func difference(
    _ bytes: Span<UInt8>, _ reader: inout JPEGBitReader, _ looks: Span<UInt16>, _ base: Int,
    _ table: JPEGHuffmanTable
  ) -> UInt16 {
    reader.refill(bytes)
    let size = reader.symbol(looks, at: base, or: table)
    if size < 16 { return UInt16(truncatingIfNeeded: reader.takeSigned(size)) }
    // 16 is the difference 32768, without more bits; there is no 17.
    if size > 16 { reader.isInvalid = true }
    return 0x8000
  }

  /// Adds predictions to a line of differences, modulo 2¹⁶.
  @inline(__always)
  private func predict(
    _ differences: Span<UInt16>, above: Span<UInt16>, isFirst: Bool,
    into line: inout MutableSpan<UInt16>, at start: Int
  ) {
    let width = differences.count
    var left = isFirst ? UInt16(1) << UInt16(frame.precision - scan.low - 1) : above[0]
    left &+= differences[0]
    line[start] = left
    switch isFirst ? 1 : scan.first {
    case 1:
      for x in 1..<width {
        left &+= differences[x]
        line[start &+ x] = left
      }
    case 2:
      for x in 1..<width { line[start &+ x] = differences[x] &+ above[x] }
    case 3:
      for x in 1..<width { line[start &+ x] = differences[x] &+ above[x &- 1] }
    case 4:
      for x in 1..<width {
        left &+= differences[x] &+ above[x] &- above[x &- 1]
        line[start &+ x] = left
      }
    case 5:
      for x in 1..<width {
        let slope = (Int32(above[x]) &- Int32(above[x &- 1])) &>> 1
        left = left &+ differences[x] &+ UInt16(truncatingIfNeeded: slope)
        line[start &+ x] = left
      }
    case 6:
      for x in 1..<width {
        let slope = (Int32(left) &- Int32(above[x &- 1])) &>> 1
        left = differences[x] &+ above[x] &+ UInt16(truncatingIfNeeded: slope)
        line[start &+ x] = left
      }
    default:
      for x in 1..<width {
        let mean = (Int32(left) &+ Int32(above[x])) &>> 1
        left = differences[x] &+ UInt16(truncatingIfNeeded: mean)
        line[start &+ x] = left
      }
    }
  }

  /// Writes a line with the point transform undone.
  @inline(__always)
  private func store<Sample: FixedWidthInteger & UnsignedInteger>(
    _ line: Span<UInt16>, into samples: inout MutableSpan<Sample>, at start: Int
  ) {
    let step = frame.components.count
    let shift = UInt16(scan.low)
    if step == 1 {
      for x in 0..<line.count {
        samples[start &+ x] = Sample(truncatingIfNeeded: line[x] &<< shift)
      }
    } else {
      for x in 0..<line.count {
        samples[start &+ x &* step] = Sample(truncatingIfNeeded: line[x] &<< shift)
      }
    }
  }
}

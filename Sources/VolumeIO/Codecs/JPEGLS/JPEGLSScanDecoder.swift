// The lines of a JPEG-LS scan: order of components, restarts and edges.
// Source: ITU-T T.87 A.1, annexes A and B.

/// Decodes one scan.
struct JPEGLSScanDecoder {
  private let frame: JPEGLSFrame
  private let scan: JPEGLSScan
  private let restartInterval: Int
  private let coder: JPEGLSLineDecoder
  /// For each of the scan's components, or for all that are interleaved by sample together.
  private var lines: [JPEGLSLines]
  private var runIndices: [Int]
  private var contexts: [Int32]

  init(
    frame: JPEGLSFrame, scan: JPEGLSScan, parameters: JPEGLSParameters, restartInterval: Int
  ) {
    self.frame = frame
    self.scan = scan
    self.restartInterval = restartInterval
    coder = JPEGLSLineDecoder(parameters)
    let widths = scan.components.map { frame.components[$0].width }
    lines =
      scan.interleaving == .sample
      ? [JPEGLSLines(width: widths[0], components: widths.count)]
      : widths.map { JPEGLSLines(width: $0, components: 1) }
    runIndices = lines.map { _ in 0 }
    contexts = coder.initialContexts()
  }

  /// All that a restart resets.
  private mutating func reset() {
    contexts = coder.initialContexts()
    for index in lines.indices {
      runIndices[index] = 0
      lines[index].clear()
    }
  }

  /// Decodes all lines.
  ///
  /// - Parameter samples: All planes of the frame.
  /// - Returns: The place after the entropy-coded data.
  /// - Throws: `.truncated` or `.corrupt`, with the byte reached.
  mutating func decode<Sample: FixedWidthInteger & UnsignedInteger>(
    _ bytes: Span<UInt8>, from position: Int, into samples: inout MutableSpan<Sample>
  ) throws(VolumeError) -> Int {
    var reader = JPEGLSBitReader(position: position)
    let isLone = scan.components.count == 1
    let first = frame.components[scan.components[0]]
    // A unit is a line of each component, or as many as it is sampled.
    let units =
      isLone || scan.interleaving == .sample
      ? first.height : frame.height.dividedRoundingUp(by: frame.maximumVertical)
    for unit in 0..<units {
      if restartInterval > 0, unit > 0, unit % restartInterval == 0 {
        try passRestart(&reader, unit / restartInterval - 1, bytes)
        reset()
      }
      if scan.interleaving == .sample {
        next(0, bytes, &reader)
        for (index, name) in scan.components.enumerated() {
          store(0, index, name, line: unit, into: &samples)
        }
      } else {
        for (index, name) in scan.components.enumerated() {
          let component = frame.components[name]
          let count = isLone ? 1 : component.vertical
          for line in unit * count..<min((unit + 1) * count, component.height) {
            next(index, bytes, &reader)
            store(index, 0, name, line: line, into: &samples)
          }
        }
      }
      if reader.isExhausted {
        throw VolumeError(
          .truncated, "the entropy-coded data ends in line \(unit) of \(units)",
          offset: reader.position, field: "scan")
      }
    }
    return reader.position
  }

  /// Decodes the next line.
  private mutating func next(_ index: Int, _ bytes: Span<UInt8>, _ reader: inout JPEGLSBitReader) {
    lines[index].advance()
    coder.decode(
      bytes, &reader, &lines[index], contexts: &contexts, runIndex: &runIndices[index])
  }

  private func store<Sample: FixedWidthInteger & UnsignedInteger>(
    _ index: Int, _ part: Int, _ name: Int, line: Int, into samples: inout MutableSpan<Sample>
  ) {
    let component = frame.components[name]
    lines[index].store(
      component: part, shift: Int32(scan.pointTransform), into: &samples,
      at: component.first + line * component.width)
  }

  private func passRestart(
    _ reader: inout JPEGLSBitReader, _ number: Int, _ bytes: Span<UInt8>
  ) throws(VolumeError) {
    var at = reader.position
    while at + 1 < bytes.count, bytes[at] != 0xFF || bytes[at + 1] < 0x80 || bytes[at + 1] == 0xFF {
      at += 1
    }
    let wanted = UInt8(0xD0 + number % 8)
    guard at + 1 < bytes.count, bytes[at + 1] == wanted else {
      throw VolumeError(
        at + 1 < bytes.count ? .corrupt : .truncated,
        "expected restart marker FF \(String(wanted, radix: 16, uppercase: true))",
        offset: min(at, bytes.count), field: "RST")
    }
    reader = JPEGLSBitReader(position: at + 2)
  }
}

// The lines of a JPEG-LS scan: order of components, restarts and edges.
// Source: ITU-T T.87 A.1, annexes A and B.

/// Decodes one scan.
struct JPEGLSScanDecoder {
  private let frame: JPEGLSFrame
  private let scan: JPEGLSScan
  private let restartInterval: Int
  private let coder: JPEGLSLineDecoder
  /// For each of the scan's components: two lines with two edge samples, and the run's state.
  private var lines: [[Int32]]
  private var runIndices: [Int]
  private var contexts: [Int32]

  init(
    frame: JPEGLSFrame, scan: JPEGLSScan, parameters: JPEGLSParameters, restartInterval: Int
  ) {
    self.frame = frame
    self.scan = scan
    self.restartInterval = restartInterval
    coder = JPEGLSLineDecoder(parameters)
    lines = []
    runIndices = []
    contexts = []
  }

  /// All that a restart resets.
  private mutating func reset() {
    contexts = coder.initialContexts()
    runIndices = scan.components.map { _ in 0 }
    lines = scan.components.map {
      [Int32](repeating: 0, count: frame.components[$0].width + 2)
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
    reset()
    let isLone = scan.components.count == 1
    let first = frame.components[scan.components[0]]
    // A unit is a line of each component, or as many as it is sampled.
    let units =
      isLone || scan.interleaving == .sample
      ? first.height : frame.height.dividedRoundingUp(by: frame.maximumVertical)
    var current = lines
    for unit in 0..<units {
      if restartInterval > 0, unit > 0, unit % restartInterval == 0 {
        try passRestart(&reader, unit / restartInterval - 1, bytes)
        reset()
      }
      if scan.interleaving == .sample {
        for index in lines.indices { current[index][0] = lines[index][1] }
        for index in lines.indices { extendLine(index) }
        coder.decode(
          bytes, &reader, previous: lines, current: &current, contexts: &contexts,
          runIndex: &runIndices[0])
        for index in lines.indices {
          store(current[index], of: scan.components[index], line: unit, into: &samples)
        }
        swap(&lines, &current)
      } else {
        for (index, name) in scan.components.enumerated() {
          let component = frame.components[name]
          let count = isLone ? 1 : component.vertical
          for line in unit * count..<min((unit + 1) * count, component.height) {
            current[index][0] = lines[index][1]
            extendLine(index)
            coder.decode(
              bytes, &reader, previous: lines[index], current: &current[index],
              contexts: &contexts, runIndex: &runIndices[index])
            store(current[index], of: name, line: line, into: &samples)
            swap(&lines[index], &current[index])
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

  /// The sample right of a line's end repeats its last.
  private mutating func extendLine(_ index: Int) {
    let width = lines[index].count - 2
    lines[index][width + 1] = lines[index][width]
  }

  private func store<Sample: FixedWidthInteger & UnsignedInteger>(
    _ line: [Int32], of index: Int, line y: Int, into samples: inout MutableSpan<Sample>
  ) {
    let component = frame.components[index]
    let start = component.first + y * component.width
    let shift = Int32(scan.pointTransform)
    let source = line.span
    for x in 0..<component.width {
      samples[start &+ x] = Sample(truncatingIfNeeded: source[x &+ 1] &<< shift)
    }
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

// What the frame and scan headers of JPEG and of JPEG-LS have in common.
// Source: ITU-T T.81 B.2.2, B.2.3; T.87 C.2.2, C.2.3.

/// The fields of a start-of-frame segment.
struct JPEGFrameFields {
  struct Component {
    let identifier: UInt8
    let horizontal: Int
    let vertical: Int
    /// Tq: the quantisation table; JPEG-LS has none.
    let table: Int
  }

  let precision: Int
  let height: Int
  let width: Int
  let components: [Component]
  let maximumHorizontal: Int
  let maximumVertical: Int

  /// - Parameter name: The segment's name in errors.
  /// - Throws: `.malformed` unless there are 1 to 4 components with names of their own, sampled 1 to 4
  ///   times, in a frame that has a width.
  init(_ bytes: Span<UInt8>, segment: Range<Int>, name: String) throws(VolumeError) {
    let start = segment.lowerBound
    guard segment.count >= 6, segment.count >= 6 + 3 * Int(bytes[start + 5]) else {
      throw VolumeError(
        .malformed, "\(segment.count) bytes of frame header are too few", offset: start,
        field: name)
    }
    precision = Int(bytes[start])
    height = Int(bytes[start + 1]) << 8 | Int(bytes[start + 2])
    width = Int(bytes[start + 3]) << 8 | Int(bytes[start + 4])
    let count = Int(bytes[start + 5])
    guard 1...4 ~= count, width > 0 else {
      throw VolumeError(
        .malformed, "\(count) components of \(width) × \(height); 1 to 4, not empty, are read",
        offset: start + 1, field: name)
    }
    var parsed: [Component] = []
    for index in 0..<count {
      let at = start + 6 + 3 * index
      let component = Component(
        identifier: bytes[at], horizontal: Int(bytes[at + 1] >> 4),
        vertical: Int(bytes[at + 1] & 15), table: Int(bytes[at + 2]))
      guard 1...4 ~= component.horizontal, 1...4 ~= component.vertical,
        !parsed.contains(where: { $0.identifier == component.identifier })
      else {
        throw VolumeError(
          .malformed,
          "component \(component.identifier), sampling \(component.horizontal) × "
            + "\(component.vertical); expected 1...4 and a name of its own",
          offset: at, field: "\(name) component \(index)")
      }
      parsed.append(component)
    }
    components = parsed
    maximumHorizontal = parsed.reduce(1) { max($0, $1.horizontal) }
    maximumVertical = parsed.reduce(1) { max($0, $1.vertical) }
  }

  /// Samples across and down that a component has after subsampling.
  func size(of component: Component, height: Int) -> (width: Int, height: Int) {
    (
      (width * component.horizontal).dividedRoundingUp(by: maximumHorizontal),
      (height * component.vertical).dividedRoundingUp(by: maximumVertical)
    )
  }
}

/// The fields of a start-of-scan segment.
struct JPEGScanFields {
  /// Indices in the frame's components, and the byte beside each.
  let components: [(index: Int, selector: UInt8)]
  /// The three bytes behind them, and where they stand.
  let last: (UInt8, UInt8, UInt8)
  let lastOffset: Int

  /// - Parameter names: The names of the frame's components.
  /// - Throws: `.malformed` unless the scan names 1 to 4 of them, each once.
  init(_ bytes: Span<UInt8>, segment: Range<Int>, names: [UInt8]) throws(VolumeError) {
    let start = segment.lowerBound
    guard segment.count >= 1, 1...4 ~= bytes[start], segment.count >= 4 + 2 * Int(bytes[start])
    else {
      throw VolumeError(
        .malformed, "\(segment.count) bytes of scan header do not hold 1 to 4 components",
        offset: start, field: "SOS")
    }
    var found: [(index: Int, selector: UInt8)] = []
    for index in 0..<Int(bytes[start]) {
      let at = start + 1 + 2 * index
      guard let component = names.firstIndex(of: bytes[at]),
        !found.contains(where: { $0.index == component })
      else {
        throw VolumeError(
          .malformed, "the scan names component \(bytes[at]), which the frame lacks or repeats",
          offset: at, field: "SOS C")
      }
      found.append((component, bytes[at + 1]))
    }
    components = found
    lastOffset = start + 1 + 2 * found.count
    last = (bytes[lastOffset], bytes[lastOffset + 1], bytes[lastOffset + 2])
  }
}

// The frame, scan and preset segments of JPEG-LS.
// Source: ITU-T T.87 C.2.

/// A start-of-frame segment (SOF55).
struct JPEGLSFrame: Sendable, Hashable {
  struct Component: Sendable, Hashable {
    let identifier: UInt8
    let horizontal: Int
    let vertical: Int
    /// Samples that the component has after subsampling.
    var width = 0
    var height = 0
    /// The component's first sample in a buffer of all planes.
    var first = 0
  }

  let precision: Int
  let width: Int
  let height: Int
  var components: [Component]
  let maximumHorizontal: Int
  let maximumVertical: Int
  let offset: Int

  /// Samples of all components.
  var sampleCount: Int { components.reduce(0) { $0 + $1.width * $1.height } }

  init(_ bytes: Span<UInt8>, segment: Range<Int>) throws(VolumeError) {
    offset = segment.lowerBound
    guard segment.count >= 6, segment.count >= 6 + 3 * Int(bytes[offset + 5]) else {
      throw VolumeError(
        .malformed, "\(segment.count) bytes of frame header are too few", offset: offset,
        field: "SOF55")
    }
    precision = Int(bytes[offset])
    height = Int(bytes[offset + 1]) << 8 | Int(bytes[offset + 2])
    width = Int(bytes[offset + 3]) << 8 | Int(bytes[offset + 4])
    let count = Int(bytes[offset + 5])
    guard 2...16 ~= precision, width > 0, height > 0, 1...4 ~= count else {
      throw VolumeError(
        .malformed,
        "\(width) × \(height) × \(count) of \(precision) bits; 2...16 bits, 1...4 components, not "
          + "empty, are read",
        offset: offset, field: "SOF55")
    }
    var parsed: [Component] = []
    for index in 0..<count {
      let at = offset + 6 + 3 * index
      let component = Component(
        identifier: bytes[at], horizontal: Int(bytes[at + 1] >> 4),
        vertical: Int(bytes[at + 1] & 15))
      guard 1...4 ~= component.horizontal, 1...4 ~= component.vertical,
        !parsed.contains(where: { $0.identifier == component.identifier })
      else {
        throw VolumeError(
          .malformed,
          "component \(component.identifier), sampling \(component.horizontal) × "
            + "\(component.vertical); expected 1...4 and a name of its own",
          offset: at, field: "SOF55 component \(index)")
      }
      parsed.append(component)
    }
    maximumHorizontal = parsed.reduce(1) { max($0, $1.horizontal) }
    maximumVertical = parsed.reduce(1) { max($0, $1.vertical) }
    var first = 0
    for index in parsed.indices {
      parsed[index].width = (width * parsed[index].horizontal)
        .dividedRoundingUp(by: maximumHorizontal)
      parsed[index].height = (height * parsed[index].vertical)
        .dividedRoundingUp(by: maximumVertical)
      parsed[index].first = first
      first += parsed[index].width * parsed[index].height
    }
    components = parsed
  }
}

/// A start-of-scan segment.
struct JPEGLSScan: Sendable, Hashable {
  enum Interleaving: UInt8, Sendable, Hashable {
    case none, line, sample
  }

  /// Indices in the frame's components.
  let components: [Int]
  let near: Int
  let interleaving: Interleaving
  /// Bits that were shifted out before coding.
  let pointTransform: Int
  let offset: Int

  init(_ bytes: Span<UInt8>, segment: Range<Int>, frame: JPEGLSFrame) throws(VolumeError) {
    offset = segment.lowerBound
    guard segment.count >= 1, 1...4 ~= bytes[offset],
      segment.count >= 4 + 2 * Int(bytes[offset])
    else {
      throw VolumeError(
        .malformed, "\(segment.count) bytes of scan header do not hold 1 to 4 components",
        offset: offset, field: "SOS")
    }
    let count = Int(bytes[offset])
    var found: [Int] = []
    for index in 0..<count {
      let at = offset + 1 + 2 * index
      guard let component = frame.components.firstIndex(where: { $0.identifier == bytes[at] }),
        !found.contains(component)
      else {
        throw VolumeError(
          .malformed, "the scan names component \(bytes[at]), which the frame lacks or repeats",
          offset: at, field: "SOS C")
      }
      guard bytes[at + 1] == 0 else {
        throw VolumeError(
          .unsupported, "a mapping table (palette) of JPEG-LS", offset: at + 1, field: "SOS Tm")
      }
      found.append(component)
    }
    components = found
    let at = offset + 1 + 2 * count
    near = Int(bytes[at])
    pointTransform = Int(bytes[at + 2] & 15)
    guard let interleaving = Interleaving(rawValue: bytes[at + 1]),
      count == 1 || interleaving != .none, pointTransform < frame.precision
    else {
      throw VolumeError(
        .malformed,
        "interleaving \(bytes[at + 1]) of \(count) components, point transform \(pointTransform)",
        offset: at + 1, field: "SOS ILV, Pt")
    }
    self.interleaving = count == 1 ? .none : interleaving
    let first = frame.components[found[0]]
    guard
      self.interleaving != .sample
        || found.allSatisfy({
          frame.components[$0].width == first.width && frame.components[$0].height == first.height
        })
    else {
      throw VolumeError(
        .malformed, "sample interleaving of components of unlike size", offset: at + 1,
        field: "SOS ILV")
    }
  }
}

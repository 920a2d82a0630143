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
    let fields = try JPEGFrameFields(bytes, segment: segment, name: "SOF55")
    precision = fields.precision
    height = fields.height
    width = fields.width
    guard 2...16 ~= precision, height > 0 else {
      throw VolumeError(
        .malformed,
        "\(width) × \(height) of \(precision) bits; 2...16 bits, not empty, are read",
        offset: offset, field: "SOF55")
    }
    maximumHorizontal = fields.maximumHorizontal
    maximumVertical = fields.maximumVertical
    var parsed: [Component] = []
    var first = 0
    for component in fields.components {
      let size = fields.size(of: component, height: height)
      parsed.append(
        Component(
          identifier: component.identifier, horizontal: component.horizontal,
          vertical: component.vertical, width: size.width, height: size.height, first: first))
      first += size.width * size.height
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
    let fields = try JPEGScanFields(
      bytes, segment: segment, names: frame.components.map(\.identifier))
    if let mapped = fields.components.firstIndex(where: { $0.selector != 0 }) {
      throw VolumeError(
        .unsupported, "a mapping table (palette) of JPEG-LS", offset: offset + 2 + 2 * mapped,
        field: "SOS Tm")
    }
    let found = fields.components.map(\.index)
    let count = found.count
    components = found
    let at = fields.lastOffset
    near = Int(fields.last.0)
    pointTransform = Int(fields.last.2 & 15)
    guard let interleaving = Interleaving(rawValue: fields.last.1),
      count == 1 || interleaving != .none, pointTransform < frame.precision
    else {
      throw VolumeError(
        .malformed,
        "interleaving \(fields.last.1) of \(count) components, point transform \(pointTransform)",
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

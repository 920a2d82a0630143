// The frame and scan headers of JPEG.
// Source: ITU-T T.81 B.2.2, B.2.3.

/// The coding process that a start-of-frame marker names.
package enum JPEGProcess: Sendable, Hashable {
  /// SOF0 and SOF1: one scan a component, Huffman-coded DCT.
  case sequential
  /// SOF2: DCT coefficients in several scans.
  case progressive
  /// SOF3: prediction, no DCT.
  case lossless
}

/// One component of a frame: its sampling, its table and the blocks it has.
struct JPEGComponent: Sendable, Hashable {
  let identifier: UInt8
  let horizontal: Int
  let vertical: Int
  let quantization: Int
  /// Samples that the component has after subsampling.
  var width = 0
  var height = 0
  /// Blocks of 8 × 8 that cover them.
  var blocksWide = 0
  var blocksHigh = 0
  /// Blocks a row and rows of blocks with those that pad the last MCUs.
  var paddedWide = 0
  var paddedHigh = 0
  /// The first block in a buffer that holds all components' blocks.
  var firstBlock = 0

  var blockCount: Int { paddedWide * paddedHigh }
}

/// A start-of-frame segment.
struct JPEGFrame: Sendable, Hashable {
  let process: JPEGProcess
  let precision: Int
  let width: Int
  var height: Int
  var components: [JPEGComponent]
  let maximumHorizontal: Int
  let maximumVertical: Int
  /// The segment's place, for errors.
  let offset: Int

  /// MCUs a row and rows of MCUs of an interleaved scan.
  private(set) var unitsWide = 0
  private(set) var unitsHigh = 0

  /// Blocks of all components.
  var blockCount: Int { components.reduce(0) { $0 + $1.blockCount } }

  init(marker: UInt8, _ bytes: Span<UInt8>, segment: Range<Int>) throws(VolumeError) {
    offset = segment.lowerBound
    let fields = try JPEGFrameFields(bytes, segment: segment, name: "SOF")
    switch marker {
    case 0xC2: process = .progressive
    case 0xC3: process = .lossless
    default: process = .sequential
    }
    precision = fields.precision
    height = fields.height
    width = fields.width
    let isLegal = process == .lossless ? 2...16 ~= precision : precision == 8 || precision == 12
    guard isLegal else {
      throw VolumeError(
        .malformed, "a precision of \(precision) bits, which the process does not have",
        offset: offset, field: "SOF P")
    }
    components = fields.components.map {
      JPEGComponent(
        identifier: $0.identifier, horizontal: $0.horizontal, vertical: $0.vertical,
        quantization: $0.table)
    }
    guard let wrong = components.firstIndex(where: { $0.quantization > 3 }) else {
      maximumHorizontal = fields.maximumHorizontal
      maximumVertical = fields.maximumVertical
      lay()
      return
    }
    throw VolumeError(
      .malformed, "quantisation table \(components[wrong].quantization); expected 0...3",
      offset: offset + 6 + 3 * wrong, field: "SOF component \(wrong)")
  }

  /// Counts blocks and MCUs from the size; once more where DNL gives the height.
  mutating func lay() {
    unitsWide = width.dividedRoundingUp(by: 8 * maximumHorizontal)
    unitsHigh = height.dividedRoundingUp(by: 8 * maximumVertical)
    var first = 0
    for index in components.indices {
      var component = components[index]
      component.width = (width * component.horizontal).dividedRoundingUp(by: maximumHorizontal)
      component.height = (height * component.vertical).dividedRoundingUp(by: maximumVertical)
      component.blocksWide = component.width.dividedRoundingUp(by: 8)
      component.blocksHigh = component.height.dividedRoundingUp(by: 8)
      component.paddedWide = unitsWide * component.horizontal
      component.paddedHigh = unitsHigh * component.vertical
      component.firstBlock = first
      first += component.blockCount
      components[index] = component
    }
  }
}

/// A start-of-scan segment: which components, through which tables, and which part of them.
struct JPEGScan: Sendable, Hashable {
  struct Part: Sendable, Hashable {
    /// The index in the frame's components.
    let component: Int
    let dc: Int
    let ac: Int
  }

  let parts: [Part]
  /// Ss: the first coefficient, or the predictor of a lossless scan.
  let first: Int
  /// Se: the last coefficient.
  let last: Int
  /// Ah and Al: successive approximation; Al is the point transform of a lossless scan.
  let high: Int
  let low: Int
  /// The segment's place, for errors.
  let offset: Int

  init(_ bytes: Span<UInt8>, segment: Range<Int>, frame: JPEGFrame) throws(VolumeError) {
    offset = segment.lowerBound
    let fields = try JPEGScanFields(
      bytes, segment: segment, names: frame.components.map(\.identifier))
    var parsed: [Part] = []
    for (component, selector) in fields.components {
      let part = Part(component: component, dc: Int(selector >> 4), ac: Int(selector & 15))
      guard part.dc < 4, part.ac < 4 else {
        throw VolumeError(
          .malformed, "entropy tables \(part.dc) and \(part.ac); there are four of each",
          offset: offset + 2 + 2 * parsed.count, field: "SOS Td, Ta")
      }
      parsed.append(part)
    }
    parts = parsed
    first = Int(fields.last.0)
    last = Int(fields.last.1)
    high = Int(fields.last.2 >> 4)
    low = Int(fields.last.2 & 15)
    let blocks = parsed.reduce(0) {
      $0 + frame.components[$1.component].horizontal * frame.components[$1.component].vertical
    }
    guard parsed.count == 1 || blocks <= 10 else {
      throw VolumeError(
        .malformed, "\(blocks) blocks in an MCU; at most 10 are allowed", offset: offset,
        field: "SOS")
    }
  }
}

extension Int {
  /// `self / divisor`, upwards.
  func dividedRoundingUp(by divisor: Int) -> Int { (self + divisor - 1) / divisor }
}

// How components are coded: COD, COC, QCD, QCC, RGN and POC.
// Source: ITU-T T.800 A.6.

/// The order in which a tile's packets come.
enum J2KProgression: Int, Sendable, Hashable {
  case layerResolutionComponentPosition = 0
  case resolutionLayerComponentPosition
  case resolutionPositionComponentLayer
  case positionComponentResolutionLayer
  case componentPositionResolutionLayer
}

/// Options of the block coder (Scblk).
struct J2KBlockStyle: OptionSet, Sendable, Hashable {
  let rawValue: Int
  /// Raw bits in place of arithmetic coding from the fifth bit-plane on.
  static let bypass = J2KBlockStyle(rawValue: 1)
  static let resetContexts = J2KBlockStyle(rawValue: 2)
  static let terminateEachPass = J2KBlockStyle(rawValue: 4)
  static let verticallyCausal = J2KBlockStyle(rawValue: 8)
  static let predictableTermination = J2KBlockStyle(rawValue: 16)
  static let segmentationSymbols = J2KBlockStyle(rawValue: 32)
  /// Part 15's block coder.
  static let highThroughput = J2KBlockStyle(rawValue: 64)
}

/// What COD or COC says about a component.
struct J2KComponentStyle: Sendable, Hashable {
  var levels = 0
  var blockWidthExponent = 6
  var blockHeightExponent = 6
  var blockStyle: J2KBlockStyle = []
  var isReversible = true
  /// For each resolution: exponents of the precincts' width and height.
  var precincts: [SIMD2<Int>] = []

  init(
    _ reader: inout J2KByteReader, _ bytes: Span<UInt8>, hasPrecincts: Bool
  ) throws(VolumeError) {
    let start = reader.position
    levels = try reader.number(1, bytes)
    blockWidthExponent = try reader.number(1, bytes) + 2
    blockHeightExponent = try reader.number(1, bytes) + 2
    let style = try reader.number(1, bytes)
    let transform = try reader.number(1, bytes)
    guard levels <= 32, 2...10 ~= blockWidthExponent, 2...10 ~= blockHeightExponent,
      blockWidthExponent + blockHeightExponent <= 12, transform <= 1
    else {
      throw VolumeError(
        .malformed,
        "\(levels) levels, code-blocks 2^\(blockWidthExponent) × 2^\(blockHeightExponent), "
          + "transform \(transform)",
        offset: start, field: reader.field)
    }
    guard style & 0x40 == 0 else { throw JPEG2000Decoder.needsHighThroughput(offset: start) }
    guard style < 64 else {
      throw VolumeError(
        .malformed, "code-block style \(style), of which bits above 5 are reserved",
        offset: start + 3, field: reader.field)
    }
    blockStyle = J2KBlockStyle(rawValue: style)
    isReversible = transform == 1
    for resolution in 0...levels {
      let size = hasPrecincts ? try reader.number(1, bytes) : 0xFF
      let exponents = SIMD2(size & 15, size >> 4)
      guard resolution == 0 || (exponents.x > 0 && exponents.y > 0) else {
        throw VolumeError(
          .malformed, "precincts of 2^\(exponents.x) × 2^\(exponents.y) above resolution 0",
          offset: reader.position, field: reader.field)
      }
      precincts.append(exponents)
    }
  }
}

/// What QCD or QCC says about a component.
struct J2KQuantization: Sendable, Hashable {
  enum Kind: Int, Sendable, Hashable { case none, derived, expounded }
  struct Step: Sendable, Hashable {
    let exponent: Int
    let mantissa: Int
  }

  let kind: Kind
  let guardBits: Int
  let steps: [Step]

  init(_ reader: inout J2KByteReader, _ bytes: Span<UInt8>) throws(VolumeError) {
    let style = try reader.number(1, bytes)
    guard let kind = Kind(rawValue: style & 31) else {
      throw VolumeError(
        .malformed, "quantisation style \(style & 31); 0...2 are defined",
        offset: reader.position - 1, field: reader.field)
    }
    self.kind = kind
    guardBits = style >> 5
    var steps: [Step] = []
    switch kind {
    case .none:
      while reader.left > 0 {
        steps.append(Step(exponent: try reader.number(1, bytes) >> 3, mantissa: 0))
      }
    case .derived, .expounded:
      while reader.left > 1 {
        let word = try reader.number(2, bytes)
        steps.append(Step(exponent: word >> 11, mantissa: word & 0x7FF))
      }
    }
    guard !steps.isEmpty else {
      throw VolumeError(
        .malformed, "no quantisation step", offset: reader.position, field: reader.field)
    }
    self.steps = steps
  }

  /// The step of a band: `index` 0 for LL, then HL, LH, HH of each level from the coarsest.
  func step(band index: Int, offset: Int?) throws(VolumeError) -> Step {
    if kind == .derived {
      let below = index == 0 ? 0 : (index - 1) / 3
      return Step(exponent: max(0, steps[0].exponent - below), mantissa: steps[0].mantissa)
    }
    guard index < steps.count else {
      throw VolumeError(
        .malformed, "\(steps.count) quantisation steps, of which number \(index) is needed",
        offset: offset, field: "QCD")
    }
    return steps[index]
  }
}

/// A run of packets in one order (POC), or the whole tile's.
struct J2KProgressionChange: Sendable, Hashable {
  var firstResolution = 0
  var firstComponent = 0
  var endLayer: Int
  var endResolution: Int
  var endComponent: Int
  var order: J2KProgression
}

/// All that headers say about the coding of a tile.
struct J2KCodingParameters: Sendable, Hashable {
  var usesStartOfPacket = false
  var usesEndOfPacketHeader = false
  var order = J2KProgression.layerResolutionComponentPosition
  var layers = 1
  var usesComponentTransform = false
  var style: J2KComponentStyle?
  var componentStyles: [Int: J2KComponentStyle] = [:]
  var quantization: J2KQuantization?
  var componentQuantization: [Int: J2KQuantization] = [:]
  var regionShift: [Int: Int] = [:]
  var changes: [J2KProgressionChange] = []

  /// Takes a marker segment; false where it is none of these.
  mutating func read(
    _ marker: UInt8, _ segment: Range<Int>, _ bytes: Span<UInt8>, componentCount: Int,
    isTile: Bool = false
  ) throws(VolumeError) -> Bool {
    let indexSize = componentCount < 257 ? 1 : 2
    switch marker {
    case 0x52:
      var reader = J2KByteReader(segment, field: "COD")
      let flags = try reader.number(1, bytes)
      usesStartOfPacket = flags & 2 != 0
      usesEndOfPacketHeader = flags & 4 != 0
      order = try progression(&reader, bytes)
      layers = try reader.number(2, bytes)
      let transform = try reader.number(1, bytes)
      guard layers > 0, transform <= 1 else {
        throw VolumeError(
          .malformed, "\(layers) layers, component transform \(transform)",
          offset: segment.lowerBound, field: "COD")
      }
      usesComponentTransform = transform == 1
      style = try J2KComponentStyle(&reader, bytes, hasPrecincts: flags & 1 != 0)
      // A tile's COD stands above the main header's COC.
      if isTile { componentStyles = [:] }
    case 0x53:
      var reader = J2KByteReader(segment, field: "COC")
      let component = try index(&reader, indexSize, bytes, componentCount)
      let flags = try reader.number(1, bytes)
      componentStyles[component] = try J2KComponentStyle(
        &reader, bytes, hasPrecincts: flags & 1 != 0)
    case 0x5C:
      var reader = J2KByteReader(segment, field: "QCD")
      quantization = try J2KQuantization(&reader, bytes)
      if isTile { componentQuantization = [:] }
    case 0x5D:
      var reader = J2KByteReader(segment, field: "QCC")
      let component = try index(&reader, indexSize, bytes, componentCount)
      componentQuantization[component] = try J2KQuantization(&reader, bytes)
    case 0x5E:
      var reader = J2KByteReader(segment, field: "RGN")
      let component = try index(&reader, indexSize, bytes, componentCount)
      let kind = try reader.number(1, bytes)
      let shift = try reader.number(1, bytes)
      guard kind == 0 else {
        throw VolumeError(
          .unsupported, "region of interest of kind \(kind); 0 (maximum shift) is read",
          offset: segment.lowerBound, field: "RGN")
      }
      regionShift[component] = shift
    case 0x5F:
      var reader = J2KByteReader(segment, field: "POC")
      while reader.left > 0 {
        let firstResolution = try reader.number(1, bytes)
        let firstComponent = try reader.number(indexSize, bytes)
        let endLayer = try reader.number(2, bytes)
        let endResolution = try reader.number(1, bytes)
        let end = try reader.number(indexSize, bytes)
        changes.append(
          J2KProgressionChange(
            firstResolution: firstResolution, firstComponent: firstComponent, endLayer: endLayer,
            endResolution: endResolution, endComponent: end == 0 ? 256 : end,
            order: try progression(&reader, bytes)))
      }
    default: return false
    }
    return true
  }

  private func progression(
    _ reader: inout J2KByteReader, _ bytes: Span<UInt8>
  ) throws(VolumeError) -> J2KProgression {
    let value = try reader.number(1, bytes)
    guard let order = J2KProgression(rawValue: value) else {
      throw VolumeError(
        .malformed, "progression order \(value); 0...4 are defined", offset: reader.position - 1,
        field: reader.field)
    }
    return order
  }

  private func index(
    _ reader: inout J2KByteReader, _ size: Int, _ bytes: Span<UInt8>, _ count: Int
  ) throws(VolumeError) -> Int {
    let value = try reader.number(size, bytes)
    guard value < count else {
      throw VolumeError(
        .malformed, "component \(value) of \(count)", offset: reader.position - size,
        field: reader.field)
    }
    return value
  }

  /// The style of a component.
  func style(of component: Int) throws(VolumeError) -> J2KComponentStyle {
    guard let style = componentStyles[component] ?? style else {
      throw VolumeError(.malformed, "no coding style", field: "COD")
    }
    return style
  }

  /// The quantisation of a component.
  func quantization(of component: Int) throws(VolumeError) -> J2KQuantization {
    guard let quantization = componentQuantization[component] ?? quantization else {
      throw VolumeError(.malformed, "no quantisation", field: "QCD")
    }
    return quantization
  }
}

// The parts of a tile: components, resolutions, bands, precincts and code-blocks.
// Source: ITU-T T.800 B.3 to B.7.

/// A code-block and what packets have told about it.
struct J2KBlock: Sendable {
  /// Passes that share one terminated run of bytes.
  struct Segment: Sendable {
    var passes = 0
    var bytes = 0
    let capacity: Int
  }

  /// The block's place in its band's grid.
  let rect: J2KRect
  var isIncluded = false
  var zeroPlanes = 0
  var lengthBits = 3
  var passes = 0
  var segments: [Segment] = []
  /// Where its bytes lie in the tile's data.
  var pieces: [Range<Int>] = []
}

/// The code-blocks of one band in one precinct.
struct J2KPrecinctBand: Sendable {
  /// The index in the resolution's bands.
  let band: Int
  let blocksWide: Int
  let blocksHigh: Int
  var blocks: [J2KBlock]
  var inclusion: J2KTagTree
  var zeroPlanes: J2KTagTree
}

/// A precinct: its blocks and the layer that comes next.
struct J2KPrecinct: Sendable {
  var nextLayer = 0
  var bands: [J2KPrecinctBand] = []
  var isLaid = false
}

/// A band of wavelet coefficients.
struct J2KBand: Sendable, Hashable {
  /// 0 for LL, 1 for HL (horizontally high), 2 for LH, 3 for HH.
  let orientation: Int
  let rect: J2KRect
  /// Mb: magnitude bits, without a region's shift.
  let planes: Int
  /// The quantisation step of irreversible coding.
  let step: Float
}

/// A resolution of a component.
struct J2KResolution: Sendable {
  let rect: J2KRect
  let bands: [J2KBand]
  /// Exponents of the precincts' size, and of the code-blocks' within them.
  let precinctX: Int
  let precinctY: Int
  let blockX: Int
  let blockY: Int
  let precinctsWide: Int
  let precinctsHigh: Int
  /// Empty until a packet comes; laid as packets come.
  var precincts: [J2KPrecinct] = []

  var precinctCount: Int { precinctsWide * precinctsHigh }

  /// Makes the blocks of a precinct.
  mutating func lay(precinct index: Int) {
    guard !precincts[index].isLaid else { return }
    precincts[index].isLaid = true
    let x = (rect.x0 >> precinctX) + index % precinctsWide
    let y = (rect.y0 >> precinctY) + index / precinctsWide
    for (number, band) in bands.enumerated() {
      let shift = band.orientation == 0 ? 0 : 1
      let width = precinctX - shift
      let height = precinctY - shift
      let area = J2KRect(
        x0: x << width, y0: y << height, x1: (x + 1) << width, y1: (y + 1) << height
      ).intersection(band.rect)
      guard !area.isEmpty else { continue }
      let x0 = area.x0 >> blockX
      let y0 = area.y0 >> blockY
      let wide = area.x1.shiftedRoundingUp(by: blockX) - x0
      let high = area.y1.shiftedRoundingUp(by: blockY) - y0
      var blocks: [J2KBlock] = []
      blocks.reserveCapacity(wide * high)
      for row in y0..<y0 + high {
        for column in x0..<x0 + wide {
          let cell = J2KRect(
            x0: column << blockX, y0: row << blockY, x1: (column + 1) << blockX,
            y1: (row + 1) << blockY)
          blocks.append(J2KBlock(rect: cell.intersection(area)))
        }
      }
      precincts[index].bands.append(
        J2KPrecinctBand(
          band: number, blocksWide: wide, blocksHigh: high, blocks: blocks,
          inclusion: J2KTagTree(width: wide, height: high),
          zeroPlanes: J2KTagTree(width: wide, height: high)))
    }
  }
}

/// A component of a tile.
struct J2KTileComponent: Sendable {
  let rect: J2KRect
  let style: J2KComponentStyle
  let regionShift: Int
  /// Steps of the component's grid on the reference grid.
  let stepX: Int
  let stepY: Int
  /// From the coarsest to the whole.
  var resolutions: [J2KResolution]

  init(
    tile: J2KRect, component: J2KImageSize.Component, index: Int, parameters: J2KCodingParameters
  ) throws(VolumeError) {
    let style = try parameters.style(of: index)
    let quantization = try parameters.quantization(of: index)
    let shift = parameters.regionShift[index] ?? 0
    rect = tile.dividedRoundingUp(byX: component.stepX, y: component.stepY)
    self.style = style
    regionShift = shift
    stepX = component.stepX
    stepY = component.stepY
    var made: [J2KResolution] = []
    for resolution in 0...style.levels {
      let scale = style.levels - resolution
      let area = rect.dividedRoundingUp(byX: 1 << scale, y: 1 << scale)
      var bands: [J2KBand] = []
      for orientation in resolution == 0 ? 0...0 : 1...3 {
        let level = resolution == 0 ? style.levels : scale + 1
        let offsetX = level == 0 ? 0 : (orientation & 1) << (level - 1)
        let offsetY = level == 0 ? 0 : (orientation >> 1) << (level - 1)
        let bandRect = J2KRect(
          x0: (rect.x0 - offsetX).shiftedRoundingUp(by: level),
          y0: (rect.y0 - offsetY).shiftedRoundingUp(by: level),
          x1: (rect.x1 - offsetX).shiftedRoundingUp(by: level),
          y1: (rect.y1 - offsetY).shiftedRoundingUp(by: level))
        let number = resolution == 0 ? 0 : 3 * (resolution - 1) + orientation
        let step = try quantization.step(band: number, offset: nil)
        let planes = quantization.guardBits + step.exponent - 1
        guard planes + shift <= 30 else {
          throw VolumeError(
            .unsupported,
            "\(planes) bit-planes and a region's shift of \(shift); 30 together are read",
            field: "QCD, RGN")
        }
        // The high bands' gain is in the transform, which doubles them.
        let size = Float(sign: .plus, exponent: component.precision - step.exponent, significand: 1)
        bands.append(
          J2KBand(
            orientation: orientation, rect: bandRect, planes: max(0, planes),
            step: size * (1 + Float(step.mantissa) / 2048)))
      }
      let exponents = style.precincts[resolution]
      let inner = resolution == 0 ? 0 : 1
      let wide =
        area.isEmpty ? 0 : area.x1.shiftedRoundingUp(by: exponents.x) - area.x0 >> exponents.x
      let high =
        area.isEmpty ? 0 : area.y1.shiftedRoundingUp(by: exponents.y) - area.y0 >> exponents.y
      made.append(
        J2KResolution(
          rect: area, bands: bands, precinctX: exponents.x, precinctY: exponents.y,
          blockX: min(style.blockWidthExponent, exponents.x - inner),
          blockY: min(style.blockHeightExponent, exponents.y - inner), precinctsWide: wide,
          precinctsHigh: high))
    }
    resolutions = made
  }
}

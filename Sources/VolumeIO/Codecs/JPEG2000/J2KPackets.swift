// The packets of a tile: their order, their headers, and the bytes of code-blocks.
// Source: ITU-T T.800 B.9, B.10, B.12.

/// Reads the packets of one tile into its components' blocks.
struct J2KPacketReader {
  private let parameters: J2KCodingParameters
  private let tile: J2KRect
  private(set) var components: [J2KTileComponent]
  /// The end of the tile's bytes, and the place reached.
  private let end: Int
  private var position = 0
  private var headerPosition = 0
  private let headerEnd: Int
  private let hasPackedHeaders: Bool
  /// Packets of the progression that did not come.
  private(set) var missing = 0

  /// - Throws: `.limit` where precincts outnumber bytes: each packet takes one at least.
  init(
    tile: J2KRect, size: J2KImageSize, source: J2KCodestream.Tile, dataCount: Int
  ) throws(VolumeError) {
    parameters = source.parameters
    self.tile = tile
    end = dataCount
    headerEnd = source.headers.count
    hasPackedHeaders = source.hasPackedHeaders
    var made: [J2KTileComponent] = []
    var precincts = 0
    for (index, component) in size.components.enumerated() {
      var part = try J2KTileComponent(
        tile: tile, component: component, index: index, parameters: source.parameters)
      for resolution in part.resolutions.indices {
        let count = part.resolutions[resolution].precinctCount
        precincts += count
        guard precincts <= 4096 + 2 * (dataCount + headerEnd) else {
          throw VolumeError(
            .limit, "\(precincts) precincts in \(dataCount + headerEnd) bytes of packets",
            field: "COD precincts")
        }
        part.resolutions[resolution].precincts = [J2KPrecinct](
          repeating: J2KPrecinct(), count: count)
      }
      made.append(part)
    }
    components = made
  }

  /// Reads all packets, in the order that COD and POC give.
  mutating func read(_ data: Span<UInt8>, headers: Span<UInt8>) throws(VolumeError) {
    var changes = parameters.changes
    if changes.isEmpty {
      changes = [
        J2KProgressionChange(
          endLayer: parameters.layers, endResolution: 33, endComponent: components.count,
          order: parameters.order)
      ]
    }
    for change in changes {
      let sequence = try packets(of: change)
      let layers = min(change.endLayer, parameters.layers)
      switch change.order {
      case .layerResolutionComponentPosition:
        for layer in 0..<layers {
          for packet in sequence where try !read(packet, layer, data, headers) { return }
        }
      case .resolutionLayerComponentPosition:
        var start = 0
        while start < sequence.count {
          var next = start
          while next < sequence.count, sequence[next].resolution == sequence[start].resolution {
            next += 1
          }
          for layer in 0..<layers {
            for packet in sequence[start..<next] where try !read(packet, layer, data, headers) {
              return
            }
          }
          start = next
        }
      default:
        for packet in sequence {
          for layer in 0..<layers where try !read(packet, layer, data, headers) { return }
        }
      }
    }
  }

  /// A precinct and the point of the reference grid where its packets come.
  private struct Packet {
    let component: Int
    let resolution: Int
    let precinct: Int
    let x: Int
    let y: Int
  }

  /// The precincts of a progression, in its order, layers aside.
  private func packets(of change: J2KProgressionChange) throws(VolumeError) -> [Packet] {
    var found: [Packet] = []
    let lastComponent = min(change.endComponent, components.count)
    guard change.firstComponent <= lastComponent else { return [] }
    for index in change.firstComponent..<lastComponent {
      let component = components[index]
      let lastResolution = min(change.endResolution, component.resolutions.count)
      guard change.firstResolution <= lastResolution else { continue }
      for number in change.firstResolution..<lastResolution {
        let resolution = component.resolutions[number]
        let scale = component.style.levels - number
        func place(_ index: Int, _ low: Int, _ exponent: Int, _ step: Int, _ edge: Int) -> Int {
          let start = ((low >> exponent) + index) << exponent
          return start < low ? edge : (start << scale) * step
        }
        for precinct in 0..<resolution.precinctCount {
          found.append(
            Packet(
              component: index, resolution: number, precinct: precinct,
              x: place(
                precinct % resolution.precinctsWide, resolution.rect.x0, resolution.precinctX,
                component.stepX, tile.x0),
              y: place(
                precinct / resolution.precinctsWide, resolution.rect.y0, resolution.precinctY,
                component.stepY, tile.y0)))
        }
      }
    }
    let order = change.order
    // Sorting by a tuple: the last key makes the order total.
    func key(_ p: Packet) -> (Int, Int, Int, Int, Int) {
      switch order {
      case .layerResolutionComponentPosition, .resolutionLayerComponentPosition:
        (p.resolution, p.component, p.precinct, 0, 0)
      case .resolutionPositionComponentLayer: (p.resolution, p.y, p.x, p.component, p.precinct)
      case .positionComponentResolutionLayer: (p.y, p.x, p.component, p.resolution, p.precinct)
      case .componentPositionResolutionLayer: (p.component, p.y, p.x, p.resolution, p.precinct)
      }
    }
    return found.sorted { key($0) < key($1) }
  }

  /// Reads a packet, unless it has come already; false at the end of the bytes.
  private mutating func read(
    _ packet: Packet, _ layer: Int, _ data: Span<UInt8>, _ headers: Span<UInt8>
  ) throws(VolumeError) -> Bool {
    let c = packet.component
    let r = packet.resolution
    guard components[c].resolutions[r].precincts[packet.precinct].nextLayer == layer else {
      return true
    }
    if hasPackedHeaders ? headerPosition >= headerEnd : position >= end {
      missing += 1
      return false
    }
    components[c].resolutions[r].lay(precinct: packet.precinct)
    components[c].resolutions[r].precincts[packet.precinct].nextLayer += 1
    // Start of packet: a marker of six bytes, allowed but not required.
    if parameters.usesStartOfPacket, position + 6 <= end, data[position] == 0xFF,
      data[position + 1] == 0x91
    {
      position += 6
    }
    let style = components[c].style.blockStyle
    let planes = components[c].resolutions[r].bands.map {
      $0.planes + components[c].regionShift
    }
    let body: [(band: Int, block: Int, segment: Int, length: Int)]
    if hasPackedHeaders {
      var bits = J2KHeaderBits(position: headerPosition, end: headerEnd)
      body = try readHeader(
        &components[c].resolutions[r].precincts[packet.precinct].bands, layer, style, planes,
        &bits, headers)
      headerPosition = try endHeader(bits, headers, headerEnd)
    } else {
      var bits = J2KHeaderBits(position: position, end: end)
      body = try readHeader(
        &components[c].resolutions[r].precincts[packet.precinct].bands, layer, style, planes,
        &bits, data)
      position = try endHeader(bits, data, end)
    }
    for part in body {
      guard part.length <= end - position else {
        throw VolumeError(
          .truncated, "a code-block takes \(part.length) bytes of \(end - position)",
          offset: position, field: "packet body")
      }
      if part.length > 0 {
        components[c].resolutions[r].precincts[packet.precinct].bands[part.band]
          .blocks[part.block].pieces.append(position..<position + part.length)
      }
      position += part.length
    }
    return true
  }

  /// Passes the end-of-packet-header marker.
  private func endHeader(
    _ bits: J2KHeaderBits, _ bytes: Span<UInt8>, _ end: Int
  ) throws(VolumeError) -> Int {
    guard !bits.isExhausted else {
      throw VolumeError(
        .truncated, "the packet header ends early", offset: end, field: "packet header")
    }
    guard parameters.usesEndOfPacketHeader else { return bits.position }
    guard bits.position + 2 <= end, bytes[bits.position] == 0xFF, bytes[bits.position + 1] == 0x92
    else {
      throw VolumeError(
        .corrupt, "no end-of-packet-header marker FF 92", offset: bits.position,
        field: "packet header")
    }
    return bits.position + 2
  }

  /// Reads a packet header: which blocks come, how many passes, how many bytes.
  private func readHeader(
    _ bands: inout [J2KPrecinctBand], _ layer: Int, _ style: J2KBlockStyle, _ planes: [Int],
    _ bits: inout J2KHeaderBits, _ bytes: Span<UInt8>
  ) throws(VolumeError) -> [(band: Int, block: Int, segment: Int, length: Int)] {
    var body: [(band: Int, block: Int, segment: Int, length: Int)] = []
    guard bits.next(bytes) == 1 else {
      bits.align(bytes)
      return body
    }
    for b in bands.indices {
      let limit = planes[bands[b].band]
      for index in bands[b].blocks.indices {
        let x = index % bands[b].blocksWide
        let y = index / bands[b].blocksWide
        if bands[b].blocks[index].isIncluded {
          if bits.next(bytes) == 0 { continue }
        } else {
          guard bands[b].inclusion.value(x: x, y: y, below: layer + 1, &bits, bytes) != nil else {
            continue
          }
          var threshold = 1
          while true {
            if let zeros = bands[b].zeroPlanes.value(x: x, y: y, below: threshold, &bits, bytes) {
              bands[b].blocks[index].zeroPlanes = zeros
              break
            }
            threshold += 1
            guard threshold <= 76, !bits.isExhausted else {
              throw VolumeError(
                bits.isExhausted ? .truncated : .corrupt, "no end of a code-block's zero planes",
                offset: bits.position, field: "packet header")
            }
          }
          bands[b].blocks[index].isIncluded = true
        }
        let passes = Self.passes(&bits, bytes)
        while bits.next(bytes) == 1 {
          bands[b].blocks[index].lengthBits += 1
          guard bands[b].blocks[index].lengthBits <= 32, !bits.isExhausted else {
            throw VolumeError(
              bits.isExhausted ? .truncated : .corrupt, "a length of more than 32 bits",
              offset: bits.position, field: "packet header")
          }
        }
        bands[b].blocks[index].passes += passes
        // An encoder writes an empty pass where all planes are zero.
        let most = max(1, 3 * (limit - bands[b].blocks[index].zeroPlanes) - 2)
        guard bands[b].blocks[index].passes <= most else {
          throw VolumeError(
            bits.isExhausted ? .truncated : .corrupt,
            "\(bands[b].blocks[index].passes) passes over \(limit) bit-planes, of which "
              + "\(bands[b].blocks[index].zeroPlanes) are zero",
            offset: bits.position, field: "packet header")
        }
        Self.segments(
          passes, style, &bands[b].blocks[index], &bits, bytes
        ) { segment, length in
          body.append((b, index, segment, length))
        }
      }
    }
    bits.align(bytes)
    return body
  }

  /// The number of passes (table B.4).
  private static func passes(_ bits: inout J2KHeaderBits, _ bytes: Span<UInt8>) -> Int {
    if bits.next(bytes) == 0 { return 1 }
    if bits.next(bytes) == 0 { return 2 }
    let two = bits.number(2, bytes)
    if two < 3 { return 3 + two }
    let five = bits.number(5, bytes)
    if five < 31 { return 6 + five }
    return 37 + bits.number(7, bytes)
  }

  /// Spreads passes over terminated segments and reads each one's length.
  private static func segments(
    _ passes: Int, _ style: J2KBlockStyle, _ block: inout J2KBlock, _ bits: inout J2KHeaderBits,
    _ bytes: Span<UInt8>, _ found: (Int, Int) -> Void
  ) {
    var left = passes
    while left > 0 {
      if let last = block.segments.last, last.passes < last.capacity {
        // The open segment goes on.
      } else {
        block.segments.append(
          J2KBlock.Segment(capacity: capacity(after: block.segments.last, style)))
      }
      let index = block.segments.count - 1
      let count = min(left, block.segments[index].capacity - block.segments[index].passes)
      let logarithm = Int.bitWidth - 1 - count.leadingZeroBitCount
      let length = bits.number(block.lengthBits + logarithm, bytes)
      block.segments[index].passes += count
      block.segments[index].bytes += length
      found(index, length)
      left -= count
    }
  }

  /// The passes of the next segment: one, all, or with bypass ten, then two raw and one coded.
  private static func capacity(after last: J2KBlock.Segment?, _ style: J2KBlockStyle) -> Int {
    if style.contains(.terminateEachPass) { return 1 }
    guard style.contains(.bypass) else { return 200 }
    guard let last else { return 10 }
    return last.capacity == 2 ? 1 : 2
  }
}

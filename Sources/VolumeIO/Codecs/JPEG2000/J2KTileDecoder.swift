// A tile from packets to samples of its components.
// Source: ITU-T T.800 annexes E, G and H.

import Dispatch
import Synchronization

/// Decodes tiles.
struct J2KTileDecoder {
  let size: J2KImageSize
  let threads: Int

  /// A tile's component: integers of the reversible path, or reals of the other.
  enum Component: Sendable {
    case integers(J2KPlane<Int32>)
    case reals(J2KPlane<Float>)

    /// Gives the memory back for other planes.
    consuming func keep() {
      switch self {
      case .integers(let plane): plane.keep()
      case .reals(let plane): plane.keep()
      }
    }
  }

  /// One block to decode, and where its result goes.
  private struct Job: Sendable {
    let component: Int
    let resolution: Int
    let band: Int
    let block: J2KBlock
  }

  /// The samples of the tile's components, before the level shift.
  func decode(
    _ index: Int, _ source: J2KCodestream.Tile, _ bytes: Span<UInt8>,
    missing: inout Int
  ) throws(VolumeError) -> [Component] {
    let tile = size.tile(index)
    var data: [UInt8] = []
    data.reserveCapacity(source.parts.reduce(0) { $0 + $1.count })
    for part in source.parts {
      let piece = bytes.extracting(part)
      unsafe piece.withUnsafeBufferPointer { unsafe data.append(contentsOf: $0) }
    }
    var packets = try J2KPacketReader(
      tile: tile, size: size, source: source, dataCount: data.count)
    try packets.read(data.span, headers: source.headers.span)
    missing += packets.missing
    let components = packets.components
    var bands = components.map { component in
      component.resolutions.map { resolution in
        resolution.bands.map { band in
          component.style.isReversible
            ? Component.integers(J2KPlane(rect: band.rect))
            : Component.reals(J2KPlane(rect: band.rect))
        }
      }
    }
    try decodeBlocks(components, data, into: &bands)
    var planes: [Component] = []
    for (c, component) in components.enumerated() {
      planes.append(transform(component, &bands[c]))
    }
    if source.parameters.usesComponentTransform { try undoTransform(&planes) }
    return planes
  }

  /// Decodes all blocks, on as many threads as asked for.
  private func decodeBlocks(
    _ components: [J2KTileComponent], _ data: [UInt8], into bands: inout [[[Component]]]
  ) throws(VolumeError) {
    var found: [Job] = []
    for (c, component) in components.enumerated() {
      for (r, resolution) in component.resolutions.enumerated() {
        for precinct in resolution.precincts {
          for part in precinct.bands {
            for block in part.blocks where block.passes > 0 {
              found.append(Job(component: c, resolution: r, band: part.band, block: block))
            }
          }
        }
      }
    }
    let jobs = found
    let workers = max(1, min(threads, jobs.count))
    if workers == 1 {
      var decoder = J2KBlockDecoder()
      for job in jobs {
        try Self.decode(job, components, data.span, &decoder)
        Self.store(decoder.result.span, job, components, into: &bands)
      }
      return
    }
    // Each worker keeps what it decodes; the results are stored in the end, so that no two threads
    // write to one array.
    let next = Atomic<Int>(0)
    let finished = Mutex<[(job: Int, values: [UInt32])]>([])
    let failure = Mutex<(job: Int, error: VolumeError)?>(nil)
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
      var decoder = J2KBlockDecoder()
      var own: [(job: Int, values: [UInt32])] = []
      while true {
        let job = next.add(1, ordering: .relaxed).oldValue
        guard job < jobs.count else { break }
        do throws(VolumeError) {
          try Self.decode(jobs[job], components, data.span, &decoder)
          own.append((job, decoder.result))
        } catch {
          failure.withLock { known in
            if known.map({ job < $0.job }) ?? true { known = (job, error) }
          }
        }
      }
      finished.withLock { $0 += own }
    }
    if let failed = failure.withLock({ $0 }) { throw failed.error }
    for (job, values) in finished.withLock({ $0 }) {
      Self.store(values.span, jobs[job], components, into: &bands)
    }
  }

  private static func decode(
    _ job: Job, _ components: [J2KTileComponent], _ data: Span<UInt8>,
    _ decoder: inout J2KBlockDecoder
  ) throws(VolumeError) {
    let component = components[job.component]
    let band = component.resolutions[job.resolution].bands[job.band]
    try decoder.decode(
      job.block, orientation: band.orientation, planes: band.planes + component.regionShift,
      style: component.style.blockStyle, data)
  }

  /// Puts a block's coefficients in their band: signed, dequantised, without a region's shift.
  private static func store(
    _ values: Span<UInt32>, _ job: Job, _ components: [J2KTileComponent],
    into bands: inout [[[Component]]]
  ) {
    let component = components[job.component]
    let band = component.resolutions[job.resolution].bands[job.band]
    let rect = job.block.rect
    let shift = UInt32(component.regionShift)
    let first = (rect.y0 - band.rect.y0) * band.rect.width + rect.x0 - band.rect.x0
    switch bands[job.component][job.resolution][job.band] {
    case .integers(var plane):
      // The plane is taken out of the array, so that it is changed in place.
      bands[job.component][job.resolution][job.band] = .integers(.none)
      copy(values, rect, into: &plane.values, first, band.rect.width) { value in
        let size = Int32(truncatingIfNeeded: magnitude(value, shift) &>> 1)
        let sign = Int32(bitPattern: value) &>> 31
        return (size ^ sign) &- sign
      }
      bands[job.component][job.resolution][job.band] = .integers(plane)
    case .reals(var plane):
      bands[job.component][job.resolution][job.band] = .reals(.none)
      let step = band.step / 2
      copy(values, rect, into: &plane.values, first, band.rect.width) { value in
        let size = Float(Int32(truncatingIfNeeded: magnitude(value, shift))) * step
        return Float(bitPattern: size.bitPattern | value & 0x8000_0000)
      }
      bands[job.component][job.resolution][job.band] = .reals(plane)
    }
  }

  /// A coefficient without its sign and, where it belongs to a region of interest, the region's shift.
  @inline(__always)
  private static func magnitude(_ value: UInt32, _ shift: UInt32) -> UInt32 {
    let size = value & 0x7FFF_FFFF
    return shift > 0 && size &>> (shift &+ 1) != 0 ? size &>> shift : size
  }

  /// Writes a block's rows to their places in a plane.
  @inline(__always)
  private static func copy<Value>(
    _ values: Span<UInt32>, _ rect: J2KRect, into plane: inout [Value], _ first: Int,
    _ pitch: Int, _ convert: (UInt32) -> Value
  ) {
    let (width, height) = (rect.width, rect.height)
    guard width > 0, height > 0 else { return }
    precondition(
      values.count >= width * height && first >= 0 && width <= pitch
        && first + (height - 1) * pitch + width <= plane.count,
      "a block \(rect) from \(first) on in rows of \(pitch), \(plane.count) in all")
    // Rows lie within both, as checked.
    unsafe values.withUnsafeBufferPointer { source in
      unsafe plane.withUnsafeMutableBufferPointer { target in
        for y in 0..<height {
          let (from, to) = (y &* width, first &+ y &* pitch)
          for x in 0..<width { unsafe target[to &+ x] = convert(source[from &+ x]) }
        }
      }
    }
  }

  /// The inverse wavelet transform of a component.
  private func transform(
    _ component: J2KTileComponent, _ bands: inout [[Component]]
  ) -> Component {
    var result = bands[0][0]
    for (index, resolution) in component.resolutions.enumerated().dropFirst() {
      switch result {
      case .integers(let low):
        let high = bands[index].compactMap { band in
          if case .integers(let plane) = band { plane } else { nil }
        }
        result = .integers(
          J2KWavelet<J2KReversible>.joined(low: low, bands: high, to: resolution.rect))
        low.keep()
        for plane in high { plane.keep() }
      case .reals(let low):
        let high = bands[index].compactMap { band in
          if case .reals(let plane) = band { plane } else { nil }
        }
        result = .reals(
          J2KWavelet<J2KIrreversible>.joined(low: low, bands: high, to: resolution.rect))
        low.keep()
        for plane in high { plane.keep() }
      }
      bands[index] = []
    }
    return result
  }

  /// The inverse of the transform over the first three components.
  private func undoTransform(_ planes: inout [Component]) throws(VolumeError) {
    guard planes.count >= 3 else {
      throw VolumeError(
        .malformed, "a component transform of \(planes.count) components", field: "COD")
    }
    switch (planes[0], planes[1], planes[2]) {
    case (.integers(var y), .integers(var u), .integers(var v))
    where y.rect == u.rect && y.rect == v.rect:
      for i in y.values.indices {
        let green = y.values[i] &- ((u.values[i] &+ v.values[i]) &>> 2)
        let red = v.values[i] &+ green
        let blue = u.values[i] &+ green
        y.values[i] = red
        u.values[i] = green
        v.values[i] = blue
      }
      planes.replaceSubrange(0..<3, with: [.integers(y), .integers(u), .integers(v)])
    case (.reals(var y), .reals(var b), .reals(var r))
    where y.rect == b.rect && y.rect == r.rect:
      for i in y.values.indices {
        let red = y.values[i] + r.values[i] * 1.402
        let green = y.values[i] - b.values[i] * 0.344136 - r.values[i] * 0.714136
        let blue = y.values[i] + b.values[i] * 1.772
        y.values[i] = red
        b.values[i] = green
        r.values[i] = blue
      }
      planes.replaceSubrange(0..<3, with: [.reals(y), .reals(b), .reals(r)])
    default:
      throw VolumeError(
        .malformed, "a component transform of components of unlike size or wavelet", field: "COD")
    }
  }
}

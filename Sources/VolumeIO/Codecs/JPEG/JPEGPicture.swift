// The scans of one frame, gathered into a picture.
// Source: ITU-T T.81 B.2.1, E.2.4.

/// A frame whose scans are being read.
struct JPEGPicture {
  let frame: JPEGFrame
  var markers: JPEGColorMarkers
  let treatment: JPEGColorTreatment
  private var diagnostics: [String] = []
  /// Components whose data has come.
  private var seen: Set<Int> = []

  init(frame: JPEGFrame, markers: JPEGColorMarkers, treatment: JPEGColorTreatment) {
    self.frame = frame
    self.markers = markers
    self.treatment = treatment
  }

  /// Reads scans up to EOI and makes the picture.
  mutating func decode<Sample: JPEGSample>(
    _ bytes: Span<UInt8>, _ reader: inout JPEGMarkerReader, _ tables: JPEGTables,
    _ type: Sample.Type, wrap: ([Sample]) -> Samples
  ) throws(VolumeError) -> JPEGImage {
    var tables = tables
    let isLossless = frame.process == .lossless
    var samples: [Sample]
    if isLossless {
      try checkSampling()
      samples = Sample.take(frame.width * frame.height * frame.components.count)
    } else {
      samples = Sample.take(64 * frame.blockCount)
    }
    var coefficients = [Int16](
      repeating: 0, count: frame.process == .progressive ? 64 * frame.blockCount : 0)
    // Enough for hundreds of scans of any real picture; a bound for made ones.
    var blocksLeft = (1 << 24) + 512 * bytes.count
    var steps: [[Int32]] = frame.components.map { _ in [] }
    var hasEnd = false
    while !hasEnd, let segment = try reader.next(bytes) {
      if try tables.read(segment, bytes) { continue }
      switch segment.marker {
      case 0xDA:
        let scan = try JPEGScan(bytes, segment: segment.payload, frame: frame)
        var target = samples.mutableSpan
        switch frame.process {
        case .lossless:
          try markSeen(scan)
          reader.position = try JPEGLosslessScan(tables, frame: frame, scan: scan)
            .decode(bytes, from: reader.position, into: &target)
        case .sequential:
          try markSeen(scan)
          reader.position = try JPEGSequentialScan(tables, frame: frame, scan: scan)
            .decode(bytes, from: reader.position, into: &target)
        case .progressive:
          for part in scan.parts {
            seen.insert(part.component)
            if steps[part.component].isEmpty {
              steps[part.component] = try tables.steps(
                frame.components[part.component].quantization, offset: frame.offset)
            }
          }
          let decoder = try JPEGProgressiveScan(tables, frame: frame, scan: scan)
          blocksLeft -= decoder.blockCount
          guard blocksLeft >= 0 else {
            throw VolumeError(
              .limit, "more scans than a picture of \(bytes.count) bytes may have",
              offset: scan.offset, field: "SOS")
          }
          var blocks = coefficients.mutableSpan
          reader.position = try decoder.decode(bytes, from: reader.position, into: &blocks)
        }
      case JPEGMarkerReader.endOfImage: hasEnd = true
      case 0xC0...0xC3, 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF:
        throw VolumeError(
          .malformed, "a second frame header", offset: segment.payload.lowerBound, field: "SOF")
      default: markers.read(segment, bytes)
      }
    }
    guard seen.count == frame.components.count else {
      throw VolumeError(
        .truncated, "\(seen.count) of \(frame.components.count) components have a scan",
        offset: reader.position, field: "SOS")
    }
    if !hasEnd {
      // Each progressive scan refines the whole picture, so what is there cannot tell what is missing.
      guard frame.process != .progressive else {
        throw VolumeError(
          .truncated, "a progressive picture without its end; later scans may be missing",
          offset: reader.position, field: "EOI")
      }
      diagnostics.append("no end-of-image marker")
    }
    if reader.skipped > 0 {
      diagnostics.append("\(reader.skipped) bytes between segments belong to none")
    }
    if frame.process == .progressive {
      transform(coefficients, steps: steps, into: &samples)
    }
    return try finish(samples, wrap: wrap)
  }

  /// Sequential and lossless components come in one scan each.
  private mutating func markSeen(_ scan: JPEGScan) throws(VolumeError) {
    for part in scan.parts {
      guard seen.insert(part.component).inserted else {
        throw VolumeError(
          .malformed, "component \(part.component) comes in a second scan", offset: scan.offset,
          field: "SOS Cs")
      }
    }
  }

  private func checkSampling() throws(VolumeError) {
    guard
      frame.components.allSatisfy({
        $0.horizontal == frame.maximumHorizontal && $0.vertical == frame.maximumVertical
      })
    else {
      throw VolumeError(
        .unsupported, "subsampled components in a lossless frame", offset: frame.offset,
        field: "SOF")
    }
  }

  /// Dequantises and transforms all blocks of a progressive frame.
  private func transform<Sample: JPEGSample>(
    _ coefficients: [Int16], steps: [[Int32]], into samples: inout [Sample]
  ) {
    var storage = [Sample.Coefficient](repeating: 0, count: JPEGInverseDCT.blockSize)
    var block = storage.mutableSpan
    var target = samples.mutableSpan
    let source = coefficients.span
    for (index, component) in frame.components.enumerated() {
      var natural = [Int32](repeating: 0, count: 64)
      for k in 0..<64 { natural[JPEGZigzag.order[k]] = steps[index][k] }
      let factors = natural.span
      let stride = 8 * component.paddedWide
      for y in 0..<component.paddedHigh {
        for x in 0..<component.paddedWide {
          let first = 64 * (component.firstBlock + y * component.paddedWide + x)
          for k in 0..<64 {
            block[k] = Sample.Coefficient(
              truncatingIfNeeded: Int32(source[first &+ k]) &* factors[k])
          }
          Sample.transform(
            &block, places: 63, into: &target,
            start: 64 * component.firstBlock + 8 * y * stride + 8 * x,
            stride: stride)
        }
      }
    }
  }

  /// Upsamples, converts and interleaves.
  private func finish<Sample: JPEGSample>(
    _ samples: consuming [Sample], wrap: ([Sample]) -> Samples
  ) throws(VolumeError) -> JPEGImage {
    let count = frame.components.count
    let stored = markers.color(of: frame)
    var source = stored
    switch treatment {
    case .automatic: break
    case .stored: source = .unknown
    case .fromYCC: source = count == 3 ? .ycc : count == 4 ? .ycck : stored
    }
    var color = stored
    if source == .ycc { color = .rgb }
    if source == .ycck { color = .cmyk }
    var pixels: [Sample]
    if frame.process != .lossless {
      pixels = try JPEGInterleaving(frame: frame, source: source).pixels(of: samples)
      if count > 1 { Sample.keep(samples) }
    } else {
      pixels = samples
      if source == .ycc || source == .ycck {
        var target = pixels.mutableSpan
        JPEGColorTransform.convert(
          &target, components: count, precision: frame.precision, isInverted: source == .ycck)
      }
    }
    return JPEGImage(
      samples: wrap(pixels), width: frame.width, height: frame.height, components: count,
      precision: frame.precision, process: frame.process, color: color, storedColor: stored,
      isAdobe: markers.adobeTransform != nil, exif: markers.exif, diagnostics: diagnostics)
  }
}

// From a series to a volume: decode, rescale, colour, hints.

extension Volume {
  /// The volume of a series.
  ///
  /// Samples keep their stored type and are as the scanner stored them; `rescale` makes them Hounsfield
  /// units and the like. Where slope or intercept differ between slices, samples are the rescaled
  /// values as `float32`.
  /// A segmentation object becomes a label volume (`DICOMSegmentation`).
  /// - Throws: `geometry` where positions repeat or gaps differ and `options` do not say what to do;
  ///   what the codecs throw, naming the file.
  public init(
    series: DICOMSeries, options: DICOMReadOptions = DICOMReadOptions()
  ) throws(VolumeError) {
    self = try series.read(options).volume
  }
}

extension DICOMSeries {
  /// The volume and what there is to say about it beyond the series' own diagnostics.
  public func read(
    _ options: DICOMReadOptions = DICOMReadOptions()
  ) throws(VolumeError) -> (volume: Volume, diagnostics: [DICOMDiagnostic]) {
    if isSegmentation, !positions.isEmpty {
      return (try DICOMSegmentation(headers[0].open()).labels(), [])
    }
    if let conflict = order.conflict { throw conflict.naming(headers[0].path) }
    if !isRegular, options.irregularSpacing == .refuse {
      let why = diagnostics.first {
        $0.kind == .irregularSpacing || $0.kind == .missingSlices
      }
      throw VolumeError(
        .geometry,
        "\(why?.description ?? "irregular spacing"); one affine cannot hold for all slices. Set "
          + "irregularSpacing (of DICOMReadOptions, or of ReadOptions.dicom) to .resample(step: nil) "
          + "for even steps, or to .keep for the slices as they are, whose places "
          + "DICOMSeries.positions has",
        field: DICOMTag.imagePosition.description)
    }
    let reading = try SeriesReading(self, options)
    var volume = reading.volume
    var notes = reading.diagnostics
    volume.modality = modality.isEmpty ? nil : modality
    if !isRegular, case .resample(let step) = options.irregularSpacing {
      volume = try SliceResampling.even(volume, positions, step)
    }
    if options.gantryTilt == .resample, gantryTilt > 0.05 {
      volume = try SliceResampling.upright(volume)
      notes.append(.init(.gantryTilt, "slices were shifted to right angles"))
    }
    return (volume, notes)
  }
}

/// One reading of a series.
private struct SeriesReading {
  let volume: Volume
  let diagnostics: [DICOMDiagnostic]

  init(_ series: DICOMSeries, _ options: DICOMReadOptions) throws(VolumeError) {
    let header = series.headers[0]
    guard let layout = header.layout else {
      throw VolumeError(.malformed, "pixels without a size").naming(header.path)
    }
    let (perFrame, overflow) = layout.samplesPerFrame.multipliedReportingOverflow(
      by: layout.type.size)
    let (bytes, overflow2) = perFrame.multipliedReportingOverflow(by: series.order.slices.count)
    guard !overflow, !overflow2 else { throw VolumeError(.limit, "more bytes than can be counted") }
    try Self.check(series, perFrame, bytes)
    var hints = try SeriesHints(series)
    var notes = Notes()
    var samples = try unsafe Samples.filled(
      layout.type, count: bytes / layout.type.size
    ) { (target) throws(VolumeError) in
      notes = try unsafe Self.fill(target, series, perFrame, options)
    }
    var kind = Volume.Components.scalar
    var components = layout.samplesPerPixel
    var padding = hints.padding
    if components > 1 { kind = components == 3 ? .rgb : .vector }
    if options.color == .rgb {
      let photometric = notes.photometric ?? layout.photometric
      if let palette = hints.palette, layout.samplesPerPixel == 1 {
        samples = palette.expanded(samples)
        (kind, components, padding) = (.rgb, 3, nil)
      } else if components == 3 {
        samples = YBR.rgb(samples, photometric, bits: layout.bitsStored)
      }
    }
    var rescales = series.order.slices.map(\.rescale)
    if options.repairsRSNA12Bit {
      UnsignedRepair.apply(&samples, &rescales, layout, perSlice: layout.samplesPerFrame)
    }
    if hints.display.modalityLUT != nil {
      rescales = rescales.map { _ in .identity }
    }
    var rescale = rescales.first ?? .identity
    if rescales.contains(where: { $0 != rescale }) {
      samples = .float32(samples.rescaled(rescales, perSlice: samples.count / rescales.count))
      rescale = .identity
      // Padding is told in stored units, which these samples no longer are in.
      padding = nil
    }
    hints.display.isInverted = layout.photometric == "MONOCHROME1"
    var volume = try Volume(
      samples, geometry: series.geometry, components: components, componentKind: kind,
      channels: series.channels, rescale: rescale)
    volume.display = hints.display
    volume.paddingValue = padding
    volume.metadata = hints.metadata
    self.volume = volume
    diagnostics = notes.diagnostics
  }

  /// Holds what the headers claim against the bytes of the files, before anything is allocated.
  private static func check(
    _ series: DICOMSeries, _ perFrame: Int, _ bytes: Int
  ) throws(VolumeError) {
    guard perFrame <= PixelReader.largestFrame else {
      throw VolumeError(
        .limit, "a frame of \(perFrame) bytes where \(PixelReader.largestFrame) are allowed",
        field: DICOMTag.rows.description)
    }
    var there = 0
    for header in series.headers {
      let size = header.fileSize
      let isNative = header.pixels?.length != nil && !header.isDeflated
      let (most, overflow) = size.multipliedReportingOverflow(
        by: isNative ? 2 : header.isDeflated ? Deflate.largestRatio : PixelReader.largestRatio)
      there = overflow ? .max : there.addingReportingOverflow(most).overflow ? .max : there + most
    }
    // One bit may become a byte in memory.
    let (most, overflow) = there.multipliedReportingOverflow(by: 8)
    guard overflow || bytes <= most else {
      throw VolumeError(
        .truncated, "the files cannot hold the \(bytes) bytes that their headers claim"
      ).naming(series.headers[0].path)
    }
  }

  struct Notes: Sendable {
    var diagnostics: [DICOMDiagnostic] = []
    var photometric: String?
  }

  /// Decodes every slice to its place.
  private static func fill(
    _ target: UnsafeMutableRawBufferPointer, _ series: DICOMSeries, _ perFrame: Int,
    _ options: DICOMReadOptions
  ) throws(VolumeError) -> Notes {
    var byFile: [[(frame: Int, place: Int)]] = Array(repeating: [], count: series.headers.count)
    for (place, slice) in series.order.slices.enumerated() {
      byFile[slice.file].append((slice.frame, place))
    }
    let work = byFile
    let gathered = Gathered()
    // Threads write to this memory at once, each to its own slices: every place of `byFile` occurs once,
    // and a slice's bytes are those from `place * perFrame` on, `perFrame` of them. A pointer is not
    // `Sendable`, and a span cannot be handed to `concurrentPerform`; hence the annotation.
    nonisolated(unsafe) let memory = unsafe target
    let isCheap = series.headers.allSatisfy { $0.pixels?.length != nil && !$0.isDeflated }
    let keepsColor = options.color == .stored
    // Files side by side; the frames of a single file side by side where they need decoding.
    try Parallel.forEach(work.count, isSerial: options.isSerial) {
      (file) throws(VolumeError) in
      let header = series.headers[file]
      do throws(VolumeError) {
        let reader = try header.reader(keepsColor: keepsColor)
        let frames = work[file]
        let isSerial = options.isSerial || isCheap || work.count > 1
        try Parallel.forEach(frames.count, isSerial: isSerial) { (index) throws(VolumeError) in
          let start = frames[index].place * perFrame
          do throws(VolumeError) {
            let result = try unsafe reader.read(
              frames[index].frame, into: .init(rebasing: memory[start..<start + perFrame]))
            if !result.remarks.isEmpty || frames[index].place == 0 {
              gathered.add(result.remarks, frames[index].place, result.photometric)
            }
          } catch {
            guard options.skipsUnreadableSlices else { throw error }
            unsafe blank(.init(rebasing: memory[start..<start + perFrame]))
            gathered.add(
              ["slice \(frames[index].place + 1) could not be read: \(error)"], frames[index].place,
              nil)
          }
        }
      } catch {
        guard options.skipsUnreadableSlices else { throw error.naming(header.path) }
        for (_, place) in work[file] {
          let start = place * perFrame
          unsafe blank(.init(rebasing: memory[start..<start + perFrame]))
          gathered.add(["slice \(place + 1) could not be read: \(error)"], place, nil)
        }
      }
    }
    let (diagnostics, photometric) = gathered.notes
    return Notes(diagnostics: diagnostics, photometric: photometric)
  }

  private static func blank(_ target: UnsafeMutableRawBufferPointer) {
    unsafe target.initializeMemory(as: UInt8.self, repeating: 0)
  }
}

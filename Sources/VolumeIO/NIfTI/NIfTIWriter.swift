// Writing NIfTI: header, extensions, voxels; gzipped where asked.

/// How a NIfTI file is written.
public struct NIfTIWriteOptions: Sendable, Hashable {
  /// The header's version; nil takes 1, or 2 where a size is beyond 32767.
  public var version: NIfTIHeader.Version?
  /// Whether to gzip; nil goes by the path's suffix `.gz`.
  public var isCompressed: Bool?
  /// zlib's level, 0 to 9.
  public var compressionLevel = 6
  /// What the frame of the affine is: 1 scanner, 2 another scan, 3 Talairach, 4 MNI.
  public var formCode = 1
  /// Blocks to keep between header and voxels.
  public var extensions: [NIfTIExtension] = []
  /// Spacing along the fourth axis in seconds; nil leaves the unit unset and writes 1.
  public var secondsPerChannel: Double?

  public init() {}
}

extension Volume {
  /// Writes this volume as NIfTI, in one file, little-endian, under its name only when complete.
  ///
  /// Stored samples are written as they are, with the rescale in `scl_slope` and `scl_inter`. NIfTI-1
  /// holds these, and the affine, in single precision. A vector's components become a fifth axis.
  /// - `path`: Ends in `.nii` or `.nii.gz`, unless the options say what to write.
  /// - Throws: `unsupported` for components that NIfTI has no type for; `file`.
  public func writeNIfTI(
    to path: String, _ options: NIfTIWriteOptions = NIfTIWriteOptions()
  ) throws(VolumeError) {
    let bytes = try niftiHead(options)
    let isCompressed = options.isCompressed ?? path.lowercased().hasSuffix(".gz")
    let samples = isVectorForNIfTI ? samplesByComponent() : self.samples
    var file = try OutputFile(path)
    if isCompressed {
      var stream = try DeflateStream(.gzip, level: options.compressionLevel)
      try stream.write(bytes.span, isLast: false) { (part) throws(VolumeError) in
        try file.write(part)
      }
      try samples.writeLittleEndian { (part, isLast) throws(VolumeError) in
        try stream.write(part, isLast: isLast) { (part) throws(VolumeError) in
          try file.write(part)
        }
      }
    } else {
      try file.write(bytes.span)
      try samples.writeLittleEndian { (part, _) throws(VolumeError) in try file.write(part) }
    }
    try file.commit()
  }

  private var isVectorForNIfTI: Bool {
    components > 1 && NIfTIDataType(samples.type, componentKind, components) == nil
  }

  /// The samples with components slowest, as NIfTI's fifth axis has them.
  private func samplesByComponent() -> Samples {
    samples.map(SplitComponents(components: components))
  }

  private func niftiHead(_ options: NIfTIWriteOptions) throws(VolumeError) -> [UInt8] {
    var header = NIfTIHeader()
    let isVector = isVectorForNIfTI
    guard
      let datatype = isVector
        ? NIfTIDataType(samples.type, .scalar, 1)
        : NIfTIDataType(samples.type, componentKind, components)
    else {
      throw VolumeError(.unsupported, "NIfTI has no type for \(components) × \(samples.type)")
    }
    header.datatype = datatype
    header.dim = [size.x, size.y, size.z]
    if isVector {
      header.dim += [channels, components]
      header.intentCode = 1007
    } else if channels > 1 || channelAxes.count > 1 {
      header.dim += channelAxes
    }
    guard header.dim.count <= 7, header.dim.allSatisfy({ $0 >= 1 }) else {
      throw VolumeError(.shape, "NIfTI has no place for axes of \(header.dim)", field: "dim")
    }
    let needsTwo = header.dim.contains { $0 > 32767 }
    header.version = options.version ?? (needsTwo ? .two : .one)
    guard header.version != .analyze, header.version == .two || !needsTwo else {
      throw VolumeError(
        .shape, "axes of \(header.dim) do not fit \(header.version.rawValue)", field: "dim")
    }
    header.setAffine(geometry.affine, code: options.formCode)
    if header.dim.count > 3 {
      header.pixdim += [options.secondsPerChannel ?? 1]
      if options.secondsPerChannel != nil { header.xyztUnits |= 8 }
    }
    header.sclSlope = rescale.slope
    header.sclInter = rescale.intercept
    if let window = display.windows.first {
      header.calMin = window.center - window.width / 2
      header.calMax = window.center + window.width / 2
    }
    header.descrip = metadata["descrip"] ?? ""
    header.intentName = metadata["intent_name"] ?? ""
    header.auxFile = metadata["aux_file"] ?? ""
    if let code = metadata["intent_code"].flatMap({ Int($0) }), !isVector {
      header.intentCode = code
    }
    var blocks: [UInt8] = options.extensions.isEmpty ? [0, 0, 0, 0] : [1, 0, 0, 0]
    for block in options.extensions {
      let size = (block.data.count + 8 + 15) / 16 * 16
      var w = ByteWriter()
      w.append(Int32(size))
      w.append(Int32(truncatingIfNeeded: block.code))
      w.bytes += block.data
      w.pad(to: size)
      blocks += w.bytes
    }
    header.voxOffset = (header.version == .two ? 540 : 348) + blocks.count
    return header.bytes() + blocks
  }
}

private struct SplitComponents: SampleMap {
  var components: Int

  func run<S: Sample>(_ samples: [S]) -> [S] {
    var result: [S] = []
    result.reserveCapacity(samples.count)
    for component in 0..<components {
      for index in stride(from: component, to: samples.count, by: components) {
        result.append(samples[index])
      }
    }
    return result
  }
}

extension Samples {
  /// Hands the samples on as little-endian bytes in pieces; the last piece is marked, and there is
  /// always one.
  package func writeLittleEndian(
    _ sink: (Span<UInt8>, _ isLast: Bool) throws(VolumeError) -> Void
  ) throws(VolumeError) {
    switch self {
    case .uint8(let s): try write(s, sink)
    case .int8(let s): try write(s, sink)
    case .uint16(let s): try write(s, sink)
    case .int16(let s): try write(s, sink)
    case .uint32(let s): try write(s, sink)
    case .int32(let s): try write(s, sink)
    case .uint64(let s): try write(s, sink)
    case .int64(let s): try write(s, sink)
    case .float32(let s): try write(s, sink)
    case .float64(let s): try write(s, sink)
    }
  }

  private func write<S: Sample>(
    _ samples: [S], _ sink: (Span<UInt8>, _ isLast: Bool) throws(VolumeError) -> Void
  ) throws(VolumeError) {
    let step = (1 << 20) / MemoryLayout<S>.size
    var start = 0
    repeat {
      let end = Swift.min(start + step, samples.count)
      var part = Array(samples[start..<end])
      if Endian.host == .big, MemoryLayout<S>.size > 1 { part = part.map(\.swapped) }
      try unsafe part.span.bytes.withUnsafeBytes { (raw) throws(VolumeError) in
        try sink(unsafe raw.assumingMemoryBound(to: UInt8.self).span, end == samples.count)
      }
      start = end
    } while start < samples.count
  }
}

// An open NIfTI or Analyze image: the header at once, voxels on demand.

/// A NIfTI-1, NIfTI-2 or Analyze 7.5 image: `.nii`, `.nii.gz`, or a pair of `.hdr` and `.img`, either
/// of them gzipped or not.
///
/// Opening reads the header only. Of an uncompressed file any slice can then be read at the cost of its
/// own bytes.
public struct NIfTIFile: Sendable {
  public let header: NIfTIHeader
  /// What other programs left between header and voxels.
  public let extensions: [NIfTIExtension]
  /// Voxels along the first three axes, and their place in the patient.
  public let geometry: Geometry
  private let voxels: ByteStream.Origin
  private let wrapper: Deflate.Wrapper?

  /// Opens an image.
  ///
  /// - Parameter path: A `.nii` or `.nii.gz` file, or either file of a pair; a gzipped file is known
  ///   by its first bytes, whatever its name.
  public init(contentsOf path: String) throws(VolumeError) {
    let file = try InputFile(path)
    do throws(VolumeError) {
      let lower = path.lowercased()
      if lower.hasSuffix(".img") || lower.hasSuffix(".img.gz") {
        let header = try InputFile(try Self.partner(of: path, "img", "hdr"))
        try self.init(header: .file(header), voxels: .file(file))
      } else {
        try self.init(.file(file)) { () throws(VolumeError) in
          .file(try InputFile(try Self.partner(of: path, "hdr", "img")))
        }
      }
    } catch {
      throw error.naming(file.name)
    }
  }

  /// Opens an image of one file in memory.
  public init(bytes: [UInt8]) throws(VolumeError) {
    try self.init(.memory(bytes)) { () throws(VolumeError) in
      throw VolumeError(.unsupported, "a header whose voxels are in another file")
    }
  }

  init(
    _ origin: ByteStream.Origin, partner: () throws(VolumeError) -> ByteStream.Origin
  ) throws(VolumeError) {
    let parsed = try Self.parse(origin)
    if parsed.header.isPair {
      self.init(parsed, voxels: try partner(), try Self.wrapper(of: try partner()))
    } else {
      self.init(parsed, voxels: origin, parsed.wrapper)
    }
  }

  private init(header: ByteStream.Origin, voxels: ByteStream.Origin) throws(VolumeError) {
    var parsed = try Self.parse(header)
    parsed.header.isPair = true
    self.init(parsed, voxels: voxels, try Self.wrapper(of: voxels))
  }

  private typealias Parsed = (
    header: NIfTIHeader, extensions: [NIfTIExtension], affine: Affine, wrapper: Deflate.Wrapper?
  )

  private init(_ parsed: Parsed, voxels: ByteStream.Origin, _ wrapper: Deflate.Wrapper?) {
    header = parsed.header
    extensions = parsed.extensions
    geometry = Geometry(size: parsed.header.size, affine: parsed.affine)
    self.voxels = voxels
    self.wrapper = wrapper
  }

  /// gzip where the first bytes say so.
  private static func wrapper(
    of origin: ByteStream.Origin
  ) throws(VolumeError) -> Deflate.Wrapper? {
    let start = try origin.prefix(3)
    return start == [0x1F, 0x8B, 8] ? .gzip : nil
  }

  private static func parse(_ origin: ByteStream.Origin) throws(VolumeError) -> Parsed {
    let wrapper = try wrapper(of: origin)
    var stream = try ByteStream(origin, wrapper: wrapper)
    var start: [UInt8] = []
    _ = try stream.forEachChunk(NIfTIHeader.longest) { (chunk) throws(VolumeError) in
      unsafe chunk.withUnsafeBufferPointer { unsafe start.append(contentsOf: $0) }
    }
    let header = try NIfTIHeader(parsing: start)
    _ = try header.counts()
    let affine = try header.affine()
    guard header.version != .analyze else { return (header, [], affine, wrapper) }
    // Extensions fill the bytes up to the voxels, or of a pair the rest of the header's file.
    let length = header.version == .two ? 540 : 348
    let endian: Endian = header.isBigEndian ? .big : .little
    var blocks: [UInt8] = Array(start[min(length, start.count)...])
    let most = header.isPair ? 1 << 28 : header.voxOffset - length
    if blocks.count < most, blocks.first != 0 {
      let wanted = most - blocks.count
      if !header.isPair { try stream.require(wanted, "vox_offset") }
      _ = try stream.forEachChunk(wanted) { (chunk) throws(VolumeError) in
        unsafe chunk.withUnsafeBufferPointer { unsafe blocks.append(contentsOf: $0) }
      }
    }
    let extensions = try NIfTIExtension.parse(
      Array(blocks.prefix(most)), endian, base: length)
    return (header, extensions, affine, wrapper)
  }

  /// The other file of a pair: the same name with the other suffix, gzipped or not.
  private static func partner(
    of path: String, _ from: String, _ to: String
  ) throws(VolumeError) -> String {
    var stem = path[...]
    if stem.lowercased().hasSuffix(".gz") { stem = stem.dropLast(3) }
    guard stem.lowercased().hasSuffix("." + from) else {
      throw VolumeError(
        .file, "the header says that its voxels are in another file, but is not named .\(from)")
    }
    let isUpper = stem.hasSuffix(from.uppercased())
    stem = stem.dropLast(from.count)
    for suffix in [to, to + ".gz", to.uppercased(), to.uppercased() + ".GZ"]
    where isUpper || suffix == suffix.lowercased() {
      let candidate = stem + suffix
      if PathKind(String(candidate)) == .file { return String(candidate) }
    }
    throw VolumeError(.file, "the file with the other half, .\(to), is not beside it")
  }
}

extension NIfTIFile {
  /// The whole image.
  ///
  /// - Parameter type: `.stored` keeps the file's own samples beside their rescale; `.float32` applies
  ///   it while the file is read, with one copy of the voxels in memory.
  public func volume(as type: SampleRequest = .stored) throws(VolumeError) -> Volume {
    try volume(slices: 0..<geometry.size.z, channels: 0..<channelCount, as: type, toEnd: true)
  }

  /// Some slices of some channels, in their place in the patient.
  ///
  /// Of an uncompressed file only their own bytes are read.
  /// - Precondition: The ranges lie in the image.
  public func volume(
    slices: Range<Int>, channels: Range<Int>, as type: SampleRequest = .stored
  ) throws(VolumeError) -> Volume {
    try volume(slices: slices, channels: channels, as: type, toEnd: false)
  }

  /// One slice across the third axis.
  public func slice(_ z: Int, channel: Int = 0) throws(VolumeError) -> Volume {
    try volume(slices: z..<z + 1, channels: channel..<channel + 1)
  }

  /// The product of the sizes of the axes beyond the third.
  public var channelCount: Int { header.channelAxes.reduce(1, *) }

  private func volume(
    slices: Range<Int>, channels: Range<Int>, as type: SampleRequest, toEnd: Bool
  ) throws(VolumeError) -> Volume {
    do throws(VolumeError) {
      return try read(slices: slices, channels: channels, as: type, toEnd: toEnd)
    } catch {
      guard let name = voxels.name else { throw error }
      throw error.naming(name)
    }
  }

  private func read(
    slices: Range<Int>, channels: Range<Int>, as type: SampleRequest, toEnd: Bool
  ) throws(VolumeError) -> Volume {
    let size = geometry.size
    let (volumeCount, allChannels) = try header.counts()
    precondition(
      slices.lowerBound >= 0 && slices.upperBound <= size.z && channels.lowerBound >= 0
        && channels.upperBound <= allChannels,
      "slices \(slices) of \(size.z), channels \(channels) of \(allChannels)")
    guard let layout = header.datatype.layout else {
      throw VolumeError(
        .unsupported, "\(header.datatype) is none that the standard lists", field: "datatype")
    }
    let endian: Endian = header.isBigEndian ? .big : .little
    var rescale = try header.rescale()
    let perSlice = size.x * size.y * layout.components
    let isWhole = slices.count == size.z
    var stream = try ByteStream(voxels, wrapper: wrapper)
    #if FastInflate
      if toEnd, wrapper == .gzip, type == .float32,
        let floats = try Deflate.floats(
          voxels, behind: header.voxOffset, volumeCount * allChannels * layout.components,
          layout.encoding, endian, rescale)
      {
        return try finished(.float32(floats), layout, slices, channels, .identity)
      }
      if toEnd, wrapper == .gzip,
        let bytes = layout.encoding.byteCount(volumeCount * allChannels * layout.components),
        let content = try Deflate.whole(voxels, count: header.voxOffset + bytes)
      {
        stream = try ByteStream(.memory(content))
      }
    #endif
    try stream.skip(header.voxOffset, "vox_offset")
    var parts: [Samples] = []
    let runs = isWhole ? [channels] : channels.map { $0..<$0 + 1 }
    var position = 0
    for run in runs {
      let first = (run.lowerBound * size.z + slices.lowerBound) * perSlice
      let count = run.count * slices.count * perSlice
      guard
        let start = layout.encoding.byteCount(first),
        layout.encoding != .bits || first % 8 == 0
      else {
        throw VolumeError(.unsupported, "slices of single bits that begin within a byte")
      }
      try stream.skip(start - position, "voxels")
      if type == .float32 {
        parts.append(
          .float32(try stream.floats(count, layout.encoding, endian, rescale, "voxels")))
      } else {
        parts.append(try stream.samples(count, layout.encoding, endian, "voxels"))
      }
      position = start + (layout.encoding.byteCount(count) ?? 0)
    }
    if toEnd { try stream.finish() }
    if type == .float32 { rescale = .identity }
    _ = volumeCount
    return try finished(Samples.joined(parts), layout, slices, channels, rescale)
  }

  /// The volume of samples that were read.
  private func finished(
    _ samples: Samples,
    _ layout: (encoding: SampleEncoding, components: Int, kind: Volume.Components),
    _ slices: Range<Int>, _ channels: Range<Int>, _ rescale: Rescale
  ) throws(VolumeError) -> Volume {
    let size = geometry.size
    var affine = geometry.affine
    affine.origin = affine([0, 0, Double(slices.lowerBound)])
    var volume = try Volume(
      samples,
      geometry: Geometry(size: [size.x, size.y, slices.count], affine: affine),
      components: layout.components, componentKind: layout.kind, channels: channels.count,
      rescale: rescale)
    if channels.count == channelCount, !header.channelAxes.isEmpty {
      volume.channelAxes = header.channelAxes
    }
    describe(&volume)
    return volume
  }

  /// Display range and texts of the header.
  private func describe(_ volume: inout Volume) {
    if header.calMax > header.calMin, header.calMax.isFinite, header.calMin.isFinite {
      volume.display.windows = [
        DisplayHints.Window(
          center: (header.calMin + header.calMax) / 2, width: header.calMax - header.calMin,
          explanation: "cal_min to cal_max")
      ]
    }
    if !header.descrip.isEmpty { volume.metadata["descrip"] = header.descrip }
    if !header.intentName.isEmpty { volume.metadata["intent_name"] = header.intentName }
    if !header.auxFile.isEmpty { volume.metadata["aux_file"] = header.auxFile }
    if header.intentCode != 0 { volume.metadata["intent_code"] = "\(header.intentCode)" }
  }
}

/// In which type a reader gives samples.
public struct SampleRequest: Sendable, Hashable {
  private let name: String

  private init(_ name: String) { self.name = name }

  /// As the file stores them, with the rescale beside them.
  public static let stored = SampleRequest("stored")
  /// Rescaled to real-world values in single precision.
  public static let float32 = SampleRequest("float32")
}

// Frames of a file → stored samples.

/// Reads the frames of one file into memory that the caller owns.
struct PixelReader {
  let source: DICOMFile.Source
  let layout: PixelLayout
  let transferSyntax: TransferSyntax
  let isBigEndian: Bool
  let location: PixelLocation
  /// Nil where the pixels are not in fragments.
  let encapsulation: Encapsulation?
  /// Leave YCbCr of JPEG codestreams as it is coded.
  let keepsColor: Bool

  /// The most bytes that one frame may take in memory.
  static let largestFrame = 1 << 31
  /// No codec makes more samples of a byte than this.
  static let largestRatio = 1 << 16

  /// - Parameter set: Holds (7FE0,0001), where the file has it.
  /// - Throws: `truncated` where the file has fewer bytes than its frames take, before anything is
  ///   allocated for them.
  init(
    _ source: DICOMFile.Source, _ layout: PixelLayout, _ transferSyntax: TransferSyntax,
    isBigEndian: Bool, _ location: PixelLocation, _ set: DICOMDataSet,
    keepsColor: Bool
  ) throws(VolumeError) {
    self.keepsColor = keepsColor
    self.source = source
    self.layout = layout
    self.transferSyntax = transferSyntax
    self.isBigEndian = isBigEndian
    self.location = location
    let frameBytes = layout.samplesPerFrame * layout.type.size
    guard frameBytes <= Self.largestFrame else {
      throw VolumeError(
        .limit, "a frame of \(frameBytes) bytes where \(Self.largestFrame) are allowed",
        field: DICOMTag.rows.description)
    }
    if location.length == nil {
      let made = try Encapsulation(
        source, at: location.offset, frames: layout.frames, isBigEndian: isBigEndian, set: set,
        isRLE: transferSyntax == .rle)
      let bytes = made.fragments.reduce(0) { $0 + $1.count }
      guard layout.samplesPerFrame / Self.largestRatio <= bytes else {
        throw VolumeError(
          .truncated, "\(bytes) compressed bytes cannot hold \(layout.columns) × \(layout.rows)",
          offset: location.offset, field: DICOMTag.pixelData.description)
      }
      encapsulation = made
    } else {
      encapsulation = nil
      let bits = layout.bitsPerFrame.multipliedReportingOverflow(by: layout.frames)
      let there = min(location.length ?? 0, source.size - location.offset)
      guard !bits.overflow, (bits.partialValue + 7) / 8 <= there else {
        throw VolumeError(
          .truncated,
          "\(max(0, there)) bytes of pixels for \(layout.columns) × \(layout.rows) × "
            + "\(layout.frames) frames of \(layout.samplesPerPixel) × \(layout.bitsAllocated) bits",
          offset: location.offset, field: location.tag.description)
      }
    }
  }

  /// Reads one frame into `target`, which is as large as the frame.
  ///
  /// - Returns: The frame's photometric interpretation as it now is, and what the codec remarked.
  func read(
    _ frame: Int, into target: UnsafeMutableRawBufferPointer
  ) throws(VolumeError) -> (photometric: String, remarks: [String]) {
    guard let encapsulation else {
      try unsafe readNative(frame, into: target)
      return (layout.photometric, [])
    }
    let bytes = try encapsulation.bytes(ofFrame: frame, source)
    if transferSyntax == .encapsulatedUncompressed || transferSyntax == .deflatedFrames {
      let size = (layout.bitsPerFrame + 7) / 8
      let plain =
        transferSyntax == .deflatedFrames
        ? try Deflate.decompress(bytes.span, .raw, limit: size + 1) : bytes
      guard plain.count >= size else {
        throw VolumeError(.truncated, "\(plain.count) bytes for a frame of \(size)")
      }
      try unsafe convert(plain, startBit: 0, into: target)
      return (layout.photometric, [])
    }
    var expected = layout.description
    expected.keepsColor = keepsColor
    let decoded = try FrameDecoder.decode(
      bytes.span, transferSyntax: transferSyntax.rawValue, expected: expected)
    guard decoded.samples.count * layout.type.size == target.count else {
      throw VolumeError(
        .malformed,
        "the codestream holds \(decoded.columns) × \(decoded.rows) × \(decoded.samplesPerPixel), "
          + "the header \(layout.columns) × \(layout.rows) × \(layout.samplesPerPixel)",
        field: DICOMTag.pixelData.description)
    }
    unsafe DecodedSamples.store(decoded, layout, into: target)
    let told = (decoded.photometric, decoded.diagnostics)
    decoded.keep()
    return told
  }

  private func readNative(
    _ frame: Int, into target: UnsafeMutableRawBufferPointer
  ) throws(VolumeError) {
    let bits = layout.bitsPerFrame
    let isPlain = !layout.isSubsampled && !layout.isPlanar && layout.bitsAllocated >= 8
    let swapsBytes = isBigEndian && layout.bitsAllocated == 8 && location.vr == .OW
    if isPlain, !swapsBytes {
      try unsafe source.read(at: location.offset + frame * (bits / 8), into: target)
      unsafe finish(target)
      return
    }
    let startBit = frame * bits
    var start = startBit / 8
    var end = (startBit + bits + 7) / 8
    if swapsBytes {
      start -= start & 1
      end = min(end + end & 1, location.length ?? end)
    }
    var bytes = try source.read(location.offset + start..<location.offset + end)
    if swapsBytes {
      for pair in stride(from: 0, to: bytes.count - 1, by: 2) { bytes.swapAt(pair, pair + 1) }
    }
    try unsafe convert(bytes, startBit: startBit - 8 * start, into: target)
  }

  /// Uncompressed bytes of one frame → samples.
  private func convert(
    _ bytes: [UInt8], startBit: Int, into target: UnsafeMutableRawBufferPointer
  ) throws(VolumeError) {
    if layout.bitsAllocated == 1 {
      let samples = SampleBits.unpacked(bytes, start: startBit, count: layout.samplesPerFrame)
      unsafe target.copyBytes(from: samples)
      return
    }
    let first = startBit / 8
    let size = layout.bitsAllocated / 8
    // Move whole samples around as bytes; byte order and sign come after.
    func arranged<T: FixedWidthInteger>(_ type: T.Type) {
      var samples = [T](repeating: 0, count: layout.bitsPerFrame / layout.bitsAllocated)
      unsafe samples.withUnsafeMutableBytes { buffer in
        unsafe buffer.copyBytes(from: bytes[first..<first + min(buffer.count, bytes.count - first)])
      }
      if layout.isSubsampled {
        samples = SampleBits.upsampled(samples, rows: layout.rows, columns: layout.columns)
      } else if layout.isPlanar {
        samples = SampleBits.interleaved(samples, planes: layout.samplesPerPixel)
      }
      unsafe samples.withUnsafeBytes { unsafe target.copyMemory(from: $0) }
    }
    switch size {
    case 1: arranged(UInt8.self)
    case 2: arranged(UInt16.self)
    case 4: arranged(UInt32.self)
    default: arranged(UInt64.self)
    }
    unsafe finish(target)
  }

  /// Byte order, unused bits and sign, in place.
  private func finish(_ target: UnsafeMutableRawBufferPointer) {
    func pass<T: FixedWidthInteger>(_ type: T.Type) {
      let samples = unsafe target.assumingMemoryBound(to: type)
      if isBigEndian, T.bitWidth > 8 {
        for position in 0..<samples.count {
          unsafe samples[position] = unsafe samples[position].byteSwapped
        }
      }
      guard !layout.isFloatingPoint else { return }
      unsafe SampleBits.keep(stored: layout.bitsStored, high: layout.highBit, in: samples)
    }
    switch layout.type {
    case .uint8: pass(UInt8.self)
    case .int8: pass(Int8.self)
    case .uint16: pass(UInt16.self)
    case .int16: pass(Int16.self)
    case .uint32, .float32: pass(UInt32.self)
    case .int32: pass(Int32.self)
    case .uint64, .float64: pass(UInt64.self)
    case .int64: pass(Int64.self)
    }
  }
}

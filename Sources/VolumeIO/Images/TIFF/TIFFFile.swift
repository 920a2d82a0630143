// Reading TIFF: pages as pictures, or all of them as a volume.

/// An open TIFF or BigTIFF file.
///
/// Strips and tiles; uncompressed, LZW, deflate, PackBits, JPEG; unsigned, signed and floating samples of
/// 8 to 64 bits, and of 1, 2 and 4 bits scaled to 8; predictors 2 and 3; interleaved and planar.
public struct TIFFFile: Sendable {
  private let reader: ByteReader
  private let pages: [TIFFPage]

  /// The count of pages.
  public var pageCount: Int { pages.count }

  /// - `mostBytes`: The most bytes that the pixels of a page may take.
  public init(_ bytes: [UInt8], mostBytes: Int = 1 << 34) throws(VolumeError) {
    let directories = try TIFFDirectories(bytes)
    reader = directories.reader
    var pages: [TIFFPage] = []
    for directory in directories.pages {
      pages.append(try TIFFPage(directory, directories.reader, mostBytes: mostBytes))
    }
    guard !pages.isEmpty else { throw VolumeError(.malformed, "no page", field: "IFD") }
    self.pages = pages
  }

  /// One page.
  ///
  /// Palettes become RGB. Of pictures whose lowest value is white, unsigned samples are inverted.
  /// - Precondition: `page` is in `0..<pageCount`.
  public func picture(_ page: Int) throws(VolumeError) -> Picture {
    precondition(pages.indices.contains(page), "page \(page) of \(pages.count)")
    let layout = pages[page]
    if layout.compression == 7 || layout.compression == 1 || layout.photometric != 6 {
      var picture = try decode(layout)
      picture.metadata = layout.metadata
      picture.spacing = layout.spacing
      return picture
    }
    throw VolumeError(
      .unsupported, "YCbCr samples that are not JPEG", field: "PhotometricInterpretation")
  }

  /// All pages of the first one's size and type, one behind the other along z; reduced copies
  /// (thumbnails, pyramids) are left out.
  public func volume() throws(VolumeError) -> Volume {
    let full = pages.indices.filter { !pages[$0].isReduced }
    guard let first = full.first else { return try picture(0).volume() }
    var parts: [Picture] = []
    for index in full {
      guard
        pages[index].width == pages[first].width, pages[index].height == pages[first].height,
        pages[index].samples == pages[first].samples, pages[index].bits == pages[first].bits
      else {
        // A pyramid that does not say so: smaller copies behind the first page.
        guard pages[index].width < pages[first].width else {
          throw VolumeError(
            .shape,
            "page \(index) is \(pages[index].width) × \(pages[index].height), "
              + "the first \(pages[first].width) × \(pages[first].height)")
        }
        continue
      }
      parts.append(try picture(index))
    }
    var volume = try parts[0].volume()
    guard parts.count > 1 else { return volume }
    volume.samples = Samples.joined(parts.map(\.samples))
    volume.geometry.size.z = parts.count
    return volume
  }

  private func decode(_ page: TIFFPage) throws(VolumeError) -> Picture {
    let type = try page.type()
    let width = type.size
    let isColorJPEG = page.compression == 7 && page.photometric == 6
    let count = page.width * page.height * page.samples
    var pixels = [UInt8](repeating: 0, count: count * width)
    for plane in 0..<(page.isPlanar ? page.samples : 1) {
      for row in 0..<page.down {
        for column in 0..<page.across {
          let index = column + page.across * (row + page.down * plane)
          guard page.lengths[index] > 0 else { continue }
          let chunk = try chunk(page, index, row: row, isColor: isColorJPEG)
          place(chunk, page, row, column, plane, width, into: &pixels)
        }
      }
    }
    var stream = try ByteStream(.memory(pixels))
    var samples = try stream.samples(count, .stored(type), .host, "pixels")
    var channels = page.samples
    if page.bits < 8, page.photometric != 3, case .uint8(let small) = samples {
      let scale = UInt8(255 / (1 << page.bits - 1))
      samples = .uint8(small.map { $0 &* scale })
    }
    if page.photometric == 0, page.samples == 1 { samples = samples.map(InvertUnsigned()) }
    if page.photometric == 3, page.samples == 1 {
      samples = try colors(samples, page)
      channels = 3
    }
    return try Picture(
      width: page.width, height: page.height, channels: channels,
      bitsPerSample: max(8, page.bits), samples: samples)
  }

  private func colors(_ samples: Samples, _ page: TIFFPage) throws(VolumeError) -> Samples {
    let entries = page.palette.count / 3
    var colors: [UInt8] = []
    colors.reserveCapacity(samples.count * 3)
    for index in 0..<samples.count {
      let entry = Int(samples[index])
      guard entry < entries else {
        throw VolumeError(.malformed, "entry \(entry) of \(entries)", field: "ColorMap")
      }
      for c in 0..<3 { colors.append(UInt8(page.palette[entry + c * entries] >> 8)) }
    }
    return .uint8(colors)
  }

  /// One strip or tile: samples in host order, whole rows of the chunk's width.
  private func chunk(
    _ page: TIFFPage, _ index: Int, row: Int, isColor: Bool
  ) throws(VolumeError) -> [UInt8] {
    let raw = try reader.slice(page.offsets[index], page.lengths[index], "strip \(index)")
    let isStrip = page.chunkWidth == page.width
    let rows =
      isStrip
      ? min(page.chunkHeight, page.height - row * page.chunkHeight)
      : page.chunkHeight
    let wanted = rows * page.chunkRowBytes
    var bytes: [UInt8]
    do throws(VolumeError) {
      bytes = try decompress(raw, page, wanted: wanted, isColor: isColor)
    } catch {
      var error = error
      error.offset = page.offsets[index]
      error.field = "strip \(index)"
      throw error
    }
    guard bytes.count >= wanted else {
      throw VolumeError(
        .truncated, "\(bytes.count) bytes where \(wanted) are needed",
        offset: page.offsets[index], field: "strip \(index)")
    }
    if bytes.count > wanted { bytes.removeLast(bytes.count - wanted) }
    let width = max(1, page.bits / 8)
    if width > 1, reader.endian != .host, page.compression != 7, page.predictor != 3 {
      for at in stride(from: 0, to: bytes.count - width + 1, by: width) {
        bytes[at..<at + width].reverse()
      }
    }
    switch page.predictor {
    case 1: break
    case 2 where page.bits >= 8:
      TIFFCompression.undoDifference(
        &bytes, rowBytes: page.chunkRowBytes, samples: page.chunkSamples, width: width)
    case 3 where page.format == 3:
      TIFFCompression.undoFloatDifference(
        &bytes, rowBytes: page.chunkRowBytes, samples: page.chunkSamples, width: width)
    default:
      throw VolumeError(
        .unsupported, "predictor \(page.predictor) of \(page.bits) bits", field: "Predictor")
    }
    guard page.bits < 8 else { return bytes }
    return TIFFCompression.unpack(
      bytes, rowBytes: page.chunkRowBytes, perRow: page.chunkWidth * page.chunkSamples,
      bits: page.bits)
  }

  private func decompress(
    _ raw: [UInt8], _ page: TIFFPage, wanted: Int, isColor: Bool
  ) throws(VolumeError) -> [UInt8] {
    switch page.compression {
    case 1: return raw
    case 5: return try TIFFCompression.lzw(raw.span, limit: wanted)
    case 8, 32946:
      var stream = try ByteStream(.memory(raw), wrapper: .zlib)
      return try stream.read(wanted, "deflate")
    case 32773:
      guard wanted / 128 <= raw.count else {
        throw VolumeError(.truncated, "\(raw.count) bytes of PackBits for \(wanted)")
      }
      var bytes = [UInt8](repeating: 0, count: wanted)
      var span = bytes.mutableSpan
      try PackBits.decode(raw.span, into: &span)
      return bytes
    case 7:
      let tables = try page.jpegTables.map { (bytes) throws(VolumeError) in
        try JPEGTables(parsing: bytes.span)
      }
      let image = try JPEGDecoder.decode(
        raw.span, tables: tables ?? JPEGTables(), color: isColor ? .fromYCC : .stored)
      guard image.components == page.chunkSamples, image.width == page.chunkWidth else {
        throw VolumeError(
          .malformed, "a JPEG of \(image.width) × \(image.height) × \(image.components)")
      }
      guard case .uint8(let samples) = image.samples, page.bits == 8 else {
        throw VolumeError(.unsupported, "a JPEG of \(image.precision) bits")
      }
      return samples
    default:
      throw VolumeError(
        .unsupported,
        "compression \(page.compression); none, LZW, deflate, PackBits and JPEG are "
          + "read", field: "Compression")
    }
  }

  /// Copies a chunk's rows to where they belong.
  private func place(
    _ chunk: [UInt8], _ page: TIFFPage, _ row: Int, _ column: Int, _ plane: Int, _ width: Int,
    into pixels: inout [UInt8]
  ) {
    let (left, top) = (column * page.chunkWidth, row * page.chunkHeight)
    let columns = min(page.chunkWidth, page.width - left)
    let rows = min(page.chunkHeight, page.height - top)
    let stride = page.chunkWidth * page.chunkSamples * width
    for y in 0..<rows {
      let to = (left + page.width * (top + y)) * page.samples * width
      if page.isPlanar {
        for x in 0..<columns {
          for byte in 0..<width {
            pixels[to + (x * page.samples + plane) * width + byte] =
              chunk[y * stride + x * width + byte]
          }
        }
      } else {
        let length = columns * page.samples * width
        pixels.replaceSubrange(to..<to + length, with: chunk[y * stride..<y * stride + length])
      }
    }
  }
}

/// White for black in unsigned samples; others stay.
private struct InvertUnsigned: SampleMap {
  func run<S: Sample>(_ samples: [S]) -> [S] {
    switch S.sampleType {
    case .uint8, .uint16, .uint32:
      let top = S(
        nearest: S.sampleType == .uint8 ? 255 : S.sampleType == .uint16 ? 65535 : 4294967295)
      return samples.map { top - $0 }
    default: return samples
    }
  }
}

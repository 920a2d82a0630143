// How one page of a TIFF lays out its pixels.

/// The layout of a page's pixels, checked against the file before anything is allocated.
struct TIFFPage: Sendable {
  var width: Int
  var height: Int
  var samples: Int
  var bits: Int
  var format: Int
  var photometric: Int
  var compression: Int
  var predictor: Int
  var isPlanar: Bool
  var chunkWidth: Int
  var chunkHeight: Int
  var offsets: [Int]
  var lengths: [Int]
  var palette: [Int]
  var jpegTables: [UInt8]?
  var isReduced: Bool
  var metadata: [String: String] = [:]
  var spacing: SIMD2<Double>?

  init(_ page: TIFFDirectory, _ r: ByteReader, mostBytes: Int) throws(VolumeError) {
    func one(_ tag: UInt16, _ fallback: Int) throws(VolumeError) -> Int {
      try page.integer(tag, r) ?? fallback
    }
    (width, height) = (try one(256, 0), try one(257, 0))
    samples = try one(277, 1)
    guard width > 0, height > 0, (1...64).contains(samples) else {
      throw VolumeError(
        .malformed, "\(width) × \(height) pixels of \(samples) samples", field: "ImageWidth")
    }
    let depths = try page.integers(258, r) ?? [1]
    bits = depths.first ?? 1
    guard depths.allSatisfy({ $0 == depths[0] }), [1, 2, 4, 8, 16, 32, 64].contains(bits) else {
      throw VolumeError(.unsupported, "samples of \(depths) bits", field: "BitsPerSample")
    }
    format = try one(339, 1)
    photometric = try one(262, samples >= 3 ? 2 : 1)
    compression = try one(259, 1)
    predictor = try one(317, 1)
    isPlanar = try one(284, 1) == 2
    guard try one(266, 1) == 1 else {
      throw VolumeError(.unsupported, "bits from the low end", field: "FillOrder")
    }
    isReduced = try one(254, 0) & 1 == 1
    palette = try page.integers(320, r) ?? []
    jpegTables = try page.bytes(347, r)
    let isTiled = page.entries[322] != nil
    chunkWidth = isTiled ? try one(322, 0) : width
    chunkHeight = isTiled ? try one(323, 0) : min(try one(278, height), height)
    offsets = try page.integers(isTiled ? 324 : 273, r) ?? []
    lengths = try page.integers(isTiled ? 325 : 279, r) ?? []
    guard chunkWidth > 0, chunkHeight > 0, chunkWidth <= 1 << 24, chunkHeight <= 1 << 30 else {
      throw VolumeError(
        .malformed, "strips or tiles of \(chunkWidth) × \(chunkHeight)", field: "RowsPerStrip")
    }
    try check(r, mostBytes)
    if let text = try page.text(270, r) { metadata["ImageDescription"] = text }
    if let x = try page.rational(282, r), let y = try page.rational(283, r), x > 0, y > 0 {
      let millimetres: Double? =
        switch try one(296, 2) {
        case 2: 25.4
        case 3: 10
        default: nil
        }
      if let millimetres { spacing = SIMD2(millimetres / x, millimetres / y) }
    }
  }

  /// Chunks across and down, over all planes.
  var across: Int { (width - 1) / chunkWidth + 1 }
  var down: Int { (height - 1) / chunkHeight + 1 }
  /// Samples of a pixel within one chunk.
  var chunkSamples: Int { isPlanar ? 1 : samples }
  var chunkRowBytes: Int { (chunkWidth * chunkSamples * bits + 7) / 8 }

  private func check(_ r: ByteReader, _ mostBytes: Int) throws(VolumeError) {
    _ = try Picture.byteCount(width, height, samples, max(1, bits / 8), mostBytes: mostBytes)
    _ = try Picture.byteCount(
      chunkWidth, chunkHeight, samples, max(1, bits / 8), mostBytes: mostBytes)
    let chunks = across * down * (isPlanar ? samples : 1)
    guard offsets.count >= chunks, lengths.count >= chunks else {
      throw VolumeError(
        .malformed, "\(offsets.count) places and \(lengths.count) lengths for \(chunks) chunks",
        field: "StripOffsets")
    }
    var there = 0
    for index in 0..<chunks {
      try r.require(offsets[index], lengths[index], "StripOffsets[\(index)]")
      there = min(there + lengths[index], 1 << 40)
    }
    let claimed = width * height * samples * bits / 8
    // No compression here grows data by more than LZW's longest strings do.
    let ratio = compression == 1 ? 1 : 4096
    let isSparse = lengths.contains(0)
    guard claimed / ratio <= there || isSparse && claimed <= 1 << 30 else {
      throw VolumeError(
        .truncated, "\(there) bytes of data for \(claimed) bytes of pixels",
        field: "StripByteCounts")
    }
  }

  /// The type of a decoded sample.
  func type() throws(VolumeError) -> SampleType {
    switch (format, bits) {
    case (1, 1), (1, 2), (1, 4), (1, 8), (4, 8): return .uint8
    case (1, 16), (4, 16): return .uint16
    case (1, 32), (4, 32): return .uint32
    case (1, 64): return .uint64
    case (2, 8): return .int8
    case (2, 16): return .int16
    case (2, 32): return .int32
    case (2, 64): return .int64
    case (3, 32): return .float32
    case (3, 64): return .float64
    default:
      throw VolumeError(
        .unsupported, "samples of format \(format) and \(bits) bits", field: "SampleFormat")
    }
  }
}

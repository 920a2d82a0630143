// JPEG 2000 Part 1: codestreams and JP2 files.
// Source: ITU-T T.800 (ISO/IEC 15444-1).

/// Decodes a JPEG 2000 codestream or JP2 file.
package enum JPEG2000Decoder {
  /// Whether bytes begin as a codestream (SOC, SIZ) or as a JP2 file.
  package static func begins(_ bytes: Span<UInt8>) -> Bool {
    if JP2Boxes.begins(bytes) { return true }
    guard bytes.count >= 4 else { return false }
    return bytes[0] == 0xFF && bytes[1] == 0x4F && bytes[2] == 0xFF && bytes[3] == 0x51
  }

  /// Decodes all tiles at full resolution, all layers.
  ///
  /// - Parameters:
  ///   - bytes: From SOC on, or from a JP2 file's signature; bytes after EOC are ignored.
  ///   - photometric: The container's colour model; `YBR_RCT` and `YBR_ICT` become `RGB`, since the
  ///     codestream's component transform is undone.
  ///   - threads: Code-blocks are decoded on so many threads; the samples do not depend on it.
  /// - Returns: Signed samples where the codestream says so, of 8, 16 or 32 bits by precision.
  ///   Subsampled components are repeated to the image's size.
  /// - Throws: `.unsupported` for Part 15 (HTJ2K), palettes and more than 30 bit-planes;
  ///   `.malformed`, `.corrupt`, `.truncated` or `.limit`.
  /// - Complexity: O(samples · bit-planes).
  package static func decode(
    _ bytes: Span<UInt8>, photometric: String = "MONOCHROME2", threads: Int = 1
  ) throws(VolumeError) -> DecodedFrame {
    var range = 0..<bytes.count
    var colorSpace: Int?
    if JP2Boxes.begins(bytes) {
      let boxes = try JP2Boxes(bytes)
      guard !boxes.hasPalette else {
        throw VolumeError(.unsupported, "a palette in a JP2 file", field: "box pclr")
      }
      range = boxes.codestream
      colorSpace = boxes.colorSpace
    }
    let stream = try J2KCodestream(bytes, range: range)
    let size = stream.size
    var missing = 0
    let precision = size.components.reduce(0) { max($0, $1.precision) }
    let isSigned = size.components.contains { $0.isSigned }
    func pixels<Sample: FixedWidthInteger>() throws(VolumeError) -> [Sample] {
      try image(stream, bytes, end: range.upperBound, threads: threads, &missing).pixels
    }
    let samples: Samples =
      switch (precision, isSigned) {
      case (...8, false): .uint8(try pixels())
      case (...8, true): .int8(try pixels())
      case (...16, false): .uint16(try pixels())
      case (...16, true): .int16(try pixels())
      case (_, false): .uint32(try pixels())
      case (_, true): .int32(try pixels())
      }
    var diagnostics = stream.diagnostics
    if missing > 0 { diagnostics.append("\(missing) packets or more did not come") }
    var color = photometric
    if photometric == "YBR_RCT" || photometric == "YBR_ICT" { color = "RGB" }
    if photometric == "MONOCHROME2", size.components.count == 3 {
      color = colorSpace == 18 ? "YBR_FULL" : "RGB"
    }
    let grid = size.pixelGrid
    return DecodedFrame(
      samples: samples, rows: grid.height, columns: grid.width,
      samplesPerPixel: size.components.count, bitsPerSample: precision, photometric: color,
      diagnostics: diagnostics)
  }

  /// All tiles, laid together.
  private static func image<Sample: FixedWidthInteger>(
    _ stream: J2KCodestream, _ bytes: Span<UInt8>, end: Int, threads: Int, _ missing: inout Int
  ) throws(VolumeError) -> J2KImageAssembly<Sample> {
    let size = stream.size
    var image = J2KImageAssembly<Sample>(size)
    let decoder = J2KTileDecoder(size: size, threads: threads)
    for index in 0..<size.tilesWide * size.tilesHigh {
      guard let tile = stream.tiles[index] else {
        throw VolumeError(
          .truncated, "tile \(index) of \(size.tilesWide) × \(size.tilesHigh) does not come",
          offset: end, field: "SOT")
      }
      let planes = try decoder.decode(index, tile, bytes, missing: &missing)
      image.store(planes)
      for plane in planes { plane.keep() }
    }
    return image
  }

  /// The error of streams that Part 1 does not cover.
  static func needsHighThroughput(offset: Int) -> VolumeError {
    VolumeError(
      .unsupported,
      "High-Throughput JPEG 2000 (transfer syntaxes 1.2.840.10008.1.2.4.201 to 203) needs the "
        + "package trait HTJ2K, which links libopenjp2",
      offset: offset, field: "SIZ Rsiz")
  }
}

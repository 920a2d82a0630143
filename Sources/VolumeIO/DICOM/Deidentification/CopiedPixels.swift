// Pixels taken over into another file as they are.

enum CopiedPixels {
  /// Appends a file's pixels to a body of explicit VR little endian.
  ///
  /// - Returns: The transfer syntax of the new file: that of the old one where the pixels are in
  ///   fragments or deflated, else explicit VR little endian.
  static func append(
    _ file: DICOMFile, to body: inout DataSetEncoder
  ) throws(VolumeError) -> TransferSyntax {
    let syntax: TransferSyntax = file.transferSyntax == .deflated ? .deflated : .explicitLittle
    guard let pixels = file.pixels else { return syntax }
    guard let length = pixels.length else {
      try appendFragments(file, pixels, &body)
      return file.transferSyntax
    }
    let end = min(pixels.offset + length, file.source.size)
    guard pixels.offset <= end else {
      throw VolumeError(.truncated, "no pixels where the header has them", file: file.name)
    }
    var bytes = try file.source.read(pixels.offset..<end)
    let bits = file.dataSet.int(.bitsAllocated) ?? 16
    let unit =
      pixels.tag == .floatPixelData ? 4 : pixels.tag == .doublePixelData ? 8 : max(1, bits / 8)
    if file.syntax.isBigEndian {
      // OW is swapped by words, whatever the samples' size; longer samples by their own.
      let swapped = pixels.vr == .OW ? max(2, unit) : unit
      for start in stride(from: 0, to: bytes.count - swapped + 1, by: swapped) where swapped > 1 {
        bytes[start..<start + swapped].reverse()
      }
    }
    let vr: DICOMVR =
      switch pixels.tag {
      case .floatPixelData: .OF
      case .doublePixelData: .OD
      default: unit == 1 && pixels.vr == .OB ? .OB : .OW
      }
    body.head(pixels.tag, vr, bytes.count + bytes.count % 2)
    body.append(bytes)
    if bytes.count % 2 == 1 { body.append([0]) }
    return syntax
  }

  private static func appendFragments(
    _ file: DICOMFile, _ pixels: PixelLocation, _ body: inout DataSetEncoder
  ) throws(VolumeError) {
    let frames = max(1, file.dataSet.int(.numberOfFrames) ?? 1)
    let parts = try Encapsulation(
      file.source, at: pixels.offset, frames: frames, isBigEndian: file.syntax.isBigEndian,
      set: file.dataSet, isRLE: file.transferSyntax == .rle)
    body.head(.pixelData, .OB, length: nil)
    var offsets: [Int] = []
    if frames > 1 {
      var starts: [Int] = []
      var offset = 0
      for fragment in parts.fragments {
        starts.append(offset)
        offset += 8 + fragment.count + fragment.count % 2
      }
      if offset < 1 << 32 { offsets = parts.frames.map { starts[$0.lowerBound] } }
    }
    body.item(
      offsets.flatMap { offset in (0..<4).map { UInt8(truncatingIfNeeded: offset >> (8 * $0)) } })
    for fragment in parts.fragments { body.item(try file.source.read(fragment)) }
    body.sequenceEnd()
  }
}

// From a codestream's samples to the header's type.
// JPEG lossless and JPEG-LS know no sign; JPEG 2000 has its own, which may contradict the header.

enum DecodedSamples {
  /// Writes a decoded frame as the samples that the header describes.
  ///
  /// Where the header says two's complement and the codestream is unsigned, its bits are
  /// reinterpreted; the sign bit is the highest of the stored bits or of the codestream's precision,
  /// whichever is lower.
  static func store(
    _ frame: DecodedFrame, _ layout: PixelLayout, into target: UnsafeMutableRawBufferPointer
  ) {
    switch frame.samples {
    case .uint8(let samples): unsafe store(samples, frame, layout, target)
    case .int8(let samples): unsafe store(samples, frame, layout, target)
    case .uint16(let samples): unsafe store(samples, frame, layout, target)
    case .int16(let samples): unsafe store(samples, frame, layout, target)
    case .uint32(let samples): unsafe store(samples, frame, layout, target)
    case .int32(let samples): unsafe store(samples, frame, layout, target)
    case .uint64(let samples): unsafe store(samples, frame, layout, target)
    case .int64(let samples): unsafe store(samples, frame, layout, target)
    case .float32(let samples): unsafe copy(samples, target)
    case .float64(let samples): unsafe copy(samples, target)
    }
  }

  private static func copy<T: BinaryFloatingPoint>(
    _ samples: [T], _ target: UnsafeMutableRawBufferPointer
  ) {
    unsafe samples.withUnsafeBytes { bytes in
      unsafe target.copyMemory(from: .init(rebasing: bytes.prefix(target.count)))
    }
  }

  private static func store<S: FixedWidthInteger>(
    _ samples: [S], _ frame: DecodedFrame, _ layout: PixelLayout,
    _ target: UnsafeMutableRawBufferPointer
  ) {
    switch layout.type {
    case .uint8: unsafe store(samples, UInt8.self, frame, layout, target)
    case .int8: unsafe store(samples, Int8.self, frame, layout, target)
    case .uint16: unsafe store(samples, UInt16.self, frame, layout, target)
    case .int16: unsafe store(samples, Int16.self, frame, layout, target)
    case .uint32, .float32: unsafe store(samples, UInt32.self, frame, layout, target)
    case .int32: unsafe store(samples, Int32.self, frame, layout, target)
    case .uint64, .float64: unsafe store(samples, UInt64.self, frame, layout, target)
    case .int64: unsafe store(samples, Int64.self, frame, layout, target)
    }
  }

  private static func store<S: FixedWidthInteger, T: FixedWidthInteger>(
    _ samples: [S], _ type: T.Type, _ frame: DecodedFrame, _ layout: PixelLayout,
    _ raw: UnsafeMutableRawBufferPointer
  ) {
    let target = unsafe raw.assumingMemoryBound(to: type)
    for position in 0..<min(samples.count, target.count) {
      unsafe target[position] = T(truncatingIfNeeded: samples[position])
    }
    guard !layout.isFloatingPoint, layout.isSigned != S.isSigned else { return }
    let bits = min(layout.bitsStored, frame.bitsPerSample, T.bitWidth)
    unsafe SampleBits.keep(stored: bits, high: bits - 1, in: target)
  }
}

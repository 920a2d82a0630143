// The two widths of samples that DCT frames come in.

/// A sample of a plane, and the coefficients from which it is made.
protocol JPEGSample: FixedWidthInteger, UnsignedInteger, SIMDScalar, Codable, SpareNumber {
  /// Wide enough for dequantised coefficients of the precision that the sample holds.
  associatedtype Coefficient: FixedWidthInteger, SignedInteger, SIMDScalar, Sendable

  /// Writes the samples of one block.
  ///
  /// - Parameters:
  ///   - block: `JPEGInverseDCT.blockSize` numbers, the first 64 the coefficients in rows; what it holds
  ///     afterwards is of no use.
  ///   - places: The places of those that may differ from 0, joined by OR.
  ///   - output: The plane.
  ///   - start: The block's first sample.
  ///   - stride: From row to row.
  /// - Precondition: The eight rows lie within `output`.
  static func transform(
    _ block: inout MutableSpan<Coefficient>, places: Int, into output: inout MutableSpan<Self>,
    start: Int, stride: Int)

  /// Writes a block whose samples are all equal.
  ///
  /// - Precondition: The eight rows lie within `output`.
  static func fill(_ value: Self, into output: inout MutableSpan<Self>, start: Int, stride: Int)

  /// Converts a row of YCbCr to interleaved RGB from `start` on.
  ///
  /// - Precondition: Each row holds the width, the scratch three times `JPEGColorTransform.pitch`.
  static func convert(
    _ luma: Span<Self>, _ blue: Span<Self>, _ red: Span<Self>, width: Int,
    scratch: inout [UInt8], into output: inout MutableSpan<Self>, at start: Int)

  /// Stores sixteen samples, those of `even` and `odd` by turns.
  ///
  /// - Precondition: Sixteen samples fit from the byte `offset` on.
  @unsafe
  static func store(
    _ even: SIMD8<UInt16>, _ odd: SIMD8<UInt16>, to output: UnsafeMutableRawBufferPointer,
    at offset: Int)
}

extension JPEGSample {
  @inline(__always)
  static func fill(_ value: Self, into output: inout MutableSpan<Self>, start: Int, stride: Int) {
    precondition(
      start >= 0 && stride >= 8 && start + 7 * stride + 8 <= output.count,
      "a block at \(start), stride \(stride), leaves a plane of \(output.count) samples")
    let row = SIMD8<Self>(repeating: value)
    // The eight rows lie within the plane, as checked.
    unsafe output.withUnsafeMutableBytes { bytes in
      for y in 0..<8 {
        unsafe bytes.storeBytes(
          of: row, toByteOffset: (start &+ y &* stride) &* MemoryLayout<Self>.size,
          as: SIMD8<Self>.self)
      }
    }
  }
}

extension UInt8: JPEGSample {
  @unsafe @inline(__always)
  static func store(
    _ even: SIMD8<UInt16>, _ odd: SIMD8<UInt16>, to output: UnsafeMutableRawBufferPointer,
    at offset: Int
  ) {
    unsafe output.storeBytes(
      of: even | odd &<< 8, toByteOffset: offset, as: SIMD8<UInt16>.self)
  }

  @inline(__always)
  static func transform(
    _ block: inout MutableSpan<Int16>, places: Int, into output: inout MutableSpan<UInt8>,
    start: Int, stride: Int
  ) {
    JPEGInverseDCT.transform8(
      &block, places: places, into: &output, start: start, stride: stride)
  }

  @inline(__always)
  static func convert(
    _ luma: Span<UInt8>, _ blue: Span<UInt8>, _ red: Span<UInt8>, width: Int,
    scratch: inout [UInt8], into output: inout MutableSpan<UInt8>, at start: Int
  ) {
    JPEGColorTransform.convert(
      luma, blue, red, width: width, scratch: &scratch, into: &output, at: start)
  }
}

extension UInt16: JPEGSample {
  @unsafe @inline(__always)
  static func store(
    _ even: SIMD8<UInt16>, _ odd: SIMD8<UInt16>, to output: UnsafeMutableRawBufferPointer,
    at offset: Int
  ) {
    unsafe output.storeBytes(
      of: SIMD8<UInt32>(truncatingIfNeeded: even) | SIMD8<UInt32>(truncatingIfNeeded: odd) &<< 16,
      toByteOffset: offset, as: SIMD8<UInt32>.self)
  }

  @inline(__always)
  static func transform(
    _ block: inout MutableSpan<Int32>, places: Int, into output: inout MutableSpan<UInt16>,
    start: Int, stride: Int
  ) {
    JPEGInverseDCT.transform12(&block, into: &output, start: start, stride: stride)
  }

  static func convert(
    _ luma: Span<UInt16>, _ blue: Span<UInt16>, _ red: Span<UInt16>, width: Int,
    scratch: inout [UInt8], into output: inout MutableSpan<UInt16>, at start: Int
  ) {
    var row = [UInt16](repeating: 0, count: 3 * width)
    for x in 0..<width {
      row[3 * x] = luma[x]
      row[3 * x + 1] = blue[x]
      row[3 * x + 2] = red[x]
    }
    var pixels = row.mutableSpan
    JPEGColorTransform.convert(&pixels, components: 3, precision: 12, isInverted: false)
    for index in 0..<3 * width { output[start + index] = pixels[index] }
  }
}

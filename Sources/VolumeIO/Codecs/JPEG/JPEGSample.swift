// The two widths of samples that DCT frames come in.

/// A sample of a plane, and the coefficients from which it is made.
protocol JPEGSample: FixedWidthInteger, UnsignedInteger, SIMDScalar, Codable, Sendable {
  /// Wide enough for dequantised coefficients of the precision that the sample holds.
  associatedtype Coefficient: FixedWidthInteger, SignedInteger, Sendable

  /// Writes the samples of one block.
  ///
  /// - Precondition: `block` has 64 elements; the eight rows lie within `output`.
  static func transform(
    _ block: inout MutableSpan<Coefficient>, into output: inout MutableSpan<Self>, start: Int,
    stride: Int)

  /// Converts a row of YCbCr to interleaved RGB from `start` on.
  ///
  /// - Precondition: Each row holds the width rounded up to a multiple of eight.
  static func convert(
    _ luma: Span<Self>, _ blue: Span<Self>, _ red: Span<Self>, width: Int,
    into output: inout MutableSpan<Self>, at start: Int)
}

extension UInt8: JPEGSample {
  @inline(__always)
  static func transform(
    _ block: inout MutableSpan<Int16>, into output: inout MutableSpan<UInt8>, start: Int,
    stride: Int
  ) {
    JPEGInverseDCT.transform8(&block, into: &output, start: start, stride: stride)
  }

  @inline(__always)
  static func convert(
    _ luma: Span<UInt8>, _ blue: Span<UInt8>, _ red: Span<UInt8>, width: Int,
    into output: inout MutableSpan<UInt8>, at start: Int
  ) {
    JPEGColorTransform.convert(luma, blue, red, width: width, into: &output, at: start)
  }
}

extension UInt16: JPEGSample {
  @inline(__always)
  static func transform(
    _ block: inout MutableSpan<Int32>, into output: inout MutableSpan<UInt16>, start: Int,
    stride: Int
  ) {
    JPEGInverseDCT.transform12(&block, into: &output, start: start, stride: stride)
  }

  static func convert(
    _ luma: Span<UInt16>, _ blue: Span<UInt16>, _ red: Span<UInt16>, width: Int,
    into output: inout MutableSpan<UInt16>, at start: Int
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

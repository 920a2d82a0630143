// DEFLATE and its two wrappers: RFC 1951 (raw), RFC 1950 (zlib), RFC 1952 (gzip).

internal import CZlib

/// Deflate-compressed bytes in memory, whole.
package enum Deflate {
  /// What stands around the compressed blocks.
  package enum Wrapper: Sendable {
    /// Nothing: RFC 1951, as in DICOM's deflated transfer syntax and in zip.
    case raw
    /// Two bytes of header and an Adler-32: RFC 1950, as in PNG, MetaImage, TIFF and HDF5.
    case zlib
    /// Header, CRC-32 and length, any number of members one after another: RFC 1952.
    case gzip

    var windowBits: Int32 {
      switch self {
      case .raw: -15
      case .zlib: 15
      case .gzip: 31
      }
    }
  }

  /// No deflate stream grows by more than this factor.
  package static let largestRatio = 1032

  /// The decompressed bytes.
  ///
  /// Checksums and lengths that the wrapper carries are verified. gzip members may follow each other,
  /// and zeros may follow the last; anything else after it is an error. Bytes after a raw or zlib
  /// stream are left alone.
  /// - Parameters:
  ///   - limit: The most bytes to make; more is an error of code `limit`.
  ///   - expected: The count of bytes that the stream must hold, where it is known. Nothing is
  ///     allocated for a count that the input cannot hold.
  package static func decompress(
    _ input: Span<UInt8>, _ wrapper: Wrapper, limit: Int, expected: Int? = nil
  ) throws(VolumeError) -> [UInt8] {
    if let expected {
      guard expected <= limit else {
        throw VolumeError(.limit, "\(expected) bytes to decompress where \(limit) are allowed")
      }
      guard expected / largestRatio <= input.count else {
        throw VolumeError(
          .truncated, "\(input.count) compressed bytes cannot hold \(expected) bytes",
          offset: input.count)
      }
      #if FastInflate
        if let output = whole(input, wrapper, count: expected) { return output }
      #endif
    }
    var stream = Inflater(wrapper)
    var output: [UInt8] = []
    output.reserveCapacity(expected ?? min(limit, input.count &* 4))
    var position = 0
    while !stream.isFinished {
      try stream.run(input, &position, isLast: true)
      guard stream.ready <= limit - output.count else {
        throw VolumeError(.limit, "more than \(limit) bytes when decompressed", offset: position)
      }
      try stream.take(stream.ready) { (chunk) throws(VolumeError) in
        unsafe chunk.withUnsafeBufferPointer { unsafe output.append(contentsOf: $0) }
      }
    }
    if let expected, output.count != expected {
      throw VolumeError(
        output.count < expected ? .truncated : .corrupt,
        "\(output.count) bytes when decompressed, expected \(expected)", offset: position)
    }
    return output
  }

  /// The compressed bytes; the same bytes for the same input, level and zlib.
  package static func compress(
    _ input: Span<UInt8>, _ wrapper: Wrapper, level: Int = 6
  ) throws(VolumeError) -> [UInt8] {
    var stream = try DeflateStream(wrapper, level: level)
    var output: [UInt8] = []
    try stream.write(input, isLast: true) { (chunk) throws(VolumeError) in
      unsafe chunk.withUnsafeBufferPointer { unsafe output.append(contentsOf: $0) }
    }
    return output
  }
}

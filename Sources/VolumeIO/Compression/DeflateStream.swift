// Compression piece by piece.

internal import CZlib

/// A compressor that takes input in pieces of any size and hands on what it makes.
@safe
package struct DeflateStream: ~Copyable {
  private let stream: UnsafeMutablePointer<z_stream>
  private let buffer: UnsafeMutableRawBufferPointer

  /// - Precondition: `level` is 0 (store) to 9 (smallest).
  package init(_ wrapper: Deflate.Wrapper, level: Int) throws(VolumeError) {
    precondition((0...9).contains(level), "compression level \(level) is not in 0...9")
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    unsafe buffer = .allocate(byteCount: 1 << 16, alignment: 16)
    let status = unsafe deflateInit2_(
      stream, Int32(level), Z_DEFLATED, wrapper.windowBits, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else {
      unsafe stream.deallocate()
      unsafe buffer.deallocate()
      throw VolumeError(.limit, "zlib could not start: status \(status)")
    }
  }

  deinit {
    unsafe deflateEnd(stream)
    unsafe stream.deallocate()
    unsafe buffer.deallocate()
  }

  /// Compresses `input` and hands on whatever is ready; with `isLast`, ends the stream.
  package mutating func write(
    _ input: Span<UInt8>, isLast: Bool, to sink: (Span<UInt8>) throws(VolumeError) -> Void
  ) throws(VolumeError) {
    var position = 0
    while true {
      let chunk = min(input.count - position, 1 << 30)
      let isEnd = isLast && position + chunk == input.count
      var isFull = true
      while isFull {
        let taken = unsafe input.withUnsafeBytes { source in
          unsafe stream.pointee.next_in = unsafe source.baseAddress.map {
            unsafe UnsafeMutablePointer(
              mutating: ($0 + position).assumingMemoryBound(to: UInt8.self))
          }
          let available = min(source.count - position, chunk)
          unsafe stream.pointee.avail_in = UInt32(available)
          unsafe stream.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
          unsafe stream.pointee.avail_out = UInt32(buffer.count)
          _ = unsafe CZlib.deflate(stream, isEnd ? Z_FINISH : Z_NO_FLUSH)
          return available - Int(unsafe stream.pointee.avail_in)
        }
        position += taken
        let made = unsafe buffer.count - Int(stream.pointee.avail_out)
        isFull = unsafe stream.pointee.avail_out == 0
        if made > 0 {
          let span = unsafe UnsafeRawBufferPointer(rebasing: buffer[..<made])
            .assumingMemoryBound(to: UInt8.self).span
          try sink(span)
        }
      }
      if position == input.count { return }
    }
  }
}

// Decompression piece by piece, so that a file larger than memory can pass through.

internal import CZlib

/// A decompressor that takes input and gives output in pieces of any size.
@safe
package struct InflateStream: ~Copyable {
  package enum State: Sendable {
    /// Give more input, or ask again for more output.
    case more
    /// The stream ended and its checks held.
    case finished
  }

  private let stream: UnsafeMutablePointer<z_stream>
  private let wrapper: Deflate.Wrapper
  private var isBetweenMembers = false

  package init(_ wrapper: Deflate.Wrapper) throws(VolumeError) {
    self.wrapper = wrapper
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    let status = unsafe inflateInit2_(
      stream, wrapper.windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else {
      unsafe stream.deallocate()
      throw VolumeError(.limit, "zlib could not start: status \(status)")
    }
  }

  deinit {
    unsafe inflateEnd(stream)
    unsafe stream.deallocate()
  }

  /// Decompresses once: from `input[position...]` into the front of `output`.
  ///
  /// - Parameters:
  ///   - position: Moved past what was taken.
  ///   - isLast: No input follows `input`; a stream that needs more is truncated.
  ///   - count: The count of bytes made.
  package mutating func step(
    _ input: Span<UInt8>, _ position: inout Int, isLast: Bool, into output: inout [UInt8],
    count: inout Int
  ) throws(VolumeError) -> State {
    let result = unsafe output.withUnsafeMutableBytes { target in
      unsafe step(input, position, isLast: isLast, into: target)
    }
    position += result.taken
    count = result.made
    switch result.end {
    case .state(let state): return state
    case .truncated:
      throw VolumeError(.truncated, "the compressed stream ends early", offset: position)
    case .corrupt(let reason):
      throw VolumeError(.corrupt, "the compressed stream is damaged: \(reason)", offset: position)
    }
  }

  private enum End {
    case state(State)
    case truncated
    case corrupt(String)
  }

  private mutating func step(
    _ input: Span<UInt8>, _ position: Int, isLast: Bool, into target: UnsafeMutableRawBufferPointer
  ) -> (taken: Int, made: Int, end: End) {
    unsafe input.withUnsafeBytes { source in
      var taken = 0
      if isBetweenMembers {
        let rest = unsafe UnsafeRawBufferPointer(rebasing: source[position...])
        if let next = unsafe rest.firstIndex(where: { $0 != 0 }) {
          taken = next
        } else {
          return (rest.count, 0, .state(isLast ? .finished : .more))
        }
        isBetweenMembers = false
        unsafe inflateReset(stream)
      }
      let available = min(source.count - position - taken, Int(UInt32.max >> 1))
      let room = min(target.count, Int(UInt32.max >> 1))
      unsafe stream.pointee.next_in = unsafe source.baseAddress.map {
        unsafe UnsafeMutablePointer(
          mutating: ($0 + position + taken).assumingMemoryBound(to: UInt8.self))
      }
      unsafe stream.pointee.avail_in = UInt32(available)
      unsafe stream.pointee.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
      unsafe stream.pointee.avail_out = UInt32(room)
      let status = unsafe inflate(stream, Z_NO_FLUSH)
      taken += available - Int(unsafe stream.pointee.avail_in)
      let made = room - Int(unsafe stream.pointee.avail_out)
      switch status {
      case Z_STREAM_END:
        guard wrapper == .gzip else { return (taken, made, .state(.finished)) }
        isBetweenMembers = true
        let isOver = isLast && position + taken == source.count
        return (taken, made, .state(isOver ? .finished : .more))
      case Z_OK, Z_BUF_ERROR:
        let isStarved = unsafe stream.pointee.avail_out != 0 && made == 0
        let isOut = isLast && position + taken == source.count
        return (taken, made, isStarved && isOut ? .truncated : .state(.more))
      default:
        let reason = unsafe stream.pointee.msg.map { unsafe String(cString: $0) }
        return (taken, made, .corrupt(reason ?? "status \(status)"))
      }
    }
  }
}

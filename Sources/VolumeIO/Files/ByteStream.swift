// A file's content from front to back, decompressed on the way where it is gzip or zlib.

/// Bytes read in order, from a file or from memory, plain or compressed.
///
/// Of a compressed file only a window is in memory at a time, so that a file of any size can pass
/// through.
package struct ByteStream: ~Copyable {
  /// Where the bytes come from.
  package enum Origin: Sendable {
    case file(InputFile)
    case memory([UInt8])

    package var count: Int {
      switch self {
      case .file(let file): file.size
      case .memory(let bytes): bytes.count
      }
    }

    package var name: String? {
      if case .file(let file) = self { return file.name }
      return nil
    }

    /// The first bytes, at most `count`.
    package func prefix(_ count: Int) throws(VolumeError) -> [UInt8] {
      switch self {
      case .file(let file): try file.prefix(count)
      case .memory(let bytes): Array(bytes.prefix(count))
      }
    }

    /// The bytes of a range.
    package func read(_ range: Range<Int>) throws(VolumeError) -> [UInt8] {
      switch self {
      case .file(let file): return try file.read(range)
      case .memory(let bytes):
        guard range.lowerBound >= 0, range.upperBound <= bytes.count else {
          throw VolumeError(
            .truncated, "\(bytes.count) bytes where \(range.upperBound) are needed",
            offset: bytes.count)
        }
        return Array(bytes[range])
      }
    }
  }

  private let origin: Origin
  private var inflater: Inflater?
  /// Compressed input waiting to be decompressed, and how much of it was taken.
  private var input: [UInt8] = []
  private var taken = 0
  /// The next byte to read of the origin, and the end of what belongs to this stream.
  private var next: Int
  private let end: Int
  /// Bytes handed out so far: the offset in the decompressed content.
  package private(set) var position = 0

  /// The content of `origin` from a byte on.
  ///
  /// - Parameter wrapper: How it is compressed; nil where it is not.
  package init(
    _ origin: Origin, range: Range<Int>? = nil, wrapper: Deflate.Wrapper? = nil
  ) throws(VolumeError) {
    self.origin = origin
    let range = range ?? 0..<origin.count
    guard range.lowerBound >= 0, range.upperBound <= origin.count else {
      throw VolumeError(
        .truncated, "\(origin.count) bytes where \(range.upperBound) are needed",
        file: origin.name, offset: origin.count)
    }
    next = range.lowerBound
    end = range.upperBound
    if let wrapper { inflater = Inflater(wrapper) }
  }

  /// Whether the content is decompressed on the way.
  package var isCompressed: Bool { inflater != nil }

  /// The most bytes that can still come: what is there, times deflate's largest ratio.
  package var mostBytesLeft: Int {
    let there = end - next + input.count - taken
    guard inflater != nil else { return there }
    let (most, overflow) = there.multipliedReportingOverflow(by: Deflate.largestRatio)
    return overflow ? .max : most + Inflater.windowSize * 2
  }

  /// - Throws: `truncated` where `count` more bytes cannot be there, before anything is allocated.
  package func require(_ count: Int, _ field: String) throws(VolumeError) {
    guard count <= mostBytesLeft else {
      throw VolumeError(
        .truncated,
        "\(count) bytes are needed where \(end - next) \(isCompressed ? "compressed " : "")bytes "
          + "are left", file: origin.name, offset: position, field: field)
    }
  }

  /// Hands `body` the next bytes, at most `most` of them, until `count` went through.
  ///
  /// - Returns: The count of bytes that went through; less than `count` at the end of the content.
  package mutating func forEachChunk(
    _ count: Int, most: Int = 1 << 17, _ body: (Span<UInt8>) throws(VolumeError) -> Void
  ) throws(VolumeError) -> Int {
    var done = 0
    if inflater == nil {
      var buffer = [UInt8](repeating: 0, count: min(most, max(0, min(count, end - next))))
      while done < count, next < end {
        let want = min(buffer.count, count - done, end - next)
        let got = try fill(&buffer, want)
        try body(buffer.span.extracting(0..<got))
        done += got
      }
    } else {
      while done < count {
        let ready = try prepare()
        if ready == 0 { break }
        let amount = min(ready, count - done, most)
        try inflater?.take(amount, body)
        position += amount
        done += amount
      }
    }
    return done
  }

  private mutating func fill(_ buffer: inout [UInt8], _ want: Int) throws(VolumeError) -> Int {
    var got = want
    switch origin {
    case .memory(let bytes):
      buffer.replaceSubrange(0..<want, with: bytes[next..<next + want])
    case .file(let file):
      var failure: VolumeError?
      unsafe buffer.withUnsafeMutableBytes { target in
        do throws(VolumeError) {
          let part = unsafe UnsafeMutableRawBufferPointer(rebasing: target[..<want])
          got = try unsafe file.read(at: next, into: part)
        } catch {
          failure = error
        }
      }
      if let failure { throw failure }
    }
    guard got == want else {
      throw VolumeError(
        .truncated, "ended while it was read", file: origin.name, offset: next + got)
    }
    next += got
    position += got
    return got
  }

  /// Decompresses until something is ready, or the content ends.
  ///
  /// - Returns: The count of bytes ready in the window; 0 at the end.
  private mutating func prepare() throws(VolumeError) -> Int {
    while true {
      guard let ready = inflater?.ready else { return 0 }
      if ready > 0 { return ready }
      if inflater?.isFinished ?? true { return 0 }
      if next < end, input.count - taken < 4096 || inflater?.needsInput ?? false { try refill() }
      let (chunk, isLast) = (input, next == end)
      var position = taken
      defer { taken = position }
      do throws(VolumeError) {
        try inflater?.run(chunk.span, &position, isLast: isLast)
      } catch {
        var error = error
        error.file = origin.name
        error.offset = next - (chunk.count - position)
        throw error
      }
    }
  }

  /// Reads more compressed input behind what is left of it.
  private mutating func refill() throws(VolumeError) {
    let rest = input.count - taken
    let more = min(1 << 17, end - next)
    switch origin {
    case .memory(let bytes):
      input = Array(input[taken...]) + bytes[next..<next + more]
    case .file(let file):
      var failure: VolumeError?
      let (old, start, from) = (input, taken, next)
      input = unsafe [UInt8](unsafeUninitializedCapacity: rest + more) { buffer, count in
        for i in 0..<rest { unsafe buffer[i] = old[start + i] }
        do throws(VolumeError) {
          let part = unsafe UnsafeMutableBufferPointer(rebasing: buffer[rest..<rest + more])
          count = rest + (try unsafe file.read(at: from, into: UnsafeMutableRawBufferPointer(part)))
        } catch {
          failure = error
        }
      }
      if let failure { throw failure }
      guard input.count == rest + more else {
        throw VolumeError(
          .truncated, "ended while it was read", file: file.name, offset: next + input.count)
      }
    }
    taken = 0
    next += more
  }

  /// The next `count` bytes.
  ///
  /// - Throws: `truncated` where the content ends before.
  package mutating func read(_ count: Int, _ field: String) throws(VolumeError) -> [UInt8] {
    try require(count, field)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    let got = try forEachChunk(count) { (chunk) throws(VolumeError) in
      unsafe chunk.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    }
    guard got == count else { throw short(count, got, field) }
    return bytes
  }

  /// Passes over the next `count` bytes.
  package mutating func skip(_ count: Int, _ field: String) throws(VolumeError) {
    guard count > 0 else { return }
    if inflater == nil {
      guard count <= end - next else { throw short(count, end - next, field) }
      next += count
      position += count
    } else {
      let got = try forEachChunk(count) { (_) throws(VolumeError) in }
      guard got == count else { throw short(count, got, field) }
    }
  }

  /// All that is left, of at most `limit` bytes.
  package mutating func readToEnd(limit: Int) throws(VolumeError) -> [UInt8] {
    var bytes: [UInt8] = []
    let most = limit == .max ? limit : limit + 1
    _ = try forEachChunk(most) { (chunk) throws(VolumeError) in
      unsafe chunk.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    }
    guard bytes.count <= limit else {
      throw VolumeError(.limit, "more than \(limit) bytes", file: origin.name, offset: position)
    }
    return bytes
  }

  /// Reads a compressed stream to its end, so that its checksum and length are verified.
  package mutating func finish() throws(VolumeError) {
    guard inflater != nil else { return }
    _ = try forEachChunk(.max) { (_) throws(VolumeError) in }
  }

  package func short(_ count: Int, _ got: Int, _ field: String) -> VolumeError {
    VolumeError(
      .truncated, "\(count) bytes are needed where \(got) are left", file: origin.name,
      offset: position, field: field)
  }
}

// The wrappers around deflate, over a window of decompressed bytes.
// Source: RFC 1950 (zlib), RFC 1952 (gzip).

/// Decompresses into a window of its own and hands the window out in chunks.
///
/// Written in Swift. Wrappers' checksums and lengths are verified when a member ends.
@safe
package struct Inflater: ~Copyable {
  /// The most bytes that are ready at a time.
  package static let windowSize = 1 << 17
  private static let history = 1 << 15

  private enum Phase { case header, body, trailer, between }
  private let wrapper: Deflate.Wrapper
  private var engine = InflateEngine()
  private let window: UnsafeMutableRawBufferPointer
  private var phase: Phase
  /// The window holds history from `valid`, output that waits from `start` to `end`.
  private var valid = 0
  private var start = 0
  private var end = 0
  private var crc = CRC32()
  private var adler = Adler32()
  private var memberBytes = 0
  /// Whether the stream ended and its checks held.
  package private(set) var isFinished = false
  /// Whether the last call made no progress for want of input.
  package private(set) var needsInput = false

  package init(_ wrapper: Deflate.Wrapper) {
    self.wrapper = wrapper
    phase = wrapper == .raw ? .body : .header
    unsafe window = .allocate(
      byteCount: Self.history + Self.windowSize + InflateEngine.roundBytes, alignment: 64)
  }

  deinit { unsafe window.deallocate() }

  /// The count of bytes that wait in the window.
  package var ready: Int { end - start }

  /// Hands `body` the next bytes of the window.
  package mutating func take(
    _ count: Int, _ body: (Span<UInt8>) throws(VolumeError) -> Void
  ) throws(VolumeError) {
    precondition(count <= ready, "\(count) bytes of \(ready)")
    try body(unsafe bytes(start, count).span)
    start += count
  }

  private func bytes(_ from: Int, _ count: Int) -> UnsafeBufferPointer<UInt8> {
    let part = unsafe UnsafeRawBufferPointer(rebasing: window[from..<from + count])
    return unsafe part.assumingMemoryBound(to: UInt8.self)
  }

  /// Decompresses from `input[position...]` until something waits in the window, the input is used up as
  /// far as it can be, or the stream ends.
  ///
  /// - Parameter isLast: No input follows; a stream that needs more is truncated.
  /// - Precondition: Nothing waits in the window.
  package mutating func run(
    _ input: Span<UInt8>, _ position: inout Int, isLast: Bool
  ) throws(VolumeError) {
    precondition(ready == 0, "\(ready) bytes wait in the window")
    needsInput = false
    while !isFinished, ready == 0, !needsInput {
      switch phase {
      case .header: try readHeader(input, &position, isLast)
      case .body: try inflate(input, &position, isLast)
      case .trailer: try readTrailer(input, &position, isLast)
      case .between:
        while position < input.count, input[position] == 0 { position += 1 }
        if position < input.count {
          phase = .header
        } else if isLast {
          isFinished = true
        } else {
          needsInput = true
        }
      }
    }
  }

  private func truncated(_ position: Int) -> VolumeError {
    VolumeError(.truncated, "the compressed stream ends early", offset: position)
  }

  private func corrupt(_ reason: String, _ position: Int) -> VolumeError {
    VolumeError(.corrupt, "the compressed stream is damaged: \(reason)", offset: position)
  }

  // MARK: The body

  private mutating func inflate(
    _ input: Span<UInt8>, _ position: inout Int, _ isLast: Bool
  ) throws(VolumeError) {
    // The last 32 kB stay as history in front of what comes.
    let keep = min(Self.history, end - valid)
    if end > Self.history, let base = unsafe window.baseAddress {
      unsafe base.copyMemory(from: base + (end - keep), byteCount: keep)
      (valid, start, end) = (0, keep, keep)
    }
    let capacity = end + Self.windowSize
    let from = end
    var outcome = InflateEngine.Outcome.needsInput
    // Rounds near the end of the input run on a copy of it with zeros behind.
    if input.count - position > 2 * InflateEngine.inputMargin {
      outcome = unsafe input.withUnsafeBytes { source in
        unsafe engine.run(
          source, &position, window, &end,
          capacity: min(capacity, window.count - InflateEngine.roundBytes),
          valid: valid)
      }
    } else if !isLast {
      needsInput = true
      return
    }
    if case .needsInput = outcome, isLast, end < capacity {
      let left = input.count - position
      var tail = [UInt8](repeating: 0, count: left + 2 * InflateEngine.inputMargin)
      for i in 0..<left { tail[i] = input[position + i] }
      var at = 0
      outcome = unsafe tail.withUnsafeBytes { source in
        unsafe engine.run(
          source, &at, window, &end,
          capacity: min(capacity, window.count - InflateEngine.roundBytes),
          valid: valid)
      }
      switch outcome {
      case .needsInput: throw truncated(input.count)
      case .finished: break
      default: if at > left + 8 { throw truncated(input.count) }
      }
      position += at
    } else if case .needsInput = outcome, end == from {
      needsInput = true
    }
    if case .finished = outcome {
      guard position <= input.count else { throw truncated(input.count) }
      phase = wrapper == .raw ? .body : .trailer
      if wrapper == .raw { isFinished = true }
    }
    start = from
    let made = end - from
    memberBytes += made
    switch wrapper {
    case .raw: break
    case .gzip: crc.update(unsafe bytes(from, made).span)
    case .zlib: adler.update(unsafe bytes(from, made).span)
    }
    if case .corrupt(let reason) = outcome {
      // Past the end of the input there are only zeros: then it is too short rather than damaged.
      throw position > input.count ? truncated(input.count) : corrupt(reason, position)
    }
  }

  // MARK: The wrappers

  private mutating func readHeader(
    _ input: Span<UInt8>, _ position: inout Int, _ isLast: Bool
  ) throws(VolumeError) {
    let left = input.count - position
    guard let length = wrapper == .zlib ? zlibHeader(input, position) : gzipHeader(input, position)
    else {
      guard !isLast, left < 1 << 20 else {
        throw left < 2 || isLast && isPlausible(input, position)
          ? truncated(input.count) : corrupt("its header is wrong", position)
      }
      guard isPlausible(input, position) else { throw corrupt("its header is wrong", position) }
      needsInput = true
      return
    }
    position += length
    engine.reset()
    (crc, adler, memberBytes) = (CRC32(), Adler32(), 0)
    // No history reaches over from another member.
    (valid, start) = (end, end)
    phase = .body
  }

  /// Whether what is there so far could begin a header.
  private func isPlausible(_ input: Span<UInt8>, _ position: Int) -> Bool {
    let left = input.count - position
    if wrapper == .zlib { return left < 2 }
    if left > 0, input[position] != 0x1F { return false }
    if left > 1, input[position + 1] != 0x8B { return false }
    if left > 2, input[position + 2] != 8 { return false }
    if left > 3, input[position + 3] & 0xE0 != 0 { return false }
    return true
  }

  private func zlibHeader(_ input: Span<UInt8>, _ at: Int) -> Int? {
    guard input.count - at >= 2 else { return nil }
    let (method, flags) = (Int(input[at]), Int(input[at + 1]))
    guard method & 15 == 8, method >> 4 <= 7, (method << 8 | flags) % 31 == 0, flags & 32 == 0
    else { return nil }
    return 2
  }

  /// The length of a gzip header; nil where it is not whole, or wrong.
  private func gzipHeader(_ input: Span<UInt8>, _ at: Int) -> Int? {
    guard input.count - at >= 10, isPlausible(input, at) else { return nil }
    let flags = input[at + 3]
    var next = at + 10
    if flags & 4 != 0 {
      guard next + 2 <= input.count else { return nil }
      next += 2 + Int(input[next]) + Int(input[next + 1]) << 8
    }
    for flag: UInt8 in [8, 16] where flags & flag != 0 {
      while next < input.count, input[next] != 0 { next += 1 }
      next += 1
    }
    if flags & 2 != 0 { next += 2 }
    return next <= input.count ? next - at : nil
  }

  private mutating func readTrailer(
    _ input: Span<UInt8>, _ position: inout Int, _ isLast: Bool
  ) throws(VolumeError) {
    let length = wrapper == .gzip ? 8 : 4
    guard input.count - position >= length else {
      if isLast { throw truncated(input.count) }
      needsInput = true
      return
    }
    if wrapper == .gzip {
      let stated: UInt32 = input.integer(position, .little)
      let count: UInt32 = input.integer(position + 4, .little)
      guard stated == crc.value else { throw corrupt("incorrect data check", position) }
      guard count == UInt32(truncatingIfNeeded: memberBytes) else {
        throw corrupt("incorrect length check", position)
      }
      phase = .between
    } else {
      let stated: UInt32 = input.integer(position, .big)
      guard stated == adler.value else { throw corrupt("incorrect data check", position) }
      isFinished = true
    }
    position += length
  }
}

/// A running Adler-32 (RFC 1950, section 8.2).
package struct Adler32: Sendable {
  private var a: UInt32 = 1
  private var b: UInt32 = 0

  package init() {}

  package var value: UInt32 { b << 16 | a }

  package mutating func update(_ bytes: Span<UInt8>) {
    var index = 0
    while index < bytes.count {
      // The most bytes whose sums fit 32 bits.
      let stop = min(index + 5552, bytes.count)
      while index < stop {
        a &+= UInt32(bytes[index])
        b &+= a
        index += 1
      }
      a %= 65521
      b %= 65521
    }
  }
}

// The bits of JPEG-LS: after 0xFF a byte holds seven.
// Source: ITU-T T.87 A.1, C.2.1.

/// Reads bits, most significant first, dropping stuffed bits and stopping at markers.
///
/// Past the end it gives zeros and counts them, as `JPEGBitReader` does.
struct JPEGLSBitReader {
  /// The next bits, from the top.
  var buffer: UInt64 = 0
  /// Bits of `buffer` that count; at least 48 after `refill`.
  var count = 0
  /// The next byte to take.
  var position: Int
  /// Zero bits given past the end.
  var invented: Int32 = 0
  /// The byte before `position` is 0xFF: the next holds seven bits.
  private var isStuffed = false

  init(position: Int) { self.position = position }

  /// Bits were used that the stream does not have.
  var isExhausted: Bool { count < Int(invented) }

  /// Brings `count` to at least 48.
  @inline(__always)
  mutating func refill(_ bytes: Span<UInt8>) {
    if count >= 48 { return }
    if position &+ 8 <= bytes.count, !isStuffed {
      let word = unsafe UInt64(
        bigEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self))
      if word & (~word &- 0x0101_0101_0101_0101) & 0x8080_8080_8080_8080 == 0 {
        buffer |= word &>> UInt64(truncatingIfNeeded: count)
        position &+= (63 &- count) &>> 3
        count |= 56
        return
      }
    }
    self = refilledByBytes(bytes)
  }

  /// The reader with as many bits as fit.
  ///
  /// A value in and a value out, so that a loop's own reader stays in registers.
  @inline(never)
  private func refilledByBytes(_ bytes: Span<UInt8>) -> JPEGLSBitReader {
    var reader = self
    // The fast path may have left the head of the next byte below `count`.
    reader.buffer = count == 0 ? 0 : buffer & ~(UInt64.max >> UInt64(count))
    while reader.count <= 56 {
      guard reader.position < bytes.count else {
        reader.invent()
        continue
      }
      let byte = bytes[reader.position]
      if reader.isStuffed {
        // A first bit of one after 0xFF is a marker: the 0xFF was its first byte.
        reader.buffer |= UInt64(byte & 0x7F) << UInt64(57 - reader.count)
        reader.count += 7
        reader.position += 1
        reader.isStuffed = false
      } else if byte == 0xFF,
        reader.position + 1 >= bytes.count || bytes[reader.position + 1] >= 0x80
      {
        reader.invent()
      } else {
        reader.buffer |= UInt64(byte) << UInt64(56 - reader.count)
        reader.count += 8
        reader.position += 1
        reader.isStuffed = byte == 0xFF
      }
    }
    return reader
  }

  /// Eight zeros; more than a picture's worth of them is the same as one.
  private mutating func invent() {
    count += 8
    invented = min(invented + 8, 1 << 30)
  }

  @inline(__always)
  mutating func skip(_ n: Int) {
    buffer = buffer &<< UInt64(truncatingIfNeeded: n)
    count &-= n
  }

  /// The next `n` bits, 0...32, of a buffer that has them.
  @inline(__always)
  mutating func take(_ n: Int) -> Int {
    let value = Int(truncatingIfNeeded: (buffer &>> 1) &>> UInt64(truncatingIfNeeded: 63 &- n))
    skip(n)
    return value
  }

  /// A Golomb code of parameter `k`, 0...31, whose unary part is cut at `limit` for an escape.
  @inline(__always)
  mutating func golomb(_ k: Int, limit: Int, escapeBits: Int, _ bytes: Span<UInt8>) -> Int {
    refill(bytes)
    // With a bit set the count needs no case for zero, and codes so long go the long way.
    let zeros = (buffer | 1).leadingZeroBitCount
    if zeros &+ k < 47, zeros < limit {
      // A one, then the k bits: the one counts as 2ᵏ.
      let code = buffer &<< UInt64(truncatingIfNeeded: zeros)
      let low = Int(truncatingIfNeeded: code &>> UInt64(truncatingIfNeeded: 63 ^ k))
      buffer = code &<< UInt64(truncatingIfNeeded: k &+ 1)
      count &-= zeros &+ k &+ 1
      return (zeros &- 1) &<< k &+ low
    }
    let long = longGolomb(k, limit: limit, escapeBits: escapeBits, bytes)
    self = long.reader
    return long.code
  }

  @inline(never)
  private func longGolomb(
    _ k: Int, limit: Int, escapeBits: Int, _ bytes: Span<UInt8>
  ) -> (reader: JPEGLSBitReader, code: Int) {
    var reader = self
    var zeros = 0
    while zeros < limit {
      reader.refill(bytes)
      if reader.buffer >> 63 == 1 { break }
      zeros += 1
      reader.skip(1)
    }
    reader.refill(bytes)
    reader.skip(1)
    let code = zeros < limit ? zeros << k | reader.take(k) : reader.take(escapeBits) + 1
    return (reader, code)
  }
}

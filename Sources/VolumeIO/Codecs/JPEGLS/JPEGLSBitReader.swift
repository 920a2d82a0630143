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
  var invented = 0
  /// The byte before `position` is 0xFF: the next holds seven bits.
  private var isStuffed = false

  init(position: Int) { self.position = position }

  /// Bits were used that the stream does not have.
  var isExhausted: Bool { count < invented }

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
    refillByBytes(bytes)
  }

  @inline(never)
  private mutating func refillByBytes(_ bytes: Span<UInt8>) {
    // The fast path may have left the head of the next byte below `count`.
    buffer = count == 0 ? 0 : buffer & ~(UInt64.max >> UInt64(count))
    while count <= 56 {
      guard position < bytes.count else {
        count += 8
        invented += 8
        continue
      }
      let byte = bytes[position]
      if isStuffed {
        // A first bit of one after 0xFF is a marker: the 0xFF was its first byte.
        buffer |= UInt64(byte & 0x7F) << UInt64(57 - count)
        count += 7
        position += 1
        isStuffed = false
      } else if byte == 0xFF, position + 1 >= bytes.count || bytes[position + 1] >= 0x80 {
        count += 8
        invented += 8
      } else {
        buffer |= UInt64(byte) << UInt64(56 - count)
        count += 8
        position += 1
        isStuffed = byte == 0xFF
      }
    }
  }

  @inline(__always)
  mutating func skip(_ n: Int) {
    buffer = buffer &<< UInt64(truncatingIfNeeded: n)
    count &-= n
  }

  /// The next `n` bits, 0...32, of a buffer that has them.
  @inline(__always)
  mutating func take(_ n: Int) -> Int32 {
    let value = Int32(
      truncatingIfNeeded: (buffer &>> 1) &>> UInt64(truncatingIfNeeded: 63 &- n))
    skip(n)
    return value
  }

  /// A Golomb code of parameter `k`, whose unary part is cut at `limit` for an escape.
  @inline(__always)
  mutating func golomb(
    _ k: Int, limit: Int, escapeBits: Int, _ bytes: Span<UInt8>
  ) -> Int32 {
    refill(bytes)
    let zeros = buffer.leadingZeroBitCount
    if zeros &+ k < 47, zeros < limit {
      buffer = buffer &<< UInt64(truncatingIfNeeded: zeros &+ 1)
      count &-= zeros &+ 1
      return Int32(truncatingIfNeeded: zeros) &<< Int32(truncatingIfNeeded: k) | take(k)
    }
    return longGolomb(k, limit: limit, escapeBits: escapeBits, bytes)
  }

  @inline(never)
  private mutating func longGolomb(
    _ k: Int, limit: Int, escapeBits: Int, _ bytes: Span<UInt8>
  ) -> Int32 {
    var zeros = 0
    while zeros < limit {
      refill(bytes)
      if buffer >> 63 == 1 { break }
      zeros += 1
      skip(1)
    }
    refill(bytes)
    skip(1)
    if zeros < limit { return Int32(truncatingIfNeeded: zeros) << Int32(k) | take(k) }
    return take(escapeBits) + 1
  }
}

// The bits of JPEG's entropy-coded segments.
// Source: ITU-T T.81 F.2.2.5 (byte stuffing), B.1.1.2 (markers).

/// Reads bits, most significant first, dropping the zero after each 0xFF and stopping at markers.
///
/// Past the end it gives zeros and counts them: `isExhausted` tells that invented bits were used.
/// An invalid code sets `isInvalid` and reads as nothing, so that loops need no exit of their own.
struct JPEGBitReader {
  /// The next bits, from the top.
  var buffer: UInt64 = 0
  /// Bits of `buffer` that count; at least 32 after `refill`.
  var count = 0
  /// The next byte to take.
  var position: Int
  /// Zero bits given past the end.
  var invented: Int32 = 0
  /// A code that the table does not have was met.
  var isInvalid = false

  init(position: Int) { self.position = position }

  /// Bits were used that the stream does not have.
  var isExhausted: Bool { count < Int(invented) }

  /// Brings `count` to at least 32: enough for a code of 16 bits and its 16 bits of value.
  @inline(__always)
  mutating func refill(_ bytes: Span<UInt8>) {
    guard count < 32 else { return }
    refillWholly(bytes)
  }

  /// Brings `count` to at least 56, of a reader that has at most 63.
  @inline(__always)
  mutating func refillWholly(_ bytes: Span<UInt8>) {
    if position &+ 8 <= bytes.count {
      let word = unsafe UInt64(
        bigEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self))
      // No byte is 0xFF: take as many as fit.
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
  private func refilledByBytes(_ bytes: Span<UInt8>) -> JPEGBitReader {
    var reader = self
    while reader.count < 56 {
      var byte: UInt8 = 0
      var isReal = false
      if reader.position < bytes.count {
        byte = bytes[reader.position]
        if byte != 0xFF {
          reader.position += 1
          isReal = true
        } else if reader.position + 1 < bytes.count, bytes[reader.position + 1] == 0 {
          reader.position += 2
          isReal = true
        } else {
          byte = 0
        }
      }
      if isReal {
        reader.buffer |= UInt64(byte) << UInt64(56 - reader.count)
      } else {
        // More than a picture's worth of invented bits is the same as one.
        reader.invented = min(reader.invented + 8, 1 << 30)
      }
      reader.count += 8
    }
    return reader
  }

  /// The next `n` bits, 0...16, of a buffer that has them.
  @inline(__always)
  mutating func take(_ n: Int) -> Int {
    // Two shifts, so that n = 0 gives 0.
    let value = Int(truncatingIfNeeded: (buffer &>> 1) &>> UInt64(truncatingIfNeeded: 63 &- n))
    skip(n)
    return value
  }

  @inline(__always)
  mutating func skip(_ n: Int) {
    buffer = buffer &<< UInt64(truncatingIfNeeded: n)
    count &-= n
  }

  /// The next `n` bits as T.81's EXTEND reads them: a first bit of 0 means negative.
  @inline(__always)
  mutating func takeSigned(_ n: Int) -> Int {
    let value = take(n)
    return value &- (((1 &<< n) &- 1) & ((value &- ((1 &<< n) &>> 1)) &>> 63))
  }

  /// The next symbol of a table whose `look` is given; needs 16 bits in the buffer.
  @inline(__always)
  mutating func symbol(_ look: Span<UInt16>, at base: Int, or table: JPEGHuffmanTable) -> Int {
    let index = Int(truncatingIfNeeded: buffer &>> UInt64(64 - JPEGHuffmanTable.lookBits))
    let entry = look[base &+ index]
    if entry != 0 {
      skip(Int(entry &>> 8))
      return Int(entry & 0xFF)
    }
    return longSymbol(table)
  }

  @inline(__always)
  mutating func longSymbol(_ table: JPEGHuffmanTable) -> Int {
    let found = Self.longSymbol(UInt32(truncatingIfNeeded: buffer &>> 48), table)
    if found < 0 {
      isInvalid = true
      return 0
    }
    skip(found &>> 8)
    return found & 0xFF
  }

  /// The length and, in the low byte, the symbol of a code; −1 where there is none.
  @inline(never)
  private static func longSymbol(_ bits: UInt32, _ table: JPEGHuffmanTable) -> Int {
    table.find(bits).map { $0.length << 8 | Int($0.symbol) } ?? -1
  }

  /// Drops the rest of a byte and all that was read ahead of the next marker.
  mutating func restart(at position: Int) {
    self = JPEGBitReader(position: position)
  }
}

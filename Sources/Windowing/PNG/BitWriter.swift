// Bits of a deflate stream (RFC 1951, 3.1.1).

/// Bits, the first in the lowest place of the first byte.
struct BitWriter {
  private(set) var bytes: [UInt8] = []
  private var pending: UInt64 = 0
  private var count = 0

  init(reserving capacity: Int) { bytes.reserveCapacity(capacity) }

  /// - Precondition: `bits` is at most 32 and `value` has no higher bit set.
  @inline(__always) mutating func put(_ value: UInt64, _ bits: Int) {
    pending |= value << UInt64(count)
    count += bits
    if count >= 32 { flushWord() }
  }

  @inline(__always) private mutating func flushWord() {
    bytes.append(UInt8(truncatingIfNeeded: pending))
    bytes.append(UInt8(truncatingIfNeeded: pending >> 8))
    bytes.append(UInt8(truncatingIfNeeded: pending >> 16))
    bytes.append(UInt8(truncatingIfNeeded: pending >> 24))
    pending >>= 32
    count -= 32
  }

  /// Fills the last byte with zeros.
  mutating func align() {
    while count > 0 {
      bytes.append(UInt8(truncatingIfNeeded: pending))
      pending >>= 8
      count -= 8
    }
    pending = 0
    count = 0
  }

  /// - Precondition: The writer stands at a byte's beginning.
  mutating func append(_ more: ArraySlice<UInt8>) { bytes += more }

  /// Writes tokens with codes of at most 15 bits, and the end of the block.
  ///
  /// Codes and the bits that follow them are joined in tables, so that a literal is one look-up and
  /// a match two; words are stored by eight bytes at a time.
  ///
  /// - Precondition: `bits` is what the tokens take, or more.
  mutating func put(_ tokens: ArraySlice<DeflateToken>, _ block: DynamicBlock, bits: Int) {
    let literals = block.literals
    let distances = block.distances
    // Lengths 3…258: code and extra bits, and their count in the upper byte.
    var entries = [UInt32](repeating: 0, count: 512 + 259)
    for symbol in 0..<256 {
      entries[symbol] = UInt32(literals.codes[symbol]) | UInt32(literals.lengths[symbol]) << 24
    }
    for length in 3...258 {
      let symbol = Int(DeflateSymbols.lengthSymbol[length])
      let codeBits = Int(literals.lengths[symbol])
      let extra = DeflateSymbols.lengthExtra[symbol - 257]
      let rest = length - DeflateSymbols.lengthBase[symbol - 257]
      entries[512 + length] =
        UInt32(literals.codes[symbol]) | UInt32(rest << codeBits) | UInt32(codeBits + extra) << 24
    }
    let room = bits / 8 + 24
    let start = bytes.count
    bytes += [UInt8](repeating: 0, count: room)
    let distanceBase = DeflateSymbols.distanceBase
    let distanceExtra = DeflateSymbols.distanceExtra
    var place = start
    var held = pending
    var heldCount = count
    unsafe bytes.withUnsafeMutableBytes { target in
      unsafe entries.withUnsafeBufferPointer { entries in
        for token in tokens {
          if token < 256 {
            let entry = unsafe entries[Int(token)]
            held |= UInt64(entry & 0xFF_FFFF) &<< UInt64(heldCount)
            heldCount &+= Int(entry >> 24)
          } else {
            let entry = unsafe entries[512 &+ Int(token >> 16)]
            held |= UInt64(entry & 0xFF_FFFF) &<< UInt64(heldCount)
            heldCount &+= Int(entry >> 24)
            let distance = Int(token & 0xFFFF)
            let symbol = DeflateSymbols.distanceSymbol(distance)
            // At most 20 + 31 bits are held by now; a distance adds up to 28.
            unsafe target.storeBytes(of: held.littleEndian, toByteOffset: place, as: UInt64.self)
            place &+= heldCount >> 3
            held &>>= UInt64(heldCount & ~7)
            heldCount &= 7
            let rest = distance &- distanceBase[symbol]
            let distanceBits = Int(distances.lengths[symbol])
            held |= UInt64(distances.codes[symbol]) &<< UInt64(heldCount)
            held |= UInt64(rest) &<< UInt64(heldCount &+ distanceBits)
            heldCount &+= distanceBits &+ distanceExtra[symbol]
          }
          if heldCount >= 32 {
            unsafe target.storeBytes(of: held.littleEndian, toByteOffset: place, as: UInt64.self)
            place &+= heldCount >> 3
            held &>>= UInt64(heldCount & ~7)
            heldCount &= 7
          }
        }
        unsafe target.storeBytes(of: held.littleEndian, toByteOffset: place, as: UInt64.self)
      }
    }
    place += heldCount >> 3
    held >>= UInt64(heldCount & ~7)
    heldCount &= 7
    bytes.removeLast(bytes.count - place)
    pending = held
    count = heldCount
    put(UInt64(literals.codes[256]), Int(literals.lengths[256]))
  }
}

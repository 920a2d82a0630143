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

  /// Writes steps over bytes with codes of at most 15 bits, and the end of the block.
  ///
  /// Codes and the bits that follow them are joined in tables, so that a literal is one look-up and
  /// a match two; words are stored by eight bytes at a time.
  ///
  /// - Precondition: `bits` is what the steps take, or more, and they cover `source`.
  mutating func put(
    _ steps: [DeflateStep], of source: ArraySlice<UInt8>, _ block: DynamicBlock, bits: Int
  ) {
    let codes = JoinedCodes(block)
    let start = bytes.count
    bytes += [UInt8](repeating: 0, count: bits / 8 + 24)
    var cursor = BitCursor(place: start, held: pending, count: count)
    unsafe bytes.withUnsafeMutableBytes { target in
      unsafe source.withUnsafeBufferPointer { source in
        unsafe codes.entries.withUnsafeBufferPointer { entries in
          unsafe cursor.put(steps, of: source, entries, to: target)
        }
      }
    }
    bytes.removeLast(bytes.count - cursor.place)
    pending = cursor.held
    count = cursor.count
    put(UInt64(block.literals.codes[256]), Int(block.literals.lengths[256]))
  }
}

/// Where the next bits go.
private struct BitCursor {
  /// The next byte.
  var place: Int
  /// Bits that are not yet stored, and how many.
  var held: UInt64
  var count: Int

  @inline(__always) private mutating func flush(_ target: UnsafeMutableRawBufferPointer) {
    unsafe target.storeBytes(of: held.littleEndian, toByteOffset: place, as: UInt64.self)
    place &+= count &>> 3
    held &>>= UInt64(truncatingIfNeeded: count & ~7)
    count &= 7
  }

  @inline(__always) private mutating func add(_ entry: UInt32) {
    held |= UInt64(entry & 0xFF_FFFF) &<< UInt64(truncatingIfNeeded: count)
    count &+= Int(truncatingIfNeeded: entry &>> 24)
  }

  mutating func put(
    _ steps: [DeflateStep], of source: UnsafeBufferPointer<UInt8>,
    _ entries: UnsafeBufferPointer<UInt32>, to target: UnsafeMutableRawBufferPointer
  ) {
    var at = 0
    for step in steps {
      let end = at &+ Int(truncatingIfNeeded: step &>> 32)
      precondition(end <= source.count, "literals to \(end) of \(source.count) bytes")
      // At most 7 bits are held at the beginning of a turn, and 52 at its end.
      while at &+ 3 <= end {
        let a = unsafe entries[Int(source[at])]
        let b = unsafe entries[Int(source[at &+ 1])]
        let c = unsafe entries[Int(source[at &+ 2])]
        let ab = UInt64(a & 0xFF_FFFF) | UInt64(b & 0xFF_FFFF) &<< UInt64(a &>> 24)
        let abBits = (a &>> 24) &+ (b &>> 24)
        let abc = ab | UInt64(c & 0xFF_FFFF) &<< UInt64(abBits)
        held |= abc &<< UInt64(truncatingIfNeeded: count)
        count &+= Int(truncatingIfNeeded: abBits &+ (c &>> 24))
        unsafe flush(target)
        at &+= 3
      }
      while at < end {
        unsafe add(entries[Int(source[at])])
        at &+= 1
      }
      // At most 37 bits are held; a length takes at most 20 more, a distance 28.
      let length = Int(truncatingIfNeeded: step &>> 16) & 0xFFFF
      if length > 0 {
        if count > 15 { unsafe flush(target) }
        unsafe add(entries[JoinedCodes.lengths &+ length])
        let distance = Int(truncatingIfNeeded: step & 0xFFFF)
        let symbol = DeflateSymbols.distanceSymbol(distance)
        let entry = unsafe entries[JoinedCodes.distances &+ symbol]
        add(entry)
        let rest = unsafe distance &- Int(entries[JoinedCodes.distanceBases &+ symbol])
        held |= UInt64(truncatingIfNeeded: rest) &<< UInt64(truncatingIfNeeded: count)
        count &+= unsafe Int(entries[JoinedCodes.distanceExtras &+ symbol])
        at &+= length
      }
      unsafe flush(target)
    }
  }
}

/// The codes of a block in one table, each with the count of its bits in the upper byte.
private struct JoinedCodes {
  static let lengths = 256
  static let distances = lengths + 259
  static let distanceBases = distances + 32
  static let distanceExtras = distanceBases + 32

  /// Literals; lengths 0…258 with their extra bits; distance symbols; the least distance of each
  /// symbol; the count of its extra bits.
  var entries = [UInt32](repeating: 0, count: distanceExtras + 32)

  init(_ block: DynamicBlock) {
    let literals = block.literals
    let distances = block.distances
    for symbol in 0..<256 {
      entries[symbol] = UInt32(literals.codes[symbol]) | UInt32(literals.lengths[symbol]) << 24
    }
    for length in 3...258 {
      let symbol = Int(DeflateSymbols.lengthSymbol[length])
      let codeBits = Int(literals.lengths[symbol])
      let extra = DeflateSymbols.lengthExtra[symbol - 257]
      let rest = length - DeflateSymbols.lengthBase[symbol - 257]
      entries[Self.lengths + length] =
        UInt32(literals.codes[symbol]) | UInt32(rest << codeBits) | UInt32(codeBits + extra) << 24
    }
    for symbol in 0..<30 {
      entries[Self.distances + symbol] =
        UInt32(distances.codes[symbol]) | UInt32(distances.lengths[symbol]) << 24
      entries[Self.distanceBases + symbol] = UInt32(DeflateSymbols.distanceBase[symbol])
      entries[Self.distanceExtras + symbol] = UInt32(DeflateSymbols.distanceExtra[symbol])
    }
  }
}

// Deflate's blocks, decoded with a 64-bit buffer of bits and two-step tables.
// Source: RFC 1951. The shape of the loop follows what libdeflate's author describes in its
// documentation: refill once, decode up to three literals, then a length and a distance.

/// The state of a deflate stream between calls.
///
/// Input and output are raw buffers whose bounds the loop checks once a round: a round reads at most 8
/// bytes at a time and writes at most `roundBytes`.
@safe
struct InflateEngine: ~Copyable {
  enum Outcome {
    case needsInput
    case outputFull
    case finished
    case corrupt(String)
  }

  /// Bytes that input must have left for a round, and that a block's header can take.
  static let inputMargin = 512
  /// The most that a round writes, copying beyond the end of a match included.
  static let roundBytes = 258 + 3 + 16

  private var bits: UInt64 = 0
  private var bitCount = 0
  private enum Block { case none, stored, coded }
  private var block = Block.none
  private var isLastBlock = false
  private var storedLeft = 0
  private let literals: UnsafeMutableBufferPointer<UInt32>
  private let distances: UnsafeMutableBufferPointer<UInt32>

  init() {
    unsafe literals = .allocate(capacity: HuffmanTable.literalSize)
    unsafe literals.initialize(repeating: 0)
    unsafe distances = .allocate(capacity: HuffmanTable.distanceSize)
    unsafe distances.initialize(repeating: 0)
  }

  deinit {
    unsafe literals.deallocate()
    unsafe distances.deallocate()
  }

  /// Readies for another stream.
  mutating func reset() {
    (bits, bitCount, block, isLastBlock) = (0, 0, .none, false)
  }

  /// Gives back whole bytes that were taken from the input and not used; fewer than eight bits stay.
  private mutating func returnBytes() -> Int {
    let whole = bitCount / 8
    bitCount -= 8 * whole
    bits &= 1 << UInt64(bitCount) - 1
    return whole
  }

  /// Decodes until input, output or the stream ends.
  ///
  /// - Parameters:
  ///   - position: In `input`; at least `inputMargin` bytes must follow what a round reads, so the caller
  ///     pads the last input with zeros.
  ///   - out: In `output`, of which `capacity` bytes may be filled; `roundBytes` more must be there.
  ///   - valid: Where in `output` the history begins.
  mutating func run(
    _ input: UnsafeRawBufferPointer, _ position: inout Int, _ output: UnsafeMutableRawBufferPointer,
    _ out: inout Int, capacity: Int, valid: Int
  ) -> Outcome {
    let outcome = unsafe advance(
      input, &position, output, &out, capacity: capacity, valid: valid)
    // The next call may bring other memory: whole bytes that were taken and not used go back now, so
    // that a stored block never has to reach for bytes before its own input.
    position -= returnBytes()
    return outcome
  }

  private mutating func advance(
    _ input: UnsafeRawBufferPointer, _ position: inout Int, _ output: UnsafeMutableRawBufferPointer,
    _ out: inout Int, capacity: Int, valid: Int
  ) -> Outcome {
    while true {
      switch block {
      case .none:
        if isLastBlock { return .finished }
        guard input.count - position >= Self.inputMargin else { return .needsInput }
        if let problem = unsafe readHeader(input, &position) { return .corrupt(problem) }
      case .stored:
        let amount = min(storedLeft, capacity - out, input.count - position)
        if amount > 0, let from = input.baseAddress, let to = output.baseAddress {
          unsafe (to + out).copyMemory(from: from + position, byteCount: amount)
        }
        position += amount
        out += amount
        storedLeft -= amount
        if storedLeft == 0 {
          block = .none
        } else {
          return out == capacity ? .outputFull : .needsInput
        }
      case .coded:
        guard let from = input.baseAddress, let to = output.baseAddress else {
          return .needsInput
        }
        let end = unsafe codes(
          from, &position, inputEnd: input.count - 16, to, &out, capacity: capacity,
          valid: valid)
        switch end {
        case .blockEnd: block = .none
        case .input: return .needsInput
        case .output: return .outputFull
        case .corrupt: return .corrupt("a code or distance that the block does not have")
        }
      }
    }
  }

  private enum CodesEnd { case blockEnd, input, output, corrupt }

  private mutating func codes(
    _ input: UnsafeRawPointer, _ position: inout Int, inputEnd: Int,
    _ output: UnsafeMutableRawPointer, _ out: inout Int, capacity: Int, valid: Int
  ) -> CodesEnd {
    guard let lits = unsafe UnsafePointer(literals.baseAddress),
      let dists = unsafe UnsafePointer(distances.baseAddress)
    else { return .corrupt }
    var bits = self.bits
    var bitCount = UInt64(self.bitCount)
    var next = position
    var to = out
    defer {
      // Bits above the count are copies of input that is still to be read.
      self.bits = bitCount == 0 ? 0 : bits & (~0 >> (64 - bitCount))
      self.bitCount = Int(bitCount)
      position = next
      out = to
    }
    let literalMask = UInt64(1 << HuffmanTable.literalBits - 1)
    let distanceMask = UInt64(1 << HuffmanTable.distanceBits - 1)
    while true {
      guard next <= inputEnd else { return .input }
      guard to < capacity else { return .output }
      bits |=
        unsafe input.loadUnaligned(fromByteOffset: next, as: UInt64.self).littleEndian
        &<< bitCount
      next &+= Int(truncatingIfNeeded: (63 &- bitCount) &>> 3)
      bitCount |= 56
      var entry = unsafe lits[Int(truncatingIfNeeded: bits & literalMask)]
      if entry >= HuffmanEntry.literal {
        // At most 11 bits each: three fit with a length's first look-up.
        unsafe output.storeBytes(
          of: UInt8(truncatingIfNeeded: entry &>> 16), toByteOffset: to, as: UInt8.self)
        to &+= 1
        bits &>>= UInt64(entry & 0xFF)
        bitCount &-= UInt64(entry & 0xFF)
        entry = unsafe lits[Int(truncatingIfNeeded: bits & literalMask)]
        if entry >= HuffmanEntry.literal {
          unsafe output.storeBytes(
            of: UInt8(truncatingIfNeeded: entry &>> 16), toByteOffset: to, as: UInt8.self)
          to &+= 1
          bits &>>= UInt64(entry & 0xFF)
          bitCount &-= UInt64(entry & 0xFF)
          entry = unsafe lits[Int(truncatingIfNeeded: bits & literalMask)]
          if entry >= HuffmanEntry.literal {
            unsafe output.storeBytes(
              of: UInt8(truncatingIfNeeded: entry &>> 16), toByteOffset: to, as: UInt8.self)
            to &+= 1
            bits &>>= UInt64(entry & 0xFF)
            bitCount &-= UInt64(entry & 0xFF)
            continue
          }
        }
        bits |=
          unsafe input.loadUnaligned(fromByteOffset: next, as: UInt64.self).littleEndian
          &<< bitCount
        next &+= Int(truncatingIfNeeded: (63 &- bitCount) &>> 3)
        bitCount |= 56
      }
      if entry & (HuffmanEntry.subtable | HuffmanEntry.endOfBlock | HuffmanEntry.invalid) != 0 {
        if entry & HuffmanEntry.subtable != 0 {
          bits &>>= UInt64(HuffmanTable.literalBits)
          bitCount &-= UInt64(HuffmanTable.literalBits)
          let width = UInt64(entry &>> 8 & 0x1F)
          let index =
            Int(entry &>> 16 & 0x7FFF)
            &+ Int(truncatingIfNeeded: bits & (1 &<< width &- 1))
          entry = unsafe lits[index]
          if entry >= HuffmanEntry.literal {
            unsafe output.storeBytes(
              of: UInt8(truncatingIfNeeded: entry &>> 16), toByteOffset: to, as: UInt8.self)
            to &+= 1
            bits &>>= UInt64(entry & 0xFF)
            bitCount &-= UInt64(entry & 0xFF)
            continue
          }
        }
        if entry & HuffmanEntry.endOfBlock != 0 {
          bits &>>= UInt64(entry & 0xFF)
          bitCount &-= UInt64(entry & 0xFF)
          return .blockEnd
        }
        if entry & HuffmanEntry.invalid != 0 { return .corrupt }
      }
      // A length: its extra bits lie above its code.
      var taken = UInt64(entry & 0xFF)
      let length =
        Int(entry &>> 16 & 0x7FFF)
        &+ Int(truncatingIfNeeded: (bits & (1 &<< taken &- 1)) &>> UInt64(entry &>> 8 & 0x1F))
      bits &>>= taken
      bitCount &-= taken
      entry = unsafe dists[Int(truncatingIfNeeded: bits & distanceMask)]
      if entry & HuffmanEntry.subtable != 0 {
        bits &>>= UInt64(HuffmanTable.distanceBits)
        bitCount &-= UInt64(HuffmanTable.distanceBits)
        let width = UInt64(entry &>> 8 & 0x1F)
        let index =
          Int(entry &>> 16 & 0x7FFF)
          &+ Int(truncatingIfNeeded: bits & (1 &<< width &- 1))
        entry = unsafe dists[index]
      }
      if entry & HuffmanEntry.invalid != 0 { return .corrupt }
      taken = UInt64(entry & 0xFF)
      let distance =
        Int(entry &>> 16 & 0x7FFF)
        &+ Int(truncatingIfNeeded: (bits & (1 &<< taken &- 1)) &>> UInt64(entry &>> 8 & 0x1F))
      bits &>>= taken
      bitCount &-= taken
      guard distance <= to &- valid else { return .corrupt }
      unsafe Self.copy(output + to, distance: distance, length: length)
      to &+= length
    }
  }

  /// Copies a match; may write up to 15 bytes beyond it.
  @inline(__always)
  private static func copy(_ target: UnsafeMutableRawPointer, distance: Int, length: Int) {
    var to = unsafe target
    let end = unsafe target + length
    if distance >= 8 {
      var from = unsafe target - distance
      repeat {
        unsafe to.storeBytes(of: from.loadUnaligned(as: UInt64.self), as: UInt64.self)
        unsafe to += 8
        unsafe from += 8
      } while unsafe to < end
    } else if distance == 1 {
      let byte = unsafe (target - 1).load(as: UInt8.self)
      let word = UInt64(byte) &* 0x0101_0101_0101_0101
      repeat {
        unsafe to.storeBytes(of: word, as: UInt64.self)
        unsafe to += 8
      } while unsafe to < end
    } else {
      // Short patterns: eight bytes at a time, advancing by whole patterns.
      var from = unsafe target - distance
      repeat {
        unsafe to.storeBytes(of: from.load(as: UInt8.self), as: UInt8.self)
        unsafe to += 1
        unsafe from += 1
      } while unsafe to < end
    }
  }

  // MARK: Headers of blocks

  /// Takes bytes until `count` bits are there, zeros past the input's end.
  private mutating func fill(
    _ count: Int, _ input: UnsafeRawBufferPointer, _ position: inout Int
  ) {
    while bitCount < count {
      let byte = position < input.count ? unsafe input[position] : 0
      bits |= UInt64(byte) << UInt64(bitCount)
      position += 1
      bitCount += 8
    }
  }

  /// The next `count` bits.
  private mutating func need(
    _ count: Int, _ input: UnsafeRawBufferPointer, _ position: inout Int
  ) -> Int {
    unsafe fill(count, input, &position)
    let value = Int(bits & (1 << UInt64(count) - 1))
    bits >>= UInt64(count)
    bitCount -= count
    return value
  }

  /// Reads the header of a block; nil, or what is wrong with it.
  private mutating func readHeader(
    _ input: UnsafeRawBufferPointer, _ position: inout Int
  ) -> String? {
    isLastBlock = unsafe need(1, input, &position) == 1
    switch unsafe need(2, input, &position) {
    case 0:
      position -= bitCount / 8
      (bits, bitCount) = (0, 0)
      let length = unsafe need(16, input, &position)
      let check = unsafe need(16, input, &position)
      guard length == check ^ 0xFFFF else { return "a stored block of a wrong length" }
      (storedLeft, block) = (length, .stored)
      return nil
    case 1:
      let lengths =
        [UInt8](repeating: 8, count: 144) + [UInt8](repeating: 9, count: 112)
        + [UInt8](repeating: 7, count: 24) + [UInt8](repeating: 8, count: 8)
      return build(lengths[...], [UInt8](repeating: 5, count: 32)[...])
    case 2: return unsafe readTables(input, &position)
    default: return "a block of the reserved type"
    }
  }

  private mutating func build(_ literal: ArraySlice<UInt8>, _ distance: ArraySlice<UInt8>)
    -> String?
  {
    let isRight = unsafe HuffmanTable.build(
      literal, primary: HuffmanTable.literalBits, into: literals, entry: HuffmanEntry.length)
    guard isRight else { return "lengths of literals that make no code" }
    let isRightToo = unsafe HuffmanTable.build(
      distance, primary: HuffmanTable.distanceBits, into: distances, entry: HuffmanEntry.distance)
    guard isRightToo else { return "lengths of distances that make no code" }
    block = .coded
    return nil
  }

  private mutating func readTables(
    _ input: UnsafeRawBufferPointer, _ position: inout Int
  ) -> String? {
    let literalCount = unsafe need(5, input, &position) + 257
    let distanceCount = unsafe need(5, input, &position) + 1
    let codeCount = unsafe need(4, input, &position) + 4
    guard literalCount <= 286, distanceCount <= 30 else { return "too many codes" }
    let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
    var codeLengths = [UInt8](repeating: 0, count: 19)
    for index in 0..<codeCount {
      codeLengths[order[index]] = UInt8(unsafe need(3, input, &position))
    }
    // The table of literals is free until the lengths are known.
    let isRight = unsafe HuffmanTable.build(codeLengths[...], primary: 7, into: literals) {
      symbol, bits in UInt32(symbol) << 16 | UInt32(bits)
    }
    guard isRight else { return "lengths of lengths that make no code" }
    var lengths: [UInt8] = []
    while lengths.count < literalCount + distanceCount {
      unsafe fill(7, input, &position)
      let entry = unsafe literals[Int(bits & 127)]
      guard entry & HuffmanEntry.invalid == 0 else { return "a length that has no code" }
      let taken = Int(entry & 0xFF)
      bits >>= UInt64(taken)
      bitCount -= taken
      let symbol = Int(entry >> 16)
      if symbol < 16 {
        lengths.append(UInt8(symbol))
        continue
      }
      var value: UInt8 = 0
      var count: Int
      switch symbol {
      case 16:
        guard let last = lengths.last else { return "a repeat of nothing" }
        value = last
        count = 3 + (unsafe need(2, input, &position))
      case 17: count = 3 + (unsafe need(3, input, &position))
      default: count = 11 + (unsafe need(7, input, &position))
      }
      guard lengths.count + count <= literalCount + distanceCount else {
        return "more lengths than codes"
      }
      while count > 0 {
        lengths.append(value)
        count -= 1
      }
    }
    guard lengths[256] != 0 else { return "no code for the end of the block" }
    return build(lengths[..<literalCount], lengths[literalCount...])
  }
}

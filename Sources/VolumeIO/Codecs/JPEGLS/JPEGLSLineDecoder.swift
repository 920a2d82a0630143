// The lines of JPEG-LS: contexts, prediction, Golomb codes and runs.
// Source: ITU-T T.87 annex A (code segments A.1 to A.23).

/// Decodes lines of samples; its state lies with the caller, so that restarts are a new state.
///
/// All samples of all lines are within 0...MAXVAL: lines begin as zeros, and every way to reconstruct a
/// sample ends within that range. So each difference of two samples is within `regions`, and each
/// context, made of three regions of −4...4, is within 0...364.
struct JPEGLSLineDecoder: Sendable {
  private let maximum: Int
  private let range: Int
  private let near: Int
  private let reset: Int
  private let errorBits: Int
  /// MAXVAL + 1 is a power of two, and the code is lossless: reconstruction is a mask.
  private let isMasked: Bool
  /// The region of each difference of two samples, MAXVAL places on.
  private let regions: [Int8]
  /// LIMIT − qbpp − 1: zeros that announce an escape.
  private let escape: Int

  /// The contexts of runs that end (A.365, A.366).
  private static let runContext = 365
  /// A, B, N and `C << 8 | isFlipped << 7 | k` of a context lie together.
  private static let contextSize = 4
  private static let contextCount = 367
  /// J: the logarithm of a run's step.
  private static let runOrder: [Int] = [
    0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13,
    14, 15,
  ]

  init(_ parameters: JPEGLSParameters) {
    maximum = Int(parameters.maximum)
    range = Int(parameters.range)
    near = Int(parameters.near)
    reset = Int(parameters.reset)
    errorBits = parameters.errorBits
    isMasked = near == 0 && maximum & (maximum + 1) == 0
    regions = parameters.gradientRegions()
    escape = parameters.limit - parameters.errorBits - 1
  }

  /// Fresh contexts: A = max(2, (RANGE + 32) / 64), B = C = 0, N = 1.
  func initialContexts() -> [Int32] {
    let a = max(2, (range + 32) / 64)
    let packed = Self.order(a, 1)
    return (0..<Self.contextCount).flatMap { _ in
      [Int32(a), 0, 1, Int32(truncatingIfNeeded: packed)]
    }
  }

  /// Decodes a line, whose first sample and whose predecessor's last are set before.
  ///
  /// - Precondition: `contexts` are those of `initialContexts()`, as they have become.
  func decode(
    _ bytes: Span<UInt8>, _ reader: inout JPEGLSBitReader, _ lines: inout JPEGLSLines,
    contexts: inout [Int32], runIndex: inout Int
  ) {
    precondition(
      contexts.count == Self.contextCount * Self.contextSize && regions.count == 2 * maximum + 1
        && (0..<32).contains(runIndex),
      "\(contexts.count) numbers of contexts, \(regions.count) regions, run \(runIndex)")
    // Copies stay in registers.
    var bits = reader
    var run = runIndex
    unsafe regions.withUnsafeBufferPointer { table in
      unsafe contexts.withUnsafeMutableBufferPointer { states in
        unsafe lines.withLines { (previous, current, count, pitch) in
          guard let table = table.baseAddress, let states = states.baseAddress else { return }
          let memory = unsafe Memory(
            regions: table + maximum, contexts: states, previous: previous, current: current,
            end: pitch - 1)
          if count > 1 {
            unsafe decodePixels(bytes, &bits, memory, &run, count: count, pitch: pitch)
          } else if isMasked {
            unsafe decodeLine(bytes, &bits, memory, &run, near: 0, isMasked: true)
          } else if near == 0 {
            unsafe decodeLine(bytes, &bits, memory, &run, near: 0, isMasked: false)
          } else {
            unsafe decodeLine(bytes, &bits, memory, &run, near: near, isMasked: false)
          }
        }
      }
    }
    runIndex = run
    reader = bits
  }

  /// What a line is decoded with.
  @unsafe
  private struct Memory {
    /// Of a difference of 0.
    let regions: UnsafePointer<Int8>
    let contexts: UnsafeMutablePointer<Int32>
    let previous: UnsafePointer<Int32>
    let current: UnsafeMutablePointer<Int32>
    /// The place after the last sample.
    let end: Int

    @inline(__always)
    func region(_ difference: Int) -> Int { unsafe Int(regions[difference]) }

    @inline(__always)
    func above(_ x: Int) -> Int { unsafe Int(previous[x]) }
  }

  @unsafe @inline(__always)
  private func decodeLine(
    _ bytes: Span<UInt8>, _ reader: inout JPEGLSBitReader, _ memory: Memory,
    _ runIndex: inout Int, near: Int, isMasked: Bool
  ) {
    let end = unsafe memory.end
    var x = 1
    var a = unsafe Int(memory.current[0])
    var c = unsafe memory.above(0)
    var b = unsafe memory.above(1)
    var upper = unsafe memory.region(b &- c)
    while x < end {
      let d = unsafe memory.above(x &+ 1)
      let next = unsafe memory.region(d &- b)
      let context = unsafe 81 &* next &+ 9 &* upper &+ memory.region(c &- a)
      if context != 0 {
        a = unsafe regular(
          bytes, &reader, context, median(a, b, c), memory, near: near, isMasked: isMasked)
        unsafe memory.current[x] = Int32(truncatingIfNeeded: a)
        c = b
        b = d
        upper = next
        x &+= 1
        continue
      }
      let run = readRun(bytes, &reader, end &- x, &runIndex)
      let stop = run < 0 ? end : x &+ run
      while x < stop {
        unsafe memory.current[x] = Int32(truncatingIfNeeded: a)
        x &+= 1
      }
      if run < 0 { return }
      b = unsafe memory.above(x)
      let type = abs(a &- b) <= near ? 1 : 0
      let error = unsafe interruptionError(bytes, &reader, runIndex, type, memory)
      a =
        type == 1
        ? reconstruct(a, error, near: near)
        : reconstruct(b, a > b ? 0 &- error : error, near: near)
      unsafe memory.current[x] = Int32(truncatingIfNeeded: a)
      if runIndex > 0 { runIndex &-= 1 }
      x &+= 1
      guard x < end else { return }
      c = b
      b = unsafe memory.above(x)
      upper = unsafe memory.region(b &- c)
    }
  }

  /// Decodes a line of components interleaved by sample, each `pitch` samples after the other.
  @unsafe
  private func decodePixels(
    _ bytes: Span<UInt8>, _ reader: inout JPEGLSBitReader, _ memory: Memory,
    _ runIndex: inout Int, count: Int, pitch: Int
  ) {
    let end = unsafe memory.end
    var ids = SIMD4<Int>()
    var x = 1
    while x < end {
      for i in 0..<count {
        let at = i &* pitch &+ x
        let (c, b) = unsafe (memory.above(at &- 1), memory.above(at))
        ids[i] =
          unsafe 81 &* memory.region(memory.above(at &+ 1) &- b) &+ 9 &* memory.region(b &- c)
          &+ memory.region(c &- Int(memory.current[at &- 1]))
      }
      if ids != SIMD4() {
        for i in 0..<count {
          let at = i &* pitch &+ x
          let predicted = unsafe median(
            Int(memory.current[at &- 1]), memory.above(at), memory.above(at &- 1))
          let value = unsafe regular(
            bytes, &reader, ids[i], predicted, memory, near: near, isMasked: isMasked)
          unsafe memory.current[at] = Int32(truncatingIfNeeded: value)
        }
        x &+= 1
        continue
      }
      let run = readRun(bytes, &reader, end &- x, &runIndex)
      let stop = run < 0 ? end : x &+ run
      for i in 0..<count {
        let a = unsafe memory.current[i &* pitch &+ x &- 1]
        for at in i &* pitch &+ x..<i &* pitch &+ stop { unsafe memory.current[at] = a }
      }
      x = stop
      if run < 0 { return }
      for i in 0..<count {
        let at = i &* pitch &+ x
        let (a, b) = unsafe (Int(memory.current[at &- 1]), memory.above(at))
        let error = unsafe interruptionError(bytes, &reader, runIndex, 0, memory)
        unsafe memory.current[at] = Int32(
          truncatingIfNeeded: reconstruct(b, a > b ? 0 &- error : error, near: near))
      }
      if runIndex > 0 { runIndex &-= 1 }
      x &+= 1
    }
  }

  /// The median edge detector's prediction.
  @inline(__always)
  private func median(_ a: Int, _ b: Int, _ c: Int) -> Int {
    let low = min(a, b)
    let high = max(a, b)
    return max(low, min(high, a &+ b &- c))
  }

  /// A prediction and its error, back in 0...MAXVAL.
  @inline(__always)
  private func reconstruct(_ predicted: Int, _ error: Int, near: Int) -> Int {
    let step = 2 &* near &+ 1
    var value = predicted &+ error &* step
    if value < 0 &- near {
      value = value &+ range &* step
    } else if value > maximum &+ near {
      value = value &- range &* step
    }
    return max(0, min(value, maximum))
  }

  /// A sample of a context that is no run.
  ///
  /// What the next sample needs comes first: k and the flip of the error were made when the context
  /// was last updated.
  @unsafe @inline(__always)
  private func regular(
    _ bytes: Span<UInt8>, _ reader: inout JPEGLSBitReader, _ signed: Int, _ predicted: Int,
    _ memory: Memory, near: Int, isMasked: Bool
  ) -> Int {
    // −1 for a context of negative sign, else 0.
    let sign = signed &>> 63
    let state = unsafe memory.contexts + ((signed ^ sign) &- sign) &* Self.contextSize
    let packed = unsafe Int(state[3])
    let c = packed &>> 8
    let center = max(0, min(maximum, predicted &+ ((c ^ sign) &- sign)))
    let code = reader.golomb(packed & 31, limit: escape, escapeBits: errorBits, bytes)
    let flip = near == 0 ? 0 &- (packed &>> 7 & 1) : 0
    let error = (code &>> 1) ^ (0 &- (code & 1)) ^ flip
    let value: Int
    if isMasked {
      // What does not depend on the code comes first.
      value = (((code &>> 1) ^ (flip ^ sign) ^ (0 &- (code & 1))) &+ (center &- sign)) & maximum
    } else {
      value = reconstruct(center, (error ^ sign) &- sign, near: near)
    }
    unsafe update(state, packed, error, near: near)
    return value
  }

  /// Adapts a context to an error; `packed` is what the context held.
  ///
  /// N counts the samples that A and B sum up, so that A ≤ 2 · RANGE · N < 2³², and k is below 19.
  @unsafe @inline(__always)
  private func update(
    _ state: UnsafeMutablePointer<Int32>, _ packed: Int, _ error: Int, near: Int
  ) {
    // Only hostile codes leave the range; the bounds keep sums within 32 bits.
    let error = max(0 &- range, min(range, error))
    var a = unsafe Int(UInt32(bitPattern: state[0])) &+ abs(error)
    var b = unsafe Int(state[1]) &+ error &* (2 &* near &+ 1)
    var n = unsafe Int(state[2])
    if n == reset {
      a = a &>> 1
      b = b &>> 1
      n = n &>> 1
    }
    n = n &+ 1
    // −1 where B ≤ −N, and where B > 0.
    let isLow = (b &+ n &- 1) &>> 63
    let isHigh = (0 &- b) &>> 63
    b = max(1 &- n, min(0, b &+ (n & isLow) &- (n & isHigh)))
    let c = max(-128, min(127, packed &>> 8 &+ isLow &- isHigh))
    // The least k with N · 2ᵏ ≥ A; as a rule it is what it was.
    var k = packed & 31
    while n &<< k < a { k &+= 1 }
    while k > 0, n &<< (k &- 1) >= a { k &-= 1 }
    let isFlipped = near == 0 && k == 0 ? (2 &* b &+ n &- 1) &>> 63 & 0x80 : 0
    unsafe state[0] = Int32(truncatingIfNeeded: a)
    unsafe state[1] = Int32(truncatingIfNeeded: b)
    unsafe state[2] = Int32(truncatingIfNeeded: n)
    unsafe state[3] = Int32(truncatingIfNeeded: c &<< 8 | isFlipped | k)
  }

  /// The least k with n · 2ᵏ ≥ a, of a ≥ 0 and n ≥ 1.
  @inline(__always)
  private static func order(_ a: Int, _ n: Int) -> Int {
    let k = max(0, (n | 1).leadingZeroBitCount &- (a | 1).leadingZeroBitCount)
    return k &+ (n &<< k < a ? 1 : 0)
  }

  /// The length of a run; −1 where it reaches the line's end.
  @inline(__always)
  private func readRun(
    _ bytes: Span<UInt8>, _ reader: inout JPEGLSBitReader, _ left: Int, _ runIndex: inout Int
  ) -> Int {
    let orders = Self.runOrder.span
    var length = 0
    while true {
      reader.refill(bytes)
      let order = orders[runIndex]
      if reader.take(1) == 0 {
        length &+= reader.take(order)
        // A run of the whole line is coded by ones alone.
        return length < left ? length : -1
      }
      length &+= 1 &<< order
      if length <= left, runIndex < 31 { runIndex &+= 1 }
      if length >= left { return -1 }
    }
  }

  /// The error of a sample that ends a run, of type 0 (unlike neighbours) or 1.
  @unsafe @inline(__always)
  private func interruptionError(
    _ bytes: Span<UInt8>, _ reader: inout JPEGLSBitReader, _ runIndex: Int, _ type: Int,
    _ memory: Memory
  ) -> Int {
    let state = unsafe memory.contexts + (Self.runContext &+ type) &* Self.contextSize
    var a = unsafe Int(state[0])
    var negatives = unsafe Int(state[1])
    var n = unsafe Int(state[2])
    let k = Self.order(type == 1 ? a &+ (n &>> 1) : a, n)
    let code = reader.golomb(
      k, limit: escape &- Self.runOrder[runIndex] &- 1, escapeBits: errorBits, bytes)
    let doubled = code &+ type
    let map = doubled & 1
    let size = min((doubled &+ map) &>> 1, range)
    let isFolded = k != 0 || 2 &* negatives >= n
    let error = isFolded == (map == 1) ? 0 &- size : size
    if error < 0 { negatives = negatives &+ 1 }
    a = a &+ ((code &+ 1 &- type) &>> 1)
    if n == reset {
      a = a &>> 1
      negatives = negatives &>> 1
      n = n &>> 1
    }
    unsafe state[0] = Int32(truncatingIfNeeded: min(a, 1 &<< 24))
    unsafe state[1] = Int32(truncatingIfNeeded: negatives)
    unsafe state[2] = Int32(truncatingIfNeeded: n &+ 1)
    return error
  }
}

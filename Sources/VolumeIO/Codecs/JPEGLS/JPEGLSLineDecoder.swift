// The lines of JPEG-LS: contexts, prediction, Golomb codes and runs.
// Source: ITU-T T.87 annex A (code segments A.1 to A.23).

/// Decodes lines of samples; its state lies with the caller, so that restarts are a new state.
struct JPEGLSLineDecoder: Sendable {
  private let parameters: JPEGLSParameters
  /// The region of a gradient, `threshold3` places on.
  private let regions: [Int32]
  /// LIMIT − qbpp − 1: zeros that announce an escape.
  private let escape: Int

  /// The contexts of runs that end (A.365, A.366).
  private static let runContext = 365
  /// A, B, C and N of a context lie together.
  private static let contextSize = 4
  /// J: the logarithm of a run's step.
  private static let runOrder: [Int] = [
    0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13,
    14, 15,
  ]

  init(_ parameters: JPEGLSParameters) {
    self.parameters = parameters
    regions = parameters.gradientRegions()
    escape = parameters.limit - parameters.errorBits - 1
  }

  /// Fresh contexts: A = max(2, (RANGE + 32) / 64), B = C = 0, N = 1.
  func initialContexts() -> [Int32] {
    let a = max(2, (parameters.range + 32) / 64)
    return (0..<367).flatMap { _ in [a, 0, 0, 1] }
  }

  /// Decodes a line of one component.
  ///
  /// Lines have a sample before the first and one after the last; `current[0]`, `previous[0]` and
  /// the last of `previous` are set.
  ///
  /// - Precondition: Both lines are of one length, three at least.
  func decode(
    _ bytes: Span<UInt8>, _ reader: inout JPEGLSBitReader, previous: [Int32],
    current: inout [Int32], contexts: inout [Int32], runIndex: inout Int
  ) {
    precondition(
      previous.count == current.count && current.count >= 3,
      "lines of \(previous.count) and \(current.count) samples")
    var line = current.mutableSpan
    var states = contexts.mutableSpan
    // Copies stay in registers.
    var bits = reader
    if parameters.near == 0 {
      decodeLine(bytes, &bits, previous.span, &line, &states, &runIndex, near: 0)
    } else {
      decodeLine(bytes, &bits, previous.span, &line, &states, &runIndex, near: parameters.near)
    }
    reader = bits
  }

  @inline(__always)
  private func decodeLine(
    _ bytes: Span<UInt8>, _ reader: inout JPEGLSBitReader, _ previous: Span<Int32>,
    _ line: inout MutableSpan<Int32>, _ contexts: inout MutableSpan<Int32>,
    _ runIndex: inout Int, near: Int32
  ) {
    let table = regions.span
    let end = previous.count - 1
    var x = 1
    var a = line[0]
    var c = previous[0]
    var b = previous[1]
    var upper = region(b &- c, table)
    while x < end {
      let d = previous[x &+ 1]
      let next = region(d &- b, table)
      let context = 81 &* next &+ 9 &* upper &+ region(c &- a, table)
      if context != 0 {
        let predicted = median(a, b, c)
        a = regular(bytes, &reader, context, predicted, &contexts, near: near)
        line[x] = a
        c = b
        b = d
        upper = next
        x &+= 1
        continue
      }
      var length = readRun(bytes, &reader, end &- x, &runIndex)
      let isWhole = length < 0
      if isWhole { length = end &- x }
      let stop = x &+ length
      while x < stop {
        line[x] = a
        x &+= 1
      }
      if isWhole { return }
      b = previous[x]
      a = interruption(bytes, &reader, a, b, runIndex, &contexts, near: near)
      line[x] = a
      if runIndex > 0 { runIndex &-= 1 }
      x &+= 1
      guard x < end else { return }
      c = b
      b = previous[x]
      upper = region(b &- c, table)
    }
  }

  /// Decodes a line of components interleaved by sample.
  func decode(
    _ bytes: Span<UInt8>, _ reader: inout JPEGLSBitReader, previous: [[Int32]],
    current: inout [[Int32]], contexts: inout [Int32], runIndex: inout Int
  ) {
    let table = regions.span
    var states = contexts.mutableSpan
    let near = parameters.near
    let end = previous[0].count - 1
    let count = previous.count
    var ids = [Int32](repeating: 0, count: count)
    var x = 1
    while x < end {
      var isRun = true
      for i in 0..<count {
        let b = previous[i][x]
        let c = previous[i][x - 1]
        ids[i] =
          81 &* region(previous[i][x + 1] &- b, table) &+ 9 &* region(b &- c, table)
          &+ region(c &- current[i][x - 1], table)
        if ids[i] != 0 { isRun = false }
      }
      if !isRun {
        for i in 0..<count {
          let predicted = median(current[i][x - 1], previous[i][x], previous[i][x - 1])
          current[i][x] = regular(bytes, &reader, ids[i], predicted, &states, near: near)
        }
        x += 1
        continue
      }
      let length = readRun(bytes, &reader, end - x, &runIndex)
      let stop = length < 0 ? end : x + length
      for i in 0..<count {
        let a = current[i][x - 1]
        for index in x..<stop { current[i][index] = a }
      }
      x = stop
      if length < 0 { return }
      for i in 0..<count {
        let a = current[i][x - 1]
        let b = previous[i][x]
        let error = interruptionError(bytes, &reader, runIndex, 0, &states)
        current[i][x] = reconstruct(b, a > b ? 0 &- error : error, near: near)
      }
      if runIndex > 0 { runIndex -= 1 }
      x += 1
    }
  }

  /// The region of a gradient, −4...4.
  @inline(__always)
  private func region(_ gradient: Int32, _ table: Span<Int32>) -> Int32 {
    let largest = parameters.threshold3
    let index = max(0 &- largest, min(largest, gradient)) &+ largest
    return table[Int(truncatingIfNeeded: index)]
  }

  /// The median edge detector's prediction.
  @inline(__always)
  private func median(_ a: Int32, _ b: Int32, _ c: Int32) -> Int32 {
    let low = min(a, b)
    let high = max(a, b)
    return max(low, min(high, a &+ b &- c))
  }

  /// A prediction and its error, back in 0...MAXVAL.
  @inline(__always)
  private func reconstruct(_ predicted: Int32, _ error: Int32, near: Int32) -> Int32 {
    let maximum = parameters.maximum
    if near == 0 {
      var value = predicted &+ error
      if value < 0 { value = value &+ parameters.range }
      if value > maximum { value = value &- parameters.range }
      return max(0, min(value, maximum))
    }
    let step = 2 &* near &+ 1
    var value = predicted &+ error &* step
    if value < 0 &- near {
      value = value &+ parameters.range &* step
    } else if value > maximum &+ near {
      value = value &- parameters.range &* step
    }
    return max(0, min(value, maximum))
  }

  /// A sample of a context that is no run.
  @inline(__always)
  private func regular(
    _ bytes: Span<UInt8>, _ reader: inout JPEGLSBitReader, _ signed: Int32, _ predicted: Int32,
    _ contexts: inout MutableSpan<Int32>, near: Int32
  ) -> Int32 {
    // −1 for a context of negative sign, else 0.
    let sign = signed &>> 31
    let at = Int(truncatingIfNeeded: (signed ^ sign) &- sign) &* Self.contextSize
    var a = contexts[at]
    var b = contexts[at &+ 1]
    var c = contexts[at &+ 2]
    var n = contexts[at &+ 3]
    let center = max(0, min(parameters.maximum, predicted &+ ((c ^ sign) &- sign)))
    let k = order(a, n)
    let code = reader.golomb(k, limit: escape, escapeBits: parameters.errorBits, bytes)
    var error = (code &>> 1) ^ (0 &- (code & 1))
    if near == 0, k == 0, 2 &* b <= 0 &- n { error = ~error }
    // Hostile codes only: keeps sums within 32 bits.
    error = max(0 &- parameters.range, min(parameters.range, error))
    a = a &+ abs(error)
    b = b &+ error &* (2 &* near &+ 1)
    if n == parameters.reset {
      a = a &>> 1
      b = b &>> 1
      n = n &>> 1
    }
    n = n &+ 1
    if b <= 0 &- n {
      b = max(b &+ n, 1 &- n)
      c = max(c &- 1, -128)
    } else if b > 0 {
      b = min(b &- n, 0)
      c = min(c &+ 1, 127)
    }
    contexts[at] = a
    contexts[at &+ 1] = b
    contexts[at &+ 2] = c
    contexts[at &+ 3] = n
    return reconstruct(center, (error ^ sign) &- sign, near: near)
  }

  /// The least k with n · 2ᵏ ≥ a.
  @inline(__always)
  private func order(_ a: Int32, _ n: Int32) -> Int {
    let k = max(0, n.leadingZeroBitCount &- a.leadingZeroBitCount)
    return n &<< Int32(truncatingIfNeeded: k) < a ? k &+ 1 : k
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
        length &+= Int(reader.take(order))
        // A run of the whole line is coded by ones alone.
        return length < left ? length : -1
      }
      let step = 1 &<< order
      length &+= step
      if length <= left, runIndex < 31 { runIndex &+= 1 }
      if length >= left { return -1 }
    }
  }

  /// The sample that ends a run of one component.
  @inline(__always)
  private func interruption(
    _ bytes: Span<UInt8>, _ reader: inout JPEGLSBitReader, _ a: Int32, _ b: Int32,
    _ runIndex: Int, _ contexts: inout MutableSpan<Int32>, near: Int32
  ) -> Int32 {
    if abs(a &- b) <= near {
      let error = interruptionError(bytes, &reader, runIndex, 1, &contexts)
      return reconstruct(a, error, near: near)
    }
    let error = interruptionError(bytes, &reader, runIndex, 0, &contexts)
    return reconstruct(b, a > b ? 0 &- error : error, near: near)
  }

  /// The error of a sample that ends a run, of type 0 (unlike neighbours) or 1.
  @inline(__always)
  private func interruptionError(
    _ bytes: Span<UInt8>, _ reader: inout JPEGLSBitReader, _ runIndex: Int, _ type: Int32,
    _ contexts: inout MutableSpan<Int32>
  ) -> Int32 {
    let at = (Self.runContext &+ Int(type)) &* Self.contextSize
    var a = contexts[at]
    var negatives = contexts[at &+ 1]
    var n = contexts[at &+ 3]
    let k = order(type == 1 ? a &+ (n &>> 1) : a, n)
    let code = reader.golomb(
      k, limit: escape &- Self.runOrder[runIndex] &- 1, escapeBits: parameters.errorBits, bytes)
    let doubled = code &+ type
    let map = doubled & 1
    let size = min((doubled &+ map) &>> 1, parameters.range)
    let isFolded = k != 0 || 2 &* negatives >= n
    let error = isFolded == (map == 1) ? 0 &- size : size
    if error < 0 { negatives = negatives &+ 1 }
    a = a &+ ((code &+ 1 &- type) &>> 1)
    if n == parameters.reset {
      a = a &>> 1
      negatives = negatives &>> 1
      n = n &>> 1
    }
    contexts[at] = min(a, 1 << 24)
    contexts[at &+ 1] = negatives
    contexts[at &+ 3] = n &+ 1
    return error
  }
}

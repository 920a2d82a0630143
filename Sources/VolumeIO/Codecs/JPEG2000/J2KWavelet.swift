// The inverse wavelet transforms, reversible 5/3 and irreversible 9/7.
// Source: ITU-T T.800 annex F.

/// Lifting steps of one wavelet, along a line and from line to line.
protocol J2KLifting {
  associatedtype Value: SpareNumber

  /// Scaling, before the steps, of what a low and a high line hold.
  static var scales: (low: Value, high: Value)? { get }

  /// The count of steps; even ones change the low part, odd ones the high part.
  static var steps: Int { get }

  /// One step of one value with its two neighbours of the other part.
  static func lift(_ step: Int, _ value: Value, _ before: Value, _ after: Value) -> Value

  /// What a line of a single high value becomes.
  static func lone(_ value: Value) -> Value
}

/// The reversible transform: F.3.8.2.1.
enum J2KReversible: J2KLifting {
  static var scales: (low: Int32, high: Int32)? { nil }
  static var steps: Int { 2 }

  @inline(__always)
  static func lift(_ step: Int, _ value: Int32, _ before: Int32, _ after: Int32) -> Int32 {
    step == 0
      ? value &- ((before &+ after &+ 2) &>> 2) : value &+ ((before &+ after) &>> 1)
  }

  static func lone(_ value: Int32) -> Int32 { value / 2 }
}

/// The irreversible transform: F.3.8.2.2, table F.4.
enum J2KIrreversible: J2KLifting {
  static var scales: (low: Float, high: Float)? { (1.230174105, 2 / 1.230174105) }
  static var steps: Int { 4 }

  @inline(__always)
  static func lift(_ step: Int, _ value: Float, _ before: Float, _ after: Float) -> Float {
    let factor: Float =
      switch step {
      case 0: 0.443506852
      case 1: 0.882911075
      case 2: -0.052980118
      default: -1.586134342
      }
    return value - factor * (before + after)
  }

  static func lone(_ value: Float) -> Float { value }
}

/// Joins four bands to the resolution above them.
enum J2KWavelet<Lifting: J2KLifting> {
  typealias Plane = J2KPlane<Lifting.Value>
  typealias Value = Lifting.Value

  /// One level of the inverse transform.
  ///
  /// - Parameters:
  ///   - low: The band LL.
  ///   - bands: HL, LH and HH.
  ///   - rect: The resolution's place, whose parity tells which lines are low.
  @inline(__always)
  static func joined(low: Plane, bands: [Plane], to rect: J2KRect) -> Plane {
    var result = Plane(rect: rect)
    let (width, height) = (rect.width, rect.height)
    let (parityX, parityY) = (rect.x0 & 1, rect.y0 & 1)
    guard width > 0, height > 0 else { return result }
    // Along each line: the low and the high half side by side, then interleaved.
    var line = Line(width: width, parity: parityX)
    for y in 0..<height {
      let isHigh = y & 1 != parityY
      let (left, right) = isHigh ? (bands[1], bands[2]) : (low, bands[0])
      line.join(left, right, row: y >> 1, into: &result.values, at: y * width)
    }
    rise(&result.values, width: width, height: height, parity: parityY)
    return result
  }

  /// The scratch of one line.
  private struct Line {
    let shape: Shape
    /// Both halves, each with a value before and one after.
    var low: [Value]
    var high: [Value]

    init(width: Int, parity: Int) {
      shape = Shape(width: width, parity: parity)
      low = [Value](repeating: 0, count: shape.lows + 2)
      high = [Value](repeating: 0, count: shape.highs + 2)
    }

    /// Transforms row `row` of two bands into a line of the result.
    mutating func join(
      _ left: Plane, _ right: Plane, row: Int, into result: inout [Value], at start: Int
    ) {
      let shape = self.shape
      let (lows, highs, parity) = (shape.lows, shape.highs, shape.parity)
      let (leftStart, rightStart) = (row * left.rect.width, row * right.rect.width)
      precondition(
        left.rect.width == lows && right.rect.width == highs
          && leftStart + lows <= left.values.count && rightStart + highs <= right.values.count
          && start >= 0 && start + shape.width <= result.count,
        "row \(row) of bands \(left.rect) and \(right.rect) for \(shape.width) values")
      // Every access stays within what was checked: halves have `lows + 2` and `highs + 2` values.
      unsafe low.withUnsafeMutableBufferPointer { low in
        unsafe high.withUnsafeMutableBufferPointer { high in
          unsafe left.values.withUnsafeBufferPointer { left in
            unsafe right.values.withUnsafeBufferPointer { right in
              unsafe result.withUnsafeMutableBufferPointer { result in
                guard let low = low.baseAddress, let high = high.baseAddress,
                  let result = result.baseAddress
                else { return }
                for i in 0..<lows { unsafe low[i &+ 1] = left[leftStart &+ i] }
                for i in 0..<highs { unsafe high[i &+ 1] = right[rightStart &+ i] }
                unsafe shape.transform(low, high)
                let target = unsafe result + start
                for i in 0..<lows { unsafe target[2 &* i &+ parity] = low[i &+ 1] }
                for i in 0..<highs { unsafe target[2 &* i &+ 1 &- parity] = high[i &+ 1] }
              }
            }
          }
        }
      }
    }

  }

  /// The halves of a line, and the steps over them.
  private struct Shape {
    let width: Int
    let parity: Int
    let lows: Int
    let highs: Int

    init(width: Int, parity: Int) {
      self.width = width
      self.parity = parity
      lows = (width + 1 - parity) / 2
      highs = width - lows
    }

    @unsafe @inline(__always)
    func transform(_ low: UnsafeMutablePointer<Value>, _ high: UnsafeMutablePointer<Value>) {
      guard width > 1 else {
        if highs == 1 { unsafe high[1] = Lifting.lone(high[1]) }
        return
      }
      if let scales = Lifting.scales {
        for i in 1...lows { unsafe low[i] *= scales.low }
        for i in 1...highs { unsafe high[i] *= scales.high }
      }
      for step in 0..<Lifting.steps {
        // The neighbours of the value `i` are those at `i + offset − 1` and `i + offset`.
        if step & 1 == 0 {
          unsafe mirror(high, highs)
          unsafe lift(step, low, lows, high + parity)
        } else {
          unsafe mirror(low, lows)
          unsafe lift(step, high, highs, low + (1 &- parity))
        }
      }
    }

    /// What lies beyond an end repeats, since the line is mirrored there.
    @unsafe @inline(__always)
    private func mirror(_ half: UnsafeMutablePointer<Value>, _ count: Int) {
      unsafe half[0] = half[1]
      unsafe half[count &+ 1] = half[count]
    }

    @unsafe @inline(__always)
    private func lift(
      _ step: Int, _ target: UnsafeMutablePointer<Value>, _ count: Int,
      _ other: UnsafeMutablePointer<Value>
    ) {
      for i in 0..<count {
        unsafe target[i &+ 1] = Lifting.lift(step, target[i &+ 1], other[i], other[i &+ 1])
      }
    }
  }

  /// Columns of so many values are transformed together: their lines stay in the cache.
  private static var strip: Int { 128 }

  /// The transform across lines, in place.
  @inline(__always)
  private static func rise(_ values: inout [Value], width: Int, height: Int, parity: Int) {
    precondition(values.count == width * height, "\(values.count) values of \(width) × \(height)")
    // Rows are below `height`, columns below `width`.
    unsafe values.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      guard height > 1 else {
        if parity == 1 { for x in 0..<width { unsafe base[x] = Lifting.lone(base[x]) } }
        return
      }
      for left in stride(from: 0, to: width, by: strip) {
        let count = min(strip, width - left)
        let column = unsafe base + left
        if let scales = Lifting.scales {
          for y in 0..<height {
            let scale = y & 1 == parity ? scales.low : scales.high
            let row = unsafe column + y &* width
            for x in 0..<count { unsafe row[x] *= scale }
          }
        }
        for step in 0..<Lifting.steps {
          // Low lines lie at even places of the reference grid.
          var y = step & 1 == 0 ? parity : 1 - parity
          while y < height {
            let row = unsafe column + y &* width
            let above = unsafe column + (y == 0 ? 1 : y - 1) &* width
            let below = unsafe column + (y == height - 1 ? height - 2 : y + 1) &* width
            for x in 0..<count { unsafe row[x] = Lifting.lift(step, row[x], above[x], below[x]) }
            y += 2
          }
        }
      }
    }
  }
}

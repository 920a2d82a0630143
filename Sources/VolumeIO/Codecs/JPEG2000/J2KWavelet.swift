// The inverse wavelet transforms, reversible 5/3 and irreversible 9/7.
// Source: ITU-T T.800 annex F.

/// A rectangle of coefficients or samples.
struct J2KPlane<Value: Sendable>: Sendable {
  let rect: J2KRect
  var values: [Value]

  init(rect: J2KRect, repeating value: Value) {
    self.rect = rect
    values = [Value](repeating: value, count: rect.width * rect.height)
  }
}

/// Joins four bands to the resolution above them.
enum J2KWavelet {
  /// One level of the reversible transform.
  static func reversible(
    low: J2KPlane<Int32>, bands: [J2KPlane<Int32>], to rect: J2KRect
  ) -> J2KPlane<Int32> {
    var result = J2KPlane<Int32>(rect: rect, repeating: 0)
    join(low, bands, into: &result) { line, parity in lift53(&line, parity) }
    var values = result.values.mutableSpan
    let width = rect.width
    let parity = rect.y0 & 1
    guard rect.height > 1 else {
      if parity == 1, rect.height == 1 { for x in 0..<width { values[x] = values[x] / 2 } }
      return result
    }
    // Rows of the low band lie at even places of the reference grid.
    step(height: rect.height, from: parity) { row, above, below in
      let (r, a, b) = (row &* width, above &* width, below &* width)
      for x in 0..<width {
        values[r &+ x] =
          values[r &+ x] &- ((values[a &+ x] &+ values[b &+ x] &+ 2) &>> 2)
      }
    }
    step(height: rect.height, from: 1 - parity) { row, above, below in
      let (r, a, b) = (row &* width, above &* width, below &* width)
      for x in 0..<width {
        values[r &+ x] = values[r &+ x] &+ ((values[a &+ x] &+ values[b &+ x]) &>> 1)
      }
    }
    return result
  }

  /// One level of the irreversible transform.
  static func irreversible(
    low: J2KPlane<Float>, bands: [J2KPlane<Float>], to rect: J2KRect
  ) -> J2KPlane<Float> {
    var result = J2KPlane<Float>(rect: rect, repeating: 0)
    join(low, bands, into: &result) { line, parity in lift97(&line, parity) }
    var values = result.values.mutableSpan
    let width = rect.width
    let parity = rect.y0 & 1
    guard rect.height > 1 else {
      return result
    }
    for row in 0..<rect.height {
      let factor = row & 1 == parity ? scale : 2 / scale
      let start = row &* width
      for x in 0..<width { values[start &+ x] *= factor }
    }
    for (index, factor) in [delta, gamma, beta, alpha].enumerated() {
      step(height: rect.height, from: index % 2 == 0 ? parity : 1 - parity) { row, above, below in
        let (r, a, b) = (row &* width, above &* width, below &* width)
        for x in 0..<width {
          values[r &+ x] -= factor * (values[a &+ x] + values[b &+ x])
        }
      }
    }
    return result
  }

  private static let alpha: Float = -1.586134342
  private static let beta: Float = -0.052980118
  private static let gamma: Float = 0.882911075
  private static let delta: Float = 0.443506852
  private static let scale: Float = 1.230174105

  /// Every second row with its neighbours, mirrored at the edges.
  @inline(__always)
  private static func step(
    height: Int, from start: Int, _ body: (_ row: Int, _ above: Int, _ below: Int) -> Void
  ) {
    var row = start
    while row < height {
      let above = row == 0 ? 1 : row - 1
      let below = row == height - 1 ? height - 2 : row + 1
      body(row, above, below)
      row += 2
    }
  }

  /// Interleaves the four bands and transforms each row.
  @inline(__always)
  private static func join<Value: Numeric & Sendable>(
    _ low: J2KPlane<Value>, _ bands: [J2KPlane<Value>], into result: inout J2KPlane<Value>,
    _ lift: (_ line: inout MutableSpan<Value>, _ parity: Int) -> Void
  ) {
    let rect = result.rect
    let width = rect.width
    let parityX = rect.x0 & 1
    let parityY = rect.y0 & 1
    var storage = [Value](repeating: 0, count: width)
    var line = storage.mutableSpan
    var target = result.values.mutableSpan
    for y in 0..<rect.height {
      let isHigh = y & 1 != parityY
      let index = y >> 1
      let left = isHigh ? bands[1] : low
      let right = isHigh ? bands[2] : bands[0]
      spread(left.values.span, index * left.rect.width, left.rect.width, &line, parityX)
      spread(right.values.span, index * right.rect.width, right.rect.width, &line, 1 - parityX)
      lift(&line, parityX)
      let start = y * width
      for x in 0..<width { target[start &+ x] = line[x] }
    }
  }

  @inline(__always)
  private static func spread<Value: Sendable>(
    _ source: Span<Value>, _ start: Int, _ count: Int, _ line: inout MutableSpan<Value>,
    _ first: Int
  ) {
    for x in 0..<count { line[first &+ 2 &* x] = source[start &+ x] }
  }

  /// 5/3 over one line whose low coefficients are at `parity`, `parity` + 2 …
  @inline(__always)
  private static func lift53(_ line: inout MutableSpan<Int32>, _ parity: Int) {
    let count = line.count
    guard count > 1 else {
      if parity == 1, count == 1 { line[0] = line[0] / 2 }
      return
    }
    step(height: count, from: parity) { at, before, after in
      line[at] = line[at] &- ((line[before] &+ line[after] &+ 2) &>> 2)
    }
    step(height: count, from: 1 - parity) { at, before, after in
      line[at] = line[at] &+ ((line[before] &+ line[after]) &>> 1)
    }
  }

  /// 9/7 over one line.
  @inline(__always)
  private static func lift97(_ line: inout MutableSpan<Float>, _ parity: Int) {
    let count = line.count
    guard count > 1 else { return }
    for x in 0..<count { line[x] *= x & 1 == parity ? scale : 2 / scale }
    for (index, factor) in [delta, gamma, beta, alpha].enumerated() {
      step(height: count, from: index % 2 == 0 ? parity : 1 - parity) { at, before, after in
        line[at] -= factor * (line[before] + line[after])
      }
    }
  }
}

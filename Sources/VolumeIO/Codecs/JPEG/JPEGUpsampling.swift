// Components of fewer samples brought to the picture's size.
// Source: ITU-T T.81 A.1.1; triangle filters as libjpeg-turbo defines "fancy upsampling".

/// Brings a frame's planes to full size and interleaves them.
struct JPEGUpsampling {
  let frame: JPEGFrame

  /// How a component's samples spread.
  private enum Filter {
    case none
    /// Triangle, 2 × 1, 1 × 2 and 2 × 2.
    case across, down, both
    case repeated(Int, Int)
  }

  /// - Throws: `.unsupported` where a component's sampling does not divide the largest.
  private func filter(_ component: JPEGComponent) throws(VolumeError) -> Filter {
    let h = frame.maximumHorizontal
    let v = frame.maximumVertical
    guard h % component.horizontal == 0, v % component.vertical == 0 else {
      throw VolumeError(
        .unsupported,
        "sampling \(component.horizontal) × \(component.vertical) of \(h) × \(v): no whole ratio",
        offset: frame.offset, field: "SOF")
    }
    switch (h / component.horizontal, v / component.vertical) {
    case (1, 1): return .none
    case (2, 1) where component.width > 2: return .across
    case (1, 2): return .down
    case (2, 2) where component.width > 2: return .both
    case (let across, let down): return .repeated(across, down)
    }
  }

  /// The picture's samples, interleaved by pixel.
  func interleave<Sample: FixedWidthInteger & UnsignedInteger>(
    _ planes: [Sample]
  ) throws(VolumeError) -> [Sample] {
    let count = frame.components.count
    let width = frame.width
    var pixels = [Sample](repeating: 0, count: width * frame.height * count)
    var target = pixels.mutableSpan
    var row = [Sample](repeating: 0, count: 8 * frame.unitsWide * frame.maximumHorizontal)
    for (index, component) in frame.components.enumerated() {
      let filter = try filter(component)
      let stride = 8 * component.paddedWide
      let first = 64 * component.firstBlock
      func line(_ y: Int) -> Range<Int> {
        let start = first + stride * max(0, min(y, component.height - 1))
        return start..<start + component.width
      }
      for y in 0..<frame.height {
        let source: Span<Sample>
        switch filter {
        case .none:
          store(
            planes.span.extracting(line(y)), width, into: &target, at: y * width * count + index,
            count)
          continue
        case .across:
          var out = row.mutableSpan
          Self.across(planes.span.extracting(line(y)), &out)
        case .down:
          var out = row.mutableSpan
          Self.down(
            planes.span.extracting(line(y / 2)),
            planes.span.extracting(line(y % 2 == 0 ? y / 2 - 1 : y / 2 + 1)),
            bias: y % 2 == 0 ? 1 : 2, &out)
        case .both:
          var out = row.mutableSpan
          Self.both(
            planes.span.extracting(line(y / 2)),
            planes.span.extracting(line(y % 2 == 0 ? y / 2 - 1 : y / 2 + 1)), &out)
        case .repeated(let across, let down):
          let near = planes.span.extracting(line(y / down))
          for x in 0..<width { row[x] = near[x / across] }
        }
        source = row.span
        store(source, width, into: &target, at: y * width * count + index, count)
      }
    }
    return pixels
  }

  @inline(__always)
  private func store<Sample: FixedWidthInteger & UnsignedInteger>(
    _ line: Span<Sample>, _ width: Int, into pixels: inout MutableSpan<Sample>, at start: Int,
    _ step: Int
  ) {
    for x in 0..<width { pixels[start &+ x &* step] = line[x] }
  }

  /// Twice as wide: ¾ of the nearer sample and ¼ of the further.
  @inline(__always)
  private static func across<Sample: FixedWidthInteger & UnsignedInteger>(
    _ near: Span<Sample>, _ out: inout MutableSpan<Sample>
  ) {
    let last = near.count - 1
    for x in 0...last {
      let value = 3 &* Int32(truncatingIfNeeded: near[x])
      let before = Int32(truncatingIfNeeded: near[max(0, x - 1)])
      let after = Int32(truncatingIfNeeded: near[min(last, x + 1)])
      out[2 &* x] = Sample(truncatingIfNeeded: (value &+ before &+ 1) &>> 2)
      out[2 &* x &+ 1] = Sample(truncatingIfNeeded: (value &+ after &+ 2) &>> 2)
    }
    out[0] = near[0]
    out[2 * last + 1] = near[last]
  }

  /// Twice as high: the row nearer to `far`.
  @inline(__always)
  private static func down<Sample: FixedWidthInteger & UnsignedInteger>(
    _ near: Span<Sample>, _ far: Span<Sample>, bias: Int32, _ out: inout MutableSpan<Sample>
  ) {
    for x in 0..<near.count {
      let value = 3 &* Int32(truncatingIfNeeded: near[x]) &+ Int32(truncatingIfNeeded: far[x])
      out[x] = Sample(truncatingIfNeeded: (value &+ bias) &>> 2)
    }
  }

  /// Twice as wide and as high.
  @inline(__always)
  private static func both<Sample: FixedWidthInteger & UnsignedInteger>(
    _ near: Span<Sample>, _ far: Span<Sample>, _ out: inout MutableSpan<Sample>
  ) {
    let last = near.count - 1
    var value = 3 &* Int32(truncatingIfNeeded: near[0]) &+ Int32(truncatingIfNeeded: far[0])
    var before = value
    for x in 0...last {
      let next = min(last, x + 1)
      let after =
        3 &* Int32(truncatingIfNeeded: near[next]) &+ Int32(truncatingIfNeeded: far[next])
      out[2 &* x] = Sample(truncatingIfNeeded: (3 &* value &+ before &+ 8) &>> 4)
      out[2 &* x &+ 1] = Sample(truncatingIfNeeded: (3 &* value &+ after &+ 7) &>> 4)
      before = value
      value = after
    }
  }
}

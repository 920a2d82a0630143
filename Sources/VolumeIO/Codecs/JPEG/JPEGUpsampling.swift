// Components of fewer samples brought to the picture's size, a row at a time.
// Source: ITU-T T.81 A.1.1; triangle filters as libjpeg-turbo defines "fancy upsampling".

/// Gives the rows of one component at the picture's width.
struct JPEGUpsampling<Sample: JPEGSample> {
  /// How a component's samples spread.
  private enum Filter {
    case none
    /// Triangle, 2 × 1, 1 × 2 and 2 × 2.
    case across, down, both
    case repeated(Int, Int)
  }

  private let filter: Filter
  private let component: JPEGComponent
  private let stride: Int
  /// Weighted sums of a row or two, `margin` places from the start.
  private var sums: [UInt16]
  /// The row, where it is not a row of the plane itself.
  private var row: [Sample]

  private static var margin: Int { 8 }

  /// - Throws: `.unsupported` where the component's sampling does not divide the largest.
  init(_ component: JPEGComponent, of frame: JPEGFrame) throws(VolumeError) {
    let h = frame.maximumHorizontal
    let v = frame.maximumVertical
    guard h % component.horizontal == 0, v % component.vertical == 0 else {
      throw VolumeError(
        .unsupported,
        "sampling \(component.horizontal) × \(component.vertical) of \(h) × \(v): no whole ratio",
        offset: frame.offset, field: "SOF")
    }
    switch (h / component.horizontal, v / component.vertical) {
    case (1, 1): filter = .none
    case (2, 1) where component.width > 2: filter = .across
    case (1, 2): filter = .down
    case (2, 2) where component.width > 2: filter = .both
    case (let across, let down): filter = .repeated(across, down)
    }
    self.component = component
    stride = 8 * component.paddedWide
    sums = [UInt16](repeating: 0, count: stride + 2 * Self.margin)
    row = [Sample](repeating: 0, count: 2 * stride * max(1, h / component.horizontal))
  }

  /// Calls `body` with the samples of a row: the picture's width of them, and at least so many more
  /// that they fill a multiple of eight.
  @inline(__always)
  mutating func withRow(_ y: Int, of planes: Span<Sample>, _ body: (Span<Sample>) -> Void) {
    switch filter {
    case .none: body(planes.extracting(line(y)))
    case .across:
      widen(planes.extracting(line(y)))
      spread(bias: 1, 2, shift: 2)
      body(row.span)
    case .down:
      blend(
        planes.extracting(line(y / 2)),
        planes.extracting(line(y % 2 == 0 ? y / 2 - 1 : y / 2 + 1)))
      let bias: UInt16 = y % 2 == 0 ? 1 : 2
      for x in 0..<component.width {
        row[x] = Sample(truncatingIfNeeded: (sums[Self.margin + x] &+ bias) &>> 2)
      }
      body(row.span)
    case .both:
      blend(
        planes.extracting(line(y / 2)),
        planes.extracting(line(y % 2 == 0 ? y / 2 - 1 : y / 2 + 1)))
      spread(bias: 8, 7, shift: 4)
      body(row.span)
    case .repeated(let across, let down):
      let near = planes.extracting(line(y / down))
      for x in 0..<component.width {
        for copy in 0..<across { row[x * across + copy] = near[x] }
      }
      body(row.span)
    }
  }

  /// A row of the plane, the first or last for one beyond.
  @inline(__always)
  private func line(_ y: Int) -> Range<Int> {
    let start = 64 * component.firstBlock + stride * max(0, min(y, component.height - 1))
    return start..<start + stride
  }

  /// A row as 16-bit numbers.
  @inline(__always)
  private mutating func widen(_ near: Span<Sample>) {
    for x in 0..<near.count { sums[Self.margin &+ x] = UInt16(truncatingIfNeeded: near[x]) }
    mirror()
  }

  /// Three parts of the nearer row and one of the further: at most 4 · 4095.
  @inline(__always)
  private mutating func blend(_ near: Span<Sample>, _ far: Span<Sample>) {
    for x in 0..<near.count {
      sums[Self.margin &+ x] =
        3 &* UInt16(truncatingIfNeeded: near[x]) &+ UInt16(truncatingIfNeeded: far[x])
    }
    mirror()
  }

  /// The samples beyond the ends repeat the ends.
  private mutating func mirror() {
    sums[Self.margin - 1] = sums[Self.margin]
    sums[Self.margin + component.width] = sums[Self.margin + component.width - 1]
  }

  /// Twice as many samples: ¾ of the nearer and ¼ of the further, rounded by turns up and down.
  @inline(__always)
  private mutating func spread(bias left: UInt16, _ right: UInt16, shift: UInt16) {
    let groups = component.width.dividedRoundingUp(by: 8)
    precondition(
      sums.count >= 8 * groups + 2 * Self.margin && row.count >= 16 * groups,
      "rows of \(sums.count) and \(row.count) samples for \(component.width)")
    // Reads end at `8 · groups + margin + 1`, writes at `16 · groups`, both checked above.
    unsafe sums.withUnsafeBytes { sums in
      unsafe row.withUnsafeMutableBytes { row in
        for group in 0..<groups {
          let at = 2 &* (Self.margin &+ 8 &* group)
          let near = unsafe sums.loadUnaligned(fromByteOffset: at, as: SIMD8<UInt16>.self)
          let before = unsafe sums.loadUnaligned(fromByteOffset: at &- 2, as: SIMD8<UInt16>.self)
          let after = unsafe sums.loadUnaligned(fromByteOffset: at &+ 2, as: SIMD8<UInt16>.self)
          let three = near &* 3
          let even = (three &+ before &+ left) &>> shift
          let odd = (three &+ after &+ right) &>> shift
          let low = SIMD8(
            even[0], odd[0], even[1], odd[1], even[2], odd[2], even[3], odd[3])
          let high = SIMD8(
            even[4], odd[4], even[5], odd[5], even[6], odd[6], even[7], odd[7])
          let both = SIMD16<Sample>(
            truncatingIfNeeded: SIMD16<UInt16>(lowHalf: low, highHalf: high))
          unsafe row.storeBytes(
            of: both, toByteOffset: 16 &* group &* MemoryLayout<Sample>.size,
            as: SIMD16<Sample>.self)
        }
      }
    }
  }
}

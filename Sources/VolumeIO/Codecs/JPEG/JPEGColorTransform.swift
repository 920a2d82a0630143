// YCbCr to RGB in fixed point, as the IJG's code rounds it.
// Source: JFIF 1.02 (ITU-R BT.601, full range).

/// The conversion and interleaving of a row.
enum JPEGColorTransform {
  /// Converts a row of three components of eight bits.
  ///
  /// - Parameters:
  ///   - luma, blue, red: Y, Cb and Cr, the row's width rounded up to a multiple of eight.
  ///   - output: Interleaved RGB from `start` on.
  /// - Precondition: The rows are long enough and the output holds `3 · width` samples.
  @inline(__always)
  static func convert(
    _ luma: Span<UInt8>, _ blue: Span<UInt8>, _ red: Span<UInt8>, width: Int,
    into output: inout MutableSpan<UInt8>, at start: Int
  ) {
    let padded = 8 * width.dividedRoundingUp(by: 8)
    precondition(
      luma.count >= padded && blue.count >= padded && red.count >= padded && start >= 0
        && start + 3 * width <= output.count,
      "rows of \(luma.count), \(blue.count), \(red.count) samples for \(width)")
    // Reads stay below `padded`. A store of eight bytes for two pixels passes them by two bytes, which
    // the next pixel has: the last pixels are stored byte by byte.
    unsafe luma.withUnsafeBytes { luma in
      unsafe blue.withUnsafeBytes { blue in
        unsafe red.withUnsafeBytes { red in
          unsafe output.withUnsafeMutableBytes { output in
            var x = 0
            while x < width {
              let (low, high) = pixels(
                unsafe luma.loadUnaligned(fromByteOffset: x, as: SIMD8<UInt8>.self),
                unsafe blue.loadUnaligned(fromByteOffset: x, as: SIMD8<UInt8>.self),
                unsafe red.loadUnaligned(fromByteOffset: x, as: SIMD8<UInt8>.self))
              let at = start &+ 3 &* x
              if x &+ 8 < width {
                unsafe output.storeBytes(of: packed(low[0]), toByteOffset: at, as: UInt64.self)
                unsafe output.storeBytes(of: packed(low[1]), toByteOffset: at &+ 6, as: UInt64.self)
                unsafe output.storeBytes(
                  of: packed(high[0]), toByteOffset: at &+ 12, as: UInt64.self)
                unsafe output.storeBytes(
                  of: packed(high[1]), toByteOffset: at &+ 18, as: UInt64.self)
              } else {
                for i in 0..<width &- x {
                  let pair = i < 4 ? low[i / 2] : high[i / 2 - 2]
                  for c in 0..<3 {
                    unsafe output[at &+ 3 &* i &+ c] = UInt8(
                      truncatingIfNeeded: pair &>> UInt64(32 * (i % 2) + 8 * c))
                  }
                }
              }
              x &+= 8
            }
          }
        }
      }
    }
  }

  /// Two pixels of four bytes to six bytes.
  @inline(__always)
  private static func packed(_ pair: UInt64) -> UInt64 {
    (pair & 0xFF_FFFF) | (pair &>> 8 & 0xFFFF_FF00_0000)
  }

  /// Eight pixels of four bytes: red, green, blue, zero.
  ///
  /// The factors are split so that both factors of each product have 16 bits: 1.402 = 1 + 26345 / 2¹⁶,
  /// 1.772 = 2 − 14942 / 2¹⁶, −0.71414 = −1 + 18734 / 2¹⁶.
  @inline(__always)
  private static func pixels(
    _ luma: SIMD8<UInt8>, _ blue: SIMD8<UInt8>, _ red: SIMD8<UInt8>
  ) -> (SIMD2<UInt64>, SIMD2<UInt64>) {
    let y = SIMD8<Int16>(truncatingIfNeeded: luma)
    let b = SIMD8<Int16>(truncatingIfNeeded: blue) &- 128
    let r = SIMD8<Int16>(truncatingIfNeeded: red) &- 128
    let wideB = SIMD8<Int32>(truncatingIfNeeded: b)
    let wideR = SIMD8<Int32>(truncatingIfNeeded: r)
    let half: Int32 = 1 << 15
    @inline(__always)
    func narrow(_ v: SIMD8<Int32>) -> SIMD8<Int16> {
      SIMD8<Int16>(truncatingIfNeeded: (v &+ half) &>> 16)
    }
    let redLevel = (y &+ r &+ narrow(wideR &* 26345)).clampedToByte
    let greenLevel = (y &- r &+ narrow(wideB &* -22554 &+ wideR &* 18734)).clampedToByte
    let blueLevel = (y &+ b &+ b &+ narrow(wideB &* -14942)).clampedToByte
    let rg = redLevel | greenLevel &<< 8
    let low = SIMD8(
      rg[0], blueLevel[0], rg[1], blueLevel[1], rg[2], blueLevel[2], rg[3], blueLevel[3])
    let high = SIMD8(
      rg[4], blueLevel[4], rg[5], blueLevel[5], rg[6], blueLevel[6], rg[7], blueLevel[7])
    // Sixteen bytes either way.
    return unsafe (
      unsafeBitCast(low, to: SIMD2<UInt64>.self), unsafeBitCast(high, to: SIMD2<UInt64>.self)
    )
  }

  /// Converts the first three components of each pixel in place.
  ///
  /// - Parameters:
  ///   - pixels: `components` samples a pixel, 3 or 4.
  ///   - precision: Bits a sample, at most 16.
  ///   - isInverted: Gives CMY, the complement of RGB (YCCK to CMYK).
  static func convert<Sample: JPEGSample>(
    _ pixels: inout MutableSpan<Sample>, components: Int, precision: Int, isInverted: Bool
  ) {
    let center = Int64(1) << Int64(precision - 1)
    let largest = (Int64(1) << Int64(precision)) - 1
    let flip: Sample = isInverted ? Sample(truncatingIfNeeded: largest) : 0
    var at = 0
    while at + 3 <= pixels.count {
      let y = Int64(truncatingIfNeeded: pixels[at])
      let b = Int64(truncatingIfNeeded: pixels[at + 1]) - center
      let r = Int64(truncatingIfNeeded: pixels[at + 2]) - center
      let red = y + (91881 * r + 32768) >> 16
      let green = y + (-22554 * b - 46802 * r + 32768) >> 16
      let blue = y + (116130 * b + 32768) >> 16
      pixels[at] = Sample(truncatingIfNeeded: max(0, min(red, largest))) ^ flip
      pixels[at + 1] = Sample(truncatingIfNeeded: max(0, min(green, largest))) ^ flip
      pixels[at + 2] = Sample(truncatingIfNeeded: max(0, min(blue, largest))) ^ flip
      at += components
    }
  }
}

extension SIMD8<Int16> {
  /// Each lane brought into 0...255, without a branch.
  @inline(__always)
  var clampedToByte: SIMD8<Int16> {
    let positive = self & ~(self &>> 15)
    return (positive | ((255 &- positive) &>> 15)) & 255
  }
}

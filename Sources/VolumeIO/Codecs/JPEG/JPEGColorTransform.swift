// YCbCr to RGB in fixed point, as the IJG's code rounds it.
// Source: JFIF 1.02 (ITU-R BT.601, full range).

/// The conversion and interleaving of a row.
enum JPEGColorTransform {
  /// Converts a row of three components of eight bits.
  ///
  /// - Parameters:
  ///   - luma, blue, red: Y, Cb and Cr, the row's width rounded up to a multiple of eight.
  ///   - scratch: As many pixels.
  ///   - output: Interleaved RGB from `start` on.
  /// - Precondition: The rows are long enough and the output holds `3 · width` samples.
  static func convert(
    _ luma: Span<UInt8>, _ blue: Span<UInt8>, _ red: Span<UInt8>, width: Int,
    scratch: inout [UInt32], into output: inout MutableSpan<UInt8>, at start: Int
  ) {
    let padded = 8 * width.dividedRoundingUp(by: 8)
    precondition(
      luma.count >= padded && blue.count >= padded && red.count >= padded
        && scratch.count >= padded,
      "rows of \(luma.count), \(blue.count), \(red.count), \(scratch.count) for \(width)")
    // Reads and writes stay below `padded`.
    unsafe luma.withUnsafeBytes { luma in
      unsafe blue.withUnsafeBytes { blue in
        unsafe red.withUnsafeBytes { red in
          unsafe scratch.withUnsafeMutableBytes { scratch in
            var x = 0
            while x < padded {
              let pixels = pixels(
                unsafe luma.loadUnaligned(fromByteOffset: x, as: SIMD8<UInt8>.self),
                unsafe blue.loadUnaligned(fromByteOffset: x, as: SIMD8<UInt8>.self),
                unsafe red.loadUnaligned(fromByteOffset: x, as: SIMD8<UInt8>.self))
              unsafe scratch.storeBytes(of: pixels, toByteOffset: 4 &* x, as: SIMD8<UInt32>.self)
              x &+= 8
            }
          }
        }
      }
    }
    pack(scratch.span, width: width, into: &output, at: start)
  }

  /// Drops the fourth byte of each pixel.
  @inline(never)
  private static func pack(
    _ pixels: Span<UInt32>, width: Int, into output: inout MutableSpan<UInt8>, at start: Int
  ) {
    precondition(
      pixels.count >= width && start >= 0 && start + 3 * width <= output.count,
      "\(pixels.count) pixels, \(width) of them from \(start) on in \(output.count) bytes")
    // A store of four bytes passes its pixel by one, which the next pixel has; the last is stored byte
    // by byte.
    unsafe pixels.withUnsafeBufferPointer { pixels in
      unsafe output.withUnsafeMutableBytes { output in
        for x in 0..<width &- 1 {
          unsafe output.storeBytes(of: pixels[x], toByteOffset: start &+ 3 &* x, as: UInt32.self)
        }
        for c in 0..<3 {
          unsafe output[start &+ 3 &* (width &- 1) &+ c] = UInt8(
            truncatingIfNeeded: pixels[width &- 1] &>> UInt32(8 &* c))
        }
      }
    }
  }

  /// Eight pixels as red + 256 · green + 65536 · blue.
  ///
  /// The factors are split so that both factors of each product have 16 bits: 1.402 = 1 + 26345 / 2¹⁶,
  /// 1.772 = 2 − 14942 / 2¹⁶, −0.71414 = −1 + 18734 / 2¹⁶.
  @inline(__always)
  private static func pixels(
    _ luma: SIMD8<UInt8>, _ blue: SIMD8<UInt8>, _ red: SIMD8<UInt8>
  ) -> SIMD8<UInt32> {
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
    let first = SIMD8<UInt16>(truncatingIfNeeded: redLevel | greenLevel &<< 8)
    let second = SIMD8<UInt16>(truncatingIfNeeded: blueLevel)
    return SIMD8<UInt32>(truncatingIfNeeded: first)
      | SIMD8<UInt32>(truncatingIfNeeded: second) &<< 16
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

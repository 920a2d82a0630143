// YCbCr to RGB in fixed point, as the IJG's code rounds it.
// Source: JFIF 1.02 (ITU-R BT.601, full range).

/// The conversion of interleaved samples in place.
enum JPEGColorTransform {
  private static let half: Int32 = 1 << 15

  /// Converts the first three components of each pixel.
  ///
  /// - Parameters:
  ///   - pixels: `components` samples a pixel, 3 or 4.
  ///   - precision: Bits a sample, at most 16.
  ///   - isInverted: Gives CMY, the complement of RGB (YCCK to CMYK).
  static func convert<Sample: FixedWidthInteger & UnsignedInteger>(
    _ pixels: inout MutableSpan<Sample>, components: Int, precision: Int, isInverted: Bool
  ) {
    let center = Int64(1) << Int64(precision - 1)
    let largest = (Int64(1) << Int64(precision)) - 1
    let flip: Sample = isInverted ? Sample(truncatingIfNeeded: largest) : 0
    // An alias, so that specialised code for the common case follows.
    if precision == 8 {
      convert8(&pixels, components: components, flip: flip)
      return
    }
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

  @inline(__always)
  private static func convert8<Sample: FixedWidthInteger & UnsignedInteger>(
    _ pixels: inout MutableSpan<Sample>, components: Int, flip: Sample
  ) {
    var at = 0
    while at &+ 3 <= pixels.count {
      let y = Int32(truncatingIfNeeded: pixels[at])
      let b = Int32(truncatingIfNeeded: pixels[at &+ 1]) &- 128
      let r = Int32(truncatingIfNeeded: pixels[at &+ 2]) &- 128
      let red = y &+ (91881 &* r &+ half) &>> 16
      let green = y &+ (-22554 &* b &- 46802 &* r &+ half) &>> 16
      let blue = y &+ (116130 &* b &+ half) &>> 16
      pixels[at] = Sample(truncatingIfNeeded: max(0, min(red, 255))) ^ flip
      pixels[at &+ 1] = Sample(truncatingIfNeeded: max(0, min(green, 255))) ^ flip
      pixels[at &+ 2] = Sample(truncatingIfNeeded: max(0, min(blue, 255))) ^ flip
      at &+= components
    }
  }
}

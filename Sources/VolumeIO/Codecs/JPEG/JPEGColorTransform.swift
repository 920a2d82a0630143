// YCbCr to RGB in fixed point, as the IJG's code rounds it.
// Source: JFIF 1.02 (ITU-R BT.601, full range).

/// The conversion and interleaving of a row.
enum JPEGColorTransform {
  /// Converts a row of three components of eight bits.
  ///
  /// - Parameters:
  ///   - luma, blue, red: Y, Cb and Cr, the row's width of each.
  ///   - scratch: Three times `pitch(width)` bytes.
  ///   - output: Interleaved RGB from `start` on.
  /// - Precondition: The rows are long enough and the output holds `3 · width` samples.
  static func convert(
    _ luma: Span<UInt8>, _ blue: Span<UInt8>, _ red: Span<UInt8>, width: Int,
    scratch: inout [UInt8], into output: inout MutableSpan<UInt8>, at start: Int
  ) {
    precondition(
      width > 0 && luma.count >= width && blue.count >= width && red.count >= width
        && scratch.count >= 3 * pitch(width) && start >= 0 && start + 3 * width <= output.count,
      "rows of \(luma.count), \(blue.count), \(red.count), \(scratch.count) for \(width)")
    let pitch = pitch(width)
    // Reads and writes of rows stay below `width` or the pitch, those of the output below
    // `start + 3 · width`.
    unsafe luma.withUnsafeBufferPointer { luma in
      unsafe blue.withUnsafeBufferPointer { blue in
        unsafe red.withUnsafeBufferPointer { red in
          unsafe scratch.withUnsafeMutableBufferPointer { scratch in
            unsafe output.withUnsafeMutableBytes { output in
              guard let luma = luma.baseAddress, let blue = blue.baseAddress,
                let red = red.baseAddress, let rows = scratch.baseAddress,
                let output = output.baseAddress
              else { return }
              unsafe levels(luma, red, rows, width, factor: 26345, times: 1)
              unsafe greens(luma, blue, red, rows + pitch, width)
              unsafe levels(luma, blue, rows + 2 &* pitch, width, factor: -14942, times: 2)
              unsafe mix(rows, pitch)
              unsafe pack(rows, pitch, width, output + start)
            }
          }
        }
      }
    }
  }

  /// Red or blue: `luma + chroma · (times + factor / 2¹⁶)`.
  ///
  /// 1.402 = 1 + 26345 / 2¹⁶, 1.772 = 2 − 14942 / 2¹⁶: both factors of the product have 16 bits. The
  /// upper half of twice the product, plus one, halved, is the product rounded.
  @unsafe @inline(__always)
  private static func levels(
    _ luma: UnsafePointer<UInt8>, _ chroma: UnsafePointer<UInt8>,
    _ row: UnsafeMutablePointer<UInt8>, _ width: Int, factor: Int32, times: Int16
  ) {
    for x in 0..<width {
      let c = unsafe Int16(truncatingIfNeeded: chroma[x]) &- 128
      let twice = Int32(c &+ c) &* factor
      let part = (Int16(truncatingIfNeeded: twice &>> 16) &+ 1) &>> 1
      let level = unsafe Int16(truncatingIfNeeded: luma[x]) &+ c &* times &+ part
      unsafe row[x] = UInt8(truncatingIfNeeded: max(0, min(level, 255)))
    }
  }

  /// Green: −0.34414 is −22554 / 2¹⁶, −0.71414 is −1 + 18734 / 2¹⁶.
  @unsafe @inline(__always)
  private static func greens(
    _ luma: UnsafePointer<UInt8>, _ blue: UnsafePointer<UInt8>, _ red: UnsafePointer<UInt8>,
    _ row: UnsafeMutablePointer<UInt8>, _ width: Int
  ) {
    for x in 0..<width {
      let b = unsafe Int16(truncatingIfNeeded: blue[x]) &- 128
      let r = unsafe Int16(truncatingIfNeeded: red[x]) &- 128
      let part = (Int32(b) &* -22554 &+ Int32(r) &* 18734 &+ 32768) &>> 16
      let level =
        unsafe Int16(truncatingIfNeeded: luma[x]) &- r &+ Int16(truncatingIfNeeded: part)
      unsafe row[x] = UInt8(truncatingIfNeeded: max(0, min(level, 255)))
    }
  }

  /// The bytes that a row of so many samples takes among the scratch.
  static func pitch(_ width: Int) -> Int { (width + 15) & ~15 }

  /// Makes red, green and blue of four pixels the twelve bytes of these pixels, four in each row:
  /// R₀G₀B₀R₁, G₁B₁R₂G₂, B₂R₃G₃B₃.
  @unsafe @inline(never)
  private static func mix(_ rows: UnsafeMutablePointer<UInt8>, _ pitch: Int) {
    let bytes = UnsafeMutableRawPointer(rows)
    var x = 0
    while x < pitch {
      let r = unsafe bytes.loadUnaligned(fromByteOffset: x, as: SIMD4<UInt32>.self)
      let g = unsafe bytes.loadUnaligned(fromByteOffset: x &+ pitch, as: SIMD4<UInt32>.self)
      let b = unsafe bytes.loadUnaligned(fromByteOffset: x &+ 2 &* pitch, as: SIMD4<UInt32>.self)
      let first = r & 0xFF | (g & 0xFF) &<< 8 | (b & 0xFF) &<< 16 | (r & 0xFF00) &<< 16
      let second = (g &>> 8) & 0xFF | b & 0xFF00 | r & 0xFF_0000 | (g & 0xFF_0000) &<< 8
      let third =
        (b &>> 16) & 0xFF | (r &>> 16) & 0xFF00 | (g &>> 8) & 0xFF_0000 | b & 0xFF00_0000
      unsafe bytes.storeBytes(of: first, toByteOffset: x, as: SIMD4<UInt32>.self)
      unsafe bytes.storeBytes(of: second, toByteOffset: x &+ pitch, as: SIMD4<UInt32>.self)
      unsafe bytes.storeBytes(of: third, toByteOffset: x &+ 2 &* pitch, as: SIMD4<UInt32>.self)
      x &+= 16
    }
  }

  /// Writes what `mix` made: three words for four pixels, of the last pixels byte by byte.
  @unsafe @inline(never)
  private static func pack(
    _ rows: UnsafeMutablePointer<UInt8>, _ pitch: Int, _ width: Int,
    _ output: UnsafeMutableRawPointer
  ) {
    let bytes = UnsafeRawPointer(rows)
    @inline(__always)
    func word(_ row: Int, _ x: Int) -> UInt64 {
      unsafe UInt64(
        bytes.loadUnaligned(fromByteOffset: row &* pitch &+ x, as: UInt32.self).littleEndian)
    }
    var x = 0
    while x &+ 4 <= width {
      let pair = word(0, x) | word(1, x) &<< 32
      unsafe output.storeBytes(of: pair.littleEndian, toByteOffset: 3 &* x, as: UInt64.self)
      unsafe output.storeBytes(
        of: UInt32(truncatingIfNeeded: word(2, x)).littleEndian, toByteOffset: 3 &* x &+ 8,
        as: UInt32.self)
      x &+= 4
    }
    for place in 3 &* x..<3 &* width {
      let (row, byte) = ((place &- 3 &* x) &>> 2, (place &- 3 &* x) & 3)
      unsafe output.storeBytes(
        of: rows[row &* pitch &+ x &+ byte], toByteOffset: place, as: UInt8.self)
    }
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

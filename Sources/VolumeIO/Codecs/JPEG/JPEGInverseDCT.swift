// The inverse DCT, exact to the bit with the IJG's "islow".
// Source: Loeffler, Ligtenberg and Moschytz, ICASSP 1989; constants of 13 bits.

/// Eight rows of eight coefficients to samples.
enum JPEGInverseDCT {
  /// Writes the samples of one block.
  ///
  /// The first pass keeps `3 − (precision − 8) / 4` … two fraction bits at 8-bit precision and one
  /// at 12, so that its sums stay within 32 bits.
  ///
  /// - Parameters:
  ///   - block: 64 dequantised coefficients in rows; the pass over columns overwrites them.
  ///   - lastColumnIsZero: Rows 1 to 7 are all zero.
  ///   - output: The samples of the component's plane.
  ///   - start: The place of the block's first sample.
  ///   - stride: From one row to the next.
  /// - Precondition: `block` has 64 elements; the eight rows lie within `output`.
  @inline(__always)
  static func transform<Sample: FixedWidthInteger & UnsignedInteger>(
    _ block: inout MutableSpan<Int32>, precision: Int, into output: inout MutableSpan<Sample>,
    start: Int, stride: Int
  ) {
    precondition(
      block.count == 64 && start >= 0 && stride >= 8 && start + 7 * stride + 8 <= output.count,
      "a block at \(start), stride \(stride), leaves a plane of \(output.count) samples")
    // Indices below are 0..<64 in `block` and within the rows checked above in `output`.
    unsafe block.withUnsafeMutableBufferPointer { block in
      unsafe output.withUnsafeMutableBufferPointer { output in
        guard let b = block.baseAddress, let base = output.baseAddress else { return }
        unsafe columns(b, fraction: precision == 8 ? 2 : 1)
        unsafe rows(b, precision: precision, to: base + start, stride: stride)
      }
    }
  }

  /// One pass of eight values to eight, scaled by 2¹³ · √8.
  @inline(__always)
  private static func pass(
    _ i0: Int32, _ i1: Int32, _ i2: Int32, _ i3: Int32, _ i4: Int32, _ i5: Int32, _ i6: Int32,
    _ i7: Int32
  ) -> (Int32, Int32, Int32, Int32, Int32, Int32, Int32, Int32) {
    // Even part.
    let e = (i2 &+ i6) &* 4433  // 0.541196100
    let e2 = e &- i6 &* 15137  // 1.847759065
    let e3 = e &+ i2 &* 6270  // 0.765366865
    let e0 = (i0 &+ i4) &<< 13
    let e1 = (i0 &- i4) &<< 13
    let a0 = e0 &+ e3
    let a3 = e0 &- e3
    let a1 = e1 &+ e2
    let a2 = e1 &- e2
    // Odd part.
    let s3 = i7 &+ i3
    let s4 = i5 &+ i1
    let s5 = (s3 &+ s4) &* 9633  // 1.175875602
    let z1 = (i7 &+ i1) &* -7373  // 0.899976223
    let z2 = (i5 &+ i3) &* -20995  // 2.562915447
    let z3 = s3 &* -16069 &+ s5  // 1.961570560
    let z4 = s4 &* -3196 &+ s5  // 0.390180644
    let o0 = i7 &* 2446 &+ z1 &+ z3  // 0.298631336
    let o1 = i5 &* 16819 &+ z2 &+ z4  // 2.053119869
    let o2 = i3 &* 25172 &+ z2 &+ z3  // 3.072711026
    let o3 = i1 &* 12299 &+ z1 &+ z4  // 1.501321110
    return (a0 &+ o3, a1 &+ o2, a2 &+ o1, a3 &+ o0, a3 &- o0, a2 &- o1, a1 &- o2, a0 &- o3)
  }

  @inline(__always)
  private static func columns(_ b: UnsafeMutablePointer<Int32>, fraction: Int32) {
    let shift = 13 - fraction
    let half: Int32 = 1 &<< (shift &- 1)
    for c in 0..<8 {
      let b = unsafe b + c
      let rest = unsafe b[8] | b[16] | b[24] | b[32] | b[40] | b[48] | b[56]
      if rest == 0 {
        let value = unsafe b[0] &<< fraction
        for r in 0..<8 { unsafe b[8 &* r] = value }
        continue
      }
      let v = unsafe pass(b[0], b[8], b[16], b[24], b[32], b[40], b[48], b[56])
      unsafe b[0] = (v.0 &+ half) &>> shift
      unsafe b[8] = (v.1 &+ half) &>> shift
      unsafe b[16] = (v.2 &+ half) &>> shift
      unsafe b[24] = (v.3 &+ half) &>> shift
      unsafe b[32] = (v.4 &+ half) &>> shift
      unsafe b[40] = (v.5 &+ half) &>> shift
      unsafe b[48] = (v.6 &+ half) &>> shift
      unsafe b[56] = (v.7 &+ half) &>> shift
    }
  }

  @inline(__always)
  private static func rows<Sample: FixedWidthInteger & UnsignedInteger>(
    _ b: UnsafeMutablePointer<Int32>, precision: Int, to output: UnsafeMutablePointer<Sample>,
    stride: Int
  ) {
    let shift: Int32 = precision == 8 ? 18 : 17
    let bias = (1 &<< (shift &- 1)) &+ (Int32(1) &<< (Int32(precision) &- 1 &+ shift))
    let largest = (Int32(1) &<< Int32(precision)) &- 1
    for r in 0..<8 {
      let b = unsafe b + 8 &* r
      let out = unsafe output + r &* stride
      let v = unsafe pass(b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7])
      unsafe out[0] = clamp((v.0 &+ bias) &>> shift, largest)
      unsafe out[1] = clamp((v.1 &+ bias) &>> shift, largest)
      unsafe out[2] = clamp((v.2 &+ bias) &>> shift, largest)
      unsafe out[3] = clamp((v.3 &+ bias) &>> shift, largest)
      unsafe out[4] = clamp((v.4 &+ bias) &>> shift, largest)
      unsafe out[5] = clamp((v.5 &+ bias) &>> shift, largest)
      unsafe out[6] = clamp((v.6 &+ bias) &>> shift, largest)
      unsafe out[7] = clamp((v.7 &+ bias) &>> shift, largest)
    }
  }

  @inline(__always)
  private static func clamp<Sample: FixedWidthInteger & UnsignedInteger>(
    _ value: Int32, _ largest: Int32
  ) -> Sample {
    Sample(truncatingIfNeeded: max(0, min(value, largest)))
  }
}

// The inverse DCT, exact to the bit with the IJG's "islow".
// Source: Loeffler, Ligtenberg and Moschytz, ICASSP 1989; constants of 13 bits.

/// Eight rows of eight coefficients to samples.
enum JPEGInverseDCT {
  /// The samples of a block of 8-bit precision, eight columns (then rows) at a time.
  ///
  /// The products are of 16-bit factors, so that they need one instruction on any x86-64 or ARM; sums
  /// of two coefficients wrap where a stream is hostile.
  @inline(__always)
  static func transform8(
    _ block: inout MutableSpan<Int16>, into output: inout MutableSpan<UInt8>, start: Int,
    stride: Int
  ) {
    precondition(
      block.count == 64 && start >= 0 && stride >= 8 && start + 7 * stride + 8 <= output.count,
      "a block at \(start), stride \(stride), leaves a plane of \(output.count) samples")
    // Loads stay within the 64 coefficients, stores within the rows, both checked above.
    unsafe block.withUnsafeMutableBufferPointer { block in
      unsafe output.withUnsafeMutableBufferPointer { output in
        guard let input = UnsafeRawPointer(block.baseAddress), let base = output.baseAddress else {
          return
        }
        @inline(__always)
        func row(_ index: Int) -> SIMD8<Int16> {
          unsafe input.loadUnaligned(fromByteOffset: 16 &* index, as: SIMD8<Int16>.self)
        }
        var rows = Rows(
          r0: row(0), r1: row(1), r2: row(2), r3: row(3), r4: row(4), r5: row(5), r6: row(6),
          r7: row(7))
        rows.pass(bias: 1 << 10, shift: 11)
        rows.transpose()
        rows.pass(bias: 1 << 17 + 128 << 18, shift: 18)
        rows.transpose()
        let out = unsafe UnsafeMutableRawPointer(base + start)
        @inline(__always)
        func store(_ row: SIMD8<Int16>, _ index: Int) {
          unsafe out.storeBytes(
            of: SIMD8<UInt8>(truncatingIfNeeded: row.clampedToByte), toByteOffset: index &* stride,
            as: SIMD8<UInt8>.self)
        }
        store(rows.r0, 0)
        store(rows.r1, 1)
        store(rows.r2, 2)
        store(rows.r3, 3)
        store(rows.r4, 4)
        store(rows.r5, 5)
        store(rows.r6, 6)
        store(rows.r7, 7)
      }
    }
  }

  /// Eight rows of eight values.
  private struct Rows {
    var r0, r1, r2, r3, r4, r5, r6, r7: SIMD8<Int16>

    /// One pass down the eight rows, scaled by 2¹³ · √8 and shifted down.
    ///
    /// Not inlined: seen together with `transpose`, it would be taken apart into single lanes.
    @inline(never)
    mutating func pass(bias: Int32, shift: Int32) {
      @inline(__always)
      func wide(_ v: SIMD8<Int16>) -> SIMD8<Int32> { SIMD8<Int32>(truncatingIfNeeded: v) }
      @inline(__always)
      func narrow(_ v: SIMD8<Int32>) -> SIMD8<Int16> {
        SIMD8<Int16>(truncatingIfNeeded: v &>> shift)
      }
      // Even part: 0.541196100, 0.765366865, 1.847759065.
      let e2 = wide(r2) &* 4433 &+ wide(r6) &* (4433 - 15137)
      let e3 = wide(r2) &* (4433 + 6270) &+ wide(r6) &* 4433
      let e0 = wide(r0 &+ r4) &<< 13 &+ bias
      let e1 = wide(r0 &- r4) &<< 13 &+ bias
      let a0 = e0 &+ e3
      let a3 = e0 &- e3
      let a1 = e1 &+ e2
      let a2 = e1 &- e2
      // Odd part: 1.175875602, 1.961570560, 0.390180644; 0.298631336, 2.053119869, 3.072711026,
      // 1.501321110; 0.899976223, 2.562915447.
      let s3 = wide(r7 &+ r3)
      let s4 = wide(r5 &+ r1)
      let z3 = s3 &* (9633 - 16069) &+ s4 &* 9633
      let z4 = s3 &* 9633 &+ s4 &* (9633 - 3196)
      let (w1, w3, w5, w7) = (wide(r1), wide(r3), wide(r5), wide(r7))
      let o0 = w7 &* (2446 - 7373) &+ w1 &* -7373 &+ z3
      let o1 = w5 &* (16819 - 20995) &+ w3 &* -20995 &+ z4
      let o2 = w3 &* (25172 - 20995) &+ w5 &* -20995 &+ z3
      let o3 = w1 &* (12299 - 7373) &+ w7 &* -7373 &+ z4
      r0 = narrow(a0 &+ o3)
      r1 = narrow(a1 &+ o2)
      r2 = narrow(a2 &+ o1)
      r3 = narrow(a3 &+ o0)
      r4 = narrow(a3 &- o0)
      r5 = narrow(a2 &- o1)
      r6 = narrow(a1 &- o2)
      r7 = narrow(a0 &- o3)
    }

    @inline(__always)
    private func low(_ a: SIMD8<Int16>, _ b: SIMD8<Int16>) -> SIMD8<Int16> {
      SIMD8(a[0], b[0], a[1], b[1], a[2], b[2], a[3], b[3])
    }

    @inline(__always)
    private func high(_ a: SIMD8<Int16>, _ b: SIMD8<Int16>) -> SIMD8<Int16> {
      SIMD8(a[4], b[4], a[5], b[5], a[6], b[6], a[7], b[7])
    }

    /// Rows become columns: three rounds of interleaving.
    @inline(never)
    mutating func transpose() {
      let (a0, a1, a2, a3) = (low(r0, r4), high(r0, r4), low(r1, r5), high(r1, r5))
      let (a4, a5, a6, a7) = (low(r2, r6), high(r2, r6), low(r3, r7), high(r3, r7))
      let (b0, b1, b2, b3) = (low(a0, a4), high(a0, a4), low(a1, a5), high(a1, a5))
      let (b4, b5, b6, b7) = (low(a2, a6), high(a2, a6), low(a3, a7), high(a3, a7))
      r0 = low(b0, b4)
      r1 = high(b0, b4)
      r2 = low(b1, b5)
      r3 = high(b1, b5)
      r4 = low(b2, b6)
      r5 = high(b2, b6)
      r6 = low(b3, b7)
      r7 = high(b3, b7)
    }
  }

  /// The samples of a block of 12-bit precision, whose sums take 32 bits.
  static func transform12(
    _ block: inout MutableSpan<Int32>, into output: inout MutableSpan<UInt16>, start: Int,
    stride: Int
  ) {
    precondition(
      block.count == 64 && start >= 0 && stride >= 8 && start + 7 * stride + 8 <= output.count,
      "a block at \(start), stride \(stride), leaves a plane of \(output.count) samples")
    // Places within the block are below 64, rows lie within the plane, as checked.
    unsafe block.withUnsafeMutableBufferPointer { block in
      unsafe output.withUnsafeMutableBufferPointer { output in
        guard let b = block.baseAddress, let base = output.baseAddress else { return }
        for c in 0..<8 { unsafe pass(b + c, step: 8, bias: 1 << 11, shift: 12) }
        for r in 0..<8 {
          let row = unsafe b + 8 &* r
          let target = unsafe base + (start &+ r &* stride)
          unsafe pass(row, step: 1, bias: 1 << 16 + 2048 << 17, shift: 17)
          for c in 0..<8 {
            unsafe target[c] = UInt16(truncatingIfNeeded: max(0, min(row[c], 4095)))
          }
        }
      }
    }
  }

  /// One pass over eight values in place.
  @unsafe @inline(__always)
  private static func pass(
    _ b: UnsafeMutablePointer<Int32>, step: Int, bias: Int32, shift: Int32
  ) {
    let (i0, i1) = unsafe (b[0], b[step])
    let (i2, i3) = unsafe (b[2 &* step], b[3 &* step])
    let (i4, i5) = unsafe (b[4 &* step], b[5 &* step])
    let (i6, i7) = unsafe (b[6 &* step], b[7 &* step])
    let e2 = i2 &* 4433 &+ i6 &* (4433 - 15137)
    let e3 = i2 &* (4433 + 6270) &+ i6 &* 4433
    let e0 = (i0 &+ i4) &<< 13 &+ bias
    let e1 = (i0 &- i4) &<< 13 &+ bias
    let (a0, a3, a1, a2) = (e0 &+ e3, e0 &- e3, e1 &+ e2, e1 &- e2)
    let (s3, s4) = (i7 &+ i3, i5 &+ i1)
    let z3 = s3 &* (9633 - 16069) &+ s4 &* 9633
    let z4 = s3 &* 9633 &+ s4 &* (9633 - 3196)
    let o0 = i7 &* (2446 - 7373) &+ i1 &* -7373 &+ z3
    let o1 = i5 &* (16819 - 20995) &+ i3 &* -20995 &+ z4
    let o2 = i3 &* (25172 - 20995) &+ i5 &* -20995 &+ z3
    let o3 = i1 &* (12299 - 7373) &+ i7 &* -7373 &+ z4
    unsafe b[0] = (a0 &+ o3) &>> shift
    unsafe b[step] = (a1 &+ o2) &>> shift
    unsafe b[2 &* step] = (a2 &+ o1) &>> shift
    unsafe b[3 &* step] = (a3 &+ o0) &>> shift
    unsafe b[4 &* step] = (a3 &- o0) &>> shift
    unsafe b[5 &* step] = (a2 &- o1) &>> shift
    unsafe b[6 &* step] = (a1 &- o2) &>> shift
    unsafe b[7 &* step] = (a0 &- o3) &>> shift
  }

  /// The sample of a block that has only a first coefficient.
  @inline(__always)
  static func flat<Sample: JPEGSample>(_ coefficient: Int32, precision: Int) -> Sample {
    let center = Int32(1) &<< Int32(precision &- 1)
    let largest = (Int32(1) &<< Int32(precision)) &- 1
    let value = ((coefficient &+ 4) &>> 3) &+ center
    return Sample(truncatingIfNeeded: max(0, min(value, largest)))
  }
}

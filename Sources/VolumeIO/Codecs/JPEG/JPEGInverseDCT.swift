// The inverse DCT, exact to the bit with the IJG's "islow".
// Source: Loeffler, Ligtenberg and Moschytz, ICASSP 1989; constants of 13 bits.

/// Eight rows of eight coefficients to samples.
enum JPEGInverseDCT {
  /// What a block takes: 64 coefficients, and room for the work on them.
  static let blockSize = 64 + 64

  /// The samples of a block of 8-bit precision.
  ///
  /// - Parameters:
  ///   - block: `blockSize` numbers, the first 64 the coefficients in rows.
  ///   - places: The places (`8 · row + column`) of the coefficients that may differ from 0, joined
  ///     by OR.
  ///   - output: The plane.
  ///   - start: The block's first sample.
  ///   - stride: From row to row.
  @inline(__always)
  static func transform8(
    _ block: inout MutableSpan<Int16>, places: Int, into output: inout MutableSpan<UInt8>,
    start: Int, stride: Int
  ) {
    precondition(
      block.count == blockSize && start >= 0 && stride >= 8
        && start + 7 * stride + 8 <= output.count,
      "a block at \(start), stride \(stride), leaves a plane of \(output.count) samples")
    // Work stays within the block, stores within the rows, both checked above.
    unsafe block.withUnsafeMutableBufferPointer { block in
      unsafe output.withUnsafeMutableBufferPointer { output in
        guard let block = block.baseAddress, let base = output.baseAddress else { return }
        let work = unsafe block + 64
        if places & 0b100100 == 0 {
          unsafe columnsOfQuarter(block)
          unsafe transpose(work, block)
          unsafe rowsOfQuarter(block)
        } else {
          unsafe columns(block)
          unsafe transpose(work, block)
          unsafe rows(block)
        }
        unsafe store(work, base + start, stride)
      }
    }
  }

  /// The first pass, down the columns of 64 numbers into the 64 behind them.
  @unsafe @inline(never)
  private static func columns(_ block: UnsafeMutablePointer<Int16>) {
    for c in 0..<8 {
      var v = JPEGButterfly(bias: 1 << 10)
      unsafe v.add(block[c], block[c &+ 8], block[c &+ 16], block[c &+ 24])
      unsafe v.add(fifth: block[c &+ 32], block[c &+ 40], block[c &+ 48], block[c &+ 56])
      unsafe v.store(block + 64 + c, shift: 11)
    }
  }

  /// The first pass where only the first four rows count.
  @unsafe @inline(never)
  private static func columnsOfQuarter(_ block: UnsafeMutablePointer<Int16>) {
    for c in 0..<8 {
      var v = JPEGButterfly(bias: 1 << 10)
      unsafe v.add(block[c], block[c &+ 8], block[c &+ 16], block[c &+ 24])
      unsafe v.store(block + 64 + c, shift: 11)
    }
  }

  /// The second pass, along the rows of 64 transposed numbers, into the 64 behind them.
  @unsafe @inline(never)
  private static func rows(_ block: UnsafeMutablePointer<Int16>) {
    for c in 0..<8 {
      var v = JPEGButterfly(bias: 1 << 17 + 128 << 18)
      unsafe v.add(block[c], block[c &+ 8], block[c &+ 16], block[c &+ 24])
      unsafe v.add(fifth: block[c &+ 32], block[c &+ 40], block[c &+ 48], block[c &+ 56])
      unsafe v.store(block + 64 + c, shift: 18)
    }
  }

  /// The second pass where only the first four columns count.
  @unsafe @inline(never)
  private static func rowsOfQuarter(_ block: UnsafeMutablePointer<Int16>) {
    for c in 0..<8 {
      var v = JPEGButterfly(bias: 1 << 17 + 128 << 18)
      unsafe v.add(block[c], block[c &+ 8], block[c &+ 16], block[c &+ 24])
      unsafe v.store(block + 64 + c, shift: 18)
    }
  }

  /// Makes the rows of 64 numbers the columns of `other`.
  ///
  /// An index has three bits of row and three of column. Dealing out both halves by turns moves the
  /// first bit to the end; three times that makes a column of a row.
  @unsafe @inline(never)
  private static func transpose(
    _ block: UnsafeMutablePointer<Int16>, _ other: UnsafeMutablePointer<Int16>
  ) {
    unsafe deal(block, other)
    unsafe deal(other, block)
    unsafe deal(block, other)
  }

  @unsafe @inline(never)
  private static func deal<Number>(
    _ source: UnsafeMutablePointer<Number>, _ target: UnsafeMutablePointer<Number>
  ) {
    for index in 0..<32 {
      unsafe target[2 &* index] = source[index]
      unsafe target[2 &* index &+ 1] = source[index &+ 32]
    }
  }

  /// 64 numbers, their columns, clamped to bytes, to rows of a plane.
  @unsafe @inline(never)
  private static func store(
    _ block: UnsafeMutablePointer<Int16>, _ target: UnsafeMutablePointer<UInt8>, _ stride: Int
  ) {
    let first = unsafe UnsafeMutableRawPointer(block - 64).assumingMemoryBound(to: UInt8.self)
    let second = unsafe first + 64
    unsafe narrow(block, first)
    unsafe deal(first, second)
    unsafe deal(second, first)
    unsafe deal(first, second)
    let bytes = UnsafeRawPointer(second)
    let output = UnsafeMutableRawPointer(target)
    for row in 0..<8 {
      unsafe output.storeBytes(
        of: bytes.loadUnaligned(fromByteOffset: 8 &* row, as: UInt64.self),
        toByteOffset: row &* stride, as: UInt64.self)
    }
  }

  @unsafe @inline(never)
  private static func narrow(
    _ source: UnsafeMutablePointer<Int16>, _ target: UnsafeMutablePointer<UInt8>
  ) {
    for index in 0..<64 {
      unsafe target[index] = UInt8(truncatingIfNeeded: max(0, min(source[index], 255)))
    }
  }

  /// The samples of a block of 12-bit precision, whose sums take 32 bits.
  static func transform12(
    _ block: inout MutableSpan<Int32>, into output: inout MutableSpan<UInt16>, start: Int,
    stride: Int
  ) {
    precondition(
      block.count == blockSize && start >= 0 && stride >= 8
        && start + 7 * stride + 8 <= output.count,
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

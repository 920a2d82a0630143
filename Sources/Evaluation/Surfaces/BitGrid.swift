// A mask as bits, 64 voxels of a row in a word: boundaries come out of a few word operations.

/// Bits on a grid of three axes, rows along the last.
///
/// Each row has one empty word before and one after its voxels, so that the neighbours of every
/// voxel, up to 32 away along the row, can be read without asking for the row's ends.
struct BitGrid {
  let n0: Int
  let n1: Int
  let n2: Int
  /// Words a row, the two empty ones included.
  let stride: Int
  private(set) var words: [UInt64]

  init(_ n0: Int, _ n1: Int, _ n2: Int) {
    (self.n0, self.n1, self.n2) = (n0, n1, n2)
    stride = (n2 + 63) / 64 + 2
    words = [UInt64](repeating: 0, count: n0 * n1 * stride)
  }

  /// The voxels inside a box.
  init(_ voxels: [UInt8], _ g: Grid, _ box: VoxelBox) {
    self.init(
      box.high.0 - box.low.0, box.high.1 - box.low.1, box.high.2 - box.low.2)
    let (n1, n2, stride) = (n1, n2, stride)
    unsafe voxels.withUnsafeBytes { bytes in
      unsafe words.withUnsafeMutableBufferPointer { out in
        for row in 0..<(n0 * n1) {
          let base = ((box.low.0 + row / n1) * g.d1 + box.low.1 + row % n1) * g.d2 + box.low.2
          let to = row * stride + 1
          var k = 0
          while k + 8 <= n2 {
            let eight = UInt64(
              littleEndian: unsafe bytes.loadUnaligned(
                fromByteOffset: base + k, as: UInt64.self))
            if eight != 0 {
              // Byte i, 0 or 1, becomes bit i of the product's highest byte.
              let bits = (eight &* 0x0102_0408_1020_4080) >> 56
              unsafe out[to + k >> 6] |= bits << UInt64(k & 63)
            }
            k += 8
          }
          while k < n2 {
            unsafe out[to + k >> 6] |= UInt64(bytes[base + k]) << UInt64(k & 63)
            k += 1
          }
        }
      }
    }
  }

  /// The number of set bits.
  var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

  /// Calls `body` with the place of every set bit, in C order.
  @inline(__always)
  func forEachBit(_ body: (_ i: Int, _ j: Int, _ k: Int) -> Void) {
    unsafe words.withUnsafeBufferPointer { w in
      for i in 0..<n0 {
        for j in 0..<n1 {
          let base = (i * n1 + j) * stride + 1
          for at in 0..<(stride - 2) {
            var bits = unsafe w[base + at]
            while bits != 0 {
              body(i, j, at << 6 + bits.trailingZeroBitCount)
              bits &= bits - 1
            }
          }
        }
      }
    }
  }

  /// The set bits as points.
  func points() -> LatticePoints {
    var points = LatticePoints()
    forEachBit { points.append($0, $1, $2) }
    return points
  }

  /// Set bits with a face neighbour that is not set; beyond the grid nothing is.
  func faceBoundary(isFlat: Bool) -> BitGrid {
    var out = BitGrid(n0, n1, n2)
    let (n0, n1, stride) = (n0, n1, stride)
    unsafe words.withUnsafeBufferPointer { w in
      unsafe out.words.withUnsafeMutableBufferPointer { out in
        for i in 0..<n0 {
          for j in 0..<n1 {
            let base = (i * n1 + j) * stride
            let open = j == 0 || j + 1 == n1 || (!isFlat && (i == 0 || i + 1 == n0))
            for at in (base + 1)..<(base + stride - 1) {
              let here = unsafe w[at]
              if here == 0 { continue }
              var inner: UInt64 = 0
              if !open {
                inner = unsafe here << 1 | w[at - 1] >> 63
                unsafe inner &= here >> 1 | w[at + 1] << 63
                unsafe inner &= w[at - stride] & w[at + stride]
                if !isFlat { unsafe inner &= w[at - n1 * stride] & w[at + n1 * stride] }
              }
              unsafe out[at] = here & ~inner
            }
          }
        }
      }
    }
    return out
  }

  /// Corners between voxels whose neighbourhoods (eight voxels, four when flat) are neither all
  /// inside nor all outside, and the code of each in C order.
  ///
  /// Corner `(i, j, k)` lies before voxel `(i, j, k)` on every axis; its neighbour
  /// `(i − 1 + a, j − 1 + b, k − 1 + c)` has bit 7 − (4a + 2b + c) of the code, 3 − (2b + c) when
  /// flat.
  func corners(isFlat: Bool) -> (places: BitGrid, codes: [UInt8]) {
    var places = BitGrid(isFlat ? 1 : n0 + 1, n1 + 1, n2 + 1)
    var codes: [UInt8] = []
    let empty = [UInt64](repeating: 0, count: places.stride + 1)
    unsafe words.withUnsafeBufferPointer { w in
      unsafe empty.withUnsafeBufferPointer { none in
        // A row's words, or those of the empty row beyond the grid.
        func row(_ i: Int, _ j: Int) -> UnsafePointer<UInt64>? {
          let inside = i >= 0 && i < n0 && j >= 0 && j < n1
          return unsafe inside
            ? w.baseAddress.map { unsafe $0 + (i * n1 + j) * stride } : none.baseAddress
        }
        unsafe places.words.withUnsafeMutableBufferPointer { out in
          for i in 0..<places.n0 {
            for j in 0...n1 {
              guard let r0 = unsafe row(isFlat ? i : i - 1, j - 1),
                let r1 = unsafe row(isFlat ? i : i - 1, j), let r2 = unsafe row(i, j - 1),
                let r3 = unsafe row(i, j)
              else { continue }
              let base = (i * (n1 + 1) + j) * places.stride
              for at in 1..<(places.stride - 1) {
                // The last word of corners can lie beyond the voxels' words, on the empty one.
                let (a, b, c, d) = unsafe (r0[at], r1[at], r2[at], r3[at])
                let (e, f, g, h) = unsafe (r0[at - 1], r1[at - 1], r2[at - 1], r3[at - 1])
                let any = a | b | c | d
                let all = a & b & c & d
                let before = any << 1 | (e | f | g | h) >> 63
                let allBefore = all << 1 | (e & f & g & h) >> 63
                var bits = (any | before) & ~(all & allBefore)
                unsafe out[base + at] = bits
                while bits != 0 {
                  let shift = UInt64(bits.trailingZeroBitCount)
                  bits &= bits - 1
                  @inline(__always)
                  func two(_ x: UInt64, _ y: UInt64) -> UInt64 {
                    // The voxel before the corner is the high bit.
                    let early = shift == 0 ? y >> 63 : x >> (shift - 1) & 1
                    return early << 1 | x >> shift & 1
                  }
                  let upper = two(a, e) << 2 | two(b, f)
                  let lower = two(c, g) << 2 | two(d, h)
                  codes.append(UInt8(truncatingIfNeeded: isFlat ? lower : upper << 4 | lower))
                }
              }
            }
          }
        }
      }
    }
    return (places, codes)
  }
}

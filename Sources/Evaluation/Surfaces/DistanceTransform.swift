// The exact Euclidean distance transform, axis by axis.
// Source: Felzenszwalb & Huttenlocher 2012 (lower envelopes of parabolas); Meijster 2000.

/// Distances of every voxel to the nearest inside voxel of a mask.
public enum DistanceTransform {
  /// The exact Euclidean distance in millimetres; 0 inside, infinite for an empty mask.
  ///
  /// - Complexity: O(voxels), in `Double`.
  public static func distances(to mask: Mask) -> [Double] {
    var squares: [Double] = squared(mask)
    for i in squares.indices { squares[i] = squares[i].squareRoot() }
    return squares
  }

  /// The same in single precision: half the memory, twice the speed.
  public static func singlePrecisionDistances(to mask: Mask) -> [Float] {
    var squares: [Float] = squared(mask)
    unsafe squares.withUnsafeMutableBufferPointer { s in
      for i in 0..<s.count { unsafe s[i] = s[i].squareRoot() }
    }
    return squares
  }

  static func squared(_ mask: Mask) -> [Double] { transform(mask, Double.self) }
  static func squared(_ mask: Mask) -> [Float] { transform(mask, Float.self) }

  @inline(__always)
  private static func transform<T: BinaryFloatingPoint & SIMDScalar>(
    _ mask: Mask, _: T.Type
  ) -> [T] {
    let g = mask.grid
    var field = unsafe LargeArray.make(g.count, of: T.infinity) { _ in }
    rows(mask.voxels, g, T(g.s2), &field)
    if g.d1 > 1 {
      columns(
        &field, extent: g.d1, stride: g.d2, outer: g.d0, outerStride: g.d1 * g.d2,
        inner: g.d2, weight: T(g.s1 * g.s1))
    }
    if g.d0 > 1 {
      columns(
        &field, extent: g.d0, stride: g.d1 * g.d2, outer: 1, outerStride: 0,
        inner: g.d1 * g.d2, weight: T(g.s0 * g.s0))
    }
    return field
  }

  /// Squared distances along the contiguous axis.
  @inline(__always)
  private static func rows<T: BinaryFloatingPoint>(
    _ voxels: [UInt8], _ g: Grid, _ spacing: T, _ field: inout [T]
  ) {
    let n = g.d2
    unsafe voxels.withUnsafeBufferPointer { v in
      unsafe field.withUnsafeMutableBufferPointer { f in
        for row in 0..<(g.d0 * g.d1) {
          let base = row * n
          var last = -1
          for k in 0..<n where unsafe v[base + k] != 0 {
            // Voxels between two inside ones take the nearer.
            if last < 0 {
              for j in 0..<k {
                let d = T(k - j) * spacing
                unsafe f[base + j] = d * d
              }
            } else if k - last > 1 {
              for j in (last + 1)..<k {
                let d = T(min(j - last, k - j)) * spacing
                unsafe f[base + j] = d * d
              }
            }
            unsafe f[base + k] = 0
            last = k
          }
          if last >= 0, last + 1 < n {
            for j in (last + 1)..<n {
              let d = T(j - last) * spacing
              unsafe f[base + j] = d * d
            }
          }
        }
      }
    }
  }

  /// Lower envelopes along a strided axis, sixteen columns at a time.
  @inline(__always)
  static func columns<T: BinaryFloatingPoint & SIMDScalar>(
    _ field: inout [T], extent n: Int, stride: Int, outer: Int, outerStride: Int, inner: Int,
    weight: T
  ) {
    let tile = 16
    var buffer = [T](repeating: 0, count: n * tile)
    var places = [Int32](repeating: 0, count: n + 1)
    var borders = [T](repeating: 0, count: n + 1)
    var heights = [T](repeating: 0, count: n + 1)
    // 1 / (2 w (q − p)) by difference, so that no step divides.
    let reciprocals = (0...n).map { $0 == 0 ? 0 : 1 / (2 * weight * T($0)) }
    let squares = (0...n).map { weight * T($0) * T($0) }
    unsafe field.withUnsafeMutableBufferPointer { f in
      unsafe buffer.withUnsafeMutableBufferPointer { b in
        unsafe places.withUnsafeMutableBufferPointer { v in
          unsafe borders.withUnsafeMutableBufferPointer { z in
            unsafe heights.withUnsafeMutableBufferPointer { h in
              unsafe reciprocals.withUnsafeBufferPointer { r in
                unsafe squares.withUnsafeBufferPointer { sq in
                  for o in 0..<outer {
                    var start = 0
                    while start < inner {
                      let width = min(tile, inner - start)
                      let base = o * outerStride + start
                      for i in 0..<n {
                        let from = base + i * stride
                        for c in 0..<width { unsafe b[c * n + i] = f[from + c] }
                      }
                      for c in 0..<width {
                        let column = c * n
                        var top = -1
                        for q in 0..<n {
                          let value = unsafe b[column + q]
                          if value == .infinity { continue }
                          let height = value + (unsafe sq[q])
                          var border = -T.infinity
                          while top >= 0 {
                            let p = Int(unsafe v[top])
                            border = unsafe (height - h[top]) * r[q - p]
                            if border > (unsafe z[top]) { break }
                            top -= 1
                          }
                          if top < 0 { border = -.infinity }
                          top += 1
                          unsafe v[top] = Int32(truncatingIfNeeded: q)
                          unsafe z[top] = border
                          unsafe h[top] = height
                        }
                        if top < 0 { continue }
                        // Read the envelope back; heights keep f(p) + w p².
                        var k = 0
                        for q in 0..<n {
                          let x = T(q)
                          while k < top, unsafe z[k + 1] < x { k += 1 }
                          let p = Int(unsafe v[k])
                          let d = q > p ? q - p : p - q
                          unsafe b[column + q] = unsafe sq[d] + (h[k] - sq[p])
                        }
                      }
                      for i in 0..<n {
                        let to = base + i * stride
                        for c in 0..<width { unsafe f[to + c] = b[c * n + i] }
                      }
                      start += width
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}

extension Mask {
  /// Boundary IoU as Metrics Reloaded computes it: inside voxels less than `voxels` (in voxels,
  /// Euclidean) from a boundary voxel. Differs from Cheng's erosions beyond one voxel.
  public func boundaryIoU(
    with reference: Mask, withinVoxels voxels: Double
  ) throws(EvaluationError) -> Score {
    try requireSameGrid(reference)
    func band(_ mask: Mask) -> [UInt8] {
      let ones = [Double](repeating: 1, count: mask.shape.count)
      let edge = Mask(unchecked: mask.faceBoundary().voxels, shape: mask.shape, spacing: ones)
      let distances: [Double] = DistanceTransform.squared(edge)
      return zip(mask.voxels, distances).map { $0 != 0 && $1 < voxels * voxels ? 1 : 0 }
    }
    let c = MaskScan.counts(band(self), band(reference))
    return Score(
      "boundary IoU (distance)",
      isEmpty && reference.isEmpty
        ? .undefined(.bothEmpty) : .ratio(c.both, c.first + c.second - c.both), count: 1,
      signature: "boundary IoU|Metrics Reloaded|voxels:\(voxels)|v:\(Definitions.version)")
  }
}

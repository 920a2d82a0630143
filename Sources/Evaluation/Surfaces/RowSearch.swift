// Exact nearest distances between sets of grid points, by rows of bits.
//
// Around a query, the rows of the other set are visited in ascending distance; the nearest set
// bit of a row is found in one word. That ends after as many rows as the distance is wide, so
// points near the other surface, nearly all of them, cost tens of nanoseconds. Points that are
// far away are answered by an exact distance transform of the few columns around them, which
// bounds the cost by the size of the grid.

/// Squared Euclidean distances from points to the nearest set bit of a grid.
struct RowSearch {
  /// A row near a query's row.
  private struct Offset {
    let rows: Int32
    let planes: Int32
    /// Words between the two rows.
    let delta: Int
    /// The squared distance of the rows.
    let squared: Double
  }

  private let target: BitGrid
  private let spacing: (Double, Double, Double)
  /// Squared distances along a row.
  private let along: [Double]

  /// - Parameter target: The points that are searched; a query without any is infinitely far.
  init(_ target: BitGrid, spacing: (Double, Double, Double)) {
    self.target = target
    self.spacing = spacing
    along = (0...max(target.n2, 64)).map {
      let z = Double($0) * spacing.2
      return z * z
    }
  }

  /// The squared distance of every set bit of `queries`, in C order.
  ///
  /// - Precondition: Both grids have the same extents.
  /// - Complexity: O(queries + voxels), with a constant that grows with the distances.
  func distances(of queries: BitGrid) -> [Double] {
    let t = target
    precondition(
      queries.n0 == t.n0 && queries.n1 == t.n1 && queries.n2 == t.n2,
      "\((queries.n0, queries.n1, queries.n2)) queries, \((t.n0, t.n1, t.n2)) targets")
    let count = queries.count
    var out = [Double](repeating: .infinity, count: count)
    guard count > 0, t.words.contains(where: { $0 != 0 }) else { return out }
    // The transform of a voxel costs about as much as sixteen rows: few queries may visit many.
    let budget = 16 * t.n0 * t.n1 * t.n2
    var rows = min(2048, max(128, budget / count))
    var (offsets, limit) = offsets(rows)
    var far: [Query] = []
    var slot = 0
    queries.forEachBit { i, j, k in
      let best = nearest(i, j, k, offsets.span)
      if best > limit {
        far.append(Query(i: i, j: j, k: k, slot: slot))
      } else {
        out[slot] = best
      }
      slot += 1
    }
    for _ in 0..<2 where !far.isEmpty && limit < .infinity {
      guard budget / far.count >= 4 * rows else { break }
      rows = min(1 << 16, budget / far.count)
      (offsets, limit) = self.offsets(rows)
      far.removeAll { query in
        let best = nearest(query.i, query.j, query.k, offsets.span)
        if best <= limit { out[query.slot] = best }
        return best <= limit
      }
    }
    transform(&far, &out)
    return out
  }

  /// The smallest squared distance of a voxel to a set bit in the given rows around it.
  @inline(__always)
  private func nearest(_ i: Int, _ j: Int, _ k: Int, _ offsets: Span<Offset>) -> Double {
    let t = target
    let (n0, n1, stride) = (UInt(t.n0), UInt(t.n1), t.stride)
    // Bit 32 of a row's window is voxel k.
    let bit = k + 32
    let first = (i * t.n1 + j) * stride + bit >> 6
    let shift = UInt64(bit & 63)
    // Beyond its window, a row's nearest bit is at least 32 away.
    let beyond = along[32]
    return unsafe t.words.withUnsafeBufferPointer { w in
      unsafe along.withUnsafeBufferPointer { along in
        var best = Double.infinity
        for o in 0..<offsets.count {
          let offset = unsafe offsets[unchecked: o]
          if offset.squared >= best { break }
          guard UInt(bitPattern: i + Int(offset.planes)) < n0,
            UInt(bitPattern: j + Int(offset.rows)) < n1
          else { continue }
          let at = first + offset.delta
          let window = unsafe w[at] &>> shift | (w[at + 1] << 1) &<< (63 - shift)
          if window == 0 {
            guard best > offset.squared + beyond else { continue }
            let d = unsafe Self.farther(w, k, at - bit >> 6, stride)
            if d < along.count { best = unsafe min(best, offset.squared + along[d]) }
            continue
          }
          // Left of and at k: bits 0…32; at k and right of it: bits 32…63.
          let left = (window << 31).leadingZeroBitCount
          let right = (window >> 32).trailingZeroBitCount
          let squared = unsafe offset.squared + along[min(left, right)]
          if squared < best { best = squared }
        }
        return best
      }
    }
  }

  /// The distance along a row to the nearest set bit more than 31 voxels away.
  @inline(never)
  private static func farther(
    _ w: UnsafeBufferPointer<UInt64>, _ k: Int, _ row: Int, _ stride: Int
  ) -> Int {
    var nearest = Int.max
    let word = k >> 6 + 1
    for step in 0..<stride {
      // Words are looked at in pairs around that of k; a pair beyond the nearest bit ends it.
      if nearest != .max, (step - 1) * 64 > nearest { break }
      if step == 0 {
        let bits = unsafe w[row + word]
        let right = bits >> UInt64(k & 63)
        let left = bits << UInt64(63 - (k & 63))
        if right != 0 { nearest = right.trailingZeroBitCount }
        if left != 0 { nearest = min(nearest, left.leadingZeroBitCount) }
        continue
      }
      if word > step {
        let bits = unsafe w[row + word - step]
        let last = (word - step) << 6 - 1
        if bits != 0 { nearest = min(nearest, k - last + bits.leadingZeroBitCount) }
      }
      if word + step < stride - 1 {
        let bits = unsafe w[row + word + step]
        let first = (word + step - 1) << 6
        if bits != 0 { nearest = min(nearest, first + bits.trailingZeroBitCount - k) }
      }
    }
    return nearest
  }

  /// The nearest `count` rows in ascending distance, and a bound for all others.
  private func offsets(_ count: Int) -> ([Offset], Double) {
    let t = target
    // Reaches that hold at least `count` rows: grown together in millimetres.
    var (r0, r1) = (0, 0)
    while (2 * r0 + 1) * (2 * r1 + 1) < 2 * count, r0 < t.n0 - 1 || r1 < t.n1 - 1 {
      let growsRows =
        r1 < t.n1 - 1
        && (r0 >= t.n0 - 1 || Double(r1 + 1) * spacing.1 <= Double(r0 + 1) * spacing.0)
      if growsRows { r1 += 1 } else { r0 += 1 }
    }
    var all: [Offset] = []
    for a in -r0...r0 {
      for b in -r1...r1 {
        let x = Double(abs(a)) * spacing.0
        let y = Double(abs(b)) * spacing.1
        all.append(
          Offset(
            rows: Int32(b), planes: Int32(a), delta: (a * t.n1 + b) * t.stride,
            squared: x * x + y * y))
      }
    }
    all.sort { $0.squared < $1.squared }
    // Rows outside the rectangle are at least this far.
    let outside = (
      r0 < t.n0 - 1 ? Double(r0 + 1) * spacing.0 : .infinity,
      r1 < t.n1 - 1 ? Double(r1 + 1) * spacing.1 : .infinity
    )
    var limit = min(outside.0 * outside.0, outside.1 * outside.1)
    if all.count > count {
      limit = min(limit, all[count].squared)
      all.removeLast(all.count - count)
    }
    return (all, limit)
  }

  /// A query that the rows did not settle.
  private struct Query {
    let i: Int
    let j: Int
    let k: Int
    let slot: Int
  }

  private static let tile = 16

  /// Settles queries by exact distance transforms of sixteen voxels of every row at a time.
  private func transform(_ far: inout [Query], _ out: inout [Double]) {
    guard !far.isEmpty else { return }
    far.sort { ($0.k / Self.tile, $0.slot) < ($1.k / Self.tile, $1.slot) }
    let t = target
    let square = (spacing.0 * spacing.0, spacing.1 * spacing.1)
    var field: [Double] = []
    var start = 0
    while start < far.count {
      let first = far[start].k / Self.tile * Self.tile
      let width = min(Self.tile, t.n2 - first)
      field.removeAll(keepingCapacity: true)
      field.reserveCapacity(t.n0 * t.n1 * width)
      appendRows(first, width, to: &field)
      if t.n1 > 1 {
        DistanceTransform.columns(
          &field, extent: t.n1, stride: width, outer: t.n0, outerStride: t.n1 * width,
          inner: width, weight: square.1)
      }
      if t.n0 > 1 {
        DistanceTransform.columns(
          &field, extent: t.n0, stride: t.n1 * width, outer: 1, outerStride: 0,
          inner: t.n1 * width, weight: square.0)
      }
      while start < far.count, far[start].k < first + width {
        let q = far[start]
        out[q.slot] = field[(q.i * t.n1 + q.j) * width + q.k - first]
        start += 1
      }
    }
  }

  /// Squared distances along the rows for `width` voxels of each, from `first` on.
  private func appendRows(_ first: Int, _ width: Int, to field: inout [Double]) {
    let t = target
    var steps = [Int](repeating: 0, count: width)
    unsafe t.words.withUnsafeBufferPointer { w in
      for row in 0..<(t.n0 * t.n1) {
        let base = row * t.stride
        for k in [first, first + width - 1] {
          steps[k - first] = unsafe Self.farther(w, k, base, t.stride)
        }
        guard steps[0] != .max else {
          field.append(contentsOf: repeatElement(.infinity, count: width))
          continue
        }
        for c in stride(from: 1, to: width - 1, by: 1) {
          let k = first + c
          let isSet = unsafe w[base + 1 + k >> 6] >> UInt64(k & 63) & 1 != 0
          steps[c] = isSet ? 0 : steps[c - 1] + 1
        }
        for c in stride(from: width - 2, to: 0, by: -1) {
          steps[c] = min(steps[c], steps[c + 1] + 1)
        }
        for c in 0..<width { field.append(along[steps[c]]) }
      }
    }
  }
}

// Connected components by runs and union–find: memory bound, not voxel by voxel.
// Source: He, Chao & Suzuki 2008 (run-based two-scan labelling).

/// Which neighbours connect, in three dimensions (4 and 8 in two).
public enum Connectivity: Int, Hashable, Sendable, Codable, CaseIterable {
  /// Faces (2-D: edges).
  case faces = 6
  /// Faces and edges (2-D: 8-connected).
  case edges = 18
  /// Faces, edges and corners (2-D: 8-connected).
  case corners = 26
}

/// The connected components of a mask: a label a voxel, 0 outside, 1… in order of first voxel.
public struct Components: Hashable, Sendable {
  public let labels: [Int32]
  /// Voxels of each component, component 1 first.
  public let sizes: [Int]
  public let shape: [Int]
  public let spacing: [Double]

  /// The number of components.
  public var count: Int { sizes.count }

  struct Run {
    var start: Int32
    var end: Int32  // half open
    var label: Int32
  }

  /// Labels the components of a mask.
  ///
  /// - Complexity: O(voxels) with a small constant: empty stretches are skipped eight voxels at
  ///   a time.
  public init(_ mask: Mask, connectivity: Connectivity = .corners) {
    let g = mask.grid
    shape = mask.shape
    spacing = mask.spacing
    let (runs, offsets) = Self.runs(mask.voxels, g)
    var parent = (0..<Int32(truncatingIfNeeded: runs.count)).map { $0 }
    unsafe runs.withUnsafeBufferPointer { r in
      unsafe parent.withUnsafeMutableBufferPointer { p in
        unsafe Self.join(r, offsets, p, g, connectivity)
      }
    }
    // Roots are the smallest run of each component, so labels follow first voxels.
    var number = [Int32](repeating: 0, count: runs.count)
    var sizes: [Int] = []
    for i in runs.indices {
      var root = i
      while Int(parent[root]) != root { root = Int(parent[root]) }
      parent[i] = Int32(root)
      if root == i {
        sizes.append(0)
        number[i] = Int32(sizes.count)
      } else {
        number[i] = number[root]
      }
      sizes[Int(number[i]) - 1] += Int(runs[i].end - runs[i].start)
    }
    self.sizes = sizes
    labels = unsafe LargeArray.make(mask.voxels.count, of: Int32(0)) { out in
      for row in 0..<(g.d0 * g.d1) {
        let base = row * g.d2
        for i in Int(offsets[row])..<Int(offsets[row + 1]) {
          let (start, end) = (base + Int(runs[i].start), base + Int(runs[i].end))
          unsafe out[start..<end].update(repeating: number[i])
        }
      }
    }
  }

  /// Runs of inside voxels of each row, and where each row's runs begin.
  static func runs(_ voxels: [UInt8], _ g: Grid) -> (runs: [Run], offsets: [Int32]) {
    var runs: [Run] = []
    var offsets = [Int32](repeating: 0, count: g.d0 * g.d1 + 1)
    unsafe voxels.withUnsafeBytes { bytes in
      for row in 0..<(g.d0 * g.d1) {
        let base = row * g.d2
        var k = 0
        while k < g.d2 {
          // Skip zeros, eight at a time.
          while k + 8 <= g.d2 {
            let w = UInt64(
              littleEndian: unsafe bytes.loadUnaligned(
                fromByteOffset: base + k, as: UInt64.self))
            if w != 0 {
              k += w.trailingZeroBitCount / 8
              break
            }
            k += 8
          }
          while k < g.d2, unsafe bytes[base + k] == 0 { k += 1 }
          if k >= g.d2 { break }
          let start = k
          while k + 8 <= g.d2 {
            let w = UInt64(
              littleEndian: unsafe bytes.loadUnaligned(
                fromByteOffset: base + k, as: UInt64.self))
            let zeros = ~w & 0x0101_0101_0101_0101
            if zeros != 0 {
              k += zeros.trailingZeroBitCount / 8
              break
            }
            k += 8
          }
          while k < g.d2, unsafe bytes[base + k] != 0 { k += 1 }
          runs.append(Run(start: Int32(start), end: Int32(k), label: 0))
        }
        offsets[row + 1] = Int32(truncatingIfNeeded: runs.count)
      }
    }
    return (runs, offsets)
  }

  @inline(__always)
  private static func find(_ p: UnsafeMutableBufferPointer<Int32>, _ i: Int32) -> Int32 {
    var x = i
    while true {
      let up = unsafe p[Int(x)]
      if up == x { return x }
      let upper = unsafe p[Int(up)]
      unsafe p[Int(x)] = upper
      x = upper
    }
  }

  private static func join(
    _ runs: UnsafeBufferPointer<Run>, _ offsets: [Int32],
    _ parent: UnsafeMutableBufferPointer<Int32>, _ g: Grid, _ connectivity: Connectivity
  ) {
    // Earlier rows that can touch, with how far along the row a neighbour may be.
    var neighbours: [(plane: Int, row: Int, reach: Int32)] = []
    let (edge, corner): (Int32?, Int32?) =
      switch connectivity {
      case .faces: (nil, nil)
      case .edges: (1, 0)
      case .corners: (1, 1)
      }
    // Within a plane; in two dimensions 18 and 26 both mean 8-connected.
    neighbours.append((0, -1, edge ?? 0))
    if !g.isFlat {
      neighbours.append((-1, 0, edge ?? 0))
      if let corner {
        neighbours.append((-1, -1, corner))
        neighbours.append((-1, 1, corner))
      }
    }
    for i in 0..<g.d0 {
      for j in 0..<g.d1 {
        let row = i * g.d1 + j
        let (first, last) = (Int(offsets[row]), Int(offsets[row + 1]))
        if first == last { continue }
        for n in neighbours {
          let (a, b) = (i + n.plane, j + n.row)
          if a < 0 || b < 0 || b >= g.d1 { continue }
          let other = a * g.d1 + b
          var q = Int(offsets[other])
          let end = Int(offsets[other + 1])
          if q == end { continue }
          var p = first
          while p < last && q < end {
            let x = unsafe runs[p]
            let y = unsafe runs[q]
            if y.end + n.reach <= x.start {
              q += 1
            } else if x.end + n.reach <= y.start {
              p += 1
            } else {
              let s = unsafe find(parent, Int32(truncatingIfNeeded: p))
              let t = unsafe find(parent, Int32(truncatingIfNeeded: q))
              if s < t {
                unsafe parent[Int(t)] = s
              } else if t < s {
                unsafe parent[Int(s)] = t
              }
              if x.end < y.end { p += 1 } else { q += 1 }
            }
          }
        }
      }
    }
  }

  /// The mask of one component.
  ///
  /// - Precondition: `1 ≤ component ≤ count`.
  public func mask(_ component: Int) -> Mask {
    precondition(component >= 1 && component <= count, "component \(component) of \(count)")
    let label = Int32(component)
    return Mask(
      unchecked: labels.map { $0 == label ? 1 : 0 }, shape: shape, spacing: spacing)
  }

  /// The mask of the components with at least `millilitres`.
  public func keeping(atLeast millilitres: Double) -> Mask {
    let unit = spacing.reduce(1, *) / 1000
    let keep = [false] + sizes.map { Double($0) * unit >= millilitres }
    return Mask(
      unchecked: labels.map { keep[Int($0)] ? 1 : 0 }, shape: shape, spacing: spacing)
  }
}

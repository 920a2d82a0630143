/// The Hounsfield units of one head as the readers see them: x to the patient's left, rows to the
/// back, slices upwards; first axis fastest.
public struct HeadVolume: Sendable {
  public var columns: Int
  public var rows: Int
  public var slices: Int
  /// Millimetres between pixel centres of a slice, and between slices.
  public var spacing: SIMD3<Double>
  public var hounsfield: [Int16]

  public init(
    columns: Int, rows: Int, slices: Int, spacing: SIMD3<Double>, hounsfield: [Int16]
  ) {
    precondition(
      hounsfield.count == columns * rows * slices,
      "\(hounsfield.count) samples for \(columns) × \(rows) × \(slices)")
    self.columns = columns
    self.rows = rows
    self.slices = slices
    self.spacing = spacing
    self.hounsfield = hounsfield
  }

  /// Cubic millimetres of a voxel.
  public var voxel: Double { spacing.x * spacing.y * spacing.z }

  /// The space inside the skull: what the outside air cannot reach in a slice, less bone, less a rim
  /// of `rim` millimetres where bone and brain share a pixel.
  ///
  /// - Returns: For each voxel the millimetres to the nearest bone or outside in its slice, in whole
  ///   pixels (city-block), or 0 outside.
  /// - Complexity: O(*voxels*).
  func depthInsideSkull() -> [Float] {
    var depth = [Float](repeating: 0, count: hounsfield.count)
    let n = columns * rows
    var outside = [Bool](repeating: false, count: n)
    var queue: [Int] = []
    queue.reserveCapacity(n)
    for z in 0..<slices {
      let base = z * n
      for i in 0..<n { outside[i] = false }
      queue.removeAll(keepingCapacity: true)
      func visit(_ i: Int) {
        guard !outside[i], hounsfield[base + i] < 250 else { return }
        outside[i] = true
        queue.append(i)
      }
      for x in 0..<columns {
        visit(x)
        visit(n - columns + x)
      }
      for y in 0..<rows {
        visit(y * columns)
        visit(y * columns + columns - 1)
      }
      var next = 0
      while next < queue.count {
        let i = queue[next]
        next += 1
        let x = i % columns
        if x > 0 { visit(i - 1) }
        if x < columns - 1 { visit(i + 1) }
        if i >= columns { visit(i - columns) }
        if i < n - columns { visit(i + columns) }
      }
      chamfer(&depth, base: base) { outside[$0] || hounsfield[base + $0] >= 250 }
    }
    return depth
  }

  /// Two sweeps of city-block distance, in millimetres, from where `isWall`.
  private func chamfer(_ depth: inout [Float], base: Int, isWall: (Int) -> Bool) {
    let dx = Float(spacing.x)
    let dy = Float(spacing.y)
    let far = Float(1000)
    for y in 0..<rows {
      for x in 0..<columns {
        let i = y * columns + x
        if isWall(i) || x == 0 || y == 0 || x == columns - 1 || y == rows - 1 {
          depth[base + i] = 0
        } else {
          depth[base + i] = min(far, depth[base + i - 1] + dx, depth[base + i - columns] + dy)
        }
      }
    }
    for y in stride(from: rows - 2, through: 0, by: -1) {
      for x in stride(from: columns - 2, through: 0, by: -1) {
        let i = base + y * columns + x
        depth[i] = min(depth[i], depth[i + 1] + dx, depth[i + columns] + dy)
      }
    }
  }

  /// The column of the middle of the head in a slice: half way between the outermost bone.
  func midline(slice z: Int) -> Double {
    var first = columns
    var last = -1
    for y in 0..<rows {
      let base = (z * rows + y) * columns
      for x in 0..<columns where hounsfield[base + x] >= 250 {
        first = min(first, x)
        last = max(last, x)
      }
    }
    return last < 0 ? Double(columns - 1) / 2 : Double(first + last) / 2
  }

  /// The mean of each pixel and its eight neighbours in the slice; edges are left as they are.
  func smoothed() -> [Float] {
    var result = hounsfield.map(Float.init)
    guard columns > 2, rows > 2 else { return result }
    for z in 0..<slices {
      for y in 1..<(rows - 1) {
        let base = (z * rows + y) * columns
        for x in 1..<(columns - 1) {
          let i = base + x
          var sum: Int32 = 0
          for j in [i - columns, i, i + columns] {
            sum += Int32(hounsfield[j - 1]) + Int32(hounsfield[j]) + Int32(hounsfield[j + 1])
          }
          result[i] = Float(sum) / 9
        }
      }
    }
    return result
  }
}

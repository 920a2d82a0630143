// Planes of one grid laid onto the slices of another.

/// The shift between two grids whose rows and columns agree.
struct SegmentationGrid {
  private let source: Geometry
  private let target: Geometry
  private let positions: [SIMD3<Double>]
  private let inverse: Affine

  /// - Parameter positions: The slices of `target` where they are uneven; none where they are even.
  init(
    _ source: Geometry, _ target: Geometry, _ positions: [SIMD3<Double>]
  ) throws(VolumeError) {
    for (name, a, b) in [
      ("rows", source.affine.x, target.affine.x), ("columns", source.affine.y, target.affine.y),
    ] {
      guard length(a - b) <= 1e-3 * max(length(a), 1e-6) * 10 else {
        throw VolumeError(
          .geometry, "the \(name) of the segments and of the series do not agree; resample one")
      }
    }
    guard let inverse = target.affine.inverse else {
      throw VolumeError(.geometry, "the axes of the series are degenerate")
    }
    self.source = source
    self.target = target
    self.positions = positions
    self.inverse = inverse
  }

  /// The column, row and slice of the target where a plane's first pixel lies.
  func slice(_ position: SIMD3<Double>) throws(VolumeError) -> SIMD3<Int> {
    var place = inverse(position)
    if positions.count == target.size.z, positions.count > 1 {
      // The nearest slice by its own position; the affine's step is only the mean one.
      let normal = cross(target.affine.x, target.affine.y)
      let unit = normal / length(normal)
      let at = dot(position, unit)
      let nearest = positions.indices.min {
        abs(dot(positions[$0], unit) - at) < abs(dot(positions[$1], unit) - at)
      }
      guard let nearest, abs(dot(positions[nearest], unit) - at) <= 0.1 else {
        throw VolumeError(.geometry, "a plane of a segment lies on no slice of the series")
      }
      var shifted = inverse(target.affine.origin + position - positions[nearest])
      shifted.z = Double(nearest)
      place = shifted
    }
    let whole = place.rounded(.toNearestOrEven)
    let off = place - whole
    guard max(abs(off.x), abs(off.y), abs(off.z)) <= 0.1,
      abs(whole.x) < 1e6, abs(whole.y) < 1e6, whole.z >= 0, whole.z < Double(target.size.z)
    else {
      throw VolumeError(
        .geometry, "a plane of a segment lies between the voxels of the series; resample one")
    }
    return SIMD3(Int(whole.x), Int(whole.y), Int(whole.z))
  }

  /// Writes a frame into the target; what lies outside of it is left out.
  func copy<T>(
    _ frame: [Int], offset: SIMD3<Int>, into samples: inout [T], _ made: (Int, T) -> T
  ) throws(VolumeError) {
    guard frame.count == source.size.x * source.size.y else {
      throw VolumeError(.shape, "a frame of \(frame.count) samples")
    }
    for y in 0..<source.size.y {
      let row = y + offset.y
      guard row >= 0, row < target.size.y else { continue }
      for x in 0..<source.size.x {
        let column = x + offset.x
        guard column >= 0, column < target.size.x else { continue }
        let place = column + target.size.x * (row + target.size.y * offset.z)
        samples[place] = made(frame[x + source.size.x * y], samples[place])
      }
    }
  }
}

// Planes at any angle: positions in the patient, mapped back into the voxel grid.
//
// A position counts as inside up to half a voxel beyond the outermost centres, where the edge's
// value holds, as ITK's resampling has it.

internal import VolumeIO

/// Samples of a volume at fractional voxel indices.
private struct GridSampler: SampleVisitor {
  let volume: Volume
  let channel: Int
  let interpolation: ObliquePlane.Interpolation
  let indices: [SIMD3<Double>]

  mutating func visit<Sample: StoredSample>(
    _ samples: [Sample]
  ) throws(WindowingError) -> [Double] {
    let size = volume.size
    let offset = channel * volume.geometry.count
    let limits = SIMD3(Double(size.x), Double(size.y), Double(size.z)) - 0.5
    func value(_ x: Int, _ y: Int, _ z: Int) -> Double {
      let a = min(max(x, 0), size.x - 1)
      let b = min(max(y, 0), size.y - 1)
      let c = min(max(z, 0), size.z - 1)
      return volume.rescaled(samples[offset + a + size.x * (b + size.y * c)].asDouble)
    }
    return indices.map { index in
      let isInside =
        index.x >= -0.5 && index.y >= -0.5 && index.z >= -0.5 && index.x < limits.x
        && index.y < limits.y && index.z < limits.z
      guard isInside else { return Double.nan }
      if interpolation == .nearest {
        let near = (index + 0.5).rounded(.down)
        return value(Int(near.x), Int(near.y), Int(near.z))
      }
      let base = index.rounded(.down)
      let f = index - base
      let (x, y, z) = (Int(base.x), Int(base.y), Int(base.z))
      func row(_ y: Int, _ z: Int) -> Double {
        let a = value(x, y, z)
        return f.x == 0 ? a : a + f.x * (value(x + 1, y, z) - a)
      }
      func face(_ z: Int) -> Double {
        let a = row(y, z)
        return f.y == 0 ? a : a + f.y * (row(y + 1, z) - a)
      }
      let a = face(z)
      return f.z == 0 ? a : a + f.z * (face(z + 1) - a)
    }
  }
}

extension ObliquePlane {
  /// Unit vectors along columns, rows and the normal.
  ///
  /// - Throws: `outsideVolume` for directions of no length, or not at a right angle.
  func frame() throws(WindowingError) -> (
    right: SIMD3<Double>, down: SIMD3<Double>, normal: SIMD3<Double>
  ) {
    let a = length(right)
    let b = length(down)
    guard a > 0, b > 0, a.isFinite, b.isFinite, abs(dot(right, down)) <= 1e-6 * a * b else {
      throw WindowingError(
        .outsideVolume, "an oblique plane's directions \(right) and \(down) are at no right angle")
    }
    guard spacing > 0, spacing.isFinite else {
      throw WindowingError(.size, "an oblique plane's spacing is \(spacing) mm")
    }
    return (right / a, down / b, cross(right / a, down / b))
  }
}

extension Volume {
  /// Rescaled values on an oblique plane or slab; NaN outside the volume.
  ///
  /// - Throws: `outsideVolume` where no pixel of the plane lies inside, or axes are degenerate.
  func sampled(
    _ plane: ObliquePlane, request: SliceRequest
  ) throws(WindowingError) -> FloatImage {
    let (right, down, normal) = try plane.frame()
    try FloatImage.check(width: plane.width, height: plane.height)
    guard (0..<channels).contains(request.channel) else {
      throw WindowingError(.outsideVolume, "channel \(request.channel) of \(channels)")
    }
    guard let inverse = geometry.affine.inverse else {
      throw WindowingError(.outsideVolume, "the volume's axes lie in one plane")
    }
    let slab = request.slab ?? Slab(.maximum, count: 1)
    guard slab.count >= 1, slab.count <= 65_536 else {
      throw WindowingError(.size, "a slab of \(slab.count) slices")
    }
    let corner =
      plane.center - right * (plane.spacing * Double(plane.width - 1) / 2)
      - down * (plane.spacing * Double(plane.height - 1) / 2)
    var best = [Double](repeating: .nan, count: plane.width * plane.height)
    var counts = [Int](repeating: 0, count: best.count)
    for layer in 0..<slab.count {
      let shift = normal * (plane.spacing * Double(layer - (slab.count - 1) / 2))
      var indices: [SIMD3<Double>] = []
      indices.reserveCapacity(best.count)
      for y in 0..<plane.height {
        let start = corner + shift + down * (plane.spacing * Double(y))
        for x in 0..<plane.width {
          indices.append(inverse(start + right * (plane.spacing * Double(x))))
        }
      }
      var sampler = GridSampler(
        volume: self, channel: request.channel, interpolation: plane.interpolation,
        indices: indices)
      for (place, value) in try samples.accept(&sampler).enumerated() where !value.isNaN {
        counts[place] += 1
        guard counts[place] > 1 else {
          best[place] = value
          continue
        }
        switch slab.projection {
        case .maximum: best[place] = max(best[place], value)
        case .minimum: best[place] = min(best[place], value)
        case .mean: best[place] += value
        }
      }
    }
    guard counts.contains(where: { $0 > 0 }) else {
      throw WindowingError(
        .outsideVolume, "the plane around \(plane.center) mm does not meet the volume")
    }
    if slab.projection == .mean {
      for place in best.indices where counts[place] > 1 { best[place] /= Double(counts[place]) }
    }
    return FloatImage(
      checked: best.map { Float($0) }, width: plane.width, height: plane.height,
      spacing: SIMD2(repeating: plane.spacing), provenance: Provenance(steps: [.sliced(request)]))
  }
}

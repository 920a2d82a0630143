// Resampling onto another grid, in patient space.

/// How a value between voxels is made.
public struct Interpolation: Sendable, Hashable {
  package enum Kind: Sendable { case nearest, linear, cubic }

  package let kind: Kind

  /// The nearest voxel's value; the only one for labels. Halves go to the higher index.
  public static let nearest = Interpolation(kind: .nearest)
  /// Trilinear between the eight voxels around.
  public static let linear = Interpolation(kind: .linear)
  /// Cubic B-spline through the voxels (`scipy.ndimage` order 3 with `mirror`).
  public static let cubic = Interpolation(kind: .cubic)
}

extension Volume {
  /// This volume's values at the voxels of another grid.
  ///
  /// Positions are those of voxel centres in the patient; nothing is shifted by half a voxel. A position
  /// beyond the outermost voxel centres takes `background`. Nearest keeps the stored type and rescale;
  /// linear and cubic give real-world values as `Float`. No smoothing is applied where the new grid is
  /// coarser: smooth before, or take every n-th voxel by a crop.
  /// - `grid`: Sizes and place of the new voxels.
  /// - `background`: The real-world value outside.
  /// - Throws: `geometry` where this volume's axes are degenerate.
  /// - Complexity: O(*new count*), after one pass over the samples for cubic.
  public func resampled(
    to grid: Geometry, _ interpolation: Interpolation = .linear, background: Double = 0
  ) throws(VolumeError) -> Volume {
    guard let inverse = geometry.affine.inverse, geometry.count > 0 else {
      throw VolumeError(.geometry, "axes that span no volume: \(geometry.affine.lps)")
    }
    precondition(
      grid.size.x >= 0 && grid.size.y >= 0 && grid.size.z >= 0, "a grid of \(grid.size)")
    // From a new index to an old one, without rounding on the way through millimetres.
    let origin = inverse(grid.affine.origin)
    func direction(_ v: SIMD3<Double>) -> SIMD3<Double> {
      v.x * inverse.x + v.y * inverse.y + v.z * inverse.z
    }
    let map = Affine(
      x: direction(grid.affine.x), y: direction(grid.affine.y), z: direction(grid.affine.z),
      origin: origin)
    var result = self
    result.geometry = grid
    if interpolation.kind == .nearest {
      let stored = rescale.slope == 0 ? 0 : (background - rescale.intercept) / rescale.slope
      result.samples = samples.map(
        NearestResampling(
          old: size, new: grid.size, map: map, components: components, channels: channels,
          background: stored))
      return result
    }
    var values = doubleSamples()
    let perChannel = size.x * size.y * size.z
    if interpolation.kind == .cubic {
      for channel in 0..<channels {
        SplinePrefilter(size: size, components: components)
          .run(&values, from: channel * perChannel * components)
      }
    }
    let resampling = SmoothResampling(
      old: size, new: grid.size, map: map, components: components, channels: channels,
      background: Float(background), isCubic: interpolation.kind == .cubic)
    result.samples = .float32(resampling.run(values))
    result.rescale = .identity
    result.paddingValue = nil
    return result
  }

  /// This volume's values at the voxels of another volume.
  public func resampled(
    like other: Volume, _ interpolation: Interpolation = .linear, background: Double = 0
  ) throws(VolumeError) -> Volume {
    try resampled(to: other.geometry, interpolation, background: background)
  }

  /// This volume with another distance between voxels, in millimetres, over the same extent.
  ///
  /// The first voxel stays where it is; each axis gets as many voxels as fit before the last one, to
  /// within a thousandth of a step.
  /// - Precondition: Each distance is positive.
  public func resampled(
    spacing: SIMD3<Double>, _ interpolation: Interpolation = .linear, background: Double = 0
  ) throws(VolumeError) -> Volume {
    precondition(spacing.x > 0 && spacing.y > 0 && spacing.z > 0, "a spacing of \(spacing)")
    let present = self.spacing
    var grid = geometry
    var axes = [geometry.affine.x, geometry.affine.y, geometry.affine.z]
    for axis in 0..<3 where present[axis] > 0 {
      let ratio = spacing[axis] / present[axis]
      let steps = Double(max(0, size[axis] - 1)) / ratio
      guard steps < 1e9 else {
        throw VolumeError(.limit, "\(steps) voxels along an axis", field: "spacing")
      }
      grid.size[axis] = size[axis] == 0 ? 0 : Int((steps + 1e-3).rounded(.down)) + 1
      axes[axis] *= ratio
    }
    (grid.affine.x, grid.affine.y, grid.affine.z) = (axes[0], axes[1], axes[2])
    return try resampled(to: grid, interpolation, background: background)
  }
}

/// Walks the new voxels and finds where each lies among the old.
private struct GridWalk {
  let new: SIMD3<Int>
  let map: Affine

  /// Calls `body` with the number of each new voxel and its place in old indices.
  func forEach(_ body: (Int, SIMD3<Double>) -> Void) {
    var number = 0
    for k in 0..<new.z {
      for j in 0..<new.y {
        let row = map.origin + Double(j) * map.y + Double(k) * map.z
        for i in 0..<new.x {
          body(number, row + Double(i) * map.x)
          number += 1
        }
      }
    }
  }
}

/// How far beyond the outermost centres a position may lie by rounding alone, in voxels.
private let slack = 1e-6

private struct NearestResampling: SampleMap {
  var old: SIMD3<Int>
  var new: SIMD3<Int>
  var map: Affine
  var components: Int
  var channels: Int
  var background: Double

  func run<S: Sample>(_ samples: [S]) -> [S] {
    let perChannel = new.x * new.y * new.z
    var result = [S](
      repeating: S(nearest: background), count: perChannel * components * channels)
    let top = SIMD3(Double(old.x), Double(old.y), Double(old.z)) - 1 + slack
    GridWalk(new: new, map: map).forEach { number, place in
      guard place.x >= -slack, place.y >= -slack, place.z >= -slack, place.x <= top.x,
        place.y <= top.y, place.z <= top.z
      else { return }
      // A hair is added so that a half which rounding made 0.4999… still goes up.
      let i = min(Int((place.x + 0.5 + 1e-9).rounded(.down)), old.x - 1)
      let j = min(Int((place.y + 0.5 + 1e-9).rounded(.down)), old.y - 1)
      let k = min(Int((place.z + 0.5 + 1e-9).rounded(.down)), old.z - 1)
      for channel in 0..<channels {
        let from = i + old.x * (j + old.y * (k + old.z * channel))
        let to = number + perChannel * channel
        for c in 0..<components {
          result[to * components + c] = samples[from * components + c]
        }
      }
    }
    return result
  }
}

private struct SmoothResampling {
  var old: SIMD3<Int>
  var new: SIMD3<Int>
  var map: Affine
  var components: Int
  var channels: Int
  var background: Float
  var isCubic: Bool

  /// Indices and weights of the old voxels along one axis.
  private func taps(
    _ place: Double, _ count: Int, _ indices: inout SIMD4<Int>, _ weights: inout SIMD4<Double>
  ) {
    let clamped = max(0, min(Double(count - 1), place))
    let first = Int(clamped.rounded(.down))
    let t = clamped - Double(first)
    guard isCubic else {
      indices = SIMD4(first, min(first + 1, count - 1), 0, 0)
      weights = SIMD4(1 - t, t, 0, 0)
      return
    }
    let s = 1 - t
    weights = SIMD4(
      s * s * s / 6, (4 - 6 * t * t + 3 * t * t * t) / 6, (4 - 6 * s * s + 3 * s * s * s) / 6,
      t * t * t / 6)
    for tap in 0..<4 {
      // Mirrored about the outermost centres, as the spline's coefficients are.
      var index = first - 1 + tap
      if count == 1 { index = 0 }
      if index < 0 { index = -index }
      if index >= count { index = 2 * (count - 1) - index }
      indices[tap] = max(0, min(count - 1, index))
    }
  }

  func run(_ values: [Double]) -> [Float] {
    let perChannel = new.x * new.y * new.z
    var result = [Float](repeating: background, count: perChannel * components * channels)
    let top = SIMD3(Double(old.x), Double(old.y), Double(old.z)) - 1 + slack
    let width = isCubic ? 4 : 2
    GridWalk(new: new, map: map).forEach { number, place in
      guard place.x >= -slack, place.y >= -slack, place.z >= -slack, place.x <= top.x,
        place.y <= top.y, place.z <= top.z
      else { return }
      var (xs, ys, zs) = (SIMD4<Int>.zero, SIMD4<Int>.zero, SIMD4<Int>.zero)
      var (wx, wy, wz) = (SIMD4<Double>.zero, SIMD4<Double>.zero, SIMD4<Double>.zero)
      taps(place.x, old.x, &xs, &wx)
      taps(place.y, old.y, &ys, &wy)
      taps(place.z, old.z, &zs, &wz)
      for channel in 0..<channels {
        for c in 0..<components {
          var sum = 0.0
          for k in 0..<width {
            for j in 0..<width {
              let row = old.x * (ys[j] + old.y * (zs[k] + old.z * channel))
              var line = 0.0
              for i in 0..<width { line += wx[i] * values[(row + xs[i]) * components + c] }
              sum += wy[j] * wz[k] * line
            }
          }
          result[(number + perChannel * channel) * components + c] = Float(sum)
        }
      }
    }
    return result
  }
}

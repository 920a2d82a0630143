// Rearranging voxels without resampling: reorient, crop, flip, pad. The place of every voxel in the
// patient stays what it was.

extension Volume {
  /// This volume with its axes permuted and flipped so that they grow towards the given letters.
  ///
  /// No value is interpolated. Each axis counts as lying along the patient direction that it is
  /// closest to, so that an oblique volume stays oblique.
  /// - Complexity: O(*count*); O(1) where the volume is so oriented already.
  public func reoriented(to orientation: Orientation) -> Volume {
    let present = geometry.orientation
    guard present != orientation else { return self }
    var sources = SIMD3<Int>.zero
    var flips = SIMD3<Int>.one
    for axis in 0..<3 {
      for source in 0..<3 where present.axes[source] == orientation.axes[axis] {
        sources[axis] = source
        flips[axis] = present.signs[source] == orientation.signs[axis] ? 1 : -1
      }
    }
    return gathered(axes: sources, flips: flips)
  }

  /// This volume with its grid axes in another order, some of them reversed.
  ///
  /// - Parameters:
  ///   - axes: For each new axis the present axis (0, 1, 2) that it is: a permutation.
  ///   - flips: −1 for each new axis that runs backwards, else 1.
  package func gathered(axes: SIMD3<Int>, flips: SIMD3<Int>) -> Volume {
    let strides = SIMD3<Int>(1, size.x, size.x * size.y)
    let vectors = [geometry.affine.x, geometry.affine.y, geometry.affine.z]
    var walk = Walk(
      size: .zero, strides: .zero, start: 0, components: components,
      channelStride: size.x * size.y * size.z, channels: channels)
    var newVectors: [SIMD3<Double>] = []
    var origin = geometry.affine.origin
    for axis in 0..<3 {
      let source = axes[axis]
      walk.size[axis] = size[source]
      walk.strides[axis] = strides[source] * flips[axis]
      newVectors.append(vectors[source] * Double(flips[axis]))
      if flips[axis] < 0, size[source] > 0 {
        walk.start += strides[source] * (size[source] - 1)
        origin += vectors[source] * Double(size[source] - 1)
      }
    }
    return with(
      samples.map(walk), walk.size,
      Affine(x: newVectors[0], y: newVectors[1], z: newVectors[2], origin: origin))
  }

  /// This volume with the given axes (0, 1, 2) running backwards; every voxel stays where it is in
  /// the patient.
  ///
  /// - Precondition: Each axis is 0, 1 or 2.
  public func flipped(axes: Set<Int>) -> Volume {
    precondition(axes.allSatisfy { (0..<3).contains($0) }, "axes \(axes.sorted()) of a volume")
    var flips = SIMD3<Int>.one
    for axis in axes { flips[axis] = -1 }
    return gathered(axes: [0, 1, 2], flips: flips)
  }

  /// The box of voxels `x × y × z`, in its place in the patient.
  ///
  /// - Precondition: The ranges lie in the volume.
  public func cropped(x: Range<Int>, y: Range<Int>, z: Range<Int>) -> Volume {
    precondition(
      x.lowerBound >= 0 && y.lowerBound >= 0 && z.lowerBound >= 0 && x.upperBound <= size.x
        && y.upperBound <= size.y && z.upperBound <= size.z,
      "box \(x) × \(y) × \(z) of a volume of \(size)")
    let walk = Walk(
      size: [x.count, y.count, z.count], strides: [1, size.x, size.x * size.y],
      start: x.lowerBound + size.x * (y.lowerBound + size.y * z.lowerBound),
      components: components, channelStride: size.x * size.y * size.z, channels: channels)
    var affine = geometry.affine
    affine.origin = affine(
      [Double(x.lowerBound), Double(y.lowerBound), Double(z.lowerBound)])
    return with(samples.map(walk), walk.size, affine)
  }

  /// This volume with voxels added on each side of each axis.
  ///
  /// - Parameters:
  ///   - before: Voxels added before the first, along each axis.
  ///   - after: Voxels added after the last.
  ///   - value: The real-world value of what is added; the nearest stored value is taken.
  /// - Precondition: No count is negative.
  public func padded(
    before: SIMD3<Int>, after: SIMD3<Int>, value: Double = 0
  ) -> Volume {
    precondition(
      (0..<3).allSatisfy { before[$0] >= 0 && after[$0] >= 0 },
      "padding by \(before) and \(after) voxels")
    let stored = rescale.slope == 0 ? 0 : (value - rescale.intercept) / rescale.slope
    let newSize = before &+ size &+ after
    var affine = geometry.affine
    affine.origin = affine([-Double(before.x), -Double(before.y), -Double(before.z)])
    let pad = Pad(
      size: size, newSize: newSize, before: before, components: components, channels: channels,
      value: stored)
    return with(samples.map(pad), newSize, affine)
  }

  private func with(_ samples: Samples, _ size: SIMD3<Int>, _ affine: Affine) -> Volume {
    var result = self
    result.samples = samples
    result.geometry = Geometry(size: size, affine: affine)
    return result
  }
}

/// Gathers voxels along three strides.
private struct Walk: SampleMap {
  var size: SIMD3<Int>
  /// In voxels; a row's first voxel is `start + j·strides.y + k·strides.z`.
  var strides: SIMD3<Int>
  var start: Int
  var components: Int
  var channelStride: Int
  var channels: Int

  func run<S: Sample>(_ samples: [S]) -> [S] {
    let rowLength = size.x * components
    var result: [S] = []
    result.reserveCapacity(rowLength * size.y * size.z * channels)
    for channel in 0..<channels {
      for k in 0..<size.z {
        for j in 0..<size.y {
          let voxel = start + channel * channelStride + j * strides.y + k * strides.z
          if strides.x == 1 {
            result.append(
              contentsOf: samples[voxel * components..<voxel * components + rowLength])
          } else if components == 1 {
            appendRow(of: samples, from: voxel, to: &result)
          } else {
            for i in 0..<size.x {
              let first = (voxel + i * strides.x) * components
              result.append(contentsOf: samples[first..<first + components])
            }
          }
        }
      }
    }
    return result
  }

  private func appendRow<S: Sample>(of samples: [S], from voxel: Int, to result: inout [S]) {
    var index = voxel
    for _ in 0..<size.x {
      result.append(samples[index])
      index += strides.x
    }
  }
}

/// Copies rows into a larger grid.
private struct Pad: SampleMap {
  var size: SIMD3<Int>
  var newSize: SIMD3<Int>
  var before: SIMD3<Int>
  var components: Int
  var channels: Int
  var value: Double

  func run<S: Sample>(_ samples: [S]) -> [S] {
    let row = size.x * components
    var result = [S](
      repeating: S(nearest: value),
      count: newSize.x * newSize.y * newSize.z * components * channels)
    for channel in 0..<channels {
      for k in 0..<size.z {
        for j in 0..<size.y {
          let from = row * (j + size.y * (k + size.z * channel))
          let to =
            components
            * (before.x + newSize.x
              * (j + before.y + newSize.y * (k + before.z + newSize.z * channel)))
          for i in 0..<row { result[to + i] = samples[from + i] }
        }
      }
    }
    return result
  }
}

/// The map from voxel indices to patient coordinates: LPS, in millimetres, DICOM's frame.
///
/// x grows towards the patient's left, y towards the back (posterior), z towards the head (superior).
/// The centre of voxel `(i, j, k)` is `origin + i·x + j·y + k·z`. Sheared maps (gantry tilt) are kept.
public struct Affine: Sendable, Hashable, Codable {
  /// The step in millimetres to the next voxel along the first axis.
  public var x: SIMD3<Double>
  /// The step in millimetres to the next voxel along the second axis.
  public var y: SIMD3<Double>
  /// The step in millimetres to the next voxel along the third axis.
  public var z: SIMD3<Double>
  /// The centre of voxel `(0, 0, 0)`.
  public var origin: SIMD3<Double>

  public init(
    x: SIMD3<Double>, y: SIMD3<Double>, z: SIMD3<Double>, origin: SIMD3<Double> = .zero
  ) {
    self.x = x
    self.y = y
    self.z = z
    self.origin = origin
  }

  /// Axes along the patient's (L, P, S), with a spacing in millimetres.
  public init(spacing: SIMD3<Double>, origin: SIMD3<Double> = .zero) {
    self.init(
      x: [spacing.x, 0, 0], y: [0, spacing.y, 0], z: [0, 0, spacing.z], origin: origin)
  }

  /// From a 4 × 4 matrix in RAS millimetres, row-major, as NIfTI and nibabel write it.
  ///
  /// - Precondition: `ras` has 16 elements.
  public init(ras m: [Double]) {
    precondition(m.count == 16, "an affine has 16 elements, not \(m.count)")
    self.init(
      x: [-m[0], -m[4], m[8]], y: [-m[1], -m[5], m[9]], z: [-m[2], -m[6], m[10]],
      origin: [-m[3], -m[7], m[11]])
  }

  /// The 4 × 4 matrix in LPS millimetres, row-major.
  public var lps: [Double] {
    [x.x, y.x, z.x, origin.x, x.y, y.y, z.y, origin.y, x.z, y.z, z.z, origin.z, 0, 0, 0, 1]
  }

  /// The 4 × 4 matrix in RAS millimetres, row-major: NIfTI's frame.
  public var ras: [Double] {
    [
      -x.x, -y.x, -z.x, -origin.x, -x.y, -y.y, -z.y, -origin.y, x.z, y.z, z.z, origin.z, 0, 0, 0,
      1,
    ]
  }

  /// The position in LPS millimetres of a (fractional) voxel index.
  public func callAsFunction(_ index: SIMD3<Double>) -> SIMD3<Double> {
    origin + index.x * x + index.y * y + index.z * z
  }

  /// The distance between voxel centres along each axis, in millimetres.
  public var spacing: SIMD3<Double> { [length(x), length(y), length(z)] }

  /// The volume of a voxel in cubic millimetres; the sheared cell's, not the product of spacings.
  public var voxelVolume: Double { abs(determinant) }

  /// The determinant of the 3 × 3 part; negative for left-handed axes, 0 where axes coincide.
  public var determinant: Double { dot(x, cross(y, z)) }

  /// The map from LPS millimetres back to voxel indices; nil where the axes are degenerate.
  public var inverse: Affine? {
    let d = determinant
    guard d != 0, d.isFinite else { return nil }
    let a = cross(y, z) / d
    let b = cross(z, x) / d
    let c = cross(x, y) / d
    let linear = Affine(x: [a.x, b.x, c.x], y: [a.y, b.y, c.y], z: [a.z, b.z, c.z])
    var inverted = linear
    inverted.origin = -linear(origin)
    return inverted
  }
}

package func dot(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> Double { (a * b).sum() }

package func cross(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> SIMD3<Double> {
  [a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x]
}

package func length(_ a: SIMD3<Double>) -> Double { dot(a, a).squareRoot() }

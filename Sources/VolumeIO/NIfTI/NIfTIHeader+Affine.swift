// Where the voxels lie: sform, qform, or neither.
// Source: nifti1.h, "3D IMAGE (VOLUME) ORIENTATION AND LOCATION IN SPACE", methods 1 to 3.

extension NIfTIHeader {
  /// From voxel index to LPS millimetres.
  ///
  /// The sform where `sform_code` > 0, else the qform where `qform_code` > 0. Where both codes are 0
  /// (and in Analyze files) the file tells no place, and this follows nibabel: the first axis grows
  /// towards the left, the others towards front and head, and the origin lies in the middle of the
  /// grid, or where SPM's `originator` puts it. ITK assumes LPS axes and an origin of 0 there.
  /// - Throws: `malformed` where the form that counts holds a number that is not finite.
  public func affine() throws(VolumeError) -> Affine {
    let scale = millimetresPerUnit
    if sformCode > 0 {
      guard srow.allSatisfy(\.isFinite) else {
        throw VolumeError(.malformed, "a matrix of \(srow)", field: "srow")
      }
      var matrix = srow.map { $0 * scale }
      matrix += [0, 0, 0, 1]
      return Affine(ras: matrix)
    }
    if qformCode > 0 { return try qform(scale) }
    let steps = try spacing("pixdim")
    let s = steps * scale
    var origin = SIMD3<Double>.zero
    let isPlaced = version == .analyze && analyzeOrigin != .zero && isOriginPlausible
    for axis in 0..<3 {
      origin[axis] =
        isPlaced
        ? Double(analyzeOrigin[axis] - 1) * s[axis] : Double(size[axis] - 1) / 2 * s[axis]
    }
    // RAS: x = −s.x · i + origin, y = s.y · j − origin, z = s.z · k − origin.
    return Affine(
      x: [s.x, 0, 0], y: [0, -s.y, 0], z: [0, 0, s.z],
      origin: [-origin.x, origin.y, -origin.z])
  }

  /// SPM's rule for an origin that is meant: within a grid's length of the grid.
  private var isOriginPlausible: Bool {
    (0..<3).allSatisfy { analyzeOrigin[$0] > -size[$0] && analyzeOrigin[$0] < 2 * size[$0] }
  }

  private func spacing(_ field: String) throws(VolumeError) -> SIMD3<Double> {
    var steps = SIMD3<Double>.one
    for axis in 0..<3 {
      let step = abs(pixdim[axis])
      guard step.isFinite else {
        throw VolumeError(.malformed, "a spacing of \(step)", field: "\(field)[\(axis + 1)]")
      }
      steps[axis] = step == 0 ? 1 : step
    }
    return steps
  }

  private func qform(_ scale: Double) throws(VolumeError) -> Affine {
    var (b, c, d) = (quaternion.x, quaternion.y, quaternion.z)
    guard b.isFinite, c.isFinite, d.isFinite else {
      throw VolumeError(.malformed, "a quaternion of \(quaternion)", field: "quatern_b")
    }
    guard qoffset.x.isFinite, qoffset.y.isFinite, qoffset.z.isFinite else {
      throw VolumeError(.malformed, "an origin of \(qoffset)", field: "qoffset_x")
    }
    // A unit quaternion whose first part is what the others leave; rounding may leave less than 0.
    var a = 1 - (b * b + c * c + d * d)
    if a < 1e-7 {
      let norm = (b * b + c * c + d * d).squareRoot()
      (b, c, d, a) = (b / norm, c / norm, d / norm, 0)
    } else {
      a = a.squareRoot()
    }
    let s = try spacing("pixdim") * SIMD3(scale, scale, scale * qfac)
    return Affine(ras: [
      (a * a + b * b - c * c - d * d) * s.x, 2 * (b * c - a * d) * s.y,
      2 * (b * d + a * c) * s.z, qoffset.x * scale,
      2 * (b * c + a * d) * s.x, (a * a + c * c - b * b - d * d) * s.y,
      2 * (c * d - a * b) * s.z, qoffset.y * scale,
      2 * (b * d - a * c) * s.x, 2 * (c * d + a * b) * s.y,
      (a * a + d * d - c * c - b * b) * s.z, qoffset.z * scale,
      0, 0, 0, 1,
    ])
  }

  /// Writes an affine into the header: always the sform, and the qform where the axes are orthogonal.
  ///
  /// - `code`: 1 for the scanner's frame, 2 for another scan's, 3 Talairach, 4 MNI.
  public mutating func setAffine(_ affine: Affine, code: Int = 1) {
    let m = affine.ras
    srow = Array(m[0..<12])
    sformCode = code
    qoffset = [m[3], m[7], m[11]]
    xyztUnits = xyztUnits & ~0x07 | 2
    let spacing = affine.spacing
    while pixdim.count < 3 { pixdim.append(1) }
    for axis in 0..<3 { pixdim[axis] = spacing[axis] }
    guard spacing.x > 0, spacing.y > 0, spacing.z > 0 else {
      qformCode = 0
      return
    }
    var x = SIMD3(m[0], m[4], m[8]) / spacing.x
    let y = SIMD3(m[1], m[5], m[9]) / spacing.y
    var z = SIMD3(m[2], m[6], m[10]) / spacing.z
    guard abs(dot(x, y)) < 1e-5, abs(dot(x, z)) < 1e-5, abs(dot(y, z)) < 1e-5 else {
      qformCode = 0
      return
    }
    qfac = dot(x, cross(y, z)) < 0 ? -1 : 1
    z *= qfac
    x = cross(y, z)
    qformCode = code
    quaternion = Self.quaternion(x, y, z)
  }

  /// b, c, d of the rotation whose columns are x, y, z, with a ≥ 0.
  private static func quaternion(
    _ x: SIMD3<Double>, _ y: SIMD3<Double>, _ z: SIMD3<Double>
  ) -> SIMD3<Double> {
    let trace = x.x + y.y + z.z
    // The largest of the four squares keeps the division exact enough.
    let squares = [
      trace, x.x - y.y - z.z, y.y - x.x - z.z, z.z - x.x - y.y,
    ]
    let largest = squares.indices.max { squares[$0] < squares[$1] } ?? 0
    let q = (1 + squares[largest]).squareRoot() / 2
    var (a, bcd): (Double, SIMD3<Double>)
    switch largest {
    case 0:
      (a, bcd) = (q, [y.z - z.y, z.x - x.z, x.y - y.x] / (4 * q))
    case 1:
      a = (y.z - z.y) / (4 * q)
      bcd = [q, (y.x + x.y) / (4 * q), (z.x + x.z) / (4 * q)]
    case 2:
      a = (z.x - x.z) / (4 * q)
      bcd = [(y.x + x.y) / (4 * q), q, (z.y + y.z) / (4 * q)]
    default:
      a = (x.y - y.x) / (4 * q)
      bcd = [(z.x + x.z) / (4 * q), (z.y + y.z) / (4 * q), q]
    }
    if a < 0 { (a, bcd) = (-a, -bcd) }
    return bcd
  }
}

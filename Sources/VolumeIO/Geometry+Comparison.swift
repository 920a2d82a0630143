// Telling whether two grids are the same, and if not, which field differs and by how much.

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

extension Geometry {
  /// One field in which two geometries differ.
  public struct Difference: Sendable, Hashable, CustomStringConvertible {
    /// `size`, `spacing`, `direction of x` (`y`, `z`) or `origin`.
    public let field: String
    /// How far apart the two are: voxels, millimetres or degrees; see `unit`.
    public let amount: Double
    /// `voxels`, `mm` or `°`.
    public let unit: String
    /// Both values, as text.
    public let detail: String

    public var description: String {
      "\(field) differs by \(shortest(amount)) \(unit): \(detail)"
    }
  }

  /// The fields in which this geometry and another differ by more than a tolerance; empty for none.
  ///
  /// - `tolerance`: In millimetres, for spacing and for the positions of the grid's corners.
  /// - `degrees`: For the direction of each axis.
  public func differences(
    from other: Geometry, tolerance: Double = 1e-3, degrees: Double = 0.01
  ) -> [Difference] {
    var found: [Difference] = []
    if size != other.size {
      let gap = (0..<3).map { abs(size[$0] - other.size[$0]) }.max() ?? 0
      found.append(
        Difference(
          field: "size", amount: Double(gap), unit: "voxels",
          detail: "\(text(size)) and \(text(other.size))"))
    }
    let (a, b) = (affine.spacing, other.affine.spacing)
    let gap = (0..<3).map { abs(a[$0] - b[$0]) }.max() ?? 0
    if !(gap <= tolerance) {
      found.append(
        Difference(field: "spacing", amount: gap, unit: "mm", detail: "\(text(a)) and \(text(b))"))
    }
    for (name, one, two) in [
      ("x", affine.x, other.affine.x), ("y", affine.y, other.affine.y),
      ("z", affine.z, other.affine.z),
    ] {
      let angle = degreesBetween(one, two)
      if !(angle <= degrees) {
        found.append(
          Difference(
            field: "direction of \(name)", amount: angle, unit: "°",
            detail: "\(text(one)) and \(text(two))"))
      }
    }
    let distance = length(affine.origin - other.affine.origin)
    if !(distance <= tolerance) {
      found.append(
        Difference(
          field: "origin", amount: distance, unit: "mm",
          detail: "\(text(affine.origin)) and \(text(other.affine.origin))"))
    }
    return found
  }

  /// Whether both grids have the same size and place, within a tolerance.
  public func matches(
    _ other: Geometry, tolerance: Double = 1e-3, degrees: Double = 0.01
  ) -> Bool {
    differences(from: other, tolerance: tolerance, degrees: degrees).isEmpty
  }
}

private func degreesBetween(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> Double {
  if a == b { return 0 }
  guard length(a) > 0, length(b) > 0 else { return .nan }
  return atan2(length(cross(a, b)), dot(a, b)) * 180 / .pi
}

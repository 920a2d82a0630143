/// A grid of voxels and its place in the patient.
public struct Geometry: Sendable, Hashable, Codable {
  /// Voxels along the first, second and third axis.
  public var size: SIMD3<Int>
  /// From voxel index to LPS millimetres.
  public var affine: Affine

  public init(size: SIMD3<Int>, affine: Affine) {
    self.size = size
    self.affine = affine
  }

  /// The number of voxels.
  public var count: Int { size.x * size.y * size.z }
}

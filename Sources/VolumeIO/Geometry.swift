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

  /// The letters towards which the three axes grow, such as `LPS` or `RAS`.
  ///
  /// Each axis takes the patient direction that it lies closest to; of a tie the earlier axis of
  /// (x, y, z) wins, and no letter is used twice.
  public var orientation: String {
    let axes = [affine.x, affine.y, affine.z]
    let letters: [[Character]] = [["L", "R"], ["P", "A"], ["S", "I"]]
    var best: (score: Double, order: [Int]) = (-1, [0, 1, 2])
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
      var score = 0.0
      for (axis, direction) in order.enumerated() {
        let norm = length(axes[axis])
        score += norm > 0 ? abs(axes[axis][direction]) / norm : 0
      }
      if score > best.score + 1e-12 { best = (score, order) }
    }
    return String(
      best.order.enumerated().map { axis, direction in
        letters[direction][axes[axis][direction] < 0 ? 1 : 0]
      })
  }
}

/// One bleed of a phantom: a kind, a place, and the rule that tells which points it holds.
///
/// Positions are LPS millimetres from the centre of the head.
public struct Haemorrhage: Sendable, Hashable, Codable {
  public var subtype: HaemorrhageSubtype
  /// Where its middle lies.
  public var centre: SIMD3<Double>
  /// Half lengths along x, y and z, in millimetres; what they mean depends on the kind.
  public var radii: SIMD3<Double>
  /// Hounsfield units of the clot.
  public var density: Double
  /// 1 for the patient's left, −1 for the right, 0 for both.
  public var side: Double
  /// Roughens the surface, from 0 to 1.
  public var roughness: Double
  /// Tells the surface noise of one bleed from another's.
  public var noiseSeed: UInt64

  /// Whether a point of the head belongs to the bleed.
  ///
  /// - Epidural: a lens against the inner table, which lifts the dura over a short stretch.
  /// - Subdural: a crescent under the inner table over much of a hemisphere; never over the midline.
  /// - Subarachnoid: the fluid of sulci, fissures and cisterns around the centre.
  /// - Intraventricular: the lower (posterior) part of the ventricles, up to a fluid level.
  /// - Intraparenchymal: a rough ellipsoid inside the brain.
  func contains(_ p: SIMD3<Double>, _ site: Site, noise: LatticeNoise) -> Bool {
    let d = (p - centre) / radii
    let q = (d * d).sum()
    switch subtype {
    case .epidural:
      return site.depthInside > 0 && q < 1 && p.x * side > 1
    case .subdural:
      guard site.depthInside > 0, q < 1, p.x * side > 1.5 else { return false }
      // The crescent thins out towards its rim.
      return site.depthInside < thickness * (1 - q)
    case .subarachnoid:
      return q < 1 && site.isSubarachnoid
        && (side == 0 || p.x * side > -2)
    case .intraventricular:
      return site.isVentricle && q < 1 && p.y > fluidLevel
    case .intraparenchymal:
      guard site.isParenchyma, q < 1.8 else { return false }
      return q < 1 + roughness * noise(p)
    }
  }

  /// The greatest depth of a subdural crescent, in millimetres.
  private var thickness: Double { 6 + 10 * roughness }

  /// Blood in the ventricles settles behind this y when the patient lies on the back.
  private var fluidLevel: Double { centre.y - radii.y * roughness }
}

/// What a point of the head is, as far as a bleed needs to know.
struct Site {
  /// Millimetres from the inner table inwards; negative in bone and outside.
  var depthInside: Double
  var isSubarachnoid: Bool
  var isVentricle: Bool
  var isParenchyma: Bool
}

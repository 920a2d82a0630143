/// The shape of one head: skull, brain, ventricles, sulci and fissures, in Hounsfield units.
///
/// A point is in LPS millimetres from the head's centre: x to the left, y to the back, z up. The
/// skull is an ellipsoid; everything else hangs on the depth below its surface. Not a real anatomy,
/// but the relations that matter to a reader hold: which spaces hold fluid, what touches bone, what
/// crosses the midline.
struct HeadAnatomy: Sendable {
  /// Half lengths of the scalp's surface.
  var radii: SIMD3<Double>
  var scalp: Double
  var skull: Double
  /// The subarachnoid space under the inner table, in millimetres: grows with atrophy.
  var subarachnoid: Double
  /// Scales the ventricles.
  var ventricles: Double
  var folds: LatticeNoise
  var texture: LatticeNoise
  /// Harmless bright specks: choroid plexus, pineal gland, falx.
  var calcifications: [(centre: SIMD3<Double>, radius: Double)]
  /// An old infarct, darker than the brain around it.
  var infarct: (centre: SIMD3<Double>, radius: Double)?

  init(_ random: inout PhantomRandom) {
    let scale = random.uniform(0.93...1.06)
    radii = [74 * scale, 92 * scale * random.uniform(0.96...1.05), 84 * scale]
    scalp = random.uniform(3.5...6)
    skull = random.uniform(5...8)
    subarachnoid = random.uniform(1.2...3.4)
    ventricles = random.uniform(0.85...1.45)
    folds = LatticeNoise(seed: random.next(), frequency: 1 / random.uniform(9...12))
    texture = LatticeNoise(seed: random.next(), frequency: 1 / 5.0)
    calcifications = []
    if random.chance(0.6) {
      for side in [-1.0, 1] {
        calcifications.append(([side * 19 * scale, 27, 8], random.uniform(1.5...3)))
      }
    }
    if random.chance(0.5) { calcifications.append(([0, 22, 0], random.uniform(1.5...3))) }
    if random.chance(0.3) {
      calcifications.append(([random.uniform(-1...1), -50, 40], random.uniform(1.5...3.5)))
    }
    if random.chance(0.2) {
      infarct = (
        [
          random.sign() * random.uniform(25...42), random.uniform(-35...45), random.uniform(0...35),
        ],
        random.uniform(8...16)
      )
    }
  }

  /// The tissue at a point, in Hounsfield units, and what a bleed needs to know of the place.
  func tissue(_ p: SIMD3<Double>) -> (hounsfield: Double, site: Site) {
    var site = Site(depthInside: -1, isSubarachnoid: false, isVentricle: false, isParenchyma: false)
    let d = p / radii
    let r = (d * d).sum().squareRoot()
    guard r < 1 else { return (-1000, site) }
    let distance = (p * p).sum().squareRoot()
    let depth = r > 1e-9 ? distance / r - distance : radii.x
    if depth < scalp { return (depth < 1.2 ? 35 : -85, site) }
    if depth < scalp + skull {
      let t = (depth - scalp) / skull
      return (t < 0.28 || t > 0.72 ? 1250 : 620, site)
    }
    let inside = depth - scalp - skull
    site.depthInside = inside
    if let bone = skullBase(p) { return (bone, site) }

    // The falx between the hemispheres, and the fluid beside it.
    let midline = abs(p.x)
    if p.z > -8, inside < 32 {
      if midline < 0.7 { return (calcified(p) ?? 47, site) }
      if midline < 2.2 {
        site.isSubarachnoid = true
        return (7, site)
      }
    }
    if isVentricle(p) {
      site.isVentricle = true
      return (calcified(p) ?? 6, site)
    }
    let fold = abs(folds(p))
    let sulcus = 0.13 * (1 - inside / 16)
    if inside < subarachnoid || (inside < 16 && fold < sulcus) || isCistern(p) {
      site.isSubarachnoid = true
      return (7, site)
    }
    site.isParenchyma = true
    if let speck = calcified(p) { return (speck, site) }
    let grain = 1.5 * texture(p)
    if let infarct, within(p, infarct.centre, infarct.radius) { return (17 + grain, site) }
    let isCortex = inside < subarachnoid + 4 || (inside < 19 && fold < sulcus + 0.16)
    return ((isCortex || isDeepNucleus(p) ? 37 : 28) + grain, site)
  }

  private func within(_ p: SIMD3<Double>, _ centre: SIMD3<Double>, _ radius: Double) -> Bool {
    let d = p - centre
    return (d * d).sum() < radius * radius
  }

  private func inEllipsoid(
    _ p: SIMD3<Double>, _ centre: SIMD3<Double>, _ radii: SIMD3<Double>
  ) -> Bool {
    let d = (p - centre) / radii
    return (d * d).sum() < 1
  }

  private func calcified(_ p: SIMD3<Double>) -> Double? {
    calcifications.contains { within(p, $0.centre, $0.radius) } ? 140 : nil
  }

  private func isVentricle(_ p: SIMD3<Double>) -> Bool {
    // One side serves both: ventricles are mirrored in the midline.
    let q: SIMD3<Double> = [abs(p.x), p.y, p.z]
    guard q.x < 40, abs(q.y) < 66, q.z > -48, q.z < 42 else { return false }
    let v = ventricles
    return inEllipsoid(q, [8, -24, 12], [5 * v, 15 * v, 8 * v])
      || inEllipsoid(q, [11, 2, 20], [6 * v, 26, 6 * v])
      || inEllipsoid(q, [19, 30, 9], [6.5 * v, 18 * v, 8 * v])
      || inEllipsoid(q, [0, 2, 3], [2.2 * v, 11, 8])
      || inEllipsoid(q, [0, 38, -36], [6 * v, 5 * v, 8])
  }

  private func isCistern(_ p: SIMD3<Double>) -> Bool {
    let q: SIMD3<Double> = [abs(p.x), p.y, p.z]
    if inEllipsoid(q, [0, -8, -24], [15, 11, 6]) { return true }
    if inEllipsoid(q, [0, 26, -12], [15, 4, 7]) { return true }
    // The Sylvian fissure: a sheet from the surface inwards.
    if q.x > 26, q.y > -36, q.y < 14 {
      let sheet = abs(q.z + 3 - 0.25 * (q.y + 10))
      if sheet < 1.4 + 1.2 * (q.x - 26) / 40 { return true }
    }
    return false
  }

  private func isDeepNucleus(_ p: SIMD3<Double>) -> Bool {
    let q: SIMD3<Double> = [abs(p.x), p.y, p.z]
    return inEllipsoid(q, [24, -6, 4], [8, 17, 9]) || inEllipsoid(q, [9, 12, 6], [7, 12, 8])
  }

  /// The petrous bones, the sphenoid wings and the sinus, below the brain.
  private func skullBase(_ p: SIMD3<Double>) -> Double? {
    guard p.z < -26 else { return nil }
    let q: SIMD3<Double> = [abs(p.x), p.y, p.z]
    if inEllipsoid(q, [0, -70, -40], [16, 9, 12]) { return -950 }
    // The petrous ridge runs obliquely from the side to the middle.
    let along: SIMD3<Double> = [q.x * 0.8 + q.y * 0.6, q.y * 0.8 - q.x * 0.6, q.z]
    if inEllipsoid(along, [43, -14, -43], [27, 9, 10]) {
      return inEllipsoid(along, [58, -14, -44], [8, 6, 6]) ? -700 : 900
    }
    if inEllipsoid(along, [14, -58, -40], [34, 4, 9]) { return 800 }
    return nil
  }
}

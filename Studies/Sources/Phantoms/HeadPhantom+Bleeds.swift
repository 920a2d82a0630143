extension HeadPhantom {
  /// Draws the bleeds of one head: none in about four of ten, else one to three kinds.
  static func drawBleeds(_ random: inout PhantomRandom, head: SIMD3<Double>) -> [Haemorrhage] {
    guard random.chance(0.62) else { return [] }
    let wanted = random.chance(0.55) ? 1 : random.chance(0.7) ? 2 : 3
    var kinds: [HaemorrhageSubtype] = []
    while kinds.count < wanted {
      let kind = random.pick(HaemorrhageSubtype.allCases)
      if !kinds.contains(kind) { kinds.append(kind) }
    }
    // In the order of their numbers, so that overlaps are settled the same way every time.
    return kinds.sorted().map { draw($0, &random, head: head) }
  }

  private static func draw(
    _ subtype: HaemorrhageSubtype, _ random: inout PhantomRandom, head: SIMD3<Double>
  ) -> Haemorrhage {
    let side = random.sign()
    var bleed = Haemorrhage(
      subtype: subtype, centre: .zero, radii: [1, 1, 1], density: random.uniform(58...76),
      side: side, roughness: random.uniform(0.2...0.9), noiseSeed: random.next())
    switch subtype {
    case .epidural:
      // On the skull, mostly temporal or parietal, under an imagined fracture.
      let direction = unit([side * 1, random.uniform(-0.8...0.8), random.uniform(-0.1...0.7)])
      bleed.centre = surface(direction, head) * 0.93
      let normal = random.uniform(12...26)
      let spread = random.uniform(18...34)
      bleed.radii = [normal, spread, spread * random.uniform(0.7...1)]
    case .subdural:
      let direction = unit([side * 1, random.uniform(-0.4...0.5), random.uniform(0.1...0.6)])
      bleed.centre = surface(direction, head) * 0.9
      bleed.radii = [random.uniform(45...62), random.uniform(55...85), random.uniform(40...62)]
      bleed.density = random.chance(0.25) ? random.uniform(42...52) : bleed.density
    case .subarachnoid:
      let basal = random.chance(0.5)
      bleed.side = random.chance(0.4) ? 0 : side
      bleed.centre =
        basal
        ? [bleed.side * 10, -10, -18]
        : [side * random.uniform(36...52), random.uniform(-35...40), random.uniform(8...45)]
      let reach = random.uniform(26...44)
      bleed.radii = [reach, reach, basal ? 20 : reach * 0.7]
      bleed.density = random.uniform(48...66)
    case .intraventricular:
      bleed.side = random.chance(0.5) ? 0 : side
      bleed.centre = [bleed.side * 15, 20, 10]
      bleed.radii = [bleed.side == 0 ? 60 : 14.5, 48, 40]
      bleed.roughness = random.uniform(-0.35...0.45)
    case .intraparenchymal:
      if random.chance(0.5) {
        // Basal ganglia and thalamus, where hypertension bleeds.
        bleed.centre = [side * random.uniform(19...28), random.uniform(-14...16), 6]
      } else {
        let direction = unit([
          side * random.uniform(0.5...1), random.uniform(-1...1), random.uniform(-0.1...0.9),
        ])
        bleed.centre = surface(direction, head) * random.uniform(0.5...0.68)
      }
      let size = random.uniform(7...22)
      bleed.radii = [
        size * random.uniform(0.7...1), size * random.uniform(0.9...1.3),
        size * random.uniform(0.8...1.1),
      ]
    }
    return bleed
  }

  private static func unit(_ v: SIMD3<Double>) -> SIMD3<Double> { v / (v * v).sum().squareRoot() }

  /// The scalp's point in a direction.
  private static func surface(_ direction: SIMD3<Double>, _ radii: SIMD3<Double>) -> SIMD3<Double> {
    let d = direction / radii
    return direction / (d * d).sum().squareRoot()
  }
}

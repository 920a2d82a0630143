/// A generated head CT with its truth: what a study can be rehearsed on when no data set is at hand.
///
/// Every number comes from a seed through integer steps, sums, products and square roots, so a seed
/// gives the same samples on every platform.
public struct HeadPhantom: Sendable {
  /// How the head was scanned.
  public struct Acquisition: Sendable, Hashable, Codable {
    /// Columns and rows of a slice.
    public var matrix: Int
    public var slices: Int
    /// Millimetres between pixel centres.
    public var pixelSpacing: Double
    /// Millimetres between slices along the table; the slices are as thick.
    public var sliceThickness: Double
    /// The gantry's tilt: tangent of half the angle, so that sine and cosine are exact quotients.
    public var tiltHalfTangent: Double
    /// The head's rotation about its long axis, in the same form.
    public var turnHalfTangent: Double
    /// Millimetres that the head lies off the centre.
    public var offset: SIMD3<Double>
    /// Standard deviation of the noise in Hounsfield units.
    public var noise: Double
    /// Depth of the cupping that beam hardening leaves, in Hounsfield units.
    public var cupping: Double

    /// (sine, cosine) of the angle whose half has this tangent.
    static func rotation(_ t: Double) -> (sin: Double, cos: Double) {
      (2 * t / (1 + t * t), (1 - t * t) / (1 + t * t))
    }
  }

  /// The name of the head, such as `HEAD_0007`: made up, as everything about it.
  public let name: String
  public let acquisition: Acquisition
  public let bleeds: [Haemorrhage]
  /// The cohort's seed.
  public let seed: UInt64
  let anatomy: HeadAnatomy
  let noiseSeed: UInt64

  /// Draws head number `index` of a cohort.
  public init(seed: UInt64, index: Int) {
    var random = PhantomRandom(seed: seed, stream: UInt64(index))
    self.seed = seed
    name = Self.name(index)
    let matrix = random.pick([192, 224, 256])
    let thickness = random.pick([5.0, 5.0, 6.0, 7.0])
    acquisition = Acquisition(
      matrix: matrix,
      slices: Int((random.uniform(125...140) / thickness).rounded(.up)),
      pixelSpacing: random.uniform(222...240) / Double(matrix),
      sliceThickness: thickness,
      tiltHalfTangent: random.chance(0.35) ? random.uniform(-0.11...0.11) : 0,
      turnHalfTangent: random.uniform(-0.05...0.05),
      offset: [random.uniform(-5...5), random.uniform(-5...5), 0],
      noise: random.uniform(2.5...4.5),
      cupping: random.uniform(1...4))
    anatomy = HeadAnatomy(&random)
    bleeds = Self.drawBleeds(&random, head: anatomy.radii)
    noiseSeed = random.next()
  }

  /// The name of head number `index`, which counts from 0.
  static func name(_ index: Int) -> String {
    let digits = String(index + 1)
    return "HEAD_" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }

  /// The position of a voxel in LPS millimetres of the scanner, which DICOM and NIfTI record.
  public func position(column: Double, row: Double, slice: Double) -> SIMD3<Double> {
    let a = acquisition
    let middle = Double(a.matrix - 1) / 2
    let u = (column - middle) * a.pixelSpacing
    let v = (row - middle) * a.pixelSpacing
    let w = lowest + slice * a.sliceThickness
    let tilt = Acquisition.rotation(a.tiltHalfTangent)
    // A tilted gantry leans each slice; the table still moves along z.
    return [u, v * tilt.cos, w + v * tilt.sin]
  }

  /// The z of the lowest slice at the middle of the image.
  private var lowest: Double { -52 }

  /// From the scanner's frame to the head's own.
  private func inHead(_ p: SIMD3<Double>) -> SIMD3<Double> {
    let q = p - acquisition.offset
    let turn = Acquisition.rotation(acquisition.turnHalfTangent)
    return [turn.cos * q.x - turn.sin * q.y, turn.sin * q.x + turn.cos * q.y, q.z]
  }

  /// One slice: Hounsfield units and BHSD's label of each pixel, rows of columns.
  ///
  /// A pixel is the mean of two points through the slice's thickness (partial volume); its label
  /// is that of the middle.
  public func slice(_ index: Int) -> (hounsfield: [Int16], labels: [UInt8]) {
    let n = acquisition.matrix
    var hounsfield = [Int16](repeating: -1000, count: n * n)
    var labels = [UInt8](repeating: 0, count: n * n)
    let noise = PixelNoise(seed: noiseSeed, deviation: acquisition.noise)
    let rough = bleeds.map { LatticeNoise(seed: $0.noiseSeed, frequency: 1 / 9.0) }
    for row in 0..<n {
      let grain = noise.row(slice: index, row: row, columns: n)
      for column in 0..<n {
        func point(_ offset: Double) -> SIMD3<Double> {
          inHead(
            position(column: Double(column), row: Double(row), slice: Double(index) + offset))
        }
        let below = value(point(-0.25), rough)
        let above = value(point(0.25), rough)
        let middle = value(point(0), rough)
        let mean = (below.hounsfield + above.hounsfield + 2 * middle.hounsfield) / 4
        let air = mean < -900
        let sum = mean + bias(point(0)) + (air ? grain[column] * 0.5 : grain[column])
        hounsfield[row * n + column] = Int16(min(max(sum.rounded(), -1024), 3071))
        labels[row * n + column] = middle.label
      }
    }
    return (hounsfield, labels)
  }

  private func value(
    _ p: SIMD3<Double>, _ rough: [LatticeNoise]
  ) -> (hounsfield: Double, label: UInt8) {
    let (tissue, site) = anatomy.tissue(p)
    guard site.depthInside > 0 else { return (tissue, 0) }
    for (bleed, noise) in zip(bleeds, rough) where bleed.contains(p, site, noise: noise) {
      return (bleed.density + 4 * noise(p * 2), UInt8(bleed.subtype.rawValue))
    }
    for (bleed, noise) in zip(bleeds, rough) where bleed.subtype == .intraparenchymal {
      // A dark rim of oedema around the clot.
      var wider = bleed
      wider.radii += 5
      if wider.contains(p, site, noise: noise) { return (tissue - 11, 0) }
    }
    return (tissue, 0)
  }

  /// Cupping, the bright edge under the skull, and the dark band between the petrous bones.
  private func bias(_ p: SIMD3<Double>) -> Double {
    let d = p / anatomy.radii
    let r = (d * d).sum()
    guard r < 1 else { return 0 }
    var bias = acquisition.cupping * (r - 0.6)
    if p.z < -30 {
      let band = (p.y - 22) / 7
      bias -= 9 / (1 + band * band * band * band)
    }
    return bias
  }
}

/// Smooth noise: random values on a cubic lattice, blended between its points.
///
/// Only additions and products, so the same on every platform. O(1) a sample.
struct LatticeNoise: Sendable {
  let seed: UInt64
  /// Lattice points a millimetre.
  let frequency: Double

  /// Between −1 and 1; 0 on average.
  func callAsFunction(_ p: SIMD3<Double>) -> Double {
    let q = p * frequency
    let base = q.rounded(.down)
    let f = q - base
    // Smoothstep keeps the slope continuous over lattice planes.
    let w = f * f * (3 - 2 * f)
    let x = Int64(base.x)
    let y = Int64(base.y)
    let z = Int64(base.z)
    func corner(_ dx: Int64, _ dy: Int64, _ dz: Int64) -> Double {
      let key =
        UInt64(bitPattern: x + dx) &* 0x8DA6_B343 ^ UInt64(bitPattern: y + dy) &* 0xD816_3841_0001
        ^ UInt64(bitPattern: z + dz) &* 0xCB1A_B31F_0000_0001
      return Double(PhantomRandom.mix(key ^ seed) >> 11) * 0x1p-52 - 1
    }
    func along(_ a: Double, _ b: Double, _ t: Double) -> Double { a + (b - a) * t }
    let low = along(
      along(corner(0, 0, 0), corner(1, 0, 0), w.x), along(corner(0, 1, 0), corner(1, 1, 0), w.x),
      w.y)
    let high = along(
      along(corner(0, 0, 1), corner(1, 0, 1), w.x), along(corner(0, 1, 1), corner(1, 1, 1), w.x),
      w.y)
    return along(low, high, w.z)
  }
}

/// Acquisition noise: about Gaussian, blurred over neighbouring pixels as a reconstruction's is.
struct PixelNoise: Sendable {
  let seed: UInt64
  /// Standard deviation in Hounsfield units.
  let deviation: Double

  /// A row of one slice.
  func row(slice: Int, row: Int, columns: Int) -> [Double] {
    func white(_ r: Int, _ c: Int) -> Double {
      let key = (UInt64(slice) << 40) ^ (UInt64(bitPattern: Int64(r)) << 20) ^ UInt64(c)
      let bits = PhantomRandom.mix(PhantomRandom.mix(key ^ seed) &+ seed)
      // Four 16-bit uniforms: variance 4/12 of a unit interval.
      let sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48)
      return (Double(sum) * 0x1p-16 - 2) * 1.7320508075688772
    }
    var above = (0...columns).map { white(row, $0) }
    let below = (0...columns).map { white(row + 1, $0) }
    for c in 0..<columns {
      above[c] = (above[c] + above[c + 1] + below[c] + below[c + 1]) * 0.5 * deviation
    }
    above.removeLast()
    return above
  }
}

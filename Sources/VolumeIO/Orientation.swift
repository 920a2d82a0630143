/// The letters towards which a grid's axes grow, such as `LPS` or `RAS`.
///
/// `L`/`R` are the patient's left and right, `P`/`A` back and front, `S`/`I` head and feet. NIfTI's
/// and nibabel's `RAS` means the same: the first axis grows towards the right.
public struct Orientation: Sendable, Hashable, CustomStringConvertible {
  /// The axis of (L, P, S) that each grid axis lies along: a permutation of 0, 1, 2.
  public let axes: SIMD3<Int>
  /// 1 where a grid axis grows towards L, P or S; −1 where it grows towards R, A or I.
  public let signs: SIMD3<Int>

  package init(axes: SIMD3<Int>, signs: SIMD3<Int>) {
    self.axes = axes
    self.signs = signs
  }

  /// The orientation of three letters; nil where they name no three axes, or one twice.
  public init?(_ letters: some StringProtocol) {
    var (axes, signs) = (SIMD3<Int>.zero, SIMD3<Int>.zero)
    let upper = Array(letters.uppercased())
    guard upper.count == 3 else { return nil }
    for (index, letter) in upper.enumerated() {
      switch letter {
      case "L": (axes[index], signs[index]) = (0, 1)
      case "R": (axes[index], signs[index]) = (0, -1)
      case "P": (axes[index], signs[index]) = (1, 1)
      case "A": (axes[index], signs[index]) = (1, -1)
      case "S": (axes[index], signs[index]) = (2, 1)
      case "I": (axes[index], signs[index]) = (2, -1)
      default: return nil
      }
    }
    guard axes.x != axes.y, axes.x != axes.z, axes.y != axes.z else { return nil }
    self.init(axes: axes, signs: signs)
  }

  public var description: String {
    let letters = [["L", "R"], ["P", "A"], ["S", "I"]]
    return (0..<3).map { letters[axes[$0]][signs[$0] < 0 ? 1 : 0] }.joined()
  }

  /// DICOM's axes: left, posterior, superior.
  public static let LPS = Orientation(axes: [0, 1, 2], signs: [1, 1, 1])
  /// NIfTI's axes: right, anterior, superior.
  public static let RAS = Orientation(axes: [0, 1, 2], signs: [-1, -1, 1])
  /// Left, anterior, superior: the axes of many atlases.
  public static let LAS = Orientation(axes: [0, 1, 2], signs: [1, -1, 1])
  /// Left, inferior, anterior: FreeSurfer's conformed axes are `LIA`.
  public static let LIA = Orientation(axes: [0, 2, 1], signs: [1, -1, -1])

  /// All 48.
  public static let all: [Orientation] = {
    var all: [Orientation] = []
    let orders: [SIMD3<Int>] = [
      [0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0],
    ]
    for order in orders {
      for bits in 0..<8 {
        let signs = SIMD3<Int>(
          bits & 1 == 0 ? 1 : -1, bits & 2 == 0 ? 1 : -1, bits & 4 == 0 ? 1 : -1)
        all.append(Orientation(axes: order, signs: signs))
      }
    }
    return all
  }()
}

extension Geometry {
  /// The letters towards which the three axes grow.
  ///
  /// Each axis takes the patient direction that it lies closest to; of a tie the earlier axis of
  /// (x, y, z) wins, and no letter is used twice.
  public var orientation: Orientation {
    let vectors = [affine.x, affine.y, affine.z]
    var (best, order) = (-1.0, SIMD3<Int>(0, 1, 2))
    let orders: [SIMD3<Int>] = [
      [0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0],
    ]
    for candidate in orders {
      var score = 0.0
      for axis in 0..<3 {
        let norm = length(vectors[axis])
        score += norm > 0 ? abs(vectors[axis][candidate[axis]]) / norm : 0
      }
      if score > best + 1e-12 { (best, order) = (score, candidate) }
    }
    var signs = SIMD3<Int>.one
    for axis in 0..<3 where vectors[axis][order[axis]] < 0 { signs[axis] = -1 }
    return Orientation(axes: order, signs: signs)
  }
}

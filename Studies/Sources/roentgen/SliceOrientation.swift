import ArgumentParser
import VolumeIO
import Windowing

/// Along which planes a scan is cut: one of its own three, or a stack of oblique ones.
enum SliceOrientation: Sendable, Hashable {
  case own(Plane)
  /// Planes at a right angle to a direction in LPS.
  case oblique(normal: SIMD3<Double>)

  /// One picture to be made, and its number in the file's name.
  struct Slice: Sendable, Hashable {
    var number: Int
    var request: SliceRequest
  }

  init(_ name: String, normal: String?) throws {
    if let normal {
      guard name == "oblique" else {
        throw ValidationError("--normal goes with --plane oblique")
      }
      let numbers = normal.split(separator: ",").compactMap { Double($0) }
      guard numbers.count == 3, numbers.allSatisfy(\.isFinite), numbers.contains(where: { $0 != 0 })
      else { throw ValidationError("--normal \(normal): X,Y,Z, not all zero") }
      self = .oblique(normal: SIMD3(numbers[0], numbers[1], numbers[2]))
      return
    }
    switch name {
    case "axial": self = .own(.axial)
    case "coronal": self = .own(.coronal)
    case "sagittal": self = .own(.sagittal)
    case "oblique": throw ValidationError("--plane oblique needs --normal X,Y,Z")
    default:
      throw ValidationError("--plane \(name): axial, coronal, sagittal or oblique")
    }
  }

  var name: String {
    switch self {
    case .own(.axial): "axial"
    case .own(.coronal): "coronal"
    case .own: "sagittal"
    case .oblique: "oblique"
    }
  }

  /// The slices that the pickers leave, in order.
  func slices(
    of volume: Volume, _ pickers: [SlicePicker], _ convention: Convention, mask: Volume?
  ) throws -> [Slice] {
    switch self {
    case .own(let plane):
      return try volume.slices(plane, pickers, mask: mask).map { index in
        Slice(number: index, request: SliceRequest(plane, at: index, convention: convention))
      }
    case .oblique(let normal):
      let planes = Self.planes(through: volume, normal, convention)
      return try SlicePicker.indices(of: planes.count, pickers).map { index in
        Slice(
          number: index,
          request: SliceRequest(.oblique(planes[index]), convention: convention))
      }
    }
  }

  /// Planes that cover the volume, as far apart as its finest spacing.
  private static func planes(
    through volume: Volume, _ direction: SIMD3<Double>, _ convention: Convention
  ) -> [ObliquePlane] {
    let normal = direction / norm(direction)
    // Columns run towards the patient's left, or towards posterior in sagittal planes.
    let left = SIMD3(1.0, 0, 0)
    let along = left - dot(left, normal) * normal
    let second = SIMD3(0.0, 1, 0)
    let across = norm(along) > 0.1 ? along : second - dot(second, normal) * normal
    let right = across / norm(across)
    let down = cross(normal, right)
    let spacing = volume.geometry.affine.spacing.min()
    let size = volume.size
    var corners: [SIMD3<Double>] = []
    for corner in 0..<8 {
      let index = SIMD3(
        corner & 1 == 0 ? -0.5 : Double(size.x) - 0.5,
        corner & 2 == 0 ? -0.5 : Double(size.y) - 0.5,
        corner & 4 == 0 ? -0.5 : Double(size.z) - 0.5)
      corners.append(volume.geometry.affine(index))
    }
    func span(_ axis: SIMD3<Double>) -> (middle: Double, length: Double) {
      let places = corners.map { dot($0, axis) }
      let (low, high) = (places.min() ?? 0, places.max() ?? 0)
      return ((low + high) / 2, high - low)
    }
    let (x, y, z) = (span(right), span(down), span(normal))
    let count = max(1, min(4096, Int((z.length / spacing).rounded(.down))))
    return (0..<count).map { index in
      let depth = z.middle + (Double(index) - Double(count - 1) / 2) * spacing
      return ObliquePlane(
        center: x.middle * right + y.middle * down + depth * normal,
        right: convention == .neurological ? -right : right, down: down, spacing: spacing,
        width: max(1, min(4096, Int((x.length / spacing).rounded(.up)))),
        height: max(1, min(4096, Int((y.length / spacing).rounded(.up)))))
    }
  }

  private static func dot(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> Double { (a * b).sum() }

  private static func norm(_ a: SIMD3<Double>) -> Double { dot(a, a).squareRoot() }

  private static func cross(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> SIMD3<Double> {
    SIMD3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
  }
}

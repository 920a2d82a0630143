// From the positions of planes to one affine, and how well it fits them.

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// The line that the planes of a volume lie on.
struct SliceSpacing: Sendable {
  /// From voxel to LPS millimetres; its third axis is the step between positions, so that a tilted
  /// gantry shears it.
  var affine: Affine
  /// Position of each plane, in order.
  var positions: [SIMD3<Double>]
  /// Degrees between the normal of the planes and the line of their positions.
  var tilt = 0.0
  var isRegular = true
  var diagnostics: [DICOMDiagnostic] = []

  /// The tolerance of a gap: a hundredth of the median gap, at least a micrometre.
  static func tolerance(_ median: Double) -> Double { max(1e-3, 1e-2 * median) }

  /// - Parameter slices: The planes of one channel, in order.
  init(_ slices: [DICOMSlice], _ header: SliceHeader) {
    let first = slices.first
    let measured = first?.pixelSpacing
    let pixels = measured ?? [1, 1]
    let between = first?.spacingBetweenSlices.map(abs) ?? first?.sliceThickness ?? 1
    let depth = between > 0 && between.isFinite ? between : 1
    guard let plane = first?.orientation, let origin = first?.position else {
      positions = []
      affine = Affine(spacing: [pixels.y, pixels.x, depth])
      diagnostics.append(.init(.noPosition, "axes of the picture are taken for left and posterior"))
      if measured == nil { diagnostics.append(.init(.noSpacing, "1 mm is assumed")) }
      return
    }
    if measured == nil { diagnostics.append(.init(.noSpacing, "1 mm is assumed")) }
    positions = slices.compactMap(\.position)
    let normal = plane.normal
    affine = Affine(
      x: pixels.y * plane.row, y: pixels.x * plane.column, z: depth * normal, origin: origin)
    guard positions.count > 1, let last = positions.last else { return }
    let step = (last - origin) / Double(positions.count - 1)
    affine.z = step
    let along = dot(step, normal)
    guard along > 0 else { return }
    let across = length(step - along * normal)
    tilt = atan2(across, along) * 180 / .pi
    check(normal, across)
  }

  private mutating func check(_ normal: SIMD3<Double>, _ across: Double) {
    let distances = positions.map { dot($0, normal) }
    let gaps = zip(distances.dropFirst(), distances).map { $0 - $1 }
    let median = gaps.sorted()[gaps.count / 2]
    let tolerance = Self.tolerance(median)
    if tilt > 0.05, across > 1e-3 {
      diagnostics.append(
        .init(.gantryTilt, "\(Self.rounded(tilt))° between the planes' normal and their line"))
    }
    if let low = gaps.min(), let high = gaps.max(), high - low > 2 * tolerance {
      isRegular = false
      let multiples = gaps.map { ($0 / median).rounded() }
      let isMissing = zip(gaps, multiples).allSatisfy {
        $1 >= 1 && abs($0 - $1 * median) <= tolerance * $1
      }
      if isMissing {
        let missing = Int(multiples.reduce(0) { $0 + $1 - 1 })
        let after = multiples.indices.filter { multiples[$0] > 1 }.prefix(8)
          .map { "\($0 + 1)" }.joined(separator: ", ")
        diagnostics.append(
          .init(
            .missingSlices,
            "\(missing) of \(positions.count + missing) missing, after slice \(after), at a spacing "
              + "of \(Self.rounded(median)) mm"))
      } else {
        diagnostics.append(
          .init(
            .irregularSpacing,
            "gaps of \(Self.rounded(low)) to \(Self.rounded(high)) mm, median "
              + "\(Self.rounded(median)) mm"))
      }
      return
    }
    // Even gaps along the normal can still stagger sideways.
    for (index, position) in positions.enumerated() {
      let off = length(position - affine([0, 0, Double(index)]))
      if off > max(0.01, 2 * tolerance) {
        isRegular = false
        diagnostics.append(
          .init(
            .irregularSpacing,
            "slice \(index + 1) lies \(Self.rounded(off)) mm off the line of the others"))
        return
      }
    }
  }

  private static func rounded(_ value: Double) -> String {
    "\((value * 1000).rounded() / 1000)"
  }
}

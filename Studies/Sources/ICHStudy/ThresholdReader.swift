import Evaluation
import Phantoms

/// The classical baseline: fresh blood is denser than brain and lighter than bone.
///
/// Voxels of 50…95 HU inside the skull after a 3 × 3 mean, joined to 26-connected components of at
/// least 0.3 mL; a component's place and shape name its kind. No training, no learned weight.
public struct ThresholdReader: Sendable {
  /// Hounsfield units that count as fresh blood.
  public var range: ClosedRange<Float> = 50...95
  /// The least component, in millilitres.
  public var leastMillilitres = 0.3

  public init() {}

  /// What the reader sees in a head.
  public struct Result: Sendable {
    /// One reading for each slice.
    public var slices: [SliceReading]
    /// BHSD's labels of every voxel.
    public var labels: [UInt8]
    /// Millilitres of blood in the head.
    public var millilitres: Double
  }

  /// - Complexity: O(*voxels*).
  public func read(_ head: HeadVolume) throws -> Result {
    let depth = head.depthInsideSkull()
    let smooth = head.smoothed()
    let rim = Float(2.2)
    var mask = [Bool](repeating: false, count: smooth.count)
    for i in mask.indices where depth[i] > rim && range.contains(smooth[i]) { mask[i] = true }
    let found = try Components(
      Mask(
        mask, shape: [head.slices, head.rows, head.columns],
        spacing: [head.spacing.z, head.spacing.y, head.spacing.x]))
    let component = found.labels
    var shapes = [Shape](repeating: Shape(), count: found.count + 1)
    let midlines = (0..<head.slices).map(head.midline(slice:))
    var i = 0
    for z in 0..<head.slices {
      for y in 0..<head.rows {
        for x in 0..<head.columns {
          let c = Int(component[i])
          if c > 0 {
            shapes[c].add(
              x: (Double(x) - midlines[z]) * head.spacing.x, y: Double(y) * head.spacing.y,
              z: Double(z) * head.spacing.z, depth: Double(depth[i]),
              nearFluid: touchesFluid(i, x, y, smooth, depth, head))
          }
          i += 1
        }
      }
    }
    let kinds = shapes.map { shape -> UInt8 in
      Double(shape.count) * head.voxel / 1000 < leastMillilitres
        ? 0 : UInt8(shape.kind(voxel: head.voxel).rawValue)
    }
    let labels = component.map { kinds[Int($0)] }
    var total = 0.0
    let perSlice = head.columns * head.rows
    let slices = (0..<head.slices).map { z -> SliceReading in
      let truth = SliceTruth(
        labels: labels[(z * perSlice)..<((z + 1) * perSlice)], columns: head.columns,
        midline: midlines[z], voxel: head.voxel, leastArea: 1)
      let amount = truth.millilitres ?? 0
      total += amount
      let each = HaemorrhageSubtype.allCases.map { kind -> Double in
        let part = truth.millilitresBySubtype?[kind.rawValue] ?? 0
        return part / (part + 0.5)
      }
      return SliceReading(
        haemorrhage: truth.haemorrhage, score: amount / (amount + 0.5), subtypes: truth.subtypes,
        subtypeScores: each, side: truth.side, millilitres: amount)
    }
    return Result(slices: slices, labels: labels, millilitres: total)
  }

  /// Whether fluid (below 15 HU, well inside) lies within three pixels along a row or column.
  private func touchesFluid(
    _ i: Int, _ x: Int, _ y: Int, _ smooth: [Float], _ depth: [Float], _ head: HeadVolume
  ) -> Bool {
    guard x > 3, y > 3, x < head.columns - 4, y < head.rows - 4 else { return false }
    for step in [-3, 3, -3 * head.columns, 3 * head.columns] {
      let j = i + step
      if depth[j] > 18, smooth[j] < 15, smooth[j] > -20 { return true }
    }
    return false
  }
}

extension ThresholdReader.Result {
  /// The ABC/2 estimate of the largest bleed, in millilitres, with Kothari's weights; nil for none.
  ///
  /// A is the largest diameter on the slice with the largest area, B the widest line across it at a
  /// right angle, C the weighted count of slices times their distance.
  func largestABC2(_ head: HeadVolume) throws -> Double? {
    let found = try Components(
      Mask(
        labels.map { $0 > 0 }, shape: [head.slices, head.rows, head.columns],
        spacing: [head.spacing.z, head.spacing.y, head.spacing.x]))
    guard let largest = found.sizes.indices.max(by: { found.sizes[$0] < found.sizes[$1] }) else {
      return nil
    }
    let perSlice = head.columns * head.rows
    var areas = [Int](repeating: 0, count: head.slices)
    for (i, label) in found.labels.enumerated() where Int(label) == largest + 1 {
      areas[i / perSlice] += 1
    }
    guard let most = areas.max(), let widest = areas.firstIndex(of: most) else { return nil }
    var points: [SIMD2<Double>] = []
    for i in 0..<perSlice where Int(found.labels[widest * perSlice + i]) == largest + 1 {
      points.append([
        Double(i % head.columns) * head.spacing.x, Double(i / head.columns) * head.spacing.y,
      ])
    }
    let (a, b) = Self.diameters(points)
    return try ABC2(
      a: (a + head.spacing.x) / 10, b: (b + head.spacing.x) / 10,
      sliceThickness: head.spacing.z / 10,
      areaFractions: areas.filter { $0 > 0 }.map { Double($0) / Double(most) }
    ).millilitres
  }

  /// The longest extent over 36 directions, and the extent at a right angle to it.
  private static func diameters(_ points: [SIMD2<Double>]) -> (Double, Double) {
    func extent(_ direction: SIMD2<Double>) -> Double {
      let along = points.map { ($0 * direction).sum() }
      return (along.max() ?? 0) - (along.min() ?? 0)
    }
    var best = (length: -1.0, direction: SIMD2<Double>(1, 0))
    for step in 0..<36 {
      // Half-angle tangents from −1 to 1 cover half a turn with exact quotients.
      let t = Double(step) / 18 - 1
      let direction = SIMD2((1 - t * t) / (1 + t * t), 2 * t / (1 + t * t))
      let length = extent(direction)
      if length > best.length { best = (length, direction) }
    }
    return (best.length, extent([-best.direction.y, best.direction.x]))
  }
}

/// What a component's kind is told from.
private struct Shape {
  var count = 0
  var nearBone = 0
  var nearFluid = 0
  var deepest = 0.0
  var depths = 0.0
  var offMidline = 0.0
  var low = SIMD3<Double>(repeating: .infinity)
  var high = SIMD3<Double>(repeating: -.infinity)

  mutating func add(x: Double, y: Double, z: Double, depth: Double, nearFluid fluid: Bool) {
    count += 1
    if depth < 5 { nearBone += 1 }
    if fluid { nearFluid += 1 }
    deepest = max(deepest, depth)
    depths += depth
    offMidline += abs(x)
    low = pointwiseMin(low, [x, y, z])
    high = pointwiseMax(high, [x, y, z])
  }

  /// Rules of thumb, in order: against bone it is a lens or a crescent, in the middle by fluid it is
  /// ventricular, thin and spread it is subarachnoid, else it lies in the brain.
  func kind(voxel: Double) -> HaemorrhageSubtype {
    let n = Double(max(count, 1))
    let extent = high - low
    let longest = max(extent.x, extent.y, extent.z, 1)
    let box = max((extent.x + 1) * (extent.y + 1) * (extent.z + 5), 1)
    let filled = n * voxel / box
    if Double(nearBone) / n > 0.15, filled > 0.08 {
      return deepest / longest > 0.26 ? .epidural : .subdural
    }
    if depths / n > 22, Double(nearFluid) / n > 0.05, offMidline / n < 30 {
      return .intraventricular
    }
    if filled < 0.14 || deepest < 6 { return .subarachnoid }
    return .intraparenchymal
  }
}

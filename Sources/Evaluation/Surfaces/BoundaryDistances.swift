// Distances between the boundaries of two masks: one pass feeds HD, HD95, ASSD, MASD and NSD.
// Source: Huttenlocher 1993; Reinke et al. 2024 (Metrics Reloaded); Nikolov et al. 2021.

/// Which 95th percentile "HD95" is.
public enum HausdorffPercentile: String, Hashable, Sendable, Codable, CaseIterable {
  /// The larger of the two directed percentiles (Metrics Reloaded, MONAI). The default.
  case maxOfDirected
  /// The percentile of both directions' distances together (medpy, panoptica).
  case pooled
}

/// Which average "average surface distance" is.
public enum AverageSurfaceDistance: String, Hashable, Sendable, Codable, CaseIterable {
  /// The sum of all distances over the number of boundary voxels of both (ASSD).
  case pooled
  /// The mean of the two directed means (MASD).
  case meanOfDirections
}

/// Which normalised surface distance over boundary voxels.
public enum SurfaceDice: String, Hashable, Sendable, Codable, CaseIterable {
  /// Boundary voxels within the tolerance, of both, over all boundary voxels (MONAI).
  case voxelCount
  /// The mean of the two directed fractions (panoptica).
  case meanOfDirections
}

/// Distances from each boundary voxel of one mask to the nearest of the other, both ways.
///
/// Boundary voxels are inside voxels with a face neighbour outside; beyond the image is outside.
/// Distances are in millimetres. One empty mask makes distances infinite, two make them
/// undefined (or perfect, by policy).
public struct BoundaryDistances: Hashable, Sendable {
  /// Ascending.
  public let predictionToReference: [Double]
  /// Ascending.
  public let referenceToPrediction: [Double]
  public let metric: DistanceMetric
  public let policy: EmptyMaskPolicy

  /// - Throws: ``EvaluationError`` when the grids differ.
  /// - Complexity: One pass over the masks; then, for b boundary voxels, O(b) where the surfaces
  ///   are near and at most O(b + voxels of the box around both masks). Memory: under one byte a
  ///   voxel of that box beside 24 bytes a boundary voxel.
  public init(
    prediction: Mask, reference: Mask, metric: DistanceMetric = .euclidean,
    whenBothEmpty policy: EmptyMaskPolicy = .undefined
  ) throws(EvaluationError) {
    try prediction.requireSameGrid(reference)
    let grid = prediction.grid
    self.metric = metric
    self.policy = policy
    guard let box = MaskScan.bounds(prediction.voxels, reference.voxels, grid) else {
      predictionToReference = []
      referenceToPrediction = []
      return
    }
    let a = BitGrid(prediction.voxels, grid, box).faceBoundary(isFlat: grid.isFlat)
    let b = BitGrid(reference.voxels, grid, box).faceBoundary(isFlat: grid.isFlat)
    let spacing = (grid.s0, grid.s1, grid.s2)
    predictionToReference = Self.distances(from: a, to: b, spacing, metric)
    referenceToPrediction = Self.distances(from: b, to: a, spacing, metric)
  }

  /// The distances of all points of one set to the other, ascending.
  static func distances(
    from a: BitGrid, to b: BitGrid, _ spacing: (Double, Double, Double), _ metric: DistanceMetric
  ) -> [Double] {
    // Not negative, so that their bit patterns are in their order.
    var keys: [UInt64]
    if metric == .euclidean {
      keys = RowSearch(b, spacing: spacing).distances(of: a).map { $0.bitPattern }
    } else {
      let points = b.points().inMortonOrder().points
      keys = NearestPoint(points, spacing: spacing, metric: metric)
        .distances(a.points().inMortonOrder().points).map { $0.bitPattern }
    }
    RadixOrder.sort(&keys)
    return keys.map {
      let x = Double(bitPattern: $0)
      return metric == .euclidean ? x.squareRoot() : x
    }
  }

  private var undefined: MetricValue? {
    switch (predictionToReference.isEmpty, referenceToPrediction.isEmpty) {
    case (true, true): policy == .perfect ? .value(0) : .undefined(.bothEmpty)
    case (false, false): nil
    default: .value(.infinity)
    }
  }

  private func score(_ name: String, _ value: () -> Double) -> Score {
    Score(
      name, undefined ?? .value(value()), count: 1,
      signature: "\(name)|\(metric.rawValue)|boundary:faces|both empty:\(policy.rawValue)"
        + "|v:\(Definitions.version)")
  }

  /// The largest distance of either direction.
  public var hausdorff: Score {
    score("HD") { max(predictionToReference.last ?? 0, referenceToPrediction.last ?? 0) }
  }

  /// The largest distance from the prediction's boundary to the reference's.
  public var directedHausdorff: Score {
    score("directed HD (prediction → reference)") { predictionToReference.last ?? 0 }
  }

  /// A percentile of the distances by linear interpolation; 95 gives HD95.
  ///
  /// - Precondition: `0 ≤ percent ≤ 100`.
  public func hausdorff(
    percentile percent: Double, _ definition: HausdorffPercentile = .maxOfDirected
  ) -> Score {
    precondition(percent >= 0 && percent <= 100, "percentile \(percent)")
    let p = percent / 100
    return score("HD\(formatted(percent, digits: 4)) (\(definition.rawValue))") {
      switch definition {
      case .maxOfDirected:
        max(
          Bootstrap.quantile(p, ofSorted: predictionToReference),
          Bootstrap.quantile(p, ofSorted: referenceToPrediction))
      case .pooled:
        Bootstrap.quantile(p, ofSorted: merged(predictionToReference, referenceToPrediction))
      }
    }
  }

  /// A percentile of one direction.
  public func directedHausdorff(percentile percent: Double) -> Score {
    score("directed HD\(formatted(percent, digits: 4)) (prediction → reference)") {
      Bootstrap.quantile(percent / 100, ofSorted: predictionToReference)
    }
  }

  /// HD95 as Metrics Reloaded defines it.
  public var hausdorff95: Score { hausdorff(percentile: 95) }

  /// The average distance of both surfaces.
  public func average(_ definition: AverageSurfaceDistance = .pooled) -> Score {
    score(definition == .pooled ? "ASSD" : "MASD") {
      let a = predictionToReference.compensatedSum()
      let b = referenceToPrediction.compensatedSum()
      let (n, m) = (Double(predictionToReference.count), Double(referenceToPrediction.count))
      return definition == .pooled ? (a + b) / (n + m) : (a / n + b / m) / 2
    }
  }

  /// The mean distance from the prediction's boundary to the reference's.
  public var directedAverage: Score {
    score("ASD (prediction → reference)") { predictionToReference.mean() ?? 0 }
  }

  /// The share of the boundaries within `tolerance` millimetres of each other, 0…1.
  ///
  /// One empty mask gives 0; both empty follow the policy.
  public func surfaceDice(
    tolerance: Double, _ definition: SurfaceDice = .voxelCount
  ) -> Score {
    let name = "NSD@\(formatted(tolerance, digits: 6)) mm (\(definition.rawValue))"
    var value: MetricValue
    switch (predictionToReference.isEmpty, referenceToPrediction.isEmpty) {
    case (true, true): value = policy == .perfect ? .value(1) : .undefined(.bothEmpty)
    case (false, false):
      let a = Double(countWithin(predictionToReference, tolerance))
      let b = Double(countWithin(referenceToPrediction, tolerance))
      let (n, m) = (Double(predictionToReference.count), Double(referenceToPrediction.count))
      value = .value(definition == .voxelCount ? (a + b) / (n + m) : (a / n + b / m) / 2)
    default: value = .value(0)
    }
    return Score(
      name, value, count: 1,
      signature: "NSD|\(definition.rawValue)|tolerance:\(tolerance)|\(metric.rawValue)"
        + "|both empty:\(policy.rawValue)|v:\(Definitions.version)")
  }
}

/// How many sorted values are at most `limit`.
func countWithin(_ sorted: [Double], _ limit: Double) -> Int {
  var (low, high) = (0, sorted.count)
  while low < high {
    let middle = (low + high) / 2
    if sorted[middle] <= limit { low = middle + 1 } else { high = middle }
  }
  return low
}

/// Two sorted lists as one.
func merged(_ a: [Double], _ b: [Double]) -> [Double] {
  var out: [Double] = []
  out.reserveCapacity(a.count + b.count)
  var (i, j) = (0, 0)
  while i < a.count || j < b.count {
    if j == b.count || (i < a.count && a[i] <= b[j]) {
      out.append(a[i])
      i += 1
    } else {
      out.append(b[j])
      j += 1
    }
  }
  return out
}

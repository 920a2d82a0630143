// Distances between surfaces, each surface element weighted by its area.
// Source: Nikolov et al. 2021, J Med Internet Res 23:e26151 (DeepMind's surface-distance).

/// Distances between the surface elements of two masks, weighted by area in mm² (length in mm
/// in 2-D). Elements lie on the corners between voxels.
public struct SurfelDistances: Hashable, Sendable {
  /// One direction's elements in ascending order of distance.
  public struct Direction: Hashable, Sendable {
    /// Millimetres, ascending; infinite when the other mask is empty.
    public let distances: [Double]
    /// The area of each element.
    public let areas: [Double]
    /// All area.
    public let totalArea: Double

    init(_ distances: [Double], _ areas: [Double]) {
      let order = RadixOrder.ascending(distances)
      self.distances = order.map { distances[Int($0)] }
      self.areas = order.map { areas[Int($0)] }
      totalArea = areas.compensatedSum()
    }

    /// The area-weighted mean; undefined without elements.
    public var average: MetricValue {
      guard !distances.isEmpty else { return .undefined(.oneEmpty) }
      guard distances.last?.isFinite == true else { return .value(.infinity) }
      return .ratio(zip(distances, areas).map { $0 * $1 }.compensatedSum(), totalArea)
    }

    /// The smallest distance up to which at least `fraction` of the area lies.
    func quantile(_ fraction: Double) -> Double {
      var sum = 0.0
      for (d, a) in zip(distances, areas) {
        sum += a
        if sum / totalArea >= fraction { return d }
      }
      return distances.last ?? .infinity
    }

    /// The area within a tolerance.
    func areaWithin(_ tolerance: Double) -> Double {
      areas.prefix(countWithin(distances, tolerance)).compensatedSum()
    }

    /// The share of the area within a tolerance; undefined without elements.
    public func overlap(tolerance: Double) -> MetricValue {
      distances.isEmpty ? .undefined(.oneEmpty) : .ratio(areaWithin(tolerance), totalArea)
    }
  }

  public let referenceToPrediction: Direction
  public let predictionToReference: Direction

  /// - Throws: ``EvaluationError`` when the grids differ.
  public init(prediction: Mask, reference: Mask) throws(EvaluationError) {
    try prediction.requireSameGrid(reference)
    let grid = prediction.grid
    guard let box = MaskScan.bounds(prediction.voxels, reference.voxels, grid) else {
      referenceToPrediction = Direction([], [])
      predictionToReference = Direction([], [])
      return
    }
    let areas =
      grid.isFlat
      ? SurfaceElements.lengths(spacing: (grid.s1, grid.s2))
      : SurfaceElements.areas(spacing: (grid.s0, grid.s1, grid.s2))
    let a = BitGrid(prediction.voxels, grid, box).corners(isFlat: grid.isFlat)
    let b = BitGrid(reference.voxels, grid, box).corners(isFlat: grid.isFlat)
    let spacing = (grid.s0, grid.s1, grid.s2)
    func direction(
      _ from: (places: BitGrid, codes: [UInt8]), _ to: BitGrid
    ) -> Direction {
      let squares = RowSearch(to, spacing: spacing).distances(of: from.places)
      return Direction(squares.map { $0.squareRoot() }, from.codes.map { areas[Int($0)] })
    }
    referenceToPrediction = direction(b, a.places)
    predictionToReference = direction(a, b.places)
  }

  private func score(_ name: String, _ value: MetricValue) -> Score {
    Score(name, value, count: 1, signature: "\(name)|surfel-weighted|v:\(Definitions.version)")
  }

  private var areEmpty: Bool {
    referenceToPrediction.distances.isEmpty && predictionToReference.distances.isEmpty
  }

  /// The Hausdorff distance at a percentile of area, the larger of both directions.
  public func hausdorff(percentile percent: Double) -> Score {
    let name = "HD\(formatted(percent, digits: 4)) (surfel)"
    guard !areEmpty else { return score(name, .undefined(.bothEmpty)) }
    return score(
      name,
      .value(
        max(
          referenceToPrediction.distances.isEmpty
            ? .infinity : referenceToPrediction.quantile(percent / 100),
          predictionToReference.distances.isEmpty
            ? .infinity : predictionToReference.quantile(percent / 100))))
  }

  /// The normalised surface distance: area of both surfaces within `tolerance` mm of the other
  /// over all area.
  public func surfaceDice(tolerance: Double) -> Score {
    let total = referenceToPrediction.totalArea + predictionToReference.totalArea
    let within =
      referenceToPrediction.areaWithin(tolerance) + predictionToReference.areaWithin(tolerance)
    return score(
      "NSD@\(formatted(tolerance, digits: 6)) mm (surfel)",
      .ratio(within, total, otherwise: .bothEmpty))
  }
}

// Scores a lesion at a time, as the BraTS challenges of 2023 and 2025 do.
// Source: the behaviour of the challenges' published evaluation code, checked by reference runs.

/// Lesion-wise scores. Numbers of different years are not comparable: the definitions differ.
public enum LesionWise {
  /// The options of the 2023 challenges.
  public struct BraTS2023: Hashable, Sendable, Codable {
    /// Dilations (18-connected) that merge nearby reference lesions into one.
    public var dilations: Int
    /// Reference lesions of at most this volume, in mm³, are dropped.
    public var minimumVolume: Double
    /// The HD95 of a missed lesion and of a false positive, in mm.
    public var distancePenalty: Double

    public init(dilations: Int, minimumVolume: Double, distancePenalty: Double = 374) {
      self.dilations = dilations
      self.minimumVolume = minimumVolume
      self.distancePenalty = distancePenalty
    }

    /// Adult glioma.
    public static let glioma = BraTS2023(dilations: 3, minimumVolume: 50)
    /// Brain metastases.
    public static let metastases = BraTS2023(dilations: 1, minimumVolume: 2)
  }

  /// One reference lesion.
  public struct Lesion: Hashable, Sendable, Codable {
    /// mm³.
    public let volume: Double
    public let dice: MetricValue
    /// Millimetres.
    public let hausdorff95: MetricValue
    /// Predicted components that touch the dilated lesion.
    public let components: Int
    /// Above the volume threshold.
    public let counts: Bool
  }

  /// The result for one region.
  public struct Result: Hashable, Sendable, Codable {
    public let lesions: [Lesion]
    /// Lesion-wise Dice: Σ Dice over counted lesions / (counted lesions + false positives).
    public let dice: Score
    /// Lesion-wise HD95 with the penalty for misses and false positives.
    public let hausdorff95: Score
    public let truePositives: Int
    public let falsePositives: Int
    public let falseNegatives: Int
    /// The Dice of the whole region (1 when both are empty).
    public let wholeDice: Score
    /// The surfel HD95 of the whole region (0 when both are empty, the penalty when one is).
    public let wholeHausdorff95: Score
    public let sensitivity: Score
    public let specificity: Score
  }

  /// The 2023 challenge's lesion-wise score of one region.
  ///
  /// Reference lesions whose dilations touch are one lesion. A predicted component belongs to
  /// every lesion whose dilation it touches; components that touch none are false positives,
  /// of whatever size.
  ///
  /// - Throws: ``EvaluationError`` unless both masks are three-dimensional on the same grid.
  public static func brats2023(
    prediction: Mask, reference: Mask, _ rules: BraTS2023 = .glioma
  ) throws(EvaluationError) -> Result {
    try prediction.requireSameGrid(reference)
    let g = reference.grid
    let predicted = Components(prediction, connectivity: .corners)
    let grown = Components(
      reference.dilated(.edges, iterations: rules.dilations), connectivity: .corners)
    let labels = zip(grown.labels, reference.voxels).map { $1 != 0 ? $0 : 0 }
    let boxes = labelBoxes(labels, count: grown.count, g)
    let predictedBoxes = predicted.boxes()
    var touched = Set<Int>()
    var lesions: [Lesion] = []
    for (index, box) in boxes.enumerated() {
      let label = Int32(index + 1)
      let wide = box.grown(rules.dilations, g)
      let lesion = cut(labels, wide, g) { $0 == label }
      let near = try mask(lesion, wide, reference).dilated(.edges, iterations: rules.dilations)
      var hits = Set<Int>()
      var at = 0
      wide.forEachIndex(g) { i in
        if near.voxels[at] != 0, predicted.labels[i] > 0 { hits.insert(Int(predicted.labels[i])) }
        at += 1
      }
      touched.formUnion(hits)
      let full = hits.reduce(box) { $0.union(predictedBoxes[$1 - 1]) }
      let p = try mask(cut(predicted.labels, full, g) { hits.contains(Int($0)) }, full, reference)
      let r = try mask(cut(labels, full, g) { $0 == label }, full, reference)
      let hd = try SurfelDistances(prediction: p, reference: r).hausdorff(percentile: 95)
      let volume = Double(r.count) * reference.voxelVolume
      lesions.append(
        Lesion(
          volume: volume, dice: try Overlap(prediction: p, reference: r).dice.value,
          hausdorff95: hd.value.map { $0.isInfinite ? rules.distancePenalty : $0 },
          components: hits.count, counts: volume > rules.minimumVolume))
    }
    let counted = lesions.filter(\.counts)
    let falsePositives = predicted.count - touched.count
    let parts = Double(counted.count + falsePositives)
    let diceSum = counted.map { $0.dice.orNaN }.compensatedSum()
    let hdSum =
      counted.map { $0.hausdorff95.orNaN }.compensatedSum()
      + Double(falsePositives) * rules.distancePenalty
    let missed = counted.count { $0.components == 0 }
    let signature =
      "|BraTS 2023|dilations:\(rules.dilations)|volume>\(rules.minimumVolume)"
      + "|penalty:\(rules.distancePenalty)|v:\(Definitions.version)"
    let overlap = try Overlap(
      prediction: prediction, reference: reference, whenBothEmpty: .perfect)
    let whole = try SurfelDistances(prediction: prediction, reference: reference)
      .hausdorff(percentile: 95)
    let bothEmpty = overlap.predicted + overlap.expected == 0
    func score(_ name: String, _ value: Double) -> Score {
      Score(
        name, MetricValue(value), count: counted.count + falsePositives,
        signature: name + signature)
    }
    return Result(
      lesions: lesions, dice: score("lesion-wise Dice", parts == 0 ? 1 : diceSum / parts),
      hausdorff95: score("lesion-wise HD95", parts == 0 ? 0 : hdSum / parts),
      truePositives: counted.count - missed, falsePositives: falsePositives,
      falseNegatives: missed, wholeDice: overlap.dice,
      wholeHausdorff95: score(
        "HD95 (surfel)",
        bothEmpty
          ? 0 : whole.value.orNaN.isInfinite ? rules.distancePenalty : whole.value.orNaN),
      sensitivity: score(
        "sensitivity",
        bothEmpty
          ? 1
          : overlap.expected == 0
            ? 0 : Double(overlap.truePositives) / Double(overlap.expected)),
      specificity: score("specificity", overlap.specificity.value.double ?? 1))
  }

  private static func cut(
    _ labels: [Int32], _ box: VoxelBox, _ g: Grid, _ inside: (Int32) -> Bool
  ) -> [UInt8] {
    var out: [UInt8] = []
    box.forEachIndex(g) { out.append(labels[$0] != 0 && inside(labels[$0]) ? 1 : 0) }
    return out
  }

  private static func mask(
    _ voxels: [UInt8], _ box: VoxelBox, _ like: Mask
  ) throws(EvaluationError) -> Mask {
    let extents = [
      box.high.0 - box.low.0, box.high.1 - box.low.1, box.high.2 - box.low.2,
    ]
    return try Mask(
      voxels, shape: like.grid.isFlat ? Array(extents.dropFirst()) : extents,
      spacing: like.spacing)
  }
}

extension LesionWise {
  /// The result of the 2025 challenge package for one region.
  public struct PanopticaResult: Hashable, Sendable, Codable {
    public let truePositives: Int
    public let falsePositives: Int
    public let falseNegatives: Int
    public let recognitionQuality: Score
    /// The mean Dice of matched instances.
    public let dice: Score
    /// Mean Dice times recognition quality.
    public let panopticDice: Score
    /// The mean of matched instances' NSD at the smallest spacing (mean of directions).
    public let surfaceDice: Score
    /// The mean of matched instances' pooled HD95.
    public let hausdorff95: Score
    public let wholeDice: Score
    /// NSD of the whole region at half a voxel, spacing ignored, as the package behaves.
    public let wholeSurfaceDice: Score
    public let wholeHausdorff95: Score
  }

  /// The 2025 challenge package's instance score: 26-connected components, a maximum bipartite
  /// matching on Dice above 1e-6.
  ///
  /// - Throws: ``EvaluationError`` when the grids differ.
  public static func panoptica(
    prediction: Mask, reference: Mask, minimumDice: Double = 1e-6
  ) throws(EvaluationError) -> PanopticaResult {
    try prediction.requireSameGrid(reference)
    let g = reference.grid
    let p = Components(prediction, connectivity: .corners)
    let r = Components(reference, connectivity: .corners)
    struct Pair: Hashable {
      let p: Int
      let r: Int
    }
    var both: [Pair: Int] = [:]
    for i in p.labels.indices where p.labels[i] > 0 && r.labels[i] > 0 {
      both[Pair(p: Int(p.labels[i]), r: Int(r.labels[i])), default: 0] += 1
    }
    var gains = [[Double]](repeating: Array(repeating: 0, count: p.count), count: r.count)
    for (pair, n) in both {
      let dice = 2 * Double(n) / Double(p.sizes[pair.p - 1] + r.sizes[pair.r - 1])
      if dice >= minimumDice { gains[pair.r - 1][pair.p - 1] = dice }
    }
    let matches = Assignment.maximising(gains)
    let (pBoxes, rBoxes) = (p.boxes(), r.boxes())
    var dices: [Double] = []
    var surfaces: [Double] = []
    var distances: [Double] = []
    let tolerance = reference.spacing.min() ?? 1
    for (row, column) in matches {
      let box = rBoxes[row].union(pBoxes[column])
      let a = try mask(cut(p.labels, box, g) { $0 == Int32(column + 1) }, box, reference)
      let b = try mask(cut(r.labels, box, g) { $0 == Int32(row + 1) }, box, reference)
      let d = try BoundaryDistances(prediction: a, reference: b)
      dices.append(gains[row][column])
      surfaces.append(d.surfaceDice(tolerance: tolerance, .meanOfDirections).value.orNaN)
      distances.append(d.hausdorff(percentile: 95, .pooled).value.orNaN)
    }
    let tp = matches.count
    let (fp, fn) = (p.count - tp, r.count - tp)
    let rq = MetricValue.ratio(
      Double(tp), Double(tp) + 0.5 * Double(fp + fn), otherwise: .bothEmpty)
    let signature = "|panoptica|DSC≥\(minimumDice)|v:\(Definitions.version)"
    func score(_ name: String, _ value: MetricValue) -> Score {
      Score(name, value, count: tp + fn, signature: name + signature)
    }
    func mean(_ name: String, _ values: [Double]) -> Score {
      score(name, values.mean().map { MetricValue($0) } ?? .undefined(.noCases))
    }
    let sq = mean("SQ Dice", dices)
    let whole = try BoundaryDistances(prediction: prediction, reference: reference)
    let ones = [Double](repeating: 1, count: reference.shape.count)
    let unspaced = try BoundaryDistances(
      prediction: Mask(unchecked: prediction.voxels, shape: prediction.shape, spacing: ones),
      reference: Mask(unchecked: reference.voxels, shape: reference.shape, spacing: ones))
    return PanopticaResult(
      truePositives: tp, falsePositives: fp, falseNegatives: fn,
      recognitionQuality: score("RQ", rq), dice: sq,
      panopticDice: score(
        "PQ Dice",
        sq.value.double.flatMap { s in rq.double.map { .value(s * $0) } }
          ?? (tp + fp + fn > 0 ? .value(0) : .undefined(.bothEmpty))),
      surfaceDice: mean("SQ NSD", surfaces), hausdorff95: mean("SQ HD95", distances),
      wholeDice: try Overlap(prediction: prediction, reference: reference).dice,
      wholeSurfaceDice: unspaced.surfaceDice(tolerance: 0.5, .meanOfDirections),
      wholeHausdorff95: whole.hausdorff(percentile: 95, .pooled))
  }
}

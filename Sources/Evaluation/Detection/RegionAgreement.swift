// Where a finding is said to be: side and region from words, compared with a reference.

/// Places by name with their synonyms, grouped by axis: side, lobe, quadrant.
public struct RegionVocabulary: Hashable, Sendable {
  /// One axis, such as side with left, right and midline.
  public struct Axis: Hashable, Sendable {
    public let name: String
    public let values: [String]
    public let synonyms: [String: [String]]

    public init(name: String, values: [String], synonyms: [String: [String]] = [:]) {
      self.name = name
      self.values = values
      self.synonyms = synonyms
    }
  }

  public let axes: [Axis]

  public init(axes: [Axis]) { self.axes = axes }

  /// Side.
  public static let side = Axis(
    name: "side", values: ["left", "right", "bilateral", "midline"],
    synonyms: [
      "left": ["left-sided", "leftward", "left hemisphere", "lt"],
      "right": ["right-sided", "rightward", "right hemisphere", "rt"],
      "bilateral": ["both sides", "bilaterally", "both hemispheres", "left and right"],
      "midline": ["central", "interhemispheric", "falcine", "falx"],
    ])

  /// Regions of the head as CT reports name them.
  public static let headRegion = Axis(
    name: "region",
    values: [
      "frontal", "parietal", "temporal", "occipital", "basal ganglia", "thalamus", "brainstem",
      "cerebellum", "ventricles", "insula",
    ],
    synonyms: [
      "basal ganglia": [
        "putamen", "putaminal", "caudate", "globus pallidus", "lentiform",
        "basal nuclei", "ganglionic", "internal capsule",
      ],
      "thalamus": ["thalamic"],
      "brainstem": ["brain stem", "pons", "pontine", "midbrain", "medulla", "mesencephalon"],
      "cerebellum": ["cerebellar", "posterior fossa", "vermis"],
      "ventricles": [
        "ventricle", "ventricular", "intraventricular", "third ventricle",
        "fourth ventricle", "lateral ventricle", "lateral ventricles", "occipital horn",
      ],
      "frontal": ["frontal lobe", "frontally"], "parietal": ["parietal lobe"],
      "temporal": ["temporal lobe"], "occipital": ["occipital lobe"],
      "insula": ["insular", "sylvian"],
    ])

  /// Quadrants of an image as it is looked at.
  public static let quadrant = Axis(
    name: "quadrant", values: ["upper left", "upper right", "lower left", "lower right", "centre"],
    synonyms: [
      "upper left": ["top left", "upper-left", "left upper", "superior left"],
      "upper right": ["top right", "upper-right", "right upper", "superior right"],
      "lower left": ["bottom left", "lower-left", "left lower", "inferior left"],
      "lower right": ["bottom right", "lower-right", "right lower", "inferior right"],
      "centre": ["center", "middle", "central"],
    ])

  /// Head CT: side and region.
  public static let headCT = RegionVocabulary(axes: [side, headRegion])

  /// The values of each axis that a text affirms. "Left" and "right" together are bilateral.
  public func read(_ text: String) -> [String: Set<String>] {
    var out: [String: Set<String>] = [:]
    for axis in axes {
      let parser = LabelParser(labels: axis.values, synonyms: axis.synonyms)
      var found = Set(parser.mentions(in: text).filter { $0.status != .negated }.map(\.label))
      if axis.name == "side", found.isSuperset(of: ["left", "right"]) {
        found.subtract(["left", "right"])
        found.insert("bilateral")
      }
      out[axis.name] = found
    }
    return out
  }
}

/// Agreement of places on one axis over cases.
public struct RegionAgreement: Hashable, Sendable, Codable {
  /// The share of cases whose sets of places are equal.
  public let exact: Score
  /// The mean Jaccard index of the sets; both empty is undefined.
  public let jaccard: Score
  /// Cases where the reference names a place and the prediction none.
  public let silent: Int

  /// - Throws: ``EvaluationError`` for unequal counts.
  public init(
    predicted: [Set<String>], reference: [Set<String>], axis: String
  ) throws(EvaluationError) {
    try requireEqualCounts(predicted.count, reference.count, "predicted and reference")
    var equal = 0
    var values: [Double] = []
    var undefined: [UndefinedCase] = []
    var silent = 0
    for (i, (p, r)) in zip(predicted, reference).enumerated() {
      if p == r { equal += 1 }
      if p.isEmpty, !r.isEmpty { silent += 1 }
      if p.isEmpty, r.isEmpty {
        undefined.append(UndefinedCase("case \(i)", .bothEmpty))
      } else {
        values.append(Double(p.intersection(r).count) / Double(p.union(r).count))
      }
    }
    exact = Proportion(equal, of: predicted.count).score("\(axis) exact agreement")
    jaccard = Score(
      "\(axis) Jaccard", values.mean().map { .value($0) } ?? .undefined(.noCases),
      count: values.count, signature: "\(axis) Jaccard|v:\(Definitions.version)",
      undefined: undefined)
    self.silent = silent
  }
}

extension Mask {
  /// The side of the image midline on which the mask lies: the side with more than `share` of
  /// the voxels, `"bilateral"` otherwise; `nil` when empty.
  ///
  /// - `midline`: The column (last axis) of the midline; the middle of the image by default.
  /// - `lowColumnsAre`: The patient's side at low columns, `"left"` or `"right"`: radiological
  ///   display puts the patient's right there.
  public func side(midline: Double? = nil, lowColumnsAre low: String = "right", share: Double = 0.9)
    -> String?
  {
    let g = grid
    let middle = midline ?? Double(g.d2) / 2
    var (lower, upper) = (0, 0)
    for (i, v) in voxels.enumerated() where v != 0 {
      if Double(i % g.d2) + 0.5 < middle { lower += 1 } else { upper += 1 }
    }
    let total = Double(lower + upper)
    guard total > 0 else { return nil }
    let other = low == "right" ? "left" : "right"
    if Double(lower) > share * total { return low }
    return Double(upper) > share * total ? other : "bilateral"
  }
}

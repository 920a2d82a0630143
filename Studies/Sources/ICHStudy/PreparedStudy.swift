import Evaluation
import Phantoms
import VolumeIO

/// One arm's readings of the test slices, in their order.
struct Arm: Sendable {
  var name: String
  var kind: String
  var readings: [SliceReading] = []
  /// Further rounds of the same questions.
  var repeats: [[SliceReading]] = []
  /// Millilitres in each test head, for arms that read all slices.
  var headMillilitres: [String: Double] = [:]
  /// Nil where the arm ran.
  var notRun: String?
  var remark: String?
}

/// The data of a run, split: what every arm is given.
struct PreparedStudy: Sendable {
  var source: DataSource
  var split: Split
  var heads: [PreparedHead]
  var options: StudyOptions
  var training: [PreparedSlice]
  var tuning: [PreparedSlice]
  /// The slices that every arm reads.
  var test: [PreparedSlice]
  var testHeads: [PreparedHead]
  var splitRule: String

  init(source: DataSource, split: Split, heads: [PreparedHead], options: StudyOptions) {
    self.source = source
    self.split = split
    self.heads = heads
    self.options = options
    func slices(_ patients: [String]) -> [PreparedSlice] {
      let wanted = Set(patients)
      return heads.filter { wanted.contains($0.patient) }.flatMap(\.slices)
    }
    training = slices(split.training)
    tuning = slices(split.tuning)
    let tested = Set(split.test)
    testHeads = heads.filter { tested.contains($0.patient) }
    test = testHeads.flatMap(\.slices).filter { $0.picture != nil }
    splitRule = "by patient, none in two parts, balanced by kinds of bleed (seed \(options.seed))"
  }

  /// The paper's split: the test slices stay, but the other slices of the same patients train.
  mutating func splitBySlice() {
    let read = Set(test.map(\.id))
    training += testHeads.flatMap(\.slices).filter { !read.contains($0.id) }
    splitRule =
      "by slice, as arXiv 2505.09252: LEAKS, as slices of test patients train the networks"
  }

  /// The rules' readings; not run where slices have no Hounsfield units.
  func baselineArm() -> Arm {
    let readings = test.compactMap(\.baseline)
    guard readings.count == test.count else {
      return Arm(
        name: "Threshold and components", kind: "rules",
        notRun: "the data are windowed pictures, without Hounsfield units")
    }
    var volumes: [String: Double] = [:]
    for head in testHeads { volumes[head.patient] = head.baselineMillilitres }
    return Arm(
      name: "Threshold and components", kind: "rules", readings: readings, headMillilitres: volumes,
      remark: "50–95 HU inside the skull, components of 0.3 mL and more")
  }

  func results(_ arms: [Arm]) throws -> StudyResults {
    let scoring = Scoring(replicates: options.replicates, seed: options.seed)
    var scored: [ArmResult] = []
    for arm in arms {
      guard arm.notRun == nil else {
        scored.append(ArmResult(name: arm.name, kind: arm.kind, notRun: arm.notRun))
        continue
      }
      let volumes = testHeads.compactMap { head -> (truth: Double, read: Double)? in
        guard let truth = head.millilitres, let read = arm.headMillilitres[head.patient] else {
          return nil
        }
        return (truth, read)
      }
      var result = try scoring.score(
        name: arm.name, kind: arm.kind, slices: readSlices(arm), heads: volumes)
      result.repeatability = try repeatability(arm)
      scored.append(result)
    }
    if let abc = try abcResult(scoring) { scored.append(abc) }
    return StudyResults(
      version: "0.1.0", settings: options, cohort: cohort(), arms: scored,
      comparisons: try comparisons(arms.filter { $0.notRun == nil }, scoring), notes: notes())
  }

  func readSlices(_ arm: Arm) -> [ReadSlice] {
    zip(test, arm.readings).map {
      ReadSlice(patient: $0.patient, truth: $0.truth, reading: $1)
    }
  }

  private func repeatability(_ arm: Arm) throws -> [Score] {
    guard let second = arm.repeats.first else { return [] }
    let pairs = zip(arm.readings, second).compactMap { a, b -> (String, String)? in
      guard let x = a.haemorrhage, let y = b.haemorrhage else { return nil }
      return (Scoring.word(x), Scoring.word(y))
    }
    let matrix = try ConfusionMatrix(
      truth: pairs.map(\.0), predictions: pairs.map(\.1), classes: ["none", "blood"])
    return [matrix.diagnostics(positive: 1).kappa]
  }

  /// ABC/2 estimates the volume of heads whose blood lies in one place; it reads nothing else.
  private func abcResult(_ scoring: Scoring) throws -> ArmResult? {
    let pairs = testHeads.compactMap { head -> (Double, Double)? in
      guard let truth = head.millilitres, truth > 0, let abc = head.abcMillilitres else {
        return nil
      }
      return (abc, truth)
    }
    guard pairs.count > 2 else { return nil }
    var result = ArmResult(name: "ABC/2 of the largest component", kind: "rules")
    result.headVolume = try BlandAltman(pairs.map(\.0), pairs.map(\.1))
    return result
  }

  private func comparisons(
    _ arms: [Arm], _ scoring: Scoring
  ) throws -> [StudyResults.Comparison] {
    var found: [StudyResults.Comparison] = []
    for (i, first) in arms.enumerated() {
      for second in arms[(i + 1)...] {
        let one = (first.name, readSlices(first))
        let two = (second.name, readSlices(second))
        found.append(
          try scoring.compare(one, two, measure: "accuracy of presence") { Scoring.accuracy($0) })
        if test.allSatisfy({ $0.truth.subtypes != nil }) {
          found.append(
            try scoring.compare(one, two, measure: "macro-F1 of kinds") { Scoring.macroF1($0) })
        }
      }
    }
    let known = found.indices.filter { found[$0].test.pValue.double != nil }
    let adjusted = try PAdjustment.holm.adjust(known.compactMap { found[$0].test.pValue.double })
    for (index, p) in zip(known, adjusted) { found[index].adjustedP = p }
    return found
  }

  private func cohort() -> StudyResults.Cohort {
    var bySubtype: [String: Int] = [:]
    for kind in HaemorrhageSubtype.allCases
    where test.contains(where: { $0.truth.subtypes != nil }) {
      bySubtype[kind.abbreviation] = test.count { $0.truth.subtypes?.contains(kind) == true }
    }
    return StudyResults.Cohort(
      source: source.name, heads: heads.count, slices: heads.map(\.slices.count).reduce(0, +),
      trainingHeads: split.training.count, tuningHeads: split.tuning.count,
      testHeads: split.test.count, testSlices: test.count,
      testSlicesWithBlood: test.count { $0.truth.haemorrhage }, testSlicesBySubtype: bySubtype,
      splitRule: splitRule)
  }

  private func notes() -> [String] {
    var notes = source.notes
    if options.data == nil {
      notes.append(
        "The heads are generated. They rehearse the study; they say nothing about how any arm reads "
          + "patients.")
    }
    if options.splitBySlice {
      notes.append(
        "Slices of one patient are in training and test: the networks' numbers are too good.")
    }
    notes.append(
      "The networks are small and trained on the spot, without pretraining; the paper's are ResNet-50 "
        + "and ViT.")
    notes.append(
      "A reading without an answer counts as wrong. Intervals are percentile intervals of "
        + "\(options.replicates) bootstrap draws of whole patients; p values swap the arms of whole "
        + "patients and are adjusted by Holm over all comparisons shown.")
    return notes
  }

  /// One line a test slice and arm.
  func predictionsCSV(_ arms: [Arm]) -> String {
    var table = Table(
      columns: [
        "slice", "patient", "arm", "round", "outcome", "truth_blood", "read_blood", "score",
        "truth_kinds", "read_kinds", "truth_side", "read_side", "truth_ml", "read_ml",
      ])
    func kinds(_ set: Set<HaemorrhageSubtype>?) -> String {
      set.map { $0.sorted().map(\.abbreviation).joined(separator: " ") } ?? ""
    }
    for arm in arms where arm.notRun == nil {
      for (round, readings) in ([arm.readings] + arm.repeats).enumerated() {
        for (slice, reading) in zip(test, readings) {
          table.rows.append(
            [
              slice.id, slice.patient, arm.name, "\(round + 1)",
              reading.outcome.rawValue, slice.truth.haemorrhage ? "1" : "0",
              reading.haemorrhage.map { $0 ? "1" : "0" } ?? "",
              reading.score.map { "\($0)" } ?? "", kinds(slice.truth.subtypes),
              kinds(reading.subtypes), slice.truth.side?.rawValue ?? "",
              reading.side?.rawValue ?? "", slice.truth.millilitres.map { "\($0)" } ?? "",
              reading.millilitres.map { "\($0)" } ?? "",
            ])
        }
      }
    }
    return table.csv()
  }
}

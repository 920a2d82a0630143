import Evaluation
import Phantoms

/// One slice's truth beside one arm's reading of it.
struct ReadSlice: Sendable {
  var patient: String
  var truth: SliceTruth
  var reading: SliceReading
}

/// Scores arms: the same code for rules, networks and language models.
///
/// A reading without an answer is a wrong one: it stays in every denominator. Intervals come from
/// drawing whole patients.
struct Scoring: Sendable {
  var replicates: Int
  var seed: UInt64

  private var bootstrap: Bootstrap { Bootstrap(resamples: replicates, seed: seed) }

  /// The scores of one arm.
  func score(
    name: String, kind: String, slices: [ReadSlice], heads: [(truth: Double, read: Double)] = []
  ) throws -> ArmResult {
    var result = ArmResult(name: name, kind: kind)
    for slice in slices { result.outcomes[slice.reading.outcome.rawValue, default: 0] += 1 }
    result.presence = try presence(slices)
    result.presenceMatrix = try ConfusionMatrix(
      truth: slices.map { Self.word($0.truth.haemorrhage) },
      outcomes: slices.map { slice -> Outcome<String> in
        slice.reading.haemorrhage.map { .answered(Self.word($0)) } ?? Self.missing(slice.reading)
      }, classes: ["none", "blood"])
    let labelled = slices.filter { $0.truth.subtypes != nil }
    if !labelled.isEmpty, labelled.contains(where: { $0.reading.subtypes != nil }) {
      result.subtypes = try subtypes(labelled)
      for (kind, counts) in zip(HaemorrhageSubtype.allCases, Self.tables(labelled)) {
        result.perSubtype[kind.abbreviation] = BinaryDiagnostics(
          truePositives: counts.tp, falsePositives: counts.fp, falseNegatives: counts.fn,
          trueNegatives: counts.tn)
      }
    }
    try scoreSides(slices, &result)
    let volumes = slices.compactMap { slice -> (Double, Double)? in
      guard let truth = slice.truth.millilitres, let read = slice.reading.millilitres,
        truth > 0 || read > 0
      else { return nil }
      return (truth, read)
    }
    if volumes.count > 2 {
      result.sliceVolume = try BlandAltman(volumes.map(\.1), volumes.map(\.0))
    }
    if heads.count > 2 {
      result.headVolume = try BlandAltman(heads.map(\.read), heads.map(\.truth))
    }
    return result
  }

  private func presence(_ slices: [ReadSlice]) throws -> [Score] {
    [
      try estimate("accuracy", "non-answers wrong", slices) { Self.accuracy($0) },
      try estimate("sensitivity", "non-answers missed", slices) { sample in
        Self.share(sample.filter(\.truth.haemorrhage)) { $0.reading.haemorrhage == true }
      },
      try estimate("specificity", "non-answers wrong", slices) { sample in
        Self.share(sample.filter { !$0.truth.haemorrhage }) { $0.reading.haemorrhage == false }
      },
      try estimate("F1", "of blood, zero division 0", slices) { sample in
        let tp = sample.count { $0.truth.haemorrhage && $0.reading.haemorrhage == true }
        let wrong = sample.count { $0.truth.haemorrhage != ($0.reading.haemorrhage == true) }
        return sample.isEmpty ? nil : Self.f1(tp: tp, wrong: wrong)
      },
      try estimate("AUC", "Mann–Whitney, slices with a score", slices) { sample in
        let scored = sample.filter { $0.reading.score != nil }
        return try? BinaryScores(
          truth: scored.map(\.truth.haemorrhage), scores: scored.map { $0.reading.score ?? 0 }
        ).rocAUC.double
      },
    ]
  }

  private func subtypes(_ slices: [ReadSlice]) throws -> [Score] {
    let convention = "5 kinds, multi-label, zero division 0, non-answers name nothing"
    return [
      try estimate("macro-F1", convention, slices) { Self.macroF1($0) },
      try estimate("macro-precision", convention, slices) { sample in
        Self.macro(sample) { $0.tp + $0.fp == 0 ? 0 : Double($0.tp) / Double($0.tp + $0.fp) }
      },
      try estimate("macro-recall", convention, slices) { sample in
        Self.macro(sample) { $0.tp + $0.fn == 0 ? 0 : Double($0.tp) / Double($0.tp + $0.fn) }
      },
      try estimate("exact match", "all 5 kinds right", slices) { sample in
        Self.share(sample) { $0.reading.subtypes == $0.truth.subtypes }
      },
      try estimate("Hamming score", "share of 5 × n labels right; non-answers all wrong", slices) {
        sample in
        guard !sample.isEmpty else { return nil }
        let right = sample.reduce(0) { sum, slice in
          guard let read = slice.reading.subtypes, let truth = slice.truth.subtypes else {
            return sum
          }
          return sum + 5 - truth.symmetricDifference(read).count
        }
        return Double(right) / Double(5 * sample.count)
      },
    ]
  }

  /// Sides are scored where there is blood: a reading that saw none is wrong there.
  private func scoreSides(_ slices: [ReadSlice], _ result: inout ArmResult) throws {
    let sided = slices.filter { $0.truth.side != nil }
    guard !sided.isEmpty, sided.contains(where: { $0.reading.side != nil }) else { return }
    result.side = [
      try estimate("side accuracy", "slices with blood; no side is wrong", sided) { sample in
        Self.share(sample) { $0.reading.side == $0.truth.side }
      }
    ]
    result.sideMatrix = try ConfusionMatrix(
      truth: sided.compactMap { $0.truth.side?.rawValue },
      outcomes: sided.map { slice -> Outcome<String> in
        slice.reading.side.map { .answered($0.rawValue) } ?? Self.missing(slice.reading)
      }, classes: Side.allCases.map(\.rawValue))
  }

  /// Two arms on the same slices: the difference, its interval, and a test that swaps the arms of
  /// whole patients.
  func compare(
    _ first: (name: String, slices: [ReadSlice]), _ second: (name: String, slices: [ReadSlice]),
    measure: String, _ statistic: @escaping ([ReadSlice]) -> Double?
  ) throws -> StudyResults.Comparison {
    let pairs = zip(first.slices, second.slices).map { ($0, $1) }
    let patients = first.slices.map(\.patient)
    func difference(_ sample: [(ReadSlice, ReadSlice)]) -> Double? {
      guard let a = statistic(sample.map(\.0)), let b = statistic(sample.map(\.1)) else {
        return nil
      }
      return a - b
    }
    let result = try bootstrap(pairs, clusters: patients, statistic: difference)
    func grouped(_ slices: [ReadSlice]) -> [[ReadSlice]] {
      Dictionary(grouping: slices, by: \.patient).sorted { $0.key < $1.key }.map(\.value)
    }
    let test = try PairedPermutation.approximateRandomisation(
      grouped(first.slices), grouped(second.slices), resamples: replicates, seed: seed
    ) { groups in statistic(groups.flatMap { $0 }) }
    return StudyResults.Comparison(
      first: first.name, second: second.name,
      difference: Score(
        "difference in \(measure)", result.estimate, count: pairs.count,
        interval: result.interval, signature: "\(measure)|first − second|patients drawn whole"),
      test: test, adjustedP: nil)
  }

  private func estimate(
    _ name: String, _ convention: String, _ slices: [ReadSlice],
    _ statistic: ([ReadSlice]) -> Double?
  ) throws -> Score {
    let result = try bootstrap(slices, clusters: slices.map(\.patient), statistic: statistic)
    return Score(
      name, result.estimate, count: slices.count, interval: result.interval,
      signature: "\(name)|\(convention)|unit: slice|clusters: patient")
  }
}

extension Scoring {
  struct Counts {
    var tp = 0
    var fp = 0
    var fn = 0
    var tn = 0
  }

  static func accuracy(_ slices: [ReadSlice]) -> Double? {
    share(slices) { $0.reading.haemorrhage == $0.truth.haemorrhage }
  }

  static func macroF1(_ slices: [ReadSlice]) -> Double? {
    macro(slices) { f1(tp: $0.tp, wrong: $0.fp + $0.fn) }
  }

  static func share(_ slices: [ReadSlice], _ isRight: (ReadSlice) -> Bool) -> Double? {
    slices.isEmpty ? nil : Double(slices.count(where: isRight)) / Double(slices.count)
  }

  static func f1(tp: Int, wrong: Int) -> Double {
    tp + wrong == 0 ? 0 : 2 * Double(tp) / Double(2 * tp + wrong)
  }

  /// One table a kind, in the order of their numbers.
  static func tables(_ slices: [ReadSlice]) -> [Counts] {
    var tables = [Counts](repeating: Counts(), count: 5)
    for slice in slices {
      let truth = slice.truth.subtypes ?? []
      let read = slice.reading.subtypes ?? []
      for (k, kind) in HaemorrhageSubtype.allCases.enumerated() {
        switch (truth.contains(kind), read.contains(kind)) {
        case (true, true): tables[k].tp += 1
        case (false, true): tables[k].fp += 1
        case (true, false): tables[k].fn += 1
        case (false, false): tables[k].tn += 1
        }
      }
    }
    return tables
  }

  static func macro(_ slices: [ReadSlice], _ value: (Counts) -> Double) -> Double? {
    slices.isEmpty ? nil : tables(slices).map(value).reduce(0, +) / 5
  }

  static func word(_ blood: Bool) -> String { blood ? "blood" : "none" }

  /// Why a reading has no answer, in Evaluation's terms.
  static func missing(_ reading: SliceReading) -> Outcome<String> {
    switch reading.outcome {
    case .refused, .blocked: .refused
    case .notRun, .failed: .notRun
    case .answered, .truncated, .malformed: .unparsed
    }
  }
}

import Evaluation
import Phantoms

/// The run as one HTML file that needs nothing beside it.
struct Report {
  var results: StudyResults
  var study: PreparedStudy
  var arms: [Arm]

  func html() throws -> String {
    var page = Page()
    page.raw(
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
        + "<meta name=\"viewport\" content=\"width=device-width\"><title>Haemorrhage on head CT"
        + "</title><style>\(Page.style)</style></head><body>")
    page.element("h1", "Who reads haemorrhage on head CT, and how well?")
    page.element("p", lead, attributes: "class=\"lead\"")
    summary(&page)
    page.element("h2", "What was read")
    cohort(&page)
    page.element("h2", "Is there blood?")
    presence(&page)
    page.element("h2", "Which kind?")
    kinds(&page)
    page.element("h2", "On which side?")
    sides(&page)
    page.element("h2", "How much?")
    volumes(&page)
    page.element("h2", "Are the arms different?")
    comparisons(&page)
    page.element("h2", "Slices")
    examples(&page)
    page.element("h2", "How to read this")
    for note in results.notes { page.element("p", note, attributes: "class=\"note\"") }
    page.element(
      "p",
      "Settings, every score with its definition, and every reading: results.json and "
        + "predictions.csv beside this file. Prompts and replies: journal/.")
    page.raw("</body></html>")
    return page.html
  }

  private var ran: [ArmResult] { results.arms.filter { $0.notRun == nil && !$0.presence.isEmpty } }

  private var lead: String {
    let c = results.cohort
    return "\(c.testSlices) slices of \(c.testHeads) patients were read by \(ran.count) arms; "
      + "\(c.testSlicesWithBlood) of the slices show blood. All arms read the same slices and are "
      + "scored by the same code."
  }

  /// The answer first: one line an arm.
  private func summary(_ page: inout Page) {
    let shown = results.arms.filter { $0.headVolume == nil || !$0.presence.isEmpty }
    page.table(
      ["arm", "kind", "accuracy of presence", "AUC", "macro-F1 of kinds", "side", "no answer"],
      shown.filter { $0.notRun == nil }.map { arm in
        let silent = arm.outcomes.filter { $0.key != "answered" }.values.reduce(0, +)
        return [
          arm.name, arm.kind, text(arm.presence, "accuracy"), text(arm.presence, "AUC"),
          text(arm.subtypes, "macro-F1"), text(arm.side, "side accuracy"), "\(silent)",
        ]
      }, absent: shown.compactMap { arm in arm.notRun.map { (arm.name, "not run: \($0)") } },
      caption: "Value and 95 % interval (patients drawn whole)")
    page.raw("<div class=\"figures\">")
    figure(
      &page,
      Figure.forest(
        ran.compactMap { arm in
          arm.presence.first { $0.name == "accuracy" }.map { (arm.name, $0) }
        }, title: "Accuracy of presence"), "Accuracy of presence with 95 % intervals.", isWide: true
    )
    let kinds = ran.compactMap { arm in
      arm.subtypes.first { $0.name == "macro-F1" }.map { (name: arm.name, score: $0) }
    }
    if !kinds.isEmpty {
      figure(
        &page, Figure.forest(kinds, title: "Macro-F1 of the five kinds"),
        "Macro-F1: the mean of the five kinds' F1, zero where a kind is never found.", isWide: true)
    }
    page.raw("</div>")
  }

  private func cohort(_ page: inout Page) {
    let c = results.cohort
    page.table(
      ["", "patients", "slices"],
      [
        ["all", "\(c.heads)", "\(c.slices)"],
        ["training", "\(c.trainingHeads)", "\(study.training.count)"],
        ["tuning", "\(c.tuningHeads)", "\(study.tuning.count)"],
        ["test, read by all arms", "\(c.testHeads)", "\(c.testSlices)"],
      ], caption: "\(c.source). Split \(c.splitRule).")
    if !c.testSlicesBySubtype.isEmpty {
      page.table(
        ["kind", "test slices"],
        HaemorrhageSubtype.allCases.map {
          ["\($0.abbreviation) \($0.name)", "\(c.testSlicesBySubtype[$0.abbreviation] ?? 0)"]
        })
    }
  }

  private func presence(_ page: inout Page) {
    let names = ["accuracy", "sensitivity", "specificity", "F1", "AUC"]
    page.table(
      ["arm"] + names, ran.map { arm in [arm.name] + names.map { text(arm.presence, $0) } },
      caption: "n = \(results.cohort.testSlices) slices")
    page.raw("<div class=\"figures\">")
    let curves = zip(arms, results.arms).compactMap { arm, _ -> (String, BinaryScores)? in
      guard arm.notRun == nil else { return nil }
      let scored = study.readSlices(arm).filter { $0.reading.score != nil }
      guard
        let scores = try? BinaryScores(
          truth: scored.map(\.truth.haemorrhage), scores: scored.map { $0.reading.score ?? 0 })
      else { return nil }
      return (arm.name, scores)
    }
    if !curves.isEmpty {
      figure(
        &page, Figure.roc(curves.map { (name: $0.0, scores: $0.1) }, title: "ROC of presence"),
        "Receiver operating characteristic of blood on a slice.")
    }
    for arm in ran {
      guard let matrix = arm.presenceMatrix else { continue }
      figure(&page, Figure.confusionMatrix(matrix, title: arm.name), "Presence: \(arm.name).")
    }
    page.raw("</div>")
  }

  private func kinds(_ page: inout Page) {
    let read = ran.filter { !$0.subtypes.isEmpty }
    guard !read.isEmpty else {
      page.element("p", "The data set does not tell kinds, or no arm named any.")
      return
    }
    let names = ["macro-F1", "macro-precision", "macro-recall", "exact match", "Hamming score"]
    page.table(
      ["arm"] + names, read.map { arm in [arm.name] + names.map { text(arm.subtypes, $0) } },
      caption: "Multi-label: a slice may show several kinds")
    for arm in read {
      page.table(
        ["kind", "true +", "false +", "false −", "sensitivity", "PPV", "F1"],
        HaemorrhageSubtype.allCases.compactMap { kind in
          guard let d = arm.perSubtype[kind.abbreviation] else { return nil }
          return [
            "\(kind.abbreviation) \(kind.name)", "\(d.truePositives)", "\(d.falsePositives)",
            "\(d.falseNegatives)", short(d.sensitivity), short(d.positivePredictiveValue()),
            short(d.f1),
          ]
        }, caption: arm.name)
    }
  }

  private func sides(_ page: inout Page) {
    let read = ran.filter { !$0.side.isEmpty }
    guard !read.isEmpty else {
      page.element("p", "The data set has no masks to tell sides, or no arm named one.")
      return
    }
    page.table(
      ["arm", "right side named", "n"],
      read.map { [$0.name, text($0.side, "side accuracy"), "\($0.side.first?.count ?? 0)"] },
      caption: "Slices with blood; the patient's side")
    page.raw("<div class=\"figures\">")
    for arm in read {
      guard let matrix = arm.sideMatrix else { continue }
      figure(&page, Figure.confusionMatrix(matrix, title: arm.name), "Side: \(arm.name).")
    }
    page.raw("</div>")
  }

  private func volumes(_ page: inout Page) {
    let slices = results.arms.compactMap { arm in arm.sliceVolume.map { (arm.name, $0) } }
    let heads = results.arms.compactMap { arm in arm.headVolume.map { (arm.name, $0) } }
    guard !slices.isEmpty || !heads.isEmpty else {
      page.element("p", "The data set has no masks to tell volumes, or no arm named one.")
      return
    }
    for (unit, list) in [("slice", slices), ("head", heads)] where !list.isEmpty {
      page.table(
        ["arm", "n", "bias, mL", "limits of agreement, mL", "mean absolute error, mL"],
        list.map { name, agreement in
          [
            name, "\(agreement.count)", short(agreement.bias),
            "\(short(agreement.lowerLimit)) to \(short(agreement.upperLimit))",
            agreement.meanAbsoluteError.double.map { decimal($0) } ?? "–",
          ]
        }, caption: "Millilitres in a \(unit): reading minus reference")
      page.raw("<div class=\"figures\">")
      for (name, agreement) in list {
        figure(
          &page, Figure.blandAltman(agreement, title: name), "Bland–Altman, a \(unit): \(name).")
      }
      page.raw("</div>")
    }
  }

  private func comparisons(_ page: inout Page) {
    page.table(
      ["first − second", "measure", "difference", "p", "p, adjusted"],
      results.comparisons.map { c in
        [
          "\(c.first) − \(c.second)", c.difference.name, short(c.difference, withInterval: true),
          c.test.pValue.double.map(Self.p) ?? "–", c.adjustedP.map(Self.p) ?? "–",
        ]
      }, caption: "Same slices, paired by patient")
  }

  /// A few slices with the reference's outline and what each arm said.
  private func examples(_ page: inout Page) {
    page.raw("<div class=\"figures\">")
    var shown = 0
    var seen: Set<String> = []
    for (i, slice) in study.test.enumerated() {
      let key =
        slice.truth.subtypes?.sorted().map(\.abbreviation).joined(separator: "+")
        ?? "\(slice.truth.haemorrhage)"
      guard shown < 12, !seen.contains(key), let picture = slice.overlay ?? slice.picture else {
        continue
      }
      seen.insert(key)
      shown += 1
      page.raw(
        "<figure><img alt=\"\(Page.escaped(slice.id))\" width=\"256\" src=\"data:image/png;base64,\(base64(picture))\">"
      )
      var caption = "\(slice.id): reference \(describe(slice.truth))."
      for arm in arms where arm.notRun == nil {
        caption += " \(arm.name): \(describe(arm.readings[i]))."
      }
      page.element("figcaption", caption)
      page.raw("</figure>")
    }
    page.raw("</div>")
  }

  private func describe(_ truth: SliceTruth) -> String {
    guard truth.haemorrhage else { return "no blood" }
    let kinds = truth.subtypes?.sorted().map(\.abbreviation).joined(separator: " + ") ?? "blood"
    return "\(kinds)\(truth.side.map { ", \($0.rawValue)" } ?? "")"
      + (truth.millilitres.map { ", \(decimal($0, places: 1)) mL" } ?? "")
  }

  private func describe(_ reading: SliceReading) -> String {
    guard let blood = reading.haemorrhage else { return reading.outcome.rawValue }
    guard blood else { return "no blood" }
    let kinds =
      reading.subtypes.map {
        $0.isEmpty ? "blood, no kind" : $0.sorted().map(\.abbreviation).joined(separator: " + ")
      } ?? "blood"
    return "\(kinds)\(reading.side.map { ", \($0.rawValue)" } ?? "")"
      + (reading.millilitres.map { ", \(decimal($0, places: 1)) mL" } ?? "")
  }

  private func figure(
    _ page: inout Page, _ figure: Figure, _ caption: String, isWide: Bool = false
  ) {
    page.raw("<figure\(isWide ? " class=\"wide\"" : "")>\(figure.svg)")
    page.element("figcaption", caption)
    page.raw("</figure>")
  }

  private func text(_ scores: [Score], _ name: String) -> String {
    scores.first { $0.name == name }.map { short($0, withInterval: true) } ?? "–"
  }

  private func short(_ score: Score, withInterval: Bool = false) -> String {
    guard let value = score.double else { return "–" }
    guard withInterval, let (low, high) = score.interval?.bounds, low.isFinite, high.isFinite else {
      return decimal(value)
    }
    return "\(decimal(value)) (\(decimal(low)) to \(decimal(high)))"
  }

  private static func p(_ value: Double) -> String {
    value < 0.001 ? "< 0.001" : decimal(value, places: 3)
  }
}

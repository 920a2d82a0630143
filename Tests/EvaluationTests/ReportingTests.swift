// Tables, figures, checklists and the paper-table checker.
import Evaluation
import Foundation
import Testing

struct ReportingTests {
  @Test func `every result can be encoded and read back`() throws {
    let m = try ConfusionMatrix(
      truth: ["a", "b", "a"], outcomes: [.answered("a"), .refused, .answered("b")],
      classes: ["a", "b", "c"])
    let report = m.report()
    let data = try JSONEncoder().encode(report)
    #expect(try JSONDecoder().decode(ClassificationReport.self, from: data) == report)
    for value in [MetricValue.value(0.25), .value(.infinity), .undefined(.bothEmpty)] {
      let text = try JSONEncoder().encode([value])
      #expect(try JSONDecoder().decode([MetricValue].self, from: text) == [value])
    }
    let coco = try COCOEvaluation(groundTruth: [], detections: [])
    #expect(coco.averagePrecision().value == .undefined(.noGroundTruth))
    let again = try JSONDecoder().decode(
      COCOEvaluation.self, from: JSONEncoder().encode(coco))
    #expect(again == coco)
  }

  @Test func `a table escapes what its format would misread`() {
    let t = Table(
      title: "A & B", columns: ["name", "x"],
      rows: [
        [.text("a|b, \"c\" <d> 50%_"), .number(0.5)],
        [.text("=1+1"), .metric(.undefined(.noCases))],
      ])
    #expect(t.markdown().contains("a\\|b"))
    #expect(t.csv().contains("\"a|b, \"\"c\"\" <d> 50%_\",0.5"))
    #expect(t.csv().contains("'=1+1,"))
    #expect(t.latex().contains("50\\%\\_"))
    #expect(t.html().contains("&lt;d&gt;"))
  }

  @Test func `numbers are written the same everywhere`() {
    #expect(formatted(0.1 + 0.2, digits: 4) == "0.3")
    #expect(formatted(1234567, digits: 3) == "1234567")
    #expect(formatted(1e-9, digits: 3) == "1e-9")
    #expect(fixed(0.125, decimals: 2) == "0.13")
    #expect(fixed(-0.001, decimals: 2) == "0.00")
    #expect(formatted(.nan, digits: 3) == "–")
  }

  @Test func `figures are well-formed XML for any content`() throws {
    let name = "<&\"' ∞ \u{1} 日本"
    let scores = try BinaryScores(truth: [true, false, true], scores: [0.9, 0.4, 0.2])
    let empty = try BinaryScores(truth: [], scores: [])
    let forecasts = try BinaryProbabilities(truth: [true, false], probabilities: [0.8, 0.3])
    let m = try ConfusionMatrix(
      truth: [name, "b"], outcomes: [.answered(name), .refused], classes: [name, "b"])
    let figures = [
      Figure.roc([(name, scores), ("none", empty)]), .precisionRecall([(name, scores)]),
      .reliability([(name, forecasts.reliability())]),
      .decisionCurve([(name, try forecasts.decisionCurve(at: [0.1, 0.5]))]),
      .confusionMatrix(m, title: name), .blandAltman(try BlandAltman([1, 2, 4], [1, 3, 3])),
      .blandAltman(try BlandAltman([], [])),
      .forest([(name, m.accuracy), ("undefined", empty.rocAUC)], title: name, reference: 0.5),
      .spider(axes: ["a", "b", name], [(name, [0.2, .nan, 1])], title: name),
      .scatter([[0, 0], [1, .infinity]], classes: [name, "b"], title: name),
      .froc([(name, [0, 1], [0, 0.5])]),
    ]
    for figure in figures {
      let parser = XMLCheck(figure.svg)
      #expect(parser.isWellFormed, "\(figure.svg.prefix(200))")
      #expect(!figure.svg.contains("nan") && !figure.svg.contains("inf\""))
    }
    if let folder = ProcessInfo.processInfo.environment["ROENTGEN_FIGURES"] {
      for (i, figure) in figures.enumerated() {
        try figure.svg.write(toFile: "\(folder)/figure-\(i).svg", atomically: true, encoding: .utf8)
      }
    }
  }

  // LViT's published rows pass; "BKAI-Poly 92.07 / 80.93" cannot be per-case means.
  @Test func `the checker flags what cannot be true and nothing else`() throws {
    let csv = """
      method,n,accuracy,Dice,mIoU
      U-Net,60,,79.02,69.46
      LViT-T,60,,83.66,75.11
      BKAI-Poly,60,,92.07,80.93
      GRIM ok,60,0.617,,
      GRIM bad,60,0.625,,
      """
    let report = try TableChecker().check(csv: csv)
    #expect(report.findings.map(\.row) == [3, 5])
    #expect(report.findings.map(\.rule) == ["Dice–IoU bound", "GRIM"])
    let f1 = try TableChecker(isSingleClass: false).check(
      csv: "arm,macro precision,macro recall,macro F1\na,0.41,0.37,0.31\nb,0.30,0.30,0.45\n")
    #expect(f1.findings.map(\.row) == [2])
    let single = try TableChecker().check(csv: "precision,recall,f1\n0.8,0.6,0.69\n0.8,0.6,0.75\n")
    #expect(single.findings.map(\.row) == [2])
    #expect(throws: EvaluationError.self) { try TableChecker().check(csv: "a,b\n1,2\n") }
    #expect(throws: EvaluationError.self) { try TableChecker().check(csv: "n,\"accuracy\n1") }
  }

  @Test func `checklists answer what the run knows and mark the rest`() {
    var arm = RunManifest.Arm(name: "model")
    arm.modelIdentifier = "vendor-model-2026-01-01"
    arm.temperature = 0
    var manifest = RunManifest(arms: [arm])
    manifest.cases = 561
    for list in Checklist.all(manifest) {
      #expect(list.answered > 0 && list.answered < list.items.count)
      #expect(list.table.markdown().contains("TO BE FILLED IN"))
      #expect(list.table.markdown().contains("vendor-model-2026-01-01"))
    }
    #expect(Checklist.claim2024(manifest).items.count == 44)
  }

  @Test func `strata and failures keep the undefined ones in sight`() {
    let t = SubgroupTable(column: "site", values: ["A", "A", "B", "", "C"], minimumCases: 1) { i in
      Proportion(i.count { $0 % 2 == 0 }, of: i.count).score("accuracy")
    }
    #expect(t.rows.map(\.value) == ["A", "(missing)", "B", "C"])
    #expect(t.overall.count == 5)
    let f = Failures(
      metric: "Dice",
      [("a", .value(0.9), ""), ("b", .value(0.1), ""), ("c", .undefined(.bothEmpty), "")],
      higherIsBetter: true)
    #expect(f.entries.map(\.name) == ["c", "b", "a"])
  }
}

/// Tags nest and entities are known: enough of XML for the figures.
private struct XMLCheck {
  let isWellFormed: Bool

  init(_ text: String) {
    var open: [String] = []
    var good = true
    var rest = Substring(text)
    while let start = rest.firstIndex(of: "<") {
      let content = rest[..<start]
      good = good && !content.contains(">")
      for part in content.split(separator: "&").dropFirst(content.hasPrefix("&") ? 0 : 1) {
        let known = ["amp;", "lt;", "gt;", "quot;", "#39;"].contains { part.hasPrefix($0) }
        good = good && known
      }
      guard let end = rest[start...].firstIndex(of: ">") else {
        good = false
        break
      }
      let tag = rest[rest.index(after: start)..<end]
      if tag.hasPrefix("/") {
        good = good && open.popLast() == String(tag.dropFirst())
      } else if !tag.hasSuffix("/") {
        open.append(String(tag.prefix { $0 != " " }))
      }
      rest = rest[rest.index(after: end)...]
    }
    isWellFormed = good && open.isEmpty && !text.unicodeScalars.contains { $0.value == 1 }
  }
}

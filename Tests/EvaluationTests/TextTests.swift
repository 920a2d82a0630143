// Text metrics: laws, oracles for stems and tokens, answers in the wild.
import Evaluation
import Testing

struct TextTests {
  // nltk 3.10 PorterStemmer(), the mode that rouge-score uses.
  @Test(arguments: [
    ("caresses", "caress"), ("ponies", "poni"), ("ties", "tie"), ("agreed", "agre"),
    ("plastered", "plaster"), ("sized", "size"), ("hopping", "hop"), ("falling", "fall"),
    ("filing", "file"), ("happy", "happi"), ("sky", "sky"), ("relational", "relat"),
    ("rational", "ration"), ("valenci", "valenc"), ("digitizer", "digit"),
    ("conformabli", "conform"), ("radicalli", "radic"), ("vietnamization", "vietnam"),
    ("operator", "oper"), ("hopefulness", "hope"), ("sensibiliti", "sensibl"),
    ("electriciti", "electr"), ("goodness", "good"), ("airliner", "airlin"),
    ("replacement", "replac"), ("adoption", "adopt"), ("homologou", "homolog"),
    ("bowdlerize", "bowdler"), ("probate", "probat"), ("rate", "rate"), ("cease", "ceas"),
    ("controll", "control"), ("haemorrhages", "haemorrhag"), ("opacities", "opac"),
    ("dying", "die"), ("spied", "spi"), ("hydrocephalus", "hydrocephalu"),
    ("pneumothoraces", "pneumothorac"), ("carefully", "care"), ("geologi", "geolog"),
    ("say", "say"),
  ])
  func `a stem is NLTK's`(word: String, stem: String) {
    #expect(PorterStemmer.stem(word) == stem)
  }

  // The PTBTokenizer of the caption metrics on the same sentences.
  @Test(arguments: [
    (
      "Acute hemorrhage in the right basal ganglia (3.1 x 2.2 cm). Mild midline shift to the left.",
      "acute hemorrhage in the right basal ganglia -lrb- 3.1 x 2.2 cm -rrb- mild midline shift to the left"
    ),
    (
      "Normal heart size; no acute cardiopulmonary abnormality.",
      "normal heart size no acute cardiopulmonary abnormality"
    ),
    (
      "There is a large left-sided subdural hematoma causing 8 mm of midline shift.",
      "there is a large left-sided subdural hematoma causing 8 mm of midline shift"
    ),
    (
      "No pneumothorax, pleural effusion or focal consolidation.",
      "no pneumothorax pleural effusion or focal consolidation"
    ),
  ])
  func `Penn Treebank tokens are the caption tokenizer's`(text: String, tokens: String) {
    #expect(Tokeniser.pennTreebank(text).joined(separator: " ") == tokens)
  }

  @Test func `ROUGE-L by bits is ROUGE-L by table`() throws {
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<60 {
      let n = Int.random(in: 1...200, using: &generator)
      let m = Int.random(in: 1...200, using: &generator)
      let a = (0..<n).map { _ in "w\(Int.random(in: 0..<12, using: &generator))" }
      let b = (0..<m).map { _ in "w\(Int.random(in: 0..<12, using: &generator))" }
      var last = [Int](repeating: 0, count: m + 1)
      for x in a {
        var row = [0]
        for (j, y) in b.enumerated() { row.append(x == y ? last[j] + 1 : max(last[j + 1], row[j])) }
        last = row
      }
      let r = try ROUGE().value(a.joined(separator: " "), target: b.joined(separator: " "))
      #expect(abs(r.rougeL.precision - Double(last[m]) / Double(n)) < 1e-12)
      #expect(abs(r.rougeL.recall - Double(last[m]) / Double(m)) < 1e-12)
    }
  }

  @Test func `a text against itself scores full marks, against nothing zero`() throws {
    let text = ["The ventricles are not enlarged and there is no mass effect."]
    #expect(abs(try BLEU().corpus(text, references: [text]).score.value.orNaN - 100) < 1e-9)
    #expect(abs(try ChrF.plusPlus.corpus(text, references: [text]).value.orNaN - 100) < 1e-9)
    #expect(try TranslationEditRate.corpus(text, references: [text]).double == 0)
    #expect(try ROUGE(stemmer: true).value(text[0], target: text[0]).rougeL.f == 1)
    for empty in ["", "   ", "\n\n"] {
      #expect(try BLEU().corpus([empty], references: [text]).score.double == 0)
      #expect(try ChrF().corpus([empty], references: [text]).double == 0)
      #expect(try ROUGE().value(empty, target: text[0]).rougeLsum.f == 0)
    }
    #expect(throws: EvaluationError.self) { try BLEU().corpus(["a"], references: [[]]) }
    #expect(throws: EvaluationError.self) { try BLEU().corpus(["a"], references: []) }
  }

  @Test func `several references never lower BLEU or chrF`() throws {
    let h = ["small left pleural effusion with adjacent atelectasis"]
    let one = [["left pleural effusion"]]
    let two = [["left pleural effusion", "small left effusion with atelectasis"]]
    #expect(
      try ChrF().corpus(h, references: two).value.orNaN
        >= ChrF().corpus(h, references: one).value.orNaN)
  }

  @Test func `the labeller reads mentions, negations and doubts`() {
    let states = ReportLabeller().label(
      """
      The heart is enlarged. No pneumothorax. Possible pneumonia in the left lower lobe.
      Small right pleural effusion. There is an endotracheal tube.
      """)
    func state(_ name: String) -> FindingState? {
      ReportLabeller.findings.firstIndex(of: name).map { states[$0] }
    }
    #expect(state("Cardiomegaly") == .positive)
    #expect(state("Pneumothorax") == .negative)
    #expect(state("Pneumonia") == .uncertain)
    #expect(state("Pleural Effusion") == .positive)
    #expect(state("Support Devices") == .positive)
    #expect(state("No Finding") == .blank)
    let normal = ReportLabeller().label("The lungs are clear. Heart size is normal.")
    #expect(normal.last == .positive)
  }
}

struct AnswerTests {
  @Test(arguments: [
    ("Yes, there is a subdural haematoma.", true), ("No.", false), ("**Answer:** no", false),
    ("There is no evidence of intracranial haemorrhage.", false),
    ("No haemorrhage is seen. Normal study.", false),
    ("A hyperdense collection is present, consistent with haemorrhage.", true),
    ("Haemorrhage is not identified.", false), ("answer: true", true),
    ("{\"answer\": \"yes\"}", true), ("The scan is negative for haemorrhage.", false),
  ])
  func `yes and no are read with their negations`(reply: String, want: Bool) {
    let parser = YesNoParser(finding: ["haemorrhage", "hemorrhage", "bleed", "haematoma"])
    #expect(parser.parse(reply).value == want, "\(parser.parse(reply).rule)")
  }

  @Test(arguments: [
    "I'm sorry, I can't interpret medical images.", "As an AI I cannot provide a diagnosis.",
  ])
  func `a refusal is a refusal`(reply: String) {
    #expect(YesNoParser(finding: ["haemorrhage"]).parse(reply).outcome == .refused)
    #expect(LabelParser.haemorrhageSubtypes.parse(reply).outcome == .refused)
    #expect(QuantityParser(unit: "mL").parse(reply).outcome == .refused)
  }

  @Test func `mixed or missing evidence is unparsed, never guessed`() {
    let parser = YesNoParser(finding: ["haemorrhage"])
    #expect(parser.parse("").outcome == .unparsed)
    #expect(parser.parse("A crescent is seen.").outcome == .unparsed)
    let mixed = "There is haemorrhage on the left. There is no haemorrhage on the right."
    #expect(parser.parse(mixed).outcome == .unparsed)
    #expect(LabelParser.haemorrhageSubtypes.parse("subdural and epidural").outcome == .unparsed)
  }

  @Test func `labels are found by synonym, longest first, negated ones apart`() {
    let p = LabelParser.haemorrhageSubtypes
    #expect(p.parse("Acute SDH along the right convexity").value == "subdural")
    #expect(p.parse("Answer: extradural haematoma").value == "epidural")
    #expect(p.parse("No epidural or subdural collection. There is SAH.").value == "subarachnoid")
    #expect(p.parse("no intracranial hemorrhage").value == "none")
    #expect(
      p.parseSet("IPH with IVH extension; no subdural hematoma.").value
        == ["intraparenchymal", "intraventricular"])
  }

  @Test(arguments: [
    ("The volume is approximately 12.5 mL.", 12.5), ("about 30 cc", 30), ("0.012 L", 12),
    ("1,250 mm³", 1.25), ("Answer: 7", 7), ("between 10–14 ml", 12), ("10 to 14 mL", 12),
    ("Volume: −3 ml", -3),
  ])
  func `numbers are read with their units`(reply: String, want: Double) {
    let got = QuantityParser(unit: "mL").parse(reply)
    #expect(abs((got.value?.middle ?? .nan) - want) < 1e-9, "\(got)")
  }

  @Test func `boxes are read in the convention of the model`() {
    let gemini = BoxParser(.thousandthsYXYX, imageWidth: 512, imageHeight: 256)
    let box = gemini.parse("```json\n[{\"box_2d\": [100, 200, 500, 600]}]\n```").value?.first
    #expect(abs((box?.minX ?? 0) - 102.4) < 1e-9 && abs((box?.maxY ?? 0) - 128) < 1e-9)
    let corners = BoxParser(.xyxy, imageWidth: 100, imageHeight: 100)
    #expect(corners.parse("<box>(10, 20), (30, 40)</box>").value?.first?.maxX == 30)
    #expect(corners.parse("[]").value == [])
    #expect(corners.parse("none").outcome == .unparsed)
    #expect(corners.parsePolygon("[[0,0],[4,0],[4,4]]").value?.count == 3)
    for c in BoundingBox.Convention.allCases {
      let b = BoundingBox(minX: 3, minY: 5, maxX: 40, maxY: 22)
      let v = b.values(c, imageWidth: 64, imageHeight: 32)
      let back = try? BoundingBox(v, c, imageWidth: 64, imageHeight: 32)
      #expect(abs((back?.iou(b) ?? 0) - 1) < 1e-9)
    }
  }

  @Test func `any bytes give an answer or none, never a trap`() {
    var generator = SeededGenerator(seed: 77)
    let alphabet = Array("a A.,:;-−–½５\n\t\"'()[]{}<>*#%e+0123456789mLcnoyeswers🩻é\u{0}")
    for _ in 0..<400 {
      let n = Int.random(in: 0...60, using: &generator)
      let reply = String((0..<n).compactMap { _ in alphabet.randomElement(using: &generator) })
      _ = YesNoParser(finding: ["a", "no"]).parse(reply)
      _ = LabelParser.haemorrhageSubtypes.parseSet(reply)
      _ = QuantityParser(unit: "mL").parse(reply)
      _ = QuantityParser.allNumbers(in: reply)
      _ = BoxParser(.xywh, imageWidth: 9, imageHeight: 9).parse(reply)
      _ = ChoiceParser(choices: 5, allowsSeveral: true).parse(reply)
      _ = ChoiceParser.parseMMMU(reply, options: ["a", "b"])
      _ = ShortAnswer.f1(reply, targets: [reply, ""])
      for t in Tokeniser.allCases { _ = t(reply) }
      _ = try? ROUGE(stemmer: true).value(reply, target: "no a")
    }
  }
}

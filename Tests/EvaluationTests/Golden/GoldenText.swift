// Reference cases of text metrics.
import Evaluation

private func smoothing(_ c: GoldenCase) -> BLEU.Smoothing {
  let value = c.parameter("smooth_value")?.double
  switch c.parameter("smooth_method")?.text {
  case "floor": return .floor(value ?? 0.1)
  case "add-k", "add_k": return .addK(value ?? 1)
  case "none": return .none
  default: return .exp
  }
}

private func flag(_ c: GoldenCase, _ key: String) -> Bool {
  if case .bool(let b) = c.parameter(key) { return b }
  return (c.parameter(key)?.double ?? 0) > 0
}

private func options(_ c: GoldenCase) -> BLEU {
  BLEU(
    tokeniser: Tokeniser(rawValue: c.parameter("tokenize")?.text ?? "13a") ?? .mteval13a,
    smoothing: smoothing(c), lowercase: flag(c, "lowercase"),
    order: Int(c.parameter("max_ngram_order")?.double ?? 4),
    effectiveOrder: flag(c, "effective_order"))
}

private func bleu(_ r: BLEU.Result) -> [String: Value] {
  [
    "bleu": .of(r.score), "precisions": .of(r.precisions), "bp": .of(r.statistics.brevityPenalty),
    "sys_len": .of(r.statistics.hypothesisLength), "ref_len": .of(r.statistics.referenceLength),
    "counts": .of(r.statistics.matches), "totals": .of(r.statistics.totals),
  ]
}

private func corpus(_ c: GoldenCase) throws -> [String: Value] {
  bleu(try options(c).corpus(c.strings("hypotheses"), references: c.stringRows("references")))
}

private func tokenRows(_ c: GoldenCase, _ key: String) throws -> [[[String]]] {
  guard let rows = try c.value(key).list else { throw GoldenError(key) }
  return rows.map { ($0.list ?? []).map { GoldenCase.strings($0) } }
}

private func tokenised(_ c: GoldenCase) throws -> [String: Value] {
  bleu(
    try options(c).corpus(
      tokens: c.stringRows("hypotheses"), references: tokenRows(c, "references")))
}

private func statistics(_ c: GoldenCase) throws -> [String: Value] {
  var o = options(c)
  let matches = try c.integers("correct")
  o.order = matches.count
  return bleu(
    o.score(
      BLEU.Statistics(
        matches: matches, totals: try c.integers("total"),
        hypothesisLength: Int(try c.number("hyp_len")),
        referenceLength: Int(try c.number("ref_len")))))
}

private func precision(_ c: GoldenCase) throws -> [String: Value] {
  let (h, r) = (try c.strings("hypothesis"), try c.stringRows("references"))
  var out: [String: Value] = [:]
  for n in 1...9 {
    let p = BLEU.modifiedPrecision(h, references: r, order: n)
    out["p\(n)"] = .of(Double(p.matches) / Double(max(p.total, 1)))
  }
  return out
}

private func penalty(_ c: GoldenCase) throws -> [String: Value] {
  [
    "bp": .of(
      BLEU.brevityPenalty(
        hypothesis: Int(try c.number("hyp_len")), references: try c.integers("ref_lens")))
  ]
}

private func nltk(_ c: GoldenCase) throws -> [String: Value] {
  let (h, r) = (try c.strings("hypothesis"), try c.stringRows("references"))
  var out: [String: Value] = [:]
  for method in ChenCherrySmoothing.allCases {
    out["method\(method.rawValue)"] = .of(method.sentence(h, references: r))
  }
  for n in 1...4 {
    out["bleu\(n)"] = .of(ChenCherrySmoothing.none.sentence(h, references: r, order: n))
  }
  return out
}

private func report(_ c: GoldenCase) throws -> [String: Value] {
  let (h, r) = (try c.strings("hypotheses"), try c.stringRows("references"))
  var out = bleu(try BLEU().corpus(h, references: r))
  for t in [Tokeniser.none, .character, .international] {
    out["bleu_\(t.rawValue)"] = .of(try BLEU(tokeniser: t).corpus(h, references: r).score)
  }
  out["bleu_lowercase"] = .of(try BLEU(lowercase: true).corpus(h, references: r).score)
  out["chrf"] = .of(try ChrF().corpus(h, references: r))
  out["chrf_pp"] = .of(try ChrF.plusPlus.corpus(h, references: r))
  out["ter"] = .of(try TranslationEditRate.corpus(h, references: r))
  out["sentence_bleu"] = .of(try BLEU().sentences(h, references: r))
  out["tokens_13a"] = .array(
    h.map { .string(Tokeniser.mteval13a($0).joined(separator: " ")) })
  return out
}

private func tokens(_ tokeniser: Tokeniser) -> GoldenCase.Computation {
  { c in
    [
      "tokens": .array(
        try c.strings("lines").map { .string(tokeniser($0).joined(separator: " ")) })
    ]
  }
}

private func chrf(_ c: GoldenCase) throws -> [String: Value] {
  let o = ChrF(
    characterOrder: Int(c.parameter("char_order")?.double ?? 6),
    wordOrder: Int(c.parameter("word_order")?.double ?? 0),
    beta: c.parameter("beta")?.double ?? 2, lowercase: flag(c, "lowercase"),
    epsilonSmoothing: flag(c, "eps_smoothing"))
  return [
    "chrf": .of(try o.corpus(c.strings("hypotheses"), references: c.stringRows("references")))
  ]
}

private func rouge(_ c: GoldenCase) throws -> [String: Value] {
  let (p, t) = (try c.string("prediction"), try c.string("target"))
  func fields(_ stemmer: Bool, _ suffix: String) throws -> [String: Value] {
    let r = try ROUGE(stemmer: stemmer).value(p, target: t)
    func object(_ v: ROUGE.Value) -> Value {
      .object(["precision": .of(v.precision), "recall": .of(v.recall), "f": .of(v.f)])
    }
    return [
      "rouge1\(suffix)": object(r.rouge1), "rouge2\(suffix)": object(r.rouge2),
      "rougeL\(suffix)": object(r.rougeL), "rougeLsum\(suffix)": object(r.rougeLsum),
    ]
  }
  var out = try fields(flag(c, "stemmer"), "")
  out.merge(try fields(true, "_stem")) { first, _ in first }
  return out
}

private func captions(_ c: GoldenCase) throws -> [String: Value] {
  func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }
  let h = try c.strings("tokenised_hypotheses").map(words)
  let r = try c.stringRows("tokenised_references").map { $0.map(words) }
  let cider = try CaptionMetrics.ciderD(
    h, references: r, sigma: c.parameter("cider_sigma")?.double ?? 6)
  let rouge = try CaptionMetrics.rougeL(
    h, references: r, beta: c.parameter("rouge_beta")?.double ?? 1.2)
  return [
    "bleu1_4": .array(try CaptionMetrics.bleu(h, references: r).map { .of($0) }),
    "rouge_l": .of(rouge.score), "rouge_l_each": .of(rouge.each), "cider_d": .of(cider.score),
    "cider_d_each": .of(cider.each),
  ]
}

private func meteor(_ c: GoldenCase) throws -> [String: Value] {
  [
    "meteor": .of(
      CaptionMetrics.meteorExactStem(
        try c.strings("hypothesis"), references: try c.stringRows("references"),
        alpha: c.parameter("alpha")?.double ?? 0.9, beta: c.parameter("beta")?.double ?? 3,
        gamma: c.parameter("gamma")?.double ?? 0.5))
  ]
}

private func bertscore(_ c: GoldenCase) throws -> [String: Value] {
  let v = try BERTScore.match(
    candidate: c.rows("candidate_embeddings"), reference: c.rows("reference_embeddings"),
    candidateWeights: c.input["candidate_idf"] == nil ? nil : c.numbers("candidate_idf"),
    referenceWeights: c.input["reference_idf"] == nil ? nil : c.numbers("reference_idf"))
  return ["precision": .of(v.precision), "recall": .of(v.recall), "f1": .of(v.f1)]
}

private func radgraph(_ c: GoldenCase) throws -> [String: Value] {
  func graph(_ key: String) throws -> ReportGraph {
    let entities = try c.value(key).fields?["entities"]?.fields ?? [:]
    return ReportGraph(
      entities: entities.mapValues { v in
        let f = v.fields ?? [:]
        return ReportGraph.Entity(
          tokens: f["tokens"]?.text ?? "", label: f["label"]?.text ?? "",
          relations: (f["relations"]?.list ?? []).compactMap { r in
            guard let pair = r.list, pair.count == 2 else { return nil }
            return ReportGraph.Relation(pair[0].text, to: pair[1].text)
          })
      })
  }
  let (h, r) = (try graph("hypothesis"), try graph("reference"))
  return Dictionary(
    uniqueKeysWithValues: ReportGraph.Match.allCases.map {
      ($0.rawValue, Value.of(h.f1(against: r, $0)))
    })
}

private func labels(_ c: GoldenCase) throws -> [String: Value] {
  func states(_ key: String) throws -> [[FindingState]] {
    try c.integerRows(key).map { $0.map { FindingState(rawValue: $0) ?? .blank } }
  }
  let five = c.parameter("five").map { GoldenCase.strings($0) } ?? FindingF1.fiveLabels
  let f = try FindingF1(
    reference: states("reference_states"), hypothesis: states("hypothesis_states"),
    labels: c.strings("labels"), five: five)
  var out: [String: Value] = [
    "accuracy_5": .of(f.five.exactMatch), "accuracy_14": .of(f.all.exactMatch),
    "f1_per_label": .of(f.all.values(.f1)),
  ]
  for averaging in Averaging.allCases {
    out["\(averaging.rawValue)_f1_14"] = .of(f.all.average(.f1, averaging))
    out["\(averaging.rawValue)_f1_5"] = .of(f.five.average(.f1, averaging))
  }
  return out
}

private func ter(_ c: GoldenCase) throws -> [String: Value] {
  [
    "ter": .of(
      try TranslationEditRate.corpus(
        c.strings("hypotheses"), references: c.stringRows("references")))
  ]
}

let goldenText: [String: GoldenCase.Computation] = [
  "sacrebleu_corpus": corpus, "bleu_tokenised": tokenised, "bleu_from_statistics": statistics,
  "bleu_modified_precision": precision, "bleu_brevity_penalty": penalty,
  "bleu_nltk_sentence": nltk, "sacrebleu_report": report, "tokenize_13a": tokens(.mteval13a),
  "tokenize_intl": tokens(.international), "chrf": chrf, "rouge": rouge, "rouge_report": rouge,
  "caption_metrics": captions, "meteor_nltk_exact": meteor, "bertscore_matching": bertscore,
  "radgraph_f1": radgraph, "chexbert_label_f1": labels, "ter": ter,
]

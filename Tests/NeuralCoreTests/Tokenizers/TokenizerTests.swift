import Foundation
import NeuralCore
import Testing

/// Tokenizers against the `tokenizers` package on vocabularies that it trained.
struct TokenizerTests {
  private struct Reference {
    let folder: String
    let texts: [String]
    let ids: [String: [[Int]]]

    static func make() throws -> Reference? {
      let folder = try ReferenceModels.temporaryFolder()
      guard
        ReferenceModels.run("tokenizers_reference.py", [folder], beside: #filePath) != nil
      else {
        print("SKIPPED 1 tokenizer test: ROENTGEN_PYTHON or the tokenizers package is not there")
        return nil
      }
      let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/reference.json"))
      let json = try JSON(parsing: Array(data))
      var ids: [String: [[Int]]] = [:]
      for name in ["wordpiece", "gpt2", "llama3", "clip"] {
        ids[name] = json[name]?.array?.map { $0.integers ?? [] }
      }
      return Reference(
        folder: folder, texts: json["texts"]?.array?.compactMap(\.string) ?? [], ids: ids)
    }
  }

  @Test func `every text becomes the ids that the tokenizers package gives`() throws {
    guard let reference = try Reference.make() else { return }
    let piece = try WordPiece(vocabulary: reference.folder + "/wordpiece.json")
    let gpt2 = try ByteLevelBPE(contentsOf: reference.folder + "/gpt2.json", style: .gpt2)
    let llama = try ByteLevelBPE(contentsOf: reference.folder + "/gpt2.json", style: .llama3)
    let clip = try ByteLevelBPE(contentsOf: reference.folder + "/clip.json", style: .clip)
    #expect(reference.texts.count == 20)
    for (index, text) in reference.texts.enumerated() {
      #expect(piece.tokenize(text) == reference.ids["wordpiece"]?[index], "\(text)")
      #expect(gpt2.encode(text) == reference.ids["gpt2"]?[index], "\(text)")
      #expect(gpt2.decode(gpt2.encode(text)) == text)
      #expect(llama.encode(text) == reference.ids["llama3"]?[index], "\(text)")
      #expect(clip.encode(text) == reference.ids["clip"]?[index], "\(text)")
    }
  }

  @Test func `WordPiece takes the longest pieces and cuts at a limit`() throws {
    let tokenizer = try WordPiece(pieces: [
      "[PAD]", "[UNK]", "[CLS]", "[SEP]", "un", "##aff", "##able", "the", ",",
    ])
    #expect(tokenizer.tokenize("UNAFFABLE, thé") == [4, 5, 6, 8, 7])
    #expect(tokenizer.encode("the the the", limit: 4).ids == [2, 7, 7, 3])
    #expect(
      tokenizer.encode(["the", "the, the"]).map(\.mask) == [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]])
    #expect(throws: NeuralCoreError.self) { try WordPiece(pieces: ["a"]) }
  }

  @Test func `SentencePiece joins the best pair first and falls back to bytes`() throws {
    let pieces = [
      "<unk>", "<s>", "</s>", "<0xE2>", "<0x82>", "<0xAC>", "\u{2581}", "a", "b", "ab",
      "\u{2581}ab", "ba", "<x>",
    ]
    let kinds: [SentencePiece.Kind] = [
      .unknown, .control, .control, .byte, .byte, .byte, .normal, .normal, .normal, .normal,
      .normal, .normal, .userDefined,
    ]
    let tokenizer = try SentencePiece(
      pieces: pieces, scores: [0, 0, 0, 0, 0, 0, -1, -2, -3, -4, -5, -3.5, 0], kinds: kinds,
      begin: 1, end: 2, unknown: 0)
    #expect(tokenizer.encode("ab") == [1, 10])
    #expect(tokenizer.encode("aba", addsBegin: false) == [6, 7, 11])
    #expect(tokenizer.encode("€", addsBegin: false) == [6, 3, 4, 5])
    #expect(tokenizer.encode("a<x>b", addsBegin: false) == [6, 7, 12, 8])
    #expect(tokenizer.decode([10, 3, 4, 5, 12]) == " ab€<x>")
    #expect(tokenizer.encode("</s>", addsBegin: false).contains(2) == false)
    #expect(tokenizer.encode("</s>", addsBegin: false, parsesSpecial: true) == [2])
  }
}

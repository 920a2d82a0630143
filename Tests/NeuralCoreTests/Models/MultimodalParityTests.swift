import NeuralCore
import Testing

/// MedCLIP and a vision-language model against transformers on the same random weights.
struct MultimodalParityTests {
  @Test(arguments: ["medclip", "medclip_resnet"])
  func `MedCLIP scores pictures against texts as its parts in transformers and torchvision do`(
    name: String
  ) throws {
    guard let reference = try ReferenceModels.Case.make(name) else { return }
    var vision = Swin.Configuration()
    vision.imageSize = 64
    vision.width = 24
    vision.depths = [2, 2]
    vision.heads = [2, 4]
    vision.window = 4
    var text = BERT.Configuration()
    text.vocabulary = 100
    text.width = 48
    text.depth = 4
    text.heads = 4
    text.hidden = 96
    text.positions = 32
    var model = MedCLIP(
      vision: name == "medclip" ? .swin(vision) : .resNet(.resNet50()), text: text, width: 20)
    // The authors' names, as in their `pytorch_model.bin`.
    try model.load(reference.weights, names: MedCLIP.names)
    func rows(_ name: String) throws -> [[Int]] {
      let tensor = try reference.input(name)
      return (0..<3).map { tensor.selected(axis: 0, $0).scalars.map { Int($0) } }
    }
    let pictures = Variable(try reference.input("x"))
    let (ids, mask) = (try rows("ids"), try rows("mask"))
    var worst = largestDifference(
      model.encode(images: pictures).value, try reference.output("image"))
    worst = max(
      worst,
      largestDifference(model.encode(texts: ids, mask: mask).value, try reference.output("text")))
    let scores = model.similarities(images: pictures, texts: ids, mask: mask).value
    let difference = largestDifference(scores, try reference.output("scores"))
    print("\(name): largest difference of the vectors \(worst), of the scores \(difference)")
    #expect(worst < 2e-6 && difference < 5e-5)
  }

  @Test func `a SmolVLM reads pictures among tokens as transformers' does, and writes its tokens`()
    throws
  {
    guard let reference = try ReferenceModels.Case.make("smolvlm") else { return }
    var tower = CLIP.Tower(width: 24, depth: 2, heads: 3, hidden: 40)
    tower.activation = .geluTanh
    tower.epsilon = 1e-6
    let decoder = Decoder.Configuration(
      vocabulary: 60, width: 32, depth: 2, heads: 4, keyHeads: 2, headWidth: 8, hidden: 48)
    var shape = VisionLanguageModel.Configuration(vision: tower, decoder: decoder, imageToken: 59)
    shape.imageSize = 48
    shape.patchSize = 8
    shape.shuffle = 2
    shape.decoder.epsilon = 1e-6
    var model = VisionLanguageModel(shape)
    try model.load(reference.weights, names: VisionLanguageModel.names)
    let ids = try reference.input("ids").scalars.map { Int($0) }
    let features = model.features(of: Variable(try reference.input("x")))
    let logits = model(ids, showing: features).value
    let difference = largestDifference(logits, try reference.output("logits"))
    print("smolvlm: largest difference of the logits \(difference)")
    #expect(difference < 1e-5)
    let expected = try reference.output("greedy").scalars.map { Int($0) }
    #expect(model.generate(after: ids, showing: features.value, limit: 12) == expected)
  }

  @Test func `SmolVLM-256M has its published shape`() {
    // HuggingFaceTB/SmolVLM-256M: 512² in patches of 16, 4 × 4 of them a token.
    #expect(VisionLanguageModel.Configuration.smolVLM256M.imageTokens == 64)
  }
}

import NeuralCore
import Testing

/// U-Nets, Swin and CLIP against MONAI, timm and transformers on the same random weights.
struct VisionParityTests {
  private func checkUNet(_ name: String, _ shape: UNet.Configuration) throws {
    guard let reference = try ReferenceModels.Case.make(name) else { return }
    var network = UNet(shape)
    try network.load(reference.weights)
    let tape = Tape(isTraining: true)
    let output = network(tape.constant(try reference.input("x")))
    let difference = largestDifference(output.value, try reference.output("logits"))
    print("\(name): largest difference of the logits \(difference)")
    #expect(difference < 2e-5)
    let gradients = tape.gradients(of: (output * tape.constant(try reference.input("y"))).sum())
    var worst: Float = 0
    for (name, parameter) in network.namedParameters {
      let expected = try reference.tensors.tensor("grad.\(name)")
      let scale = max(expected.scalars.map { abs($0) }.max() ?? 1, 0.1)
      let found = try #require(gradients[parameter], "\(name)")
      worst = max(worst, largestDifference(found, expected) / scale)
    }
    print("\(name): largest difference of a gradient, of its tensor's largest \(worst)")
    #expect(worst < 1e-3)
  }

  @Test func `a plain U-Net in two dimensions computes what MONAI's does`() throws {
    try checkUNet(
      "unet2d",
      UNet.Configuration(axes: 2, channels: 3, classes: 2, widths: [4, 6, 8], residualUnits: 0))
  }

  @Test func `a residual U-Net in three dimensions computes what MONAI's does`() throws {
    try checkUNet(
      "unet3d_residual", UNet.Configuration(axes: 3, classes: 2, widths: [4, 6, 8]))
  }

  @Test func `a Swin transformer computes what timm's does, and its gradients`() throws {
    var shape = Swin.Configuration()
    shape.imageSize = 64
    shape.width = 24
    shape.depths = [2, 2, 2]
    shape.heads = [2, 4, 6]
    shape.window = 4
    shape.classes = 5
    try checkClassifier("swin", Swin(shape), tolerance: 1e-5)
  }

  @Test func `CLIP scores pictures against texts as transformers does`() throws {
    guard let reference = try ReferenceModels.Case.make("clip") else { return }
    var shape = CLIP.Configuration()
    shape.vision = CLIP.Tower(width: 48, depth: 2, heads: 3, hidden: 96)
    shape.text = CLIP.Tower(width: 32, depth: 2, heads: 4, hidden: 64)
    shape.imageSize = 32
    shape.patchSize = 8
    shape.vocabulary = 60
    shape.positions = 12
    shape.width = 24
    shape.end = 59
    var network = CLIP(shape)
    try network.load(reference.weights, names: CLIP.names)
    let ids = try reference.input("ids")
    let rows = (0..<3).map { ids.selected(axis: 0, $0).scalars.map { Int($0) } }
    let scores = network.similarities(images: Variable(try reference.input("x")), texts: rows)
    let difference = largestDifference(scores.value, try reference.output("scores"))
    print("clip: largest difference of the scores \(difference)")
    #expect(difference < 1e-4)
  }
}

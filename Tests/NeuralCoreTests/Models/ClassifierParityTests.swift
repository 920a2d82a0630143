import Foundation
import NeuralCore
import Testing

/// Networks against torchvision, timm and transformers on the same random weights.
struct ClassifierParityTests {
  @Test func `ResNet-18 computes what torchvision's does, and its gradients`() throws {
    try checkClassifier(
      "resnet18", ResNet(.resNet18(classes: 7)), tolerance: 2e-5,
      gradientTolerance: 1e-3)
  }

  @Test func `ResNet-50 computes what torchvision's does, and its gradients`() throws {
    try checkClassifier(
      "resnet50", ResNet(.resNet50(classes: 7)), tolerance: 2e-5,
      gradientTolerance: 1e-3)
  }

  @Test func `a ViT computes what timm's does, and its gradients`() throws {
    var shape = ViT.Configuration(imageSize: 32, patchSize: 8, width: 48, depth: 3, heads: 3)
    shape.classes = 7
    try checkClassifier("vit_tiny", ViT(shape), tolerance: 1e-5)
  }

  @Test func `a ViT with registers and layer scale computes what timm's does`() throws {
    var shape = ViT.Configuration(imageSize: 28, patchSize: 14, width: 48, depth: 2, heads: 3)
    shape.classes = 5
    shape.registers = 4
    shape.layerScale = 0.1
    shape.positionsSkipPrefix = true
    try checkClassifier("vit_registers", ViT(shape), tolerance: 1e-5)
  }

  @Test func `a ViT loads the names of transformers`() throws {
    var shape = ViT.Configuration(imageSize: 32, patchSize: 8, width: 48, depth: 2, heads: 3)
    shape.classes = 5
    shape.hiddenRatio = 2
    shape.epsilon = 1e-12
    try checkClassifier(
      "vit_transformers", ViT(shape), names: ViT.transformersNames, tolerance: 1e-5)
  }

  @Test func `ResNet-34, Phikon and UNI load their published names and compute the same`() throws {
    guard ProcessInfo.processInfo.environment["ROENTGEN_SLOW"] != nil else {
      print("SKIPPED 3 parity cases: ROENTGEN_SLOW is not set")
      return
    }
    try checkClassifier(
      "resnet34", ResNet(.resNet34(classes: 7)), tolerance: 2e-5, gradientTolerance: 1e-3)
    var (phikon, uni) = (ViT.Configuration.phikon, ViT.Configuration.uni)
    (phikon.depth, uni.depth) = (2, 2)
    try checkClassifier("phikon", ViT(phikon), names: ViT.transformersNames, tolerance: 2e-5)
    try checkClassifier("uni", ViT(uni), tolerance: 2e-5)
  }

  @Test func `the published sizes have the published counts of parameters`() {
    // torchvision and timm, sum(p.numel() for p in model.parameters()).
    #expect(ResNet(.resNet18()).parameterCount == 11_689_512)
    #expect(ViT(.tiny()).parameterCount == 5_717_416)
  }
}

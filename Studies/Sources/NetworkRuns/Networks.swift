// The networks that a plan can name.

import ICHStudy
public import NeuralCore

/// Which network, and where its first weights come from.
public struct NetworkPlan: Sendable, Codable, Hashable {
  public var name = "resnet18"
  /// The channels of the first stage or the width of a token; the family's own when nil.
  public var width: Int?
  public var depth: Int?
  public var heads: Int?
  public var patch: Int?
  public var dropout = 0.0
  /// A weights file to begin with; its last layer is left out where the classes differ.
  public var weights: String?
  /// Whether a transformer reads its answer from a class token or from the mean of all tokens; by its
  /// width when nil, and by its weights file where there is one.
  var hasClassToken: Bool?
  /// Whether all but the last layer stays as the weights file has it.
  public var isFrozen = false

  public init() {}

  public static let names = [
    "resnet18", "resnet34", "resnet50", "resnet-small", "vit-tiny", "vit-small", "vit-base",
    "vit-large", "vit", "swin-tiny",
  ]

  init(_ fields: inout Fields) throws {
    name = try fields.text("name", of: Self.names, otherwise: name)
    width = try fields.integer("width", 1...8_192)
    depth = try fields.integer("depth", 1...200)
    heads = try fields.integer("heads", 1...200)
    patch = try fields.integer("patch", 1...256)
    dropout = try fields.number("dropout", 0...0.95) ?? 0
    weights = try fields.text("weights")
    isFrozen = try fields.flag("frozen") ?? false
    try fields.finish()
    if isFrozen, weights == nil {
      throw StudyError(.usage, "model.frozen: needs model.weights")
    }
  }
}

/// A network for pictures that can also tell the vector before its last layer.
public protocol PictureNetwork: Layer {
  /// The vector that the last layer sees, `[batch, width]`.
  func features(_ input: Variable) -> Variable
}

extension ResNet: PictureNetwork {}
extension ViT: PictureNetwork {}
extension Swin: PictureNetwork {}

/// A network of any family.
public struct AnyPictureNetwork: PictureNetwork {
  private var base: any PictureNetwork

  public mutating func visit(_ visitor: ParameterVisitor) { base.visit(visitor) }
  public func callAsFunction(_ input: Variable) -> Variable { base(input) }
  public func features(_ input: Variable) -> Variable { base.features(input) }

  /// The network that a plan names.
  ///
  /// - Throws: `StudyError.Code.usage` where width, heads, patch and side do not fit together.
  public init(_ plan: NetworkPlan, side: Int, channels: Int, classes: Int, seed: UInt64) throws {
    switch plan.name.split(separator: "-").first {
    case "vit":
      base = ViT(try Self.transformer(plan, side, channels, classes), seed: seed)
    case "swin":
      guard side % 32 == 0, side / 4 % 7 == 0 else {
        throw StudyError(.usage, "model: swin-tiny needs a side that 224 divides, not \(side)")
      }
      var shape = Swin.Configuration.tiny(classes: classes)
      shape.imageSize = side
      shape.channels = channels
      base = Swin(shape, seed: seed)
    default:
      base = ResNet(Self.residual(plan, side, channels, classes), seed: seed)
    }
  }

  private static func residual(
    _ plan: NetworkPlan, _ side: Int, _ channels: Int, _ classes: Int
  ) -> ResNet.Configuration {
    var shape: ResNet.Configuration
    switch plan.name {
    case "resnet34": shape = .resNet34(channels: channels, classes: classes)
    case "resnet50": shape = .resNet50(channels: channels, classes: classes)
    case "resnet-small": shape = .small(channels: channels, classes: classes)
    default: shape = .resNet18(channels: channels, classes: classes)
    }
    if let width = plan.width { shape.width = width }
    if side < 64 { shape.hasLargeStem = false }
    shape.dropout = Float(plan.dropout)
    return shape
  }

  private static func transformer(
    _ plan: NetworkPlan, _ side: Int, _ channels: Int, _ classes: Int
  ) throws -> ViT.Configuration {
    let known: [String: (width: Int, depth: Int, heads: Int)] = [
      "vit-tiny": (192, 12, 3), "vit-small": (384, 12, 6), "vit-base": (768, 12, 12),
      "vit-large": (1_024, 24, 16), "vit": (64, 4, 4),
    ]
    let own = known[plan.name] ?? (64, 4, 4)
    let (width, heads) = (plan.width ?? own.width, plan.heads ?? own.heads)
    let patch = plan.patch ?? (side >= 128 ? 16 : max(side / 8, 2))
    guard side % patch == 0, width % heads == 0 else {
      throw StudyError(
        .usage, "model: side \(side) in patches of \(patch), width \(width) in \(heads) heads")
    }
    var shape = ViT.Configuration(
      imageSize: side, patchSize: patch, width: width, depth: plan.depth ?? own.depth,
      heads: heads)
    shape.channels = channels
    shape.classes = classes
    shape.dropout = Float(plan.dropout)
    if width < 192 { shape.deviation = 1 / Float(width).squareRoot() }
    if !(plan.hasClassToken ?? (width >= 192)) {
      // Narrow networks learn faster from scratch with the mean of all tokens.
      shape.pooling = .mean
      shape.hasClassToken = false
    }
    return shape
  }

  /// The network that a plan names, with the weights that it names.
  ///
  /// The file's tensors may be named as by torchvision, timm or `transformers`. Where its last layer
  /// has another count of classes, the network's own begins anew.
  public static func started(
    _ plan: NetworkPlan, side: Int, channels: Int, classes: Int?, seed: UInt64
  ) throws -> AnyPictureNetwork {
    guard let path = plan.weights else {
      return try AnyPictureNetwork(
        plan, side: side, channels: channels, classes: classes ?? 0, seed: seed)
    }
    let weights = try Weights(contentsOf: path)
    let heads = ["fc.weight", "head.weight", "head.fc.weight", "classifier.weight"]
    let known = heads.lazy.compactMap { weights.tensors[$0]?.shape.first }.first ?? 0
    var plan = plan
    plan.hasClassToken = weights.tensors.keys.contains { $0.hasSuffix("cls_token") }
    var given = try AnyPictureNetwork(
      plan, side: side, channels: channels, classes: known, seed: seed)
    let isOfTransformers = weights.tensors.keys.contains { $0.contains("embeddings.") }
    try given.load(
      weights, names: isOfTransformers && given.base is ViT ? ViT.transformersNames : .identity)
    if let classes, classes != known {
      var network = try AnyPictureNetwork(
        plan, side: side, channels: channels, classes: classes, seed: seed)
      var tensors = network.tensors
      for (name, tensor) in given.tensors where !isOfHead(name) { tensors[name] = tensor }
      try network.load(tensors)
      given = network
    }
    if plan.isFrozen { given.freeze { !isOfHead($0) } }
    return given
  }

  private static func isOfHead(_ name: String) -> Bool {
    name.hasPrefix("fc.") || name.hasPrefix("head.")
  }
}

// MedCLIP: radiographs and their reports in one space.
// Source: Wang et al., "MedCLIP", arXiv 2210.10163, and the authors' `medclip` package: a Swin-T or a
// ResNet-50 and a clinical BERT, each with a projection.

/// MedCLIP's two towers.
///
/// ```swift
/// var model = MedCLIP()
/// try model.load(Weights(contentsOf: path), names: MedCLIP.names)
/// let scores = model.similarities(images: pictures, texts: tokenizer.encode(reports))
/// ```
/// The authors published a model of each kind, and one table of names reads both:
/// `MedCLIP(vision: .resNet(.resNet50()))` is the other.
///
/// Pictures are `[batch, 3, 224, 224]`, a grey channel three times, values of 0…1 less ``pixelMean``
/// over ``pixelDeviation``.
public struct MedCLIP: Module {
  /// The mean and deviation of grey values of 0…1 that pictures are brought to.
  public static let pixelMean: Float = 0.586_278_580_3
  public static let pixelDeviation: Float = 0.279_500_889_7
  /// The largest logarithm of the factor on similarities, log 100.
  static let scaleLimit: Float = 4.6052

  /// What looks at pictures.
  public enum VisionTower: Sendable, Hashable {
    /// The authors' `MedCLIPVisionModelViT`.
    case swin(Swin.Configuration)
    /// The authors' `MedCLIPVisionModel`, whose last layer is the projection.
    case resNet(ResNet.Configuration)
  }

  /// The picture's tower: one of the two is there.
  public var swin: Swin?
  public var resNet: ResNet?
  public var text: BERT
  public var visionProjection, textProjection: Linear
  /// The logarithm of the factor on similarities.
  public var scale: Parameter

  /// A model with first weights from a seed.
  ///
  /// - Parameters:
  ///   - vision: The picture's tower; its count of classes is not used.
  ///   - text: The text's tower, of at least two layers; Bio_ClinicalBERT has BERT base's shape and a
  ///     vocabulary of 28,996.
  ///   - width: The width of the common space.
  ///   - seed: Settles the first weights.
  public init(
    vision: VisionTower = .swin(.tiny(classes: 0)), text: BERT.Configuration = .clinical,
    width: Int = 512, seed: UInt64 = 0
  ) {
    precondition(text.depth >= 2, "MedCLIP: a text tower of \(text.depth) layers, at least 2")
    var draws = SeededDraws(seed: seed, 0x3ED)
    self.text = BERT(text, hasPooler: false, seed: seed)
    let last: Int
    switch vision {
    case .swin(var shape):
      shape.classes = 0
      swin = Swin(shape, seed: seed)
      last = shape.width << (shape.depths.count - 1)
    case .resNet(var shape):
      shape.classes = 0
      resNet = ResNet(shape, seed: seed)
      last = (shape.width << (shape.blocks.count - 1)) * (shape.isBottleneck ? 4 : 1)
    }
    visionProjection = Linear(last, width, hasBias: false, draws: &draws)
    textProjection = Linear(text.width, width, hasBias: false, draws: &draws)
    scale = Parameter(Tensor(2.659_260_037))  // log(1 / 0.07)
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("vision", &swin)
    visitor("vision", &resNet)
    visitor("vision_projection", &visionProjection)
    visitor("text", &text)
    visitor("text_projection", &textProjection)
    visitor("logit_scale", &scale)
  }

  /// The vectors of pictures, of length 1: `[batch, width]`.
  public func encode(images: Variable) -> Variable {
    let features = swin?.features(images) ?? resNet?.features(images) ?? images
    return visionProjection(features).unit()
  }

  /// The vectors of texts, of length 1: `[batch, width]`.
  ///
  /// The mean of the states after the first, the second and the last layer over all tokens. The
  /// authors' code counts padding too, and the trained weights expect it.
  ///
  /// - Parameters:
  ///   - texts: Rows of ids of equal length.
  ///   - mask: 1 for tokens and 0 for padding, which attention does not see; nil sees everything.
  ///   - tape: Where the gradients' path is recorded.
  public func encode(texts: [[Int]], mask: [[Int]]? = nil, on tape: Tape? = nil) -> Variable {
    let states = text.hiddenStates(texts, mask: mask, on: tape)
    let chosen = states[1] + states[2] + states[states.count - 1]
    return textProjection(chosen.mean(axes: [1]) / 3).unit()
  }

  /// How well each picture fits each text: `[image, text]`, cosines times the learned factor of at
  /// most 100.
  public func similarities(images: Variable, texts: [[Int]], mask: [[Int]]? = nil) -> Variable {
    let pictures = encode(images: images)
    let words = encode(texts: texts, mask: mask, on: images.tape)
    let factor = images.using(scale).clamped(0, MedCLIP.scaleLimit).exp()
    return pictures.matmul(words.transposed()) * factor
  }

  /// How well each picture fits each tokenized text.
  public func similarities(images: Tensor, texts: [WordPiece.Encoding]) -> Tensor {
    similarities(
      images: Variable(images), texts: texts.map(\.ids), mask: texts.map(\.mask)
    ).value
  }

  /// From the authors' files: `transformers`' names inside of theirs.
  public static let names = NameMap(
    [
      ("vision_model.projection_head.*", "vision_projection.*"),
      ("text_model.projection_head.*", "text_projection.*"),
      ("text_model.model.embeddings.position_ids", ""), ("text_model.model.pooler.*", ""),
      ("text_model.model.*", "text.*"),
      ("vision_model.model.conv1.*", "vision.conv1.*"),
      ("vision_model.model.bn1.*", "vision.bn1.*"),
      ("vision_model.model.fc.*", "vision_projection.*"),
    ]
      + (1...4).map { ("vision_model.model.layer\($0).*", "vision.layer\($0).*") }
      + Swin.transformersRows(from: "vision_model.model.", to: "vision."))
}

extension BERT.Configuration {
  /// BERT base with the cased vocabulary of Bio_ClinicalBERT.
  public static let clinical: BERT.Configuration = {
    var shape = BERT.Configuration()
    shape.vocabulary = 28_996
    return shape
  }()
}

extension Swin {
  /// From the names that `transformers` gives a `SwinModel`, before and since version 5.
  public static let transformersNames = NameMap(
    transformersRows(from: "", to: "") + transformersRows(from: "swin.", to: "")
      + [("classifier.*", "head.fc.*")])

  static func transformersRows(from: String, to: String) -> [(String, String)] {
    let block = "\(from)encoder.layers.{i}.blocks.{j}"
    let own = "\(to)layers.{i}.blocks.{j}"
    var rows = [
      ("\(from)embeddings.patch_embeddings.projection.*", "\(to)patch_embed.proj.*"),
      ("\(from)embeddings.norm.*", "\(to)patch_embed.norm.*"),
      ("\(from)layernorm.*", "\(to)norm.*"), ("\(from)pooler.*", ""),
      ("\(block).layernorm_before.*", "\(own).norm1.*"),
      ("\(block).layernorm_after.*", "\(own).norm2.*"),
      ("\(block).attention.output.dense.*", "\(own).attn.proj.*"),
      ("\(block).attention.o_proj.*", "\(own).attn.proj.*"),
      ("\(block).intermediate.dense.*", "\(own).mlp.fc1.*"),
      ("\(block).output.dense.*", "\(own).mlp.fc2.*"), ("\(block).mlp.*", "\(own).mlp.*"),
    ]
    for place in ["self", "relative_position_bias"] {
      let table = "\(block).attention.\(place).relative_position"
      rows.append(("\(table)_bias_table", "\(own).attn.relative_position_bias_table"))
      rows.append(("\(table)_index", ""))
    }
    for (part, name) in ["query", "key", "value"].enumerated() {
      let target = "\(own).attn.qkv.*#\(part)/3"
      rows.append(("\(block).attention.self.\(name).*", target))
      rows.append(("\(block).attention.\(name.prefix(1))_proj.*", target))
    }
    // There the step to half the picture ends a stage, here it begins the next.
    for stage in 0..<8 {
      rows.append(
        ("\(from)encoder.layers.\(stage).downsample.*", "\(to)layers.\(stage + 1).downsample.*"))
    }
    return rows
  }
}

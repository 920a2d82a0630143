// SAM: masks from a picture and prompts.
// Source: Kirillov et al., "Segment Anything", arXiv 2304.02643; names as `transformers`'
// `SamModel`.

/// The Segment Anything Model.
///
/// ```swift
/// var sam = SAM(.base)
/// try sam.load(Weights(contentsOf: path), names: SAM.names)       // or SAM.originalNames
/// let embedding = sam.embedding(of: picture)                      // [1, 256, 64, 64]
/// let (masks, quality) = sam.masks(embedding, [.init(points: [.init(x: 500, y: 375)])])
/// ```
/// Pictures are `[batch, 3, 1024, 1024]`, values of 0…255 less ``pixelMean`` over
/// ``pixelDeviation``, padded with zeros after that at the right and the bottom. Masks are logits
/// at a quarter of the side; a point is in the mask where they are positive.
public struct SAM: Module {
  /// The shape of a model.
  public struct Configuration: Sendable, Hashable {
    /// The side of the square picture, in pixels.
    public var imageSize = 1_024
    public var patchSize = 16
    public var width: Int
    public var depth: Int
    public var heads: Int
    /// The width of the hidden layer of the image encoder's perceptrons.
    public var hidden: Int
    /// Layers that see the whole picture; the others see windows.
    public var globalLayers: [Int]
    /// The side of a window, in patches.
    public var window = 14
    /// The width of embeddings and prompts.
    public var embedding = 256
    /// The mask decoder.
    public var decoderDepth = 2
    public var decoderHeads = 8
    public var decoderHidden = 2_048
    /// How much narrower cross-attention is inside.
    public var attentionReduction = 2
    /// The masks for one prompt beside the single one.
    public var maskCount = 3
    public var qualityDepth = 3
    public var qualityHidden = 256
    /// The channels of a mask prompt before the last convolution.
    public var maskChannels = 16

    public init(width: Int, depth: Int, heads: Int, globalLayers: [Int]) {
      precondition(
        width > 0 && heads > 0 && width % heads == 0 && depth > 0
          && globalLayers.allSatisfy { (0..<depth).contains($0) },
        "SAM: width \(width), \(heads) heads, \(depth) layers, global \(globalLayers)")
      self.width = width
      self.depth = depth
      self.heads = heads
      self.globalLayers = globalLayers
      hidden = 4 * width
    }

    /// ViT-B: 93.7 M parameters.
    public static let base = Configuration(
      width: 768, depth: 12, heads: 12, globalLayers: [2, 5, 8, 11])
    /// ViT-L: 312 M parameters.
    public static let large = Configuration(
      width: 1_024, depth: 24, heads: 16, globalLayers: [5, 11, 17, 23])
    /// ViT-H: 641 M parameters.
    public static let huge = Configuration(
      width: 1_280, depth: 32, heads: 16, globalLayers: [7, 15, 23, 31])

    /// Patches along a side.
    var grid: Int { imageSize / patchSize }
  }

  /// What the model's pictures are shifted and scaled by, red, green and blue, levels of 0…255.
  public static let pixelMean: [Float] = [123.675, 116.28, 103.53]
  public static let pixelDeviation: [Float] = [58.395, 57.12, 57.375]

  public let configuration: Configuration
  public var imageEncoder: SAMImageEncoder
  public var promptEncoder: SAMPromptEncoder
  public var maskDecoder: SAMMaskDecoder

  public init(_ configuration: Configuration = .base, seed: UInt64 = 0) {
    precondition(
      configuration.patchSize > 0 && configuration.imageSize % configuration.patchSize == 0
        && configuration.embedding % 8 == 0, "SAM: picture \(configuration.imageSize)")
    var draws = SeededDraws(seed: seed, 0x5A3)
    self.configuration = configuration
    imageEncoder = SAMImageEncoder(configuration, draws: &draws)
    promptEncoder = SAMPromptEncoder(configuration, draws: &draws)
    maskDecoder = SAMMaskDecoder(configuration, draws: &draws)
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("vision_encoder", &imageEncoder)
    visitor("shared_image_embedding.positional_embedding", &promptEncoder.directions)
    visitor("prompt_encoder", &promptEncoder)
    visitor("mask_decoder", &maskDecoder)
  }

  /// What prompts are answered from: `[batch, embedding, grid, grid]`, worked out once a picture.
  public func embedding(of pictures: Variable) -> Variable { imageEncoder(pictures) }

  /// The embedding without a tape.
  public func embedding(of pictures: Tensor) -> Tensor { imageEncoder(Variable(pictures)).value }

  /// Masks for prompts.
  ///
  /// - Parameters:
  ///   - embedding: `[1, embedding, grid, grid]`, or one for each prompt.
  ///   - prompts: Prompts with equally many points, boxes and extra tokens.
  ///   - severalMasks: Whether each prompt gets three masks (whole, part, subpart), which is better
  ///     for ambiguous prompts such as a single point, or one.
  /// - Returns: Logits `[prompt, mask, imageSize / 4, imageSize / 4]` and the model's guess of each
  ///   mask's IoU, `[prompt, mask]`.
  public func masks(_ embedding: Variable, _ prompts: [SAMPrompt], severalMasks: Bool = true)
    -> (masks: Variable, quality: Variable)
  {
    precondition(
      !prompts.isEmpty && (embedding.shape[0] == 1 || embedding.shape[0] == prompts.count),
      "SAM: \(prompts.count) prompts for embeddings \(embedding.shape)")
    let (sparse, dense) = promptEncoder(prompts, on: embedding)
    let positions = embedding.constant(promptEncoder.imagePositions)
    return maskDecoder(
      embedding, positions: positions, sparse: sparse, dense: dense, severalMasks: severalMasks)
  }

  /// Masks without a tape.
  public func masks(_ embedding: Tensor, _ prompts: [SAMPrompt], severalMasks: Bool = true)
    -> (masks: Tensor, quality: Tensor)
  {
    let found = masks(Variable(embedding), prompts, severalMasks: severalMasks)
    return (found.masks.value, found.quality.value)
  }
}

/// A normalisation of each place over its channels, for `[batch, channel, row, column]`.
struct ChannelNorm: Layer {
  var norm: LayerNorm

  init(_ channels: Int, epsilon: Float = 1e-6) { norm = LayerNorm(channels, epsilon: epsilon) }

  mutating func visit(_ visitor: ParameterVisitor) { norm.visit(visitor) }

  func callAsFunction(_ input: Variable) -> Variable {
    norm(input.permuted([0, 2, 3, 1])).permuted([0, 3, 1, 2])
  }
}

// SAM's prompt encoder: points, boxes and masks as vectors.
// Source: Kirillov et al., arXiv 2304.02643, appendix A; positions from Tancik et al., "Fourier
// Features", arXiv 2006.10739.

/// What SAM is asked to segment.
public struct SAMPrompt {
  /// A place in the picture that the model sees, in pixels from the left and the top.
  public struct Point: Sendable, Hashable {
    public var x, y: Float
    /// Whether the place is in the mask or beside it.
    public var isInside: Bool

    public init(x: Float, y: Float, isInside: Bool = true) {
      self.x = x
      self.y = y
      self.isInside = isInside
    }
  }

  public var points: [Point]
  /// Left, top, right and bottom, in pixels.
  public var box: SIMD4<Float>?
  /// Logits of an earlier mask, `[imageSize / 4, imageSize / 4]`.
  public var mask: Tensor?
  /// Vectors from elsewhere, such as a text's: `[token, embedding]`.
  public var tokens: Variable?

  public init(
    points: [Point] = [], box: SIMD4<Float>? = nil, mask: Tensor? = nil, tokens: Variable? = nil
  ) {
    self.points = points
    self.box = box
    self.mask = mask
    self.tokens = tokens
  }
}

/// SAM's prompt encoder.
public struct SAMPromptEncoder: Module {
  /// Random directions that places are seen along, `[2, embedding / 2]`; not trained.
  var directions: Parameter
  /// `[1, embedding]`: outside, inside, top left, bottom right.
  public var kinds: [Parameter]
  /// `[1, embedding]`
  public var notAPoint, noMask: Parameter
  var mask1, mask2, mask3: Convolution
  var maskNorm1, maskNorm2: ChannelNorm
  let c: SAM.Configuration

  init(_ c: SAM.Configuration, draws: inout SeededDraws) {
    self.c = c
    let start = Initializer.truncatedNormal(deviation: 1)
    func row(_ draws: inout SeededDraws) -> Parameter {
      Parameter(start.tensor([1, c.embedding], &draws), decays: false)
    }
    directions = Parameter(
      statistic: Tensor(
        (0..<c.embedding).map { _ in draws.normal() }, shape: [2, c.embedding / 2]))
    kinds = (0..<4).map { _ in row(&draws) }
    notAPoint = row(&draws)
    noMask = row(&draws)
    let few = c.maskChannels / 4
    mask1 = Convolution(
      1, few, taps: [2, 2], stride: [2, 2], padding: [0, 0], draws: &draws)
    mask2 = Convolution(
      few, c.maskChannels, taps: [2, 2], stride: [2, 2], padding: [0, 0], draws: &draws)
    mask3 = Convolution(c.maskChannels, c.embedding, taps: [1, 1], draws: &draws)
    maskNorm1 = ChannelNorm(few)
    maskNorm2 = ChannelNorm(c.maskChannels)
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    for index in kinds.indices { visitor("point_embed.\(index).weight", &kinds[index]) }
    visitor("not_a_point_embed.weight", &notAPoint)
    visitor("no_mask_embed.weight", &noMask)
    visitor("mask_embed.conv1", &mask1)
    visitor("mask_embed.layer_norm1", &maskNorm1)
    visitor("mask_embed.conv2", &mask2)
    visitor("mask_embed.layer_norm2", &maskNorm2)
    visitor("mask_embed.conv3", &mask3)
  }

  /// Sines and cosines of places `[place, 2]` (x, y from 0 to 1): `[place, embedding]`.
  private func waves(_ places: Tensor) -> Tensor {
    let turned = (places * 2 - 1).matmul(directions.value) * (2 * Float.pi)
    return Tensor.concatenated([turned.sin(), turned.cos()], axis: 1)
  }

  /// The position of every place of an embedding, `[1, embedding, grid, grid]`.
  var imagePositions: Tensor {
    var places: [Float] = []
    for row in 0..<c.grid {
      for column in 0..<c.grid {
        places += [(Float(column) + 0.5) / Float(c.grid), (Float(row) + 0.5) / Float(c.grid)]
      }
    }
    return waves(Tensor(places, shape: [c.grid * c.grid, 2])).transposed()
      .reshaped([1, c.embedding, c.grid, c.grid])
  }

  /// - Returns: `[prompt, token, embedding]`, and `[prompt or 1, embedding, grid, grid]`.
  func callAsFunction(_ prompts: [SAMPrompt], on root: Variable) -> (
    sparse: Variable, dense: Variable
  ) {
    let first = prompts[0]
    precondition(
      prompts.allSatisfy {
        $0.points.count == first.points.count && ($0.box == nil) == (first.box == nil)
          && ($0.mask == nil) == (first.mask == nil)
          && $0.tokens?.shape == first.tokens?.shape
      }, "SAM: prompts of one call need equally many points, boxes, masks and tokens")
    let sparse = Variable.concatenated(
      prompts.map { tokens(of: $0, on: root).reshaped([1, -1, c.embedding]) }, axis: 0)
    guard first.mask != nil else {
      return (sparse, root.using(noMask).reshaped([1, c.embedding, 1, 1]))
    }
    let side = 4 * c.grid
    let masks = prompts.compactMap(\.mask)
    precondition(
      masks.allSatisfy { $0.shape == [side, side] },
      "SAM: a mask prompt of \(masks[0].shape), [\(side), \(side)] expected")
    let given = root.constant(Tensor.stacked(masks).expanded(axis: 1))
    let x = maskNorm2(mask2(maskNorm1(mask1(given)).gelu())).gelu()
    return (sparse, mask3(x))
  }

  private func tokens(of prompt: SAMPrompt, on root: Variable) -> Variable {
    var rows: [Variable] = []
    let size = Float(c.imageSize)
    // A pixel's centre is half a pixel from its corner.
    func place(_ x: Float, _ y: Float) -> Variable {
      root.constant(waves(Tensor([(x + 0.5) / size, (y + 0.5) / size], shape: [1, 2])))
    }
    for point in prompt.points {
      rows.append(place(point.x, point.y) + root.using(kinds[point.isInside ? 1 : 0]))
    }
    if let box = prompt.box {
      rows.append(place(box.x, box.y) + root.using(kinds[2]))
      rows.append(place(box.z, box.w) + root.using(kinds[3]))
    } else if !prompt.points.isEmpty {
      rows.append(root.using(notAPoint))
    }
    if let tokens = prompt.tokens {
      precondition(
        tokens.shape.count == 2 && tokens.shape[1] == c.embedding, "SAM: tokens \(tokens.shape)")
      rows.append(tokens)
    }
    precondition(!rows.isEmpty, "SAM: a prompt without point, box or token")
    return Variable.concatenated(rows, axis: 0)
  }
}

// SAM's image encoder: a vision transformer whose layers see windows, a few of them everything.
// Source: Kirillov et al., arXiv 2304.02643, appendix A; relative positions from Li et al.,
// "MViTv2", arXiv 2112.01526.

/// SAM's image encoder: `[batch, 3, size, size]` to `[batch, embedding, grid, grid]`.
public struct SAMImageEncoder: Layer {
  public var projection: Convolution
  /// `[1, grid, grid, width]`
  public var positions: Parameter
  public var layers: [SAMImageLayer]
  var neck1, neck2: Convolution
  var neckNorm1, neckNorm2: ChannelNorm
  let imageSize: Int

  init(_ c: SAM.Configuration, draws: inout SeededDraws) {
    let patch = [c.patchSize, c.patchSize]
    projection = Convolution(
      3, c.width, taps: patch, stride: patch, padding: [0, 0], draws: &draws)
    let start = Initializer.truncatedNormal(deviation: 0.02)
    positions = Parameter(start.tensor([1, c.grid, c.grid, c.width], &draws), decays: false)
    layers = (0..<c.depth).map { index in
      SAMImageLayer(
        width: c.width, heads: c.heads, hidden: c.hidden, grid: c.grid,
        window: c.globalLayers.contains(index) ? nil : c.window, draws: &draws)
    }
    neck1 = Convolution(c.width, c.embedding, taps: [1, 1], hasBias: false, draws: &draws)
    neck2 = Convolution(c.embedding, c.embedding, taps: [3, 3], hasBias: false, draws: &draws)
    neckNorm1 = ChannelNorm(c.embedding)
    neckNorm2 = ChannelNorm(c.embedding)
    imageSize = c.imageSize
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("patch_embed.projection", &projection)
    visitor("pos_embed", &positions)
    visitor("layers", &layers)
    visitor("neck.conv1", &neck1)
    visitor("neck.layer_norm1", &neckNorm1)
    visitor("neck.conv2", &neck2)
    visitor("neck.layer_norm2", &neckNorm2)
  }

  public func callAsFunction(_ input: Variable) -> Variable {
    precondition(
      Array(input.shape.dropFirst()) == [3, imageSize, imageSize],
      "SAM: pictures \(input.shape), [batch, 3, \(imageSize), \(imageSize)] expected")
    var x = projection(input).permuted([0, 2, 3, 1]) + input.using(positions)
    for layer in layers { x = layer(x) }
    return neckNorm2(neck2(neckNorm1(neck1(x.permuted([0, 3, 1, 2])))))
  }
}

/// A layer of SAM's image encoder, over `[batch, row, column, width]`.
public struct SAMImageLayer: Layer {
  public var norm1, norm2: LayerNorm
  public var qkv, proj: Linear
  /// How a query leans to keys by their distance in rows and columns: `[2·side − 1, width / heads]`.
  public var rowDistances, columnDistances: Parameter
  public var fc1, fc2: Linear
  let heads, side: Int
  let isWindowed: Bool

  init(
    width: Int, heads: Int, hidden: Int, grid: Int, window: Int?, draws: inout SeededDraws
  ) {
    let start = Initializer.truncatedNormal(deviation: 0.02)
    norm1 = LayerNorm(width)
    norm2 = LayerNorm(width)
    qkv = Linear(width, 3 * width, start: start, draws: &draws)
    proj = Linear(width, width, start: start, draws: &draws)
    side = window ?? grid
    isWindowed = window != nil
    self.heads = heads
    let table = Tensor.zeros([2 * side - 1, width / heads])
    rowDistances = Parameter(table, decays: false)
    columnDistances = Parameter(table, decays: false)
    fc1 = Linear(width, hidden, start: start, draws: &draws)
    fc2 = Linear(hidden, width, start: start, draws: &draws)
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("layer_norm1", &norm1)
    visitor("attn.rel_pos_h", &rowDistances)
    visitor("attn.rel_pos_w", &columnDistances)
    visitor("attn.qkv", &qkv)
    visitor("attn.proj", &proj)
    visitor("layer_norm2", &norm2)
    visitor("mlp.lin1", &fc1)
    visitor("mlp.lin2", &fc2)
  }

  public func callAsFunction(_ input: Variable) -> Variable {
    let normal = norm1(input)
    let x = input + (isWindowed ? normal.inWindows(side, attend) : attend(normal))
    return x + fc2(fc1(norm2(x)).gelu())
  }

  /// Attention among the places of each picture (or window) `[batch, side, side, width]`.
  private func attend(_ x: Variable) -> Variable {
    let (batch, area, width) = (x.shape[0], side * side, x.shape[3])
    let parts = qkv(x).reshaped([batch, area, 3, heads, width / heads])
      .permuted([2, 0, 3, 1, 4]).unstacked()
    let rows = leanings(rowDistances, on: x)
    let columns = leanings(columnDistances, on: x)
    let mixed: Variable
    if x.tape == nil, area > 1_024 {
      // The scores of one head at a time: a picture of 64 × 64 patches has 16.8 million.
      mixed = Variable.concatenated(
        (0..<heads).map { head in
          let own = parts.map { $0.sliced(axis: 1, head..<head + 1) }
          return attend(own, rows, columns)
        }, axis: 1)
    } else {
      mixed = attend(parts, rows, columns)
    }
    return proj(mixed.joiningHeads()).reshaped([batch, side, side, width])
  }

  /// The table's rows for each pair of places along one axis: `[place, key, head width]`.
  private func leanings(_ table: Parameter, on x: Variable) -> Variable {
    let places = (0..<side).flatMap { query in (0..<side).map { query - $0 + side - 1 } }
    return x.using(table).rows(places).reshaped([side, side, -1])
  }

  private func attend(_ parts: [Variable], _ rows: Variable, _ columns: Variable) -> Variable {
    let shape = parts[0].shape
    let (stacks, area, width) = (shape[0] * shape[1], shape[2], shape[3])
    // [batch · head, row, column, width] with one axis in front, by which the tables differ.
    let queries = parts[0].reshaped([stacks, side, side, width])
    func leaning(_ order: [Int], _ table: Variable) -> Variable {
      queries.permuted(order).reshaped([side, stacks * side, width])
        .matmul(table.transposed()).reshaped([side, stacks, side, side])
    }
    let byRow = leaning([1, 0, 2, 3], rows).permuted([1, 0, 2, 3])
      .reshaped([stacks, side, side, side, 1])
    let byColumn = leaning([2, 0, 1, 3], columns).permuted([1, 2, 0, 3])
      .reshaped([stacks, side, side, 1, side])
    let bias = (byRow + byColumn).reshaped([shape[0], shape[1], area, area])
    return parts[0].attention(keys: parts[1], values: parts[2], bias: bias)
  }
}

extension Variable {
  /// A layer on each window of `side` × `side` places of `[batch, row, column, width]`; zeros are
  /// added at the right and the bottom until windows fit, and taken off again.
  func inWindows(_ side: Int, _ layer: (Variable) -> Variable) -> Variable {
    let (batch, height, width, channels) = (shape[0], shape[1], shape[2], shape[3])
    let (below, right) = ((side - height % side) % side, (side - width % side) % side)
    var x = self
    if below + right > 0 { x = x.padded([(0, 0), (0, below), (0, right), (0, 0)]) }
    let (rows, columns) = ((height + below) / side, (width + right) / side)
    x = layer(
      x.reshaped([batch, rows, side, columns, side, channels]).permuted([0, 1, 3, 2, 4, 5])
        .reshaped([batch * rows * columns, side, side, channels]))
    x = x.reshaped([batch, rows, columns, side, side, channels]).permuted([0, 1, 3, 2, 4, 5])
      .reshaped([batch, rows * side, columns * side, channels])
    if below > 0 { x = x.sliced(axis: 1, 0..<height) }
    return right > 0 ? x.sliced(axis: 2, 0..<width) : x
  }
}

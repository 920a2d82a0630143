// Multi-head attention.

extension Variable {
  /// `[batch, token, heads · width]` as `[batch, head, token, width]`.
  public func splitIntoHeads(_ heads: Int) -> Variable {
    reshaped([shape[0], shape[1], heads, shape[2] / heads]).permuted([0, 2, 1, 3])
  }

  /// `[batch, head, token, width]` as `[batch, token, heads · width]`.
  public func joiningHeads() -> Variable {
    permuted([0, 2, 1, 3]).reshaped([shape[0], shape[2], shape[1] * shape[3]])
  }
}

/// Self-attention with query, key and value in one projection, as timm's ViT names it.
public struct SelfAttention: Layer {
  public var qkv: Linear
  public var proj: Linear
  public let heads: Int
  public let dropout: Float

  public init(
    width: Int, heads: Int, hasBias: Bool = true, dropout: Float = 0, deviation: Float = 0.02,
    draws: inout SeededDraws
  ) {
    precondition(heads > 0 && width % heads == 0, "\(heads) heads of width \(width)")
    let start = Initializer.truncatedNormal(deviation: deviation)
    qkv = Linear(width, 3 * width, hasBias: hasBias, start: start, draws: &draws)
    proj = Linear(width, width, start: start, draws: &draws)
    self.heads = heads
    self.dropout = dropout
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("qkv", &qkv)
    visitor("proj", &proj)
  }

  public func callAsFunction(_ input: Variable) -> Variable {
    callAsFunction(input, bias: nil)
  }

  /// The layer with a bias on the scores, such as a mask of −∞ for padding.
  public func callAsFunction(_ input: Variable, bias: Variable?) -> Variable {
    callAsFunction(input, bias: bias, residual: nil)
  }

  /// The layer plus `residual`, added inside the last product in inference.
  func callAsFunction(_ input: Variable, bias: Variable?, residual: Variable?) -> Variable {
    let batch = input.shape[0]
    let tokens = input.shape[1]
    let width = input.shape[2]
    // [batch, token, 3, head, width] as [3, batch, head, token, width].
    let projected = qkv(input).reshaped([batch, tokens, 3, heads, width / heads])
      .permuted([2, 0, 3, 1, 4])
    let parts = projected.unstacked()
    let mixed = parts[0].attention(keys: parts[1], values: parts[2], bias: bias)
    let joined = mixed.joiningHeads()
    if joined.tape == nil { return proj(joined, activation: .none, residual: residual) }
    let result = proj(joined).dropout(dropout)
    return residual.map { $0 + result } ?? result
  }
}

extension Variable {
  /// The elements along axis 0, each without that axis. Their gradients are put together once,
  /// so that taking a projection apart costs no zeros.
  func unstacked() -> [Variable] {
    let parts = PartGradients(shape)
    let whole = tape?.record(parts: self) { parts.stacked() } ?? self
    return (0..<shape[0]).map { index in
      whole.recording(value.selected(axis: 0, index)) { g in
        parts.add(g, at: index)
        return [nil]
      }
    }
  }
}

/// The gradients of the elements along axis 0, as they come.
private final class PartGradients {
  private let shape: [Int]
  private var found: [Tensor?]

  init(_ shape: [Int]) {
    self.shape = shape
    found = [Tensor?](repeating: nil, count: shape[0])
  }

  func add(_ gradient: Tensor, at index: Int) {
    found[index] = found[index].map { $0 + gradient } ?? gradient
  }

  /// All of them, zeros where none came; nil where none came at all. They are handed out once.
  func stacked() -> Tensor? {
    defer { found = [] }
    guard let type = found.lazy.compactMap({ $0 }).first?.elementType else { return nil }
    let own = Array(shape.dropFirst())
    return Tensor.stacked(found.map { $0 ?? Tensor.zeros(own, type) })
  }
}

/// The two-layer perceptron of a transformer block.
public struct FeedForward: Layer {
  public var fc1, fc2: Linear
  public let activation: Activation
  public let dropout: Float

  public init(
    width: Int, hidden: Int, activation: Activation = .gelu, dropout: Float = 0,
    deviation: Float = 0.02, draws: inout SeededDraws
  ) {
    let start = Initializer.truncatedNormal(deviation: deviation)
    fc1 = Linear(width, hidden, start: start, draws: &draws)
    fc2 = Linear(hidden, width, start: start, draws: &draws)
    self.activation = activation
    self.dropout = dropout
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("fc1", &fc1)
    visitor("fc2", &fc2)
  }

  public func callAsFunction(_ input: Variable) -> Variable {
    callAsFunction(input, residual: nil)
  }

  /// The layer plus `residual`; in inference two operators.
  func callAsFunction(_ input: Variable, residual: Variable?) -> Variable {
    let hidden = fc1(input, activation: activation)
    if hidden.tape == nil { return fc2(hidden, activation: .none, residual: residual) }
    let result = fc2(hidden.dropout(dropout)).dropout(dropout)
    return residual.map { $0 + result } ?? result
  }
}

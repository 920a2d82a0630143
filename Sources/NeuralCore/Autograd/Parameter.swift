// A tensor that training changes.

/// What tells one parameter from another, on tapes and in gradients.
public struct ParameterID: Hashable, Comparable, Sendable {
  private let number: Int

  public static func < (a: ParameterID, b: ParameterID) -> Bool { a.number < b.number }

  /// A number that no other parameter of this process has.
  init() { number = ParameterCounter.next() }
}

/// A tensor of a network: a weight that training changes, or a running statistic that it keeps.
///
/// A copy of a network shares its parameters' identities, so gradients of the one fit the other.
public struct Parameter: Sendable {
  public var value: Tensor
  /// Whether gradients are worked out for it; false freezes it.
  public var isTrainable: Bool
  /// Whether it is a statistic (batch norm's running mean) that no optimiser may touch.
  public let isStatistic: Bool
  /// Whether weight decay is customary for it: weights of products, not biases and norms.
  public let decays: Bool
  public let id: ParameterID
  /// Whether it is the matrix of a fully connected layer, which may be stored as bfloat16.
  public internal(set) var isMatrix = false
  /// A matrix that stays quantised, for inference alone; ``value`` is then empty.
  public internal(set) var quantized: QuantizedMatrix?

  /// How many numbers it holds.
  public var count: Int { quantized.map { $0.rows * $0.columns } ?? value.count }

  /// A weight.
  public init(_ value: Tensor, decays: Bool? = nil) {
    self.value = value
    isTrainable = true
    isStatistic = false
    self.decays = decays ?? (value.rank > 1)
    id = ParameterID()
  }

  /// A running statistic.
  public init(statistic value: Tensor) {
    self.value = value
    isTrainable = false
    isStatistic = true
    decays = false
    id = ParameterID()
  }
}

// Layers without weights.

/// Elements set to 0 at random in training.
public struct Dropout: Layer {
  public let rate: Float

  public init(_ rate: Float) {
    precondition(rate >= 0 && rate < 1, "a dropout rate of \(rate)")
    self.rate = rate
  }

  public mutating func visit(_ visitor: ParameterVisitor) {}
  public func callAsFunction(_ input: Variable) -> Variable { input.dropout(rate) }
}

// The fully connected layer.

/// `x·wᵀ + b` over the last axis.
public struct Linear: Layer {
  /// `[outputs, inputs]`
  public var weight: Parameter
  /// `[outputs]`
  public var bias: Parameter?

  /// - `start`: Where the first weights are drawn from.
  public init(
    _ inputs: Int, _ outputs: Int, hasBias: Bool = true, start: Initializer = .linear,
    draws: inout SeededDraws
  ) {
    precondition(inputs > 0 && outputs > 0, "Linear: \(inputs) to \(outputs)")
    weight = Parameter(start.tensor([outputs, inputs], &draws))
    bias = hasBias ? Parameter(start.bias(outputs, inputs: inputs, &draws)) : nil
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("weight", &weight)
    visitor("bias", &bias)
  }

  public func callAsFunction(_ input: Variable) -> Variable {
    if let matrix = weight.quantized { return input.linear(matrix, bias: bias) }
    return input.linear(input.using(weight), bias: bias.map { input.using($0) })
  }
}

extension Variable {
  /// A fully connected layer whose weights stay quantised.
  ///
  /// - Precondition: No gradient is asked for.
  func linear(_ matrix: QuantizedMatrix, bias: Parameter?) -> Variable {
    precondition(tape == nil, "a quantised layer cannot be trained")
    let product = matrix.product(value)
    return Variable(bias.map { product + $0.value } ?? product)
  }
}

// The fully connected layer.

/// `x·wᵀ + b` over the last axis.
public struct Linear: Layer {
  /// `[outputs, inputs]`
  public var weight: Parameter
  /// `[outputs]`
  public var bias: Parameter?
  private let prepared = Derived<PreparedLinear>()

  /// - `start`: Where the first weights are drawn from.
  public init(
    _ inputs: Int, _ outputs: Int, hasBias: Bool = true, start: Initializer = .linear,
    draws: inout SeededDraws
  ) {
    precondition(inputs > 0 && outputs > 0, "Linear: \(inputs) to \(outputs)")
    weight = Parameter(start.tensor([outputs, inputs], &draws))
    weight.isMatrix = true
    bias = hasBias ? Parameter(start.bias(outputs, inputs: inputs, &draws)) : nil
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("weight", &weight)
    visitor("bias", &bias)
  }

  public func callAsFunction(_ input: Variable) -> Variable {
    callAsFunction(input, activation: .none)
  }

  /// The layer, then a residual and an activation; in inference one operator on packed weights.
  ///
  /// - Precondition: No gradient is asked for where the weights are bfloat16.
  public func callAsFunction(
    _ input: Variable, activation: Activation, residual: Variable? = nil
  ) -> Variable {
    if input.tape == nil, weight.quantized == nil, input.value.elementType == .float32 {
      let layer = prepared.value(from: [weight.value] + (bias.map { [$0.value] } ?? [])) {
        PreparedLinear(weight: weight.value, bias: bias?.value)
      }
      return Variable(layer(input.value, residual: residual?.value, activation: activation))
    }
    precondition(weight.value.elementType != .bfloat16, "a bfloat16 layer cannot be trained")
    var result =
      weight.quantized.map { input.linear($0, bias: bias) }
      ?? input.linear(input.using(weight), bias: bias.map { input.using($0) })
    if let residual { result = result + residual }
    return result.activated(activation)
  }
}

extension Module {
  /// Stores the matrices of fully connected layers as `type`; everything else stays as it is.
  ///
  /// With `bfloat16` they take half the memory, and inference multiplies in bfloat16 with sums in
  /// float32, about twice as fast where the machine has a dot product of bfloat16. Activations are
  /// rounded to bfloat16 (8 bits of precision) as they enter each product. Such a network cannot be
  /// trained until its matrices are `float32` again; what was rounded stays rounded.
  ///
  /// - Precondition: `type` is `bfloat16` or `float32`.
  public mutating func storeMatrices(as type: ElementType) {
    precondition(type == .bfloat16 || type == .float32, "storeMatrices: \(type)")
    updateParameters { _, parameter in
      guard parameter.isMatrix, parameter.quantized == nil else { return }
      parameter.value = parameter.value.converted(to: type)
    }
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

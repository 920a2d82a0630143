// Normalisation layers.

/// Batch normalisation over `[batch, channel, …]` (Ioffe and Szegedy, arXiv 1502.03167).
public struct BatchNorm: Layer {
  public var weight, bias: Parameter
  /// The moving mean and (unbiased) variance that inference uses.
  public var runningMean, runningVariance: Parameter
  public let epsilon: Float
  /// The share of the newest batch in the moving statistics.
  public let momentum: Float

  public init(_ channels: Int, epsilon: Float = 1e-5, momentum: Float = 0.1) {
    weight = Parameter(Tensor.ones([channels]))
    bias = Parameter(Tensor.zeros([channels]))
    runningMean = Parameter(statistic: Tensor.zeros([channels]))
    runningVariance = Parameter(statistic: Tensor.ones([channels]))
    self.epsilon = epsilon
    self.momentum = momentum
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("weight", &weight)
    visitor("bias", &bias)
    visitor("running_mean", &runningMean)
    visitor("running_var", &runningVariance)
  }

  /// What the layer's inference depends on.
  var parameters: [Tensor] {
    [weight.value, bias.value, runningMean.value, runningVariance.value]
  }

  /// Inference as x · scale + shift.
  var affine: (scale: Tensor, shift: Tensor) {
    let scale = weight.value * (runningVariance.value + epsilon).reciprocalSquareRoot()
    return (scale, bias.value - runningMean.value * scale)
  }

  public func callAsFunction(_ input: Variable) -> Variable { callAsFunction(input, relu: false) }

  /// The layer, then a residual added and ReLU, in one pass in training.
  func callAsFunction(
    _ input: Variable, adding residual: Variable? = nil, relu: Bool
  ) -> Variable {
    let scale = input.using(weight)
    let shift = input.using(bias)
    guard let tape = input.tape, tape.isTraining else {
      let result = input.batchNormalized(
        scale, shift, mean: runningMean.value, variance: runningVariance.value, epsilon: epsilon,
        relu: relu && residual == nil)
      guard let residual else { return result }
      return relu ? (result + residual).relu() : result + residual
    }
    let (result, mean, variance) = input.batchNormalized(
      scale, shift, epsilon: epsilon, adding: residual, relu: relu)
    let count = Float(input.value.count / max(input.shape[1], 1))
    let unbiased = variance * (count / max(count - 1, 1))
    tape.keep(runningMean.value * (1 - momentum) + mean * momentum, for: runningMean)
    tape.keep(runningVariance.value * (1 - momentum) + unbiased * momentum, for: runningVariance)
    return result
  }
}

/// Layer normalisation over the last axis (Ba et al., arXiv 1607.06450).
public struct LayerNorm: Layer {
  public var weight: Parameter
  public var bias: Parameter?
  public let epsilon: Float

  public init(_ width: Int, epsilon: Float = 1e-6, hasBias: Bool = true) {
    weight = Parameter(Tensor.ones([width]))
    bias = hasBias ? Parameter(Tensor.zeros([width])) : nil
    self.epsilon = epsilon
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("weight", &weight)
    visitor("bias", &bias)
  }

  public func callAsFunction(_ input: Variable) -> Variable {
    input.layerNormalized(
      input.using(weight), bias.map { input.using($0) }, epsilon: epsilon)
  }
}

/// Division by the root mean square over the last axis (Zhang and Sennrich, arXiv 1910.07467).
public struct RMSNorm: Layer {
  public var weight: Parameter
  public let epsilon: Float
  /// What is added to the weight before it scales: 1 in Gemma's files, 0 elsewhere.
  public let offset: Float

  public init(_ width: Int, epsilon: Float = 1e-6, offset: Float = 0) {
    weight = Parameter(Tensor(repeating: 1 - offset, shape: [width]))
    self.epsilon = epsilon
    self.offset = offset
  }

  public mutating func visit(_ visitor: ParameterVisitor) { visitor("weight", &weight) }

  public func callAsFunction(_ input: Variable) -> Variable {
    let scale = input.using(weight)
    return input.rootMeanSquareNormalized(offset == 0 ? scale : scale + offset, epsilon: epsilon)
  }
}

/// Normalisation of each sample over groups of channels (Wu and He, arXiv 1803.08494); with as
/// many groups as channels, instance normalisation.
public struct GroupNorm: Layer {
  public var weight, bias: Parameter?
  public let groups: Int
  public let epsilon: Float

  public init(_ channels: Int, groups: Int, epsilon: Float = 1e-5, isAffine: Bool = true) {
    precondition(groups > 0 && channels % groups == 0, "\(groups) groups of \(channels) channels")
    weight = isAffine ? Parameter(Tensor.ones([channels])) : nil
    bias = isAffine ? Parameter(Tensor.zeros([channels])) : nil
    self.groups = groups
    self.epsilon = epsilon
  }

  public mutating func visit(_ visitor: ParameterVisitor) {
    visitor("weight", &weight)
    visitor("bias", &bias)
  }

  public func callAsFunction(_ input: Variable) -> Variable {
    let rows = input.reshaped([input.shape[0], groups, -1])
    let ones = input.constant(Tensor.ones([rows.shape[2]]))
    let result = rows.layerNormalized(ones, nil, epsilon: epsilon).reshaped(input.shape)
    guard let weight, let bias else { return result }
    let tail = [Int](repeating: 1, count: input.shape.count - 2)
    let channels = [input.shape[1]] + tail
    return result * input.using(weight).reshaped(channels) + input.using(bias).reshaped(channels)
  }
}

// How gradients change parameters.

import CNeuralKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// An optimiser with its state.
///
/// ```swift
/// var optimizer = Optimizer.adamW(rate: 1e-3, decay: 0.05)
/// optimizer.step(&model, gradients)
/// ```
///
/// Updates follow PyTorch's to the last operation, so that a step there and a step here agree to
/// rounding. Weight decay touches only parameters for which it is customary
/// (``Parameter/decays``), unless a group says otherwise.
public struct Optimizer: Sendable {
  enum Rule: Sendable, Hashable {
    case sgd(momentum: Float, nesterov: Bool)
    case adam(first: Double, second: Double, epsilon: Float, isDecoupled: Bool)
  }

  /// Parameters that are trained with settings of their own.
  public struct Group: Sendable {
    let contains: @Sendable (String) -> Bool
    let rateFactor: Float
    let decay: Float?

    /// - Parameters:
    ///   - rateFactor: What the learning rate is multiplied with; 0 leaves them as they are.
    ///   - decay: Weight decay for every parameter of the group; nil for the optimiser's.
    ///   - contains: Whether a parameter of this name belongs to the group.
    public init(
      rateFactor: Float = 1, decay: Float? = nil,
      where contains: @escaping @Sendable (String) -> Bool
    ) {
      self.contains = contains
      self.rateFactor = rateFactor
      self.decay = decay
    }
  }

  let rule: Rule
  /// The learning rate before schedules.
  public var rate: Float
  /// Weight decay.
  public let decay: Float
  /// The first group that contains a parameter settles its rate and decay.
  public var groups: [Group] = []
  /// How many steps were taken.
  public internal(set) var stepCount = 0
  /// Moments by parameter name: first (or velocity), second.
  var state: [String: [Tensor]] = [:]

  private init(_ rule: Rule, rate: Float, decay: Float) {
    precondition(rate >= 0 && decay >= 0, "an optimiser with rate \(rate) and decay \(decay)")
    self.rule = rule
    self.rate = rate
    self.decay = decay
  }

  /// Stochastic gradient descent; `decay` is added to the gradient as in `torch.optim.SGD`.
  public static func sgd(
    rate: Float, momentum: Float = 0, nesterov: Bool = false, decay: Float = 0
  ) -> Optimizer {
    precondition(!nesterov || momentum > 0, "Nesterov's step needs momentum")
    return Optimizer(.sgd(momentum: momentum, nesterov: nesterov), rate: rate, decay: decay)
  }

  /// Adam (Kingma and Ba, arXiv 1412.6980); `decay` is added to the gradient.
  public static func adam(
    rate: Float = 1e-3, betas: (Double, Double) = (0.9, 0.999), epsilon: Float = 1e-8,
    decay: Float = 0
  ) -> Optimizer {
    Optimizer(
      .adam(first: betas.0, second: betas.1, epsilon: epsilon, isDecoupled: false), rate: rate,
      decay: decay)
  }

  /// Adam with decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101).
  public static func adamW(
    rate: Float = 1e-3, betas: (Double, Double) = (0.9, 0.999), epsilon: Float = 1e-8,
    decay: Float = 0.01
  ) -> Optimizer {
    Optimizer(
      .adam(first: betas.0, second: betas.1, epsilon: epsilon, isDecoupled: true), rate: rate,
      decay: decay)
  }

  /// Changes every trainable parameter that has a gradient.
  ///
  /// - `factor`: The schedule's factor on the learning rate.
  public mutating func step(
    _ model: inout some Module, _ gradients: Gradients, factor: Double = 1
  ) {
    stepCount += 1
    let box = OptimizerBox(self)
    model.updateParameters { name, parameter in
      guard parameter.isTrainable, let gradient = gradients[parameter] else { return }
      box.optimizer.update(name, &parameter, gradient, factor)
    }
    self = box.optimizer
  }

  private mutating func update(
    _ name: String, _ parameter: inout Parameter, _ gradient: Tensor, _ factor: Double
  ) {
    precondition(
      gradient.shape == parameter.value.shape,
      "\(name): a gradient of shape \(gradient.shape) for \(parameter.value.shape)")
    let group = groups.first { $0.contains(name) }
    let rate = Float(Double(self.rate) * factor) * (group?.rateFactor ?? 1)
    let decay = group?.decay ?? (parameter.decays ? self.decay : 0)
    var moments = state.removeValue(forKey: name) ?? []
    switch rule {
    case .sgd(let momentum, let nesterov):
      if momentum > 0, moments.isEmpty { moments = [Tensor.zeros(parameter.value.shape)] }
      descend(&parameter.value, gradient, &moments, rate, decay, momentum, nesterov)
    case .adam(let first, let second, let epsilon, let isDecoupled):
      if moments.isEmpty {
        moments = [Tensor.zeros(parameter.value.shape), Tensor.zeros(parameter.value.shape)]
      }
      adapt(
        &parameter.value, gradient, &moments,
        nk_adam(
          first: Float(first), second: Float(second), epsilon: epsilon,
          keep: isDecoupled ? 1 - rate * decay : 1, decay: isDecoupled ? 0 : decay,
          size: rate / Float(1 - pow(first, Double(stepCount))),
          root: Float(sqrt(1 - pow(second, Double(stepCount))))))
    }
    if !moments.isEmpty { state[name] = moments }
  }

  private func descend(
    _ value: inout Tensor, _ gradient: Tensor, _ moments: inout [Tensor], _ rate: Float,
    _ decay: Float, _ momentum: Float, _ nesterov: Bool
  ) {
    unsafe value.withUnsafeMutableFloats { w in
      unsafe gradient.withUnsafeFloats { g in
        guard let weights = w.baseAddress, let slopes = g.baseAddress else { return }
        guard momentum > 0 else {
          unsafe nk_descend(weights, slopes, nil, rate, decay, 0, 0, w.count)
          return
        }
        unsafe moments[0].withUnsafeMutableFloats { v in
          unsafe nk_descend(
            weights, slopes, v.baseAddress, rate, decay, momentum, nesterov ? 1 : 0, w.count)
        }
      }
    }
  }

  private func adapt(
    _ value: inout Tensor, _ gradient: Tensor, _ moments: inout [Tensor], _ step: nk_adam
  ) {
    // Taken out of the array, so that each is held once and changed in place.
    var (first, second) = (moments[0], moments[1])
    moments = []
    defer { moments = [first, second] }
    unsafe value.withUnsafeMutableFloats { w in
      unsafe gradient.withUnsafeFloats { g in
        unsafe first.withUnsafeMutableFloats { m in
          unsafe second.withUnsafeMutableFloats { v in
            guard let w = w.baseAddress, let g = g.baseAddress, let m = m.baseAddress,
              let own = v.baseAddress
            else { return }
            unsafe nk_adapt(w, g, m, own, step, v.count)
          }
        }
      }
    }
  }
}

/// Carries the optimiser through a visitor's closure.
private final class OptimizerBox {
  var optimizer: Optimizer
  init(_ optimizer: Optimizer) { self.optimizer = optimizer }
}

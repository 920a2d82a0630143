// Reverse-mode automatic differentiation: a tape of what was computed, played backwards.
// Source: Griewank and Walther, "Evaluating Derivatives", 2nd edition, chapter 3.

/// What one forward pass computed, so that gradients can be worked out from its end.
///
/// ```swift
/// let tape = Tape()
/// let loss = model(tape.constant(images)).crossEntropy(labels)
/// let gradients = tape.gradients(of: loss)
/// ```
///
/// Every operator on a ``Variable`` that depends on a parameter writes one entry: which values it
/// took, and a function from the gradient of its result to the gradients of those. Entries are
/// released as they are played, so memory shrinks during the backward pass. A tape is used once
/// and by one task.
public final class Tape {
  /// Whether layers behave as in training: batch statistics, dropout.
  public let isTraining: Bool
  /// The seed of this pass's random numbers (dropout, stochastic depth).
  public let seed: UInt64
  /// How products are computed.
  public let precision: Precision
  /// How convolutions and their gradients are computed.
  public let convolutions: ConvolutionAlgorithm

  private struct Entry {
    let inputs: [Int]
    /// From the gradient of the result to one gradient for each input that wants one.
    let backward: (Tensor) -> [Tensor?]
    /// The gradient of the result where parts of it were taken apart, put together again.
    var gathered: (() -> Tensor?)?
  }

  private var entries: [Entry?] = []
  private var leaves: [ParameterID: Int] = [:]
  private var leafParameters: [(node: Int, id: ParameterID)] = []
  private var draws: UInt64 = 0
  /// Parameter gradients that checkpointed segments worked out on tapes of their own.
  private var fromSegments: [ParameterID: Tensor] = [:]
  /// New values of running statistics, to be stored once the step is accepted.
  public private(set) var statistics: [ParameterID: Tensor] = [:]

  /// An empty tape.
  ///
  /// - Parameters:
  ///   - isTraining: Whether layers use batch statistics and dropout.
  ///   - seed: Two passes with equal seeds draw equal random numbers.
  ///   - precision: How products are computed.
  ///   - convolutions: How convolutions and their gradients are computed; `.direct` rounds less.
  public init(
    isTraining: Bool = true, seed: UInt64 = 0, precision: Precision = .float32,
    convolutions: ConvolutionAlgorithm = .automatic
  ) {
    self.isTraining = isTraining
    self.seed = seed
    self.precision = precision
    self.convolutions = convolutions
  }

  /// An empty tape with the same settings, for a segment that is computed on its own.
  func another() -> Tape {
    Tape(isTraining: isTraining, seed: seed, precision: precision, convolutions: convolutions)
  }

  /// A value that no gradient is asked for, such as a batch of pictures.
  public func constant(_ value: Tensor) -> Variable {
    Variable(value: value, tape: self, node: nil)
  }

  /// A value whose gradient is asked for but that is no parameter, such as a picture under
  /// a saliency map.
  public func input(_ value: Tensor) -> Variable {
    entries.append(nil)
    return Variable(value: value, tape: self, node: entries.count - 1)
  }

  /// The parameter's place on this tape; the same one every time it is used.
  func leaf(_ parameter: Parameter) -> Variable {
    guard parameter.isTrainable else { return constant(parameter.value) }
    if let node = leaves[parameter.id] {
      return Variable(value: parameter.value, tape: self, node: node)
    }
    let variable = input(parameter.value)
    if let node = variable.node {
      leaves[parameter.id] = node
      leafParameters.append((node, parameter.id))
    }
    return variable
  }

  /// Writes an entry, unless none of the inputs wants a gradient.
  func record(
    _ value: Tensor, _ inputs: [Variable], _ backward: @escaping (Tensor) -> [Tensor?]
  ) -> Variable {
    guard inputs.contains(where: { $0.node != nil }) else { return constant(value) }
    entries.append(Entry(inputs: inputs.map { $0.node ?? -1 }, backward: backward))
    return Variable(value: value, tape: self, node: entries.count - 1)
  }

  /// Writes an entry for a value that is about to be taken apart. Its gradient is what `gathered`
  /// puts together when all that came after it has been played.
  func record(parts value: Variable, _ gathered: @escaping () -> Tensor?) -> Variable {
    guard let node = value.node else { return value }
    entries.append(Entry(inputs: [node], backward: { [$0] }, gathered: gathered))
    return Variable(value: value.value, tape: self, node: entries.count - 1)
  }

  /// A number that differs at every call on this tape and is the same in every run.
  func nextDraw() -> UInt64 {
    draws += 1
    return draws
  }

  /// Continues the numbering of random draws elsewhere, for segments that are computed twice.
  var drawCount: UInt64 {
    get { draws }
    set { draws = newValue }
  }

  /// Keeps a new value of a running statistic.
  func keep(_ value: Tensor, for statistic: Parameter) {
    statistics[statistic.id] = value
  }

  func adopt(_ gradients: Gradients) {
    for (id, gradient) in gradients.byParameter {
      fromSegments[id] = fromSegments[id].map { $0 + gradient } ?? gradient
    }
  }

  func adopt(statistics other: Tape) {
    statistics.merge(other.statistics) { _, new in new }
  }

  /// The gradients of `result` with respect to every parameter and input on the tape.
  ///
  /// - Parameters:
  ///   - result: A value of this tape; usually a loss, one number.
  ///   - seed: The gradient of whatever follows, of `result`'s shape; ones when nil.
  /// - Complexity: About twice the forward pass.
  public func gradients(of result: Variable, seed: Tensor? = nil) -> Gradients {
    var pending = [Tensor?](repeating: nil, count: entries.count)
    if let node = result.node {
      let first =
        seed ?? Tensor(repeating: 1, shape: result.value.shape, result.value.elementType)
      precondition(
        first.shape == result.value.shape,
        "gradients: a seed of shape \(first.shape) for a result of \(result.value.shape)")
      pending[node] = first
      for index in stride(from: node, through: 0, by: -1) {
        guard let entry = entries[index] else { continue }
        entries[index] = nil
        guard let gradient = pending[index] ?? entry.gathered?() else { continue }
        pending[index] = nil
        let flowing = entry.backward(gradient)
        precondition(
          flowing.count == entry.inputs.count,
          "\(flowing.count) gradients for \(entry.inputs.count) inputs")
        for (input, part) in zip(entry.inputs, flowing) where input >= 0 {
          guard let part else { continue }
          pending[input] = pending[input].map { $0 + part } ?? part
        }
      }
    }
    var gradients = Gradients()
    for (node, id) in leafParameters {
      if let gradient = pending[node] { gradients.byParameter[id] = gradient }
    }
    for (id, gradient) in fromSegments {
      gradients.byParameter[id] = gradients.byParameter[id].map { $0 + gradient } ?? gradient
    }
    gradients.byNode = pending
    return gradients
  }
}

/// The gradients that a tape gave.
public struct Gradients: Sendable {
  var byParameter: [ParameterID: Tensor] = [:]
  var byNode: [Tensor?] = []

  public init() {}

  /// The gradient of a parameter, nil where the result does not depend on it.
  public subscript(parameter: Parameter) -> Tensor? {
    get { byParameter[parameter.id] }
    set { byParameter[parameter.id] = newValue }
  }

  /// The gradient of an input made with ``Tape/input(_:)``.
  public subscript(input: Variable) -> Tensor? {
    input.node.flatMap { $0 < byNode.count ? byNode[$0] : nil }
  }

  /// The sum of two sets of gradients, as over the parts of an accumulated batch.
  public static func + (a: Gradients, b: Gradients) -> Gradients {
    var sum = Gradients()
    sum.byParameter = a.byParameter.merging(b.byParameter) { $0 + $1 }
    return sum
  }

  /// Every gradient times a number.
  public func scaled(by factor: Float) -> Gradients {
    var result = Gradients()
    result.byParameter = byParameter.mapValues { $0 * factor }
    return result
  }
}

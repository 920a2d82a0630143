// A tensor on its way through a network.

/// A tensor together with its place on a ``Tape``.
///
/// Layers take and give variables. Without a tape (``init(_:)``) they compute the value and
/// nothing else, so inference pays nothing for training.
public struct Variable {
  /// The numbers.
  public let value: Tensor
  let tape: Tape?
  /// The entry that computed the value; nil for constants.
  let node: Int?

  init(value: Tensor, tape: Tape?, node: Int?) {
    self.value = value
    self.tape = tape
    self.node = node
  }

  /// A value without a tape: inference.
  public init(_ value: Tensor) {
    self.init(value: value, tape: nil, node: nil)
  }

  public var shape: [Int] { value.shape }

  /// Whether a gradient can flow into this value.
  public var isTracked: Bool { node != nil }

  /// Whether layers are to behave as in training.
  public var isTraining: Bool { tape?.isTraining ?? false }

  /// Whether products of this value round to bfloat16.
  var isMixed: Bool { tape?.precision == .bfloat16Mixed }

  /// The same numbers, cut off from what computed them.
  public func detached() -> Variable {
    Variable(value: value, tape: tape, node: nil)
  }

  /// A constant on the same tape.
  func constant(_ value: Tensor) -> Variable {
    Variable(value: value, tape: tape, node: nil)
  }

  /// A parameter, on the tape that this value is on.
  public func using(_ parameter: Parameter) -> Variable {
    tape?.leaf(parameter) ?? Variable(parameter.value)
  }

  /// The result of an operator on this value and others.
  func recording(
    _ result: Tensor, with others: [Variable] = [], _ backward: @escaping (Tensor) -> [Tensor?]
  ) -> Variable {
    let tape = tape ?? others.lazy.compactMap(\.tape).first
    return tape?.record(result, [self] + others, backward) ?? Variable(result)
  }
}

extension Variable {
  /// Computes `segment` without keeping what its gradient needs; the backward pass computes the
  /// segment once more. Memory for time: Chen et al., "Training Deep Nets with Sublinear Memory
  /// Cost", arXiv 1604.06174.
  ///
  /// Random draws (dropout) are the same both times.
  public func checkpointed(_ segment: @escaping (Variable) -> Variable) -> Variable {
    guard let tape else { return segment(self) }
    let start = tape.drawCount
    let first = tape.another()
    first.drawCount = start
    let result = segment(first.constant(value)).value
    tape.drawCount = first.drawCount
    tape.adopt(statistics: first)
    let input = value
    let wantsInput = isTracked
    // The entry must be played even where the input is a constant: parameters lie inside.
    let anchor = wantsInput ? self : tape.input(value)
    return anchor.recording(result) { [unowned tape] gradient in
      let again = tape.another()
      again.drawCount = start
      let inner = again.input(input)
      let gradients = again.gradients(of: segment(inner), seed: gradient)
      tape.adopt(gradients)
      return [wantsInput ? gradients[inner] : nil]
    }
  }
}
